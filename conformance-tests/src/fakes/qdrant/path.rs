//! Paths into a payload: names, quoted where they have other characters than
//! letters, digits, `_` and `-`, joined by dots, with `[]` for every element of
//! a list and `[3]` for one.

use serde_json::{Map, Value};
use tonic::Status;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(String),
    Index(usize),
    Every,
}

/// A path that was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path(Vec<Step>);

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, Status> {
        steps(text).map(Self).ok_or_else(|| Status::invalid_argument(format!("Invalid json path: '{text}'")))
    }

    /// The path of a field within each element of this list.
    pub(super) fn within(&self, inner: &Self) -> Self {
        Self(self.every().0.iter().chain(&inner.0).cloned().collect())
    }

    /// The path of each element.
    pub(super) fn every(&self) -> Self {
        let mut steps = self.0.clone();
        if steps.last() != Some(&Step::Every) {
            steps.push(Step::Every);
        }
        Self(steps)
    }

    /// What is there; of `a[]` the elements, of `a` the list itself.
    pub(super) fn values<'a>(&self, payload: &'a Map<String, Value>) -> Vec<&'a Value> {
        let Some((Step::Key(first), rest)) = self.0.split_first() else { return Vec::new() };
        let mut values: Vec<&Value> = payload.get(first).into_iter().collect();
        for step in rest {
            values = values
                .into_iter()
                .flat_map(|value| match (step, value) {
                    (Step::Key(key), Value::Object(object)) => object.get(key).into_iter().collect(),
                    (Step::Index(index), Value::Array(items)) => items.get(*index).into_iter().collect(),
                    (Step::Every, Value::Array(items)) => items.iter().collect(),
                    _ => Vec::new(),
                })
                .collect();
        }
        values
    }

    /// Copies what is there into another payload. Paths of names only.
    pub(super) fn copy(&self, from: &Map<String, Value>, to: &mut Map<String, Value>) -> Result<(), Status> {
        let Some((Step::Key(first), rest)) = self.0.split_first() else { return Ok(()) };
        let Some(value) = from.get(first) else { return Ok(()) };
        if rest.is_empty() {
            to.insert(first.clone(), value.clone());
            return Ok(());
        }
        if rest.iter().any(|step| !matches!(step, Step::Key(_))) {
            return Err(Status::invalid_argument("the fake does not select elements of lists"));
        }
        if let Value::Object(object) = value {
            let inner = to.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                Self(rest.to_vec()).copy(object, inner)?;
            }
        }
        Ok(())
    }
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let (first, mut rest) = key(text)?;
    let mut steps = vec![Step::Key(first)];
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[]") {
            steps.push(Step::Every);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('[') {
            let (index, after) = after.split_once(']')?;
            steps.push(Step::Index(index.parse().ok()?));
            rest = after;
        } else {
            let (name, after) = key(rest.strip_prefix('.')?)?;
            steps.push(Step::Key(name));
            rest = after;
        }
    }
    Some(steps)
}

fn key(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return (!name.contains('\\')).then(|| (name.to_owned(), rest));
    }
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    (!name.is_empty()).then(|| (name.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_read_as_they_are_documented() {
        let Value::Object(payload) = json!({
            "a": {"b": [{"c": 1}, {"c": 2}, 3], "x.y": 4}, "country": {"name": "G", "cities": ["B", "M"]},
        }) else {
            unreachable!()
        };
        for (path, due) in [
            ("a.b[].c", json!([1, 2])),
            ("a.b[1].c", json!([2])),
            ("a.b[9].c", json!([])),
            ("a.\"x.y\"", json!([4])),
            ("country.cities", json!([["B", "M"]])),
            ("country.cities[]", json!(["B", "M"])),
            ("country.cities.name", json!([])),
            ("nothing", json!([])),
        ] {
            assert_eq!(json!(Path::parse(path).unwrap().values(&payload)), due, "{path}");
        }
        for wrong in ["", "a.", ".a", "a b", "a[", "a[x]", "a\"b\"", "\"a", "\"a\\\"b\"", "a..b"] {
            assert!(Path::parse(wrong).is_err(), "{wrong}");
        }
    }
}
