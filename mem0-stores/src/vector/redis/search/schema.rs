//! The index of a collection.

use mem0_core::{CollectionSpec, ScopeKey};

use super::super::config::{IndexType, Layout, RedisVectorConfig};
use super::super::mem0ai;

/// Candidates while the graph is searched; the server has this too.
const EF_RUNTIME: u32 = 10;

/// A field as it is called in a layout.
pub(super) fn field(layout: Layout, name: &str) -> String {
    match layout {
        Layout::Own => name.to_owned(),
        Layout::Mem0ai => mem0ai::named(name),
    }
}

/// The arguments of `FT.CREATE` after the prefix of keys. In queries a field has
/// one name, whatever the layout.
pub(in super::super) fn create(config: &RedisVectorConfig, spec: &CollectionSpec) -> Vec<String> {
    let mut arguments: Vec<String> = ["STOPWORDS", "0", "SCHEMA"].map(String::from).to_vec();
    let mut add = |name: &str, words: &[&str]| {
        arguments.push(field(config.layout, name));
        if config.layout != Layout::Own {
            arguments.extend(["AS", name].map(String::from));
        }
        arguments.extend(words.iter().map(|word| (*word).to_owned()));
    };
    for key in ScopeKey::ALL {
        add(key.as_str(), &["TAG", "SEPARATOR", ",", "CASESENSITIVE"]);
    }
    add("terms", &["TAG", "SEPARATOR", ",", "CASESENSITIVE"]);
    // For walks: sorted and compared as it is.
    add("id", &["TAG", "SEPARATOR", ",", "CASESENSITIVE", "SORTABLE", "UNF"]);
    // As they are: what is in it are terms already.
    add("words", &["TEXT", "NOSTEM"]);
    let dims = spec.identity.dims.to_string();
    let mut vector = vec!["TYPE", "FLOAT32", "DIM", &dims, "DISTANCE_METRIC", "COSINE"];
    let graph = [config.hnsw_m, config.hnsw_ef_construction, config.hnsw_ef_runtime.unwrap_or(EF_RUNTIME)]
        .map(|number| number.to_string());
    let algorithm = match config.index_type {
        IndexType::Flat => "FLAT",
        IndexType::Hnsw => {
            for (name, number) in ["M", "EF_CONSTRUCTION", "EF_RUNTIME"].into_iter().zip(&graph) {
                vector.extend([name, number]);
            }
            "HNSW"
        }
    };
    let count = vector.len().to_string();
    add("vector", &[&["VECTOR", algorithm, &count], vector.as_slice()].concat());
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
        let shared = RedisVectorConfig::default().with_index_type(IndexType::Flat).with_layout(Layout::Mem0ai);
        insta::assert_snapshot!(create(&shared, &spec).join(" "));
    }
}
