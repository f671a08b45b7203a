//! Rule 21: models, and moving from one to the other.

use mem0_core::{EmbedderIdentity, ErrorKind, Filter, NearestQuery, PendingQuery, Projection, Scope};

use super::LedgerContext;
use super::context::now;
use super::reading::{Questions, all, same};
use crate::check::{Verdict, refused};
use crate::check_eq;
use crate::data::changes::{add, commit, delete, model, update};
use crate::data::points::{id, identity};
use crate::suite::cases;

cases! { LedgerContext:
    21 r21_other_models_are_refused,
    21 r21_the_first_commit_decides,
    21 r21_moving_to_another_model,
}

fn projection(identity: EmbedderIdentity) -> Projection {
    Projection { store: "memory".into(), collection: "mem0".into(), identity }
}

async fn r21_other_models_are_refused(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    check_eq!(ledger.projection().await?, None, "the projection of a new ledger");
    ledger.set_projection(None, &projection(model()), 0).await?;
    context.put(&alice, 1, vec![add(id(1), "one")]).await?;
    let questions = Questions {
        ids: vec![id(1), id(2)],
        scopes: vec![alice.clone()],
        views: vec![now()],
        filters: vec![Filter::All],
        words: vec!["one".into()],
    };
    let before = all(ledger, &questions).await?;
    let other_model = EmbedderIdentity { model: "conformance/other".into(), ..model() };
    let other_digest = EmbedderIdentity { digest: "other".into(), ..model() };
    for wrong in [other_model, other_digest] {
        let what = format!("a commit with {wrong}, digest {:?},", wrong.digest);
        let mut call = commit(&alice, 2, vec![add(id(2), "two")]);
        call.identity = wrong;
        refused(ledger.commit(vec![call]).await, &[ErrorKind::IdentityMismatch], &what)?;
        same(&all(ledger, &questions).await?, &before, "after a commit with another model")?;
    }
    context.put(&alice, 2, vec![add(id(2), "two")]).await?;
    Ok(())
}

async fn r21_the_first_commit_decides(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    context.put(&alice, 1, vec![add(id(1), "one")]).await?;
    for (wrong, scope) in [(identity("other", 8), &alice), (identity("model", 3), &Scope::user("bob")?)] {
        let what = format!("a commit with {wrong} after one with another,");
        let mut call = commit(scope, 2, vec![add(id(2), "two")]);
        call.changes.iter_mut().for_each(|change| change.vector = Some(vec![0.5; wrong.dims]));
        call.identity = wrong;
        refused(ledger.commit(vec![call]).await, &[ErrorKind::IdentityMismatch], &what)?;
    }
    context.put(&alice, 2, vec![add(id(2), "two")]).await?;
    check_eq!(ledger.projection().await?, None, "the projection, which nobody has set");
    Ok(())
}

async fn r21_moving_to_another_model(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let (old, new) = (projection(model()), projection(identity("next", 3)));
    ledger.set_projection(None, &old, 0).await?;
    context.put(&alice, 1, vec![add(id(1), "one"), add(id(2), "two")]).await?;
    context.put(&alice, 2, vec![update(id(1), 1, "uno")]).await?;
    context.put(&alice, 3, vec![delete(id(2), 1)]).await?;
    for wrong in [None, Some(&new)] {
        let moved = ledger.set_projection(wrong, &new, 0).await;
        refused(moved, &[ErrorKind::Conflict], &format!("moving from {wrong:?}, which it is not,"))?;
    }
    let mut missing = ledger.missing_vectors(&new.identity, 100).await?;
    missing.sort_unstable();
    let due = [(id(1), 1, "one"), (id(1), 2, "uno"), (id(2), 1, "two")];
    check_eq!(missing, due.map(|(id, version, text)| (id, version, text.to_owned())), "versions without a new vector");
    check_eq!(ledger.missing_vectors(&new.identity, 2).await?.len(), 2, "at most two of them");
    check_eq!(ledger.missing_vectors(&model(), 9).await?, [], "versions without an old vector");
    let early = ledger.set_projection(Some(&old), &new, 0).await;
    refused(early, &[ErrorKind::Conflict], "moving before there are vectors")?;
    let short = ledger.put_vectors(&new.identity, &[(id(1), 1, vec![1.0, 0.0])]).await;
    refused(short, &[ErrorKind::DimensionMismatch], "a vector of two numbers for a model of three")?;
    let axis = |n: usize| (0..3).map(|i| if i == n { 1.0 } else { 0.0 }).collect::<Vec<f32>>();
    ledger.put_vectors(&new.identity, &[(id(1), 1, axis(0)), (id(1), 2, axis(1)), (id(2), 1, axis(2))]).await?;
    check_eq!(ledger.missing_vectors(&new.identity, 9).await?, [], "versions without a new vector, after they came");
    let everything = PendingQuery { limit: 100, ..PendingQuery::default() };
    let done: Vec<_> = ledger.pending(&everything).await?.iter().map(|one| (one.id, one.seq)).collect();
    ledger.mark_projected(&done).await?;
    ledger.set_projection(Some(&old), &new, 0).await?;
    check_eq!(ledger.projection().await?, Some(new.clone()), "the projection after the move");
    let live: Vec<_> =
        ledger.pending(&everything).await?.into_iter().filter_map(|one| Some((one.id, one.head?.1))).collect();
    check_eq!(live, [(id(1), axis(1))], "what is to be projected after the move");
    check_eq!(ledger.vectors(&[id(1)]).await?, [Some(axis(1))], "the vector after the move");
    let query = NearestQuery { scope: alice.clone(), vector: axis(1), filter: Filter::All, view: now(), limit: 5 };
    let hits: Vec<_> = ledger.nearest(&query).await?.iter().map(|hit| (hit.id, hit.similarity > 0.99)).collect();
    check_eq!(hits, [(id(1), true)], "the nearest after the move");
    let back = commit(&alice, 4, vec![add(id(3), "three")]);
    refused(ledger.commit(vec![back]).await, &[ErrorKind::IdentityMismatch], "a commit with the old model")?;
    Ok(())
}
