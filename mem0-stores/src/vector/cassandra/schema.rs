//! The tables, and how a collection is opened and dropped.
//!
//! `PREFIX_collections` says which model filled which collection, and the name
//! of its table, `PREFIX_NAME_LIFE`: its own in each life of the collection, so
//! that after a drop an old handle cannot touch what another made under the same
//! name. A table has the columns of the Python library (`id`, `vector`,
//! `payload`) and ours beside them. Its partitions are filled by a digest of the
//! id, and each is kept in the order of ids; `terms` is what scopes and filters
//! ask for.

use std::time::Duration;

use mem0_core::{CollectionSpec, EmbedderIdentity, Error, ErrorKind, MemoryId, Result};
use scylla::frame::types::Consistency;
use scylla::value::CqlValue;
use uuid::Uuid;

use super::collection::Found;
use super::config::CassandraConfig;
use super::connection::Connection;
use super::search::{kept_dims, vector};
use crate::shared::collection::check_identity;

/// How the tables are laid out; what another version wrote is not touched.
const LAYOUT: i32 = 1;

/// Characters of a collection's name in that of its table, which has 48 with
/// those of its indexes.
const NAMED: usize = 12;

/// An open collection's table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Quoted and with its keyspace.
    pub(super) name: String,
    pub(super) partitions: i32,
}

impl Table {
    /// The partition of an id.
    pub(super) fn partition(&self, id: MemoryId) -> i32 {
        let [a, b, c, d, ..] = *blake3::hash(id.as_bytes()).as_bytes();
        let partitions = u32::try_from(self.partitions).unwrap_or(1).max(1);
        i32::try_from(u32::from_be_bytes([a, b, c, d]) % partitions).unwrap_or(0)
    }

    pub(super) fn insert(&self) -> String {
        format!(
            "INSERT INTO {} (part, id, version, scope, payload, terms, vector) VALUES (?, ?, ?, ?, ?, ?, ?) \
             USING TIMESTAMP ?",
            self.name
        )
    }

    pub(super) fn delete(&self) -> String {
        format!("DELETE FROM {} USING TIMESTAMP ? WHERE part = ? AND id = ?", self.name)
    }

    pub(super) fn points(&self) -> String {
        format!("SELECT id, version, scope, payload, vector FROM {} WHERE part = ? AND id IN ?", self.name)
    }

    pub(super) fn versions(&self) -> String {
        format!("SELECT id, version, WRITETIME(version) FROM {} WHERE part = ? AND id IN ?", self.name)
    }

    /// Ids of a partition in order, of points with so many terms.
    pub(super) fn ids_after(&self, terms: usize) -> String {
        format!(
            "SELECT id, version, WRITETIME(version) FROM {} WHERE part = ? AND id > ?{} LIMIT ?",
            self.name,
            and(terms)
        )
    }

    /// Of a partition where there is no term, else of the whole table.
    pub(super) fn count(&self, terms: usize) -> String {
        match terms {
            0 => format!("SELECT count(*) FROM {} WHERE part = ?", self.name),
            _ => format!("SELECT count(*) FROM {}{}", self.name, having(terms)),
        }
    }

    /// Nearness of all points with so many terms.
    pub(super) fn scan(&self, terms: usize) -> String {
        format!("SELECT id, version, similarity_cosine(vector, ?) FROM {}{} LIMIT ?", self.name, having(terms))
    }

    /// The nearest of them.
    pub(super) fn nearest(&self, terms: usize) -> String {
        format!(
            "SELECT id, version, similarity_cosine(vector, ?) FROM {}{} ORDER BY vector ANN OF ? LIMIT ?",
            self.name,
            having(terms)
        )
    }
}

fn and(terms: usize) -> String {
    " AND terms CONTAINS ?".repeat(terms)
}

fn having(terms: usize) -> String {
    and(terms).replacen(" AND", " WHERE", 1)
}

pub(super) fn text(text: impl Into<String>) -> CqlValue {
    CqlValue::Text(text.into())
}

/// What is listed of a collection.
type Listed = (String, String, i32, String, i32, i32);

struct List<'a> {
    connection: &'a Connection,
    name: String,
}

impl<'a> List<'a> {
    /// The list, made with its keyspace if it is not there.
    async fn open(connection: &'a Connection, config: &CassandraConfig) -> Result<Self> {
        let read = config.consistency.driver();
        let keyspace = vec![text(&config.keyspace)];
        let cql = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?";
        let table = format!("{}_collections", config.collection_name);
        let list = Self { connection, name: format!("\"{}\".\"{table}\"", config.keyspace) };
        let found: Vec<(String,)> = connection.rows(cql, vec![text(&config.keyspace), text(&table)], read).await?;
        if !found.is_empty() {
            return Ok(list);
        }
        let cql = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = ?";
        // Asked first: who may not make a keyspace may still use one.
        if connection.rows::<(String,)>(cql, keyspace, read).await?.is_empty() {
            let replication = config.replication();
            let keyspace = &config.keyspace;
            let cql = format!("CREATE KEYSPACE IF NOT EXISTS \"{keyspace}\" WITH replication = {replication}");
            connection.change(&cql).await?;
        }
        let cql = format!(
            "CREATE TABLE IF NOT EXISTS {} (name text PRIMARY KEY, points text, model text, dims int, digest text, \
             layout int, partitions int)",
            list.name
        );
        connection.change(&cql).await?;
        Ok(list)
    }

    async fn find(&self, name: &str) -> Result<Option<Listed>> {
        let cql = format!("SELECT points, model, dims, digest, layout, partitions FROM {} WHERE name = ?", self.name);
        let rows = self.connection.rows(&cql, vec![text(name)], Consistency::Serial).await?;
        Ok(rows.into_iter().next())
    }

    /// Lists a collection unless it is.
    async fn add(&self, spec: &CollectionSpec, points: &str, partitions: i32) -> Result<()> {
        let cql = format!(
            "INSERT INTO {} (name, points, model, dims, digest, layout, partitions) VALUES (?, ?, ?, ?, ?, ?, ?) \
             IF NOT EXISTS",
            self.name
        );
        let identity = &spec.identity;
        let values = vec![
            text(&spec.name),
            text(points),
            text(&identity.model),
            CqlValue::Int(i32::try_from(identity.dims).unwrap_or(i32::MAX)),
            text(&identity.digest),
            CqlValue::Int(LAYOUT),
            CqlValue::Int(partitions),
        ];
        self.connection.on_condition(&cql, values).await
    }

    /// Strikes a collection off, unless it is another one by now.
    async fn remove(&self, name: &str, points: &str) -> Result<()> {
        let cql = format!("DELETE FROM {} WHERE name = ? IF points = ?", self.name);
        self.connection.on_condition(&cql, vec![text(name), text(points)]).await
    }
}

/// Opens a collection, making it if needed.
pub(super) async fn open(connection: &Connection, config: &CassandraConfig, spec: &CollectionSpec) -> Result<Table> {
    let list = List::open(connection, config).await?;
    check_copies(connection, config).await?;
    let listed = match list.find(&spec.name).await? {
        Some(listed) => listed,
        None => {
            let points = table_name(&config.collection_name, &spec.name);
            list.add(spec, &points, i32::try_from(config.partitions).unwrap_or(1)).await?;
            let gone = || Error::new(ErrorKind::Conflict, "the collection was dropped while it was opened");
            list.find(&spec.name).await?.ok_or_else(gone)?
        }
    };
    let (points, model, dims, digest, layout, partitions) = listed;
    if layout != LAYOUT {
        return Err(Error::corrupt("the collection was written by another version of this library"));
    }
    check_identity(&EmbedderIdentity { model, dims: usize::try_from(dims).unwrap_or(0), digest }, &spec.identity)?;
    let table = Table { name: format!("\"{}\".\"{points}\"", config.keyspace), partitions };
    create(connection, config, &table, &points, kept_dims(spec.identity.dims)).await?;
    wait_for_indexes(connection, config, &table, spec.identity.dims).await?;
    Ok(table)
}

/// Makes the table and its indexes, as far as they are not there: whoever listed
/// the collection may have ended before.
async fn create(
    connection: &Connection,
    config: &CassandraConfig,
    table: &Table,
    points: &str,
    dims: usize,
) -> Result<()> {
    let cql = "SELECT index_name FROM system_schema.indexes WHERE keyspace_name = ? AND table_name = ?";
    let values = vec![text(&config.keyspace), text(points)];
    if connection.rows::<(String,)>(cql, values, config.consistency.driver()).await?.len() == 2 {
        return Ok(());
    }
    for cql in tables(&table.name, points, dims) {
        connection.change(&cql).await?;
    }
    Ok(())
}

/// An index that was just made may not answer yet. Asks until it does.
async fn wait_for_indexes(connection: &Connection, config: &CassandraConfig, table: &Table, dims: usize) -> Result<()> {
    const STEP: Duration = Duration::from_millis(20);
    let any: Vec<f32> = (0..dims).map(|place| if place == 0 { 1.0 } else { 0.0 }).collect();
    let values = vec![vector(&any), text("none"), vector(&any), CqlValue::Int(1)];
    let cql = table.nearest(1);
    let answered = async {
        loop {
            match connection.rows::<Found>(&cql, values.clone(), Consistency::LocalOne).await {
                Err(error) if error.kind() == ErrorKind::Unavailable => tokio::time::sleep(STEP).await,
                answer => return answer.map(|_| ()),
            }
        }
    };
    let late = |_| Error::new(ErrorKind::Timeout, "the indexes of the collection do not answer");
    tokio::time::timeout(Duration::from_millis(config.timeout_ms), answered).await.map_err(late)?
}

fn tables(name: &str, points: &str, dims: usize) -> [String; 3] {
    [
        format!(
            "CREATE TABLE IF NOT EXISTS {name} (part int, id text, version bigint, scope text, payload text, \
             terms set<text>, vector vector<float, {dims}>, PRIMARY KEY (part, id))"
        ),
        format!("CREATE CUSTOM INDEX IF NOT EXISTS \"{points}_terms\" ON {name} (terms) USING 'StorageAttachedIndex'"),
        format!(
            "CREATE CUSTOM INDEX IF NOT EXISTS \"{points}_vector\" ON {name} (vector) USING 'StorageAttachedIndex' \
             WITH OPTIONS = {{'similarity_function': 'cosine'}}"
        ),
    ]
}

/// Removes a collection; nothing if it is not there.
pub(super) async fn drop_collection(connection: &Connection, config: &CassandraConfig, name: &str) -> Result<()> {
    let list = List::open(connection, config).await?;
    if let Some((points, ..)) = list.find(name).await? {
        // The table first: a drop that is cut short is done again.
        connection.change(&format!("DROP TABLE IF EXISTS \"{}\".\"{points}\"", config.keyspace)).await?;
        list.remove(name, &points).await?;
    }
    Ok(())
}

/// A search by the index asks one copy. Refuses to promise that it sees every
/// write where the keyspace keeps more copies than the configuration says.
async fn check_copies(connection: &Connection, config: &CassandraConfig) -> Result<()> {
    let cql = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?";
    let values = vec![text(&config.keyspace)];
    let found: Vec<(std::collections::HashMap<String, String>,)> =
        connection.rows(cql, values, config.consistency.driver()).await?;
    let copies: u64 = found
        .iter()
        .flat_map(|(options,)| options)
        .filter(|(key, _)| key.as_str() != "class")
        .filter_map(|(_, copies)| copies.split('/').next()?.parse::<u64>().ok())
        .sum();
    if config.is_immediate() && config.write_consistency != super::Consistency::All && copies > 1 {
        let message = "the keyspace keeps more than one copy: set replication_factor to how many, or \
                       write_consistency to all";
        return Err(Error::config(message).with_context("copies", copies));
    }
    Ok(())
}

/// The name of a new collection's table.
fn table_name(prefix: &str, collection: &str) -> String {
    let named: String =
        collection.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).take(NAMED).collect();
    let life: String = Uuid::new_v4().simple().to_string().chars().take(8).collect();
    format!("{prefix}_{named}_{life}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_look_like_this() {
        let table = Table { name: "\"mem0\".\"mem0_notes_1\"".to_owned(), partitions: 16 };
        let [points, terms, vector] = tables(&table.name, "mem0_notes_1", 8);
        let shown = [
            points,
            terms,
            vector,
            table.insert(),
            table.delete(),
            table.points(),
            table.versions(),
            table.ids_after(0),
            table.ids_after(2),
            table.count(0),
            table.count(2),
            table.scan(1),
            table.nearest(2),
        ];
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn names_of_tables_are_short_and_each_life_has_its_own() {
        let name = table_name("sixteen_letters_", &"A-b".repeat(40));
        assert!(name.starts_with("sixteen_letters__a_ba_ba_ba_b_") && name.len() + "_vector".len() <= 48, "{name}");
        assert_ne!(table_name("a", "b"), table_name("a", "b"));
    }

    #[test]
    fn points_are_spread_over_the_partitions() {
        let table = |partitions| Table { name: String::new(), partitions };
        let ids: Vec<MemoryId> = (0..1_600).map(|n| MemoryId::from_uuid(Uuid::from_u128(n))).collect();
        let mut filled = [0; 16];
        for id in &ids {
            filled[usize::try_from(table(16).partition(*id)).unwrap()] += 1;
        }
        assert!(filled.iter().all(|points| (50..200).contains(points)), "{filled:?}");
        assert!(ids.iter().all(|id| table(1).partition(*id) == 0));
    }
}
