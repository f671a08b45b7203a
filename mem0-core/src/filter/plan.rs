//! Splitting a filter between a backend and this library.

use super::capabilities::Answer;
use super::{CompareOp, Filter, FilterCapabilities, FilterOp, Scalar, ValueKind};

/// A filter in two parts: a record meets the filter if it meets both.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// What the backend answers. Within its capabilities, and never stricter
    /// than the filter, so no match is lost. An adapter meets only
    /// [`Filter::All`] alone, AND and OR with members, conditions, and NOT
    /// directly above a condition; never [`Filter::Nothing`], and no empty list.
    pub pushed: Filter,
    /// What is to be checked on each record that the backend brings.
    pub residual: Filter,
}

impl Plan {
    /// Whether the backend's answer needs no second look.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.residual.is_all()
    }

    /// Whether no record can match, so the backend need not be asked.
    #[must_use]
    pub fn matches_nothing(&self) -> bool {
        matches!(self.residual, Filter::Nothing)
    }
}

impl Filter {
    /// Splits the filter for a backend. The parts are in
    /// [normal form](Self::normalise) as far as the backend has the operators.
    ///
    /// - Each member of an AND is pushed on its own.
    /// - An OR is pushed if a part of every member is; it stays as a whole in the
    ///   residual unless all of them are pushed whole.
    /// - A missing operator is written with others: `ne` and `nin` under NOT,
    ///   `in` as an OR of `eq`, `is_null` as NOT `exists`.
    ///
    /// ```
    /// use mem0_core::filter::{Filter, FilterCapabilities, FilterOp, Kinds};
    ///
    /// let backend = FilterCapabilities::NONE.exact(&[FilterOp::Eq], Kinds::TEXT);
    /// let plan = Filter::eq("city", "Oslo").and(Filter::gt("price", 5)).plan(&backend);
    /// assert_eq!(plan.pushed, Filter::eq("city", "Oslo"));
    /// assert_eq!(plan.residual, Filter::gt("price", 5));
    /// ```
    #[must_use]
    pub fn plan(&self, capabilities: &FilterCapabilities) -> Plan {
        self.plan_for_fields(capabilities, |_| true)
    }

    /// [`plan`](Self::plan) for a backend that filters on some fields only, for
    /// instance on indexed ones.
    #[must_use]
    pub fn plan_for_fields(&self, capabilities: &FilterCapabilities, pushable: impl Fn(&str) -> bool) -> Plan {
        let planner = Planner { capabilities, pushable: &pushable };
        let members = match self.normalise() {
            Self::All => Vec::new(),
            Self::And(members) => members,
            other => vec![other],
        };
        let mut residual = Vec::new();
        let pushed = planner.every(members, &mut |member| residual.push(member));
        Plan { pushed: pushed.map_or(Self::All, |part| part.filter), residual: Self::all_of(residual) }
    }
}

struct Planner<'a> {
    capabilities: &'a FilterCapabilities,
    pushable: &'a dyn Fn(&str) -> bool,
}

/// A pushed part of a filter.
struct Part {
    filter: Filter,
    answer: Answer,
    conditions: usize,
}

impl Planner<'_> {
    /// Pushes what it can of an AND; `keep` gets every member that is not
    /// pushed whole and exact.
    fn every(&self, members: Vec<Filter>, keep: &mut dyn FnMut(Filter)) -> Option<Part> {
        self.every_within(members, self.capabilities.condition_limit(), keep)
    }

    fn every_within(&self, members: Vec<Filter>, limit: usize, keep: &mut dyn FnMut(Filter)) -> Option<Part> {
        let mut parts = Vec::new();
        let mut left = limit;
        let mut answer = Answer::Exact;
        for member in members {
            let room = if parts.is_empty() || self.capabilities.has_and() { left } else { 0 };
            let part = self.part(&member, room);
            let exact = part.as_ref().is_some_and(|part| part.answer == Answer::Exact);
            if let Some(part) = part {
                left -= part.conditions;
                parts.push(part.filter);
            }
            if !exact {
                answer = Answer::Superset;
                keep(member);
            }
        }
        (!parts.is_empty()).then(|| Part { filter: Filter::all_of(parts), answer, conditions: limit - left })
    }

    /// The part of a normalised filter that fits into `limit` conditions.
    fn part(&self, filter: &Filter, limit: usize) -> Option<Part> {
        if limit == 0 {
            return None;
        }
        match filter {
            Filter::All | Filter::Nothing => None,
            Filter::And(members) => self.every_within(members.clone(), limit, &mut |_| {}),
            Filter::Or(members) => self.any(members, limit),
            condition => self.condition(condition, limit),
        }
    }

    fn any(&self, members: &[Filter], limit: usize) -> Option<Part> {
        if !self.capabilities.has_or() {
            return None;
        }
        let mut left = limit;
        let mut answer = Answer::Exact;
        let mut parts = Vec::with_capacity(members.len());
        for member in members {
            let part = self.part(member, left)?;
            left -= part.conditions;
            answer = answer.min(part.answer);
            parts.push(part.filter);
        }
        Some(Part { filter: Filter::any_of(parts), answer, conditions: limit - left })
    }

    /// As it is, or in other words if those are exact and it is not.
    fn condition(&self, condition: &Filter, limit: usize) -> Option<Part> {
        let pushable = condition_field(condition).is_some_and(self.pushable);
        if !pushable {
            return None;
        }
        let plain = self.plain(condition);
        if plain == Some(Answer::Exact) {
            return Some(Part { filter: condition.clone(), answer: Answer::Exact, conditions: 1 });
        }
        let reworded = self.reworded(condition, limit);
        match (plain, reworded) {
            (None, reworded) => reworded,
            (Some(_), Some(reworded)) if reworded.answer == Answer::Exact => Some(reworded),
            (Some(answer), _) => Some(Part { filter: condition.clone(), answer, conditions: 1 }),
        }
    }

    /// How the backend answers a condition as it stands.
    fn plain(&self, condition: &Filter) -> Option<Answer> {
        let list = |op, values: &[Scalar]| {
            if values.len() > self.capabilities.value_limit() {
                return None;
            }
            values.iter().map(|value| self.value(op, value)).min().flatten()
        };
        match condition {
            Filter::Not(inner) => {
                (self.capabilities.has_not() && self.plain(inner) == Some(Answer::Exact)).then_some(Answer::Exact)
            }
            Filter::Compare { op, value, .. } => self.value((*op).into(), value),
            Filter::In { values, .. } => list(FilterOp::In, values),
            Filter::NotIn { values, .. } => list(FilterOp::NotIn, values),
            // Backends do not agree on the empty text.
            Filter::Contains { text, .. } if text.is_empty() || text.contains('\0') => None,
            Filter::Contains { .. } => self.capabilities.answer(condition.op()?, Some(ValueKind::Text)),
            Filter::Exists { .. } | Filter::IsNull { .. } => self.capabilities.answer(condition.op()?, None),
            Filter::All | Filter::Nothing | Filter::And(_) | Filter::Or(_) => None,
        }
    }

    fn value(&self, op: FilterOp, value: &Scalar) -> Option<Answer> {
        let order = matches!(op, FilterOp::Gt | FilterOp::Gte | FilterOp::Lt | FilterOp::Lte);
        match value {
            // Some databases refuse this character.
            Scalar::Str(text) if text.contains('\0') => None,
            _ => self.capabilities.answer(op, Some(if order { value.order_kind() } else { value.kind() })),
        }
    }

    fn reworded(&self, condition: &Filter, limit: usize) -> Option<Part> {
        let not = |positive: Filter| {
            let negated = !positive;
            let answer = self.plain(&negated)?;
            Some(Part { filter: negated, answer, conditions: 1 })
        };
        let each = |field: &str, values: &[Scalar], op: CompareOp| -> Vec<Filter> {
            values.iter().map(|value| Filter::Compare { field: field.to_owned(), op, value: value.clone() }).collect()
        };
        match condition {
            Filter::Compare { field, op: CompareOp::Ne, value } => not(Filter::eq(field, value.clone())),
            Filter::IsNull { field } => not(Filter::exists(field)),
            Filter::Exists { field } => not(Filter::is_null(field)),
            Filter::In { field, values } => self.any(&each(field, values, CompareOp::Eq), limit),
            Filter::NotIn { field, values } => not(Filter::is_in(field, values.iter().cloned())).or_else(|| {
                // As a part of an AND it might be the only one that fits.
                self.every_within(each(field, values, CompareOp::Ne), limit, &mut |_| {})
            }),
            _ => None,
        }
    }
}

/// The field of a condition, NOT or not.
fn condition_field(condition: &Filter) -> Option<&str> {
    match condition {
        Filter::Not(inner) => inner.field(),
        condition => condition.field(),
    }
}
