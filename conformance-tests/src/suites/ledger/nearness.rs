//! Rule 13: finding by nearness.

use mem0_core::{Content, ErrorKind, Filter, MemoryId, NearestQuery, Scope};
use serde_json::json;

use super::LedgerContext;
use super::context::now;
use crate::check::{Verdict, refused};
use crate::data::changes::{add_content, model, update};
use crate::data::points::{DIMS, axis, grid, id};
use crate::settings;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    13 r13_nearest_is_exact,
    13 r13_nearest_breaks_ties_by_id,
    13 r13_wrong_lengths_are_refused,
}

fn query(scope: &Scope, vector: &[f32], limit: usize) -> NearestQuery {
    NearestQuery { scope: scope.clone(), vector: vector.to_vec(), filter: Filter::All, view: now(), limit }
}

async fn r13_nearest_is_exact(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let mut rng = settings::rng(13);
    let mut vectors: Vec<(MemoryId, Vec<f32>)> = Vec::new();
    let mut changes = Vec::new();
    for n in 0..200_u64 {
        let mut content = Content::new(format!("note {n}"));
        content.metadata.insert("rare".into(), json!(n % 40 == 0));
        let mut change = add_content(id(n), content);
        let vector = rng.unit(DIMS);
        change.vector = Some(vector.clone());
        vectors.push((id(n), vector));
        changes.push(change);
    }
    context.put(&alice, 1, changes).await?;
    for limit in [1, 10, 200, 1_000] {
        let asked = rng.unit(DIMS);
        let cosine = |vector: &[f32]| vector.iter().zip(&asked).map(|(x, y)| x * y).sum::<f32>();
        let mut due: Vec<f32> = vectors.iter().map(|(_, vector)| cosine(vector)).collect();
        due.sort_by(|a, b| b.total_cmp(a));
        due.truncate(limit);
        let hits = ledger.nearest(&query(&alice, &asked, limit)).await?;
        check_eq!(hits.len(), due.len(), "hits among 200 with limit {limit}");
        for (place, (hit, due)) in hits.iter().zip(&due).enumerate() {
            check!((hit.raw - due).abs() < 1e-4, "hit {place} of {limit} has cosine {}, due was {due}", hit.raw);
            check!((hit.similarity - due.clamp(0.0, 1.0)).abs() < 1e-4, "similarity {} at {due}", hit.similarity);
        }
        let mut filtered = query(&alice, &asked, 4);
        filtered.filter = Filter::eq("rare", true);
        let hits = ledger.nearest(&filtered).await?;
        let rare = |id: MemoryId| (0..200).step_by(40).any(|n| self::id(n) == id);
        check!(hits.len() == 4 && hits.iter().all(|hit| rare(hit.id)), "hits with a filter that five of 200 meet");
    }
    // The vector of the new text counts, and only that.
    let mut changed = update(id(5), 1, "moved");
    changed.vector = Some(axis(0));
    context.put(&alice, 2, vec![changed]).await?;
    let hits = ledger.nearest(&query(&alice, &axis(0), 1)).await?;
    let best: Vec<_> = hits.iter().map(|hit| (hit.id, hit.version)).collect();
    check_eq!(best, [(id(5), 2)], "the nearest to the new vector of a changed memory");
    check_eq!(ledger.vectors(&[id(5)]).await?, [Some(axis(0))], "the vector of a changed memory");
    Ok(())
}

async fn r13_nearest_breaks_ties_by_id(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    // Written in another order than that of the ids.
    let mut changes = Vec::new();
    for n in (0..60_u64).rev() {
        let mut change = add_content(id(n), Content::new(format!("note {n}")));
        change.vector = Some(grid(n as usize));
        changes.push(change);
    }
    context.put(&alice, 1, changes).await?;
    for n in 0..14 {
        let asked = grid(n);
        let cosine = |n: u64| grid(n as usize).iter().zip(&asked).map(|(x, y)| x * y).sum::<f32>();
        let mut due: Vec<u64> = (0..60).collect();
        due.sort_by(|a, b| cosine(*b).total_cmp(&cosine(*a)).then(a.cmp(b)));
        let due: Vec<_> = due.into_iter().take(25).map(id).collect();
        let hits = ledger.nearest(&query(&alice, &asked, 25)).await?;
        check_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), due, "the order of 25 hits, most of them ties");
    }
    check_eq!(ledger.nearest(&query(&alice, &grid(0), 0)).await?, [], "hits with limit 0");
    Ok(())
}

async fn r13_wrong_lengths_are_refused(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    context.put(&alice, 1, vec![add_content(id(1), Content::new("one"))]).await?;
    let projection = mem0_core::Projection { store: "memory".into(), collection: "mem0".into(), identity: model() };
    ledger.set_projection(None, &projection, 0).await?;
    for dims in [DIMS - 1, DIMS + 1] {
        let nearest = ledger.nearest(&query(&alice, &vec![0.5; dims], 3)).await;
        refused(nearest, &[ErrorKind::DimensionMismatch], &format!("nearest to a vector of {dims} numbers"))?;
    }
    Ok(())
}
