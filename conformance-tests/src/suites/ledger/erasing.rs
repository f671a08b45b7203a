//! Rule 17: erasing.

use mem0_core::text::{Bm25, query_terms};
use mem0_core::{
    Content, EntityQuery, Filter, Idempotency, Job, JobEnd, JobQuery, KeywordQuery, MentionQuery, NearestQuery,
    PendingQuery, Scope, Spend, State, TxnId,
};
use serde_json::json;

use super::LedgerContext;
use super::context::{now, one};
use super::reading::{Questions, all, same};
use crate::check::Verdict;
use crate::data::changes::{add, add_content, commit, delete, message, time, update, vector_of};
use crate::data::jobs::{job, job_id};
use crate::data::points::id;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    17 r17_erase_leaves_nothing,
    17 r17_erased_memories_are_still_to_be_deleted,
    17 r17_erase_leaves_no_trace_on_disk,
    17 r17_reset_erases_every_scope,
}

/// A word that is nowhere else.
const SECRET: &str = "Xylophagous";

/// What each scope spends.
const SPENT: Spend = Spend { calls: 1, tokens: 9 };

async fn fill(context: &LedgerContext, scope: &Scope, from: u64) -> Verdict<TxnId> {
    let mut content = Content::new(format!("likes {SECRET} tea {from}"));
    content.metadata.insert(format!("{SECRET} key"), SECRET.into());
    content.actor = Some(SECRET.into());
    let mut first =
        commit(scope, 1, vec![add_content(id(from), content), add(id(from + 1), format!("two {from} {SECRET}"))]);
    first.messages = vec![message(&format!("m{from}"), 1, SECRET), message("n", 2, SECRET)];
    first.idempotency = Some(Idempotency { key: format!("{SECRET} key"), digest: [1; 32] });
    one(context.ledger(), first).await?;
    // Some wait, one is done: each in its turn, whoever's it is.
    let said = |n| Job { payload: json!({ SECRET: SECRET }), ..job(n, scope, 1) };
    context.ledger().enqueue(vec![said(from), said(from + 1)]).await?;
    if let Some(job) = context.ledger().lease_job(SECRET, time(2), time(9)).await? {
        context.ledger().end_job(job.id, SECRET, JobEnd::Done(json!([SECRET])), time(3)).await?;
    }
    context.ledger().lease_job(SECRET, time(3), time(9)).await?;
    context.ledger().spend(scope, time(0), SPENT, None).await?;
    context.put(scope, 2, vec![update(id(from), 1, format!("three {from} {SECRET}"))]).await?;
    Ok(context.put(scope, 3, vec![delete(id(from + 1), 1)]).await?.txn)
}

async fn r17_erase_leaves_nothing(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let run = alice.clone().with_run("7")?;
    let txn = fill(context, &alice, 10).await?;
    fill(context, &run, 20).await?;
    fill(context, &bob, 30).await?;
    fill(context, &Scope::user("alice2")?, 40).await?;
    let strangers = Questions {
        ids: [30, 31, 40, 41].map(id).to_vec(),
        scopes: vec![bob.clone(), Scope::user("alice2")?],
        views: vec![now()],
        filters: vec![Filter::All],
        words: vec!["tea three".into()],
    };
    let keep = |mut reading: super::reading::Reading| {
        reading.retain(|question, _| !question.contains("everything") && question != "log");
        reading
    };
    let before = keep(all(ledger, &strangers).await?);
    let erased = ledger.erase(&alice).await?;
    let seen = (erased.memories, erased.events, erased.messages, erased.idempotency_keys);
    check_eq!(seen, (4, 8, 4, 2), "memories, events, messages and keys that went");
    check_eq!((erased.jobs, erased.spending), (4, 2), "jobs and periods that went");
    check!(
        erased.vectors >= 6 && erased.postings > 0 && erased.mentions > 0,
        "vectors and index rows that went: {erased:?}"
    );
    let (gone, views) = ([10, 11, 20, 21].map(id), [now(), past()]);
    check_eq!(ledger.heads(&gone).await?, [None, None, None, None], "heads of what was erased");
    check_eq!(ledger.vectors(&gone).await?.into_iter().flatten().count(), 0, "vectors of what was erased");
    for id in gone {
        check_eq!(ledger.history(id).await?, [], "history of {id}, which was erased");
    }
    check_eq!(ledger.transaction(txn).await?, [], "a commit of the erased scope");
    for scope in [&alice, &run] {
        for view in views {
            check_eq!(ledger.get(&gone, &view).await?.into_iter().flatten().count(), 0, "what get finds");
            check_eq!(ledger.count(scope, &Filter::All, &view).await?, 0, "what count finds");
            let (terms, filter, bm25) = (query_terms("tea three"), Filter::All, Bm25::default());
            let query = KeywordQuery { scope: scope.clone(), terms, filter, view, limit: 9, bm25 };
            check_eq!(ledger.keyword(&query).await?.hits, [], "what keyword finds");
            let (vector, filter) = (vector_of("x"), Filter::All);
            let query = NearestQuery { scope: scope.clone(), vector, filter, view, limit: 9 };
            check_eq!(ledger.nearest(&query).await?, [], "what nearest finds");
            let (names, filter) = (vec![SECRET.to_owned()], Filter::All);
            let query = MentionQuery { scope: scope.clone(), names, filter, view, limit: 9 };
            check_eq!(ledger.mentioned(&query).await?.hits, [], "what mentioned finds");
        }
        check_eq!(ledger.entities(&EntityQuery::new(scope.clone(), 9)).await?, [], "entities of {scope}");
        check_eq!(ledger.messages(scope, 9).await?, [], "messages of {scope}");
        check_eq!(ledger.log(Some(scope), 0, 99).await?, [], "log of {scope}");
        let query = JobQuery { scope: Some(scope.clone()), limit: 9, ..JobQuery::default() };
        check_eq!(ledger.jobs(&query).await?, [], "jobs of {scope}");
        check_eq!(ledger.spent(scope, time(0)).await?, Spend::default(), "what {scope} spent");
        check_eq!(ledger.scopes(Some(scope), None, 9).await?, [], "scopes below {scope}");
        let stats = ledger.stats(Some(scope)).await?;
        let seen = (stats.memories, stats.deleted, stats.superseded, stats.events, stats.messages);
        check_eq!(seen, (0, 0, 0, 0, 0), "counts of {scope}");
    }
    for n in [10, 11, 20, 21] {
        check_eq!(ledger.job(job_id(n)).await?, None, "a job of the erased scope");
        check!(
            !ledger.end_job(job_id(n), SECRET, JobEnd::Cancelled, time(5)).await?,
            "the lease of an erased job ends"
        );
    }
    check_eq!(ledger.spent(&bob, time(0)).await?, SPENT, "what somebody else spent");
    let log = ledger.log(None, 0, 99).await?;
    check!(log.iter().all(|event| !alice.covers(&event.scope)), "the log has events of the erased scope");
    same(&keep(all(ledger, &strangers).await?), &before, "after somebody else was erased")?;
    // Keys and texts are free again.
    let mut fresh = commit(&alice, 9, vec![add(id(50), format!("three 10 {SECRET}"))]);
    fresh.idempotency = Some(Idempotency { key: format!("{SECRET} key"), digest: [2; 32] });
    let receipt = one(ledger, fresh).await?;
    check!(!receipt.replayed, "the idempotency key is still known");
    let heads = ledger.heads(&[id(50)]).await?;
    check!(heads.iter().flatten().any(|head| head.state == State::Live), "the text is still known: {receipt:?}");
    check_eq!(ledger.erase(&Scope::user("nobody")?).await?, mem0_core::Erased::default(), "erasing nobody");
    Ok(())
}

fn past() -> mem0_core::View {
    let mut view = now();
    view.known_at = Some(crate::data::changes::time(2));
    view
}

async fn r17_erased_memories_are_still_to_be_deleted(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let everything = PendingQuery { limit: 100, ..PendingQuery::default() };
    context
        .put(&alice, 1, vec![add(id(1), "projected"), add(id(2), "deleted"), add(id(3), "projected, then deleted")])
        .await?;
    context.put(&alice, 2, vec![delete(id(3), 1)]).await?;
    let done: Vec<_> = ledger.pending(&everything).await?.iter().map(|one| (one.id, one.seq)).collect();
    ledger.mark_projected(&done).await?;
    context.put(&alice, 3, vec![delete(id(2), 1), add(id(4), "never projected")]).await?;
    let before = ledger.pending(&everything).await?;
    ledger.erase(&alice).await?;
    let left = ledger.pending(&everything).await?;
    let mut ids: Vec<_> = left.iter().map(|one| (one.id, one.head.is_some())).collect();
    ids.sort_unstable();
    // What the vector store has: 1; what it may still have: 2; what it may have
    // got since: 4. It has deleted 3.
    check_eq!(ids, [(id(1), false), (id(2), false), (id(4), false)], "what is to be deleted after the erasure");
    // A projection that was under way cannot end the deletion.
    let late: Vec<_> = before.iter().filter(|one| one.id == id(4)).map(|one| (one.id, one.seq)).collect();
    ledger.mark_projected(&late).await?;
    check_eq!(ledger.pending(&everything).await?.len(), 3, "what is to be deleted after a late mark");
    for one in &left {
        let late = before.iter().find(|before| before.id == one.id);
        check!(
            late.is_none_or(|late| late.version <= one.version),
            "{} is to be deleted as of an older version",
            one.id
        );
    }
    let done: Vec<_> = ledger.pending(&everything).await?.iter().map(|one| (one.id, one.seq)).collect();
    ledger.mark_projected(&done).await?;
    check_eq!(ledger.pending(&everything).await?, [], "what is pending after the deletions");
    Ok(())
}

async fn r17_erase_leaves_no_trace_on_disk(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    if context.harness().bytes_on_disk(context.name()).await.is_none() {
        crate::skip!("there is no disk to look at");
    }
    fill(context, &alice, 10).await?;
    let holds = async || {
        let bytes = context.harness().bytes_on_disk(context.name()).await.unwrap_or_default();
        bytes.windows(SECRET.len()).any(|window| window.eq_ignore_ascii_case(SECRET.as_bytes()))
    };
    check!(holds().await, "the word is not on the disk before it is erased, so nothing can be told");
    ledger.erase(&alice).await?;
    check!(!holds().await, "the text of an erased memory is still on the disk");
    Ok(())
}

async fn r17_reset_erases_every_scope(context: &LedgerContext) -> Verdict {
    let ledger = context.ledger();
    let scopes = crate::data::scopes::tricky()?;
    for (scope, n) in scopes.iter().zip(0..) {
        let mut commit = commit(scope, 1, vec![add(id(n), format!("note {n}"))]);
        commit.messages = vec![message("m", 1, "hello")];
        one(ledger, commit).await?;
        ledger.enqueue(vec![job(n, scope, 1)]).await?;
        ledger.spend(scope, time(0), SPENT, None).await?;
    }
    let many = scopes.len() as u64;
    let erased = ledger.reset().await?;
    let seen = (erased.memories, erased.events, erased.messages, erased.jobs, erased.spending);
    check_eq!(seen, (many, many, many, many, many), "memories, events, messages, jobs and periods that went");
    check_eq!(ledger.jobs(&JobQuery { limit: 9, ..JobQuery::default() }).await?, [], "jobs that are left");
    let stats = ledger.stats(None).await?;
    let seen = (stats.scopes, stats.memories, stats.events, stats.messages, stats.pending);
    check_eq!(seen, (0, 0, 0, 0, many), "scopes, memories, events and messages that are left, and what is pending");
    check_eq!(ledger.log(None, 0, 9).await?, [], "events that are left");
    check_eq!(ledger.reset().await?, mem0_core::Erased::default(), "what a second reset removes");
    Ok(())
}
