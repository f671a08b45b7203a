use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mem0_core::ErrorKind;
use rusqlite::TransactionBehavior;

use super::*;

fn impatient() -> SqliteOptions {
    SqliteOptions::default().with_busy_timeout(Duration::from_millis(50))
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/in/mem0.db");
    (folder, path)
}

async fn count(db: &SqliteDb) -> i64 {
    db.read("count", |c| Ok(c.query_row("SELECT count(*) FROM t", (), |row| row.get(0))?)).await.unwrap()
}

async fn table(db: &SqliteDb) {
    db.transaction("create", |t| Ok(t.execute_batch("CREATE TABLE t (x INTEGER) STRICT")?)).await.unwrap();
}

async fn insert(db: &SqliteDb) -> mem0_core::Result<()> {
    db.transaction("insert", |t| Ok(t.execute("INSERT INTO t VALUES (1)", ()).map(|_| ())?)).await
}

#[tokio::test]
async fn two_handles_on_one_file_see_each_other() {
    let (_folder, path) = file();
    let one = SqliteDb::open(&path, &SqliteOptions::default()).unwrap();
    let two = SqliteDb::open(&path, &SqliteOptions::default()).unwrap();
    table(&one).await;
    insert(&two).await.unwrap();
    insert(&one).await.unwrap();
    assert_eq!((count(&one).await, count(&two).await), (2, 2));
    drop(one);
    insert(&two).await.unwrap();
    assert_eq!(count(&two).await, 3);
}

#[tokio::test]
async fn memory_is_shared_by_the_handles_of_one_database_only() {
    let db = SqliteDb::open(":memory:", &SqliteOptions::default()).unwrap();
    table(&db).await;
    insert(&db.clone()).await.unwrap();
    assert_eq!(count(&db).await, 1);
    let other = SqliteDb::in_memory().unwrap();
    table(&other).await;
    assert_eq!(count(&other).await, 0);
}

#[tokio::test]
async fn a_failed_or_panicking_job_writes_nothing_and_harms_nobody() {
    let (_folder, path) = file();
    let db = SqliteDb::open(&path, &SqliteOptions::default()).unwrap();
    table(&db).await;
    let failed = db
        .transaction::<()>("insert", |t| {
            t.execute("INSERT INTO t VALUES (1)", ())?;
            Err(mem0_core::Error::invalid("no").into())
        })
        .await;
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::InvalidInput);
    let panicked = db
        .write::<()>("insert", |c| {
            c.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)")?;
            panic!("on purpose")
        })
        .await;
    assert_eq!(panicked.unwrap_err().kind(), ErrorKind::Internal);
    insert(&db).await.unwrap();
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn reads_do_not_wait_for_a_write_and_see_one_moment() {
    let (_folder, path) = file();
    let db = SqliteDb::open(&path, &impatient()).unwrap();
    table(&db).await;
    insert(&db).await.unwrap();
    let (begun, wait_begun) = std::sync::mpsc::channel();
    let (end, wait_end) = std::sync::mpsc::channel::<()>();
    let writing = tokio::spawn({
        let db = db.clone();
        async move {
            db.transaction("insert", move |t| {
                t.execute("INSERT INTO t VALUES (2)", ())?;
                begun.send(()).unwrap();
                let _ = wait_end.recv();
                Ok(())
            })
            .await
        }
    });
    tokio::task::spawn_blocking(move || wait_begun.recv().unwrap()).await.unwrap();
    assert_eq!(count(&db).await, 1);
    end.send(()).unwrap();
    writing.await.unwrap().unwrap();
    assert_eq!(count(&db).await, 2);
}

#[tokio::test]
async fn a_write_ends_when_its_future_is_dropped_and_the_last_handle_waits_for_it() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let (_folder, path) = file();
    let db = SqliteDb::open(&path, &SqliteOptions::default()).unwrap();
    table(&db).await;
    {
        let mut writing = Box::pin(db.transaction("insert", |t| {
            std::thread::sleep(Duration::from_millis(50));
            t.execute("INSERT INTO t VALUES (1)", ())?;
            DONE.store(true, Ordering::SeqCst);
            Ok(())
        }));
        let polled = tokio::time::timeout(Duration::ZERO, &mut writing).await;
        assert!(polled.is_err());
    }
    drop(db);
    assert!(DONE.load(Ordering::SeqCst));
    assert!(!path.with_extension("db-wal").exists(), "closing empties the log");
    let db = SqliteDb::open(&path, &SqliteOptions::default()).unwrap();
    assert_eq!(count(&db).await, 1);
}

#[tokio::test]
async fn the_last_handle_may_go_inside_of_a_job() {
    let db = SqliteDb::in_memory().unwrap();
    let inside = db.clone();
    let writing = tokio::spawn(async move {
        db.write("hold", move |_| {
            std::thread::sleep(Duration::from_millis(30));
            drop(inside);
            Ok(())
        })
        .await
    });
    tokio::time::sleep(Duration::from_millis(5)).await;
    writing.abort();
}

#[test]
fn what_is_not_a_database_is_refused_and_left_alone() {
    let (folder, path) = file();
    let open = |path: &Path| SqliteDb::open(path, &impatient()).map(|_| ()).unwrap_err();
    assert_eq!(open(folder.path()).kind(), ErrorKind::Config);
    assert_eq!(open(Path::new("")).kind(), ErrorKind::Config);

    let text = folder.path().join("notes.txt");
    let content = "not a database, by far".repeat(100);
    std::fs::write(&text, &content).unwrap();
    let error = open(&text);
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error:?}");
    assert!(error.to_string().contains("notes.txt"), "{error}");
    assert_eq!(std::fs::read_to_string(&text).unwrap(), content);
    assert_eq!(open(&text.join("mem0.db")).kind(), ErrorKind::Config);
    drop(path);
}

#[test]
fn a_file_that_may_not_be_written_is_permission_denied() {
    let (_folder, path) = file();
    drop(SqliteDb::open(&path, &SqliteOptions::default()).unwrap());
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    if std::fs::OpenOptions::new().write(true).open(&path).is_ok() {
        // The superuser may write everything.
        return;
    }
    let error = SqliteDb::open(&path, &impatient()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error:?}");
}

#[cfg(unix)]
#[test]
fn a_new_file_is_its_owners() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = file();
    let _db = SqliteDb::open(&path, &SqliteOptions::default()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn errors_at_work_are_typed() {
    let (_folder, path) = file();
    let db = SqliteDb::open(&path, &impatient()).unwrap();
    table(&db).await;

    let mut other = Connection::open(&path).unwrap();
    let held = other.transaction_with_behavior(TransactionBehavior::Exclusive).unwrap();
    let locked = insert(&db).await.unwrap_err();
    assert_eq!((locked.kind(), locked.operation()), (ErrorKind::Unavailable, Some("insert")), "{locked:?}");
    drop(held);

    let read_only = db.read("insert", |c| Ok(c.execute("INSERT INTO t VALUES (1)", ())?)).await.unwrap_err();
    assert_eq!(read_only.kind(), ErrorKind::PermissionDenied, "{read_only:?}");

    let full = db
        .write("insert", |c| {
            c.pragma_update(None, "max_page_count", 1)?;
            c.execute_batch("BEGIN; WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n LIMIT 9999) INSERT INTO t SELECT x FROM n")?;
            Ok(())
        })
        .await
        .unwrap_err();
    assert_eq!(full.kind(), ErrorKind::QuotaExceeded, "{full:?}");
    assert_eq!(count(&db).await, 0);
}
