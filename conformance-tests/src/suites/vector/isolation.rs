//! Rule 24: no scope sees another's rows.

use mem0_core::{Filter, MemoryId, Point, Scope, ScrollQuery, Selector};
use serde_json::json;

use super::context::ids;
use super::{Shelf, VectorContext};
use crate::check::Verdict;
use crate::check_eq;
use crate::data::points::{at, id, point};
use crate::data::scopes::tricky;
use crate::suite::cases;

cases! { VectorContext:
    24 r24_reads_see_their_scope,
    24 r24_deletes_stay_in_their_scope,
}

/// One point for each scope, all of them equally near.
async fn fill(context: &VectorContext) -> Verdict<(Shelf, Vec<Point>)> {
    let shelf = context.shelf().await?;
    let points: Vec<_> =
        (0..).zip(tricky()?).map(|(n, scope)| point(id(n), &scope, at(0.9), json!({"data": "x"}))).collect();
    shelf.put(&points).await?;
    Ok((shelf, points))
}

fn covered(points: &[Point], scope: &Scope) -> Vec<MemoryId> {
    points.iter().filter(|point| scope.covers(&point.scope)).map(|point| point.id).collect()
}

async fn r24_reads_see_their_scope(context: &VectorContext) -> Verdict {
    let (shelf, points) = fill(context).await?;
    let all: Vec<_> = points.iter().map(|point| point.id).collect();
    let absent = [Scope::user("nobody")?, Scope::user("alice")?.with_run("2")?, Scope::user("b")?, Scope::run("7")?];
    for scope in points.iter().map(|point| &point.scope).chain(&absent) {
        let due = covered(&points, scope);
        check_eq!(ids(&shelf.nearest(scope, &at(0.9), 500).await?), due, "ids that {scope} finds in a search");
        let got = shelf.get(Some(scope), &all).await?;
        let got: Vec<_> = got.into_iter().flatten().map(|point| point.id).collect();
        check_eq!(got, due, "ids that {scope} gets");
        let walked = shelf.walk(ScrollQuery::new(Some(scope.clone()), 3)).await?;
        let walked: Vec<_> = walked.into_iter().map(|point| point.id).collect();
        check_eq!(walked, due, "ids that {scope} scrolls through");
        check_eq!(shelf.count(Some(scope), &Filter::All).await?, due.len() as u64, "how many {scope} counts");
    }
    Ok(())
}

async fn r24_deletes_stay_in_their_scope(context: &VectorContext) -> Verdict {
    let (shelf, mut left) = fill(context).await?;
    // From the narrowest to the widest, so that each has something to delete.
    let mut scopes: Vec<_> = left.iter().map(|point| point.scope.clone()).collect();
    scopes.sort_by_key(|scope| std::cmp::Reverse(scope.ids().count()));
    check_eq!(shelf.remove(&Selector::Scope(Scope::user("nobody")?)).await?, 0, "points that nobody deletes");
    for scope in scopes {
        let due = covered(&left, &scope).len() as u64;
        check_eq!(shelf.remove(&Selector::Scope(scope.clone())).await?, due, "how many {scope} deletes");
        left.retain(|point| !scope.covers(&point.scope));
        let seen = shelf.walk(ScrollQuery::new(None, 100)).await?;
        check_eq!(seen, left, "what is left after {scope} was deleted");
    }
    Ok(())
}
