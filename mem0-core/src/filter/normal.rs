//! One form for all filters that mean the same by simple rules.

use std::cmp::Ordering;

use super::scalar::Num;
use super::{CompareOp, Filter, FilterOp, Scalar};

impl Filter {
    /// The same filter in normal form: NOT only directly above `gt`, `gte`,
    /// `lt`, `lte`, `contains` and `icontains`; no AND in an AND or OR in an OR;
    /// members and values sorted, each once; whole numbers as integers;
    /// [`All`](Filter::All) and [`Nothing`](Filter::Nothing) only alone.
    ///
    /// ```
    /// use mem0_core::filter::Filter;
    ///
    /// let filter = !(Filter::eq("b", 1.0).or(Filter::gt("a", 5)).or(Filter::eq("b", 1)));
    /// assert_eq!(filter.normalise(), (!Filter::gt("a", 5)).and(Filter::ne("b", 1)));
    /// ```
    #[must_use]
    pub fn normalise(&self) -> Self {
        normal(self, false)
    }
}

fn normal(filter: &Filter, negate: bool) -> Filter {
    match filter {
        Filter::All => constant(!negate),
        Filter::Nothing => constant(negate),
        Filter::Not(inner) => normal(inner, !negate),
        Filter::And(members) => join(members, negate, negate),
        Filter::Or(members) => join(members, !negate, negate),
        Filter::Compare { field, op, value } => compare(field, *op, value, negate),
        Filter::In { field, values } => one_of(field, values, negate),
        Filter::NotIn { field, values } => one_of(field, values, !negate),
        Filter::Contains { .. } if negate => !filter.clone(),
        Filter::Contains { .. } => filter.clone(),
        Filter::Exists { field } => presence(field, !negate),
        Filter::IsNull { field } => presence(field, negate),
    }
}

const fn constant(holds: bool) -> Filter {
    if holds { Filter::All } else { Filter::Nothing }
}

fn presence(field: &str, wanted: bool) -> Filter {
    if wanted { Filter::exists(field) } else { Filter::is_null(field) }
}

fn compare(field: &str, op: CompareOp, value: &Scalar, negate: bool) -> Filter {
    let value = value.canonical();
    let usable = match &value {
        Scalar::Bool(_) => !op.is_order(),
        Scalar::Str(_) => true,
        number => Num::of(number).is_some(),
    };
    let with = |op| Filter::Compare { field: field.to_owned(), op, value };
    match op {
        // The positive condition never holds.
        _ if !usable => constant(negate != (op == CompareOp::Ne)),
        CompareOp::Eq | CompareOp::Ne => {
            with(if (op == CompareOp::Ne) == negate { CompareOp::Eq } else { CompareOp::Ne })
        }
        _ if negate => !with(op),
        _ => with(op),
    }
}

fn one_of(field: &str, values: &[Scalar], negate: bool) -> Filter {
    let mut values: Vec<Scalar> = values
        .iter()
        .filter(|value| !matches!(value, Scalar::Float(float) if float.is_nan()))
        .map(Scalar::canonical)
        .collect();
    values.sort_unstable_by(Scalar::sort_order);
    values.dedup();
    match values.as_slice() {
        [] => constant(negate),
        [one] => compare(field, CompareOp::Eq, one, negate),
        _ if negate => Filter::NotIn { field: field.to_owned(), values },
        _ => Filter::In { field: field.to_owned(), values },
    }
}

fn join(members: &[Filter], any: bool, negate: bool) -> Filter {
    let members = members.iter().map(|member| normal(member, negate));
    let joined = if any { Filter::any_of(members) } else { Filter::all_of(members) };
    match joined {
        Filter::And(members) if members.contains(&Filter::Nothing) => Filter::Nothing,
        Filter::Or(members) if members.contains(&Filter::All) => Filter::All,
        Filter::And(members) => Filter::all_of(sorted(members)),
        Filter::Or(members) => Filter::any_of(sorted(members)),
        other => other,
    }
}

fn sorted(mut members: Vec<Filter>) -> Vec<Filter> {
    members.sort_by(order);
    members.dedup_by(|a, b| order(a, b).is_eq());
    members
}

/// A fixed order: conditions by field, then operator and value; joined ones
/// last.
fn order(a: &Filter, b: &Filter) -> Ordering {
    sort_key(a).cmp(&sort_key(b)).then_with(|| match (a, b) {
        (Filter::And(a), Filter::And(b)) | (Filter::Or(a), Filter::Or(b)) => order_lists(a, b, order),
        (Filter::Not(a), Filter::Not(b)) => order(a, b),
        (Filter::Compare { value: a, .. }, Filter::Compare { value: b, .. }) => a.sort_order(b),
        (Filter::In { values: a, .. }, Filter::In { values: b, .. })
        | (Filter::NotIn { values: a, .. }, Filter::NotIn { values: b, .. }) => order_lists(a, b, Scalar::sort_order),
        (Filter::Contains { text: a, .. }, Filter::Contains { text: b, .. }) => a.cmp(b),
        _ => Ordering::Equal,
    })
}

fn sort_key(filter: &Filter) -> (u8, Option<&str>, Option<FilterOp>, bool) {
    let (rank, leaf, negated) = match filter {
        Filter::Not(inner) => (1, &**inner, true),
        Filter::And(_) => (2, filter, false),
        Filter::Or(_) => (3, filter, false),
        Filter::Nothing => (0, filter, true),
        leaf => (1, leaf, false),
    };
    (rank, leaf.field(), leaf.op(), negated)
}

fn order_lists<T>(a: &[T], b: &[T], order: fn(&T, &T) -> Ordering) -> Ordering {
    a.iter().zip(b).map(|(a, b)| order(a, b)).find(|order| order.is_ne()).unwrap_or(a.len().cmp(&b.len()))
}
