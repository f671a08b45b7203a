//! Rule 25: `scroll`.

use mem0_core::{Filter, Point, Scope, ScrollQuery};
use serde_json::json;

use super::VectorContext;
use crate::check::Verdict;
use crate::data::points::{at, id, point};
use crate::settings;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { VectorContext:
    25 r25_scroll_is_in_order_of_ids,
    25 r25_scroll_while_points_are_added,
    25 r25_scroll_filters_before_the_limit,
}

async fn r25_scroll_is_in_order_of_ids(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let mut rng = settings::rng(25);
    let mut points: Vec<Point> = (0..250).map(|n| point(rng.id(), &alice, at(0.5), json!({"n": n}))).collect();
    shelf.put(&points).await?;
    points.sort_by_key(|point| point.id);
    for limit in [1, 7, 50, 250, 251, 1_000] {
        for scope in [None, Some(alice.clone())] {
            let seen = shelf.walk(ScrollQuery::new(scope, limit)).await?;
            check_eq!(seen.len(), points.len(), "points of a walk in pages of {limit}");
            check!(seen == points, "a walk in pages of {limit} gives other points than were written");
        }
    }
    // A page is shorter than its limit only at the end.
    let page = shelf.scroll(&ScrollQuery::new(None, 100)).await?;
    check_eq!(page.len(), 100, "points of a page of 100 out of 250");
    let last = points.last().map(|point| point.id);
    check_eq!(shelf.scroll(&ScrollQuery::new(None, 5).after(last)).await?, [], "points after the last");
    Ok(())
}

async fn r25_scroll_while_points_are_added(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let (alice, bob) = (Scope::user("alice")?, Scope::user("bob")?);
    let points: Vec<_> = (1_000..1_060).map(|n| point(id(n), &alice, at(0.5), json!({"data": "early"}))).collect();
    shelf.put(&points).await?;
    let mut query = ScrollQuery::new(Some(alice.clone()), 10);
    let mut seen: Vec<Point> = Vec::new();
    for round in 0_u64..20 {
        let page = shelf.scroll(&query).await?;
        let Some(last) = page.last() else { break };
        query.after = Some(last.id);
        seen.extend(page);
        // Before the place that was reached, and in another scope.
        shelf
            .put(&[
                point(id(round), &alice, at(0.5), json!({"data": "late"})),
                point(id(2_000 + round), &bob, at(0.5), json!({"data": "late"})),
            ])
            .await?;
    }
    check_eq!(seen, points, "a walk while points were added before it and elsewhere");
    Ok(())
}

async fn r25_scroll_filters_before_the_limit(context: &VectorContext) -> Verdict {
    let filter = Filter::eq("color", "red");
    if !filter.plan(&context.capabilities().filter).is_exact() {
        crate::skip!("eq on texts is not declared");
    }
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let color = |n: u64| if n % 20 == 19 { "red" } else { "blue" };
    let points: Vec<_> = (0..200).map(|n| point(id(n), &alice, at(0.5), json!({"color": color(n)}))).collect();
    shelf.put(&points).await?;
    let page = shelf.scroll(&ScrollQuery::new(Some(alice), 10).with_filter(filter)).await?;
    let seen: Vec<_> = page.iter().map(|point| point.id).collect();
    let due: Vec<_> = (0..200).filter(|n| color(*n) == "red").map(id).collect();
    check_eq!(seen, due, "ten red points behind many blue ones");
    Ok(())
}
