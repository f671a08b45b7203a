//! The run: remember, ask, answer.

use std::time::Instant;

use futures::{StreamExt as _, stream};
use mem0::{Error, Hit, Llm, Mem0, Result, Scope, SearchOptions, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::ask::{self, Models, Reply};
use super::ingest::{self, Credits};
use super::report::Report;
use super::{Conversation, Dataset, Journal, Question, SessionDone, tokens};

/// What becomes a memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Every turn as it was said.
    #[default]
    Said,
    /// What the rules extract, without a model.
    Rules,
    /// What a language model extracts.
    Llm,
}

/// How to run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What becomes a memory.
    pub mode: Mode,
    /// Which policy, in the mode `Llm`; `single_pass` if there is none.
    pub policy: Option<String>,
    /// How many memories a search returns at most; 10 or more, 50 by default.
    pub limit: usize,
    /// The lowest score of a memory; that of every search by default.
    pub threshold: f32,
    /// With how many memories a model answers; 20 by default.
    pub context: usize,
    /// How many questions models answer side by side; 4 by default.
    pub concurrency: usize,
    /// For what is drawn at random: the interval.
    pub seed: u64,
    /// What else decides the figures, as the caller knows it: a part of what a
    /// resumed run must have in common with the first.
    pub configuration: Value,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::Said,
            policy: None,
            limit: 50,
            threshold: SearchOptions::default().threshold,
            context: SearchOptions::default().limit,
            concurrency: 4,
            seed: 1,
            configuration: Value::Null,
        }
    }
}

impl Options {
    /// By which policy memories are extracted; none if they are not.
    pub(super) fn policy(&self) -> Option<&str> {
        match self.mode {
            Mode::Said => None,
            Mode::Rules => Some("rules"),
            Mode::Llm => Some(self.policy.as_deref().unwrap_or("single_pass")),
        }
    }
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The question.
    pub id: String,
    /// Its category.
    pub category: String,
    /// Whether it has an answer.
    pub answerable: bool,
    /// The ranks at which its evidence was found.
    pub ranks: Vec<Option<usize>>,
    /// How many memories were found.
    pub hits: usize,
    /// How sure the search is of what it found.
    pub confidence: f64,
    /// The tokens of the ten best.
    pub tokens_10: usize,
    /// The tokens of all that were found.
    pub tokens: usize,
    /// The tokens of the whole conversation.
    pub full_tokens: usize,
    /// How long the search took.
    pub ms: f64,
    /// What a model made of it, if one was asked.
    pub reply: Option<Reply>,
}

/// Is told what is being done, how much of it is done, and of how much.
pub type Progress<'a> = dyn Fn(&'static str, usize, usize) + Send + Sync + 'a;

/// Remembers every conversation, asks every question, and has the answers
/// judged if there are models. What the journal has is not done again.
///
/// Searches run one after another, so that their times mean something.
///
/// # Errors
/// `InvalidInput` for options that make no sense; those of the memory, the
/// models and the journal. What was done until then is in the journal.
pub async fn run(
    memory: &Mem0,
    dataset: &Dataset,
    options: &Options,
    models: Option<&Models>,
    journal: &mut Journal,
    progress: &Progress<'_>,
) -> Result<Report> {
    if options.limit < 10 {
        return Err(Error::invalid("the limit is 10 or more: that is where recall is measured"));
    }
    if options.policy.is_some() && options.mode != Mode::Llm {
        return Err(Error::invalid("a policy is for the mode llm"));
    }
    let settings = settings(memory, dataset, options, models).await?;
    journal.settle(&settings)?;
    let total = dataset.questions();
    let mut asked = 0;
    for conversation in &dataset.conversations {
        let scope = ingest::scope(dataset.name, conversation)?;
        remember(memory, conversation, &scope, options, journal, progress).await?;
        let sessions = done(conversation, journal);
        let credits = Credits::new(&sessions);
        let full_tokens = full_tokens(conversation);
        let mut found = Vec::new();
        for question in &conversation.questions {
            if journal.question(&question.id).is_none() {
                let (record, lines) = search(memory, question, &scope, options, &credits, full_tokens).await?;
                match models {
                    Some(_) => found.push((question, record, lines)),
                    None => journal.question_done(record)?,
                }
            }
            progress("Searching", asked, total);
            asked += 1;
        }
        if let Some(models) = models {
            let waiting = found.len();
            let replies = stream::iter(found).map(|(question, mut record, lines)| async move {
                record.reply = Some(ask::ask(models, question, &lines).await?);
                Ok::<_, Error>(record)
            });
            let mut replies = std::pin::pin!(replies.buffer_unordered(options.concurrency.max(1)));
            let mut answered = asked - waiting;
            while let Some(record) = replies.next().await {
                journal.question_done(record?)?;
                answered += 1;
                progress("Answering", answered, total);
            }
        }
    }
    let sessions: Vec<SessionDone> = dataset.conversations.iter().flat_map(|one| done(one, journal)).collect();
    let questions = dataset.conversations.iter().flat_map(|conversation| &conversation.questions);
    let records: Vec<Record> = questions.filter_map(|question| journal.question(&question.id).cloned()).collect();
    Ok(Report::new(settings, options, &sessions, &records))
}

/// What two runs have in common that are the same.
async fn settings(memory: &Mem0, dataset: &Dataset, options: &Options, models: Option<&Models>) -> Result<Value> {
    let stats = memory.stats(None).await?;
    let name = |llm: &dyn Llm| format!("{}/{}", llm.provider(), llm.model());
    let mut categories: Vec<&str> = dataset
        .conversations
        .iter()
        .flat_map(|one| &one.questions)
        .map(|question| question.category.as_str())
        .collect();
    categories.sort_unstable();
    categories.dedup();
    let conversations: Vec<&str> = dataset.conversations.iter().map(|one| one.id.as_str()).collect();
    Ok(json!({
        "dataset": dataset.name,
        "digest": dataset.digest,
        "conversations": conversations,
        "categories": categories,
        "mode": options.mode,
        "policy": options.policy(),
        "limit": options.limit,
        "threshold": decimal(options.threshold),
        "embedder": stats.embedder.to_string(),
        "vector_store": stats.vector_store,
        "configuration": options.configuration,
        "answers": models.map(|models| name(&*models.answers)),
        "judges": models.map(|models| name(&*models.judges)),
        "context": models.map(|_| options.context),
        "prompts": models.map(|_| ask::PROMPTS),
        "tokenizer": tokens::TOKENIZER,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

/// The number as it was written: 0.02 and not 0.019999999552965164.
fn decimal(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| f64::from(number))
}

/// Remembers the sessions that the journal has not.
pub(super) async fn remember(
    memory: &Mem0,
    conversation: &Conversation,
    scope: &Scope,
    options: &Options,
    journal: &mut Journal,
    progress: &Progress<'_>,
) -> Result<()> {
    let total = conversation.sessions.len();
    for (number, session) in ingest::messages(conversation).into_iter().enumerate() {
        progress("Remembering", number, total);
        if journal.session(&conversation.id, &session.0.id).is_none() {
            let done = ingest::remember(memory, scope, &conversation.id, session, options).await?;
            journal.session_done(done)?;
        }
    }
    Ok(())
}

/// What the journal has of a conversation's sessions.
pub(super) fn done(conversation: &Conversation, journal: &Journal) -> Vec<SessionDone> {
    let sessions = conversation.sessions.iter();
    sessions.filter_map(|session| journal.session(&conversation.id, &session.id).cloned()).collect()
}

async fn search(
    memory: &Mem0,
    question: &Question,
    scope: &Scope,
    options: &Options,
    credits: &Credits<'_>,
    full_tokens: usize,
) -> Result<(Record, Vec<String>)> {
    let how = SearchOptions::default().limit(options.limit).threshold(options.threshold);
    let began = Instant::now();
    let found = memory.search(&question.text, scope, how).await?;
    let ms = began.elapsed().as_secs_f64() * 1e3;
    let mut lines: Vec<String> = found.results.iter().map(shown).collect();
    let tokens: Vec<usize> = lines.iter().map(|line| cost(line)).collect();
    let record = Record {
        id: question.id.clone(),
        category: question.category.clone(),
        answerable: question.answerable,
        ranks: credits.ranks(&found.results, &question.evidence),
        hits: found.results.len(),
        confidence: found.confidence.into(),
        tokens_10: tokens.iter().take(10).sum(),
        tokens: tokens.iter().sum(),
        full_tokens,
        ms,
        reply: None,
    };
    lines.truncate(options.context);
    Ok((record, lines))
}

/// A memory as a model is shown it.
fn shown(hit: &Hit) -> String {
    let content = &hit.memory.content;
    line(content.valid_from, content.actor.as_deref(), &content.text)
}

/// The whole conversation as a model would be shown it.
fn full_tokens(conversation: &Conversation) -> usize {
    let sessions = conversation.sessions.iter();
    let lines = sessions.flat_map(|session| {
        session.turns.iter().map(|turn| {
            let who = turn.speaker.as_deref().unwrap_or(turn.role.as_str());
            line(session.at, Some(who), &turn.text)
        })
    });
    lines.map(|line| cost(&line)).sum()
}

fn line(at: Option<Timestamp>, who: Option<&str>, text: &str) -> String {
    let date = at.map(|at| format!("[{}] ", at.date())).unwrap_or_default();
    let who = who.map(|who| format!("{who}: ")).unwrap_or_default();
    format!("{date}{who}{}", text.replace('\n', " "))
}

/// The tokens of a line, with its end.
fn cost(line: &str) -> usize {
    tokens::count(&format!("{line}\n"))
}
