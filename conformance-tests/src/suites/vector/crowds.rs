//! Rules 29, 31 and 34: many writers, many points, and writers that go away.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use mem0_core::{Filter, Point, Result, Scope, ScrollQuery, Selector};
use serde_json::json;

use super::VectorContext;
use crate::check::Verdict;
use crate::data::points::{at, axis, id, later, point};
use crate::suite::cases;
use crate::suites::{abandon, together};
use crate::{check, check_eq, skip};

cases! { VectorContext:
    14 r14_a_deletion_wins_over_older_writes_beside_it,
    29 r29_writers_of_distinct_ids_all_succeed,
    29 r29_writers_of_one_id_leave_one_version,
    31 r31_ten_thousand_points_in_one_call,
    34 r34_a_dropped_write_leaves_whole_points,
}

const WRITERS: u64 = 64;

async fn r29_writers_of_distinct_ids_all_succeed(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let batches: Vec<Vec<Point>> = (0..WRITERS)
        .map(|writer| (0..3).map(|n| point(id(writer * 3 + n), &alice, at(0.5), json!({"writer": writer}))).collect())
        .collect();
    together(batches.iter().map(|batch| {
        let (collection, batch) = (Arc::clone(&shelf), batch.clone());
        async move {
            for one in batch.chunks(1) {
                collection.upsert(one).await?;
            }
            Ok(())
        }
    }))
    .await?;
    let all = batches.concat();
    shelf
        .patiently(async || {
            check_eq!(shelf.walk(ScrollQuery::new(None, 100)).await?, all, "what {WRITERS} writers wrote");
            Ok(())
        })
        .await
}

async fn r29_writers_of_one_id_leave_one_version(context: &VectorContext) -> Verdict {
    let alice = Scope::user("alice")?;
    for round in 0..2 {
        let shelf = context.shelf().await?;
        let base = point(id(1), &alice, axis(0), json!({}));
        // Text, vector and version belong together.
        let versions: Vec<_> = (1..=WRITERS)
            .map(|n| later(&base, n, axis(n as usize), json!({"data": format!("version {n}"), "n": n})))
            .collect();
        together(versions.iter().map(|version| {
            let (collection, version) = (Arc::clone(&shelf), version.clone());
            async move { collection.upsert(&[version]).await }
        }))
        .await?;
        let left = shelf.walk(ScrollQuery::new(None, 10)).await?;
        check_eq!(left.len(), 1, "points of one id after {WRITERS} writers, round {round}");
        for one in &left {
            check!(versions.contains(one), "the point is none that was written: {one:?}");
            if context.capabilities().versioned {
                check_eq!(one.version, WRITERS, "the version that stayed, although a later one was written");
            }
            shelf
                .patiently(async || {
                    let hits = shelf.nearest(&alice, &one.vector, 5).await?;
                    let seen: Vec<_> = hits.iter().map(|hit| (hit.version, hit.similarity > 0.99)).collect();
                    check_eq!(seen, [(one.version, true)], "what a search finds of the point that stayed");
                    Ok(())
                })
                .await?;
        }
    }
    Ok(())
}

async fn r14_a_deletion_wins_over_older_writes_beside_it(context: &VectorContext) -> Verdict {
    const VERSIONS: u64 = 16;
    if !context.capabilities().versioned {
        skip!("`versioned` is not declared");
    }
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    for round in 0..8 {
        let base = point(id(round), &alice, axis(0), json!({}));
        let deletion = Selector::Ids(vec![(base.id, VERSIONS + 1)]);
        let mut tasks: Vec<BoxFuture<'static, Result<()>>> = Vec::new();
        for n in 1..=VERSIONS {
            let (collection, version) = (Arc::clone(&shelf), later(&base, n, axis(n as usize), json!({"n": n})));
            tasks.push(async move { collection.upsert(&[version]).await }.boxed());
        }
        let collection = Arc::clone(&shelf);
        let delete = async move { collection.delete(&deletion).await.map(|_| ()) };
        tasks.insert(tasks.len() / 2, delete.boxed());
        together(tasks).await?;
        check_eq!(shelf.get(None, &[base.id]).await?, [None], "a point whose latest version is a deletion");
        check_eq!(shelf.count(None, &Filter::All).await?, 0, "points that are left, round {round}");
    }
    Ok(())
}

async fn r31_ten_thousand_points_in_one_call(context: &VectorContext) -> Verdict {
    const MANY: usize = 10_001;
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let points: Vec<_> = (0..MANY as u64).map(|n| point(id(n), &alice, axis(n as usize), json!({"n": n}))).collect();
    shelf.put(&points).await?;
    check_eq!(shelf.count(Some(&alice), &Filter::All).await?, MANY as u64, "points after one call");
    let ends = [0, 499, 500, 999, 1_000, 5_460, 5_461, 9_999, 10_000].map(|n| (id(n), n as usize));
    let got = shelf.get(None, &ends.map(|(id, _)| id)).await?;
    for (got, (_, n)) in got.iter().zip(ends) {
        check_eq!(got.as_ref(), points.get(n), "point {n} of {MANY}");
    }
    Ok(())
}

async fn r34_a_dropped_write_leaves_whole_points(context: &VectorContext) -> Verdict {
    let alice = Scope::user("alice")?;
    for polls in 0..12 {
        let shelf = context.shelf().await?;
        let before: Vec<_> = (0..100).map(|n| point(id(n), &alice, axis(0), json!({"data": "before"}))).collect();
        shelf.put(&before).await?;
        let after: Vec<_> = before.iter().map(|point| later(point, 2, axis(1), json!({"data": "after"}))).collect();
        abandon(shelf.upsert(&after), polls).await;
        // What has begun may still end, but no point is ever half of it.
        for _ in 0..3 {
            let seen = shelf.walk(ScrollQuery::new(None, 1_000)).await?;
            check_eq!(seen.len(), before.len(), "points after a write that was dropped at poll {polls}");
            for (seen, (before, after)) in seen.iter().zip(before.iter().zip(&after)) {
                check!(seen == before || seen == after, "a dropped write left a point that nobody wrote: {seen:?}");
            }
        }
        // And the store goes on working.
        shelf.put(&after).await?;
        check_eq!(shelf.walk(ScrollQuery::new(None, 1_000)).await?, after, "points after the write was repeated");
        let hits = shelf.nearest(&alice, &axis(1), 200).await?;
        check_eq!(hits.iter().filter(|hit| hit.similarity > 0.99).count(), 100, "hits after the write was repeated");
    }
    Ok(())
}
