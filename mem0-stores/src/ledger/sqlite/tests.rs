//! What is special about this ledger. The rules of the trait are checked by the
//! conformance suite.

use std::path::{Path, PathBuf};

use mem0_core::text::{Bm25, query_terms, terms};
use mem0_core::{Change, Claim, Content, EventKind, Idempotency, Outcome, Role, State};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;

mod file;
mod fixture;
mod speed;

pub(super) const DIMS: usize = 8;

fn identity() -> EmbedderIdentity {
    EmbedderIdentity { model: "test/hash".into(), dims: DIMS, digest: String::new() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + second * 1_000_000).unwrap()
}

fn id(n: u128) -> MemoryId {
    MemoryId::from_uuid(Uuid::from_u128(n))
}

fn user(name: &str) -> Scope {
    Scope::user(name).unwrap()
}

/// A vector of length 1 that belongs to the text.
fn vector(text: &str) -> Vec<f32> {
    let mut vector = [0.1; DIMS];
    for (i, byte) in text.bytes().enumerate() {
        vector[i % DIMS] += f32::from(byte) * (i as f32 + 1.0).sin();
    }
    let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter().map(|x| x / norm).collect()
}

fn change(n: u128, kind: EventKind, base: u64, text: Option<&str>) -> Change {
    Change {
        id: id(n),
        kind,
        base_version: base,
        content: text.map(Content::new),
        vector: text.map(vector),
        terms: text.map(terms).unwrap_or_default(),
        ended_at: None,
        reason: None,
        sources: Vec::new(),
        dedup_key: None,
        created_at: None,
    }
}

fn add(n: u128, text: &str) -> Change {
    change(n, EventKind::Add, 0, Some(text))
}

fn commit(scope: &Scope, second: i64, changes: Vec<Change>) -> Commit {
    Commit {
        scope: scope.clone(),
        txn: TxnId::from_uuid(Uuid::from_u128(second.unsigned_abs().into())),
        at: at(second),
        identity: identity(),
        expected_revision: None,
        changes,
        messages: Vec::new(),
        forget_messages: false,
        idempotency: None,
        claim: None,
    }
}

fn message(id: &str, content: &str, second: i64) -> StoredMessage {
    StoredMessage { id: id.into(), role: Role::User, name: None, content: content.into(), at: at(second) }
}

fn open(path: &Path) -> SqliteLedger {
    SqliteLedger::from_config(&SqliteLedgerConfig::new(path)).unwrap()
}

fn on_disk() -> (TempDir, PathBuf, SqliteLedger) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mem0.db");
    let ledger = open(&path);
    (folder, path, ledger)
}

fn job(n: u128, scope: &Scope, said: &str) -> Job {
    Job::new(JobId::from_uuid(Uuid::from_u128(n)), scope.clone(), said.into(), at(1))
}

async fn texts(ledger: &SqliteLedger, scope: &Scope, view: View) -> Vec<String> {
    let page = ledger.list(&ListQuery::new(scope.clone(), view, 100)).await.unwrap();
    page.items.into_iter().map(|memory| memory.content.text).collect()
}

async fn found(ledger: &SqliteLedger, scope: &Scope, view: View, words: &str) -> Vec<u128> {
    let query = KeywordQuery {
        scope: scope.clone(),
        terms: query_terms(words),
        filter: Filter::All,
        view,
        limit: 10,
        bm25: Bm25::default(),
    };
    let KeywordHits { hits, ceiling, .. } = ledger.keyword(&query).await.unwrap();
    assert!(hits.iter().all(|(_, _, score)| *score <= ceiling));
    hits.into_iter().map(|(id, ..)| id.as_uuid().as_u128()).collect()
}

async fn sound(ledger: &SqliteLedger) {
    assert_eq!(ledger.check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn the_life_of_a_memory() {
    let (_folder, path, ledger) = on_disk();
    let ann = user("ann");
    let now = View::current(at(100));
    let outcomes = ledger.commit(vec![commit(&ann, 1, vec![add(1, "Ann likes green tea")])]).await.unwrap();
    assert_eq!(outcomes[0].outcomes, [Outcome::Applied { id: id(1), version: 1, seq: 1 }]);
    assert_eq!(found(&ledger, &ann, now, "tea").await, [1]);

    ledger
        .commit(vec![commit(&ann, 2, vec![change(1, EventKind::Update, 1, Some("Ann likes coffee"))])])
        .await
        .unwrap();
    assert!(found(&ledger, &ann, now, "tea").await.is_empty());
    assert_eq!(found(&ledger, &ann, now, "coffee").await, [1]);
    sound(&ledger).await;

    ledger.commit(vec![commit(&ann, 3, vec![change(1, EventKind::Delete, 2, None)])]).await.unwrap();
    assert!(texts(&ledger, &ann, now).await.is_empty());
    assert!(found(&ledger, &ann, now, "coffee").await.is_empty());
    assert_eq!(ledger.heads(&[id(1)]).await.unwrap()[0].as_ref().unwrap().state, State::Deleted);
    sound(&ledger).await;

    // Undo brings it back with its vector and its words.
    let mut undo = change(1, EventKind::Undo, 3, Some("Ann likes coffee"));
    undo.vector = None;
    ledger.commit(vec![commit(&ann, 4, vec![undo])]).await.unwrap();
    assert_eq!(texts(&ledger, &ann, now).await, ["Ann likes coffee"]);
    assert_eq!(found(&ledger, &ann, now, "coffee").await, [1]);
    assert_eq!(ledger.vectors(&[id(1)]).await.unwrap(), [Some(vector("Ann likes coffee"))]);
    // Undoing the first version takes it away.
    ledger.commit(vec![commit(&ann, 5, vec![add(2, "Ann has a cat")])]).await.unwrap();
    ledger.commit(vec![commit(&ann, 6, vec![change(2, EventKind::Undo, 1, None)])]).await.unwrap();
    assert_eq!(texts(&ledger, &ann, now).await, ["Ann likes coffee"]);

    let kinds: Vec<_> = ledger.history(id(1)).await.unwrap().into_iter().map(|event| event.change.kind).collect();
    assert_eq!(kinds, [EventKind::Add, EventKind::Update, EventKind::Delete, EventKind::Undo]);
    let mut then = now;
    then.known_at = Some(at(1));
    assert_eq!(texts(&ledger, &ann, then).await, ["Ann likes green tea"]);
    assert_eq!(found(&ledger, &ann, then, "tea").await, [1]);
    assert_eq!(ledger.revision(&ann).await.unwrap(), 6);

    drop(ledger);
    let ledger = open(&path);
    sound(&ledger).await;
    assert_eq!(texts(&ledger, &ann, now).await, ["Ann likes coffee"]);
}

#[tokio::test]
async fn an_expired_memory_makes_room_for_its_successor() {
    let (_folder, _, ledger) = on_disk();
    let ann = user("ann");
    let mut first = add(1, "Ann is in Lisbon");
    first.dedup_key = Some([7; 16]);
    first.content.as_mut().unwrap().expires_at = Some(at(10));
    let mut again = add(2, "Ann is in Lisbon");
    again.dedup_key = Some([7; 16]);
    ledger.commit(vec![commit(&ann, 1, vec![first])]).await.unwrap();

    let early = ledger.commit(vec![commit(&ann, 9, vec![again.clone()])]).await.unwrap();
    assert_eq!(early[0].outcomes, [Outcome::Existing { id: id(1) }]);
    assert_eq!(early[0].revision, 1);
    let late = ledger.commit(vec![commit(&ann, 10, vec![again])]).await.unwrap();
    assert_eq!(late[0].outcomes, [Outcome::Applied { id: id(2), version: 1, seq: 3 }]);
    let ended = &ledger.history(id(1)).await.unwrap()[1].change;
    assert_eq!((ended.kind, ended.reason.as_deref()), (EventKind::Supersede, Some("expired")));
    sound(&ledger).await;

    // An update that would collide goes on without a key.
    let mut other = change(3, EventKind::Add, 0, Some("Ann is in Rome"));
    other.dedup_key = Some([8; 16]);
    let mut collides = change(3, EventKind::Update, 1, Some("Ann is in Lisbon"));
    collides.dedup_key = Some([7; 16]);
    let done = ledger.commit(vec![commit(&ann, 11, vec![other, collides])]).await.unwrap();
    assert_eq!(done[0].outcomes.len(), 2);
    sound(&ledger).await;
}

#[tokio::test]
async fn replaying_the_log_gives_the_same_reads() {
    let (_folder, _, ledger) = on_disk();
    history_of_two_scopes(&ledger).await;
    let log = ledger.log(None, 0, usize::MAX).await.unwrap();

    let copy = SqliteLedger::open(SqliteDb::in_memory().unwrap()).unwrap();
    for logged in &log {
        let LoggedChange { scope, txn, at, change, .. } = logged.clone();
        let json = serde_json::to_string(&change).unwrap();
        let change = serde_json::from_str(&json).unwrap();
        copy.commit(vec![Commit { txn, at, ..commit(&scope, 0, vec![change]) }]).await.unwrap();
    }
    sound(&copy).await;
    let replayed = copy.log(None, 0, usize::MAX).await.unwrap();
    assert_eq!(replayed, log);
    let ann = user("ann");
    for second in 0..12 {
        for (as_of, known_at) in
            [(None, None), (Some(second), None), (None, Some(second)), (Some(second), Some(second))]
        {
            let mut view = View::current(at(20));
            (view.as_of, view.known_at) = (as_of.map(at), known_at.map(at));
            let query = ListQuery::new(ann.clone(), view, 100);
            assert_eq!(copy.list(&query).await.unwrap(), ledger.list(&query).await.unwrap(), "{view:?}");
        }
    }
    // A page at a time, and of one scope.
    let run = ann.clone().with_run("7").unwrap();
    let mut paged = Vec::new();
    while let Some(last) = ledger.log(Some(&run), paged.last().copied().unwrap_or(0), 1).await.unwrap().pop() {
        paged.push(last.seq);
    }
    let expected: Vec<u64> = log.iter().filter(|logged| run.covers(&logged.scope)).map(|logged| logged.seq).collect();
    assert_eq!(paged, expected);
}

/// Every kind of row.
async fn history_of_two_scopes(ledger: &SqliteLedger) {
    let ann = user("ann");
    let run = ann.clone().with_run("7").unwrap().with_org("o%=&").unwrap();
    let mut expiring = add(4, "Ann is in Lisbon");
    expiring.content.as_mut().unwrap().expires_at = Some(at(5));
    expiring.dedup_key = Some([4; 16]);
    let mut first = commit(&ann, 1, vec![add(1, "Ann likes tea"), add(2, "Ann has a cat\0 \"quoted\" 日本"), expiring]);
    first.messages = vec![message("m1", "I like tea", 1), message("m2", "said before", 0)];
    first.idempotency = Some(Idempotency { key: "key".into(), digest: [3; 32] });
    first.claim = Some(Claim { owner: "a".into(), until: at(30) });
    let mut update = change(1, EventKind::Update, 1, Some("Ann likes coffee"));
    update.content.as_mut().unwrap().valid_from = Some(at(2));
    let mut imported = add(3, "Ann ran 5 km");
    imported.created_at = Some(at(-500));
    let mut replaced = add(5, "Ann is in Lisbon");
    replaced.dedup_key = Some([4; 16]);
    let mut metadata = change(5, EventKind::Update, 1, Some("Ann is in Lisbon"));
    metadata.content.as_mut().unwrap().metadata.insert("mood".into(), 0.1.into());
    metadata.vector = None;
    let mut ended = change(2, EventKind::Supersede, 1, None);
    ended.ended_at = Some(at(3));
    ended.reason = Some("the cat moved out".into());
    for commits in [
        vec![first],
        vec![commit(&ann, 3, vec![update]), commit(&run, 3, vec![imported])],
        vec![commit(&ann, 6, vec![replaced, metadata])],
        vec![commit(&run, 7, vec![change(3, EventKind::Delete, 1, None)])],
        vec![commit(&ann, 8, vec![ended])],
        vec![commit(&run, 9, vec![change(3, EventKind::Undo, 2, Some("Ann ran 5 km"))])],
    ] {
        ledger.commit(commits).await.unwrap();
    }
}

#[tokio::test]
async fn a_claim_that_somebody_else_holds_survives_a_commit() {
    let (_folder, _, ledger) = on_disk();
    let ann = user("ann");
    let claim = |owner: &str, until| Some(Claim { owner: owner.into(), until: at(until) });
    let mut first = commit(&ann, 1, vec![add(1, "one")]);
    first.claim = claim("a", 10);
    let mut second = commit(&ann, 2, vec![change(1, EventKind::Update, 1, Some("two"))]);
    second.claim = claim("b", 20);
    ledger.commit(vec![first, second]).await.unwrap();
    let due = async |owner: &str, second| {
        let query = PendingQuery { due: Some(at(second)), claim: claim(owner, 40), limit: 9, ..Default::default() };
        ledger.pending(&query).await.unwrap().len()
    };
    assert_eq!((due("b", 9).await, due("a", 9).await, due("b", 39).await, due("b", 40).await), (0, 1, 0, 1));
    let without = PendingQuery { claim: claim("a", 1), limit: 1, ..Default::default() };
    assert_eq!(ledger.pending(&without).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn many_scopes_are_merged_in_order() {
    let (_folder, _, ledger) = on_disk();
    let ann = user("ann");
    for n in 0..60_u128 {
        let scope = ann.clone().with_run((n % 20).to_string()).unwrap();
        ledger.commit(vec![commit(&scope, (n / 3) as i64, vec![add(n + 1, "Ann likes tea")])]).await.unwrap();
    }
    for descending in [false, true] {
        let mut query = ListQuery::new(ann.clone(), View::current(at(99)), 7);
        query.descending = descending;
        let mut seen = Vec::new();
        loop {
            let page = ledger.list(&query).await.unwrap();
            seen.extend(page.items.iter().map(|memory| memory.id.as_uuid().as_u128()));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        let mut expected: Vec<u128> = (1..=60).collect();
        if descending {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
    // More scopes than are looked up one by one.
    assert_eq!(found(&ledger, &ann, View::current(at(99)), "tea").await, (1..=10).collect::<Vec<_>>());
    let run = ann.clone().with_run("3").unwrap();
    assert_eq!(found(&ledger, &run, View::current(at(99)), "tea").await, [4, 24, 44]);
    assert_eq!(ledger.count(&run, &Filter::eq("data", "Ann likes tea"), &View::current(at(99))).await.unwrap(), 3);
    sound(&ledger).await;
}

#[tokio::test]
async fn another_model_moves_in() {
    let (_folder, _, ledger) = on_disk();
    history_of_two_scopes(&ledger).await;
    let projection = |identity: &EmbedderIdentity| Projection {
        store: "sqlite".into(),
        collection: "mem0".into(),
        identity: identity.clone(),
    };
    let old = projection(&identity());
    ledger.set_projection(None, &old, 0).await.unwrap();
    let new = EmbedderIdentity { model: "test/other".into(), dims: 2, digest: "d".into() };
    let early = ledger.set_projection(Some(&old), &projection(&new), 0).await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::Conflict);
    let wrong = ledger.put_vectors(&new, &[(id(1), 1, vec![1.0])]).await.unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::DimensionMismatch);
    loop {
        let missing = ledger.missing_vectors(&new, 2).await.unwrap();
        if missing.is_empty() {
            break;
        }
        let made: Vec<_> = missing.into_iter().map(|(id, version, _)| (id, version, vec![0.6, 0.8])).collect();
        ledger.put_vectors(&new, &made).await.unwrap();
    }
    let all = ledger.pending(&PendingQuery { limit: 99, ..Default::default() }).await.unwrap();
    ledger.mark_projected(&all.iter().map(|p| (p.id, p.seq)).collect::<Vec<_>>()).await.unwrap();
    ledger.set_projection(Some(&old), &projection(&new), 0).await.unwrap();
    let pending = ledger.pending(&PendingQuery { limit: 99, ..Default::default() }).await.unwrap();
    assert_eq!(pending.len(), all.len());
    assert!(pending.iter().filter_map(|p| p.head.as_ref()).all(|(_, vector)| vector == &[0.6, 0.8]));
    let error = ledger.commit(vec![commit(&user("ann"), 20, vec![add(99, "x")])]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdentityMismatch);
    sound(&ledger).await;
}
