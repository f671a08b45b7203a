//! Everything that a ledger answers, in a form that can be compared with what
//! another ledger answers, or the same one at another time.

use std::collections::BTreeMap;

use mem0_core::text::{Bm25, query_terms};
use mem0_core::{
    Around, EntityQuery, Filter, JobQuery, KeywordQuery, Ledger, ListQuery, LoggedChange, MemoryId, MentionQuery,
    NearestQuery, OrderBy, PendingQuery, Scope, View,
};
use serde_json::{Value, json};

use crate::check::Verdict;
use crate::data::points::grid;
use crate::{check, check_eq};

/// Questions, and what was answered.
pub(super) type Reading = BTreeMap<String, Value>;

/// What is asked about.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    pub ids: Vec<MemoryId>,
    pub scopes: Vec<Scope>,
    pub views: Vec<View>,
    pub filters: Vec<Filter>,
    pub words: Vec<String>,
}

/// The reads of memories.
pub(super) async fn memories(ledger: &dyn Ledger, questions: &Questions) -> Verdict<Reading> {
    let mut reading = Reading::new();
    let mut note = |question: String, answer: Value| reading.insert(question, answer);
    let heads = ledger.heads(&questions.ids).await?;
    let heads = heads.into_iter().map(|head| head.map(|h| json!([h.id, h.scope, h.version, h.state, h.created_at])));
    note("heads".into(), heads.collect());
    note("vectors".into(), json!(ledger.vectors(&questions.ids).await?));
    // Numbers of scopes may differ, but not in what is the same.
    let places = ledger.places(&questions.ids).await?;
    let mut scopes: Vec<u64> = Vec::new();
    for place in places.iter().flatten().filter(|place| place.nth == 1) {
        check!(!scopes.contains(&place.scope), "two memories are the first of one scope");
        scopes.push(place.scope);
    }
    let plain = places
        .iter()
        .map(|place| place.map(|place| json!([scopes.iter().position(|scope| *scope == place.scope), place.nth])));
    note("places".into(), plain.collect());
    let around: Vec<Around> = questions.ids.iter().map(|id| Around { id: *id, before: 2, after: 3 }).collect();
    for id in &questions.ids {
        note(format!("history of {id}"), events(ledger.history(*id).await?)?);
    }
    for view in &questions.views {
        note(format!("get, {view:?}"), json!(ledger.get(&questions.ids, view).await?));
        note(format!("around, {view:?}"), json!(ledger.around(&around, view).await?));
        for scope in &questions.scopes {
            for filter in &questions.filters {
                let what = format!("of {scope} with {filter}, {view:?}");
                let mut list = ListQuery::new(scope.clone(), *view, 5);
                list.filter = filter.clone();
                note(format!("list {what}"), json!(walk(ledger, list.clone()).await?));
                list.order = OrderBy::UpdatedAt;
                list.descending = true;
                note(format!("newest first {what}"), json!(walk(ledger, list).await?));
                note(format!("count {what}"), json!(ledger.count(scope, filter, view).await?));
                for words in &questions.words {
                    let query = KeywordQuery {
                        scope: scope.clone(),
                        terms: query_terms(words),
                        filter: filter.clone(),
                        view: *view,
                        limit: if view.is_past() { 1_000 } else { 7 },
                        bm25: Bm25::default(),
                    };
                    let mut hits = ledger.keyword(&query).await?.hits;
                    if view.is_past() {
                        // What is rare in the past is not ruled: only what is
                        // found, not in which order.
                        hits.sort_by_key(|(id, _, _)| *id);
                        hits.iter_mut().for_each(|(_, _, score)| *score = 0.0);
                    }
                    let hits: Vec<_> =
                        hits.iter().map(|(id, version, score)| json!([id, version, round(*score)])).collect();
                    note(format!("keyword {words:?} {what}"), json!(hits));
                }
                let names = ["lisbon", "Oslo", "Ann", "lee", "Ann Lee"].map(str::to_owned).to_vec();
                let (scope_of, filter_of) = (scope.clone(), filter.clone());
                let query = MentionQuery { scope: scope_of, names, filter: filter_of, view: *view, limit: 7 };
                let found = ledger.mentioned(&query).await?;
                let hits: Vec<_> =
                    found.hits.iter().map(|(id, version, weight)| json!([id, version, round(*weight)])).collect();
                note(format!("mentioned {what}"), json!([hits, round(found.ceiling)]));
                for n in [0, 9] {
                    let (vector, filter) = (grid(n), filter.clone());
                    let query = NearestQuery { scope: scope.clone(), vector, filter, view: *view, limit: 7 };
                    let hits = ledger.nearest(&query).await?;
                    let hits: Vec<_> =
                        hits.iter().map(|hit| json!([hit.id, hit.version, round(hit.similarity)])).collect();
                    note(format!("nearest to grid {n} {what}"), json!(hits));
                }
            }
        }
    }
    for scope in &questions.scopes {
        let entities = ledger.entities(&EntityQuery::new(scope.clone(), 1_000)).await?;
        note(format!("entities of {scope}"), json!(entities));
    }
    note("log".into(), events(log(ledger, None, 7).await?)?);
    for scope in &questions.scopes {
        note(format!("log of {scope}"), events(log(ledger, Some(scope), 1_000).await?)?);
    }
    Ok(reading)
}

/// The reads of everything else.
pub(super) async fn rest(ledger: &dyn Ledger, questions: &Questions) -> Verdict<Reading> {
    let mut reading = Reading::new();
    let covering = questions.scopes.iter().map(Some).chain([None]);
    for scope in covering {
        let what = scope.map_or("everything".to_owned(), Scope::key);
        let mut stats = ledger.stats(scope).await?;
        stats.bytes = None;
        reading.insert(format!("stats of {what}"), json!(stats));
        reading.insert(format!("scopes below {what}"), json!(ledger.scopes(scope, None, 1_000).await?));
        let query = PendingQuery { scope: scope.cloned(), limit: 1_000, ..PendingQuery::default() };
        let pending = ledger.pending(&query).await?;
        check!(pending.is_sorted_by_key(|one| one.seq), "pending is not in the order of events");
        // What was erased has no events any more, so its place is not known.
        let mut pending: Vec<_> =
            pending.into_iter().map(|p| (p.id, json!([p.id, p.scope, p.version, p.attempts, p.head]))).collect();
        pending.sort_by_key(|(id, _)| *id);
        reading.insert(format!("pending of {what}"), pending.into_iter().map(|(_, one)| one).collect());
        let query = JobQuery { scope: scope.cloned(), limit: 1_000, ..JobQuery::default() };
        reading.insert(format!("jobs of {what}"), json!(ledger.jobs(&query).await?));
        if let Some(scope) = scope {
            reading.insert(format!("revision of {what}"), json!(ledger.revision(scope).await?));
            reading.insert(format!("messages of {what}"), json!(ledger.messages(scope, 1_000).await?));
        }
    }
    reading.insert("projection".into(), json!(ledger.projection().await?));
    Ok(reading)
}

/// All reads.
pub(super) async fn all(ledger: &dyn Ledger, questions: &Questions) -> Verdict<Reading> {
    let mut reading = memories(ledger, questions).await?;
    reading.extend(rest(ledger, questions).await?);
    Ok(reading)
}

/// Ends the case at the first question that is answered otherwise.
pub(super) fn same(seen: &Reading, due: &Reading, when: &str) -> Verdict {
    for (question, due) in due {
        let seen = seen.get(question).unwrap_or(&Value::Null);
        check_eq!(seen.to_string(), due.to_string(), "{question} {when}");
    }
    check_eq!(seen.len(), due.len(), "answers {when}");
    Ok(())
}

/// A whole list, page by page.
pub(super) async fn walk(ledger: &dyn Ledger, query: ListQuery) -> Verdict<Vec<mem0_core::Memory>> {
    let mut query = query;
    let mut all = Vec::new();
    loop {
        let page = ledger.list(&query).await?;
        check!(page.items.len() <= query.limit, "a page of {} has {} items", query.limit, page.items.len());
        all.extend(page.items);
        match page.next {
            Some(next) => {
                check!(Some(next) != query.after, "a list does not get on at {next}");
                query.after = Some(next);
            }
            None => return Ok(all),
        }
    }
}

/// The whole log, page by page.
pub(super) async fn log(ledger: &dyn Ledger, scope: Option<&Scope>, limit: usize) -> Verdict<Vec<LoggedChange>> {
    let mut all: Vec<LoggedChange> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.seq);
        let page = ledger.log(scope, after, limit).await?;
        check!(page.len() <= limit, "a page of {limit} events has {}", page.len());
        check!(page.iter().all(|event| event.seq > after), "the log goes back behind {after}");
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Events without their numbers, of which only the order is promised.
fn events(events: Vec<LoggedChange>) -> Verdict<Value> {
    let rise = events.iter().zip(events.iter().skip(1)).all(|(a, b)| a.seq < b.seq);
    check!(rise, "the numbers of events do not rise");
    let plain = events.into_iter().map(|mut event| {
        event.seq = 0;
        // The key that was asked for, or the one that it got: both replay.
        event.change.dedup_key = None;
        json!(event)
    });
    Ok(plain.collect())
}

#[allow(clippy::cast_possible_truncation, reason = "scores are small")]
fn round(score: f32) -> i64 {
    (f64::from(score) * 1_000.0).round() as i64
}
