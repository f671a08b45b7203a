//! What the suite does not ask of the ledger on PostgreSQL: servers that start
//! at once, who waits for whom, damage, what an erasure leaves. On the server at
//! `MEM0_TEST_POSTGRES_URL`, or at `MEM0_TEST_PGVECTOR_URL`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conformance_tests::server_url;
use futures::future::join_all;
use libtest_mimic::{Arguments, Completion, Trial};
use mem0_core::text::{Bm25, query_terms};
use mem0_core::{
    Change, Commit, Content, EmbedderIdentity, EntityQuery, ErrorKind, EventKind, Filter, Idempotency, Job, JobId,
    KeywordQuery, Ledger, MemoryId, PendingQuery, Role, Scope, Spend, StoredMessage, Timestamp, TxnId, View,
};
use mem0_stores::ledger::postgres::PostgresLedger;
use mem0_stores::ledger::postgres::config::{AfterErase, PostgresLedgerConfig};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// A schema of its own, and a connection beside the ledger's.
struct Place {
    config: PostgresLedgerConfig,
    schema: String,
    url: String,
    raw: Client,
}

impl Place {
    async fn new(url: &str) -> Self {
        let (raw, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        tokio::spawn(connection);
        let schema = format!("mem0_test_{}", Uuid::new_v4().simple());
        raw.batch_execute(&format!("SET search_path = {schema}")).await.unwrap();
        Self {
            config: PostgresLedgerConfig::new(url).with_schema(&schema).with_maxconn(8),
            schema,
            url: url.to_owned(),
            raw,
        }
    }

    async fn ledger(&self) -> PostgresLedger {
        PostgresLedger::open(&self.config).await.unwrap()
    }

    async fn sql(&self, sql: &str) {
        self.raw.batch_execute(sql).await.unwrap();
    }

    async fn number(&self, sql: &str) -> i64 {
        self.raw.query_one(sql, &[]).await.unwrap().get(0)
    }
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

fn add(n: u128, text: &str) -> Change {
    Change {
        id: id(n),
        kind: EventKind::Add,
        base_version: 0,
        content: Some(Content::new(text)),
        vector: Some(vec![0.6, 0.8]),
        terms: Vec::new(),
        ended_at: None,
        reason: None,
        sources: Vec::new(),
        dedup_key: None,
        created_at: None,
    }
}

fn commit(scope: &Scope, changes: Vec<Change>) -> Commit {
    Commit {
        scope: scope.clone(),
        txn: TxnId::from_uuid(Uuid::new_v4()),
        at: at(1),
        identity: EmbedderIdentity { model: "test/model".into(), dims: 2, digest: String::new() },
        expected_revision: None,
        changes,
        messages: Vec::new(),
        forget_messages: false,
        idempotency: None,
        claim: None,
    }
}

fn job(n: u128, scope: &Scope, said: &str) -> Job {
    Job::new(JobId::from_uuid(Uuid::from_u128(n)), scope.clone(), said.into(), at(1))
}

async fn servers_that_start_at_once_make_the_tables_once(place: &Place) {
    for ledger in join_all((0..8).map(|_| PostgresLedger::open(&place.config))).await {
        assert_eq!(ledger.unwrap().check().await.unwrap(), Vec::<String>::new());
    }
    assert_eq!(place.number("SELECT count(*) FROM mem0_schema").await, 1);
}

async fn tables_of_a_newer_version_are_refused(place: &Place) {
    place.ledger().await;
    place.sql("UPDATE mem0_schema SET version = 99").await;
    let error = PostgresLedger::open(&place.config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.message().contains("newer version"), "{error}");
}

async fn tables_of_the_first_version_are_brought_up_to_date(place: &Place) {
    let (ann, bob) = (user("ann"), user("bob"));
    let ledger = place.ledger().await;
    ledger.commit(vec![commit(&ann, vec![add(3, "met Kim Lee"), add(1, "saw Kim in Oslo")])]).await.unwrap();
    ledger.commit(vec![commit(&bob, vec![add(7, "saw Mel")]), commit(&ann, vec![add(2, "saw Mel")])]).await.unwrap();
    let eva = user("eva");
    ledger.commit(vec![commit(&eva, vec![add(8, "ich habe zwei kleine Häuser gekauft")])]).await.unwrap();
    let ids = [1, 2, 3, 7].map(id);
    let query = EntityQuery::new(ann.clone(), 9);
    let due = (ledger.places(&ids).await.unwrap(), ledger.entities(&query).await.unwrap());
    assert_eq!(due.1.len(), 3);
    place
        .sql(
            "DROP TABLE ledger_mentions; DROP TABLE ledger_uses; ALTER TABLE ledger_memories DROP COLUMN nth;
             UPDATE mem0_schema SET version = 1 WHERE component = 'ledger'",
        )
        .await;
    // Its index had no stems but English ones.
    let stems: Vec<String> = query_terms("zwei kleine Häuser gekauft")
        .iter()
        .flat_map(|word| word.stems.iter().map(|stem| stem.0.to_string()))
        .collect();
    place
        .sql(&format!(
            "DELETE FROM ledger_postings WHERE term IN ({});
             UPDATE ledger_memories m SET (terms, postings) =
                 (SELECT sum(tf), count(*) FROM ledger_postings p WHERE p.mem_no = m.mem_no);
             UPDATE ledger_postings p SET len = m.terms FROM ledger_memories m WHERE m.mem_no = p.mem_no;
             UPDATE ledger_scopes s SET terms = (SELECT sum(terms) FROM ledger_memories m WHERE m.scope_no = s.scope_no)",
            stems.join(", ")
        ))
        .await;
    let ledger = place.ledger().await;
    assert_eq!(ledger.check().await.unwrap(), Vec::<String>::new());
    assert_eq!((ledger.places(&ids).await.unwrap(), ledger.entities(&query).await.unwrap()), due);
    let words = KeywordQuery {
        scope: eva,
        terms: query_terms("Haus"),
        filter: Filter::All,
        view: View::current(at(9)),
        limit: 9,
        bm25: Bm25::default(),
    };
    assert_eq!(ledger.keyword(&words).await.unwrap().hits.len(), 1, "found by its stem");
    ledger.commit(vec![commit(&ann, vec![add(4, "saw Oslo")])]).await.unwrap();
    assert_eq!(ledger.places(&[id(4)]).await.unwrap()[0].map(|place| place.nth), Some(4));
}

/// Whoever changes a scope holds up that scope and no other.
async fn only_a_scope_waits_for_a_scope(place: &Place) {
    let (ann, bob) = (user("ann"), user("bob"));
    let mut config = place.config.clone();
    config.statement_timeout_s = 1.0;
    let ledger = PostgresLedger::open(&config).await.unwrap();
    ledger.commit(vec![commit(&ann, vec![add(1, "one")]), commit(&bob, vec![add(2, "two")])]).await.unwrap();
    place.sql("BEGIN; SELECT 1 FROM ledger_scopes WHERE user_id = 'ann' FOR UPDATE").await;
    ledger.commit(vec![commit(&bob, vec![add(3, "three")])]).await.unwrap();
    let error = ledger.commit(vec![commit(&ann, vec![add(4, "four")])]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    place.sql("ROLLBACK").await;
    ledger.commit(vec![commit(&ann, vec![add(4, "four")])]).await.unwrap();
    assert_eq!(ledger.revision(&ann).await.unwrap(), 2);
}

async fn commits_in_crossing_scopes_all_succeed(place: &Place) {
    let (ledger, scopes) = (place.ledger().await, ["a", "b", "c"].map(user));
    let calls = (0..60_u128).map(|n| {
        let (ledger, mut turned) = (ledger.clone(), scopes.clone());
        turned.rotate_left((n % 3) as usize);
        if n % 2 == 0 {
            turned.reverse();
        }
        let each = turned.iter().zip(0..).map(|(scope, i)| commit(scope, vec![add(1 + n * 3 + i, "text")]));
        let commits = each.collect();
        async move { ledger.commit(commits).await }
    });
    for receipts in join_all(calls).await {
        receipts.unwrap();
    }
    for scope in &scopes {
        assert_eq!(ledger.revision(scope).await.unwrap(), 60);
    }
    assert_eq!(ledger.check().await.unwrap(), Vec::<String>::new());
}

/// Numbers are given before commits end; whoever reads the log page by page all
/// the same misses none.
async fn no_reader_of_the_log_misses_an_event(place: &Place) {
    const WRITERS: usize = 6;
    let ledger = place.ledger().await;
    let busy = Arc::new(AtomicUsize::new(WRITERS));
    let writers = (0..WRITERS).map(|writer| {
        let (ledger, busy) = (ledger.clone(), Arc::clone(&busy));
        tokio::spawn(async move {
            let scope = user(&format!("user{writer}"));
            for n in 0..40 {
                let first = 1 + (writer * 1_000 + n * 10) as u128;
                let changes = (first..first + 1 + (n % 7) as u128).map(|n| add(n, "text")).collect();
                ledger.commit(vec![commit(&scope, changes)]).await.unwrap();
            }
            busy.fetch_sub(1, Ordering::SeqCst);
        })
    });
    let writers: Vec<_> = writers.collect();
    let mut seen = BTreeSet::new();
    let mut after = 0;
    loop {
        // Asked before the page is read: what ended by then is on it.
        let last_round = busy.load(Ordering::SeqCst) == 0;
        let page = ledger.log(None, after, 50).await.unwrap();
        after = page.last().map_or(after, |event| event.seq);
        seen.extend(page.iter().map(|event| event.seq));
        if last_round && page.is_empty() {
            break;
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let all: BTreeSet<u64> = ledger.log(None, 0, 10_000).await.unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(seen, all);
    assert_eq!(Some(&ledger.last_seq().await.unwrap()), all.last());
}

async fn a_text_that_was_erased_is_in_no_row(place: &Place) {
    let (ledger, ann, bob) = (place.ledger().await, user("ann"), user("bob"));
    for (scope, word, n) in [(&ann, "xyzzy\0marker", 1), (&bob, "plover", 1_000)] {
        let mut first = commit(scope, vec![add(n, &format!("{word} likes tea")), add(n + 1, &format!("{word} {n}"))]);
        let (id, content) = (format!("{word} id"), format!("{word} said this"));
        first.messages = vec![StoredMessage { id, role: Role::User, name: Some(word.into()), content, at: at(1) }];
        first.idempotency = Some(Idempotency { key: word.into(), digest: [1; 32] });
        let mut end = add(n, word);
        (end.kind, end.base_version, end.content, end.vector) = (EventKind::Supersede, 1, None, None);
        (end.reason, end.sources) = (Some(format!("{word} moved")), vec![format!("{word} id")]);
        ledger.commit(vec![first, commit(scope, vec![end])]).await.unwrap();
        ledger.enqueue(vec![job(n, scope, word), job(n + 1, scope, word)]).await.unwrap();
        ledger.spend(scope, at(0), Spend { calls: 1, tokens: 1 }, None).await.unwrap();
    }
    let erased = ledger.erase(&ann).await.unwrap();
    assert_eq!((erased.memories, erased.events, erased.messages, erased.vectors), (2, 3, 1, 2));
    assert_eq!((erased.idempotency_keys, erased.jobs, erased.spending), (1, 2, 1));
    let tables = place
        .raw
        .query(
            "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'r'",
            &[&place.schema],
        )
        .await
        .unwrap();
    let (mut mine, mut others) = (0, 0);
    for table in tables {
        let table: String = table.get(0);
        // As it is, in bytes, and in JSON.
        let count = async |words: &[&str]| {
            let like: Vec<String> = words
                .iter()
                .flat_map(|word| [(*word).to_owned(), word.bytes().map(|byte| format!("{byte:02x}")).collect()])
                .map(|word| format!("t::text LIKE '%{word}%'"))
                .collect();
            place.number(&format!("SELECT count(*) FROM {table} t WHERE {}", like.join(" OR "))).await
        };
        mine += count(&["xyzzy", "marker"]).await;
        others += count(&["plover"]).await;
    }
    assert_eq!(mine, 0);
    assert!(others >= 6, "{others} rows");
    let query = PendingQuery { scope: Some(ann), limit: 10, ..PendingQuery::default() };
    let pending = ledger.pending(&query).await.unwrap();
    assert_eq!((pending.len(), pending.iter().filter(|one| one.head.is_some()).count()), (2, 0));
    assert_eq!(ledger.check().await.unwrap(), Vec::<String>::new());
}

/// Vacuum leaves the rows that somebody may still see, so an erasure outlasts
/// older transactions.
async fn an_erasure_waits_for_older_transactions(place: &Place) {
    let config = place.config.clone().with_after_erase(AfterErase::Rewrite);
    let ledger = Arc::new(PostgresLedger::open(&config).await.unwrap());
    let ann = user("ann");
    ledger.commit(vec![commit(&ann, vec![add(1, "Xylophone lessons")])]).await.unwrap();
    place.sql("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM ledger_events").await;
    let erasing = tokio::spawn({
        let (ledger, ann) = (ledger.clone(), ann.clone());
        async move { ledger.erase(&ann).await }
    });
    let (aside, connection) = tokio_postgres::connect(&place.url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%virtualxid%' AND pid <> pg_backend_pid()";
    while !erasing.is_finished() && aside.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
    assert!(!erasing.is_finished(), "nobody was waited for");
    assert_eq!(place.number("SELECT count(*) FROM ledger_events").await, 1, "what the older one sees");
    place.sql("COMMIT").await;
    assert_eq!(erasing.await.unwrap().unwrap().memories, 1);
    place.sql("CHECKPOINT").await;
    let bytes = "SELECT string_agg(pg_read_binary_file(pg_relation_filepath(c.oid)), '') FROM pg_class c
         WHERE relnamespace = $1::text::regnamespace AND relkind = 'r'";
    let bytes: Vec<u8> = place.raw.query_one(bytes, &[&place.schema]).await.unwrap().get(0);
    assert!(!bytes.windows(9).any(|window| window == b"Xylophone"), "it is still on the disk");
}

async fn damage_is_found(place: &Place) {
    let ledger = place.ledger().await;
    let ann = user("ann");
    let mut update = add(1, "Ann likes coffee");
    (update.kind, update.base_version) = (EventKind::Update, 1);
    let changes = vec![add(1, "Ann likes green tea"), add(2, "Ann has a cat"), update];
    ledger.commit(vec![commit(&ann, changes)]).await.unwrap();
    ledger.enqueue((1..4).map(|n| job(n, &ann, "Ann likes tea")).collect()).await.unwrap();
    ledger.lease_job("one", at(30), at(40)).await.unwrap();
    ledger.spend(&ann, at(0), Spend { calls: 1, tokens: 1 }, None).await.unwrap();
    let one = "mem_no = (SELECT min(mem_no) FROM ledger_memories)";
    let tables = "ledger_scopes, ledger_memories, ledger_events, ledger_vectors, ledger_postings, ledger_outbox, \
                  ledger_messages, ledger_jobs, ledger_spending, ledger_uses, ledger_mentions";
    for table in tables.split(", ") {
        place.sql(&format!("CREATE TABLE saved_{table} AS TABLE {table}")).await;
    }
    for (damage, finding) in [
        (format!("UPDATE ledger_memories SET version = 9 WHERE {one}"), "its row is not what its events give"),
        (format!("DELETE FROM ledger_postings WHERE {one}"), "keyword index"),
        ("UPDATE ledger_postings SET tf = 7".into(), "keyword index"),
        ("UPDATE ledger_mentions SET word = 'rome'".into(), "index of names"),
        (format!("UPDATE ledger_mentions SET mem_no = 77 WHERE {one}"), "index of names"),
        (format!("UPDATE ledger_memories SET nth = 77 WHERE {one}"), "number 77 of its scope"),
        ("UPDATE ledger_scopes SET live = live + 1".into(), "live memories"),
        ("UPDATE ledger_scopes SET terms = 0".into(), "terms"),
        ("UPDATE ledger_scopes SET events = 0".into(), "events"),
        ("UPDATE ledger_scopes SET revision = 99".into(), "revision 99"),
        ("DELETE FROM ledger_vectors".into(), "no vector"),
        ("UPDATE ledger_events SET superseded_at = NULL".into(), "was not ended"),
        ("UPDATE ledger_events SET content = '{' WHERE version = 1".into(), "cannot be read"),
        (format!("DELETE FROM ledger_events WHERE version = 1 AND {one}"), "does not follow"),
        ("UPDATE ledger_events SET scope_no = 77".into(), "not in a commit of its scope"),
        ("UPDATE ledger_jobs SET lease_until = NULL".into(), "what became of them"),
        ("UPDATE ledger_jobs SET state = 2, leads = false".into(), "what became of them"),
        ("UPDATE ledger_jobs SET leads = true".into(), "wrong place of the queue"),
        ("UPDATE ledger_jobs SET leads = false".into(), "wrong place of the queue"),
        ("UPDATE ledger_spending SET tokens = -1".into(), "less than nothing"),
        ("UPDATE ledger_jobs SET scope_no = 77".into(), "refer to no scope"),
        (format!("DELETE FROM ledger_memories WHERE {one}"), "refer to no memory"),
        ("UPDATE ledger_outbox SET version = 77".into(), "latest event"),
    ] {
        assert_eq!(ledger.check().await.unwrap(), Vec::<String>::new(), "before {damage}");
        place.sql(&damage).await;
        let findings = ledger.check().await.unwrap();
        assert!(findings.iter().any(|line| line.contains(finding)), "{damage}: {findings:?}");
        assert!(!findings.iter().any(|line| line.contains("tea")), "{findings:?}");
        place.sql(&format!("TRUNCATE {tables}")).await;
        for table in tables.split(", ") {
            let insert = format!("INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM saved_{table}");
            place.sql(&insert).await;
        }
    }
}

/// A server that restarts, or hangs up.
async fn lost_connections_are_made_again(place: &Place) {
    let (ledger, ann) = (place.ledger().await, user("ann"));
    ledger.commit(vec![commit(&ann, vec![add(1, "one")])]).await.unwrap();
    let mut config = place.config.clone();
    let named = format!("{}?application_name={}", server().unwrap(), place.schema);
    config.connection_string = Some(mem0_core::Secret::new(named));
    let named = PostgresLedger::open(&config).await.unwrap();
    assert_eq!(named.revision(&ann).await.unwrap(), 1);
    let end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = $1";
    assert!(!place.raw.query(end, &[&place.schema]).await.unwrap().is_empty());
    // The news may not have come yet; then it is an error that says to try again.
    match named.revision(&ann).await {
        Ok(revision) => assert_eq!(revision, 1),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
    }
    assert_eq!(named.revision(&ann).await.unwrap(), 1);
}

fn server() -> Option<String> {
    server_url("postgres").or_else(|| server_url("pgvector"))
}

fn trial<F: Future<Output = ()>>(name: &str, test: impl FnOnce(&'static Place) -> F + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || {
        let Some(url) = server() else { return Ok(Completion::ignored_with("set MEM0_TEST_POSTGRES_URL")) };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        runtime.block_on(async {
            // For as long as the process lives.
            let place: &'static Place = Box::leak(Box::new(Place::new(&url).await));
            test(place).await;
            place.sql(&format!("DROP SCHEMA {} CASCADE", place.schema)).await;
        });
        Ok(Completion::Completed)
    })
}

fn main() -> ExitCode {
    let trials = vec![
        trial("servers_that_start_at_once_make_the_tables_once", servers_that_start_at_once_make_the_tables_once),
        trial("tables_of_a_newer_version_are_refused", tables_of_a_newer_version_are_refused),
        trial("tables_of_the_first_version_are_brought_up_to_date", tables_of_the_first_version_are_brought_up_to_date),
        trial("only_a_scope_waits_for_a_scope", only_a_scope_waits_for_a_scope),
        trial("commits_in_crossing_scopes_all_succeed", commits_in_crossing_scopes_all_succeed),
        trial("no_reader_of_the_log_misses_an_event", no_reader_of_the_log_misses_an_event),
        trial("a_text_that_was_erased_is_in_no_row", a_text_that_was_erased_is_in_no_row),
        trial("an_erasure_waits_for_older_transactions", an_erasure_waits_for_older_transactions),
        trial("damage_is_found", damage_is_found),
        trial("lost_connections_are_made_again", lost_connections_are_made_again),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
