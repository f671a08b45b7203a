//! Rules 14 and 15: what waits for the vector store, and who takes it.

use mem0_core::{Claim, Ledger, MemoryId, Pending, PendingQuery, Projection, Scope, Timestamp};

use super::LedgerContext;
use super::context::{now, one};
use crate::check::Verdict;
use crate::data::changes::{add, commit, delete, message, model, supersede, time, update, vector_of};
use crate::data::points::id;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    14 r14_changes_are_pending_until_projected,
    14 r14_marking_an_older_event_changes_nothing,
    14 r14_failures_are_put_off,
    14 r14_a_moved_projection_gives_new_numbers,
    15 r15_claims_keep_others_away,
    15 r15_commits_claim_for_their_caller,
    15 r15_commits_do_not_take_claims_over,
}

async fn pending(ledger: &dyn Ledger) -> Verdict<Vec<Pending>> {
    Ok(ledger.pending(&PendingQuery { limit: 100, ..PendingQuery::default() }).await?)
}

async fn due(ledger: &dyn Ledger, at: Timestamp, owner: &str, until: i64) -> Verdict<Vec<MemoryId>> {
    let claim = Some(Claim { owner: owner.to_owned(), until: time(until) });
    let query = PendingQuery { scope: None, due: Some(at), claim, limit: 100 };
    Ok(ledger.pending(&query).await?.into_iter().map(|one| one.id).collect())
}

fn done(pending: &[Pending]) -> Vec<(MemoryId, u64)> {
    pending.iter().map(|one| (one.id, one.seq)).collect()
}

async fn r14_changes_are_pending_until_projected(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    check_eq!(pending(ledger).await?, [], "what is pending in an empty ledger");
    context.put(&alice, 1, vec![add(id(3), "three"), add(id(1), "one")]).await?;
    context.put(&bob, 2, vec![add(id(2), "two")]).await?;
    let first = pending(ledger).await?;
    let order: Vec<_> = first.iter().map(|one| (one.id, one.version, one.attempts, one.scope == alice)).collect();
    check_eq!(order, [(id(3), 1, 0, true), (id(1), 1, 0, true), (id(2), 1, 0, false)], "what is pending, in order");
    check!(first.is_sorted_by(|a, b| a.seq < b.seq), "what is pending is not in the order of events");
    for one in &first {
        let memory = ledger.get(&[one.id], &now()).await?.pop().flatten();
        let due = memory.map(|memory| (memory.clone(), vector_of(&memory.content.text)));
        check_eq!(one.head, due, "the memory that is to be projected");
    }
    let limited = ledger.pending(&PendingQuery { limit: 2, ..PendingQuery::default() }).await?;
    check_eq!(limited, first.get(..2).unwrap_or_default(), "what is pending, at most two");
    ledger.mark_projected(&done(&first)).await?;
    check_eq!(pending(ledger).await?, [], "what is pending after everything was projected");
    // Neither of these changes a memory.
    let mut nothing = commit(&alice, 3, vec![add(id(9), "one")]);
    nothing.messages = vec![message("m", 3, "hello")];
    one(ledger, nothing).await?;
    check_eq!(pending(ledger).await?, [], "what is pending after a commit that changed no memory");
    // Several changes of one memory are one thing to do: the last.
    context.put(&alice, 4, vec![update(id(1), 1, "1"), update(id(1), 2, "uno"), delete(id(3), 1)]).await?;
    context.put(&bob, 5, vec![supersede(id(2), 1)]).await?;
    let second = pending(ledger).await?;
    let order: Vec<_> = second.iter().map(|one| (one.id, one.version, one.head.is_some())).collect();
    check_eq!(order, [(id(1), 3, true), (id(3), 2, false), (id(2), 2, false)], "what is pending after changes");
    let again = context.reopen().await?;
    check_eq!(pending(&*again).await?, second, "what is pending as another handle sees it");
    Ok(())
}

async fn r14_marking_an_older_event_changes_nothing(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    context.put(&alice, 1, vec![add(id(1), "one"), add(id(2), "two")]).await?;
    let old = pending(ledger).await?;
    context.put(&alice, 2, vec![update(id(1), 1, "uno")]).await?;
    let new = pending(ledger).await?;
    ledger.mark_failed(&done(&old).into_iter().filter(|(one, _)| *one == id(1)).collect::<Vec<_>>(), time(99)).await?;
    check_eq!(pending(ledger).await?, new, "what is pending after an older event was marked as failed");
    ledger.mark_projected(&done(&old)).await?;
    let left: Vec<_> = pending(ledger).await?.into_iter().map(|one| (one.id, one.version)).collect();
    check_eq!(left, [(id(1), 2)], "what is pending after older events were marked");
    ledger.mark_projected(&done(&new)).await?;
    check_eq!(pending(ledger).await?, [], "what is pending after the latest events were marked");
    ledger.mark_projected(&done(&new)).await?;
    Ok(())
}

async fn r14_failures_are_put_off(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    context.put(&alice, 1, vec![add(id(1), "one"), add(id(2), "two")]).await?;
    for failures in 1..4_u32 {
        let first: Vec<_> = done(&pending(ledger).await?).into_iter().filter(|(one, _)| *one == id(1)).collect();
        let retry_at = i64::from(failures) * 100;
        ledger.mark_failed(&first, time(retry_at)).await?;
        let seen: Vec<_> = pending(ledger).await?.into_iter().map(|one| (one.id, one.attempts)).collect();
        check_eq!(seen, [(id(1), failures), (id(2), 0)], "attempts after {failures} failures");
        for (at, ids) in [(retry_at - 1, &[id(2)][..]), (retry_at, &[id(1), id(2)][..])] {
            let query = PendingQuery { due: Some(time(at)), limit: 10, ..PendingQuery::default() };
            let seen: Vec<_> = ledger.pending(&query).await?.into_iter().map(|one| one.id).collect();
            check_eq!(seen, ids, "what is due at {at}, put off until {retry_at}");
        }
    }
    Ok(())
}

async fn r14_a_moved_projection_gives_new_numbers(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let place = |collection: &str| Projection {
        store: "memory".to_owned(),
        collection: collection.to_owned(),
        identity: model(),
    };
    let (first, second) = (place("first"), place("second"));
    ledger.set_projection(None, &first, 0).await?;
    context.put(&alice, 1, vec![add(id(1), "one"), add(id(2), "two")]).await?;
    context.put(&alice, 2, vec![delete(id(2), 1)]).await?;
    let old = pending(ledger).await?;
    ledger.set_projection(Some(&first), &second, 0).await?;
    let new = pending(ledger).await?;
    check_eq!(new.len(), 2, "what is pending after the move, deletions included");
    for one in &new {
        let newer = old.iter().all(|before| before.id != one.id || before.seq < one.seq);
        check!(newer, "{} has an old number after the move", one.id);
    }
    // A projection to the old place that ends late says nothing about the new.
    ledger.mark_projected(&done(&old)).await?;
    check_eq!(pending(ledger).await?, new, "what is pending after late marks of the old place");
    // A later number covers what came before it.
    let later: Vec<_> = done(&new).into_iter().map(|(id, seq)| (id, seq + 100)).collect();
    ledger.mark_projected(&later).await?;
    check_eq!(pending(ledger).await?, [], "what is pending after marks with later numbers");
    Ok(())
}

async fn r15_commits_do_not_take_claims_over(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    context.put(&alice, 1, vec![add(id(1), "one")]).await?;
    check_eq!(due(ledger, time(5), "a", 20).await?, [id(1)], "what a claims");
    let mut taking = commit(&alice, 6, vec![update(id(1), 1, "uno")]);
    taking.claim = Some(Claim { owner: "b".into(), until: time(30) });
    one(ledger, taking).await?;
    check_eq!(due(ledger, time(10), "b", 30).await?, [], "what b gets of its own commit while a has it");
    check_eq!(due(ledger, time(10), "a", 20).await?, [id(1)], "what a still has");
    check_eq!(due(ledger, time(20), "b", 40).await?, [id(1)], "what b gets when a's claim ends");
    Ok(())
}

async fn r15_claims_keep_others_away(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let other = context.reopen().await?;
    context.put(&alice, 1, vec![add(id(1), "one"), add(id(2), "two")]).await?;
    let both = [id(1), id(2)];
    check_eq!(due(ledger, time(10), "a", 20).await?, both, "what a claims");
    check_eq!(due(&*other, time(10), "b", 30).await?, [], "what b gets while a has it");
    check_eq!(due(&*other, time(19), "b", 30).await?, [], "what b gets just before a's claim ends");
    check_eq!(due(ledger, time(19), "a", 25).await?, both, "what a gets again");
    check_eq!(due(&*other, time(24), "b", 30).await?, [], "what b gets after a claimed anew");
    check_eq!(due(&*other, time(25), "b", 30).await?, both, "what b gets when a's claim ends");
    check_eq!(due(ledger, time(26), "a", 40).await?, [], "what a gets while b has it");
    // A new change is what b is told to do next, not a.
    context.put(&alice, 27, vec![update(id(1), 1, "uno")]).await?;
    check_eq!(due(ledger, time(28), "a", 40).await?, [], "what a gets after a change of what b has");
    // Giving up gives the claim up.
    let second: Vec<_> = done(&pending(ledger).await?).into_iter().filter(|(one, _)| *one == id(2)).collect();
    other.mark_failed(&second, time(27)).await?;
    check_eq!(due(ledger, time(28), "a", 40).await?, [id(2)], "what a gets after b gave it up");
    let unseen = ledger.pending(&PendingQuery { limit: 10, ..PendingQuery::default() }).await?;
    check_eq!(unseen.len(), 2, "what is pending, whoever has it");
    let claim = Some(Claim { owner: "a".into(), until: time(99) });
    let timeless = ledger.pending(&PendingQuery { claim, limit: 10, ..PendingQuery::default() }).await;
    check!(timeless.is_err(), "a claim without a time is taken");
    Ok(())
}

async fn r15_commits_claim_for_their_caller(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let mut claimed = commit(&alice, 1, vec![add(id(1), "one")]);
    claimed.claim = Some(Claim { owner: "a".into(), until: time(20) });
    one(ledger, claimed).await?;
    context.put(&alice, 2, vec![add(id(2), "two")]).await?;
    check_eq!(due(ledger, time(10), "b", 30).await?, [id(2)], "what b gets beside a's commit");
    check_eq!(due(ledger, time(10), "a", 20).await?, [id(1)], "what a gets of its own commit");
    check_eq!(due(ledger, time(20), "b", 40).await?, [id(1), id(2)], "what b gets when a's claim ends");
    Ok(())
}
