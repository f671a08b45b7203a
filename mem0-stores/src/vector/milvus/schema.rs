//! The collections of the server, and how one is opened and dropped.
//!
//! The fields `id`, `vectors` and `metadata` are the Python library's. A payload
//! that is longer than the server's JSON is in `long`, cut into texts. Who a
//! point belongs to is in five fields, and what its payload holds is spread over
//! four of terms, since the server's lists have 4096 members at most. The
//! description says which model filled the collection.

use std::time::Duration;

use mem0_core::{CollectionSpec, EmbedderIdentity, Error, ErrorKind, Result, ScopeKey};
use prost::Message as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::config::{IndexType, MilvusConfig};
use super::connection::Connection;
use super::error;
use super::proto::{
    ARRAY, CollectionSchema, CreateCollection, CreateIndex, DescribeCollection, DropCollection, FLOAT_VECTOR,
    FieldSchema, GetLoadState, INT64, JSON, LOADED, LoadCollection, VARCHAR, pair,
};
use crate::shared::collection::check_identity;

/// How the fields are laid out; what another version wrote is not touched.
const LAYOUT: u32 = 1;

pub(super) const ID: &str = "id";
pub(super) const VECTOR: &str = "vectors";
pub(super) const PAYLOAD: &str = "metadata";
pub(super) const LONG: &str = "long";
pub(super) const VERSION: &str = "version";
pub(super) const TERMS: [&str; 4] = ["terms_0", "terms_1", "terms_2", "terms_3"];

/// Members of a list of the server.
pub(super) const MAX_MEMBERS: usize = 4_096;

/// Bytes of a text of the server, and of its JSON.
pub(super) const MAX_TEXT: usize = 65_535;

/// Texts of one payload that is long: 8 MiB.
pub(super) const MAX_PIECES: usize = 128;

/// What names of our own begin with, for collections whose names the server
/// does not take.
const RENAMED: &str = "mem0_renamed_";

/// What the description of a collection says.
#[derive(Serialize, Deserialize)]
struct Identity {
    mem0_layout: u32,
    model: String,
    digest: String,
}

/// The field of a term.
pub(super) fn field_of(term: &str) -> &'static str {
    TERMS.get(place_of(term)).copied().unwrap_or_default()
}

/// Which of the fields of terms has this one, by its last character.
pub(super) fn place_of(term: &str) -> usize {
    usize::from(term.as_bytes().last().copied().unwrap_or_default() % 4)
}

/// The server's name of a collection: its own where the server takes it.
pub(super) fn name_of(collection: &str) -> String {
    let plain = !collection.contains('-') && !collection.starts_with(|first: char| first.is_ascii_digit());
    if plain && !collection.starts_with(RENAMED) {
        collection.to_owned()
    } else {
        format!("{RENAMED}{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, collection.as_bytes()).simple())
    }
}

fn fields(dims: usize) -> Vec<FieldSchema> {
    let field = |name: &str, data_type: i32, params: &[(&str, usize)]| FieldSchema {
        name: name.to_owned(),
        data_type,
        type_params: params.iter().map(|(key, value)| pair(key, value)).collect(),
        ..FieldSchema::default()
    };
    let list = |name: &str, capacity: usize, length: usize| FieldSchema {
        element_type: VARCHAR,
        ..field(name, ARRAY, &[("max_capacity", capacity), ("max_length", length)])
    };
    let mut fields = vec![
        FieldSchema { is_primary_key: true, ..field(ID, VARCHAR, &[("max_length", 36)]) },
        field(VECTOR, FLOAT_VECTOR, &[("dim", dims)]),
        field(VERSION, INT64, &[]),
        field(PAYLOAD, JSON, &[]),
        list(LONG, MAX_PIECES, MAX_TEXT),
    ];
    // An id of 256 bytes in hexadecimal, and the letter before it.
    fields.extend(ScopeKey::ALL.map(|key| field(key.as_str(), VARCHAR, &[("max_length", 513)])));
    fields.extend(TERMS.map(|name| list(name, MAX_MEMBERS, 33)));
    fields
}

/// Opens a collection, making it if needed, and waits until it can be searched.
pub(super) async fn open(connection: &Connection, config: &MilvusConfig, spec: &CollectionSpec) -> Result<String> {
    let name = name_of(&spec.name);
    let there = match describe(connection, &name).await? {
        Some(there) => there,
        None => {
            create(connection, config, spec, &name).await?;
            let gone = || Error::new(ErrorKind::Conflict, "the collection was dropped while it was opened");
            describe(connection, &name).await?.ok_or_else(gone)?
        }
    };
    let foreign = || Error::corrupt("the server's collection of this name was not made by this library");
    let identity: Identity = serde_json::from_str(&there.description).map_err(|_| foreign())?;
    if identity.mem0_layout != LAYOUT {
        return Err(Error::corrupt("the collection was written by another version of this library"));
    }
    let vector = there.fields.iter().find(|field| field.name == VECTOR);
    let dims = vector.and_then(|field| field.type_params.iter().find(|param| param.key == "dim"));
    let dims = dims.and_then(|param| param.value.parse().ok()).ok_or_else(foreign)?;
    check_identity(&EmbedderIdentity { model: identity.model, dims, digest: identity.digest }, &spec.identity)?;
    load(connection, config, &name).await?;
    Ok(name)
}

async fn describe(connection: &Connection, name: &str) -> Result<Option<CollectionSchema>> {
    let answer = connection.ask(DescribeCollection { collection_name: name.to_owned() }).await?;
    let status = answer.status.unwrap_or_default();
    match error::of_status(&status) {
        _ if error::is_missing(&status) => Ok(None),
        Some(error) => Err(error),
        None => answer.schema.map(Some).ok_or_else(error::unexpected),
    }
}

/// Makes a collection; of two that are made at once with one name the first
/// stays.
async fn create(connection: &Connection, config: &MilvusConfig, spec: &CollectionSpec, name: &str) -> Result<()> {
    let identity =
        Identity { mem0_layout: LAYOUT, model: spec.identity.model.clone(), digest: spec.identity.digest.clone() };
    let unwritable = |e| Error::invalid("a model's name that cannot be written as JSON").with_source(e);
    let schema = CollectionSchema {
        name: name.to_owned(),
        description: serde_json::to_string(&identity).map_err(unwritable)?,
        fields: fields(spec.identity.dims),
    };
    let call = CreateCollection {
        collection_name: name.to_owned(),
        schema: schema.encode_to_vec(),
        shards_num: config.shards,
        consistency_level: config.consistency_level.number(),
    };
    let refused = error::of_status(&connection.ask(call).await?);
    match refused {
        // Also where somebody else was first with another model: whoever opens
        // it sees that.
        Some(error) if describe(connection, name).await?.is_none() => Err(error),
        _ => Ok(()),
    }
}

/// Indexes a collection and brings it into memory; what is done already is not
/// done again.
async fn load(connection: &Connection, config: &MilvusConfig, name: &str) -> Result<()> {
    const STEP: Duration = Duration::from_millis(50);
    let state = || connection.call(GetLoadState { collection_name: name.to_owned() });
    if state().await?.state == LOADED {
        return Ok(());
    }
    let call = CreateIndex {
        collection_name: name.to_owned(),
        field_name: VECTOR.to_owned(),
        extra_params: vec![
            pair("index_type", config.index_type.name()),
            pair("metric_type", "COSINE"),
            pair("params", index_params(config)),
        ],
    };
    let indexed = connection.call(call).await;
    let call = LoadCollection { collection_name: name.to_owned(), replica_number: config.replicas };
    // An index with other settings may be there already; without one this fails.
    connection.call(call).await.map_err(|error| indexed.err().unwrap_or(error))?;
    let loaded = async {
        while state().await?.state != LOADED {
            tokio::time::sleep(STEP).await;
        }
        Ok(())
    };
    let late = |_| Error::new(ErrorKind::Timeout, "the server does not bring the collection into memory");
    tokio::time::timeout(config.timeout(), loaded).await.map_err(late)?
}

fn index_params(config: &MilvusConfig) -> serde_json::Value {
    match config.index_type {
        IndexType::Hnsw => serde_json::json!({"M": config.hnsw_m, "efConstruction": config.hnsw_ef_construction}),
        IndexType::Flat | IndexType::AutoIndex => serde_json::json!({}),
    }
}

/// The parameters of a search for so many.
pub(super) fn search_params(config: &MilvusConfig, nearest: usize) -> serde_json::Value {
    match config.index_type {
        IndexType::Hnsw => serde_json::json!({"ef": nearest.max(config.hnsw_ef as usize)}),
        IndexType::Flat | IndexType::AutoIndex => serde_json::json!({}),
    }
}

/// Removes a collection; nothing if it is not there.
pub(super) async fn drop_collection(connection: &Connection, name: &str) -> Result<()> {
    let status = connection.ask(DropCollection { collection_name: name_of(name) }).await?;
    match error::of_status(&status) {
        Some(error) if !error::is_missing(&status) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_the_server_takes_stays_and_no_two_become_one() {
        assert_eq!(name_of("mem0_Entities"), "mem0_Entities");
        let names = ["a-b", "a_b", "1a", "a", "mem0_renamed_x"];
        let kept: std::collections::BTreeSet<_> = names.iter().map(|name| name_of(name)).collect();
        assert_eq!(kept.len(), names.len());
        assert!(kept.iter().all(|name| !name.contains('-') && !name.starts_with('1')));
    }

    #[test]
    fn terms_are_spread_over_their_fields() {
        let mut filled = [0; TERMS.len()];
        for n in 0..10_000 {
            filled[place_of(&crate::shared::terms::exists(&n.to_string()))] += 1;
        }
        assert!(filled.iter().all(|terms| *terms < MAX_MEMBERS), "{filled:?}");
    }

    #[test]
    fn fields_look_like_this() {
        let shown: Vec<_> = fields(8)
            .iter()
            .map(|field| {
                let params: Vec<_> =
                    field.type_params.iter().map(|param| format!("{}={}", param.key, param.value)).collect();
                format!("{} {} {}", field.name, field.data_type, params.join(" "))
            })
            .collect();
        insta::assert_snapshot!(shown.join("\n"));
    }
}
