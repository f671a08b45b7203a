//! Rules 1 to 6: collections.

use mem0_core::{CollectionSpec, ErrorKind, Filter, Scope, ScrollQuery};
use serde_json::json;

use super::VectorContext;
use crate::check::{Verdict, refused};
use crate::data::points::{DIMS, at, id, identity, point};
use crate::suite::cases;
use crate::{check, check_eq, skip};

cases! { VectorContext:
    1 r1_open_creates_once,
    2 r2_other_identity_is_refused,
    3 r3_bad_names_are_refused,
    3 r3_bad_dimensions_are_refused,
    4 r4_collections_are_apart,
    5 r5_drop_empties,
    6 r6_data_survives_reopening,
}

async fn r1_open_creates_once(context: &VectorContext) -> Verdict {
    let alice = Scope::user("alice")?;
    let spec = CollectionSpec::new(context.new_name(), identity("model", DIMS));
    let first = context.wrap(context.store().open(&spec).await?);
    check_eq!(first.spec(), &spec, "the spec of what was opened");
    check_eq!(first.count(None, &Filter::All).await?, 0, "points in a new collection");
    let points = [point(id(1), &alice, at(1.0), json!({"data": "one"}))];
    first.put(&points).await?;
    let again = context.wrap(context.store().open(&spec).await?);
    let kept = again.walk(ScrollQuery::new(None, 10)).await?;
    check_eq!(kept, points, "points after the second open");
    let other = context.harness().connect().await?;
    let kept = context.wrap(other.open(&spec).await?).walk(ScrollQuery::new(None, 10)).await?;
    check_eq!(kept, points, "points as another handle sees them");
    Ok(())
}

async fn r2_other_identity_is_refused(context: &VectorContext) -> Verdict {
    let name = context.new_name();
    let due = identity("model", DIMS);
    let shelf = context.wrap(context.store().open(&CollectionSpec::new(&name, due.clone())).await?);
    shelf.put(&[point(id(1), &Scope::user("alice")?, at(1.0), json!({}))]).await?;
    drop(shelf);
    let longer = identity("model", DIMS + 1);
    let other_model = mem0_core::EmbedderIdentity { model: "conformance/other".into(), ..due.clone() };
    let other_digest = mem0_core::EmbedderIdentity { digest: "other".into(), ..due.clone() };
    let fresh = context.harness().connect().await?;
    for store in [context.store(), &*fresh] {
        for (wrong, kind) in [
            (longer.clone(), ErrorKind::DimensionMismatch),
            (other_model.clone(), ErrorKind::IdentityMismatch),
            (other_digest.clone(), ErrorKind::IdentityMismatch),
        ] {
            let what = format!("open with {wrong}, digest {:?},", wrong.digest);
            refused(store.open(&CollectionSpec::new(&name, wrong)).await, &[kind], &what)?;
        }
    }
    let shelf = context.store().open(&CollectionSpec::new(&name, due)).await?;
    check_eq!(shelf.count(None, &Filter::All).await?, 1, "points after the refusals");
    Ok(())
}

async fn r3_bad_names_are_refused(context: &VectorContext) -> Verdict {
    let long = "x".repeat(129);
    let bad =
        ["", " ", "a b", "a.b", "a/b", "../up", "a'b", "a\"b", "a;b", "a\0b", "a\n", "имя", "é", "a%", "*", &long];
    for name in bad {
        let spec = CollectionSpec::new(name, identity("model", DIMS));
        refused(context.store().open(&spec).await, &[ErrorKind::InvalidInput], &format!("open of {name:?}"))?;
    }
    let unique = context.new_name();
    let longest = format!("{unique}{}", "-Z9_".repeat(32)).chars().take(128).collect::<String>();
    context.remember(&longest);
    context.store().open(&CollectionSpec::new(longest, identity("model", DIMS))).await?;
    Ok(())
}

async fn r3_bad_dimensions_are_refused(context: &VectorContext) -> Verdict {
    let mut bad = vec![0];
    bad.extend(context.capabilities().max_dims.map(|max| max + 1));
    for dims in bad {
        let spec = CollectionSpec::new(context.new_name(), identity("model", dims));
        let what = format!("open with {dims} dimensions");
        refused(context.store().open(&spec).await, &[ErrorKind::InvalidInput], &what)?;
    }
    for dims in [1, context.capabilities().max_dims.unwrap_or(3_072).min(3_072)] {
        let spec = CollectionSpec::new(context.new_name(), identity("model", dims));
        let shelf = context.wrap(context.store().open(&spec).await?);
        let mut vector = vec![0.0; dims];
        vector.iter_mut().take(1).for_each(|x| *x = 1.0);
        let alice = Scope::user("alice")?;
        let points = [point(id(1), &alice, vector.clone(), json!({}))];
        shelf.put(&points).await?;
        check_eq!(shelf.get(None, &[id(1)]).await?, vec![points.first().cloned()], "a point of {dims} dimensions");
        check_eq!(shelf.nearest(&alice, &vector, 1).await?.len(), 1, "hits with {dims} dimensions");
    }
    Ok(())
}

async fn r4_collections_are_apart(context: &VectorContext) -> Verdict {
    let alice = Scope::user("alice")?;
    let base = context.new_name();
    let names = [base.clone(), format!("{base}_entities"), format!("{base}-"), base.chars().skip(1).collect()];
    let mut shelves = Vec::new();
    for (n, name) in names.iter().enumerate() {
        context.remember(name);
        let shelf = context.wrap(context.store().open(&CollectionSpec::new(name, identity("model", DIMS))).await?);
        // The same id everywhere, and one of its own.
        let points: Vec<_> =
            [1, 10 + n as u64].into_iter().map(|i| point(id(i), &alice, at(1.0), json!({"in": name}))).collect();
        shelf.put(&points).await?;
        shelves.push((shelf, points));
    }
    for (shelf, points) in &shelves {
        let name = &shelf.spec().name;
        check_eq!(&shelf.walk(ScrollQuery::new(None, 10)).await?, points, "scroll of {name}");
        check_eq!(shelf.nearest(&alice, &at(1.0), 10).await?.len(), 2, "hits in {name}");
        check_eq!(shelf.count(Some(&alice), &Filter::All).await?, 2, "points in {name}");
    }
    context.store().drop_collection(&base).await?;
    for (shelf, points) in shelves.iter().skip(1) {
        let left = shelf.walk(ScrollQuery::new(None, 10)).await?;
        check_eq!(&left, points, "scroll of {} after {base} was dropped", shelf.spec().name);
    }
    Ok(())
}

async fn r5_drop_empties(context: &VectorContext) -> Verdict {
    let name = context.new_name();
    context.store().drop_collection(&name).await?;
    let alice = Scope::user("alice")?;
    let spec = CollectionSpec::new(&name, identity("model", DIMS));
    let shelf = context.wrap(context.store().open(&spec).await?);
    shelf.put(&[point(id(1), &alice, at(1.0), json!({}))]).await?;
    drop(shelf);
    context.store().drop_collection(&name).await?;
    context.store().drop_collection(&name).await?;
    // The identity is gone as well, so another model may take the name.
    let spec = CollectionSpec::new(&name, identity("other", DIMS));
    let shelf = context.wrap(context.store().open(&spec).await?);
    check_eq!(shelf.count(None, &Filter::All).await?, 0, "points after the drop");
    check!(shelf.nearest(&alice, &at(1.0), 10).await?.is_empty(), "a search finds what was dropped");
    // Also where the store orders writes, what was dropped is forgotten.
    let fresh = [point(id(1), &alice, at(0.5), json!({"data": "new"}))];
    shelf.put(&fresh).await?;
    check_eq!(shelf.walk(ScrollQuery::new(None, 10)).await?, fresh, "points that were written after the drop");
    Ok(())
}

async fn r6_data_survives_reopening(context: &VectorContext) -> Verdict {
    let in_memory = context.store().name().contains("memory");
    check_eq!(!context.harness().persistent(), in_memory, "whether \"{}\" is in memory", context.store().name());
    if in_memory {
        skip!("\"{}\" is in memory by its name", context.store().name());
    }
    let alice = Scope::user("alice")?;
    let spec = CollectionSpec::new(context.new_name(), identity("model", DIMS));
    let points: Vec<_> = (0..50).map(|n| point(id(n), &alice, at(0.9), json!({"n": n}))).collect();
    let store = context.harness().connect().await?;
    let shelf = context.wrap(store.open(&spec).await?);
    shelf.put(&points).await?;
    drop((shelf, store));
    let store = context.harness().connect().await?;
    let shelf = context.wrap(store.open(&spec).await?);
    check_eq!(shelf.walk(ScrollQuery::new(None, 20)).await?, points, "points after opening again");
    check_eq!(shelf.nearest(&alice, &at(0.9), 100).await?.len(), 50, "hits after opening again");
    Ok(())
}
