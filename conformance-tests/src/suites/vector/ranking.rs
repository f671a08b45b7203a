//! Rules 17, 18 and 21: which points a search finds, and in which order.

use mem0_core::{Filter, MemoryId, Point, Scope, VectorQuery};
use serde_json::json;

use super::VectorContext;
use super::context::ids;
use crate::check::Verdict;
use crate::data::points::{DIMS, at, axis, grid, id, point};
use crate::settings;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { VectorContext:
    17 r17_nearest_of_many,
    17 r17_scope_before_limit,
    17 r17_filter_before_limit,
    18 r18_order_and_ties,
    18 r18_order_goes_on_below_zero,
    21 r21_batch_is_the_same_as_one_by_one,
    21 r21_empty_batch_and_limit_zero,
}

async fn r17_nearest_of_many(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let mut rng = settings::rng(17);
    let points: Vec<Point> = (0..400).map(|_| point(rng.id(), &alice, rng.unit(DIMS), json!({"data": "x"}))).collect();
    shelf.put(&points).await?;
    for limit in [1, 10, 399, 400, 1_000] {
        let limit = limit.min(context.capabilities().max_limit.unwrap_or(limit));
        let query = rng.unit(DIMS);
        let mut due: Vec<f32> = points.iter().map(|point| dot(&point.vector, &query)).collect();
        due.sort_by(|a, b| b.total_cmp(a));
        due.truncate(limit);
        let hits = shelf.nearest(&alice, &query, limit).await?;
        check_eq!(hits.len(), due.len(), "hits among 400 with limit {limit}");
        for (place, (hit, due)) in hits.iter().zip(&due).enumerate() {
            let due = due.clamp(0.0, 1.0);
            let near = (hit.similarity - due).abs() < 1e-3;
            check!(near, "hit {place} of {limit} has similarity {}, and {due} was due", hit.similarity);
        }
    }
    Ok(())
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

async fn r17_scope_before_limit(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let (alice, bob) = (Scope::user("alice")?, Scope::user("bob")?);
    // Everything of bob's is nearer than anything of alice's.
    let mut points: Vec<_> = (0..2_000).map(|n| point(id(n), &bob, at(0.99), json!({}))).collect();
    points.extend((5_000..5_005).map(|n| point(id(n), &alice, at(0.2), json!({}))));
    shelf.put(&points).await?;
    let due: Vec<_> = (5_000..5_005).map(id).collect();
    check_eq!(ids(&shelf.nearest(&alice, &at(1.0), 5).await?), due, "hits behind 2,000 nearer ones of another scope");
    check_eq!(ids(&shelf.nearest(&alice, &at(1.0), 50).await?), due, "hits where fewer match than the limit");
    Ok(())
}

async fn r17_filter_before_limit(context: &VectorContext) -> Verdict {
    let filters = [
        Filter::eq("color", "red"),
        Filter::gt("rank", 4_999),
        Filter::exists("rare"),
        Filter::contains("color", "re"),
        !Filter::eq("color", "blue"),
    ];
    let declared = |filter: &&Filter| filter.plan(&context.capabilities().filter).is_exact();
    let filters: Vec<_> = filters.iter().filter(declared).collect();
    if filters.is_empty() {
        crate::skip!("no filter is declared");
    }
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let mut points: Vec<_> =
        (0..2_000).map(|n| point(id(n), &alice, at(0.99), json!({"color": "blue", "rank": n}))).collect();
    points.extend(
        (5_000..5_005).map(|n| point(id(n), &alice, at(0.2), json!({"color": "red", "rank": n, "rare": true}))),
    );
    shelf.put(&points).await?;
    let due: Vec<_> = (5_000..5_005).map(id).collect();
    for filter in filters {
        for limit in [5, 50] {
            let query = VectorQuery::new(alice.clone(), at(1.0), limit).with_filter(filter.clone());
            check_eq!(ids(&shelf.ask(query).await?), due, "hits behind 2,000 nearer ones that do not meet {filter}");
        }
    }
    Ok(())
}

async fn r18_order_and_ties(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let mut rng = settings::rng(18);
    let points: Vec<Point> = (0..140).map(|n| point(rng.id(), &alice, grid(n), json!({}))).collect();
    shelf.put(&points).await?;
    for n in 0..14 {
        let query = grid(n);
        let mut due: Vec<(f32, MemoryId)> = points.iter().map(|point| (dot(&point.vector, &query), point.id)).collect();
        due.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        // A limit in the middle of a tie as well.
        for limit in [5, 140] {
            let hits = shelf.nearest(&alice, &query, limit).await?;
            let due: Vec<_> = due.iter().take(limit).map(|(_, id)| *id).collect();
            check_eq!(ids(&hits), due, "the order of {limit} hits, most of them ties");
            let falls = hits.iter().zip(hits.iter().skip(1)).all(|(a, b)| a.similarity >= b.similarity);
            check!(falls, "the similarity rises from one hit to the next");
        }
    }
    Ok(())
}

/// What is behind has similarity 0 all along, but not the same place.
async fn r18_order_goes_on_below_zero(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let cosines = [-1.0, -0.25, 0.25, -0.75, 0.75, -0.5, 0.5, -0.125, 0.125, 1.0];
    let points: Vec<_> = (0..).zip(cosines).map(|(n, cosine)| point(id(n), &alice, at(cosine), json!({}))).collect();
    shelf.put(&points).await?;
    let mut due: Vec<(f32, MemoryId)> = cosines.into_iter().zip(points.iter().map(|point| point.id)).collect();
    due.sort_by(|a, b| b.0.total_cmp(&a.0));
    for limit in [6, 8, 10] {
        let due: Vec<_> = due.iter().take(limit).map(|(_, id)| *id).collect();
        check_eq!(ids(&shelf.nearest(&alice, &axis(0), limit).await?), due, "the order of {limit} hits, some behind");
    }
    Ok(())
}

async fn r21_batch_is_the_same_as_one_by_one(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let (alice, bob) = (Scope::user("alice")?, Scope::user("bob")?);
    let mut points: Vec<_> = (0..20).map(|n| point(id(n), &alice, grid(n as usize), json!({"data": "x"}))).collect();
    points.extend((20..30).map(|n| point(id(n), &bob, grid(n as usize), json!({"n": n}))));
    shelf.put(&points).await?;
    let mut queries: Vec<_> = (0..40)
        .map(|n| {
            let scope = if n % 3 == 0 { &bob } else { &alice };
            VectorQuery::new(scope.clone(), grid(n), 1 + n % 7)
        })
        .collect();
    let filter = Filter::eq("data", "x");
    if filter.plan(&context.capabilities().filter).is_exact() {
        queries.push(VectorQuery::new(alice.clone(), grid(3), 9).with_filter(filter));
    }
    let together = shelf.search(&queries).await?;
    check_eq!(together.len(), queries.len(), "answers to {} queries", queries.len());
    for (query, together) in queries.into_iter().zip(together) {
        let what = format!("the answer to a query of {} with limit {}", query.scope, query.limit);
        check_eq!(together, shelf.ask(query).await?, "{what}, in a batch and alone");
    }
    Ok(())
}

async fn r21_empty_batch_and_limit_zero(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    shelf.put(&[point(id(1), &alice, axis(0), json!({}))]).await?;
    check_eq!(shelf.search(&[]).await?.len(), 0, "answers to no query");
    check_eq!(shelf.nearest(&alice, &axis(0), 0).await?, [], "hits with limit 0");
    Ok(())
}
