//! Rule 41: where a scope stands.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mem0_core::{Commit, PendingQuery, Scope, Standing};

use super::LedgerContext;
use super::context::one;
use crate::check::Verdict;
use crate::data::changes::{add, commit, message};
use crate::data::points::id;
use crate::suite::cases;
use crate::suites::together;
use crate::{check, check_eq};

cases! { LedgerContext:
    41 r41_standing_is_what_the_others_say,
    41 r41_nothing_of_it_is_older_than_its_revision,
}

/// One memory and one message.
fn said(scope: &Scope, n: u64) -> Commit {
    let mut commit = commit(scope, 1, vec![add(id(n), format!("note {n}"))]);
    commit.messages = vec![message(&format!("m{n}"), 1, "said")];
    commit
}

async fn r41_standing_is_what_the_others_say(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let run = alice.clone().with_run("7")?;
    check_eq!(ledger.standing(&alice, 9, 9).await?, Standing::default(), "where an unknown scope stands");
    for (n, scope) in [&alice, &alice, &alice, &bob, &run].into_iter().enumerate() {
        one(ledger, said(scope, n as u64)).await?;
    }
    for scope in [&alice, &bob, &run] {
        for (recent, limit) in [(0, 0), (2, 1), (9, 9)] {
            let pending = PendingQuery { scope: Some(scope.clone()), limit, ..PendingQuery::default() };
            let due = Standing {
                revision: ledger.revision(scope).await?,
                recent: ledger.messages(scope, recent).await?,
                pending: ledger.pending(&pending).await?,
            };
            let stands = ledger.standing(scope, recent, limit).await?;
            check_eq!(stands, due, "where {scope} stands, {recent} messages and {limit} pending");
        }
    }
    // What is pending is that of what the scope covers, the rest that of the exact scope.
    let stands = ledger.standing(&alice, 9, 9).await?;
    check_eq!((stands.revision, stands.recent.len(), stands.pending.len()), (3, 3, 4), "where alice stands");
    let done: Vec<_> = stands.pending.iter().map(|one| (one.id, one.seq)).collect();
    ledger.mark_projected(&done).await?;
    check_eq!(ledger.standing(&alice, 9, 9).await?.pending, [], "what is pending after it was projected");
    Ok(())
}

async fn r41_nothing_of_it_is_older_than_its_revision(context: &LedgerContext) -> Verdict {
    const TIMES: u64 = 25;
    let alice = Scope::user("alice")?;
    // Each commit waits for another look, so that they do come in between.
    let looks = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for writes in [true, false] {
        let (handle, alice, looks) = (context.reopen().await?, alice.clone(), Arc::clone(&looks));
        tasks.push(async move {
            let mut seen: Vec<Standing> = Vec::new();
            if writes {
                for n in 0..TIMES {
                    while looks.load(Ordering::SeqCst) < n {
                        tokio::task::yield_now().await;
                    }
                    handle.commit(vec![said(&alice, n)]).await?;
                }
            } else {
                while seen.last().is_none_or(|last| last.revision < TIMES) {
                    seen.push(handle.standing(&alice, 100, 100).await?);
                    looks.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
            }
            Ok(seen)
        });
    }
    for Standing { revision, recent, pending } in together(tasks).await?.into_iter().flatten() {
        let (messages, pending) = (recent.len() as u64, pending.len() as u64);
        check!(messages.min(pending) >= revision, "{messages} messages and {pending} pending at revision {revision}");
    }
    check_eq!(context.ledger().standing(&alice, 0, 0).await?.revision, TIMES, "the revision in the end");
    Ok(())
}
