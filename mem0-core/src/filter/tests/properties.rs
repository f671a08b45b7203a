//! Properties of the evaluator, the normal form and the grammar.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{Shown, filter, record, scalar_json};
use crate::filter::{Filter, Limits};

/// NOT is only where it has to be, and nothing could be simpler.
fn is_normal(filter: &Filter) -> bool {
    let no_constant = |members: &[Filter]| members.iter().all(|m| !matches!(m, Filter::All | Filter::Nothing));
    match filter {
        Filter::And(members) => {
            members.len() > 1
                && no_constant(members)
                && members.iter().all(|m| !matches!(m, Filter::And(_)) && is_normal(m))
        }
        Filter::Or(members) => {
            members.len() > 1
                && no_constant(members)
                && members.iter().all(|m| !matches!(m, Filter::Or(_)) && is_normal(m))
        }
        Filter::Not(inner) => match &**inner {
            Filter::Compare { op, .. } => op.is_order(),
            Filter::Contains { .. } => true,
            _ => false,
        },
        Filter::In { values, .. } | Filter::NotIn { values, .. } => values.len() > 1,
        _ => true,
    }
}

/// Anything that looks a little like a filter.
fn almost() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        4 => prop::sample::select(vec![
            "AND", "OR", "NOT", "$and", "$or", "$not", "eq", "ne", "gt", "in", "nin", "contains", "icontains",
            "exists", "is_null", "user_id", "a", "b", "$x", "",
        ])
        .prop_map(str::to_owned),
        1 => ".{0,3}",
    ];
    let leaf = prop_oneof![4 => scalar_json(), 1 => Just(Value::Null)];
    leaf.prop_recursive(6, 32, 4, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|entries| entries.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #[test]
    fn not_is_the_complement(Shown(filter) in filter(), record in record()) {
        prop_assert_ne!(filter.matches(&record), (!filter).matches(&record));
    }

    #[test]
    fn the_normal_form_means_the_same(shown in filter(), record in record()) {
        let filter = shown.0;
        let normal = filter.normalise();
        prop_assert_eq!(normal.matches(&record), filter.matches(&record), "{:?}", Shown(normal));
        prop_assert!(is_normal(&normal), "{:?}", Shown(normal));
        prop_assert_eq!(normal.normalise(), normal);
    }

    #[test]
    fn the_normal_form_does_not_depend_on_the_order(Shown(a) in filter(), Shown(b) in filter(), Shown(c) in filter()) {
        for join in [Filter::And, Filter::Or] {
            let forwards = join(vec![a.clone(), b.clone(), c.clone(), a.clone()]).normalise();
            let backwards = join(vec![c.clone(), b.clone(), a.clone()]).normalise();
            prop_assert_eq!(Shown(forwards.clone()).0, backwards, "{:?}", Shown(forwards));
        }
    }

    #[test]
    fn what_is_written_reads_back(Shown(filter) in filter(), record in record()) {
        prop_assert!(filter.check(&Limits::default()).is_ok());
        let json = filter.to_json().unwrap();
        let text = serde_json::to_string(&filter).unwrap();
        let readings = [
            Filter::from_json(&json).unwrap(),
            Filter::from_json_str(&text).unwrap(),
            serde_json::from_str(&text).unwrap(),
            serde_json::from_value(json.clone()).unwrap(),
            Filter::split_scope_json(&json).unwrap().1,
        ];
        for reading in readings {
            prop_assert_eq!(reading.matches(&record), filter.matches(&record));
            prop_assert_eq!(reading.normalise(), filter.normalise());
        }
    }

    #[test]
    fn whatever_is_read_can_be_used(json in almost(), record in record()) {
        if let Ok(filter) = Filter::from_json(&json) {
            prop_assert!(filter.check(&Limits::default()).is_ok());
            let again = Filter::from_json(&filter.to_json().unwrap()).unwrap();
            prop_assert_eq!(again.matches(&record), filter.matches(&record));
            prop_assert_eq!(Filter::from_json_str(&json.to_string()).unwrap(), filter);
        }
        if let Ok((scope, filter)) = Filter::split_scope_json(&json) {
            prop_assert!(scope.values().all(|id| !id.is_empty() && id != "*"));
            prop_assert!(!filter.fields().contains("user_id"));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![".{0,64}", "[\\[\\]{}:,\"a1$\\\\ANDORNT]{0,64}"]) {
        let _ = Filter::from_json_str(&text);
        let _ = Filter::split_scope_json_str(&text);
    }
}
