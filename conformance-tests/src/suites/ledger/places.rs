//! Rules 33 and 34: the order in which memories came, and what is around one.

use std::collections::BTreeSet;

use mem0_core::{Around, Content, Ledger, MemoryId, Place, Scope, View};

use super::LedgerContext;
use super::context::now;
use crate::check::Verdict;
use crate::data::changes::{add, commit, delete, supersede, time, undo, update};
use crate::data::points::id;
use crate::suite::cases;
use crate::suites::together;
use crate::{check, check_eq};

cases! { LedgerContext:
    33 r33_memories_are_numbered_as_they_came,
    33 r33_concurrent_adds_share_no_place,
    34 r34_neighbours_are_those_that_are_seen,
}

/// The numbers of these memories, and how many scopes they are in.
async fn numbers(ledger: &dyn Ledger, ids: &[u64]) -> Verdict<(Vec<Option<u64>>, usize)> {
    let ids: Vec<MemoryId> = ids.iter().map(|n| id(*n)).collect();
    let places = ledger.places(&ids).await?;
    let scopes: BTreeSet<u64> = places.iter().flatten().map(|place: &Place| place.scope).collect();
    Ok((places.into_iter().map(|place| place.map(|place| place.nth)).collect(), scopes.len()))
}

async fn r33_memories_are_numbered_as_they_came(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let run = alice.clone().with_run("7")?;
    context.put(&alice, 1, vec![add(id(9), "tea"), add(id(3), "coffee")]).await?;
    context.put(&run, 2, vec![add(id(20), "tea"), add(id(10), "milk")]).await?;
    // The same text is the same memory, which stays in its place.
    context.put(&alice, 3, vec![add(id(4), "tea"), add(id(1), "bread")]).await?;
    check_eq!(numbers(ledger, &[9, 3, 1]).await?, (vec![Some(1), Some(2), Some(3)], 1), "one scope");
    check_eq!(numbers(ledger, &[20, 10]).await?, (vec![Some(1), Some(2)], 1), "another scope");
    check_eq!(numbers(ledger, &[10, 4, 3, 77, 10]).await?, (vec![Some(2), None, Some(2), None, Some(2)], 2), "both");
    let steps = [
        vec![update(id(9), 1, "green tea")],
        vec![delete(id(3), 1), add(id(5), "butter"), delete(id(5), 1)],
        vec![supersede(id(1), 1)],
        vec![undo(id(3), 2, Some(Content::new("coffee"))), add(id(2), "jam")],
    ];
    for (changes, second) in steps.into_iter().zip(4..) {
        context.put(&alice, second, changes).await?;
    }
    let due = vec![Some(1), Some(2), Some(3), Some(4), Some(5)];
    check_eq!(numbers(ledger, &[9, 3, 1, 5, 2]).await?, (due.clone(), 1), "whatever became of them");
    let again = context.reopen().await?;
    check_eq!(numbers(&*again, &[9, 3, 1, 5, 2]).await?, (due, 1), "another handle");
    ledger.erase(&run).await?;
    check_eq!(numbers(ledger, &[20, 10, 9]).await?, (vec![None, None, Some(1)], 1), "after an erasure");
    context.put(&run, 9, vec![add(id(30), "salt")]).await?;
    check_eq!(numbers(ledger, &[30, 9]).await?, (vec![Some(1), Some(1)], 2), "in a scope that was erased");
    check_eq!(ledger.places(&[]).await?, vec![], "places of nothing");
    Ok(())
}

async fn r33_concurrent_adds_share_no_place(context: &LedgerContext) -> Verdict {
    const WRITERS: u64 = 6;
    const EACH: u64 = 5;
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (handle, alice) = (context.reopen().await?, alice.clone());
        writers.push(async move {
            for n in 0..EACH {
                let n = writer * EACH + n;
                handle.commit(vec![commit(&alice, 1, vec![add(id(n), format!("note {n}"))])]).await?;
            }
            Ok(())
        });
    }
    together(writers).await?;
    let all: Vec<u64> = (0..WRITERS * EACH).collect();
    let (numbers, _) = numbers(ledger, &all).await?;
    let mut seen: Vec<u64> = numbers.into_iter().flatten().collect();
    seen.sort_unstable();
    check_eq!(seen, (1..=WRITERS * EACH).collect::<Vec<_>>(), "the numbers of what {WRITERS} writers added");
    Ok(())
}

async fn r34_neighbours_are_those_that_are_seen(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let run = alice.clone().with_run("7")?;
    // Ids in another order than they come.
    let order = [5, 1, 4, 2, 9, 3, 8];
    for (n, second) in order.into_iter().zip(1..) {
        context.put(&alice, second, vec![add(id(n), format!("note {n}"))]).await?;
        context.put(&run, second, vec![add(id(100 + n), format!("stranger {n}"))]).await?;
    }
    context.put(&alice, 20, vec![update(id(4), 1, "another note")]).await?;
    context.put(&alice, 21, vec![delete(id(2), 1)]).await?;
    let mut late = add(id(7), "note 7");
    if let Some(content) = &mut late.content {
        content.expires_at = Some(time(30));
    }
    context.put(&alice, 22, vec![late]).await?;
    let around = async |n: u64, before: usize, after: usize, view: &View| -> Verdict<Vec<(i64, String)>> {
        let found = ledger.around(&[Around { id: id(n), before, after }], view).await?;
        check_eq!(found.len(), 1, "answers to one question");
        Ok(found.into_iter().flatten().map(|(offset, memory)| (offset, memory.content.text)).collect())
    };
    let texts = |found: &[(i64, &str)]| found.iter().map(|(n, text)| (*n, (*text).to_owned())).collect::<Vec<_>>();
    // In order: 5, 1, 4, 2 (deleted), 9, 3, 8, 7 (expired later).
    let due = texts(&[(-1, "note 1"), (2, "note 9"), (3, "note 3")]);
    check_eq!(around(4, 1, 3, &now()).await?, due, "one before and three after, of which one is deleted");
    let due = texts(&[(-3, "note 5"), (-2, "note 1"), (-1, "another note"), (1, "note 9")]);
    check_eq!(around(2, 9, 1, &now()).await?, due, "around a deleted one, from the beginning");
    check_eq!(around(8, 0, usize::MAX, &now()).await?, vec![], "an expired one is not seen");
    check_eq!(around(8, 0, 1, &View::current(time(25))).await?, texts(&[(1, "note 7")]), "before it expired");
    check_eq!(around(4, 0, 0, &now()).await?, vec![], "nothing around");
    check_eq!(around(77, 5, 5, &now()).await?, vec![], "around an unknown one");
    let mut past = now();
    past.known_at = Some(time(5));
    let due = texts(&[(-1, "note 1"), (1, "note 2"), (2, "note 9")]);
    check_eq!(around(4, 1, 9, &past).await?, due, "what was known then");
    check_eq!(around(9, 2, 0, &past).await?, texts(&[(-2, "note 4"), (-1, "note 2")]), "as it was known then");
    // Several at once, each by itself.
    let of = [(1, 1, 0), (105, 0, 1), (1, 0, 1)].map(|(n, before, after)| Around { id: id(n), before, after });
    let found = ledger.around(&of, &now()).await?;
    let seen: Vec<Vec<(i64, MemoryId)>> =
        found.iter().map(|of| of.iter().map(|(offset, memory)| (*offset, memory.id)).collect()).collect();
    check_eq!(seen, vec![vec![(-1, id(5))], vec![(1, id(101))], vec![(1, id(4))]], "around several");
    let strangers = found.iter().flatten().filter(|(_, memory)| memory.scope != alice && memory.scope != run).count();
    check!(strangers == 0, "a neighbour of another scope");
    Ok(())
}
