//! Every ledger and vector store of this build, by name.

#[cfg(any(feature = "elasticsearch", feature = "opensearch", feature = "pgvector", feature = "postgres"))]
use std::sync::Arc;

use mem0_core::Registry;
#[cfg(any(
    feature = "elasticsearch",
    feature = "opensearch",
    feature = "pgvector",
    feature = "postgres",
    feature = "redis",
    feature = "sqlite"
))]
use mem0_core::provider_config;
#[cfg(feature = "sqlite")]
use mem0_core::{BuildContext, Ledger};
#[cfg(any(feature = "redis", feature = "sqlite"))]
use mem0_core::{Result, VectorStore};

#[cfg(feature = "postgres")]
use crate::ledger::postgres::PostgresLedger;
#[cfg(feature = "elasticsearch")]
use crate::vector::elasticsearch::ElasticsearchStore;
#[cfg(feature = "opensearch")]
use crate::vector::opensearch::OpenSearchStore;
#[cfg(feature = "supabase")]
use crate::vector::pgvector::supabase;
#[cfg(feature = "pgvector")]
use crate::vector::pgvector::{ForeignTable, PgvectorStore};
#[cfg(feature = "redis")]
use crate::vector::redis::{ForeignKeys, RedisVectorStore};

/// Adds every ledger and vector store of this build to `registry`.
///
/// ```
/// let mut registry = mem0_core::Registry::new();
/// mem0_stores::register(&mut registry);
/// # #[cfg(feature = "sqlite")]
/// assert!(registry.ledgers().any(|name| name == "sqlite"));
/// ```
#[cfg_attr(
    not(any(
        feature = "elasticsearch",
        feature = "opensearch",
        feature = "pgvector",
        feature = "postgres",
        feature = "redis",
        feature = "sqlite"
    )),
    expect(unused_variables, reason = "no provider is built in")
)]
pub fn register(registry: &mut Registry) {
    #[cfg(feature = "redis")]
    {
        registry.vector_store("redis", |config, _| async move { redis::vector_store(config, RedisVectorStore::redis) });
        registry
            .vector_store("valkey", |config, _| async move { redis::vector_store(config, RedisVectorStore::valkey) });
        registry.foreign_collection("redis", |config, _| async {
            Ok(Arc::new(ForeignKeys::redis(provider_config(config)?)?) as _)
        });
        registry.foreign_collection("valkey", |config, _| async {
            Ok(Arc::new(ForeignKeys::valkey(provider_config(config)?)?) as _)
        });
    }
    #[cfg(feature = "sqlite")]
    {
        registry.ledger("sqlite", |config, context| async move { sqlite::ledger(config, &context) });
        registry.vector_store("sqlite", |config, context| async move { sqlite::vector_store(config, &context) });
    }
    #[cfg(feature = "postgres")]
    registry.ledger("postgres", |config, _| async {
        Ok(Arc::new(PostgresLedger::open(&provider_config(config)?).await?) as _)
    });
    #[cfg(feature = "supabase")]
    {
        registry.foreign_collection("supabase", |config, _| async {
            Ok(Arc::new(ForeignTable::supabase(provider_config(config)?)?) as _)
        });
        registry.vector_store("supabase", |config, _| async { supabase(provider_config(config)?) });
    }
    #[cfg(feature = "elasticsearch")]
    registry.vector_store("elasticsearch", |config, _| async {
        Ok(Arc::new(ElasticsearchStore::new(provider_config(config)?)?) as _)
    });
    #[cfg(feature = "opensearch")]
    registry.vector_store("opensearch", |config, _| async {
        Ok(Arc::new(OpenSearchStore::new(provider_config(config)?)?) as _)
    });
    #[cfg(feature = "pgvector")]
    {
        registry.vector_store("pgvector", |config, _| async {
            Ok(Arc::new(PgvectorStore::new(provider_config(config)?)?) as _)
        });
        registry.foreign_collection("pgvector", |config, _| async {
            Ok(Arc::new(ForeignTable::pgvector(provider_config(config)?)?) as _)
        });
    }
}

#[cfg(feature = "redis")]
mod redis {
    use std::sync::Arc;

    use serde_json::Value;

    use super::{RedisVectorStore, Result, VectorStore, provider_config};
    use crate::vector::redis::RedisVectorConfig;

    pub(super) fn vector_store(
        config: Value,
        make: impl FnOnce(RedisVectorConfig) -> Result<RedisVectorStore>,
    ) -> Result<Arc<dyn VectorStore>> {
        Ok(Arc::new(make(provider_config(config)?)?))
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::path::Path;
    use std::sync::Arc;

    use serde_json::Value;

    use super::{BuildContext, Ledger, Result, VectorStore, provider_config};
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
