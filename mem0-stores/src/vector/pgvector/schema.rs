//! The tables, and how a collection is opened and dropped.
//!
//! A collection is a table with the columns of the Python library (`id`,
//! `vector`, `payload`) and ours beside them. A point that was deleted stays as
//! a row without vector, payload and scope, so that an older version of it that
//! arrives late is known to be old. `mem0_collections` says which model filled
//! which table, and by which configuration its texts were taken apart into
//! words.
//!
//! A table of the time before there were words gets them when it is opened,
//! once, under the lock: the server writes the table and its indexes anew, which
//! takes as long as filling them did, and its owner has to do it.

use mem0_core::{CollectionSpec, Error, ErrorKind, Metric, Result};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::config::{IndexKind, PgvectorConfig};
use super::words;
use crate::shared::postgres::{Client, Sql, Transaction, is_missing, quoted, refusal};

/// What the collections are listed in.
const LIST: &str = "mem0_collections";

/// Held by whoever makes or drops tables, so that two who open at once do not
/// trip over each other.
const LOCK: i64 = 0x6d65_6d30_7067;

/// The longest name of a table.
const MAX_TABLE_NAME: usize = 63;

/// An open collection.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Its number in the list; a collection that was dropped and made again has
    /// another one.
    pub(super) no: i64,
    /// The table, quoted and with its schema.
    pub(super) name: String,
    /// The list, likewise.
    pub(super) list: String,
    /// The configuration of full-text search by which its texts were taken apart
    /// into words; none in a table that does not have them yet.
    pub(super) words: Option<String>,
}

pub(super) fn metric_name(metric: Metric) -> &'static str {
    match metric {
        Metric::Cosine => "cosine",
        _ => "unknown",
    }
}

/// The table of a collection: its name where that can be the name of a table.
pub(super) fn table_name(collection: &str) -> String {
    if collection.len() <= MAX_TABLE_NAME && collection != LIST && !collection.starts_with("mem0_long_") {
        collection.to_owned()
    } else {
        format!("mem0_long_{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, collection.as_bytes()).simple())
    }
}

fn list(config: &PgvectorConfig) -> String {
    format!("{}.{LIST}", quoted(&config.schema))
}

fn table(config: &PgvectorConfig, no: i64, name: &str, words: Option<String>) -> Table {
    Table { no, name: format!("{}.{}", quoted(&config.schema), quoted(name)), list: list(config), words }
}

/// Opens a collection, which is made if it is not there.
pub(super) async fn open(client: &mut Client, config: &PgvectorConfig, spec: &CollectionSpec) -> Result<Table> {
    let known = format!("SELECT no, tab, model, dims, digest, metric, words FROM {} WHERE name = $1", list(config));
    match client.query_typed_opt(&known, &[(&spec.name, Type::TEXT)]).await {
        Ok(Some(row)) => {
            let table = check(&row, config, spec)?;
            if table.words.is_some() {
                return Ok(table);
            }
        }
        Ok(None) => {}
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(refusal(&error)),
    }
    let transaction = begin(client).await?;
    prepare(&transaction, config).await?;
    let known = transaction.query_typed_opt(&known, &[(&spec.name, Type::TEXT)]).await;
    let mut table = match known.map_err(|e| refusal(&e))? {
        Some(row) => check(&row, config, spec)?,
        None => create(&transaction, config, spec).await?,
    };
    if table.words.is_none() {
        add_words(&transaction, &table, &config.text_search_config).await?;
        table.words = Some(config.text_search_config.clone());
    }
    transaction.commit().await.map_err(|e| refusal(&e))?;
    Ok(table)
}

/// Gives words to a table that has none yet.
async fn add_words(transaction: &Transaction<'_>, table: &Table, config: &str) -> Result<()> {
    let Table { no, name, list, .. } = table;
    let text = format!("ALTER TABLE {name} ADD COLUMN {}; {}", words::column(config), words::index(name));
    transaction.batch_execute(&text).await.map_err(|e| refusal(&e))?;
    let mut sql = Sql::default();
    let (words, no) = (sql.bind(config.to_owned(), Type::TEXT), sql.bind(*no, Type::INT8));
    sql.push(&format!("UPDATE {list} SET words = {words} WHERE no = {no}"));
    sql.query(&**transaction).await.map(drop)
}

/// A transaction that makes or drops tables.
async fn begin(client: &mut Client) -> Result<Transaction<'_>> {
    let transaction = client.transaction().await.map_err(|e| refusal(&e))?;
    // An index over many points takes its time, and so does waiting for it.
    let lock = format!("SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({LOCK})");
    transaction.batch_execute(&lock).await.map_err(|e| refusal(&e))?;
    Ok(transaction)
}

fn check(row: &tokio_postgres::Row, config: &PgvectorConfig, spec: &CollectionSpec) -> Result<Table> {
    let damaged = |_| Error::corrupt("the list of collections is not as this adapter writes it");
    let text = |column: usize| row.try_get::<_, &str>(column).map_err(damaged);
    agree(spec, row.try_get(3).map_err(damaged)?, text(2)?, text(4)?, text(5)?)?;
    let words = row.try_get(6).map_err(damaged)?;
    Ok(table(config, row.try_get(0).map_err(damaged)?, text(1)?, words))
}

/// Whether a collection that is there is the one that is opened.
pub(super) fn agree(spec: &CollectionSpec, dims: i32, model: &str, digest: &str, metric: &str) -> Result<()> {
    let identity = &spec.identity;
    let error = if usize::try_from(dims) != Ok(identity.dims) {
        Error::new(ErrorKind::DimensionMismatch, "the collection holds vectors of another length")
            .with_context("stored", dims)
            .with_context("asked", identity.dims)
    } else if model == identity.model && digest == identity.digest && metric == metric_name(spec.metric) {
        return Ok(());
    } else {
        Error::new(
            ErrorKind::IdentityMismatch,
            "the collection was filled by another model; open it with that one, or fill another collection",
        )
    };
    Err(error.with_context("collection", &spec.name))
}

/// A table that belongs to somebody else.
pub(super) fn taken(spec: &CollectionSpec) -> Error {
    let message = "there is a table of this name that is no collection of this adapter; \
                   name another collection or schema (`mem0 adopt` brings over what the Python library wrote)";
    Error::new(ErrorKind::AlreadyExists, message).with_context("collection", &spec.name)
}

/// Makes what all collections need, as far as it is not there: a user without
/// the right to make it can still use it.
async fn prepare(transaction: &Transaction<'_>, config: &PgvectorConfig) -> Result<()> {
    let mut sql = Sql::default();
    let schema = sql.bind(quoted(&config.schema), Type::TEXT);
    let listed = sql.bind(list(config), Type::TEXT);
    let words = sql.bind(config.text_search_config.clone(), Type::TEXT);
    sql.push(&format!(
        "SELECT (SELECT extversion::text FROM pg_extension WHERE extname = 'vector'),
            to_regnamespace({schema}) IS NOT NULL, to_regclass({listed}) IS NOT NULL,
            current_setting('server_encoding') = 'UTF8',
            EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass({listed}) AND attname = 'words'),
            EXISTS (SELECT FROM pg_ts_config AS c WHERE c.cfgname = {words} AND pg_ts_config_is_visible(c.oid))"
    ));
    let found = sql.one(&**transaction).await?;
    let there = |column: usize| found.try_get::<_, bool>(column).unwrap_or(false);
    if !there(3) {
        return Err(Error::new(ErrorKind::Unsupported, "the database must be encoded in UTF8"));
    }
    if !there(5) {
        return Err(Error::config("the database has no such text_search_config"));
    }
    let run = |text: String| async move { transaction.batch_execute(&text).await.map_err(|e| refusal(&e)) };
    let version = match found.try_get::<_, Option<String>>(0).unwrap_or_default() {
        Some(version) => version,
        None => {
            run("CREATE EXTENSION vector".to_owned()).await?;
            let mut sql = Sql::default();
            sql.push("SELECT extversion::text FROM pg_extension WHERE extname = 'vector'");
            sql.one(&**transaction).await?.try_get(0).unwrap_or_default()
        }
    };
    if config.index_kind()? != IndexKind::None && !is_recent(&version) {
        let message = "an index needs pgvector 0.8 or later, else filtered searches lose points; update the extension, \
                       or set index to none";
        return Err(Error::new(ErrorKind::Unsupported, message).with_context("version", version));
    }
    if !there(1) {
        run(format!("CREATE SCHEMA {}", quoted(&config.schema))).await?;
    }
    if !there(2) {
        run(format!(
            "CREATE TABLE {} (
                no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                name text COLLATE \"C\" NOT NULL UNIQUE,
                tab text COLLATE \"C\" NOT NULL UNIQUE,
                model text NOT NULL,
                dims integer NOT NULL,
                digest text NOT NULL,
                metric text NOT NULL,
                words text)",
            list(config)
        ))
        .await?;
    } else if !there(4) {
        run(format!("ALTER TABLE {} ADD COLUMN words text", list(config))).await?;
    }
    Ok(())
}

/// Whether this is 0.8 or later, which goes on looking in an index until enough
/// points meet the filter.
fn is_recent(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (major, minor) >= (0, 8)
}

async fn create(transaction: &Transaction<'_>, config: &PgvectorConfig, spec: &CollectionSpec) -> Result<Table> {
    let tab = table_name(&spec.name);
    let Table { name, list, .. } = table(config, 0, &tab, None);
    if is_there(transaction, &name).await? {
        return Err(taken(spec));
    }
    let identity = &spec.identity;
    let dims = i32::try_from(identity.dims).map_err(|_| Error::invalid("too many dimensions"))?;
    transaction.batch_execute(&tables(config, &name, dims)?).await.map_err(|e| refusal(&e))?;
    let mut sql = Sql::default();
    let values = [&spec.name, &tab, &identity.model, &identity.digest, &config.text_search_config];
    let [named, tabbed, model, digest, words] = values.map(|value| sql.bind(value.clone(), Type::TEXT));
    let dims = sql.bind(dims, Type::INT4);
    let metric = sql.bind(metric_name(spec.metric), Type::TEXT);
    sql.push(&format!(
        "INSERT INTO {list} (name, tab, model, dims, digest, metric, words) \
         VALUES ({named}, {tabbed}, {model}, {dims}, {digest}, {metric}, {words}) RETURNING no"
    ));
    let no = sql.one(&**transaction).await?.try_get(0);
    let no = no.map_err(|_| Error::internal("a collection without a number"))?;
    Ok(table(config, no, &tab, Some(config.text_search_config.clone())))
}

/// Whether there is a table of this quoted name.
async fn is_there(transaction: &Transaction<'_>, name: &str) -> Result<bool> {
    let mut sql = Sql::default();
    let name = sql.bind(name.to_owned(), Type::TEXT);
    sql.push(&format!("SELECT to_regclass({name}) IS NOT NULL"));
    Ok(sql.one(&**transaction).await?.try_get(0).unwrap_or(false))
}

/// The table of a collection with its indexes. A deleted point has no scope,
/// so a row with one is a point.
fn tables(config: &PgvectorConfig, name: &str, dims: i32) -> Result<String> {
    let scopes: String = ["user_id", "agent_id", "run_id"]
        .map(|key| format!("CREATE INDEX ON {name} ({key}, id) WHERE {key} IS NOT NULL;\n"))
        .concat();
    Ok(format!(
        "CREATE TABLE {name} (
            id uuid PRIMARY KEY,
            vector vector({dims}),
            payload jsonb,
            version bigint NOT NULL DEFAULT 0,
            org_id text COLLATE \"C\", app_id text COLLATE \"C\", user_id text COLLATE \"C\",
            agent_id text COLLATE \"C\", run_id text COLLATE \"C\",
            times jsonb,
            {});
         {scopes}{}
         {}",
        words::column(&config.text_search_config),
        words::index(name),
        vector_index(config, name, dims)?
    ))
}

fn vector_index(config: &PgvectorConfig, name: &str, dims: i32) -> Result<String> {
    let class = if config.half(usize::try_from(dims).unwrap_or_default()) { "halfvec" } else { "vector" };
    let column = format!("({} {class}_cosine_ops)", indexed(config, dims));
    Ok(match config.index_kind()? {
        IndexKind::Hnsw => format!(
            "CREATE INDEX ON {name} USING hnsw {column} WITH (m = {}, ef_construction = {});",
            config.m, config.ef_construction
        ),
        IndexKind::Ivfflat => format!("CREATE INDEX ON {name} USING ivfflat {column} WITH (lists = {});", config.lists),
        IndexKind::None => String::new(),
    })
}

/// What the index is over.
pub(super) fn indexed(config: &PgvectorConfig, dims: i32) -> String {
    if config.half(usize::try_from(dims).unwrap_or_default()) {
        format!("(vector::halfvec({dims}))")
    } else {
        "vector".to_owned()
    }
}

/// Removes a collection, if it is there, with everything in it.
pub(super) async fn drop_collection(client: &mut Client, config: &PgvectorConfig, name: &str) -> Result<()> {
    let list = list(config);
    let transaction = begin(client).await?;
    if !is_there(&transaction, &list).await? {
        return Ok(());
    }
    let mut sql = Sql::default();
    let name = sql.bind(name.to_owned(), Type::TEXT);
    sql.push(&format!("SELECT no, tab FROM {list} WHERE name = {name}"));
    let rows = sql.query(&*transaction).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    let damaged = |_| Error::corrupt("the list of collections is not as this adapter writes it");
    let (no, tab): (i64, &str) = (row.try_get(0).map_err(damaged)?, row.try_get(1).map_err(damaged)?);
    // The table first, as writers lock it first.
    let name = table(config, no, tab, None).name;
    let gone = format!("DROP TABLE IF EXISTS {name}; DELETE FROM {list} WHERE no = {no}");
    transaction.batch_execute(&gone).await.map_err(|e| refusal(&e))?;
    transaction.commit().await.map_err(|e| refusal(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_bears_the_name_of_its_collection_where_it_can() {
        let longest = "x".repeat(63);
        for name in ["mem0", "A-b_9", &longest] {
            assert_eq!(table_name(name), name);
        }
        let names =
            ["y".repeat(64), "y".repeat(128), LIST.to_owned(), "mem0_long_x".to_owned()].map(|name| table_name(&name));
        for (n, name) in names.iter().enumerate() {
            assert!(name.starts_with("mem0_long_") && name.len() <= MAX_TABLE_NAME, "{name}");
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{n}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        for (version, recent) in
            [("0.8.0", true), ("0.8", true), ("0.10.1", true), ("1.0", true), ("0.7.4", false), ("", false)]
        {
            assert_eq!(is_recent(version), recent, "{version}");
        }
    }

    #[test]
    fn statements() {
        let config: PgvectorConfig = serde_json::from_str("{}").unwrap();
        let ivfflat = config.clone().with_index(IndexKind::Ivfflat);
        let none = config.clone().with_index(IndexKind::None);
        let parts = [(&config, 8), (&config, 3_072), (&ivfflat, 8), (&none, 8)];
        let parts = parts.map(|(config, dims)| tables(config, "\"public\".\"it's\"", dims).unwrap());
        insta::assert_snapshot!(parts.join("\n---\n"));
    }
}
