//! Rules 22, 23 and 30: filters.

use std::collections::BTreeSet;

use mem0_core::filter::Limits;
use mem0_core::{ErrorKind, Filter, FilterCapabilities, MemoryId, Payload, Point, Scope, ScrollQuery, VectorQuery};
use serde_json::json;

use super::context::ids;
use super::{Shelf, VectorContext};
use crate::check::{Verdict, refused};
use crate::data::filters::{Pool, conditions, rows};
use crate::data::points::{at, axis, id, payload, point};
use crate::data::texts::HARD_TEXTS;
use crate::settings;
use crate::suite::cases;
use crate::{check, check_eq, skip};

cases! { VectorContext:
    22 r22_every_operator_on_every_type,
    22 r22_nested_filters,
    22 r22_random_filters,
    23 r23_undeclared_filters_are_refused,
    30 r30_hostile_values_are_data,
    30 r30_hostile_names_are_data,
}

/// A collection and what is in it.
struct Table {
    shelf: Shelf,
    scope: Scope,
    points: Vec<Point>,
    capabilities: FilterCapabilities,
}

impl Table {
    async fn of(context: &VectorContext, rows: Vec<Payload>) -> Verdict<Self> {
        let shelf = context.shelf().await?;
        let scope = Scope::user("alice")?;
        let points: Vec<_> = (0..).zip(rows).map(|(n, row)| point(id(n), &scope, at(0.9), row.into())).collect();
        // The same rows of somebody else must never show.
        let bob = Scope::user("bob")?;
        let elsewhere = points.iter().zip(100_000..).map(|(one, n)| {
            let value = one.payload.clone().into();
            Point { id: id(n), scope: bob.clone(), payload: payload(&bob, value), ..one.clone() }
        });
        let all: Vec<_> = points.iter().cloned().chain(elsewhere).collect();
        shelf.put(&all).await?;
        Ok(Self { shelf, scope, points, capabilities: context.capabilities().filter })
    }

    fn matching(&self, filter: &Filter) -> BTreeSet<MemoryId> {
        let filter = filter.compile();
        self.points.iter().filter(|point| filter.matches(&point.payload)).map(|point| point.id).collect()
    }

    fn query(&self, filter: &Filter) -> VectorQuery {
        VectorQuery::new(self.scope.clone(), axis(0), self.points.len() + 1).with_filter(filter.clone())
    }

    /// Asks what of each filter can be pushed, and compares with the evaluator.
    /// Says how many were asked.
    async fn compare(&self, filters: &[Filter]) -> Verdict<usize> {
        let mut asked = 0;
        for chunk in filters.chunks(50) {
            let plans: Vec<_> = chunk
                .iter()
                .map(|filter| (filter, filter.plan(&self.capabilities)))
                .filter(|(_, plan)| !plan.pushed.is_all() && !plan.matches_nothing())
                .collect();
            let queries: Vec<_> = plans.iter().map(|(_, plan)| self.query(&plan.pushed)).collect();
            let answers = self.shelf.search(&queries).await?;
            check_eq!(answers.len(), queries.len(), "answers to {} queries", queries.len());
            for ((filter, plan), hits) in plans.iter().zip(answers) {
                asked += 1;
                let seen: BTreeSet<_> = ids(&hits).into_iter().collect();
                check_eq!(seen.len(), hits.len(), "distinct ids in a search with {filter}");
                self.agree(filter, &plan.pushed, &plan.residual, &seen)?;
                let count = self.shelf.count(Some(&self.scope), &plan.pushed).await?;
                check_eq!(count, seen.len() as u64, "count with {}", show(&plan.pushed));
                if asked % 5 == 0 {
                    let scroll = ScrollQuery::new(Some(self.scope.clone()), 50).with_filter(plan.pushed.clone());
                    let walked: BTreeSet<_> = self.shelf.walk(scroll).await?.iter().map(|point| point.id).collect();
                    check_eq!(walked, seen, "scroll with {}", show(&plan.pushed));
                }
            }
        }
        Ok(asked)
    }

    /// No match is missing, and what is too much is what the residual removes.
    fn agree(&self, filter: &Filter, pushed: &Filter, residual: &Filter, seen: &BTreeSet<MemoryId>) -> Verdict {
        let due = self.matching(filter);
        let residual = residual.compile();
        for point in &self.points {
            let (is_due, is_seen) = (due.contains(&point.id), seen.contains(&point.id));
            let kept = is_seen && residual.matches(&point.payload);
            if is_due != kept || (is_due && !is_seen) {
                let (filter, pushed) = (show(filter), show(pushed));
                let what = format!("{filter}, pushed as {pushed}, on {:?}", point.payload);
                check_eq!(kept, is_due, "whether a row meets {what}");
            }
        }
        let known: BTreeSet<_> = self.points.iter().map(|point| point.id).collect();
        let strange: Vec<_> = seen.difference(&known).collect();
        check!(strange.is_empty(), "{} brings rows of another scope: {strange:?}", show(pushed));
        Ok(())
    }
}

/// With its values, unlike `Debug`: these are no user's.
fn show(filter: &Filter) -> String {
    filter.to_json().map_or_else(|_| filter.to_string(), |json| json.to_string())
}

fn asked_any(asked: usize) -> Verdict {
    if asked == 0 {
        skip!("no filter is declared");
    }
    Ok(())
}

async fn r22_every_operator_on_every_type(context: &VectorContext) -> Verdict {
    let table = Table::of(context, rows("k")).await?;
    let conditions = conditions("k");
    let negated: Vec<_> = conditions.iter().cloned().map(|filter| !filter).collect();
    let asked = table.compare(&conditions).await? + table.compare(&negated).await?;
    // A field that no row has, and the payload's own text.
    let missing = table.compare(&self::conditions("missing")).await?;
    asked_any(asked + missing)
}

async fn r22_nested_filters(context: &VectorContext) -> Verdict {
    let table = Table::of(context, rows("k")).await?;
    let conditions = conditions("k");
    let mut rng = settings::rng(22);
    let mut filters = vec![
        Filter::And(vec![]),
        Filter::And(vec![Filter::All, Filter::exists("k")]),
        Filter::gte("k", 5).and(Filter::lt("k", 10)),
        Filter::eq("k", "apple").and(Filter::eq("k", "pear")),
        Filter::exists("k").and(Filter::eq("other", "x")),
    ];
    for _ in 0..80 {
        let mut one = || rng.pick(&conditions).cloned().unwrap_or_default();
        let (a, b, c) = (one(), one(), one());
        filters.extend([
            a.clone().and(b.clone()),
            a.clone().or(b.clone()),
            a.clone().and(!b.clone()),
            !(a.clone().and(b.clone())),
            !(a.clone().or(b.clone())),
            a.clone().and(b.clone().or(c.clone())),
            a.clone().or(b.clone().and(!c.clone())),
            !(a.and(b.or(!c))),
        ]);
    }
    asked_any(table.compare(&filters).await?)
}

async fn r22_random_filters(context: &VectorContext) -> Verdict {
    let pool = Pool::new();
    let mut rng = settings::rng(2_200);
    let rows = (0..100).map(|_| pool.row(&mut rng)).collect();
    let table = Table::of(context, rows).await?;
    let mut filters = Vec::new();
    while filters.len() < settings::random_cases(1_000) {
        let filter = pool.filter(&mut rng, 3);
        if filter.check(&Limits::default()).is_ok() {
            filters.push(filter);
        }
    }
    asked_any(table.compare(&filters).await?)
}

/// Filters of which the planner would push nothing, or not all although each
/// part alone is declared.
fn undeclared(capabilities: &FilterCapabilities) -> Vec<Filter> {
    let pushes_nothing = |filter: &Filter| {
        let plan = filter.plan(capabilities);
        plan.pushed.is_all() && !plan.matches_nothing() && !plan.is_exact()
    };
    // What the planner pushes to nobody says nothing about this store.
    let pushable = conditions("k").into_iter().filter(|filter| filter.plan(&FilterCapabilities::ALL).is_exact());
    let (exact, mut undeclared): (Vec<_>, Vec<_>) = pushable.partition(|filter| filter.plan(capabilities).is_exact());
    undeclared.retain(pushes_nothing);
    undeclared.extend(exact.iter().cloned().map(|filter| !filter).filter(pushes_nothing));
    for (a, b) in exact.iter().zip(exact.iter().rev()).take(20) {
        undeclared.extend(Some(a.clone().or(b.clone())).filter(pushes_nothing));
        let both = a.clone().and(b.clone());
        undeclared.extend(Some(both).filter(|both| !both.plan(capabilities).is_exact() && a != b));
    }
    for count in [10, 100, 1_024] {
        undeclared.extend(Some(Filter::is_in("k", 0..count)).filter(pushes_nothing));
    }
    undeclared
}

async fn r23_undeclared_filters_are_refused(context: &VectorContext) -> Verdict {
    let table = Table::of(context, rows("k")).await?;
    let undeclared = undeclared(&table.capabilities);
    if undeclared.is_empty() {
        skip!("every filter is declared");
    }
    for filter in &undeclared {
        let (what, unsupported) = (show(filter), [ErrorKind::Unsupported]);
        let search = table.shelf.search(&[table.query(filter)]).await;
        refused(search, &unsupported, &format!("search with {what}, which is not declared,"))?;
        let count = table.shelf.count(Some(&table.scope), filter).await;
        refused(count, &unsupported, &format!("count with {what}, which is not declared,"))?;
        let scroll = ScrollQuery::new(Some(table.scope.clone()), 5).with_filter(filter.clone());
        let scroll = table.shelf.scroll(&scroll).await;
        refused(scroll, &unsupported, &format!("scroll with {what}, which is not declared,"))?;
    }
    Ok(())
}

async fn r30_hostile_values_are_data(context: &VectorContext) -> Verdict {
    let rows = HARD_TEXTS.iter().map(|text| Payload::from_iter([("k".to_owned(), json!(text))])).collect();
    let table = Table::of(context, rows).await?;
    let filters: Vec<_> = HARD_TEXTS
        .iter()
        .flat_map(|text| {
            [
                Filter::eq("k", *text),
                Filter::ne("k", *text),
                Filter::is_in("k", [*text, "plain"]),
                Filter::not_in("k", [*text]),
                Filter::contains("k", *text),
                Filter::icontains("k", *text),
                Filter::gt("k", *text),
            ]
        })
        .collect();
    asked_any(table.compare(&filters).await?)
}

async fn r30_hostile_names_are_data(context: &VectorContext) -> Verdict {
    let names: Vec<&str> = HARD_TEXTS
        .iter()
        .copied()
        .chain(["k.a", "k[0]", "k->>'a'", "payload", "id", "vector", "scope", "1", "k'='k"])
        .filter(|name| Filter::exists(*name).check(&Limits::default()).is_ok())
        .collect();
    let mut rows: Vec<Payload> =
        names.iter().map(|name| Payload::from_iter([((*name).to_owned(), json!("here"))])).collect();
    rows.push(Payload::from_iter([("k".to_owned(), json!({"a": "here"}))]));
    let table = Table::of(context, rows).await?;
    let filters: Vec<_> = names
        .iter()
        .flat_map(|name| [Filter::eq(*name, "here"), Filter::exists(*name), Filter::is_null(*name)])
        .collect();
    asked_any(table.compare(&filters).await?)
}
