//! The story on paper.

use mem0::{Event, EventKind, Hit, Timestamp};

use super::{Answer, Story, USER, of};
use crate::commands::reasons;
use crate::exit::Failure;
use crate::output::{Out, count, wide, wrap};

pub(super) fn print(out: &mut Out, story: &Story) -> Result<(), Failure> {
    let mut page = Page { width: out.columns(), out };
    remember(&mut page, story)?;
    page.heading("2. Ask")?;
    for answer in &story.answers {
        page.answer(answer)?;
    }
    page.heading("3. Ask about the past")?;
    page.answer(&story.past)?;
    change(&mut page, story)?;
    next(&mut page, story)
}

fn remember(page: &mut Page<'_>, story: &Story) -> Result<(), Failure> {
    page.heading("1. Remember")?;
    page.text(&format!(
        "Leila and Tom write to each other, {} to {}: {} messages, added day by day in {} ms.",
        story.from.date(),
        story.to.date(),
        story.messages,
        story.remember_ms
    ))?;
    let kept = of(&story.facts, Event::Add) + of(&story.facts, Event::Update);
    page.row(&kept.to_string(), "facts are kept, in their own words and languages")?;
    page.row(&story.dropped.len().to_string(), &format!("parts are left out: {}", reasons(&story.dropped)))?;
    let ended = of(&story.facts, Event::Delete);
    page.row(&ended.to_string(), "facts are ended by newer ones; the past keeps them:")?;
    for fact in story.facts.iter().filter(|fact| fact.event == Event::Delete) {
        let who = fact.actor_id.as_deref().unwrap_or("somebody");
        page.row("", &format!("{who}: {}", fact.memory))?;
    }
    Ok(())
}

fn change(page: &mut Page<'_>, story: &Story) -> Result<(), Failure> {
    let change = &story.change;
    page.heading("4. Change a memory")?;
    page.row("was", &change.before)?;
    page.row("is", &change.after)?;
    page.heading("5. Take it back")?;
    page.row("is", &change.undone)?;
    page.blank()?;
    page.text("Its history keeps all of it:")?;
    for entry in &change.history {
        let why = match (&entry.reason, entry.event) {
            (Some(reason), EventKind::Update) => format!(" ({reason})"),
            _ => String::new(),
        };
        let text = entry.new_memory.as_deref().unwrap_or("-");
        page.row(entry.event.as_str(), &format!("{text}{why}"))?;
    }
    Ok(())
}

fn next(page: &mut Page<'_>, story: &Story) -> Result<(), Failure> {
    page.heading("What to do next")?;
    let folder = story.kept_in.as_ref().map(|folder| format!(" --data-dir {}", folder.display()));
    if let Some(folder) = &folder {
        page.text("Look around in what was kept:")?;
        page.code(&[&format!("mem0 list --user {USER}{folder}"), ""])?;
    }
    page.text("Add your own, from an argument, a file or a pipe:")?;
    page.code(&[
        "mem0 add \"I moved to Lisbon.\" --user ana",
        "mem0 add --file chat.jsonl --user ana",
        "mem0 search \"Where does she live?\" --user ana",
        "",
    ])?;
    page.text("Use it from Rust:")?;
    page.code(&[
        "let memory = mem0::open(\"memories\").await?;",
        "let ana = Scope::user(\"ana\")?;",
        "memory.add(\"I moved to Lisbon.\", &ana, AddOptions::default()).await?;",
        "memory.search(\"Where is she?\", &ana, SearchOptions::default()).await?;",
        "",
    ])?;
    page.text("Read on with `mem0 --help`, `mem0 add --help` and `mem0 config show`.")?;
    page.blank()?;
    let kept = if folder.is_some() { "" } else { " Nothing of it was kept (see --keep)." };
    page.text(&format!("All of this took {} ms.{kept}", story.total_ms))
}

/// Text in the width of the terminal, indented below its headings.
struct Page<'a> {
    width: usize,
    out: &'a mut Out,
}

/// Room for a short word or number in front of a line.
const LABEL: usize = 6;

impl Page<'_> {
    fn heading(&mut self, text: &str) -> Result<(), Failure> {
        if !text.starts_with('1') {
            self.blank()?;
        }
        self.out.line(text)
    }

    fn blank(&mut self) -> Result<(), Failure> {
        self.out.line("")
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        for line in wrap(text, self.width.saturating_sub(3)) {
            self.out.line(format!("   {line}"))?;
        }
        Ok(())
    }

    fn row(&mut self, label: &str, text: &str) -> Result<(), Failure> {
        let mut label = label.to_owned();
        for line in wrap(text, self.width.saturating_sub(LABEL + 5)) {
            let pad = " ".repeat(LABEL.saturating_sub(wide(&label)));
            self.out.line(format!("   {pad}{label}  {line}").trim_end())?;
            label.clear();
        }
        Ok(())
    }

    fn code(&mut self, lines: &[&str]) -> Result<(), Failure> {
        for line in lines {
            self.out.line(format!("      {line}").trim_end())?;
        }
        Ok(())
    }

    fn answer(&mut self, answer: &Answer) -> Result<(), Failure> {
        let when = answer.as_of.map(|at| format!(" (as of {})", Timestamp::date(at))).unwrap_or_default();
        self.text(&format!("{}{when}", answer.question))?;
        for Hit { memory, score, .. } in &answer.results {
            let who = memory.content.actor.as_deref().map(|who| format!("{who}: ")).unwrap_or_default();
            self.row(&format!("{score:.2}"), &format!("{who}{}", memory.content.text))?;
        }
        if answer.results.is_empty() {
            self.row("", &count(0, "answer", "answers"))?;
        }
        Ok(())
    }
}
