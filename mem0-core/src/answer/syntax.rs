//! JSON as models write it: one value, read by recursive descent.
//!
//! Accepted beside JSON: trailing commas, a missing comma between two objects
//! of a list, single and typographic quotes, keys without quotes, comments
//! (`//`, `/* */`, `#`), `True`, `False` and `None`, raw control characters in
//! strings, escapes that JSON does not know, and numbers like `+1`, `1.`, `.5`
//! and `007`. Nothing is guessed: what does not close is not closed here.

use serde_json::{Map, Number, Value};

/// How deeply lists and objects may be nested.
pub(super) const MAX_DEPTH: usize = 64;

/// More digits than any number needs.
const MAX_NUMBER: usize = 400;

/// Why a value does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The text ends within the value.
    Truncated,
    /// It is not JSON from here on.
    Syntax,
    /// It is nested too deeply.
    TooDeep,
}

/// Where a value does not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) fault: Fault,
    /// The offset in bytes.
    pub(super) at: usize,
    /// Whether it had begun like JSON, and not like a bracket in prose.
    pub(super) meant: bool,
}

/// Reads the value that begins at `start`, and says where it ends.
pub(super) fn value_at(text: &str, start: usize) -> Result<(Value, usize), Broken> {
    let mut reader = Reader { text, at: start, depth: 0, meant: false };
    match reader.value() {
        Ok(value) => Ok((value, reader.at)),
        Err(fault) => Err(Broken { fault, at: reader.at, meant: reader.meant }),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    meant: bool,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn bump(&mut self, c: char) {
        self.at += c.len_utf8();
    }

    /// Steps over the characters that are `wanted`, and returns them.
    fn run(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Steps over blanks and comments.
    fn blank(&mut self) -> Result<(), Fault> {
        while let Some(c) = self.peek() {
            match c {
                '/' | '#' => self.comment(c)?,
                _ if is_blank(c) => self.bump(c),
                _ => break,
            }
        }
        Ok(())
    }

    fn comment(&mut self, first: char) -> Result<(), Fault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if first == '#' || rest.starts_with("//") {
            self.run(|c| c != '\n');
            return Ok(());
        }
        match rest.strip_prefix("/*").map(|inside| inside.find("*/")) {
            Some(Some(end)) => self.at += end + 4,
            Some(None) => return Err(Fault::Truncated),
            None if rest == "/" => return Err(Fault::Truncated),
            None => return Err(Fault::Syntax),
        }
        Ok(())
    }

    /// The next character that is not blank.
    fn next(&mut self) -> Result<char, Fault> {
        self.blank()?;
        self.peek().ok_or(Fault::Truncated)
    }

    fn value(&mut self) -> Result<Value, Fault> {
        match self.next()? {
            '{' => self.nested('{', Self::object),
            '[' => self.nested('[', Self::array),
            c if closing(c).is_some() => self.string(c).map(Value::String),
            '0'..='9' | '+' | '-' | '.' => self.number(),
            c if c.is_alphabetic() => self.word(),
            _ => Err(Fault::Syntax),
        }
    }

    fn nested(&mut self, open: char, read: fn(&mut Self) -> Result<Value, Fault>) -> Result<Value, Fault> {
        if self.depth == MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.bump(open);
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Value, Fault> {
        let mut items = Vec::new();
        loop {
            if self.next()? == ']' {
                self.bump(']');
                return Ok(Value::Array(items));
            }
            let item = self.value()?;
            match self.next()? {
                ',' => {
                    self.meant |= !item.is_number();
                    self.bump(',');
                }
                ']' => {}
                '{' if item.is_object() => {}
                _ => return Err(Fault::Syntax),
            }
            items.push(item);
        }
    }

    fn object(&mut self) -> Result<Value, Fault> {
        let mut entries = Map::new();
        loop {
            let key = match self.next()? {
                '}' => {
                    self.bump('}');
                    return Ok(Value::Object(entries));
                }
                c if closing(c).is_some() => self.string(c)?,
                c if is_bare(c) => self.run(is_bare).to_owned(),
                _ => return Err(Fault::Syntax),
            };
            if self.next()? != ':' {
                return Err(Fault::Syntax);
            }
            self.bump(':');
            self.meant = true;
            let value = self.value()?;
            // Twice the same key: the last wins, as in strict JSON.
            entries.insert(key, value);
            match self.next()? {
                ',' => self.bump(','),
                '}' => {}
                _ => return Err(Fault::Syntax),
            }
        }
    }

    fn string(&mut self, open: char) -> Result<String, Fault> {
        let ends = closing(open).unwrap_or_default();
        self.bump(open);
        let mut string = String::new();
        loop {
            let c = self.peek().ok_or(Fault::Truncated)?;
            if c == '\\' {
                self.bump(c);
                self.escape(&mut string)?;
                continue;
            }
            self.bump(c);
            if ends.contains(&c) && !self.is_apostrophe(c, &string) {
                return Ok(string);
            }
            string.push(c);
        }
    }

    /// Whether the single quote that was just read stands within a word, as in
    /// `'doesn't'`.
    fn is_apostrophe(&self, quote: char, before: &str) -> bool {
        matches!(quote, '\'' | '’' | '‘')
            && before.chars().next_back().is_some_and(char::is_alphabetic)
            && self.peek().is_some_and(char::is_alphabetic)
    }

    fn escape(&mut self, string: &mut String) -> Result<(), Fault> {
        let c = self.peek().ok_or(Fault::Truncated)?;
        self.bump(c);
        match c {
            'n' => string.push('\n'),
            't' => string.push('\t'),
            'r' => string.push('\r'),
            'b' => string.push('\u{8}'),
            'f' => string.push('\u{c}'),
            'u' => {
                let unit = self.unit()?;
                string.push(self.scalar(unit)?);
            }
            // A line that goes on.
            '\n' => {}
            // `C:\data`, `\d`: the backslash was meant.
            _ if c.is_alphanumeric() => string.extend(['\\', c]),
            _ => string.push(c),
        }
        Ok(())
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let c = self.peek().ok_or(Fault::Truncated)?;
            unit = unit * 16 + c.to_digit(16).ok_or(Fault::Syntax)?;
            self.bump(c);
        }
        Ok(unit)
    }

    /// The character of a unit, together with a second one where it needs one.
    fn scalar(&mut self, first: u32) -> Result<char, Fault> {
        if (0xD800..0xDC00).contains(&first) && self.text.get(self.at..).is_some_and(|rest| rest.starts_with("\\u")) {
            let before = self.at;
            self.at += 2;
            let second = self.unit()?;
            if (0xDC00..0xE000).contains(&second) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        // Half a pair is no character.
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let token = self.run(|c| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'));
        self.known(start, read_number(token).map(Value::Number))
    }

    /// The value of the token from `start`, if it has one.
    fn known(&mut self, start: usize, value: Option<Value>) -> Result<Value, Fault> {
        match value {
            Some(value) => Ok(value),
            // It may go on to have one.
            None if self.at == self.text.len() => Err(Fault::Truncated),
            None => {
                self.at = start;
                Err(Fault::Syntax)
            }
        }
    }

    fn word(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        let word = self.run(char::is_alphanumeric);
        let value = match word.to_ascii_lowercase().as_str() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" | "none" => Some(Value::Null),
            _ => None,
        };
        self.known(start, value)
    }
}

fn read_number(token: &str) -> Option<Number> {
    if token.len() > MAX_NUMBER {
        return None;
    }
    let strict = |text: &str| serde_json::from_str::<Number>(text).ok();
    strict(token).or_else(|| {
        let (sign, body) = match token.strip_prefix('-') {
            Some(body) => ("-", body),
            None => ("", token.strip_prefix('+').unwrap_or(token)),
        };
        let (mantissa, exponent) = match body.find(['e', 'E']) {
            Some(at) => body.split_at(at),
            None => (body, ""),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if fraction.is_empty() { "" } else { "." };
        strict(&format!("{sign}{whole}{point}{fraction}{exponent}"))
    })
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// Keys without quotes: names, and the integers of a Python dict.
fn is_bare(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '-' | '.')
}

/// What ends the string that `open` begins.
fn closing(open: char) -> Option<&'static [char]> {
    match open {
        '"' => Some(&['"']),
        '\'' => Some(&['\'']),
        '“' | '”' | '„' => Some(&['”', '“']),
        '‘' | '’' | '‚' => Some(&['’', '‘']),
        _ => None,
    }
}
