//! Tables that this adapter did not make, or made under another model.
//!
//! Two layouts are known, by their columns: `id`, `vector`, `payload`, which the
//! Python library has with pgvector and which ours begin with; and `id`, `vec`,
//! `metadata` of the client `vecs` 0.4, through which it uses Supabase.

use async_trait::async_trait;
use mem0_core::{Error, ErrorKind, ForeignCollection, ForeignPage, ForeignPoint, Payload, Result};
use tokio::sync::OnceCell;
use tokio_postgres::types::Type;

use super::config::PgvectorConfig;
use super::payload;
#[cfg(feature = "supabase")]
use super::supabase::SupabaseConfig;
use crate::shared::postgres::{Client, Database, Sql, quoted};

/// The table where the Python library's configuration names none.
const TABLE: &str = "mem0";

/// A table to read: the one that `collection_name` names, in the configured
/// schema, in `public`, or in that of `vecs`.
#[derive(Debug)]
pub struct ForeignTable {
    name: &'static str,
    db: Database,
    table: String,
    schemas: [String; 3],
    found: OnceCell<Layout>,
}

#[derive(Clone, Debug)]
struct Layout {
    /// Quoted and with its schema.
    table: String,
    vector: &'static str,
    payload: &'static str,
    /// The type of the ids.
    id: String,
}

impl ForeignTable {
    /// Of PostgreSQL; nothing is connected before the first call.
    ///
    /// # Errors
    /// `Config` if a setting is out of range or a file cannot be read.
    pub fn pgvector(config: PgvectorConfig) -> Result<Self> {
        Self::new("pgvector", config)
    }

    /// Of Supabase, over a connection.
    ///
    /// # Errors
    /// As [`pgvector`](Self::pgvector).
    #[cfg(feature = "supabase")]
    pub fn supabase(config: SupabaseConfig) -> Result<Self> {
        Self::new("supabase", config.into_pgvector().map_err(|error| error.with_provider("supabase"))?)
    }

    fn new(name: &'static str, config: PgvectorConfig) -> Result<Self> {
        let made = config.check().and_then(|()| Database::new(config.pool()?));
        let db = made.map_err(|error| error.with_provider(name))?;
        let table = config.collection_name.unwrap_or_else(|| TABLE.to_owned());
        let schemas = [config.schema, "public".to_owned(), "vecs".to_owned()];
        Ok(Self { name, db, table, schemas, found: OnceCell::new() })
    }

    async fn find(&self, client: &Client) -> Result<Layout> {
        for schema in &self.schemas {
            let table = format!("{}.{}", quoted(schema), quoted(&self.table));
            let mut sql = Sql::default();
            let place = sql.bind(table.clone(), Type::TEXT);
            sql.push(&format!(
                "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute \
                 WHERE attrelid = to_regclass({place}) AND attnum > 0 AND NOT attisdropped"
            ));
            let rows = sql.query(&***client).await?;
            let columns: Vec<(String, String)> =
                rows.iter().filter_map(|row| Some((row.try_get(0).ok()?, row.try_get(1).ok()?))).collect();
            if columns.is_empty() {
                continue;
            }
            let kind = |name: &str| columns.iter().find(|(column, _)| column == name).map(|(_, kind)| kind.clone());
            let known = [("vector", "payload"), ("vec", "metadata")];
            let known = known.into_iter().find(|(vector, payload)| kind(vector).is_some() && kind(payload).is_some());
            return match (known, kind("id")) {
                (Some((vector, payload)), Some(id)) => Ok(Layout { table, vector, payload, id }),
                _ => Err(Error::new(
                    ErrorKind::Unsupported,
                    "the table has neither the columns id, vector and payload \
                     nor id, vec and metadata",
                )
                .with_context("table", table)),
            };
        }
        Err(Error::not_found("there is no table of this name; set collection_name, and schema if it has one")
            .with_context("collection_name", &self.table))
    }

    async fn page(&self, from: Option<&str>, limit: usize) -> Result<ForeignPage> {
        let client = self.db.client().await?;
        let Layout { table, vector, payload, id } = self.found.get_or_try_init(|| self.find(&client)).await?;
        let mut sql = Sql::default();
        let after = from.map(|from| format!("AND id > {}::{id}", sql.bind(from.to_owned(), Type::TEXT)));
        let limit = limit.max(1);
        let most = sql.bind(i64::try_from(limit).unwrap_or(i64::MAX), Type::INT8);
        sql.push(&format!(
            "SELECT id::text, {vector}::real[], {payload}::text FROM {table} \
             WHERE {payload} IS NOT NULL {} ORDER BY id LIMIT {most}",
            after.unwrap_or_default()
        ));
        let damaged = |_| Error::corrupt("a row of another shape than its table");
        let mut points = Vec::new();
        for row in sql.query(&**client).await? {
            let text: &str = row.try_get(2).map_err(damaged)?;
            points.push(ForeignPoint {
                id: row.try_get(0).map_err(damaged)?,
                vector: row.try_get(1).map_err(damaged)?,
                payload: read(text),
            });
        }
        let next = if points.len() < limit { None } else { points.last().map(|point| point.id.clone()) };
        Ok(ForeignPage { points, next })
    }
}

/// A payload as we write it, else as it stands; what is no object has nothing
/// in it.
fn read(text: &str) -> Payload {
    payload::from_json(text).or_else(|_| serde_json::from_str(text)).unwrap_or_default()
}

#[async_trait]
impl ForeignCollection for ForeignTable {
    fn name(&self) -> &'static str {
        self.name
    }

    async fn read(&self, from: Option<&str>, limit: usize) -> Result<ForeignPage> {
        let page = self.page(from, limit).await;
        page.map_err(|error| error.with_operation("adopt").with_provider(self.name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn payloads_of_both_kinds_are_read() {
        assert_eq!(read(r#"{"data": "\u0001\u0001\u0001\u0002"}"#).get("data"), Some(&json!("\0")));
        assert_eq!(read(r#"{"data": "\u0001"}"#).get("data"), Some(&json!("\u{1}")));
        assert!(read("null").is_empty() && read("[1]").is_empty());
    }
}
