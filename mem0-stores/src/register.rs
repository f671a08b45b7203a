//! Every ledger and vector store of this build, by name.
// `redis` needs everything below; a build without it may leave some unused.
#![cfg_attr(
    not(feature = "redis"),
    allow(unused_imports, unused_variables, dead_code, reason = "a build may have no provider, or none of a kind")
)]

use std::sync::Arc;

use mem0_core::{ForeignCollection, Registry, Result, VectorStore, provider_config};
use serde::de::DeserializeOwned;

use crate::vector;

/// Adds every ledger and vector store of this build to `registry`.
///
/// ```
/// let mut registry = mem0_core::Registry::new();
/// mem0_stores::register(&mut registry);
/// # #[cfg(feature = "sqlite")]
/// assert!(registry.ledgers().any(|name| name == "sqlite"));
/// ```
pub fn register(registry: &mut Registry) {
    #[cfg(feature = "sqlite")]
    {
        registry.ledger("sqlite", |config, context| async move { sqlite::ledger(config, &context) });
        registry.vector_store("sqlite", |config, context| async move { sqlite::vector_store(config, &context) });
    }
    #[cfg(feature = "postgres")]
    registry.ledger("postgres", |config, _| async {
        Ok(Arc::new(crate::ledger::postgres::PostgresLedger::open(&provider_config(config)?).await?) as _)
    });
    #[cfg(feature = "pgvector")]
    {
        store(registry, "pgvector", vector::pgvector::PgvectorStore::new);
        foreign(registry, "pgvector", vector::pgvector::ForeignTable::pgvector);
    }
    #[cfg(feature = "supabase")]
    {
        registry.vector_store("supabase", |config, _| async { vector::pgvector::supabase(provider_config(config)?) });
        foreign(registry, "supabase", vector::pgvector::ForeignTable::supabase);
    }
    #[cfg(feature = "redis")]
    {
        store(registry, "redis", vector::redis::RedisVectorStore::redis);
        foreign(registry, "redis", vector::redis::ForeignKeys::redis);
        store(registry, "valkey", vector::redis::RedisVectorStore::valkey);
        foreign(registry, "valkey", vector::redis::ForeignKeys::valkey);
    }
    #[cfg(feature = "qdrant")]
    {
        store(registry, "qdrant", vector::qdrant::QdrantStore::new);
        foreign(registry, "qdrant", vector::qdrant::ForeignQdrant::new);
    }
    #[cfg(feature = "opensearch")]
    store(registry, "opensearch", vector::opensearch::OpenSearchStore::new);
    #[cfg(feature = "elasticsearch")]
    store(registry, "elasticsearch", vector::elasticsearch::ElasticsearchStore::new);
    #[cfg(feature = "chroma")]
    {
        store(registry, "chroma", vector::chroma::ChromaStore::new);
        foreign(registry, "chroma", |config| vector::chroma::ForeignRecords::new(&config));
    }
    #[cfg(feature = "weaviate")]
    store(registry, "weaviate", vector::weaviate::WeaviateStore::new);
    #[cfg(feature = "milvus")]
    store(registry, "milvus", vector::milvus::MilvusStore::new);
    #[cfg(feature = "cassandra")]
    store(registry, "cassandra", vector::cassandra::CassandraStore::new);
}

/// A vector store that is made of its configuration alone.
fn store<C, S>(registry: &mut Registry, name: &'static str, make: fn(C) -> Result<S>)
where
    C: DeserializeOwned + Default + 'static,
    S: VectorStore,
{
    registry.vector_store(name, move |config, _| async move {
        Ok(Arc::new(make(provider_config(config)?)?) as Arc<dyn VectorStore>)
    });
}

/// A reader of what other programs wrote there.
fn foreign<C, F>(registry: &mut Registry, name: &'static str, make: fn(C) -> Result<F>)
where
    C: DeserializeOwned + Default + 'static,
    F: ForeignCollection + 'static,
{
    registry.foreign_collection(name, move |config, _| async move {
        Ok(Arc::new(make(provider_config(config)?)?) as Arc<dyn ForeignCollection>)
    });
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::path::Path;
    use std::sync::Arc;

    use mem0_core::{BuildContext, Ledger, Result, VectorStore, provider_config};
    use serde_json::Value;

    use crate::SqliteDb;
    use crate::SqliteOptions;
    use crate::ledger::sqlite::SqliteLedger;
    use crate::ledger::sqlite::config::SqliteLedgerConfig;
    use crate::vector::sqlite::{SqliteVectorConfig, SqliteVectorStore};

    /// Ledger and vector store on one file share its connections, and with
    /// them the order of their writes.
    const LEDGER_FILE: &str = "sqlite-ledger-file";

    pub(super) fn ledger(config: Value, context: &BuildContext) -> Result<Arc<dyn Ledger>> {
        let config: SqliteLedgerConfig = provider_config(config)?;
        let db = open(&config.path, &config.options(), context)?;
        context.shared(LEDGER_FILE, || Ok(db.clone()))?;
        Ok(Arc::new(SqliteLedger::open(db)?))
    }

    pub(super) fn vector_store(config: Value, context: &BuildContext) -> Result<Arc<dyn VectorStore>> {
        let config: SqliteVectorConfig = provider_config(config)?;
        let db = match &config.path {
            Some(path) => open(path, &SqliteOptions::default(), context)?,
            None => {
                let fallback = SqliteLedgerConfig::default();
                let db = context.shared(LEDGER_FILE, || open(&fallback.path, &fallback.options(), context))?;
                db.following()
            }
        };
        Ok(Arc::new(SqliteVectorStore::new(db, &config)?))
    }

    fn open(path: &Path, options: &SqliteOptions, context: &BuildContext) -> Result<SqliteDb> {
        if path == Path::new(":memory:") {
            return SqliteDb::in_memory();
        }
        let path = context.path(path);
        context.shared(&format!("sqlite:{}", path.display()), || SqliteDb::open(&path, options))
    }
}
