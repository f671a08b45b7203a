//! Rules 20 and 24: many writers, and writers that go away.

use std::collections::BTreeSet;

use mem0_core::{Content, ErrorKind, Filter, Outcome, Scope};
use serde_json::json;

use super::LedgerContext;
use super::context::now;
use super::reading::log;
use crate::check::Verdict;
use crate::data::changes::{add, add_content, commit, message, update, update_content};
use crate::data::points::id;
use crate::suite::cases;
use crate::suites::{abandon, together};
use crate::{check, check_eq};

cases! { LedgerContext:
    20 r20_concurrent_commits_are_serialised,
    20 r20_no_update_is_lost,
    24 r24_a_dropped_commit_is_whole_or_not_begun,
}

async fn r20_concurrent_commits_are_serialised(context: &LedgerContext) -> Verdict {
    const WRITERS: u64 = 8;
    const EACH: u64 = 5;
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let handle = context.reopen().await?;
        let alice = alice.clone();
        writers.push(async move {
            let mut receipts = Vec::new();
            for n in 0..EACH {
                let n = writer * EACH + n;
                let changes = vec![add(id(n), format!("note {n}")), add(id(1_000 + n), format!("other note {n}"))];
                receipts.extend(handle.commit(vec![commit(&alice, 1, changes)]).await?);
            }
            Ok(receipts)
        });
    }
    let mut revisions = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for receipts in together(writers).await? {
        for receipt in receipts {
            revisions.insert(receipt.revision);
            let mut own = Vec::new();
            for outcome in &receipt.outcomes {
                if let Outcome::Applied { seq, .. } = outcome {
                    own.push(*seq);
                }
            }
            // Nobody writes in between.
            check!(own.iter().zip(own.iter().skip(1)).all(|(a, b)| a + 1 == *b), "events of one commit: {own:?}");
            numbers.extend(own);
        }
    }
    let many = WRITERS * EACH;
    check_eq!(revisions, (1..=many).collect(), "the revisions that {WRITERS} writers were told");
    check_eq!(numbers.len() as u64, 2 * many, "different numbers of events");
    check_eq!(ledger.revision(&alice).await?, many, "the revision in the end");
    check_eq!(ledger.count(&alice, &Filter::All, &now()).await?, 2 * many, "memories in the end");
    check_eq!(log(ledger, None, 1_000).await?.len() as u64, 2 * many, "events in the end");
    Ok(())
}

async fn r20_no_update_is_lost(context: &LedgerContext) -> Verdict {
    const WRITERS: usize = 6;
    const EACH: usize = 5;
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let counter = |n: u64| {
        let mut content = Content::new(format!("counted to {n}"));
        content.metadata.insert("n".into(), json!(n));
        content
    };
    context.put(&alice, 1, vec![add_content(id(1), counter(0))]).await?;
    let mut writers = Vec::new();
    for _ in 0..WRITERS {
        let handle = context.reopen().await?;
        let alice = alice.clone();
        writers.push(async move {
            let (mut wins, mut tries) = (0, 0);
            while wins < EACH && tries < 10_000 {
                tries += 1;
                let revision = handle.revision(&alice).await?;
                let Some(memory) = handle.get(&[id(1)], &now()).await?.pop().flatten() else { continue };
                let n = memory.content.metadata.get("n").and_then(serde_json::Value::as_u64).unwrap_or(0);
                let mut call = commit(&alice, 2, vec![update_content(id(1), memory.version, counter(n + 1))]);
                // Either of the two tells, so half of the writers use only one.
                call.expected_revision = (wins % 2 == 0).then_some(revision);
                match handle.commit(vec![call]).await {
                    Ok(_) => wins += 1,
                    Err(error) if error.kind() == ErrorKind::Conflict => tokio::task::yield_now().await,
                    Err(error) => return Err(error),
                }
            }
            Ok(wins)
        });
    }
    for wins in together(writers).await? {
        check_eq!(wins, EACH, "increments that one writer made");
    }
    let many = (WRITERS * EACH) as u64;
    let last = ledger.get(&[id(1)], &now()).await?.pop().flatten();
    let last = last.map(|memory| (memory.version, memory.content.text));
    check_eq!(last, Some((many + 1, format!("counted to {many}"))), "version and text after {many} increments");
    check_eq!(ledger.history(id(1)).await?.len() as u64, many + 1, "events after {many} increments");
    Ok(())
}

async fn r24_a_dropped_commit_is_whole_or_not_begun(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    context.put(&alice, 1, vec![add(id(1), "one")]).await?;
    let mut version = 1;
    for polls in 0..12_u64 {
        let mut hers = commit(&alice, 2, vec![update(id(1), version, format!("text {polls}"))]);
        hers.changes.push(add(id(100 + polls), format!("hers {polls}")));
        hers.messages = vec![message(&format!("m{polls}"), 2, "hello")];
        let his = commit(&bob, 2, vec![add(id(200 + polls), format!("his {polls}"))]);
        let (txn, before) = (hers.txn, ledger.revision(&alice).await?);
        abandon(ledger.commit(vec![hers, his]), usize::try_from(polls).unwrap_or(0)).await;
        // A commit that waits behind it shows whether it was begun.
        context.put(&Scope::user("witness")?, 3, vec![add(id(300 + polls), format!("witness {polls}"))]).await?;
        let heads = ledger.heads(&[id(1), id(100 + polls), id(200 + polls)]).await?;
        let versions: Vec<_> = heads.iter().map(|head| head.as_ref().map_or(0, |head| head.version)).collect();
        let done = ledger.revision(&alice).await? > before;
        let due = if done { vec![version + 1, 1, 1] } else { vec![version, 0, 0] };
        check_eq!(versions, due, "versions after a commit that was dropped at poll {polls}, done: {done}");
        check_eq!(ledger.transaction(txn).await?.len(), if done { 2 } else { 0 }, "events of the dropped commit");
        let said = ledger.messages(&alice, 99).await?.iter().any(|message| message.id == format!("m{polls}"));
        check_eq!(said, done, "whether the message of the dropped commit was kept");
        version += u64::from(done);
    }
    Ok(())
}
