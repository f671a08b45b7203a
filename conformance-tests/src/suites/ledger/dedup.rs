//! Rule 6: the same thing is remembered once.

use std::sync::Arc;

use futures::future::try_join_all;
use mem0_core::{Content, EventKind, Filter, Outcome, Scope, State};

use super::LedgerContext;
use super::context::{now, one};
use crate::check::{Stop, Verdict};
use crate::data::changes::{add, add_content, commit, delete, key_of, time, undo, update};
use crate::data::points::id;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    6 r6_known_text_is_existing,
    6 r6_known_text_under_concurrency,
    6 r6_expired_holders_make_room,
    6 r6_collisions_lose_the_key,
}

/// The id of the holder, if the change was not applied.
fn existing(outcomes: &[Outcome]) -> Vec<Option<mem0_core::MemoryId>> {
    let holder = |outcome: &Outcome| match outcome {
        Outcome::Applied { .. } => None,
        Outcome::Existing { id } => Some(*id),
    };
    outcomes.iter().map(holder).collect()
}

async fn r6_known_text_is_existing(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let run = alice.clone().with_run("7")?;
    let first = context.put(&alice, 1, vec![add(id(1), "tea"), add(id(2), "tea"), add(id(3), "coffee")]).await?;
    check_eq!(existing(&first.outcomes), [None, Some(id(1)), None], "outcomes of a commit that repeats itself");
    let second = context.put(&alice, 2, vec![add(id(4), "coffee"), add(id(5), "water")]).await?;
    check_eq!(existing(&second.outcomes), [Some(id(3)), None], "outcomes of a later commit");
    // Another exact scope is another place; no key is no duplicate.
    check_eq!(existing(&context.put(&run, 3, vec![add(id(6), "tea")]).await?.outcomes), [None], "in a narrower scope");
    let mut keyless = add(id(7), "tea");
    keyless.dedup_key = None;
    check_eq!(existing(&context.put(&alice, 4, vec![keyless]).await?.outcomes), [None], "without a key");
    check_eq!(ledger.count(&alice, &Filter::All, &now()).await?, 5, "memories in the end");
    check_eq!(ledger.history(id(2)).await?, [], "the history of what was not added");
    // A deleted memory holds no key.
    context.put(&alice, 5, vec![delete(id(3), 1)]).await?;
    check_eq!(
        existing(&context.put(&alice, 6, vec![add(id(8), "coffee")]).await?.outcomes),
        [None],
        "after a deletion"
    );
    // A memory that says something else now holds its old key no longer.
    context.put(&alice, 7, vec![update(id(5), 1, "juice")]).await?;
    let both = context.put(&alice, 8, vec![add(id(9), "water"), add(id(10), "juice")]).await?;
    check_eq!(existing(&both.outcomes), [None, Some(id(5))], "after an update");
    Ok(())
}

async fn r6_known_text_under_concurrency(context: &LedgerContext) -> Verdict {
    const WRITERS: u64 = 16;
    let alice = Scope::user("alice")?;
    for round in 0..4_u64 {
        let mut tasks = Vec::new();
        for writer in 0..WRITERS {
            let ledger: Arc<dyn mem0_core::Ledger> = context.reopen().await?;
            let change = add(id(round * 100 + writer), format!("fact {round}"));
            let commit = commit(&alice, 1, vec![change]);
            tasks.push(tokio::spawn(async move { ledger.commit(vec![commit]).await }));
        }
        let ended = try_join_all(tasks).await.map_err(|error| Stop::Failed(error.to_string()))?;
        let mut applied = 0;
        let mut holders = Vec::new();
        for receipts in ended {
            for outcome in receipts?.iter().flat_map(|receipt| &receipt.outcomes) {
                match outcome {
                    Outcome::Applied { .. } => applied += 1,
                    Outcome::Existing { id } => holders.push(*id),
                }
            }
        }
        check_eq!(applied, 1, "additions of one text by {WRITERS} writers that were applied");
        holders.dedup();
        check_eq!(holders.len(), 1, "memories that the others were told of");
    }
    check_eq!(context.ledger().count(&alice, &Filter::All, &now()).await?, 4, "memories of four texts");
    Ok(())
}

async fn r6_expired_holders_make_room(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let mut content = Content::new("tea");
    content.expires_at = Some(time(10));
    context.put(&alice, 1, vec![add_content(id(1), content)]).await?;
    let early = context.put(&alice, 9, vec![add(id(2), "tea")]).await?;
    check_eq!(existing(&early.outcomes), [Some(id(1))], "just before the holder expires");
    // It expires at that time, not after it.
    let late = context.put(&alice, 10, vec![add(id(3), "tea")]).await?;
    check_eq!(existing(&late.outcomes), [None], "when the holder expires");
    check_eq!(late.outcomes.len(), 1, "outcomes of one change");
    let heads = ledger.heads(&[id(1), id(3)]).await?;
    let states: Vec<_> = heads.into_iter().map(|head| head.map(|head| head.state)).collect();
    check_eq!(states, [Some(State::Superseded), Some(State::Live)], "the old and the new memory");
    let kinds: Vec<_> = ledger.history(id(1)).await?.into_iter().map(|event| event.change.kind).collect();
    check_eq!(kinds, [EventKind::Add, EventKind::Supersede], "the history of the expired memory");
    let again = context.put(&alice, 11, vec![add(id(4), "tea")]).await?;
    check_eq!(existing(&again.outcomes), [Some(id(3))], "after that");
    Ok(())
}

async fn r6_collisions_lose_the_key(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    context.put(&alice, 1, vec![add(id(1), "tea"), add(id(2), "coffee")]).await?;
    let receipt = context.put(&alice, 2, vec![update(id(2), 1, "tea")]).await?;
    check_eq!(existing(&receipt.outcomes), [None], "an update to a known text");
    check_eq!(
        existing(&context.put(&alice, 3, vec![add(id(3), "tea")]).await?.outcomes),
        [Some(id(1))],
        "an addition then"
    );
    // The one without the key leaves none behind when the holder goes.
    context.put(&alice, 4, vec![delete(id(1), 1)]).await?;
    check_eq!(existing(&context.put(&alice, 5, vec![add(id(4), "tea")]).await?.outcomes), [None], "without the holder");
    // Taking the deletion back meets the new holder.
    let mut back = commit(&alice, 6, vec![undo(id(1), 2, Some(Content::new("tea")))]);
    check!(back.changes.iter().all(|change| change.dedup_key == Some(key_of("tea"))), "the undo asks for the key");
    back.expected_revision = Some(ledger.revision(&alice).await?);
    check_eq!(existing(&one(ledger, back).await?.outcomes), [None], "an undo that collides");
    check_eq!(
        existing(&context.put(&alice, 7, vec![add(id(5), "tea")]).await?.outcomes),
        [Some(id(4))],
        "the holder then"
    );
    context.put(&alice, 8, vec![delete(id(4), 1)]).await?;
    check_eq!(
        existing(&context.put(&alice, 9, vec![add(id(6), "tea")]).await?.outcomes),
        [None],
        "after the holder went"
    );
    Ok(())
}
