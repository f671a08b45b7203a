//! Reading the JSON grammar.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer};
use serde_json::Value;

use super::limits::{check_field, check_list, check_value, shorten};
use super::raw::{Raw, Seed};
use super::{CompareOp, Filter, FilterOp, Limits, RESERVED_SCOPE_KEYS, Scalar};
use crate::error::{Error, Result};

impl Filter {
    /// Reads the JSON grammar within the default [`Limits`].
    ///
    /// ```
    /// use mem0_core::filter::Filter;
    /// use serde_json::json;
    ///
    /// let filter = Filter::from_json(&json!({"OR": [{"a": "*"}, {"b": [1, 2]}]}))?;
    /// assert_eq!(filter, Filter::exists("a").or(Filter::is_in("b", [1, 2])));
    ///
    /// let error = Filter::from_json(&json!({"price": {"gte ": 5}})).unwrap_err();
    /// assert!(error.message().contains("did you mean gte?"));
    /// # Ok::<(), mem0_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`, with the place in the filter, if it is not of the
    /// grammar, names a scope id, or is too large.
    pub fn from_json(value: &Value) -> Result<Self> {
        Self::from_json_within(value, &Limits::default())
    }

    /// Reads the JSON grammar within limits of your own.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn from_json_within(value: &Value, limits: &Limits) -> Result<Self> {
        Self::from_raw(Raw::from_value(value, limits)?, limits)
    }

    /// Reads JSON text. Unlike a [`Value`] it keeps both entries of a key that
    /// is written twice; both count.
    ///
    /// ```
    /// use mem0_core::filter::Filter;
    ///
    /// let filter = Filter::from_json_str(r#"{"n": {"gt": 1}, "n": {"lt": 9}}"#)?;
    /// assert_eq!(filter, Filter::gt("n", 1).and(Filter::lt("n", 9)));
    /// # Ok::<(), mem0_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json), or if the text is not JSON.
    pub fn from_json_str(text: &str) -> Result<Self> {
        let limits = Limits::default();
        Self::from_raw(Raw::from_str(text, &limits)?, &limits)
    }

    /// Reads a filter of the reference's shape, where the ids of the scope stand
    /// among the conditions, and takes them out.
    ///
    /// The ids may stand at the top and in the members of an `AND` there.
    ///
    /// ```
    /// use mem0_core::filter::Filter;
    /// use serde_json::json;
    ///
    /// let (scope, filter) =
    ///     Filter::split_scope_json(&json!({"AND": [{"user_id": "ada"}, {"topic": "maths"}]}))?;
    /// assert_eq!(scope["user_id"], "ada");
    /// assert_eq!(filter, Filter::eq("topic", "maths"));
    /// # Ok::<(), mem0_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json); also if an id stands in an `OR` or
    /// `NOT`, comes twice with different values, or is anything but one
    /// concrete text or whole number.
    pub fn split_scope_json(value: &Value) -> Result<(BTreeMap<String, String>, Self)> {
        let limits = Limits::default();
        Self::split_raw(Raw::from_value(value, &limits)?, &limits)
    }

    /// [`split_scope_json`](Self::split_scope_json) for JSON text, where a key
    /// that is written twice counts twice.
    ///
    /// # Errors
    /// As [`split_scope_json`](Self::split_scope_json), or if the text is not
    /// JSON.
    pub fn split_scope_json_str(text: &str) -> Result<(BTreeMap<String, String>, Self)> {
        let limits = Limits::default();
        Self::split_raw(Raw::from_str(text, &limits)?, &limits)
    }

    fn from_raw(raw: Raw, limits: &Limits) -> Result<Self> {
        let filter = Reader { limits, scope: None }.object(raw, &Path::Root)?;
        filter.check(limits)?;
        Ok(filter)
    }

    fn split_raw(raw: Raw, limits: &Limits) -> Result<(BTreeMap<String, String>, Self)> {
        let mut reader = Reader { limits, scope: Some(BTreeMap::new()) };
        let filter = reader.object(raw, &Path::Root)?;
        filter.check(limits)?;
        Ok((reader.scope.unwrap_or_default(), filter))
    }
}

/// Keeps a key that is written twice, within the default [`Limits`]. For
/// self-describing formats such as JSON.
impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limits = Limits::default();
        let bytes = Cell::new(limits.bytes);
        let raw = Seed::new(&limits, &bytes).deserialize(deserializer)?;
        Self::from_raw(raw, &limits).map_err(|error| {
            let place = error.context().iter().map(|(key, value)| format!(", {key} {value}"));
            serde::de::Error::custom(format!("{}{}", error.message(), place.collect::<String>()))
        })
    }
}

struct Reader<'l> {
    limits: &'l Limits,
    /// Where scope ids go; `None` where they are refused.
    scope: Option<BTreeMap<String, String>>,
}

impl Reader<'_> {
    fn object(&mut self, raw: Raw, at: &Path<'_>) -> Result<Filter> {
        let Raw::Map(entries) = raw else {
            return Err(at.error("a filter is an object such as {\"field\": \"value\"}"));
        };
        let mut members = Vec::new();
        for (key, value) in entries {
            let at = Path::Key(at, &key);
            match key.as_str() {
                "AND" | "$and" => members.push(match value {
                    Raw::List(items) => Filter::all_of(self.members(items, &at)?),
                    one => self.object(one, &at)?,
                }),
                "OR" | "$or" => match value {
                    Raw::List(items) if !items.is_empty() => {
                        members.push(Filter::any_of(self.without_scope(|reader| reader.members(items, &at))?));
                    }
                    _ => return Err(at.error("takes a list of one or more filters")),
                },
                "NOT" | "$not" => members.push(!match value {
                    Raw::List(items) if items.is_empty() => {
                        return Err(at.error("takes one or more filters"));
                    }
                    Raw::List(items) => Filter::any_of(self.without_scope(|reader| reader.members(items, &at))?),
                    one => self.without_scope(|reader| reader.object(one, &at))?,
                }),
                name if name.starts_with('$') => {
                    let name = shorten(name);
                    let message = format!("unknown operator {name}; known here are AND, OR and NOT");
                    return Err(at.locate(Error::invalid(message)));
                }
                name if RESERVED_SCOPE_KEYS.contains(&name) && self.scope.is_some() => {
                    self.scope_id(name, value, &at)?;
                }
                name => members.push(self.condition(name, value, &at)?),
            }
        }
        Ok(Filter::all_of(members))
    }

    fn members(&mut self, items: Vec<Raw>, at: &Path<'_>) -> Result<Vec<Filter>> {
        let items = items.into_iter().enumerate();
        items.map(|(index, item)| self.object(item, &Path::Index(at, index))).collect()
    }

    /// Reads a part in which no scope id may stand.
    fn without_scope<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let scope = self.scope.take();
        let result = read(self);
        self.scope = scope;
        result
    }

    fn scope_id(&mut self, key: &str, value: Raw, at: &Path<'_>) -> Result<()> {
        let value = match value {
            Raw::Map(mut ops) if ops.len() == 1 => match ops.pop() {
                Some((op, value)) if op == "eq" => value,
                _ => Raw::Null,
            },
            other => other,
        };
        let id = match value {
            Raw::Scalar(Scalar::Str(text)) if !text.is_empty() && text != "*" => text,
            Raw::Scalar(Scalar::Int(int)) => int.to_string(),
            Raw::Scalar(Scalar::UInt(uint)) => uint.to_string(),
            _ => return Err(at.error("a scope id is one concrete text or whole number")),
        };
        let scope = self.scope.get_or_insert_default();
        match scope.get(key) {
            Some(known) if *known != id => Err(at.error("a scope id comes twice with different values")),
            _ => {
                scope.insert(key.to_owned(), id);
                Ok(())
            }
        }
    }

    fn condition(&self, field: &str, value: Raw, at: &Path<'_>) -> Result<Filter> {
        check_field(field).map_err(|e| at.locate(e))?;
        match value {
            Raw::Null => Ok(Filter::is_null(field)),
            Raw::Scalar(Scalar::Str(star)) if star == "*" => Ok(Filter::exists(field)),
            Raw::Scalar(value) => compare(field, CompareOp::Eq, value, at),
            Raw::List(items) => self.one_of(field, FilterOp::In, items, at),
            Raw::Map(ops) if ops.is_empty() => Err(at.error(format!("needs an operator: {}", known_ops()))),
            Raw::Map(ops) => {
                let members = ops.into_iter().map(|(op, value)| {
                    let at = Path::Key(at, &op);
                    let known = FilterOp::ALL.into_iter().find(|known| known.as_str() == op);
                    let Some(known) = known else {
                        return Err(unknown_op(&op, &at));
                    };
                    self.operator(field, known, value, &at)
                });
                Ok(Filter::all_of(members.collect::<Result<Vec<_>>>()?))
            }
        }
    }

    fn operator(&self, field: &str, op: FilterOp, value: Raw, at: &Path<'_>) -> Result<Filter> {
        let comparison = match op {
            FilterOp::Eq => CompareOp::Eq,
            FilterOp::Ne => CompareOp::Ne,
            FilterOp::Gt => CompareOp::Gt,
            FilterOp::Gte => CompareOp::Gte,
            FilterOp::Lt => CompareOp::Lt,
            FilterOp::Lte => CompareOp::Lte,
            FilterOp::In | FilterOp::NotIn => {
                let Raw::List(items) = value else {
                    return Err(at.error("takes a list"));
                };
                return self.one_of(field, op, items, at);
            }
            FilterOp::Contains | FilterOp::IContains => {
                let Raw::Scalar(Scalar::Str(text)) = value else {
                    return Err(at.error("takes a text"));
                };
                let ignore_case = op == FilterOp::IContains;
                return Ok(Filter::Contains { field: field.to_owned(), text, ignore_case });
            }
            FilterOp::Exists | FilterOp::IsNull => {
                let Raw::Scalar(Scalar::Bool(wanted)) = value else {
                    return Err(at.error("takes true or false"));
                };
                let exists = wanted == (op == FilterOp::Exists);
                return Ok(if exists { Filter::exists(field) } else { Filter::is_null(field) });
            }
        };
        match value {
            Raw::Scalar(value) => compare(field, comparison, value, at),
            Raw::Null if comparison == CompareOp::Eq => Ok(Filter::is_null(field)),
            Raw::Null if comparison == CompareOp::Ne => Ok(Filter::exists(field)),
            Raw::Null => Err(at.error("takes a number or a text, not null")),
            Raw::List(_) | Raw::Map(_) => Err(at.error("takes a single value; for several there are in and nin")),
        }
    }

    /// A null in the list stands for a missing field.
    fn one_of(&self, field: &str, op: FilterOp, items: Vec<Raw>, at: &Path<'_>) -> Result<Filter> {
        check_list(field, op, items.len(), self.limits).map_err(|e| at.locate(e))?;
        let mut values = Vec::with_capacity(items.len());
        let mut null = false;
        for (index, item) in items.into_iter().enumerate() {
            match item {
                Raw::Scalar(value) => values.push(value),
                Raw::Null => null = true,
                Raw::List(_) | Raw::Map(_) => {
                    return Err(Path::Index(at, index).error("a list here holds single values only"));
                }
            }
        }
        let negate = op == FilterOp::NotIn;
        let found = if negate { Filter::not_in(field, values) } else { Filter::is_in(field, values) };
        Ok(match (null, negate) {
            (false, _) => found,
            (true, false) => Filter::is_null(field).or(found),
            (true, true) => Filter::exists(field).and(found),
        })
    }
}

fn compare(field: &str, op: CompareOp, value: Scalar, at: &Path<'_>) -> Result<Filter> {
    check_value(field, op, &value).map_err(|e| at.locate(e))?;
    Ok(Filter::Compare { field: field.to_owned(), op, value })
}

fn known_ops() -> String {
    FilterOp::ALL.map(FilterOp::as_str).join(", ")
}

fn unknown_op(op: &str, at: &Path<'_>) -> Error {
    let plain = op.trim().trim_start_matches('$').to_lowercase();
    let nearest = FilterOp::ALL
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&plain, known.as_str()), known))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(likeness, _)| *likeness > 0.7);
    let hint = nearest.map_or_else(String::new, |(_, known)| format!(" (did you mean {known}?)"));
    at.locate(Error::invalid(format!("unknown operator {}{hint}; known are {}", shorten(op), known_ops())))
}

/// Where in the filter something stands.
enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn error(&self, message: impl fmt::Display) -> Error {
        match self {
            Self::Root => Error::invalid(message.to_string()),
            _ => self.locate(Error::invalid(format!("{}: {message}", self.last()))),
        }
    }

    fn locate(&self, error: Error) -> Error {
        error.with_context("at", self)
    }

    fn last(&self) -> String {
        match self {
            Self::Root => "filter".to_owned(),
            Self::Key(_, key) => shorten(key),
            Self::Index(parent, index) => format!("{}[{index}]", parent.last()),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("filter"),
            Self::Key(parent, key) => write!(f, "{parent}.{}", shorten(key)),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}
