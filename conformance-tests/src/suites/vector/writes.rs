//! Rules 10 to 12, 14 and 16: what is written is what is there.

use mem0_core::{Filter, Point, Scope, ScrollQuery, Selector};
use serde_json::json;

use super::context::ids;
use super::{Shelf, VectorContext};
use crate::check::Verdict;
use crate::data::points::{at, axis, id, later, point};
use crate::data::texts::{HARD_TEXTS, long};
use crate::suite::cases;
use crate::{check, check_eq, skip};

cases! { VectorContext:
    10 r10_upsert_replaces_whole,
    11 r11_upsert_is_idempotent,
    12 r12_later_version_of_a_batch_wins,
    14 r14_older_writes_change_nothing,
    14 r14_writes_older_than_a_deletion_change_nothing,
    16 r16_payloads_come_back_equal,
    32 r32_every_script_comes_back,
}

async fn r10_upsert_replaces_whole(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let first =
        point(id(1), &alice, axis(0), json!({"data": "old", "gone": 1, "nested": {"a": 1, "b": 2}, "list": [1]}));
    let other = point(id(2), &alice, axis(1), json!({"data": "bystander"}));
    shelf.put(&[first.clone(), other.clone()]).await?;
    let second = later(&first, 2, axis(2), json!({"data": "new", "nested": {"a": 3}, "added": null}));
    shelf.put(std::slice::from_ref(&second)).await?;
    check_eq!(shelf.get(None, &[id(1), id(2)]).await?, [Some(second.clone()), Some(other)], "get after the update");
    check_eq!(ids(&shelf.nearest(&alice, &axis(2), 1).await?), [id(1)], "the nearest to the new vector");
    let stale = shelf.nearest(&alice, &axis(0), 2).await?;
    check!(stale.iter().all(|hit| hit.similarity < 0.01), "the old vector is still found: {stale:?}");
    let by_old = shelf.count(Some(&alice), &Filter::All).await?;
    check_eq!(by_old, 2, "points after the update");
    for (filter, due) in [(Filter::exists("gone"), 0), (Filter::eq("data", "new"), 1)] {
        if filter.plan(&context.capabilities().filter).is_exact() {
            check_eq!(shelf.count(Some(&alice), &filter).await?, due, "points with {filter}");
        }
    }
    Ok(())
}

async fn r11_upsert_is_idempotent(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    shelf.upsert(&[]).await?;
    check_eq!(shelf.count(None, &Filter::All).await?, 0, "points after an empty batch");
    let points: Vec<_> = (0..5).map(|n| point(id(n), &alice, at(0.9), json!({"n": n}))).collect();
    for _ in 0..3 {
        shelf.put(&points).await?;
    }
    shelf.upsert(&[]).await?;
    check_eq!(shelf.walk(ScrollQuery::new(None, 2)).await?, points, "points after three equal upserts");
    check_eq!(shelf.nearest(&alice, &at(0.9), 20).await?.len(), 5, "hits after three equal upserts");
    Ok(())
}

async fn r12_later_version_of_a_batch_wins(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let version = |n: u64, version: u64, text: &str| {
        let base = point(id(n), &alice, axis(0), json!({}));
        later(&base, version, axis(text.len()), json!({"data": text}))
    };
    shelf
        .put(&[
            version(1, 1, "a"),
            version(1, 3, "later"),
            version(1, 2, "middle"),
            version(2, 1, "b"),
            version(2, 1, "last of equals"),
        ])
        .await?;
    let due = [Some(version(1, 3, "later")), Some(version(2, 1, "last of equals"))];
    check_eq!(shelf.get(None, &[id(1), id(2)]).await?, due, "get after a batch with repeated ids");
    check_eq!(shelf.count(None, &Filter::All).await?, 2, "points after a batch with repeated ids");
    Ok(())
}

async fn only(shelf: &Shelf, due: Option<&Point>, after: &str) -> Verdict {
    check_eq!(shelf.get(None, &[id(1)]).await?, [due.cloned()], "get after {after}");
    check_eq!(shelf.count(None, &Filter::All).await?, u64::from(due.is_some()), "points after {after}");
    let Some(due) = due else { return Ok(()) };
    shelf
        .patiently(async || {
            let hits = shelf.nearest(&due.scope, &due.vector, 5).await?;
            let seen: Vec<_> = hits.iter().map(|hit| (hit.id, hit.version, hit.similarity > 0.99)).collect();
            check_eq!(seen, [(due.id, due.version, true)], "hits after {after}");
            Ok(())
        })
        .await
}

async fn r14_older_writes_change_nothing(context: &VectorContext) -> Verdict {
    if !context.capabilities().versioned {
        skip!("`versioned` is not declared");
    }
    let shelf = context.shelf().await?;
    let base = point(id(1), &Scope::user("alice")?, axis(0), json!({}));
    let version = |n: u64| later(&base, n, axis(n as usize), json!({"data": format!("version {n}")}));
    shelf.put(&[version(5)]).await?;
    shelf.upsert(&[version(4)]).await?;
    only(&shelf, Some(&version(5)), "an older write").await?;
    let again = later(&base, 5, axis(7), json!({"data": "the same version, said again"}));
    shelf.put(std::slice::from_ref(&again)).await?;
    only(&shelf, Some(&again), "a write of the same version").await?;
    shelf.put(&[version(6)]).await?;
    only(&shelf, Some(&version(6)), "a later write").await?;
    check_eq!(shelf.remove(&Selector::Ids(vec![(id(1), 5)])).await?, 0, "points that an older deletion removed");
    only(&shelf, Some(&version(6)), "an older deletion").await
}

async fn r14_writes_older_than_a_deletion_change_nothing(context: &VectorContext) -> Verdict {
    if !context.capabilities().versioned {
        skip!("`versioned` is not declared");
    }
    let shelf = context.shelf().await?;
    let base = point(id(1), &Scope::user("alice")?, axis(0), json!({}));
    let version = |n: u64| later(&base, n, axis(n as usize), json!({"data": format!("version {n}")}));
    // The deletion arrives before what it deletes.
    check_eq!(shelf.remove(&Selector::Ids(vec![(id(1), 3)])).await?, 0, "points of an unknown id that went");
    shelf.upsert(&[version(2)]).await?;
    only(&shelf, None, "a write that is older than the deletion of an unknown id").await?;
    shelf.put(&[version(4)]).await?;
    only(&shelf, Some(&version(4)), "a write that is later than the deletion").await?;
    check_eq!(shelf.remove(&Selector::Ids(vec![(id(1), 5)])).await?, 1, "points that a later deletion removed");
    shelf.upsert(&[version(4)]).await?;
    only(&shelf, None, "the deleted version, written again").await?;
    shelf.put(&[version(6)]).await?;
    only(&shelf, Some(&version(6)), "a later version after the deletion").await
}

async fn r16_payloads_come_back_equal(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let payloads = [
        json!({}),
        json!({"data": "text", "nothing": null, "yes": true, "no": false}),
        json!({"ints": [0, -1, 9_007_199_254_740_993_i64, i64::MIN, i64::MAX, u64::MAX]}),
        json!({"big": 9_007_199_254_740_993_i64, "small": -9_007_199_254_740_993_i64, "biggest": u64::MAX}),
        json!({"floats": [0.1, -0.5, 1e-300, 1.5e300], "half": 0.5}),
        json!({"empty_list": [], "empty_object": {}, "empty_text": "", "nested": {"a": {"b": [{"c": [[], [null]]}]}}}),
        json!({"mixed": [1, "two", 3.5, null, true, {"k": []}]}),
        json!({"a.b": 1, "a": {"b": 2}, " spaced ": 3, "quo\"te": 4, "ключ": 5, "$set": 6, "": 7, "a/b\\c": 8}),
        json!({"created_at": "2023-05-08T11:56:00.000001Z", "expires_at": "2030-01-01T00:00:00+02:00"}),
        json!({"data": long(100_000)}),
        json!({"sources": (0..10_000).map(|n| format!("m{n}")).collect::<Vec<_>>()}),
    ];
    let points: Vec<_> = payloads.into_iter().zip(1..).map(|(value, n)| point(id(n), &alice, at(0.5), value)).collect();
    shelf.put(&points).await?;
    let all: Vec<_> = points.iter().map(|point| point.id).collect();
    for (seen, due) in shelf.get(Some(&alice), &all).await?.iter().zip(&points) {
        check_eq!(seen.as_ref(), Some(due), "get");
    }
    for (seen, due) in shelf.walk(ScrollQuery::new(Some(alice), 4)).await?.iter().zip(&points) {
        check_eq!(seen, due, "scroll");
    }
    Ok(())
}

async fn r32_every_script_comes_back(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let scopes = crate::data::scopes::tricky()?;
    let points: Vec<_> = (1..)
        .zip(HARD_TEXTS.iter().cycle().zip(scopes.iter().cycle()))
        .take(HARD_TEXTS.len().max(scopes.len()))
        .map(|(n, (text, scope))| point(id(n), scope, at(0.5), json!({"data": text, *text: text, "list": [text]})))
        .collect();
    shelf.put(&points).await?;
    let all: Vec<_> = points.iter().map(|point| point.id).collect();
    for (seen, due) in shelf.get(None, &all).await?.iter().zip(&points) {
        check_eq!(seen.as_ref(), Some(due), "get");
    }
    for (seen, due) in shelf.walk(ScrollQuery::new(None, 7)).await?.iter().zip(&points) {
        check_eq!(seen, due, "scroll");
    }
    Ok(())
}
