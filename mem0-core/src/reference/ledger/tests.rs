//! Each test is named after what a caller may rely on; the numbers are those of
//! the rules of [`Ledger`].

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::super::{HashEmbedder, ManualClock};
use super::*;
use crate::error::ErrorKind;
use crate::text::{Bm25, query_terms, terms};
use crate::traits::clock::Clock;
use crate::traits::embedder::Embedder;
use crate::traits::ledger::{Change, Claim, Idempotency, OrderBy, Outcome, State};
use crate::types::memory::{Content, EventKind};
use crate::types::message::Role;

struct World {
    ledger: MemoryLedger,
    clock: ManualClock,
    embedder: HashEmbedder,
}

fn ana() -> Scope {
    Scope::user("ana").unwrap()
}

impl World {
    fn new() -> Self {
        Self { ledger: MemoryLedger::new(), clock: ManualClock::default(), embedder: HashEmbedder::default() }
    }

    fn change(&self, kind: EventKind, id: MemoryId, base_version: u64, text: Option<&str>) -> Change {
        Change {
            id,
            kind,
            base_version,
            content: text.map(Content::new),
            vector: text.map(|text| self.embedder.vector(text)),
            terms: text.map(terms).unwrap_or_default(),
            ended_at: None,
            reason: None,
            sources: Vec::new(),
            dedup_key: text.filter(|text| text.len() < 16).map(key),
            created_at: None,
        }
    }

    fn add(&self, text: &str) -> Change {
        self.change(EventKind::Add, self.clock.memory_id(), 0, Some(text))
    }

    fn plan(&self, scope: Scope, changes: Vec<Change>) -> Commit {
        Commit {
            scope,
            txn: self.clock.txn_id(),
            at: self.clock.now(),
            identity: self.embedder.identity().clone(),
            expected_revision: None,
            changes,
            messages: Vec::new(),
            forget_messages: false,
            idempotency: None,
            claim: None,
        }
    }

    async fn commit(&self, commit: Commit) -> Result<Receipt> {
        self.ledger.commit(vec![commit]).await.map(|receipts| receipts[0].clone())
    }

    /// Commits one change in ana's scope a second later, and returns the id.
    async fn put(&self, change: Change) -> MemoryId {
        self.clock.advance(Duration::from_secs(1));
        let id = change.id;
        self.commit(self.plan(ana(), vec![change])).await.unwrap();
        id
    }

    fn now(&self) -> View {
        View::current(self.clock.now())
    }

    async fn texts(&self, view: View) -> Vec<String> {
        let page = self.ledger.list(&ListQuery::new(ana(), view, 100)).await.unwrap();
        page.items.into_iter().map(|memory| memory.content.text).collect()
    }

    async fn waiting(&self, query: PendingQuery) -> Vec<Pending> {
        self.ledger.pending(&query).await.unwrap()
    }

    async fn found(&self, words: &str, view: View) -> Vec<MemoryId> {
        let query = KeywordQuery {
            scope: ana(),
            terms: query_terms(words),
            filter: Filter::All,
            view,
            limit: 10,
            bm25: Bm25::default(),
        };
        self.ledger.keyword(&query).await.unwrap().hits.into_iter().map(|(id, ..)| id).collect()
    }
}

fn key(text: &str) -> [u8; 16] {
    let mut key = [0; 16];
    key[..text.len()].copy_from_slice(text.as_bytes());
    key
}

fn everything() -> PendingQuery {
    PendingQuery { limit: usize::MAX, ..PendingQuery::default() }
}

fn expiring(world: &World, mut change: Change, after: u64) -> Change {
    let at = world.clock.now().plus_micros(after as i64 * 1_000_000);
    change.content.as_mut().unwrap().expires_at = Some(at);
    change
}

#[tokio::test]
async fn a_call_is_whole_or_not_at_all() {
    let world = World::new();
    let good = world.plan(ana(), vec![world.add("tea")]);
    let bob = Scope::user("bob").unwrap();
    let bad =
        world.plan(bob, vec![world.add("rum"), world.change(EventKind::Delete, world.clock.memory_id(), 1, None)]);
    let error = world.ledger.commit(vec![good.clone(), bad]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(world.ledger.stats(None).await.unwrap(), LedgerStats::default());
    assert_eq!(world.ledger.last_seq().await.unwrap(), 0);
    world.commit(good).await.unwrap();
    assert_eq!(world.ledger.last_seq().await.unwrap(), 1);
}

#[tokio::test]
async fn revisions_count_commits_that_changed_something() {
    let world = World::new();
    let mut first = world.plan(ana(), vec![world.add("tea")]);
    first.expected_revision = Some(0);
    assert_eq!(world.commit(first.clone()).await.unwrap().revision, 1);
    // The same text is known, so nothing is applied.
    let again = world.plan(ana(), vec![world.add("tea")]);
    assert_eq!(world.commit(again).await.unwrap().revision, 1);
    first.changes = vec![world.add("rum")];
    assert_eq!(world.commit(first).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(world.ledger.revision(&ana()).await.unwrap(), 1);
    // Two commits of one call see each other.
    let mut two = [world.plan(ana(), vec![world.add("a")]), world.plan(ana(), vec![world.add("b")])];
    two[0].expected_revision = Some(1);
    two[1].expected_revision = Some(2);
    let receipts = world.ledger.commit(two.to_vec()).await.unwrap();
    assert_eq!(receipts.iter().map(|r| r.revision).collect::<Vec<_>>(), [2, 3]);
}

#[tokio::test]
async fn changes_build_on_the_current_version_of_their_own_scope() {
    let world = World::new();
    let id = world.put(world.add("tea")).await;
    let refused =
        async |scope: Scope, change: Change| world.commit(world.plan(scope, vec![change])).await.unwrap_err().kind();
    let update = |base| world.change(EventKind::Update, id, base, Some("mint tea"));
    assert_eq!(refused(ana(), update(0)).await, ErrorKind::Conflict);
    assert_eq!(refused(ana(), update(2)).await, ErrorKind::Conflict);
    assert_eq!(refused(ana().with_run("7").unwrap(), update(1)).await, ErrorKind::NotFound);
    assert_eq!(refused(ana(), world.change(EventKind::Add, id, 0, Some("x"))).await, ErrorKind::AlreadyExists);
    let unknown = world.change(EventKind::Update, world.clock.memory_id(), 1, Some("x"));
    assert_eq!(refused(ana(), unknown).await, ErrorKind::NotFound);
}

#[tokio::test]
async fn what_does_not_fit_its_kind_is_refused() {
    let world = World::new();
    let id = world.put(world.add("tea")).await;
    let bare = |kind, base, text: Option<&str>| {
        let mut change = world.change(kind, if base == 0 { world.clock.memory_id() } else { id }, base, text);
        change.vector = None;
        change
    };
    let mut short = world.add("x");
    short.vector.as_mut().unwrap().pop();
    let mut broken = world.add("y");
    broken.vector.as_mut().unwrap()[0] = f32::NAN;
    for (change, kind) in [
        (bare(EventKind::Add, 0, None), ErrorKind::InvalidInput),
        (bare(EventKind::Add, 0, Some("x")), ErrorKind::InvalidInput),
        (bare(EventKind::Update, 1, None), ErrorKind::InvalidInput),
        (bare(EventKind::Update, 1, Some("other text")), ErrorKind::InvalidInput),
        (bare(EventKind::Delete, 1, Some("x")), ErrorKind::InvalidInput),
        (bare(EventKind::Supersede, 1, Some("x")), ErrorKind::InvalidInput),
        (short, ErrorKind::DimensionMismatch),
        (broken, ErrorKind::InvalidInput),
    ] {
        let error = world.commit(world.plan(ana(), vec![change])).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    // The same text needs no new vector.
    world.put(bare(EventKind::Update, 1, Some("tea"))).await;
    assert_eq!(world.ledger.vectors(&[id]).await.unwrap(), [Some(world.embedder.vector("tea"))]);
}

#[tokio::test]
async fn one_text_is_one_memory_until_it_expires() {
    let world = World::new();
    let first = world.put(expiring(&world, world.add("tea"), 10)).await;
    let again = world.commit(world.plan(ana(), vec![world.add("tea"), world.add("rum")])).await.unwrap();
    assert_eq!(again.outcomes[0], Outcome::Existing { id: first });
    assert!(matches!(again.outcomes[1], Outcome::Applied { version: 1, seq: 2, .. }));
    // Another exact scope has its own keys.
    let run = world.plan(ana().with_run("7").unwrap(), vec![world.add("tea")]);
    assert!(matches!(world.commit(run).await.unwrap().outcomes[0], Outcome::Applied { .. }));

    world.clock.advance(Duration::from_secs(60));
    let anew = world.put(world.add("tea")).await;
    assert_ne!(anew, first);
    let head = world.ledger.heads(&[first]).await.unwrap()[0].clone().unwrap();
    assert_eq!((head.state, head.version), (State::Superseded, 2));
    let last = world.ledger.history(first).await.unwrap().pop().unwrap();
    assert_eq!((last.change.kind, last.change.reason.as_deref()), (EventKind::Supersede, Some("expired")));
}

#[tokio::test]
async fn an_update_that_collides_loses_its_key() {
    let world = World::new();
    let tea = world.put(world.add("tea")).await;
    let rum = world.put(world.add("rum")).await;
    world.put(world.change(EventKind::Update, rum, 1, Some("tea"))).await;
    assert_eq!(world.texts(world.now()).await, ["tea", "tea"]);
    assert_eq!(world.ledger.history(rum).await.unwrap()[1].change.dedup_key, None);
    // The old text of the updated one is free again, and the key is still tea's.
    assert!(matches!(
        world.commit(world.plan(ana(), vec![world.add("rum"), world.add("tea")])).await.unwrap().outcomes[..],
        [Outcome::Applied { .. }, Outcome::Existing { id }] if id == tea
    ));
    // A commit sees its own changes: once tea is gone, its text is free.
    let swap = vec![world.change(EventKind::Delete, tea, 1, None), world.add("tea")];
    assert!(matches!(world.commit(world.plan(ana(), swap)).await.unwrap().outcomes[1], Outcome::Applied { .. }));
    assert_eq!(world.ledger.check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_used_idempotency_key_writes_nothing() {
    let world = World::new();
    let mut commit = world.plan(ana(), vec![world.add("tea")]);
    commit.expected_revision = Some(0);
    commit.idempotency = Some(Idempotency { key: "k".into(), digest: [1; 32] });
    let first = world.commit(commit.clone()).await.unwrap();
    world.put(world.add("rum")).await;
    commit.txn = world.clock.txn_id();
    let second = world.commit(commit.clone()).await.unwrap();
    assert_eq!(second, Receipt { revision: 2, replayed: true, ..first });
    commit.idempotency.as_mut().unwrap().digest = [2; 32];
    assert_eq!(world.commit(commit).await.unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(world.ledger.last_seq().await.unwrap(), 2);
}

#[tokio::test]
async fn both_clocks_can_be_turned_back() {
    let world = World::new();
    let start = world.clock.now();
    let at = |seconds: i64| start.plus_micros(seconds * 1_000_000);
    let lisbon = world.put(world.add("lives in Lisbon")).await; // 1 s
    world.clock.set(at(10));
    let mut moved = world.change(EventKind::Update, lisbon, 1, Some("lives in Oslo")); // learnt at 11 s
    moved.content.as_mut().unwrap().valid_from = Some(at(5));
    world.put(moved).await;
    let deleted = world.put(world.add("likes rum")).await; // 12 s
    world.put(world.change(EventKind::Delete, deleted, 1, None)).await; // 13 s
    let superseded = world.put(world.add("likes tea")).await; // 14 s
    let mut end = world.change(EventKind::Supersede, superseded, 1, None); // 15 s
    end.ended_at = Some(at(14).plus_micros(500_000));
    world.put(end).await;

    let now = world.now();
    let as_of = |seconds| View { as_of: Some(at(seconds)), ..now };
    let known_at = |seconds| View { known_at: Some(at(seconds)), ..now };
    assert_eq!(world.texts(now).await, ["lives in Oslo"]);
    assert_eq!(world.texts(as_of(4)).await, ["lives in Lisbon"]);
    assert_eq!(world.texts(as_of(5)).await, ["lives in Oslo"]);
    assert_eq!(world.texts(as_of(12)).await, ["lives in Oslo"]); // what was deleted is gone
    assert_eq!(world.texts(as_of(14)).await, ["lives in Oslo", "likes tea"]);
    assert_eq!(world.texts(as_of(15)).await, ["lives in Oslo"]);
    assert_eq!(world.texts(known_at(0)).await, Vec::<String>::new());
    assert_eq!(world.texts(known_at(10)).await, ["lives in Lisbon"]);
    assert_eq!(world.texts(known_at(12)).await, ["lives in Oslo", "likes rum"]);
    let both = View { as_of: Some(at(6)), ..known_at(10) };
    assert_eq!(world.texts(both).await, ["lives in Lisbon"]); // the move was not known yet
    assert_eq!(world.found("Lisbon", as_of(4)).await, [lisbon]);
    assert_eq!(world.found("Lisbon", now).await, []);
}

#[tokio::test]
async fn a_change_can_be_taken_back() {
    let world = World::new();
    let id = world.put(world.add("tea")).await;
    world.put(world.change(EventKind::Delete, id, 1, None)).await;
    assert_eq!(world.ledger.get(&[id], &world.now()).await.unwrap(), [None]);
    let mut undo = world.change(EventKind::Undo, id, 2, Some("tea"));
    undo.vector = None;
    world.put(undo).await;
    let back = world.ledger.get(&[id], &world.now()).await.unwrap()[0].clone().unwrap();
    assert_eq!((back.version, back.content.text.as_str()), (3, "tea"));
    assert!(back.created_at < back.updated_at);
    world.put(world.change(EventKind::Undo, id, 3, None)).await;
    assert_eq!(world.ledger.heads(&[id]).await.unwrap()[0].as_ref().unwrap().state, State::Deleted);
    let kinds: Vec<_> = world.ledger.history(id).await.unwrap().iter().map(|e| e.change.kind).collect();
    assert_eq!(kinds, [EventKind::Add, EventKind::Delete, EventKind::Undo, EventKind::Undo]);
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    let world = World::new();
    for n in 0..25 {
        // Several memories share a time.
        world.commit(world.plan(ana(), vec![world.add(&format!("a{n}")), world.add(&format!("b{n}"))])).await.unwrap();
        if n % 3 == 0 {
            world.clock.advance(Duration::from_secs(1));
        }
    }
    for descending in [false, true] {
        let mut query = ListQuery::new(ana(), world.now(), 7);
        (query.order, query.descending) = (OrderBy::UpdatedAt, descending);
        query.filter = Filter::contains("data", "a").or(Filter::contains("data", "b"));
        let mut seen = Vec::new();
        loop {
            let page = world.ledger.list(&query).await.unwrap();
            seen.extend(page.items.into_iter().map(|m| (m.updated_at, m.id)));
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        if descending {
            seen.reverse();
        }
        assert_eq!(seen.len(), 50);
        assert!(seen.is_sorted());
        assert_eq!(world.ledger.count(&ana(), &query.filter, &world.now()).await.unwrap(), 50);
    }
}

#[tokio::test]
async fn words_rank_by_the_texts_that_the_scope_holds() {
    let world = World::new();
    let tea = world.put(world.add("Ana drinks green tea every morning")).await;
    let rum = world.put(world.add("Ana drinks rum")).await;
    world.put(world.change(EventKind::Update, rum, 1, Some("Ana drinks coffee"))).await;
    assert_eq!(world.found("green coffee", world.now()).await, [rum, tea]); // the shorter text first
    assert_eq!(world.found("rum", world.now()).await, []);
    let bm25 = Bm25::default();
    let mut query = KeywordQuery {
        scope: ana(),
        terms: query_terms("drinks whisky"),
        filter: Filter::All,
        view: world.now(),
        limit: 1,
        bm25,
    };
    let found = world.ledger.keyword(&query).await.unwrap();
    assert_eq!(found.hits.len(), 1);
    let ceiling = bm25.ceiling(bm25.idf(2, 2)) + bm25.ceiling(bm25.idf(2, 0));
    assert!((found.ceiling - ceiling).abs() < 1e-6);
    query.terms.clear();
    assert_eq!(
        world.ledger.keyword(&query).await.unwrap(),
        KeywordHits { hits: vec![], ceiling: 0.0, weights: vec![], held: vec![] }
    );
}

#[tokio::test]
async fn the_nearest_come_first_and_within_the_filter() {
    let world = World::new();
    let tea = world.put(world.add("green tea in the morning")).await;
    let mut other = world.add("the train is late");
    other.content.as_mut().unwrap().metadata.insert("mood".into(), json!("bad"));
    let train = world.put(other).await;
    let mut query = NearestQuery {
        scope: ana(),
        vector: world.embedder.vector("green tea in the morning"),
        filter: Filter::All,
        view: world.now(),
        limit: 5,
    };
    let hits = world.ledger.nearest(&query).await.unwrap();
    assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [tea, train]);
    assert!((hits[0].similarity - 1.0).abs() < 1e-6);
    query.filter = Filter::eq("mood", "bad");
    assert_eq!(world.ledger.nearest(&query).await.unwrap()[0].id, train);
    query.vector.pop();
    assert_eq!(world.ledger.nearest(&query).await.unwrap_err().kind(), ErrorKind::DimensionMismatch);
}

#[tokio::test]
async fn what_is_pending_is_taken_by_one_owner_at_a_time() {
    let world = World::new();
    let now = world.clock.now();
    let until = now.plus_micros(60_000_000);
    let claim = |owner: &str| Some(Claim { owner: owner.into(), until });
    let due = |at, owner| PendingQuery { due: Some(at), claim: owner, limit: 10, ..PendingQuery::default() };
    let mut commit = world.plan(ana(), vec![world.add("tea")]);
    commit.claim = claim("a");
    world.commit(commit).await.unwrap();
    assert_eq!(world.waiting(everything()).await.len(), 1);
    assert!(world.waiting(due(now, claim("b"))).await.is_empty());
    let mine = world.waiting(due(now, claim("a"))).await;
    let id = mine[0].id;

    // A change by somebody else leaves the claim where it is.
    let mut update = world.plan(ana(), vec![world.change(EventKind::Update, id, 1, Some("rum"))]);
    update.claim = claim("b");
    world.commit(update).await.unwrap();
    assert!(world.waiting(due(now, claim("b"))).await.is_empty());
    world.ledger.mark_projected(&[(id, mine[0].seq)]).await.unwrap();
    let mine = world.waiting(due(now, claim("a"))).await;
    assert_eq!((mine[0].version, mine[0].head.as_ref().unwrap().0.content.text.as_str()), (2, "rum"));

    world.ledger.mark_failed(&[(id, mine[0].seq)], until).await.unwrap();
    assert!(world.waiting(due(now, claim("a"))).await.is_empty());
    let later = world.waiting(due(until, claim("b"))).await;
    assert_eq!(later[0].attempts, 1);
    world.ledger.mark_projected(&[(id, later[0].seq)]).await.unwrap();
    assert!(world.waiting(everything()).await.is_empty());

    world.put(world.change(EventKind::Delete, id, 2, None)).await;
    assert_eq!(world.waiting(everything()).await[0].head, None);
    let unclaimed = PendingQuery { claim: claim("a"), ..everything() };
    assert_eq!(world.ledger.pending(&unclaimed).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn the_projection_moves_when_every_version_has_a_vector() {
    let world = World::new();
    let id = world.put(world.add("tea")).await;
    world.put(world.change(EventKind::Update, id, 1, Some("rum"))).await;
    let place = |collection: &str, embedder: &HashEmbedder| Projection {
        store: "memory".into(),
        collection: collection.into(),
        identity: embedder.identity().clone(),
    };
    let small = HashEmbedder::new(8);
    let (old, new) = (place("old", &world.embedder), place("new", &small));
    let ledger = &world.ledger;
    // The first change says whose vectors they are, before there is a projection.
    let other = Commit { identity: small.identity().clone(), ..world.plan(ana(), vec![]) };
    assert_eq!(world.commit(other).await.unwrap_err().kind(), ErrorKind::IdentityMismatch);
    ledger.set_projection(None, &old, 2).await.unwrap();
    assert_eq!(ledger.set_projection(None, &old, 0).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(ledger.set_projection(Some(&old), &new, 0).await.unwrap_err().kind(), ErrorKind::Conflict);
    let missing = ledger.missing_vectors(small.identity(), 10).await.unwrap();
    assert_eq!(missing, [(id, 1, "tea".into()), (id, 2, "rum".into())]);
    let made: Vec<_> = missing.into_iter().map(|(id, version, text)| (id, version, small.vector(&text))).collect();
    ledger.put_vectors(small.identity(), &made).await.unwrap();
    let wait = world.waiting(everything()).await;
    ledger.mark_projected(&[(id, wait[0].seq)]).await.unwrap();
    ledger.set_projection(Some(&old), &new, 0).await.unwrap();
    assert_eq!(ledger.projection().await.unwrap(), Some(new));
    assert_eq!(world.waiting(everything()).await[0].head.as_ref().unwrap().1, small.vector("rum"));
    assert_eq!(ledger.history(id).await.unwrap()[0].change.vector, Some(small.vector("tea")));
    let stale = world.commit(world.plan(ana(), vec![world.add("x")])).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::IdentityMismatch);
}

#[tokio::test]
async fn messages_keep_the_order_in_which_they_were_said() {
    let world = World::new();
    let start = world.clock.now();
    let said = |id: &str, seconds: i64| StoredMessage {
        id: id.into(),
        role: Role::User,
        name: None,
        content: format!("I am {id}"),
        at: start.plus_micros(seconds * 1_000_000),
    };
    let keep = |messages| Commit { messages, ..world.plan(ana(), vec![]) };
    world.commit(keep(vec![said("c", 3), said("a", 1), said("b", 1)])).await.unwrap();
    world.commit(keep(vec![said("a", 9), said("d", 2)])).await.unwrap();
    let ids = async |limit| -> Vec<String> {
        world.ledger.messages(&ana(), limit).await.unwrap().into_iter().map(|m| m.id).collect()
    };
    assert_eq!(ids(10).await, ["a", "b", "d", "c"]);
    assert_eq!(ids(2).await, ["d", "c"]);
    let mut again = keep(vec![said("a", 9)]);
    again.forget_messages = true;
    world.commit(again).await.unwrap();
    assert_eq!(ids(10).await, ["a"]);
    assert_eq!(world.ledger.revision(&ana()).await.unwrap(), 0);
}

#[tokio::test]
async fn erasing_leaves_ids_to_delete_and_nothing_else() {
    let world = World::new();
    let run = ana().with_run("7").unwrap();
    let mut commit = world.plan(run.clone(), vec![world.add("tea"), world.add("rum")]);
    commit.idempotency = Some(Idempotency { key: "k".into(), digest: [1; 32] });
    let receipt = world.commit(commit).await.unwrap();
    let bob = Scope::user("bob").unwrap();
    world.commit(world.plan(bob.clone(), vec![world.add("tea")])).await.unwrap();
    let ids = receipt.outcomes.iter().map(|outcome| match outcome {
        Outcome::Applied { id, .. } | Outcome::Existing { id } => *id,
    });
    let ids: Vec<MemoryId> = ids.collect();
    // One is deleted and the store knows it; the other one's addition is on its way.
    let gone = world.commit(world.plan(run.clone(), vec![world.change(EventKind::Delete, ids[0], 1, None)])).await;
    let Outcome::Applied { seq, .. } = gone.unwrap().outcomes[0] else { unreachable!() };
    world.ledger.mark_projected(&[(ids[0], seq)]).await.unwrap();

    let erased = world.ledger.erase(&ana()).await.unwrap();
    assert_eq!(
        erased,
        Erased {
            memories: 2,
            events: 3,
            messages: 0,
            idempotency_keys: 1,
            vectors: 2,
            postings: 2,
            ..Erased::default()
        }
    );
    assert_eq!(world.ledger.heads(&ids).await.unwrap(), [None, None]);
    assert_eq!(world.ledger.revision(&run).await.unwrap(), 0);
    assert_eq!(world.ledger.log(None, 0, 10).await.unwrap().len(), 1);
    assert_eq!(world.ledger.transaction(receipt.txn).await.unwrap(), []);
    let wait = world.waiting(PendingQuery { scope: Some(ana()), ..everything() }).await;
    assert_eq!(wait.len(), 1);
    assert_eq!((wait[0].id, wait[0].version, wait[0].head.is_none()), (ids[1], 2, true));
    // A mark of the addition comes late and does not hide the deletion.
    world.ledger.mark_projected(&[(ids[1], 2)]).await.unwrap();
    assert_eq!(world.waiting(everything()).await.len(), 2);
    assert_eq!(world.ledger.scopes(None, None, 9).await.unwrap().len(), 1);
    assert_eq!(world.ledger.stats(Some(&bob)).await.unwrap().memories, 1);
    assert_eq!(world.ledger.check().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn scopes_come_in_the_order_of_their_keys() {
    let world = World::new();
    let scopes = [Scope::agent("x"), Scope::user("b"), ana().with_run("2"), Ok(ana()), ana().with_app("p")];
    for scope in scopes {
        world.commit(world.plan(scope.unwrap(), vec![world.add("tea")])).await.unwrap();
    }
    let mut after = None;
    let mut keys = Vec::new();
    while let [info] = &world.ledger.scopes(None, after.as_ref(), 1).await.unwrap()[..] {
        assert_eq!((info.revision, info.memories), (1, 1));
        keys.push(info.scope.key());
        after = Some(info.scope.clone());
    }
    assert!(keys.is_sorted());
    assert_eq!(keys.len(), 5);
    assert_eq!(world.ledger.scopes(Some(&ana()), None, 9).await.unwrap().len(), 3);
}

#[tokio::test]
async fn ten_thousand_memories_are_no_trouble() {
    let world = World::new();
    for batch in 0..100 {
        let changes = (0..100).map(|n| world.add(&format!("fact {batch} {n}"))).collect();
        world.commit(world.plan(ana(), changes)).await.unwrap();
    }
    let mut left = 10_000;
    while left > 0 {
        let now = Some(world.clock.now());
        let some = world.waiting(PendingQuery { due: now, limit: 500, ..PendingQuery::default() }).await;
        let done: Vec<_> = some.iter().map(|pending| (pending.id, pending.seq)).collect();
        world.ledger.mark_projected(&done).await.unwrap();
        left -= done.len();
    }
    assert_eq!(world.found("fact", world.now()).await.len(), 10);
    assert_eq!(world.ledger.log(None, 9_990, 100).await.unwrap().len(), 10);
}

#[derive(Clone, Debug)]
struct Step {
    kind: EventKind,
    which: usize,
    text: usize,
    wait: u64,
    expires: Option<u64>,
}

const TEXTS: [&str; 4] = ["tea", "rum", "green tea", "coffee"];

fn step() -> impl Strategy<Value = Step> {
    let kind = proptest::sample::select(EventKind::ALL.to_vec());
    (kind, 0..6_usize, 0..TEXTS.len(), 0..3_u64, proptest::option::of(1..6_u64))
        .prop_map(|(kind, which, text, wait, expires)| Step { kind, which, text, wait, expires })
}

/// Runs the steps that make sense and returns the ids of all memories.
async fn run(world: &World, steps: Vec<Step>) -> Vec<MemoryId> {
    let mut ids: Vec<MemoryId> = Vec::new();
    for step in steps {
        world.clock.advance(Duration::from_secs(step.wait));
        let text = TEXTS[step.text];
        let mut change = match (step.kind, ids.get(step.which)) {
            (EventKind::Add, _) | (_, None) => world.add(text),
            (kind, Some(id)) => {
                let head = world.ledger.heads(&[*id]).await.unwrap()[0].clone().unwrap();
                let text = matches!(kind, EventKind::Update | EventKind::Undo).then_some(text);
                world.change(kind, *id, head.version, text)
            }
        };
        if let (Some(seconds), true) = (step.expires, change.content.is_some()) {
            change = expiring(world, change, seconds);
        }
        let id = change.id;
        let receipt = world.commit(world.plan(ana(), vec![change])).await.unwrap();
        if matches!(receipt.outcomes[0], Outcome::Applied { version: 1, .. }) {
            ids.push(id);
        }
    }
    ids
}

fn views(world: &World) -> Vec<View> {
    let now = world.clock.now();
    let mut views = vec![View::current(now), View { include_expired: true, ..View::current(now) }];
    for seconds in 0..12 {
        let then = Some(now.plus_micros(-seconds * 1_000_000));
        views.push(View { as_of: then, ..View::current(now) });
        views.push(View { known_at: then, ..View::current(now) });
    }
    views
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Rules 6, 11 and 18 over random histories.
    #[test]
    fn replaying_the_log_gives_the_same_ledger(steps in proptest::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = World::new();
            let ids = run(&world, steps).await;
            assert_eq!(world.ledger.check().await.unwrap(), Vec::<String>::new());
            let copy = World { ledger: MemoryLedger::new(), clock: world.clock.clone(), ..World::new() };
            for event in world.ledger.log(None, 0, usize::MAX).await.unwrap() {
                let LoggedChange { scope, txn, at, change, .. } = event;
                let commit = Commit { txn, at, ..copy.plan(scope, vec![change]) };
                assert!(matches!(copy.commit(commit).await.unwrap().outcomes[0], Outcome::Applied { .. }));
            }
            for view in views(&world) {
                let both = [&world, &copy].map(|w| w.ledger.get(&ids, &view));
                let [a, b] = both;
                assert_eq!(a.await.unwrap(), b.await.unwrap());
                for text in TEXTS {
                    assert_eq!(world.found(text, view).await, copy.found(text, view).await);
                }
            }
            for id in &ids {
                assert_eq!(world.ledger.history(*id).await.unwrap(), copy.ledger.history(*id).await.unwrap());
            }
            // Whoever still has its key is the only one to have it.
            let live = world.ledger.list(&ListQuery::new(ana(), world.now(), 100)).await.unwrap().items;
            let mut keys = Vec::new();
            for memory in live {
                keys.extend(world.ledger.history(memory.id).await.unwrap().pop().unwrap().change.dedup_key);
            }
            let all = keys.len();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), all);
        });
    }
}
