//! Rules 27 and 28: `delete`.

use mem0_core::{Filter, Scope, ScrollQuery, Selector};
use serde_json::json;

use super::VectorContext;
use crate::check::Verdict;
use crate::data::points::{at, axis, id, later, point};
use crate::suite::cases;
use crate::{check, check_eq};

cases! { VectorContext:
    27 r27_delete_by_ids,
    27 r27_delete_of_many_ids,
    28 r28_delete_by_scope_is_whole,
}

async fn r27_delete_by_ids(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let points: Vec<_> = (0..6).map(|n| point(id(n), &alice, axis(n as usize), json!({"n": n}))).collect();
    shelf.put(&points).await?;
    let newer: Vec<_> = points.iter().skip(3).take(1).map(|point| later(point, 9, axis(3), json!({"n": 3}))).collect();
    shelf.put(&newer).await?;
    check_eq!(shelf.remove(&Selector::Ids(vec![])).await?, 0, "points that an empty deletion removed");
    check_eq!(shelf.count(None, &Filter::All).await?, 6, "points after an empty deletion");
    // Two that are there, one unknown, one whose version is later, one twice.
    let wanted = vec![(id(1), 1), (id(77), 1), (id(3), 8), (id(4), 5), (id(4), 5)];
    check_eq!(shelf.remove(&Selector::Ids(wanted.clone())).await?, 2, "points that went");
    let mut left = points.clone();
    left.retain(|point| ![id(1), id(3), id(4)].contains(&point.id));
    left.extend(newer);
    left.sort_by_key(|point| point.id);
    check_eq!(shelf.walk(ScrollQuery::new(None, 10)).await?, left, "points that are left");
    let hits = shelf.nearest(&alice, &axis(1), 10).await?;
    check!(hits.iter().all(|hit| hit.id != id(1)), "a search finds a deleted point");
    check_eq!(shelf.remove(&Selector::Ids(wanted)).await?, 0, "points that the same deletion removed again");
    check_eq!(shelf.walk(ScrollQuery::new(None, 10)).await?, left, "points after the second deletion");
    Ok(())
}

async fn r27_delete_of_many_ids(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let points: Vec<_> = (0..2_500).map(|n| point(id(n), &alice, at(0.5), json!({}))).collect();
    shelf.put(&points).await?;
    let wanted = (0..2_400).map(|n| (id(n), 1)).collect();
    check_eq!(shelf.remove(&Selector::Ids(wanted)).await?, 2_400, "points of 2,400 ids that went");
    check_eq!(shelf.count(None, &Filter::All).await?, 100, "points that are left of 2,500");
    Ok(())
}

async fn r28_delete_by_scope_is_whole(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let (alice, bob) = (Scope::user("alice")?, Scope::user("bob")?);
    let (run, other) = (alice.clone().with_run("7")?, alice.clone().with_run("8")?);
    let owner = |n: u64| match n % 5 {
        0 => &run,
        1 => &other,
        _ => &alice,
    };
    let mut points: Vec<_> = (0..2_500).map(|n| point(id(n), owner(n), at(0.5), json!({"data": "x"}))).collect();
    let his: Vec<_> = (9_000..9_003).map(|n| point(id(n), &bob, at(0.5), json!({"data": "his"}))).collect();
    points.extend(his.clone());
    shelf.put(&points).await?;
    check_eq!(shelf.remove(&Selector::Scope(run.clone())).await?, 500, "points of the run that went");
    check_eq!(shelf.count(Some(&alice), &Filter::All).await?, 2_000, "alice's points after her run's went");
    check_eq!(
        shelf.remove(&Selector::Scope(alice.clone())).await?,
        2_000,
        "alice's points that went, those of her other run among them"
    );
    check_eq!(shelf.walk(ScrollQuery::new(None, 100)).await?, his, "points that are left");
    check_eq!(shelf.nearest(&alice, &at(0.5), 10).await?, [], "hits of alice's");
    check_eq!(shelf.remove(&Selector::Scope(alice.clone())).await?, 0, "points that went the second time");
    // The scope is free again, for new ids.
    let fresh = [point(id(20_000), &alice, at(0.5), json!({}))];
    shelf.put(&fresh).await?;
    check_eq!(shelf.walk(ScrollQuery::new(Some(alice), 10)).await?, fresh, "points written after the deletion");
    Ok(())
}
