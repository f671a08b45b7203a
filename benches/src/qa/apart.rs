//! Memories of a run are kept apart from those of the user.

use std::path::Path;

use mem0::{Config, Error, Mem0, Result};
use serde_json::{Map, Value};

use super::{Dataset, ingest};

/// Changes where a configuration keeps memories, and nothing else: files go
/// into the folder, and what is on a server gets a collection (and the ledger on
/// PostgreSQL a schema) that only this folder has.
///
/// # Errors
/// `Config` if a section of the configuration is no table, or the folder's name
/// is not UTF-8; `InvalidInput` if there is no such folder.
pub fn apart(config: &mut Config, folder: &Path) -> Result<()> {
    let folder =
        folder.canonicalize().map_err(|e| Error::invalid("the folder of the run cannot be used").with_source(e))?;
    let name = folder.to_str().ok_or_else(|| Error::config("the folder's name is not UTF-8"))?;
    let own: String = blake3::hash(name.as_bytes()).to_hex().chars().take(12).collect();
    config.collection = format!("mem0_bench_{own}");
    config.history_db_path = None;
    let ledger = table(&mut config.ledger.config)?;
    match config.ledger.provider.as_str() {
        "sqlite" => ledger.insert("path".to_owned(), format!("{name}/memories.db").into()),
        _ => ledger.insert("schema".to_owned(), format!("mem0_bench_{own}").into()),
    };
    if config.vector_store.provider == "sqlite" {
        let store = table(&mut config.vector_store.config)?;
        store.insert("path".to_owned(), format!("{name}/memories.db").into());
    }
    Ok(())
}

fn table(config: &mut Value) -> Result<&mut Map<String, Value>> {
    if config.is_null() {
        *config = Value::Object(Map::new());
    }
    config.as_object_mut().ok_or_else(|| Error::config("a provider's `config` is not a table"))
}

/// Takes back what a run left on servers: the memories, and the collection
/// that [`apart`] named.
///
/// # Errors
/// Those of the ledger and the vector store.
pub async fn clean_up(memory: &Mem0, config: &Config, dataset: &Dataset) -> Result<()> {
    if config.ledger.provider != "sqlite" {
        for conversation in &dataset.conversations {
            memory.erase(&ingest::scope(dataset.name, conversation)?).await?;
        }
    }
    if config.vector_store.provider != "sqlite" {
        mem0::vector_store(config).await?.drop_collection(&config.collection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0::Slot;
    use serde_json::json;

    #[test]
    fn nothing_but_the_place_changes() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.ledger = Slot::new("sqlite").with_config(json!({"path": "/home/ana/mem0.db", "busy_timeout_ms": 9}));
        config.history_db_path = Some("/home/ana/history.db".into());
        config.vector_store = Slot::new("qdrant").with_config(json!({"host": "qdrant"}));
        let before = config.clone();
        apart(&mut config, folder.path()).unwrap();
        let path = format!("{}/memories.db", folder.path().canonicalize().unwrap().display());
        assert_eq!(config.ledger.config, json!({"path": path, "busy_timeout_ms": 9}));
        assert_eq!((config.vector_store, config.embedder), (before.vector_store, before.embedder));
        assert!(config.history_db_path.is_none() && config.collection != before.collection);

        let other = tempfile::tempdir().unwrap();
        let mut server = Config::default();
        server.ledger = Slot::new("postgres").with_config(json!({"url": "postgres://db", "schema": "mine"}));
        apart(&mut server, other.path()).unwrap();
        assert_ne!(server.collection, config.collection);
        assert_eq!(server.ledger.config, json!({"url": "postgres://db", "schema": server.collection}));
        assert!(apart(&mut server, &other.path().join("none")).is_err());
    }
}
