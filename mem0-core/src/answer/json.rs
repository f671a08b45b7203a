//! Finds the JSON in what a model said.

use std::fmt;

use serde_json::Value;

use super::marks::{self, Tag};
use super::syntax::{self, Broken, Fault, MAX_DEPTH};

/// The longest answer that is read, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// Why there is no JSON in an answer.
///
/// It is written for the model to read, and quotes nothing of what it said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unreadable {
    /// The model said nothing.
    Empty,
    /// It said something, but no JSON object or list.
    NoJson,
    /// The answer ends before its JSON does, or before its reasoning does.
    Truncated,
    /// The JSON is broken. Both count from 1, the column in characters.
    Syntax {
        /// The line of the answer.
        line: usize,
        /// The column in that line.
        column: usize,
    },
    /// Lists and objects are nested more than 64 deep.
    TooDeep,
    /// The answer is longer than 4 MiB.
    TooLong,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the answer is empty"),
            Self::NoJson => f.write_str("the answer holds no JSON object and no JSON list"),
            Self::Truncated => f.write_str("the answer ends before its JSON is complete"),
            Self::Syntax { line, column } => {
                write!(f, "the JSON of the answer is broken at line {line}, column {column}")
            }
            Self::TooDeep => write!(f, "the JSON of the answer is nested more than {MAX_DEPTH} levels deep"),
            Self::TooLong => write!(f, "the answer is longer than {MAX_BYTES} bytes"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// The JSON value in a model's answer.
///
/// Strict JSON is taken as it is. Else reasoning (`<think>` and its like) is
/// left out, and the value is that of the last fenced block whose JSON reads,
/// or else the first object or list in the prose. Objects that follow each
/// other, as in JSON lines, become a list. In prose, a bracket that does not go
/// on like JSON is prose; an empty list or a list of numbers (a check box, a
/// citation) is the answer only where nothing else is.
///
/// The syntax may be that of JavaScript or Python: trailing commas, single or
/// typographic quotes, keys without quotes, comments, `True`, `None`, raw line
/// breaks in strings. What is cut is never completed: it is
/// [`Unreadable::Truncated`]. Nor is a part taken out of JSON that is broken.
///
/// Takes time in proportion to the length of the text, whatever it is.
///
/// ```
/// use mem0_core::answer::{Unreadable, lenient};
///
/// let value = lenient("<think>hm</think>Here you are:\n```json\n{'facts': ['Likes tea',]}\n```")?;
/// assert_eq!(value, serde_json::json!({"facts": ["Likes tea"]}));
/// assert_eq!(lenient("{\"facts\": [\"Likes t"), Err(Unreadable::Truncated));
/// # Ok::<_, Unreadable>(())
/// ```
///
/// # Errors
/// [`Unreadable`].
pub fn lenient(text: &str) -> Result<Value, Unreadable> {
    if text.len() > MAX_BYTES {
        return Err(Unreadable::TooLong);
    }
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
    let start = text.len() - text.trim_start_matches(blank).len();
    let body = text.trim_matches(blank);
    if body.is_empty() {
        return Err(Unreadable::Empty);
    }
    if let Ok(value) = serde_json::from_str(body) {
        return shallow(value);
    }
    Scan::new(text, start).read().map_err(|miss| miss.shown(text)).and_then(shallow)
}

/// The strict parser allows more, and a list of objects is one level more.
fn shallow(value: Value) -> Result<Value, Unreadable> {
    if depth(&value) > MAX_DEPTH { Err(Unreadable::TooDeep) } else { Ok(value) }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// What a scan did not find.
#[derive(Clone, Copy)]
enum Miss {
    Nothing,
    Broken(Broken),
    /// The reasoning does not end.
    Unanswered,
}

impl Miss {
    fn shown(self, text: &str) -> Unreadable {
        match self {
            Self::Nothing => Unreadable::NoJson,
            Self::Unanswered => Unreadable::Truncated,
            Self::Broken(broken) => match broken.fault {
                Fault::Truncated => Unreadable::Truncated,
                Fault::TooDeep => Unreadable::TooDeep,
                Fault::Syntax => {
                    let before = text.get(..broken.at).unwrap_or(text);
                    let line = before.matches('\n').count() + 1;
                    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
                    Unreadable::Syntax { line, column }
                }
            },
        }
    }
}

/// One pass from left to right. Values are read where they begin, so that
/// fences and tags inside of their strings are never seen.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    /// Whether there are only blanks before `at` in its line.
    line_start: bool,
    fenced: Option<Result<Value, Broken>>,
    prose: Option<Result<Value, Broken>>,
    /// What may be a check box or a citation.
    doubtful: Option<Value>,
    unanswered: bool,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, line_start: true, fenced: None, prose: None, doubtful: None, unanswered: false }
    }

    fn read(mut self) -> Result<Value, Miss> {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            match byte {
                b'{' | b'[' => self.prose(),
                b'<' => self.tag(),
                b'`' | b'~' if self.line_start => self.fence(),
                _ => {
                    self.line_start = *byte == b'\n' || self.line_start && byte.is_ascii_whitespace();
                    self.at += 1;
                }
            }
        }
        match self.fenced.or(self.prose) {
            Some(found) => found.map_err(Miss::Broken),
            None if self.unanswered => Err(Miss::Unanswered),
            None => self.doubtful.ok_or(Miss::Nothing),
        }
    }

    fn prose(&mut self) {
        let found = self.values(self.at);
        if self.prose.is_some() {
            return;
        }
        match found {
            Some(Ok(value)) if is_doubtful(&value) => {
                self.doubtful.get_or_insert(value);
            }
            found => self.prose = found,
        }
    }

    fn fence(&mut self) {
        let Some(end) = marks::fence_at(self.text, self.at) else {
            self.line_start = false;
            self.at += 1;
            return;
        };
        let rest = self.text.get(end..).unwrap_or_default();
        // The name of a language, then a line break or the value itself.
        let named = rest.find(['\n', '{', '[']).unwrap_or(rest.len());
        let blank = rest.get(named..).unwrap_or_default();
        let start = self.text.len() - blank.trim_start().len();
        self.at = start;
        if !matches!(self.text.as_bytes().get(start), Some(b'{' | b'[')) {
            self.line_start = true;
            return;
        }
        match self.values(start) {
            Some(Ok(value)) => {
                self.fenced = Some(Ok(value));
                let rest = self.text.get(self.at..).unwrap_or_default();
                let close = self.text.len() - rest.trim_start().len();
                self.at = marks::fence_at(self.text, close).unwrap_or(close);
            }
            // What was cut comes last, and was to be the answer.
            Some(Err(broken)) if broken.fault == Fault::Truncated => self.fenced = Some(Err(broken)),
            Some(Err(broken)) => {
                self.fenced.get_or_insert(Err(broken));
            }
            None => {}
        }
    }

    fn tag(&mut self) {
        self.line_start = false;
        match marks::tag_at(self.text, self.at) {
            None => self.at += 1,
            Some((Tag::Open, end)) => {
                let closed = marks::reasoning_end(self.text, end);
                self.unanswered = closed.is_none();
                self.at = closed.unwrap_or(self.text.len());
            }
            Some((Tag::Close, end)) => {
                // Everything before it was reasoning, unless it is a mere tail.
                if !self.text.get(end..).unwrap_or_default().trim_start().is_empty() {
                    *self = Self::new(self.text, end);
                }
                self.at = end;
            }
        }
    }

    /// Reads the value at `start`, and the objects that follow an object.
    /// `None` if it is prose. `self.at` is behind what was read.
    fn values(&mut self, start: usize) -> Option<Result<Value, Broken>> {
        self.line_start = false;
        let mut values = Vec::new();
        let mut next = start;
        loop {
            match syntax::value_at(self.text, next) {
                Ok((value, end)) => {
                    self.at = end;
                    let object = value.is_object();
                    values.push(value);
                    match self.next_object(end) {
                        Some(following) if object => next = following,
                        _ => break,
                    }
                }
                Err(broken) if broken.meant || broken.fault != Fault::Syntax => {
                    self.at = if broken.fault == Fault::Truncated { self.text.len() } else { broken.at };
                    return Some(Err(broken));
                }
                Err(_) if !values.is_empty() => break,
                Err(broken) => {
                    self.at = broken.at.max(start + 1);
                    return None;
                }
            }
        }
        match values.pop() {
            Some(only) if values.is_empty() => Some(Ok(only)),
            last => {
                values.extend(last);
                Some(Ok(Value::Array(values)))
            }
        }
    }

    /// Where an object begins, if one follows.
    fn next_object(&self, end: usize) -> Option<usize> {
        let rest = self.text.get(end..)?.trim_start();
        let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        rest.starts_with('{').then_some(self.text.len() - rest.len())
    }
}

/// `[ ]`, `{}`, `[1]`, `[3, 4]`.
fn is_doubtful(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(Value::is_number),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}
