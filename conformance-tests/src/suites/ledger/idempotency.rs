//! Rule 7: a call that is repeated writes nothing.

use futures::future::try_join_all;
use mem0_core::{Commit, ErrorKind, Filter, Idempotency, Outcome, Scope};

use super::LedgerContext;
use super::context::{now, one};
use super::reading::{Questions, all, same};
use crate::check::{Stop, Verdict, refused};
use crate::check_eq;
use crate::data::changes::{add, commit, message, update};
use crate::data::points::id;
use crate::suite::cases;

cases! { LedgerContext:
    7 r7_repeated_calls_write_nothing,
    7 r7_repeated_calls_under_concurrency,
}

fn call(scope: &Scope, n: u64, key: &str, digest: u8) -> Commit {
    let text = format!("note {n}");
    let mut commit = commit(scope, 1 + n.cast_signed(), vec![add(id(n), &text), add(id(n + 50), &text)]);
    commit.messages = vec![message(&text, 1, &text)];
    commit.idempotency = Some(Idempotency { key: key.to_owned(), digest: [digest; 32] });
    commit
}

async fn r7_repeated_calls_write_nothing(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let scopes = vec![alice.clone(), bob.clone()];
    let ids = (0..6).map(id).collect();
    let questions = Questions { ids, scopes, views: vec![now()], filters: vec![Filter::All], ..Questions::default() };
    let first = one(ledger, call(&alice, 1, "key", 1)).await?;
    check_eq!(first.replayed, false, "whether the first call is a repetition");
    let before = all(ledger, &questions).await?;
    // The same key and digest: whatever else is in it, and whatever it expects.
    let mut again = call(&alice, 2, "key", 1);
    again.expected_revision = Some(77);
    let second = one(ledger, again).await?;
    check_eq!(second.replayed, true, "whether the second call is a repetition");
    check_eq!((second.txn, &second.outcomes), (first.txn, &first.outcomes), "what the second call returns");
    same(&all(ledger, &questions).await?, &before, "after a repeated call")?;
    let other = call(&alice, 3, "key", 2);
    refused(ledger.commit(vec![other]).await, &[ErrorKind::AlreadyExists], "the key with another digest")?;
    same(&all(ledger, &questions).await?, &before, "after the key was used for something else")?;
    // Keys are those of the exact scope, and not parts of one another.
    for (n, scope, key) in [(3, &bob, "key"), (4, &alice, "key2"), (5, &alice, "KEY")] {
        check_eq!(one(ledger, call(scope, n, key, 1)).await?.replayed, false, "whether {key} of {scope} was used");
    }
    // The first outcomes, also when the memories have changed since.
    context.put(&alice, 9, vec![update(id(1), 1, "changed")]).await?;
    let third = one(&*context.reopen().await?, call(&alice, 1, "key", 1)).await?;
    check_eq!(third.outcomes, first.outcomes, "the outcomes of a call that is repeated later");
    Ok(())
}

async fn r7_repeated_calls_under_concurrency(context: &LedgerContext) -> Verdict {
    let alice = Scope::user("alice")?;
    let mut tasks = Vec::new();
    for n in 0..12 {
        let ledger = context.reopen().await?;
        let mut commit = call(&alice, n, "key", 1);
        // No text is like another, so that only the key can tell.
        commit.changes.truncate(1);
        tasks.push(tokio::spawn(async move { ledger.commit(vec![commit]).await }));
    }
    let mut firsts = 0;
    let mut outcomes: Vec<Outcome> = Vec::new();
    for receipts in try_join_all(tasks).await.map_err(|error| Stop::Failed(error.to_string()))? {
        for receipt in receipts? {
            firsts += usize::from(!receipt.replayed);
            outcomes.extend(receipt.outcomes);
        }
    }
    outcomes.dedup();
    check_eq!((firsts, outcomes.len()), (1, 1), "calls that were first, and different outcomes");
    check_eq!(context.ledger().count(&alice, &Filter::All, &now()).await?, 1, "memories");
    Ok(())
}
