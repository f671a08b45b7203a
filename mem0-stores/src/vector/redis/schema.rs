//! The keys of a collection and its index.
//!
//! `PREFIX:{NAME}` is the hash of the identity. What belongs to one life of the
//! collection has its generation in the key, so that after a drop an old handle
//! cannot touch what another made under the same name:
//! `PREFIX:{NAME}:GENERATION:` and then `point:ID` (one hash each), `ids` (a
//! sorted set, for walks in the order of ids), `deleted` (the versions as of
//! which ids were deleted) and `index`. The braces keep all of it in one slot.

use mem0_core::{CollectionSpec, MemoryId, ScopeKey};

use super::config::{IndexType, RedisVectorConfig};

/// Where everything of an open collection is.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// The hash of the identity.
    pub(super) meta: String,
    pub(super) generation: String,
    /// What keys of points begin with.
    pub(super) points: String,
    pub(super) ids: String,
    pub(super) deleted: String,
    pub(super) index: String,
}

impl Keys {
    pub(super) fn new(meta: String, generation: String) -> Self {
        let of = |what: &str| format!("{meta}:{generation}:{what}");
        let (points, ids, deleted, index) = (of("point:"), of("ids"), of("deleted"), of("index"));
        Self { meta, generation, points, ids, deleted, index }
    }

    /// The id that a point's key ends with.
    pub(super) fn id(&self, key: &[u8]) -> Option<MemoryId> {
        std::str::from_utf8(key).ok()?.strip_prefix(&self.points)?.parse().ok()
    }
}

/// The key of a collection's identity, and what its other keys begin with.
pub(super) fn meta(prefix: &str, name: &str) -> String {
    format!("{prefix}:{{{name}}}")
}

/// The arguments of `FT.CREATE` after the prefix of keys.
pub(super) fn create(config: &RedisVectorConfig, spec: &CollectionSpec) -> Vec<String> {
    let mut arguments: Vec<String> = ["STOPWORDS", "0", "SCHEMA"].map(String::from).to_vec();
    let mut add = |words: &[&str]| arguments.extend(words.iter().map(|word| (*word).to_owned()));
    for key in ScopeKey::ALL {
        add(&[key.as_str(), "TAG", "SEPARATOR", ",", "CASESENSITIVE"]);
    }
    add(&["terms", "TAG", "SEPARATOR", ",", "CASESENSITIVE"]);
    // For walks: sorted and compared as it is.
    add(&["id", "TAG", "SEPARATOR", ",", "CASESENSITIVE", "SORTABLE", "UNF"]);
    let dims = spec.identity.dims.to_string();
    let mut vector = vec!["TYPE", "FLOAT32", "DIM", &dims, "DISTANCE_METRIC", "COSINE"];
    let graph = [config.hnsw_m, config.hnsw_ef_construction, config.hnsw_ef_runtime].map(|number| number.to_string());
    let algorithm = match config.index_type {
        IndexType::Flat => "FLAT",
        IndexType::Hnsw => {
            for (name, number) in ["M", "EF_CONSTRUCTION", "EF_RUNTIME"].into_iter().zip(&graph) {
                vector.extend([name, number]);
            }
            "HNSW"
        }
    };
    add(&["vector", "VECTOR", algorithm, &vector.len().to_string()]);
    add(&vector);
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::EmbedderIdentity;

    #[test]
    fn indexes_look_like_this() {
        let identity = EmbedderIdentity { model: "m".into(), dims: 8, digest: String::new() };
        let spec = CollectionSpec::new("notes", identity);
        let shown = [IndexType::Hnsw, IndexType::Flat]
            .map(|index_type| create(&RedisVectorConfig::default().with_index_type(index_type), &spec).join(" "));
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn ids_are_read_from_keys() {
        let keys = Keys::new(meta("mem0", "a"), "g".into());
        let id: MemoryId = "018f3a5c-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(keys.id(format!("mem0:{{a}}:g:point:{id}").as_bytes()), Some(id));
        assert_eq!(keys.id(format!("mem0:{{ab}}:g:point:{id}").as_bytes()), None);
    }
}
