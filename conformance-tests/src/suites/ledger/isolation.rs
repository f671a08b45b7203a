//! Rules 9 and 23: scopes and ids that are not one's own.

use mem0_core::text::{Bm25, query_terms};
use mem0_core::{
    Filter, KeywordQuery, Ledger, ListQuery, MemoryId, NearestQuery, PendingQuery, Scope, Spend, StoredMessage, TxnId,
};
use uuid::Uuid;

use super::LedgerContext;
use super::context::now;
use super::reading::walk;
use crate::check::Verdict;
use crate::check_eq;
use crate::data::changes::{add, commit, message, vector_of};
use crate::data::jobs::job_id;
use crate::data::points::id;
use crate::data::scopes::tricky;
use crate::suite::cases;

cases! { LedgerContext:
    9 r9_reads_see_their_scope,
    9 r9_scopes_are_listed_by_key,
    23 r23_unknown_reads_as_nothing,
}

const TEXT: &str = "likes tea";

async fn fill(ledger: &dyn Ledger, scopes: &[Scope]) -> Verdict {
    let commits = scopes.iter().zip(0..).map(|(scope, n)| {
        let mut commit = commit(scope, 1, vec![add(id(n), TEXT)]);
        commit.messages = vec![message("m", 1, &format!("said {n}"))];
        commit
    });
    let receipts = ledger.commit(commits.collect()).await?;
    check_eq!(receipts.len(), scopes.len(), "receipts of one commit for each scope");
    for (scope, receipt) in scopes.iter().zip(receipts) {
        check_eq!(receipt.revision, 1, "the revision of {scope} after its first commit");
    }
    Ok(())
}

async fn r9_reads_see_their_scope(context: &LedgerContext) -> Verdict {
    let (ledger, scopes) = (context.ledger(), tricky()?);
    fill(ledger, &scopes).await?;
    let absent = [Scope::user("nobody")?, Scope::user("alice")?.with_run("2")?, Scope::user("b")?, Scope::run("7")?];
    for scope in scopes.iter().chain(&absent) {
        let due: Vec<MemoryId> =
            scopes.iter().zip(0..).filter(|(owner, _)| scope.covers(owner)).map(|(_, n)| id(n)).collect();
        let many = due.len() as u64;
        let listed = walk(ledger, ListQuery::new(scope.clone(), now(), 3)).await?;
        check_eq!(listed.iter().map(|memory| memory.id).collect::<Vec<_>>(), due, "ids that {scope} lists");
        check_eq!(ledger.count(scope, &Filter::All, &now()).await?, many, "how many {scope} counts");
        let query = KeywordQuery {
            scope: scope.clone(),
            terms: query_terms("tea"),
            filter: Filter::All,
            view: now(),
            limit: 500,
            bm25: Bm25::default(),
        };
        let found: Vec<_> = ledger.keyword(&query).await?.hits.into_iter().map(|(id, _, _)| id).collect();
        check_eq!(found, due, "ids that {scope} finds by words");
        let (vector, filter) = (vector_of(TEXT), Filter::All);
        let query = NearestQuery { scope: scope.clone(), vector, filter, view: now(), limit: 500 };
        let found: Vec<_> = ledger.nearest(&query).await?.into_iter().map(|hit| hit.id).collect();
        check_eq!(found, due, "ids that {scope} finds by nearness");
        let query = PendingQuery { scope: Some(scope.clone()), limit: 500, ..PendingQuery::default() };
        let found: Vec<_> = ledger.pending(&query).await?.into_iter().map(|one| one.id).collect();
        check_eq!(found, due, "ids that are pending for {scope}");
        let found: Vec<_> = ledger.log(Some(scope), 0, 500).await?.into_iter().map(|event| event.change.id).collect();
        check_eq!(found, due, "ids in the log of {scope}");
        let stats = ledger.stats(Some(scope)).await?;
        let seen = (stats.scopes, stats.memories, stats.events, stats.messages, stats.pending);
        check_eq!(seen, (many, many, many, many, many), "the counts of {scope}");
        let below: Vec<_> = ledger.scopes(Some(scope), None, 500).await?.into_iter().map(|one| one.scope).collect();
        let mut covered: Vec<_> = scopes.iter().filter(|owner| scope.covers(owner)).cloned().collect();
        covered.sort_by_key(Scope::key);
        check_eq!(below, covered, "scopes that {scope} covers");
        // Revisions and messages are those of the exact scope.
        let own = scopes.iter().position(|owner| owner == scope);
        check_eq!(ledger.revision(scope).await?, u64::from(own.is_some()), "the revision of {scope}");
        let said = ledger.messages(scope, 10).await?;
        let said: Vec<_> = said.into_iter().map(|message: StoredMessage| message.content).collect();
        check_eq!(said, own.map(|n| format!("said {n}")).into_iter().collect::<Vec<_>>(), "messages of {scope}");
    }
    Ok(())
}

async fn r9_scopes_are_listed_by_key(context: &LedgerContext) -> Verdict {
    let (ledger, scopes) = (context.ledger(), tricky()?);
    fill(ledger, &scopes).await?;
    let mut due: Vec<_> = scopes.clone();
    due.sort_by_key(Scope::key);
    let mut seen: Vec<Scope> = Vec::new();
    loop {
        let page = ledger.scopes(None, seen.last(), 7).await?;
        if page.is_empty() {
            break;
        }
        for info in page {
            check_eq!((info.revision, info.memories), (1, 1), "revision and memories of {}", info.scope);
            seen.push(info.scope);
        }
        crate::check!(seen.len() <= due.len(), "a walk through the scopes repeats some");
    }
    check_eq!(seen, due, "a walk through the scopes");
    Ok(())
}

async fn r23_unknown_reads_as_nothing(context: &LedgerContext) -> Verdict {
    let (ledger, nobody) = (context.ledger(), Scope::user("nobody")?);
    let txn = TxnId::from_uuid(Uuid::new_v4());
    // In an empty ledger, and in one that knows somebody.
    for _ in 0..2 {
        check_eq!(ledger.heads(&[id(9), id(9)]).await?, [None, None], "heads of an unknown id");
        check_eq!(ledger.get(&[id(9)], &now()).await?, [None], "get of an unknown id");
        check_eq!(ledger.vectors(&[id(9)]).await?, [None], "vectors of an unknown id");
        check_eq!(ledger.history(id(9)).await?, [], "history of an unknown id");
        check_eq!(ledger.transaction(txn).await?, [], "events of an unknown commit");
        check_eq!(ledger.revision(&nobody).await?, 0, "revision of an unknown scope");
        check_eq!(ledger.messages(&nobody, 10).await?, [], "messages of an unknown scope");
        check_eq!(ledger.count(&nobody, &Filter::All, &now()).await?, 0, "memories of an unknown scope");
        check_eq!(ledger.erase(&nobody).await?, mem0_core::Erased::default(), "what erasing an unknown scope removes");
        check_eq!(ledger.job(job_id(9)).await?, None, "an unknown job");
        check_eq!(ledger.spent(&nobody, now().now).await?, Spend::default(), "what an unknown scope spent");
        ledger.mark_projected(&[(id(9), 1)]).await?;
        ledger.mark_failed(&[(id(9), 1)], now().now).await?;
        check_eq!(ledger.get(&[], &now()).await?, [], "get of no id");
        let alice = Scope::user("alice")?;
        if ledger.revision(&alice).await? == 0 {
            context.put(&alice, 1, vec![add(id(1), TEXT)]).await?;
        }
        let mixed = ledger.heads(&[id(9), id(1), id(8)]).await?;
        check_eq!(mixed.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, false], "heads of three ids");
    }
    Ok(())
}
