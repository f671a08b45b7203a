//! Scopes and filters as Chroma's `where`.
//!
//! What this library wrote is asked for by [terms](crate::shared::terms) in the
//! list of that name. Rows that others wrote, as the Python library does, have no
//! terms, and are asked by the fields themselves: exactly as far as Chroma can
//! (texts, numbers and bools that are equal), else all of them are taken, and
//! the engine looks again.

use mem0_core::filter::{CompareOp, FilterOp, Kinds, Scalar};
use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, MemoryId, Result, Scope};
use serde_json::{Value, json};

use super::rows::{LAYOUT, LAYOUT_NUMBER, LONG, PLACE, VERSION, can_be_key, place};
use crate::shared::terms;

/// Equality of any value. Whatever else needs the field to be there is narrowed
/// to that, where it can be.
const CAPABILITIES: FilterCapabilities = FilterCapabilities::NONE
    .exact(&[FilterOp::Eq, FilterOp::Ne, FilterOp::In, FilterOp::NotIn], Kinds::ALL)
    .superset(
        &[
            FilterOp::Exists,
            FilterOp::IsNull,
            FilterOp::Gt,
            FilterOp::Gte,
            FilterOp::Lt,
            FilterOp::Lte,
            FilterOp::Contains,
            FilterOp::IContains,
        ],
        Kinds::ALL,
    )
    .with_or(true)
    .with_not(true)
    .max_values(MOST)
    .max_conditions(MOST);

/// The most conditions of one filter, and values of one of them: the server
/// makes one nested expression in SQL of all.
const MOST: usize = 100;

/// What one condition and the widest scope take of a limit on predicates.
const PREDICATES_OF_A_CONDITION: usize = 3;
const PREDICATES_OF_A_SCOPE: usize = 5;

/// What is pushed to a server that takes so many predicates in a query.
pub(super) fn capabilities(predicates: Option<usize>) -> FilterCapabilities {
    let Some(most) = predicates else { return CAPABILITIES };
    let conditions = most.saturating_sub(PREDICATES_OF_A_SCOPE) / PREDICATES_OF_A_CONDITION;
    CAPABILITIES.max_conditions(conditions).max_values(conditions)
}

/// The points that a scope covers and an accepted filter matches; none where
/// that is every point.
pub(super) fn query(terms: Terms<'_>, scope: Option<&Scope>, filter: &Filter) -> Result<Option<Value>> {
    let mut parts = of_scope(scope);
    if !filter.is_all() {
        parts.push(terms.condition(filter)?);
    }
    Ok((!parts.is_empty()).then(|| all_of(parts)))
}

/// The points of a scope whose terms are in the document. There are hardly
/// ever any, and to look for terms there is slow.
pub(super) fn has_long(scope: Option<&Scope>) -> Value {
    let mut parts = of_scope(scope);
    parts.push(json!({LONG: {"$eq": true}}));
    all_of(parts)
}

fn of_scope(scope: Option<&Scope>) -> Vec<Value> {
    let ids = scope.into_iter().flat_map(Scope::ids);
    ids.map(|(key, id)| json!({key.as_str(): {"$eq": id}})).collect()
}

/// The same points, of those that this library wrote only the ones whose ids lie
/// behind `after` and not behind `last`, as far as their beginnings say.
pub(super) fn within(query: Option<Value>, after: Option<MemoryId>, last: Option<MemoryId>) -> Option<Value> {
    let mut bounds: Vec<Value> = Vec::new();
    bounds.extend(after.map(|id| json!({PLACE: {"$gte": place(id)}})));
    bounds.extend(last.map(|id| json!({PLACE: {"$lte": place(id)}})));
    let bounds = (!bounds.is_empty()).then(|| any_of(vec![all_of(bounds), foreign()]));
    let parts: Vec<Value> = query.into_iter().chain(bounds).collect();
    (!parts.is_empty()).then(|| all_of(parts))
}

/// These versions and earlier ones.
pub(super) fn up_to_version(version: i64) -> Value {
    any_of(vec![json!({VERSION: {"$lte": version}}), foreign()])
}

fn unknown() -> Error {
    Error::new(ErrorKind::Unsupported, "this condition")
}

/// Every record: a field that is not there equals nothing.
pub(super) fn every() -> Value {
    json!({LAYOUT: {"$ne": 0}})
}

/// Rows that others wrote.
fn foreign() -> Value {
    json!({LAYOUT: {"$ne": LAYOUT_NUMBER}})
}

/// How terms are asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms<'a> {
    /// The field that has them.
    pub(super) field: &'a str,
    /// Whether some are in the document: [`has_long`] finds out.
    pub(super) long: bool,
}

impl Terms<'_> {
    fn condition(self, filter: &Filter) -> Result<Value> {
        let each = |members: &[Filter]| members.iter().map(|member| self.condition(member)).collect::<Result<Vec<_>>>();
        Ok(match filter {
            Filter::And(members) if !members.is_empty() => all_of(each(members)?),
            Filter::Or(members) if !members.is_empty() => any_of(each(members)?),
            Filter::Not(inner) => self.negated(inner)?,
            Filter::Compare { field, op: CompareOp::Eq, value } => self.equal(field, std::slice::from_ref(value)),
            Filter::Compare { field, op: CompareOp::Ne, value } => self.unequal(field, std::slice::from_ref(value)),
            Filter::In { field, values } if !values.is_empty() => self.equal(field, values),
            Filter::NotIn { field, values } if !values.is_empty() => self.unequal(field, values),
            Filter::IsNull { field } => all_of(self.without(&terms::exists(field))),
            Filter::Exists { field } | Filter::Compare { field, .. } | Filter::Contains { field, .. } => {
                let mut ways = self.with(&terms::exists(field));
                ways.push(foreign());
                any_of(ways)
            }
            _ => return Err(unknown()),
        })
    }

    fn negated(self, filter: &Filter) -> Result<Value> {
        Ok(match filter {
            Filter::Compare { field, op: CompareOp::Eq, value } => self.unequal(field, std::slice::from_ref(value)),
            Filter::Compare { field, op: CompareOp::Ne, value } => self.equal(field, std::slice::from_ref(value)),
            Filter::In { field, values } if !values.is_empty() => self.unequal(field, values),
            Filter::NotIn { field, values } if !values.is_empty() => self.equal(field, values),
            _ => return Err(unknown()),
        })
    }

    fn equal(self, field: &str, values: &[Scalar]) -> Value {
        let mut ways: Vec<_> = values.iter().flat_map(|value| self.with(&terms::equals(field, value))).collect();
        let plain: Vec<_> = values.iter().filter_map(|value| plain(field, "$eq", value)).collect();
        if !plain.is_empty() {
            ways.push(all_of(vec![foreign(), any_of(plain)]));
        }
        any_of(ways)
    }

    fn unequal(self, field: &str, values: &[Scalar]) -> Value {
        let mut parts: Vec<_> = values.iter().flat_map(|value| self.without(&terms::equals(field, value))).collect();
        let plain: Vec<_> = values.iter().filter_map(|value| plain(field, "$ne", value)).collect();
        if !plain.is_empty() {
            parts.push(any_of(vec![json!({LAYOUT: {"$eq": LAYOUT_NUMBER}}), all_of(plain)]));
        }
        all_of(parts)
    }

    /// One of these holds if the term is there.
    fn with(self, term: &str) -> Vec<Value> {
        let document = self.long.then(|| json!({"#document": {"$contains": format!("\n{term}\n")}}));
        std::iter::once(json!({self.field: {"$contains": term}})).chain(document).collect()
    }

    /// All of these hold if it is not.
    fn without(self, term: &str) -> Vec<Value> {
        let document = self.long.then(|| json!({"#document": {"$not_contains": format!("\n{term}\n")}}));
        std::iter::once(json!({self.field: {"$not_contains": term}})).chain(document).collect()
    }
}

/// A comparison with the field itself, where Chroma has such a value.
fn plain(field: &str, op: &str, value: &Scalar) -> Option<Value> {
    let value = match value {
        Scalar::Bool(bool) => json!(bool),
        Scalar::Int(int) => json!(int),
        Scalar::UInt(_) => return None,
        Scalar::Float(float) => json!(float),
        Scalar::Str(text) => json!(text),
    };
    can_be_key(field).then(|| json!({field: {op: value}}))
}

fn all_of(parts: Vec<Value>) -> Value {
    joined("$and", parts)
}

fn any_of(parts: Vec<Value>) -> Value {
    joined("$or", parts)
}

fn joined(word: &str, mut parts: Vec<Value>) -> Value {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            json!({word: parts})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::collection::accept;

    const SHORT: Terms<'static> = Terms { field: "mem0:terms:1", long: false };
    const LONG_TOO: Terms<'static> = Terms { long: true, ..SHORT };

    fn alice() -> Scope {
        Scope::user("alice").unwrap().with_run("7").unwrap()
    }

    fn asked(filter: &Filter) -> String {
        let pushed = accept(filter, &CAPABILITIES).unwrap().unwrap();
        query(SHORT, Some(&alice()), &pushed).unwrap().unwrap().to_string()
    }

    #[test]
    fn queries_look_like_this() {
        let red = Filter::eq("color", "red");
        let filters = [
            Filter::All,
            red.clone(),
            !red.clone(),
            Filter::eq("$k", 1),
            Filter::eq("n", u64::MAX),
            Filter::is_in("n", [1, 2]),
            Filter::not_in("n", [1, 2]),
            Filter::exists("n"),
            Filter::is_null("n"),
            Filter::gt("n", 5),
            Filter::icontains("data", "tea"),
            red.clone().and(Filter::eq("n", 1.5)).and(!Filter::eq("m", true)),
            red.or(Filter::eq("n", 1).and(Filter::is_null("m"))),
        ];
        let shown: Vec<_> = filters.iter().map(|filter| format!("{filter}\n  {}", asked(filter))).collect();
        insta::assert_snapshot!(shown.join("\n"));
        assert_eq!(query(LONG_TOO, None, &Filter::All).unwrap(), None);
        let long = [Filter::eq("n", 1), Filter::ne("n", 1)]
            .map(|filter| query(LONG_TOO, None, &filter).unwrap().unwrap().to_string());
        insta::assert_snapshot!("long", long.join("\n"));
        assert_eq!(has_long(None).to_string(), r#"{"mem0:long":{"$eq":true}}"#);
    }

    #[test]
    fn a_filter_is_pushed_whole_or_refused() {
        let both = Filter::eq("a", 1).and(!Filter::gt("b", 2));
        assert_eq!(accept(&both, &CAPABILITIES).unwrap_err().kind(), ErrorKind::Unsupported);
        let few = capabilities(Some(8));
        assert!(accept(&Filter::eq("a", 1), &few).is_ok());
        assert!(accept(&Filter::eq("a", 1).and(Filter::eq("b", 1)), &few).is_err());
    }
}
