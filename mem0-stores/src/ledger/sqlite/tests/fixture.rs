//! Files of old schema versions stay readable.

use super::*;

/// A file with this dump in it.
fn restore(dump: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch(dump).unwrap();
    (folder, path)
}

#[tokio::test]
async fn version_1() {
    goes_on(include_str!("../../../../tests/fixtures/ledger_v1.sql")).await;
}

#[tokio::test]
async fn version_2() {
    goes_on(include_str!("../../../../tests/fixtures/ledger_v2.sql")).await;
}

#[tokio::test]
async fn version_4_gets_the_stems_of_other_languages() {
    let (_folder, path) = restore(include_str!("../../../../tests/fixtures/ledger_v4.sql"));
    let ledger = open(&path);
    sound(&ledger).await;
    let (_fresh, _, expected) = on_disk();
    memories_in_three_languages(&expected).await;
    let (eva, now) = (user("eva"), View::current(at(40)));
    for (words, due) in
        [("Häusern", vec![70]), ("kaufen Haus", vec![70]), ("собака", vec![71]), ("dog", vec![72]), ("Hund", vec![])]
    {
        assert_eq!(found(&ledger, &eva, now, words).await, due, "{words}");
        assert_eq!(found(&expected, &eva, now, words).await, due, "{words}");
    }
    ledger.commit(vec![commit(&eva, 41, vec![change(70, EventKind::Delete, 1, None)])]).await.unwrap();
    assert!(found(&ledger, &eva, now, "Häusern").await.is_empty());
    sound(&ledger).await;
}

/// Since version 5 the stems of other languages are in the index.
async fn memories_in_three_languages(ledger: &SqliteLedger) {
    let said = [
        add(70, "Eva hat in Lissabon zwei kleine Häuser gekauft"),
        add(71, "Вчера мы гуляли с большими собаками"),
        add(72, "Eva walks her dogs"),
        add(73, "Eva hat die alten Hunde verkauft"),
    ];
    ledger.commit(vec![commit(&user("eva"), 30, said.into())]).await.unwrap();
    ledger.commit(vec![commit(&user("eva"), 31, vec![change(73, EventKind::Delete, 1, None)])]).await.unwrap();
}

async fn goes_on(dump: &str) {
    let (_folder, path) = restore(dump);
    let ledger = open(&path);
    sound(&ledger).await;
    let (_fresh, _, expected) = on_disk();
    history_of_two_scopes(&expected).await;
    let ann = user("ann");

    assert_eq!(ledger.log(None, 0, 99).await.unwrap(), expected.log(None, 0, 99).await.unwrap());
    let query = ListQuery::new(ann.clone(), View::current(at(20)), 99);
    assert_eq!(ledger.list(&query).await.unwrap(), expected.list(&query).await.unwrap());
    assert_eq!(found(&ledger, &ann, View::current(at(20)), "coffee").await, [1]);
    assert_eq!(ledger.messages(&ann, 9).await.unwrap(), expected.messages(&ann, 9).await.unwrap());
    assert_eq!(ledger.scopes(None, None, 9).await.unwrap(), expected.scopes(None, None, 9).await.unwrap());
    let ids: Vec<_> = (0..60).map(id).collect();
    let places = ledger.places(&ids).await.unwrap();
    assert!(places.iter().flatten().count() > 4);
    assert_eq!(places, expected.places(&ids).await.unwrap());
    let all = PendingQuery { limit: 99, ..Default::default() };
    assert_eq!(ledger.pending(&all).await.unwrap(), expected.pending(&all).await.unwrap());

    // And it goes on.
    let mut repeated = commit(&ann, 20, vec![add(50, "Ann likes tea")]);
    repeated.idempotency = Some(Idempotency { key: "key".into(), digest: [3; 32] });
    assert!(ledger.commit(vec![repeated]).await.unwrap()[0].replayed);
    ledger.commit(vec![commit(&ann, 21, vec![add(51, "Ann has a dog")])]).await.unwrap();
    // With what version 1 did not have.
    let mut ended = change(51, EventKind::Supersede, 1, None);
    ended.sources = vec!["m9".into()];
    ledger.commit(vec![commit(&ann, 22, vec![ended.clone()])]).await.unwrap();
    assert_eq!(ledger.history(id(51)).await.unwrap().pop().unwrap().change, ended);
    ledger.enqueue(vec![job(1, &ann, "later")]).await.unwrap();
    assert_eq!(ledger.lease_job("one", at(23), at(24)).await.unwrap().unwrap().payload, "later");
    ledger.spend(&ann, at(0), Spend { calls: 1, tokens: 1 }, None).await.unwrap();
    sound(&ledger).await;
}

/// Writes the dump of the present version; for the first file of a version.
#[tokio::test]
#[ignore = "writes a fixture"]
async fn write_the_fixture_of_this_version() {
    let (_folder, path, ledger) = on_disk();
    history_of_two_scopes(&ledger).await;
    memories_in_three_languages(&ledger).await;
    drop(ledger);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let dump = dump(&connection);
    let into = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/ledger_new.sql");
    std::fs::write(into, dump).unwrap();
}

/// Every table with its rows, then every index.
fn dump(connection: &rusqlite::Connection) -> String {
    use rusqlite::types::ValueRef;
    use std::fmt::Write as _;
    let mut dump = String::from("PRAGMA foreign_keys = OFF;\nBEGIN;\n");
    let mut schema = connection
        .prepare("SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name")
        .unwrap();
    let objects: Vec<(String, String, String)> = schema
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (name, kind, sql) in objects {
        writeln!(dump, "{sql};").unwrap();
        if kind != "table" {
            continue;
        }
        let mut rows = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = rows.column_count();
        let mut rows = rows.query(()).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<String> = (0..columns)
                .map(|i| match row.get_ref(i).unwrap() {
                    ValueRef::Null => "NULL".to_owned(),
                    ValueRef::Integer(n) => n.to_string(),
                    ValueRef::Real(x) => format!("{x:?}"),
                    ValueRef::Text(text) => format!("'{}'", std::str::from_utf8(text).unwrap().replace('\'', "''")),
                    ValueRef::Blob(blob) => {
                        blob.iter().fold("x'".to_owned(), |hex, byte| format!("{hex}{byte:02x}")) + "'"
                    }
                })
                .collect();
            writeln!(dump, "INSERT INTO {name} VALUES ({});", values.join(", ")).unwrap();
        }
    }
    dump + "COMMIT;\n"
}
