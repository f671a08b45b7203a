//! Rule 10: lists.

use mem0_core::{Content, Cursor, Filter, ListQuery, Memory, MemoryId, OrderBy, Scope};
use serde_json::json;

use super::LedgerContext;
use super::context::now;
use super::reading::walk;
use crate::check::Verdict;
use crate::data::changes::{add, add_content, commit, time, update_content};
use crate::data::points::id;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    10 r10_lists_are_ordered_and_paged,
    10 r10_lists_while_memories_are_added,
    10 r10_filters_apply_before_the_limit,
    10 r10_created_at_of_imports_counts,
}

/// 60 memories, many of them of one time, some of them changed later.
async fn fill(context: &LedgerContext, scope: &Scope) -> Verdict<Vec<Memory>> {
    for n in 0..20_u64 {
        let changes = (0..3)
            .map(|i| {
                let n = n * 3 + i;
                let mut content = Content::new(format!("note {n}"));
                content.metadata.insert("n".into(), json!(n));
                // Not in the order of time.
                add_content(id((n * 37) % 61), content)
            })
            .collect();
        context.put(scope, (n / 2).cast_signed(), changes).await?;
    }
    for n in [5_u64, 17, 40] {
        let mut content = Content::new(format!("changed {n}"));
        content.metadata.insert("n".into(), json!(n));
        context.put(scope, 100 - n.cast_signed(), vec![update_content(id((n * 37) % 61), 1, content)]).await?;
    }
    let all: Vec<MemoryId> = (0..61).map(id).collect();
    Ok(context.ledger().get(&all, &now()).await?.into_iter().flatten().collect())
}

async fn r10_lists_are_ordered_and_paged(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let mut due = fill(context, &alice).await?;
    check_eq!(due.len(), 60, "memories");
    for order in [OrderBy::CreatedAt, OrderBy::UpdatedAt] {
        let at = |memory: &Memory| if order == OrderBy::CreatedAt { memory.created_at } else { memory.updated_at };
        for descending in [false, true] {
            due.sort_by_key(|memory| (at(memory), memory.id));
            if descending {
                due.reverse();
            }
            for limit in [1, 7, 59, 60, 61, 1_000] {
                let mut query = ListQuery::new(alice.clone(), now(), limit);
                (query.order, query.descending) = (order, descending);
                let what = format!("{order:?}, newest first: {descending}, pages of {limit}");
                let first = ledger.list(&query).await?;
                check_eq!(first.items.len(), limit.min(60), "items of the first page: {what}");
                check_eq!(first.next.is_some(), limit < 60, "whether there is a next page: {what}");
                let seen = walk(ledger, query).await?;
                check!(seen == due, "a walk gives other memories, or in another order: {what}");
            }
        }
    }
    // A cursor is a place, whether or not there is a memory.
    let mut query = ListQuery::new(alice.clone(), now(), 100);
    query.after = Some(Cursor { at: time(4), id: id(0) });
    let after = walk(ledger, query).await?;
    let place = |memory: &Memory| (memory.created_at, memory.id) > (time(4), id(0));
    check_eq!(after.len(), due.iter().filter(|memory| place(memory)).count(), "memories after a place of no memory");
    Ok(())
}

async fn r10_lists_while_memories_are_added(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let early = fill(context, &alice).await?;
    for descending in [false, true] {
        let mut query = ListQuery::new(alice.clone(), now(), 7);
        query.descending = descending;
        let mut seen: Vec<MemoryId> = Vec::new();
        for round in 0..20_u64 {
            let page = ledger.list(&query).await?;
            seen.extend(page.items.iter().map(|memory| memory.id));
            let n = 1_000 + round + if descending { 100 } else { 0 };
            let commit = commit(&alice, 500, vec![add(id(n), format!("late {n}"))]);
            ledger.commit(vec![commit]).await?;
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        let mut once = seen.clone();
        once.sort_unstable();
        once.dedup();
        check_eq!(once.len(), seen.len(), "distinct memories of a walk while others are added");
        let missing: Vec<_> =
            early.iter().filter(|memory| !seen.contains(&memory.id)).map(|memory| memory.id).collect();
        check_eq!(missing, [], "memories that such a walk misses");
    }
    Ok(())
}

async fn r10_filters_apply_before_the_limit(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let all = fill(context, &alice).await?;
    for filter in [
        Filter::gte("n", 55),
        Filter::eq("data", "changed 17"),
        Filter::contains("data", "note 1"),
        !Filter::exists("n"),
        Filter::gt("created_at", time(8)).and(Filter::lt("n", 56)),
        Filter::eq("version", 2).or(Filter::eq("n", 3)),
        Filter::eq("kind", "fact").and(!Filter::gt("n", 2)),
    ] {
        let mut due: Vec<_> = all.iter().filter(|memory| filter.matches(&memory.to_payload())).collect();
        due.sort_by_key(|memory| (memory.created_at, memory.id));
        let due: Vec<_> = due.into_iter().map(|memory| memory.id).collect();
        let mut query = ListQuery::new(alice.clone(), now(), 2);
        query.filter = filter.clone();
        let page = ledger.list(&query).await?;
        check_eq!(page.items.len(), due.len().min(2), "items of the first page with {filter}");
        let seen: Vec<_> = walk(ledger, query).await?.into_iter().map(|memory| memory.id).collect();
        check_eq!(seen, due, "a walk with {filter}");
        check_eq!(ledger.count(&alice, &filter, &now()).await?, due.len() as u64, "count with {filter}");
    }
    Ok(())
}

async fn r10_created_at_of_imports_counts(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let mut old = add(id(1), "from elsewhere");
    old.created_at = Some(time(-1_000));
    context.put(&alice, 5, vec![add(id(2), "from here")]).await?;
    context.put(&alice, 6, vec![old]).await?;
    let listed = walk(ledger, ListQuery::new(alice, now(), 10)).await?;
    check_eq!(
        listed.iter().map(|memory| memory.id).collect::<Vec<_>>(),
        [id(1), id(2)],
        "an imported memory comes first"
    );
    let times: Vec<_> = listed.iter().map(|memory| (memory.created_at, memory.updated_at)).collect();
    check_eq!(times, [(time(-1_000), time(6)), (time(5), time(5))], "times of creation and of the version");
    Ok(())
}
