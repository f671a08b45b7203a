//! Rules 39 and 40: what was recalled.

use futures::future::try_join_all;
use mem0_core::{MemoryId, PendingQuery, Scope, Use};

use super::LedgerContext;
use super::context::{now, texts};
use crate::check::{Stop, Verdict};
use crate::check_eq;
use crate::data::changes::{add, delete, time, update};
use crate::data::points::id;
use crate::suite::cases;

cases! { LedgerContext:
    39 r39_uses_are_counted_with_the_latest_time,
    39 r39_a_use_changes_nothing_else,
    39 r39_many_count_at_once,
    40 r40_uses_stay_when_the_memory_changes,
    40 r40_uses_go_with_an_erasure,
}

/// So many uses, the latest at a second.
fn used(count: u64, seconds: i64) -> Option<Use> {
    Some(Use { count, last: time(seconds) })
}

async fn two(context: &LedgerContext) -> Verdict<[MemoryId; 2]> {
    let ids = [id(1), id(2)];
    context.put(&Scope::user("alice")?, 0, vec![add(ids[0], "Alice likes tea"), add(ids[1], "Alice runs")]).await?;
    Ok(ids)
}

async fn r39_uses_are_counted_with_the_latest_time(context: &LedgerContext) -> Verdict {
    let ledger = context.ledger();
    let [one, other] = two(context).await?;
    let unknown = id(99);
    let all = [other, unknown, one];
    check_eq!(ledger.uses(&all).await?, [None, None, None], "uses before the first");
    check_eq!(ledger.uses(&[]).await?, [], "uses of nothing");
    ledger.note_uses(&[], time(1)).await?;
    for (ids, seconds, due) in [
        (vec![one, one, unknown], 10, [None, None, used(1, 10)]),
        (vec![one, other], 20, [used(1, 20), None, used(2, 20)]),
        // Told late, for instance by a slower server.
        (vec![one], 5, [used(1, 20), None, used(3, 20)]),
        (vec![other], 30, [used(2, 30), None, used(3, 20)]),
    ] {
        ledger.note_uses(&ids, time(seconds)).await?;
        let seen = context.reopen().await?.uses(&all).await?;
        check_eq!(seen, due, "uses after {ids:?} at second {seconds}, as another handle sees them");
    }
    Ok(())
}

async fn r39_a_use_changes_nothing_else(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let ids = two(context).await?;
    let all = PendingQuery { limit: 9, ..PendingQuery::default() };
    let before = (ledger.pending(&all).await?, ledger.get(&ids, &now()).await?, ledger.log(None, 0, 9).await?);
    let numbers = (ledger.revision(&alice).await?, ledger.last_seq().await?, ledger.stats(None).await?.events);
    ledger.note_uses(&ids, time(10)).await?;
    let after = (ledger.pending(&all).await?, ledger.get(&ids, &now()).await?, ledger.log(None, 0, 9).await?);
    check_eq!(after, before, "what is pending, the memories and the log after a use");
    let seen = (ledger.revision(&alice).await?, ledger.last_seq().await?, ledger.stats(None).await?.events);
    check_eq!(seen, numbers, "revision, newest event and number of events after a use");
    Ok(())
}

async fn r39_many_count_at_once(context: &LedgerContext) -> Verdict {
    let [one, other] = two(context).await?;
    let mut tasks = Vec::new();
    for n in 0..12 {
        let ledger = context.reopen().await?;
        // In either order, so that two could wait for each other.
        let ids = if n % 2 == 0 { [one, other] } else { [other, one] };
        tasks.push(tokio::spawn(async move {
            for second in 0..5 {
                ledger.note_uses(&ids, time(n * 5 + second)).await?;
                tokio::task::yield_now().await;
            }
            Ok::<_, mem0_core::Error>(())
        }));
    }
    for task in try_join_all(tasks).await.map_err(|error| Stop::Failed(error.to_string()))? {
        task?;
    }
    check_eq!(context.ledger().uses(&[one, other]).await?, [used(60, 59), used(60, 59)], "uses of many at once");
    Ok(())
}

async fn r40_uses_stay_when_the_memory_changes(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let [one, other] = two(context).await?;
    ledger.note_uses(&[one], time(10)).await?;
    context.put(&alice, 20, vec![update(one, 1, "Alice likes coffee")]).await?;
    check_eq!(ledger.uses(&[one, other]).await?, [used(1, 10), None], "uses after an update");
    context.put(&alice, 30, vec![delete(one, 2)]).await?;
    check_eq!(ledger.uses(&[one, other]).await?, [used(1, 10), None], "uses after a deletion");
    Ok(())
}

async fn r40_uses_go_with_an_erasure(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let ids = two(context).await?;
    let his = id(3);
    context.put(&bob, 0, vec![add(his, "Bob likes tea")]).await?;
    ledger.note_uses(&[ids[0], ids[1], his], time(10)).await?;
    ledger.erase(&alice).await?;
    check_eq!(ledger.uses(&[ids[0], his]).await?, [None, used(1, 10)], "uses after an erasure of one scope");
    context.put(&alice, 20, vec![add(ids[0], "Alice likes tea"), add(ids[1], "Alice runs")]).await?;
    check_eq!(texts(ledger, &ids, &now()).await?.iter().flatten().count(), 2, "memories added anew");
    check_eq!(ledger.uses(&ids).await?, [None, None], "uses of the same ids, added anew");
    ledger.note_uses(&ids, time(30)).await?;
    ledger.reset().await?;
    context.put(&alice, 40, vec![add(ids[0], "Alice likes tea")]).await?;
    check_eq!(ledger.uses(&ids).await?, [None, None], "uses after a reset");
    Ok(())
}
