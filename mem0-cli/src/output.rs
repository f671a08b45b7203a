//! Results on standard output, everything else on standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use console::{Term, measure_text_width};
use mem0::{Degraded, Timestamp};
use serde::Serialize;

use crate::exit::Failure;

/// Where results go.
#[derive(Debug)]
pub(crate) struct Out {
    stdout: BufWriter<Stdout>,
    /// Print JSON instead of tables.
    pub(crate) json: bool,
    /// Nothing on standard error but errors.
    pub(crate) quiet: bool,
    /// The terminal's width; none if the output is no terminal.
    width: Option<usize>,
}

impl Out {
    pub(crate) fn new(json: bool, quiet: bool) -> Self {
        let width = Term::stdout().size_checked().map(|(_, columns)| usize::from(columns).max(20));
        let width = width.filter(|_| io::stdout().is_terminal());
        Self { stdout: BufWriter::new(io::stdout()), json, quiet, width }
    }

    /// The raw stream, for what is neither a line nor JSON.
    pub(crate) fn raw(&mut self) -> &mut (impl Write + Send + use<>) {
        &mut self.stdout
    }

    /// The columns to fill where text is wrapped on purpose.
    pub(crate) fn columns(&self) -> usize {
        self.width.unwrap_or(80).min(100)
    }

    /// One line.
    pub(crate) fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        Ok(writeln!(self.stdout, "{text}")?)
    }

    /// The whole answer as one JSON object: on one line, or indented for a
    /// person.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        let text =
            if self.width.is_some() { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
        self.line(text.map_err(io::Error::from)?)
    }

    /// A table for a person.
    pub(crate) fn table(&mut self, table: &Table) -> Result<(), Failure> {
        Ok(self.stdout.write_all(table.render(self.width).as_bytes())?)
    }

    /// Aligned names and values.
    pub(crate) fn fields(&mut self, fields: &[(&str, String)]) -> Result<(), Failure> {
        let mut table = Table::new(&["", ""]);
        for (name, value) in fields {
            table.row(vec![(*name).to_owned(), value.clone()]);
        }
        self.table(&table)
    }

    /// A remark that is no result, after the results before it.
    pub(crate) fn note(&mut self, text: impl Display) {
        if !self.quiet && !self.json {
            // A failure comes again at the end, and is told then.
            let _ = self.stdout.flush();
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// What is not as it should be.
    pub(crate) fn degraded<'a>(&mut self, degraded: impl IntoIterator<Item = &'a Degraded>) {
        let mut seen: Vec<Degraded> = degraded.into_iter().copied().collect();
        seen.dedup();
        for what in seen {
            self.note(match what {
                Degraded::VectorStoreDown => {
                    "warning: the vector store does not answer; changes are kept and will be passed on, reads come \
                     from the ledger"
                }
                Degraded::VectorStoreBehind => "warning: the vector store is far behind; this was read from the ledger",
                Degraded::RerankerDown => {
                    "warning: the reranker does not answer; this is the order in which the memories were found"
                }
                Degraded::RerankerIncomplete => "warning: the reranker left out some of the memories; they come last",
                _ => "warning: the answer is not complete",
            });
        }
    }

    /// Writes what is buffered.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.stdout.flush()?)
    }
}

/// The answer of a call that returns a list.
#[derive(Debug, Serialize)]
pub(crate) struct Results<'a, T> {
    pub(crate) results: &'a [T],
}

/// Rows with aligned columns. The last column takes what is left and wraps.
#[derive(Debug)]
pub(crate) struct Table {
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// A narrower last column is not readable: it then gets lines of its own.
const NARROW: usize = 24;
const GAP: &str = "  ";

impl Table {
    /// Without titles where all of them are empty.
    pub(crate) fn new(titles: &[&str]) -> Self {
        Self { titles: titles.iter().map(|title| (*title).to_owned()).collect(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| clean(cell)).collect());
    }

    /// For a terminal of this width; without one nothing is wrapped and each
    /// row is one line.
    pub(crate) fn render(&self, width: Option<usize>) -> String {
        let Some(last) = self.titles.len().checked_sub(1) else { return String::new() };
        let titled = self.titles.iter().any(|title| !title.is_empty());
        let lines: Vec<&Vec<String>> = titled.then_some(&self.titles).into_iter().chain(&self.rows).collect();
        let widths: Vec<usize> = (0..last)
            .map(|column| lines.iter().filter_map(|row| row.get(column)).map(|cell| wide(cell)).max().unwrap_or(0))
            .collect();
        let fixed: usize = widths.iter().map(|width| width + GAP.len()).sum();
        let left = width.map(|width| width.saturating_sub(fixed));
        let stacked = left.is_some_and(|left| left < NARROW);
        let mut text = String::new();
        for row in lines {
            let mut start = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                start.push_str(cell);
                start.push_str(&" ".repeat(width.saturating_sub(wide(cell)) + GAP.len()));
            }
            let end = row.get(last).map_or("", String::as_str);
            if stacked {
                push_line(&mut text, &start);
                for part in wrap(end, width.unwrap_or(NARROW).saturating_sub(GAP.len())) {
                    push_line(&mut text, &format!("{GAP}{part}"));
                }
                continue;
            }
            match left {
                None => push_line(&mut text, &format!("{start}{}", end.replace('\n', " "))),
                Some(left) => {
                    for (index, part) in wrap(end, left).iter().enumerate() {
                        let indent = if index == 0 { start.clone() } else { " ".repeat(fixed) };
                        push_line(&mut text, &format!("{indent}{part}"));
                    }
                }
            }
        }
        text
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Columns that the text takes on a terminal.
pub(crate) fn wide(text: &str) -> usize {
    measure_text_width(text)
}

/// The text without what would command a terminal or reverse its direction.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '\n' => Some('\n'),
            '\t' => Some(' '),
            '\r' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
            c if c.is_control() => Some('\u{fffd}'),
            c => Some(c),
        })
        .collect()
}

/// Lines of at most `width` columns, broken between words where possible.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(2);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let mut used = 0;
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            let size = wide(word);
            if used > 0 && used + 1 + size <= width {
                line.push(' ');
                line.push_str(word);
                used += 1 + size;
                continue;
            }
            if used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if size <= width {
                line.push_str(word);
                used = size;
                continue;
            }
            // Too long for any line: a link, or a script without spaces.
            for c in word.chars() {
                let size = wide(c.encode_utf8(&mut [0; 4]));
                if used + size > width {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(c);
                used += size;
            }
        }
        lines.push(line);
    }
    lines
}

/// A time for a person: to the minute, in UTC.
pub(crate) fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    text.get(..16).map_or(text.clone(), |minute| minute.replace('T', " "))
}

/// "1 memory", "2 memories".
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_align_and_wrap() {
        let mut table = Table::new(&["ID", "MEMORY"]);
        table.row(vec!["a".into(), "I like green tea in the morning and coffee".into()]);
        table.row(vec!["bb".into(), "東京に住んでいます。東京に住んでいます。".into()]);
        assert_eq!(
            table.render(Some(30)),
            "ID  MEMORY\n\
             a   I like green tea in the\n\x20   morning and coffee\n\
             bb  東京に住んでいます。東京に\n\x20   住んでいます。\n"
        );
        assert_eq!(table.render(None).lines().count(), 3);
        let narrow = table.render(Some(20));
        assert!(narrow.lines().all(|line| wide(line) <= 20), "{narrow}");
    }

    #[test]
    fn a_text_cannot_command_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\r\n\td\u{0}"), "a\u{fffd}[31mbc\n d\u{fffd}");
    }

    #[test]
    fn long_words_break_and_lines_stay() {
        assert_eq!(wrap("abcdefgh ij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn minutes() {
        assert_eq!(minute("2025-05-01T09:30:12Z".parse().unwrap()), "2025-05-01 09:30");
    }
}
