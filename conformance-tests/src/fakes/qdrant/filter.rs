//! Filters as Qdrant understands them.
//!
//! `must` is AND, `must_not` the NOT of each, `should` OR where it is not empty.
//! A condition on a list holds if it does for one of its elements; lists within
//! lists are not looked into. Values of another type do not match. A nested
//! filter has to hold as a whole for one object of a list.

use std::collections::HashSet;

use q::condition::ConditionOneOf;
use q::r#match::MatchValue;
use qdrant_client::qdrant as q;
use serde_json::{Map, Value};
use tonic::Status;

use super::convert::PointKey;
use super::path::Path;
use super::refuse;

/// A filter that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    must: Vec<Condition>,
    must_not: Vec<Condition>,
    should: Vec<Condition>,
}

#[derive(Clone, Debug)]
enum Condition {
    Field(Path, Test),
    Empty(Path),
    Null(Path),
    Ids(HashSet<PointKey>),
    Nested(Path, Filter),
    Filter(Filter),
}

#[derive(Clone, Debug)]
enum Test {
    Text(String),
    Integer(i64),
    Bool(bool),
    Texts(HashSet<String>),
    Integers(HashSet<i64>),
    Range(q::Range),
}

/// What an index has to be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Word,
    Integer,
    Bool,
    Range,
    Any,
}

impl Filter {
    pub(super) fn read(filter: q::Filter) -> Result<Self, Status> {
        let q::Filter { should, must, must_not, min_should } = filter;
        refuse("Filter", [("min_should", min_should.is_some())])?;
        let read =
            |conditions: Vec<q::Condition>| conditions.into_iter().map(Condition::read).collect::<Result<Vec<_>, _>>();
        Ok(Self { must: read(must)?, must_not: read(must_not)?, should: read(should)? })
    }

    pub(super) fn holds(&self, id: Option<PointKey>, payload: &Map<String, Value>) -> bool {
        self.must.iter().all(|condition| condition.holds(id, payload))
            && !self.must_not.iter().any(|condition| condition.holds(id, payload))
            && (self.should.is_empty() || self.should.iter().any(|condition| condition.holds(id, payload)))
    }

    /// The paths that are asked for and what an index on them has to do.
    pub(super) fn needs(&self) -> Vec<(Path, Need)> {
        let mut needs = Vec::new();
        self.add_needs(None, &mut needs);
        needs
    }

    fn add_needs(&self, list: Option<&Path>, needs: &mut Vec<(Path, Need)>) {
        let full = |path: &Path| list.map_or_else(|| path.clone(), |list| list.within(path));
        for condition in self.conditions() {
            match condition {
                Condition::Field(path, test) => needs.push((full(path), test.need())),
                Condition::Empty(path) | Condition::Null(path) => needs.push((full(path), Need::Any)),
                Condition::Nested(path, filter) => filter.add_needs(Some(&full(path)), needs),
                Condition::Filter(filter) => filter.add_needs(list, needs),
                Condition::Ids(_) => {}
            }
        }
    }

    /// How many conditions there are in all.
    pub(super) fn size(&self) -> usize {
        let size = |condition: &Condition| match condition {
            Condition::Filter(filter) | Condition::Nested(_, filter) => filter.size(),
            _ => 1,
        };
        self.conditions().map(size).sum()
    }

    /// How many values the largest condition has.
    pub(super) fn widest(&self) -> usize {
        let width = |condition: &Condition| match condition {
            Condition::Filter(filter) | Condition::Nested(_, filter) => filter.widest(),
            Condition::Field(_, Test::Texts(values)) => values.len(),
            Condition::Field(_, Test::Integers(values)) => values.len(),
            Condition::Ids(ids) => ids.len(),
            _ => 0,
        };
        self.conditions().map(width).max().unwrap_or(0)
    }

    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.must.iter().chain(&self.must_not).chain(&self.should)
    }
}

impl Condition {
    fn read(condition: q::Condition) -> Result<Self, Status> {
        let Some(condition) = condition.condition_one_of else {
            return Err(Status::invalid_argument("Malformed Condition type"));
        };
        match condition {
            ConditionOneOf::Field(field) => Self::field(field),
            ConditionOneOf::IsEmpty(empty) => Ok(Self::Empty(Path::parse(&empty.key)?)),
            ConditionOneOf::IsNull(null) => Ok(Self::Null(Path::parse(&null.key)?)),
            ConditionOneOf::HasId(ids) => {
                Ok(Self::Ids(ids.has_id.iter().map(|id| PointKey::of(Some(id))).collect::<Result<_, _>>()?))
            }
            ConditionOneOf::Filter(filter) => Ok(Self::Filter(Filter::read(filter)?)),
            ConditionOneOf::Nested(nested) => {
                let filter = Filter::read(nested.filter.unwrap_or_default())?;
                Ok(Self::Nested(Path::parse(&nested.key)?, filter))
            }
            ConditionOneOf::HasVector(_) => {
                refuse("Condition", [("has_vector", true)]).map(|()| Self::Ids(HashSet::new()))
            }
            _ => refuse("Condition", [("slice", true)]).map(|()| Self::Ids(HashSet::new())),
        }
    }

    fn field(field: q::FieldCondition) -> Result<Self, Status> {
        let q::FieldCondition {
            key,
            r#match,
            range,
            geo_bounding_box,
            geo_radius,
            values_count,
            geo_polygon,
            datetime_range,
            is_empty,
            is_null,
        } = field;
        refuse(
            "FieldCondition",
            [
                ("geo_bounding_box", geo_bounding_box.is_some()),
                ("geo_radius", geo_radius.is_some()),
                ("geo_polygon", geo_polygon.is_some()),
                ("values_count", values_count.is_some()),
                ("datetime_range", datetime_range.is_some()),
                ("is_empty", is_empty.is_some()),
                ("is_null", is_null.is_some()),
                ("match and range together", r#match.is_some() && range.is_some()),
            ],
        )?;
        let test = match (r#match.and_then(|wanted| wanted.match_value), range) {
            (Some(MatchValue::Keyword(text)), _) => Test::Text(text),
            (Some(MatchValue::Integer(int)), _) => Test::Integer(int),
            (Some(MatchValue::Boolean(bool)), _) => Test::Bool(bool),
            (Some(MatchValue::Keywords(list)), _) => Test::Texts(list.strings.into_iter().collect()),
            (Some(MatchValue::Integers(list)), _) => Test::Integers(list.integers.into_iter().collect()),
            (Some(_), _) => return Err(Status::invalid_argument("the fake does not implement this match")),
            (None, Some(range)) => Test::Range(range),
            (None, None) => return Err(Status::invalid_argument("Malformed FieldCondition type")),
        };
        Ok(Self::Field(Path::parse(&key)?, test))
    }

    fn holds(&self, id: Option<PointKey>, payload: &Map<String, Value>) -> bool {
        match self {
            Self::Field(path, test) => path.values(payload).into_iter().any(|value| match value {
                Value::Array(items) => items.iter().any(|item| test.holds(item)),
                value => test.holds(value),
            }),
            Self::Empty(path) => path.values(payload).into_iter().all(|value| match value {
                Value::Null => true,
                Value::Array(items) => items.is_empty(),
                _ => false,
            }),
            Self::Null(path) => path.values(payload).into_iter().any(|value| match value {
                Value::Null => true,
                Value::Array(items) => items.iter().any(Value::is_null),
                _ => false,
            }),
            // Within a nested object there are no ids.
            Self::Ids(ids) => id.is_some_and(|id| ids.contains(&id)),
            Self::Nested(path, filter) => path.every().values(payload).into_iter().any(|value| match value {
                Value::Object(object) => filter.holds(None, object),
                _ => false,
            }),
            Self::Filter(filter) => filter.holds(id, payload),
        }
    }
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(wanted), Value::String(text)) => wanted == text,
            (Self::Texts(wanted), Value::String(text)) => wanted.contains(text),
            (Self::Bool(wanted), Value::Bool(bool)) => wanted == bool,
            (Self::Integer(wanted), Value::Number(number)) => number.as_i64() == Some(*wanted),
            (Self::Integers(wanted), Value::Number(number)) => number.as_i64().is_some_and(|int| wanted.contains(&int)),
            (Self::Range(range), Value::Number(number)) => number.as_f64().is_some_and(|number| {
                range.gt.is_none_or(|bound| number > bound)
                    && range.gte.is_none_or(|bound| number >= bound)
                    && range.lt.is_none_or(|bound| number < bound)
                    && range.lte.is_none_or(|bound| number <= bound)
            }),
            _ => false,
        }
    }

    const fn need(&self) -> Need {
        match self {
            Self::Text(_) | Self::Texts(_) => Need::Word,
            Self::Integer(_) | Self::Integers(_) => Need::Integer,
            Self::Bool(_) => Need::Bool,
            Self::Range(_) => Need::Range,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use q::{Condition as Native, Filter as NativeFilter};
    use serde_json::json;

    /// The examples of the documentation's page on filtering.
    fn dinosaurs(filter: NativeFilter) -> Vec<usize> {
        let rows = [
            json!({"id": 1, "dinosaur": "t-rex", "diet": [
                {"food": "leaves", "likes": false}, {"food": "meat", "likes": true}]}),
            json!({"id": 2, "dinosaur": "diplodocus", "diet": [
                {"food": "leaves", "likes": true}, {"food": "meat", "likes": false}]}),
        ];
        found(&rows, filter)
    }

    fn found(rows: &[Value], filter: NativeFilter) -> Vec<usize> {
        let filter = Filter::read(filter).unwrap();
        let holds = |row: &Value| filter.holds(Some(PointKey::Number(7)), row.as_object().unwrap());
        (1..).zip(rows).filter(|(_, row)| holds(row)).map(|(n, _)| n).collect()
    }

    #[test]
    fn a_nested_filter_holds_for_one_object() {
        let meat = || Native::matches("food", "meat".to_owned());
        let likes = || Native::matches("likes", true);
        let apart = NativeFilter::must([
            Native::matches("diet[].food", "meat".to_owned()),
            Native::matches("diet[].likes", true),
        ]);
        assert_eq!(dinosaurs(apart), [1, 2]);
        assert_eq!(dinosaurs(NativeFilter::must([Native::nested("diet", NativeFilter::must([meat(), likes()]))])), [1]);
        assert_eq!(
            dinosaurs(NativeFilter::must_not([Native::nested("diet", NativeFilter::must([meat(), likes()]))])),
            [2]
        );
    }

    #[test]
    fn clauses_are_joined_as_documented() {
        let rows = [
            json!({"city": "London", "color": "green"}),
            json!({"city": "London", "color": "red"}),
            json!({"city": "London", "color": "blue"}),
            json!({"city": "Berlin", "color": "red"}),
            json!({"city": "Moscow", "color": "green"}),
            json!({"city": "Moscow", "color": "blue"}),
        ];
        let is = |key: &str, value: &str| Native::matches(key, value.to_owned());
        let london_red = || [is("city", "London"), is("color", "red")];
        assert_eq!(found(&rows, NativeFilter::must([is("city", "London"), is("color", "red")])), [2]);
        assert_eq!(found(&rows, NativeFilter::should(london_red())), [1, 2, 3, 4]);
        assert_eq!(found(&rows, NativeFilter::must_not(london_red())), [5, 6]);
        let both =
            NativeFilter { must: vec![is("city", "London")], must_not: vec![is("color", "red")], ..Default::default() };
        assert_eq!(found(&rows, both), [1, 3]);
        let not_both = NativeFilter::must_not([NativeFilter::must(london_red()).into()]);
        assert_eq!(found(&rows, not_both), [1, 3, 4, 5, 6]);
        assert_eq!(found(&rows, NativeFilter::default()).len(), 6);
    }

    #[test]
    fn values_of_other_types_do_not_match() {
        let rows = [
            json!({"k": 1}),
            json!({"k": "1"}),
            json!({"k": true}),
            json!({"k": [1, "1"]}),
            json!({"k": [[1]]}),
            json!({}),
        ];
        assert_eq!(found(&rows, NativeFilter::must([Native::matches("k", 1)])), [1, 4]);
        assert_eq!(found(&rows, NativeFilter::must([Native::matches("k", "1".to_owned())])), [2, 4]);
        assert_eq!(found(&rows, NativeFilter::must([Native::matches("k", true)])), [3]);
        let range = q::Range { gte: Some(1.0), lt: Some(2.0), ..Default::default() };
        assert_eq!(found(&rows, NativeFilter::must([Native::range("k", range)])), [1, 4]);
        assert_eq!(found(&rows, NativeFilter::must([Native::is_empty("k")])), [6]);
        assert_eq!(found(&rows, NativeFilter::must([Native::has_id([7])])).len(), 6);
        assert_eq!(found(&rows, NativeFilter::must([Native::has_id([8])])), Vec::<usize>::new());
    }

    #[test]
    fn what_is_not_implemented_is_refused() {
        for condition in [
            Native::matches_text("k", "x"),
            Native::matches_phrase("k", "x"),
            Native::has_vector("x"),
            Native::matches("a b", 1),
            Native::default(),
        ] {
            let refused = Filter::read(NativeFilter::must([condition])).unwrap_err();
            assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        }
    }
}
