//! Rules 24, 33, 34 and 38 on the wire: what is asked of the server, and what
//! becomes of writes when it goes away.

use std::sync::Arc;
use std::time::Duration;

use mem0_core::layers::{LayerOptions, layered};
use mem0_core::{CollectionSpec, Filter, Point, Result, Scope, ScrollQuery, VectorQuery};
use serde_json::json;
use uuid::Uuid;

use super::VectorContext;
use super::context::Shelf;
use crate::check::Verdict;
use crate::data::points::{DIMS, at, axis, id, identity, later, point};
use crate::harness::Through;
use crate::proxy::Wire;
use crate::suite::cases;
use crate::{check, check_eq, skip};

cases! { VectorContext:
    24 r24_the_scope_is_in_the_request,
    33 r33_a_silent_server_is_an_error_and_comes_back,
    33 r33_a_server_that_is_too_busy_is_an_error,
    34 r34_a_server_that_goes_away_leaves_whole_points,
    38 r38_one_round_trip,
}

/// Longer than a server here takes for anything.
const PATIENT: Duration = Duration::from_secs(30);
/// So short that a case which waits for it is over soon.
const BRIEF: Duration = Duration::from_secs(1);

/// A collection behind a proxy. The time limit is that of the layer, which
/// surrounds every store in use.
async fn through(context: &VectorContext, timeout: Duration) -> Verdict<(Through, Shelf)> {
    let Some(through) = context.harness().through().await else {
        skip!("there is no server behind a proxy");
    };
    let through = through?;
    let mut options = LayerOptions::default();
    options.timeout = Some(timeout);
    options.max_retries = 0;
    let spec = CollectionSpec::new(context.new_name(), identity("model", DIMS));
    // Made without the limit: that may take its time.
    through.store.open(&spec).await?;
    let store = layered(Arc::clone(&through.store), &options);
    let shelf = context.wrap(store.open(&spec).await?);
    Ok((through, shelf))
}

fn points(scope: &Scope, count: u64, data: &str) -> Vec<Point> {
    (0..count).map(|n| point(id(n), scope, at(0.5), json!({"data": data, "n": n}))).collect()
}

async fn search(shelf: &Shelf, scope: &Scope) -> Result<()> {
    shelf.nearest(scope, &axis(0), 5).await.map(|_| ())
}

async fn r24_the_scope_is_in_the_request(context: &VectorContext) -> Verdict {
    let (through, shelf) = through(context, PATIENT).await?;
    let user = Uuid::new_v4().simple().to_string();
    let mine = Scope::user(&user)?;
    shelf.put(&points(&mine, 3, "mine")).await?;
    shelf.put(&[point(id(9), &Scope::user("bob")?, at(1.0), json!({}))]).await?;
    through.proxy.forget();
    let hits = shelf.nearest(&mine, &axis(0), 5).await?;
    check_eq!(hits.len(), 3, "hits in the scope");
    let seen = through.proxy.seen();
    if through.scope_in_clear {
        check!(seen.has(user.as_bytes()), "a search whose {} bytes do not name the scope", seen.asked.len());
        return Ok(());
    }
    // The same question again is the same request; in another scope it is not.
    for (scope, same) in [(mine, true), (Scope::user("bob")?, false)] {
        through.proxy.forget();
        shelf.nearest(&scope, &axis(0), 5).await?;
        let same_bytes = through.proxy.seen().asked == seen.asked;
        check!(same_bytes == same, "a request with the scope {scope} is the same as the first: {same_bytes}");
    }
    Ok(())
}

async fn r38_one_round_trip(context: &VectorContext) -> Verdict {
    let (through, shelf) = through(context, PATIENT).await?;
    let alice = Scope::user("alice")?;
    let mut batch = points(&alice, 100, "text");
    // No two are equally near: who has to tell ties apart may ask twice.
    for (place, point) in (1_u8..).zip(&mut batch) {
        point.vector = at(f32::from(place) / 128.0);
    }
    let queries = [1, 2, 3, 4, 5].map(|limit| VectorQuery::new(alice.clone(), axis(0), limit));
    // What is done once for a connection, a collection or a statement is not
    // counted. (A statement that gets its name goes out beside that, not after it;
    // but how fast the server answers the one decides whether it looks so.)
    shelf.put(&batch).await?;
    search(&shelf, &alice).await?;
    shelf.search(&queries).await?;
    through.proxy.forget();
    search(&shelf, &alice).await?;
    let trips = through.proxy.seen().round_trips;
    check_eq!(trips, through.search_trips, "round trips of a search");
    through.proxy.forget();
    check_eq!(shelf.search(&queries).await?.len(), 5, "answers to five queries");
    let trips = through.proxy.seen().round_trips;
    check_eq!(trips, through.search_trips, "round trips of five searches in a batch");
    let changed: Vec<_> = batch.iter().map(|one| later(one, 2, at(0.25), json!({"data": "other"}))).collect();
    through.proxy.forget();
    shelf.upsert(&changed).await?;
    let trips = through.proxy.seen().round_trips;
    check_eq!(trips, through.write_trips, "round trips of a write of 100 points");
    Ok(())
}

async fn r33_a_silent_server_is_an_error_and_comes_back(context: &VectorContext) -> Verdict {
    let (through, shelf) = through(context, BRIEF).await?;
    let alice = Scope::user("alice")?;
    let before = points(&alice, 3, "before");
    shelf.put(&before).await?;
    through.proxy.set(Wire::Silent);
    let outcomes = [
        search(&shelf, &alice).await,
        shelf.upsert(&points(&alice, 5, "never sent")).await,
        shelf.count(Some(&alice), &Filter::All).await.map(|_| ()),
    ];
    for outcome in outcomes {
        check!(outcome.is_err(), "a server that says nothing, and a success");
    }
    // The network is back; what it swallowed is gone, and so is whoever said it.
    through.proxy.set(Wire::Down);
    through.proxy.set(Wire::Whole);
    shelf.recovers(&alice).await?;
    check_eq!(shelf.walk(ScrollQuery::new(None, 100)).await?, before, "what is there after the silence");
    Ok(())
}

async fn r33_a_server_that_is_too_busy_is_an_error(context: &VectorContext) -> Verdict {
    // Each answer is awaited: a write that is given up on the way may still
    // arrive when the server is no longer busy.
    let (through, shelf) = through(context, PATIENT).await?;
    if !through.http {
        skip!("the product does not speak HTTP");
    }
    let alice = Scope::user("alice")?;
    let before = points(&alice, 3, "before");
    shelf.put(&before).await?;
    for status in [429, 500, 502, 503, 504] {
        through.proxy.set(Wire::Status(status));
        let written = shelf.upsert(&points(&alice, 5, "after")).await;
        check!(written.is_err(), "status {status} for every write, and a success");
        let found = search(&shelf, &alice).await;
        check!(found.is_err(), "status {status} for every search, and a success");
        through.proxy.set(Wire::Whole);
        shelf.recovers(&alice).await?;
        check_eq!(shelf.walk(ScrollQuery::new(None, 100)).await?, before, "what is there after status {status}");
    }
    Ok(())
}

async fn r34_a_server_that_goes_away_leaves_whole_points(context: &VectorContext) -> Verdict {
    let (through, shelf) = through(context, PATIENT).await?;
    let alice = Scope::user("alice")?;
    let mut before = points(&alice, 500, "before");
    shelf.put(&before).await?;
    // Early, in the middle of the request, and late.
    for (version, bytes) in [(2, 100), (3, 20_000), (4, 90_000)] {
        let text = format!("text {version}");
        let after: Vec<_> =
            before.iter().map(|point| later(point, version, axis(1), json!({"data": text.as_str()}))).collect();
        through.proxy.set(Wire::CutAfter(bytes));
        let written = shelf.upsert(&after).await;
        let sent = through.proxy.seen().asked.len();
        through.proxy.forget();
        through.proxy.set(Wire::Down);
        let found = search(&shelf, &alice).await;
        check!(found.is_err(), "a server that is away, and a success");
        through.proxy.set(Wire::Whole);
        // The same handle works again, and every point is one of both.
        shelf.recovers(&alice).await?;
        let seen = shelf.walk(ScrollQuery::new(None, 1_000)).await?;
        check_eq!(seen.len(), before.len(), "points after a write that was cut after {bytes} of {sent} bytes");
        for (seen, (before, after)) in seen.iter().zip(before.iter().zip(&after)) {
            check!(seen == before || seen == after, "a write that was cut left a point that nobody wrote: {seen:?}");
        }
        if written.is_ok() {
            check_eq!(seen, after, "what is there after a write that succeeded");
        }
        shelf.put(&after).await?;
        check_eq!(shelf.walk(ScrollQuery::new(None, 1_000)).await?, after, "points after the write was repeated");
        before = after;
    }
    Ok(())
}
