//! Rule 26: `count`.

use mem0_core::{Filter, Scope, ScrollQuery, Selector};
use serde_json::json;

use super::{Shelf, VectorContext};
use crate::check::Verdict;
use crate::check_eq;
use crate::data::points::{at, id, later, point};
use crate::suite::cases;

cases! { VectorContext:
    26 r26_count_is_exact,
}

async fn expect(shelf: &Shelf, scope: Option<&Scope>, filter: &Filter, due: u64, when: &str) -> Verdict {
    let counted = shelf.count(scope, filter).await?;
    check_eq!(counted, due, "count of {scope:?} with {filter} {when}");
    let walk = ScrollQuery::new(scope.cloned(), 37).with_filter(filter.clone());
    check_eq!(shelf.walk(walk).await?.len() as u64, due, "length of a walk of {scope:?} with {filter} {when}");
    Ok(())
}

async fn r26_count_is_exact(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let (alice, bob) = (Scope::user("alice")?, Scope::user("bob")?);
    let run = alice.clone().with_run("7")?;
    let owners = [&alice, &bob, &run];
    let red = Filter::eq("color", "red");
    let red_is_declared = red.plan(&context.capabilities().filter).is_exact();
    expect(&shelf, None, &Filter::All, 0, "at first").await?;
    let points: Vec<_> = (0..123)
        .zip(owners.into_iter().cycle())
        .map(|(n, scope)| point(id(n), scope, at(0.5), json!({"color": if n < 41 { "red" } else { "blue" }})))
        .collect();
    shelf.put(&points).await?;
    for (scope, all) in [(None, 123), (Some(&alice), 82), (Some(&bob), 41), (Some(&run), 41)] {
        expect(&shelf, scope, &Filter::All, all, "after writing").await?;
    }
    if red_is_declared {
        for scope in [None, Some(&alice), Some(&bob), Some(&run)] {
            let covers = |owner: &Scope| scope.is_none_or(|scope| scope.covers(owner));
            let due = points.iter().filter(|point| red.matches(&point.payload) && covers(&point.scope)).count();
            expect(&shelf, scope, &red, due as u64, "after writing").await?;
        }
    }
    // Replacing changes no count; deleting does.
    let again: Vec<_> =
        points.iter().take(20).map(|point| later(point, 2, at(0.4), json!({"color": "green"}))).collect();
    shelf.put(&again).await?;
    expect(&shelf, None, &Filter::All, 123, "after replacing").await?;
    if red_is_declared {
        expect(&shelf, None, &red, 21, "after replacing").await?;
    }
    shelf.remove(&Selector::Ids(vec![(id(0), 2), (id(1), 2), (id(2), 2), (id(500), 1)])).await?;
    expect(&shelf, None, &Filter::All, 120, "after deleting").await?;
    expect(&shelf, Some(&bob), &Filter::All, 40, "after deleting").await
}
