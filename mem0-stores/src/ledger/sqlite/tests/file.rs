//! The file: what is in it, who shares it, what may be wrong with it.

use super::*;

#[test]
fn a_new_file_is_opened_by_many_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mem0.db");
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| open(&path));
        }
    });
}

#[tokio::test]
async fn two_handles_on_one_file_are_serialised() {
    let (_folder, path, one) = on_disk();
    let two = open(&path);
    let ann = user("ann");
    let mut tasks = Vec::new();
    for n in 0..20_u128 {
        let ledger = if n % 2 == 0 { one.clone() } else { two.clone() };
        let mut change = add(n + 1, "Ann likes tea");
        change.dedup_key = Some([1; 16]);
        let commit = commit(&ann, 1, vec![change]);
        tasks.push(tokio::spawn(async move { ledger.commit(vec![commit]).await.unwrap().remove(0) }));
    }
    let mut applied = 0;
    for task in tasks {
        applied += usize::from(matches!(task.await.unwrap().outcomes[0], Outcome::Applied { .. }));
    }
    assert_eq!(applied, 1);
    assert_eq!(two.revision(&ann).await.unwrap(), 1);
    sound(&one).await;
}

#[tokio::test]
async fn erasing_leaves_nothing_in_the_file() {
    let (_folder, path, ledger) = on_disk();
    let (ann, bob) = (user("ann"), user("bob"));
    // Enough that pages split, merge and are freed, and one text that has
    // pages of its own.
    let text = |who: &str, n: u128| format!("{who} {} number {n}", "thing ".repeat((n % 97) as usize));
    for round in 0..40_u128 {
        let changes = |who: &str, base: u128| {
            (0..10).map(|i| add(base + round * 10 + i, &text(who, round * 10 + i))).collect::<Vec<_>>()
        };
        let mut mine = commit(&ann, round as i64, changes("xyzzymarker", 1));
        mine.messages = vec![message(&round.to_string(), "xyzzymarker said this", 1)];
        mine.idempotency = Some(Idempotency { key: format!("xyzzymarker{round}"), digest: [1; 32] });
        ledger.commit(vec![mine, commit(&bob, round as i64, changes("plover", 10_001))]).await.unwrap();
    }
    let long = format!("xyzzymarker {}", "long ".repeat(50_000));
    ledger.commit(vec![commit(&ann, 50, vec![add(9000, &long)])]).await.unwrap();
    for n in 1..100 {
        let update = change(n, EventKind::Update, 1, Some("xyzzymarker moved"));
        ledger.commit(vec![commit(&ann, 60, vec![update])]).await.unwrap();
    }
    ledger.commit(vec![commit(&ann, 70, vec![change(5, EventKind::Delete, 2, None)])]).await.unwrap();
    ledger.mark_projected(&[(id(6), 10_000), (id(7), 10_000)]).await.unwrap();

    // Jobs that wait, run, are done and are forgotten.
    let jobs = |who: &str, scope: &Scope, base: u128| {
        (0..200).map(|n| job(base + n, scope, &text(who, n))).collect::<Vec<_>>()
    };
    ledger.enqueue(jobs("xyzzymarker", &ann, 1)).await.unwrap();
    ledger.enqueue(jobs("plover", &bob, 1_001)).await.unwrap();
    for second in 80..120 {
        let leased = ledger.lease_job("worker", at(second), at(200)).await.unwrap().unwrap();
        if leased.scope == ann {
            let end = JobEnd::Done(format!("xyzzymarker result {second}").into());
            assert!(ledger.end_job(leased.id, "worker", end, at(second)).await.unwrap());
        }
    }
    assert_eq!(ledger.prune_jobs(at(90)).await.unwrap(), 10);
    ledger.spend(&ann, at(0), Spend { calls: 1, tokens: 1 }, None).await.unwrap();

    let erased = ledger.erase(&ann).await.unwrap();
    assert_eq!((erased.jobs, erased.spending), (190, 1));
    assert_eq!((erased.memories, erased.events, erased.messages), (401, 501, 40));
    assert_eq!((erased.idempotency_keys, erased.vectors), (40, 500));
    assert!(erased.postings > 1000);

    let bytes = [std::fs::read(&path).unwrap(), std::fs::read(path.with_extension("db-wal")).unwrap()].concat();
    let count = |needle: &[u8]| bytes.windows(needle.len()).filter(|window| *window == needle).count();
    assert_eq!(count(b"xyzzymarker"), 0);
    assert!(count(b"plover") >= 400);
    // The scope waits in the outbox for the vector store's sake, and no longer.
    let all = PendingQuery { scope: Some(ann.clone()), limit: 1000, ..Default::default() };
    let pending = ledger.pending(&all).await.unwrap();
    assert_eq!(pending.len(), 401);
    assert!(pending.iter().all(|pending| pending.head.is_none() && pending.scope == ann));
    assert_eq!(ledger.stats(Some(&ann)).await.unwrap().pending, 401);
    let done: Vec<_> = pending.iter().map(|pending| (pending.id, pending.seq)).collect();
    ledger.mark_projected(&done).await.unwrap();
    assert!(ledger.pending(&all).await.unwrap().is_empty());

    sound(&ledger).await;
    assert_eq!(ledger.stats(None).await.unwrap().memories, 400);
    assert_eq!(ledger.revision(&ann).await.unwrap(), 0);
}

#[tokio::test]
async fn damage_is_found() {
    for (damage, finding) in [
        ("UPDATE ledger_memories SET version = 9 WHERE mem_no = 1", "its row is not what its events give"),
        ("DELETE FROM ledger_postings WHERE mem_no = 1", "keyword index"),
        ("UPDATE ledger_mentions SET word = 'bob' WHERE mem_no = 1", "the index of names is not what it says"),
        ("INSERT INTO ledger_mentions VALUES (77, 'bob', '', 1, 0, NULL)", "the index of names has"),
        ("UPDATE ledger_scopes SET live = live + 1", "live memories"),
        ("UPDATE ledger_scopes SET revision = 99", "revision 99"),
        ("UPDATE ledger_scopes SET added = 99", "99 memories ever"),
        ("UPDATE ledger_memories SET nth = 77 WHERE mem_no = 1", "number 77 of its scope"),
        (
            "DELETE FROM ledger_vectors WHERE seq = (SELECT vector_seq FROM ledger_memories WHERE mem_no = 1)",
            "no vector",
        ),
        ("UPDATE ledger_events SET superseded_at = NULL", "was not ended"),
        ("UPDATE ledger_events SET content = '{' WHERE version = 1", "cannot be read"),
        ("DELETE FROM ledger_events WHERE version = 1", "does not follow"),
        ("UPDATE ledger_jobs SET lease_until = NULL", "what became of them"),
        ("UPDATE ledger_jobs SET state = 2, leads = 0", "what became of them"),
        ("UPDATE ledger_jobs SET payload = '{tea'", "what became of them"),
        ("UPDATE ledger_jobs SET leads = 1", "wrong place of the queue"),
        ("UPDATE ledger_jobs SET leads = 0", "wrong place of the queue"),
        ("UPDATE ledger_spending SET tokens = -1", "less than nothing"),
        ("UPDATE ledger_jobs SET scope_no = 77", "refers to nothing"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM ledger_memories WHERE mem_no = 1", "refers to nothing"),
    ] {
        let (_folder, _, ledger) = on_disk();
        history_of_two_scopes(&ledger).await;
        let ann = user("ann");
        ledger.enqueue((1..4).map(|n| job(n, &ann, "Ann likes tea")).collect()).await.unwrap();
        ledger.lease_job("one", at(30), at(40)).await.unwrap();
        ledger.spend(&ann, at(0), Spend { calls: 1, tokens: 1 }, None).await.unwrap();
        sound(&ledger).await;
        ledger
            .db
            .write("damage", move |c| Ok(c.execute_batch(&format!("PRAGMA foreign_keys = OFF; {damage}"))?))
            .await
            .unwrap();
        let findings = ledger.check().await.unwrap();
        assert!(findings.iter().any(|line| line.contains(finding)), "{damage}: {findings:?}");
        assert!(!findings.iter().any(|line| line.contains("tea")), "{findings:?}");
    }
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused() {
    let (_folder, path, ledger) = on_disk();
    ledger.db.write("test", |c| Ok(c.execute_batch("UPDATE mem0_schema SET version = 99")?)).await.unwrap();
    drop(ledger);
    let error = SqliteLedger::from_config(&SqliteLedgerConfig::new(&path)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.message().contains("newer version"), "{error}");
}
