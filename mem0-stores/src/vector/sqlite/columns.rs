//! Payload fields in memory, one column for each field that a filter has named.
//!
//! Payloads hold whole texts; filters look at a few small fields. So a column
//! is read from the file when a filter first needs it, and nothing else is.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use mem0_core::Timestamp;
use mem0_core::filter::{FieldRef, Fields};
use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// What one row holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cell {
    Missing,
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    /// A text that is the usual form of a time.
    Time(i64),
    /// An index into the column's texts.
    Text(u32),
    /// An index into the column's lists.
    List(u32),
    Object,
}

/// One field of every row of a partition.
#[derive(Debug, Default)]
pub(super) struct Column {
    cells: Vec<Cell>,
    /// Whether a row has ever held something else than the first.
    varied: bool,
    texts: Vec<Arc<str>>,
    /// Equal texts are kept once.
    known: HashMap<Arc<str>, u32>,
    lists: Vec<Vec<Value>>,
    /// About what texts and lists take outside of their vectors.
    heap: usize,
}

impl Column {
    /// One that is missing in each of so many rows.
    pub(super) fn missing(rows: usize) -> Self {
        Self { cells: vec![Cell::Missing; rows], ..Self::default() }
    }

    /// Adds the field of the next row.
    pub(super) fn push(&mut self, value: Option<Value>) {
        let cell = self.cell(value);
        self.varied |= self.cells.first().is_some_and(|first| *first != cell);
        self.cells.push(cell);
    }

    /// Replaces the field of one row.
    pub(super) fn set(&mut self, slot: usize, value: Option<Value>) {
        let cell = self.cell(value);
        self.varied |= self.cells.first().is_some_and(|first| *first != cell);
        if let Some(place) = self.cells.get_mut(slot) {
            *place = cell;
        }
    }

    /// Moves the last row to `slot`, as the partition does.
    pub(super) fn swap_remove(&mut self, slot: usize) {
        self.cells.swap_remove(slot);
    }

    pub(super) fn field(&self, slot: usize) -> FieldRef<'_> {
        match self.cells.get(slot).copied().unwrap_or(Cell::Missing) {
            Cell::Missing => FieldRef::Missing,
            Cell::Null => FieldRef::Null,
            Cell::Bool(bool) => FieldRef::Bool(bool),
            Cell::Int(int) => FieldRef::Int(int),
            Cell::UInt(uint) => FieldRef::UInt(uint),
            Cell::Float(float) => FieldRef::Float(float),
            Cell::Time(micros) => FieldRef::Time(Timestamp::from_micros_clamped(micros)),
            Cell::Text(index) => self.texts.get(index as usize).map_or(FieldRef::Missing, |text| FieldRef::Str(text)),
            Cell::List(index) => self.lists.get(index as usize).map_or(FieldRef::Missing, |list| FieldRef::List(list)),
            Cell::Object => FieldRef::Object,
        }
    }

    /// Whether it may differ from row to row.
    pub(super) fn is_varied(&self) -> bool {
        self.varied
    }

    /// Whether most of its texts and lists are of rows that have changed since.
    pub(super) fn is_worn(&self) -> bool {
        self.texts.len() + self.lists.len() > self.cells.len() * 2 + 64
    }

    pub(super) fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Cell>() + self.heap
    }

    fn cell(&mut self, value: Option<Value>) -> Cell {
        match value {
            None => Cell::Missing,
            Some(Value::Null) => Cell::Null,
            Some(Value::Bool(bool)) => Cell::Bool(bool),
            Some(Value::Number(number)) => match (number.as_i64(), number.as_u64()) {
                (Some(int), _) => Cell::Int(int),
                (None, Some(uint)) => Cell::UInt(uint),
                (None, None) => Cell::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Some(Value::String(text)) => match usual_time(&text) {
                Some(time) => Cell::Time(time.as_micros()),
                None => Cell::Text(self.text(&text)),
            },
            Some(Value::Array(list)) => {
                self.heap += size_of::<Vec<Value>>() + list.iter().map(weight).sum::<usize>();
                self.lists.push(list);
                Cell::List((self.lists.len() - 1) as u32)
            }
            Some(Value::Object(_)) => Cell::Object,
        }
    }

    fn text(&mut self, text: &str) -> u32 {
        if let Some(&index) = self.known.get(text) {
            return index;
        }
        // The text with its counters, its two pointers and its place in the map.
        self.heap += text.len() + 16 + 2 * size_of::<Arc<str>>() + 8;
        let (text, index) = (Arc::<str>::from(text), self.texts.len() as u32);
        self.texts.push(Arc::clone(&text));
        self.known.insert(text, index);
        index
    }
}

/// Reads a text that is exactly how this project writes that time: to every
/// filter the time is then the same, and smaller and faster to compare.
fn usual_time(text: &str) -> Option<Timestamp> {
    if text.len() != "2023-05-08T11:56:00.000000Z".len() || !text.ends_with('Z') {
        return None;
    }
    let time: Timestamp = text.parse().ok()?;
    (time.to_string() == text).then_some(time)
}

fn weight(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            Value::Array(list) => list.iter().map(weight).sum(),
            Value::Object(map) => map.iter().map(|(key, value)| key.len() + 32 + weight(value)).sum(),
            _ => 0,
        }
}

/// One row, as a filter sees it.
pub(super) struct RowFields<'a> {
    pub(super) columns: &'a [(&'a str, &'a Column)],
    pub(super) slot: usize,
}

impl Fields for RowFields<'_> {
    fn field(&self, name: &str) -> FieldRef<'_> {
        let column = self.columns.iter().find(|(known, _)| *known == name);
        column.map_or(FieldRef::Missing, |(_, column)| column.field(self.slot))
    }
}

/// The values of a few fields of a payload, in the order of `names`; the rest
/// is skipped without being kept.
pub(super) fn project<S: AsRef<str>>(payload: &str, names: &[S]) -> serde_json::Result<Vec<Option<Value>>> {
    let mut json = serde_json::Deserializer::from_str(payload);
    let values = json.deserialize_map(Project(names))?;
    json.end()?;
    Ok(values)
}

struct Project<'n, S>(&'n [S]);

impl<'de, S: AsRef<str>> Visitor<'de> for Project<'_, S> {
    type Value = Vec<Option<Value>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a payload object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = vec![None; self.0.len()];
        while let Some(index) = map.next_key_seed(Key(self.0))? {
            match index.and_then(|index| values.get_mut(index)) {
                Some(slot) => *slot = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(values)
    }
}

/// Reads a key as its place in the list of names.
struct Key<'n, S>(&'n [S]);

impl<'de, S: AsRef<str>> DeserializeSeed<'de> for Key<'_, S> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let key: Cow<'de, str> = deserializer.deserialize_str(AnyText)?;
        Ok(self.0.iter().position(|name| name.as_ref() == key))
    }
}

/// Borrows a text unless escapes in it forbid that.
struct AnyText;

impl<'de> Visitor<'de> for AnyText {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::Filter;
    use serde_json::json;

    fn column(values: &[Option<Value>]) -> Column {
        let mut column = Column::default();
        values.iter().for_each(|value| column.push(value.clone()));
        column
    }

    #[test]
    fn a_cell_answers_every_filter_as_its_json_does() {
        let values = [
            None,
            Some(json!(null)),
            Some(json!(true)),
            Some(json!(7)),
            Some(json!(u64::MAX)),
            Some(json!(1.5)),
            Some(json!("")),
            Some(json!("abc")),
            Some(json!("2023-05-08T11:56:00.000000Z")),
            Some(json!("2023-05-08T11:56:00Z")),
            Some(json!("2023-05-08")),
            Some(json!(["abc", 7, null, ["abc"]])),
            Some(json!([])),
            Some(json!({"a": 1})),
        ];
        let texts = ["abc", "b", "", "2023-05-08T11:56:00.000000Z", "2023-05-08", ":56:00.0"];
        let mut filters = vec![Filter::exists("k"), Filter::is_null("k"), Filter::eq("k", true), Filter::eq("k", 7)];
        filters.extend([Filter::gt("k", 1), Filter::gt("k", u64::MAX - 1), Filter::exists("other")]);
        for text in texts {
            filters.extend([
                Filter::eq("k", text),
                Filter::ne("k", text),
                Filter::gte("k", text),
                Filter::lt("k", text),
            ]);
            filters.extend([Filter::contains("k", text), Filter::icontains("k", text), Filter::is_in("k", [text])]);
        }
        let column = column(&values);
        let columns = [("k", &column)];
        for filter in &filters {
            for (slot, value) in values.iter().enumerate() {
                let json = value.as_ref().map_or(json!({}), |value| json!({"k": value}));
                let row = RowFields { columns: &columns, slot };
                assert_eq!(filter.matches(&row), filter.matches(&json), "{filter} on {json}");
            }
        }
    }

    #[test]
    fn only_the_named_fields_are_read() {
        let payload = r#"{"a":{"b":1},"data":"x","b":2,"k\u0065y":[1]}"#;
        let values = project(payload, &["b", "key", "none"]).unwrap();
        assert_eq!(values, [Some(json!(2)), Some(json!([1])), None]);
        assert!(project("[]", &["a"]).is_err() && project("{", &["a"]).is_err());
    }

    #[test]
    fn a_column_knows_whether_its_rows_may_differ() {
        let same = |values: &[Value]| !column(&values.iter().cloned().map(Some).collect::<Vec<_>>()).is_varied();
        assert!(same(&[]) && same(&[json!("a"), json!("a")]) && same(&[json!(null), json!(null)]));
        assert!(!same(&[json!("a"), json!("b")]) && !same(&[json!(1), json!(1.5)]) && !same(&[json!([]), json!([])]));
        let mut column = Column::missing(2);
        column.push(None);
        assert!(!column.is_varied());
        column.set(1, Some(json!(null)));
        assert!(column.is_varied());
    }

    #[test]
    fn equal_texts_are_kept_once_and_a_worn_column_says_so() {
        let mut column = column(&[Some(json!("a")), Some(json!("a")), Some(json!("b"))]);
        assert_eq!(column.texts.len(), 2);
        column.swap_remove(0);
        assert!(matches!(column.field(0), FieldRef::Str("b")));
        assert!(!column.is_worn());
        (0..100).for_each(|n| column.set(1, Some(json!(format!("v{n}")))));
        assert!(column.is_worn() && column.bytes() > 1_000);
    }
}
