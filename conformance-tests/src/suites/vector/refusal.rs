//! Rules 13 and 33: what cannot be done is an error, and nothing is written.

use mem0_core::{CollectionSpec, ErrorKind, Filter, Scope, ScrollQuery, Selector, VectorQuery};
use serde_json::json;

use super::VectorContext;
use crate::check::{Stop, Verdict, refused};
use crate::data::points::{DIMS, at, id, identity, point};
use crate::suite::cases;
use crate::{check, check_eq, skip};

cases! { VectorContext:
    13 r13_bad_vectors_write_nothing,
    13 r13_bad_query_vectors_are_refused,
    33 r33_down_is_an_error,
}

fn bad_vectors() -> Vec<(Vec<f32>, ErrorKind, &'static str)> {
    let with = |number: f32| {
        let mut vector = at(0.5);
        vector.iter_mut().skip(3).take(1).for_each(|x| *x = number);
        vector
    };
    vec![
        (vec![1.0; DIMS - 1], ErrorKind::DimensionMismatch, "too short"),
        (vec![1.0; DIMS + 1], ErrorKind::DimensionMismatch, "too long"),
        (vec![], ErrorKind::DimensionMismatch, "empty"),
        (with(f32::NAN), ErrorKind::InvalidInput, "NaN"),
        (with(f32::INFINITY), ErrorKind::InvalidInput, "infinity"),
        (with(f32::NEG_INFINITY), ErrorKind::InvalidInput, "minus infinity"),
        (vec![0.0; DIMS], ErrorKind::InvalidInput, "all zero"),
    ]
}

async fn r13_bad_vectors_write_nothing(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let kept = point(id(1), &alice, at(1.0), json!({"data": "kept"}));
    shelf.put(std::slice::from_ref(&kept)).await?;
    for (vector, kind, what) in bad_vectors() {
        let batch = [
            point(id(2), &alice, at(0.5), json!({})),
            point(id(3), &alice, vector, json!({})),
            point(id(1), &alice, at(0.1), json!({"data": "changed"})),
        ];
        refused(shelf.upsert(&batch).await, &[kind], &format!("upsert of a vector that is {what}"))?;
        let left = shelf.walk(ScrollQuery::new(None, 10)).await?;
        check_eq!(left, std::slice::from_ref(&kept), "points after a batch with a vector that is {what}");
    }
    Ok(())
}

async fn r13_bad_query_vectors_are_refused(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    // Also where there is nothing to compare with.
    for _ in 0..2 {
        for (vector, kind, what) in bad_vectors() {
            let good = VectorQuery::new(alice.clone(), at(0.5), 3);
            let bad = VectorQuery::new(alice.clone(), vector, 3);
            refused(shelf.search(&[good, bad]).await, &[kind], &format!("search for a vector that is {what}"))?;
        }
        shelf.put(&[point(id(1), &alice, at(1.0), json!({}))]).await?;
    }
    Ok(())
}

async fn r33_down_is_an_error(context: &VectorContext) -> Verdict {
    let store = match context.harness().connect_to_nothing().await {
        None => skip!("there is no server that could be down"),
        Some(Err(_)) => return Ok(()),
        Some(Ok(store)) => store,
    };
    let spec = CollectionSpec::new(context.new_name(), identity("model", DIMS));
    let alice = Scope::user("alice")?;
    check!(store.drop_collection(&spec.name).await.is_err(), "drop_collection succeeds while the store is down");
    let Ok(shelf) = store.open(&spec).await else { return Ok(()) };
    let points = [point(id(1), &alice, at(1.0), json!({}))];
    let calls = [
        ("upsert", shelf.upsert(&points).await.err()),
        ("get", shelf.get(Some(&alice), &[id(1)]).await.err()),
        ("search", shelf.search(&[VectorQuery::new(alice.clone(), at(1.0), 3)]).await.err()),
        ("scroll", shelf.scroll(&ScrollQuery::new(Some(alice.clone()), 3)).await.err()),
        ("count", shelf.count(Some(&alice), &Filter::All).await.err()),
        ("delete of ids", shelf.delete(&Selector::Ids(vec![(id(1), 1)])).await.err()),
        ("delete of a scope", shelf.delete(&Selector::Scope(alice)).await.err()),
    ];
    for (what, error) in calls {
        match error {
            Some(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout) => {}
            Some(error) => {
                return Err(Stop::Failed(format!("{what} fails as {:?} while the store is down", error.kind())));
            }
            None => return Err(Stop::Failed(format!("{what} succeeds while the store is down"))),
        }
    }
    Ok(())
}
