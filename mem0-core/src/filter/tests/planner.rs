//! The planner: its invariants over random backends, and examples.

use std::hash::{DefaultHasher, Hash, Hasher};

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{Shown, filter, record};
use crate::filter::FilterOp::*;
use crate::filter::{Filter, FilterCapabilities, FilterOp, Kinds, Scalar, ValueKind};

/// What a test remembers of a backend: for each operator and kind whether the
/// answer is exact (2), a superset (1) or none (0).
#[derive(Clone, Debug)]
struct Backend {
    answers: Vec<(FilterOp, ValueKind, u8)>,
    and: bool,
    or: bool,
    not: bool,
    max_conditions: usize,
    max_values: usize,
}

impl Backend {
    fn capabilities(&self) -> FilterCapabilities {
        let none = FilterCapabilities::NONE
            .with_and(self.and)
            .with_or(self.or)
            .with_not(self.not)
            .max_conditions(self.max_conditions)
            .max_values(self.max_values);
        self.answers.iter().fold(none, |capabilities, (op, kind, answer)| match answer {
            2 => capabilities.exact(&[*op], Kinds::of(*kind)),
            1 => capabilities.superset(&[*op], Kinds::of(*kind)),
            _ => capabilities,
        })
    }

    fn answer(&self, op: FilterOp, kind: ValueKind) -> u8 {
        self.answers.iter().find(|(o, k, _)| (*o, *k) == (op, kind)).map_or(0, |(_, _, answer)| *answer)
    }

    /// The weakest answer to this condition; panics if it was not declared.
    fn answers(&self, condition: &Filter) -> u8 {
        let op = condition.op().unwrap();
        let list = |values: &[Scalar]| {
            assert!(values.len() <= self.max_values);
            values.iter().map(|value| self.answer(op, value.kind())).min().unwrap()
        };
        let answer = match condition {
            Filter::Compare { op: compare, value, .. } if compare.is_order() => self.answer(op, value.order_kind()),
            Filter::Compare { value, .. } => self.answer(op, value.kind()),
            Filter::In { values, .. } | Filter::NotIn { values, .. } => list(values),
            Filter::Contains { .. } => self.answer(op, ValueKind::Text),
            _ => ValueKind::ALL.into_iter().map(|kind| self.answer(op, kind)).max().unwrap(),
        };
        assert!(answer > 0, "{condition} was not declared");
        answer
    }

    /// Answers as a real backend might: where it brings more than the matches,
    /// `seed` decides which. Panics at what it cannot do.
    fn run(&self, pushed: &Filter, record: &Map<String, Value>, seed: u64) -> bool {
        match pushed {
            Filter::All => true,
            Filter::And(members) => {
                assert!(self.and);
                members.iter().map(|member| self.run(member, record, seed)).fold(true, |a, b| a & b)
            }
            Filter::Or(members) => {
                assert!(self.or);
                members.iter().map(|member| self.run(member, record, seed)).fold(false, |a, b| a | b)
            }
            Filter::Not(inner) => {
                assert!(self.not && inner.op().is_some() && self.answers(inner) == 2, "NOT of {inner}");
                !inner.matches(record)
            }
            condition => {
                let noise = self.answers(condition) == 1 && {
                    let mut hasher = DefaultHasher::new();
                    (seed, condition.to_json().unwrap().to_string()).hash(&mut hasher);
                    hasher.finish() & 1 == 1
                };
                noise || condition.matches(record)
            }
        }
    }
}

fn backend() -> impl Strategy<Value = Backend> {
    let pairs = FilterOp::ALL.into_iter().flat_map(|op| ValueKind::ALL.map(|kind| (op, kind))).collect::<Vec<_>>();
    let answers = prop_oneof![
        // Each kind by itself, or one answer for the whole operator.
        prop::collection::vec(0..3_u8, pairs.len()),
        prop::collection::vec(prop_oneof![1 => Just(0), 1 => Just(1), 3 => Just(2_u8)], FilterOp::ALL.len())
            .prop_map(|ops| ops.into_iter().flat_map(|answer| [answer; ValueKind::ALL.len()]).collect()),
    ];
    let max = || prop_oneof![2 => Just(usize::MAX), 1 => 0..6_usize];
    let joins = || prop::bool::weighted(0.8);
    (answers, joins(), joins(), joins(), max(), max()).prop_map(
        move |(answers, and, or, not, max_conditions, max_values)| Backend {
            answers: pairs.iter().zip(answers).map(|((op, kind), answer)| (*op, *kind, answer)).collect(),
            and,
            or,
            not,
            max_conditions,
            max_values,
        },
    )
}

fn count(filter: &Filter) -> usize {
    match filter {
        Filter::All => 0,
        Filter::And(members) | Filter::Or(members) => members.iter().map(count).sum(),
        _ => 1,
    }
}

proptest! {
    #[test]
    fn no_match_is_lost_and_none_is_added(
        shown in filter(),
        backend in backend(),
        records in prop::collection::vec(record(), 4),
        seed in any::<u64>(),
    ) {
        let filter = shown.0;
        let plan = filter.plan_for_fields(&backend.capabilities(), |field| field != "b");
        prop_assert!(!plan.pushed.fields().contains("b"));
        prop_assert!(count(&plan.pushed) <= backend.max_conditions);
        for record in &records {
            let expected = filter.matches(record);
            let (pushed, residual) = (plan.pushed.matches(record), plan.residual.matches(record));
            prop_assert_eq!(expected, pushed && residual, "{:?}", plan);
            // Also with the superset that this backend brings.
            prop_assert_eq!(expected, backend.run(&plan.pushed, record, seed) && residual, "{:?}", plan);
            prop_assert!(!(plan.matches_nothing() && expected));
        }
        prop_assert_eq!(&filter.plan_for_fields(&backend.capabilities(), |field| field != "b"), &plan);
    }

    #[test]
    fn a_backend_that_can_all_gets_all(Shown(filter) in filter()) {
        let plan = filter.plan(&FilterCapabilities::ALL);
        let text = filter.to_json().unwrap().to_string();
        let special = text.contains("\\u0000") || text.contains("contains\":\"\"");
        if !special && !plan.matches_nothing() {
            prop_assert_eq!(&plan.pushed, &filter.normalise());
            prop_assert!(plan.is_exact());
        }
        let plan = filter.plan(&FilterCapabilities::NONE);
        prop_assert!(plan.pushed.is_all());
        prop_assert_eq!(plan.residual, filter.normalise());
    }
}

#[test]
fn examples() {
    let text = Kinds::TEXT;
    let eq = FilterCapabilities::NONE.exact(&[Eq], text);
    let (a, b, n) = (Filter::eq("a", "x"), Filter::eq("b", "y"), Filter::gt("n", 1));
    let (all, nothing) = (Filter::All, Filter::Nothing);
    for (name, filter, capabilities, pushed, residual) in [
        ("members of AND one by one", a.clone().and(n.clone()), eq, a.clone(), n.clone()),
        ("OR needs with_or", a.clone().or(b.clone()), eq, all.clone(), a.clone().or(b.clone())),
        ("a whole OR", a.clone().or(b.clone()), eq.with_or(true), a.clone().or(b.clone()), all.clone()),
        ("one member stays", a.clone().or(n.clone()), eq.with_or(true), all.clone(), a.clone().or(n.clone())),
        (
            "a part of every member",
            Filter::Or(vec![b.clone(), a.clone().and(n.clone())]),
            eq.with_or(true),
            b.clone().or(a.clone()),
            Filter::Or(vec![b.clone(), a.clone().and(n.clone())]),
        ),
        ("ne under NOT", Filter::ne("a", "x"), eq.with_not(true), Filter::Not(Box::new(a.clone())), all.clone()),
        ("ne alone", Filter::ne("a", "x"), eq, all.clone(), Filter::ne("a", "x")),
        ("in as OR", Filter::is_in("a", ["x", "z"]), eq.with_or(true), a.clone().or(Filter::eq("a", "z")), all.clone()),
        (
            "nin as AND",
            Filter::not_in("a", ["x", "z"]),
            FilterCapabilities::NONE.exact(&[Ne], text),
            Filter::ne("a", "x").and(Filter::ne("a", "z")),
            all.clone(),
        ),
        ("null", Filter::is_null("a"), eq.exact(&[Exists], text).with_not(true), !Filter::exists("a"), all.clone()),
        (
            "a superset is looked at again",
            Filter::contains("a", "x"),
            eq.superset(&[Contains], text),
            Filter::contains("a", "x"),
            Filter::contains("a", "x"),
        ),
        (
            "a superset does not stand under NOT",
            !Filter::contains("a", "x"),
            eq.superset(&[Contains], text).with_not(true),
            all.clone(),
            !Filter::contains("a", "x"),
        ),
        ("no room", a.clone().and(b.clone()), eq.max_conditions(1), a.clone(), b.clone()),
        ("no AND", a.clone().and(b.clone()), eq.with_and(false), a.clone(), b.clone()),
        (
            "the list is too long",
            Filter::is_in("a", ["x", "z"]),
            FilterCapabilities::ALL.with_or(false).max_values(1),
            all.clone(),
            Filter::is_in("a", ["x", "z"]),
        ),
        ("another type", Filter::eq("a", true), eq, all.clone(), Filter::eq("a", true)),
        ("1.0 is 1", Filter::eq("n", 1.0), eq.exact(&[Eq], Kinds::INT), Filter::eq("n", 1), all.clone()),
        ("a contradiction", a.clone().and(Filter::Nothing), FilterCapabilities::ALL, all.clone(), nothing.clone()),
        ("no condition", Filter::And(vec![]), FilterCapabilities::NONE, all.clone(), all.clone()),
        ("the empty text", Filter::contains("a", ""), FilterCapabilities::ALL, all.clone(), Filter::contains("a", "")),
    ] {
        let plan = filter.plan(&capabilities);
        assert_eq!(plan.pushed.normalise(), pushed.normalise(), "{name}");
        assert_eq!(plan.residual.normalise(), residual.normalise(), "{name}");
    }
}

#[test]
fn capabilities_show_what_they_are() {
    let capabilities = FilterCapabilities::NONE.exact(&[Eq, In], Kinds::TEXT.and(Kinds::BOOL));
    let shown = format!("{capabilities:?}");
    assert!(shown.contains(r#"exact: {"eq": {Bool, Text}, "in": {Bool, Text}}"#), "{shown}");
}
