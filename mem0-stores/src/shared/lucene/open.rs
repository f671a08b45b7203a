//! Collections as indexes.

use std::sync::Arc;

use mem0_core::{CollectionSpec, EmbedderIdentity, Error, ErrorKind, Result};
use mem0_http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::LuceneCollection;
use super::answer::{check, read, unexpected};
use super::document;
use super::server::{Call, Server};
use crate::shared::collection::{check_identity, check_name};

/// How documents are laid out; what another version wrote is not touched.
const LAYOUT: u32 = 1;

/// What an index says of itself.
#[derive(Deserialize, Serialize)]
struct About {
    layout: u32,
    generation: String,
    model: String,
    dims: usize,
    digest: String,
}

/// Opens a collection, making its index if there is none. The name is checked
/// here, the dimensions by the product.
pub(crate) async fn open(server: Arc<dyn Server>, spec: &CollectionSpec) -> Result<LuceneCollection> {
    let index = index_name(&spec.name)?;
    let about = match stored(&*server, &index).await? {
        Some(about) => about,
        None => match create(&*server, &index, spec).await? {
            Some(about) => about,
            // Somebody else was faster.
            None => stored(&*server, &index).await?.ok_or_else(unexpected)?,
        },
    };
    let alias = alias(&index, &about.generation);
    check_identity(&EmbedderIdentity { model: about.model, dims: about.dims, digest: about.digest }, &spec.identity)?;
    Ok(LuceneCollection { server, spec: spec.clone(), alias })
}

/// Removes a collection's index, if there is one.
pub(crate) async fn drop_collection(server: &dyn Server, name: &str) -> Result<()> {
    let index = index_name(name)?;
    let response = server.send(Call::new(Method::Delete, format!("/{index}"))).await?;
    match check(&response) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        checked => checked,
    }
}

/// Names of indexes have small letters only and begin with one or a digit. A
/// name that does not bears its digest, behind a dot, which no collection has
/// in its name.
fn index_name(name: &str) -> Result<String> {
    check_name(name)?;
    if !name.starts_with(['_', '-']) && !name.contains(|c: char| c.is_ascii_uppercase()) {
        return Ok(name.to_owned());
    }
    let digest = blake3::hash(name.as_bytes()).to_hex();
    Ok(format!("c-{}.{}", name.to_ascii_lowercase(), digest.get(..32).unwrap_or_default()))
}

/// What a collection's generation is asked by.
fn alias(index: &str, generation: &str) -> String {
    format!("{index}.{generation}")
}

async fn stored(server: &dyn Server, index: &str) -> Result<Option<About>> {
    let response = server.send(Call::new(Method::Get, format!("/{index}/_mapping"))).await?;
    let mut answer: Map<String, Value> = match read(&response) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        answer => answer?,
    };
    let mut mapping = answer.remove(index).ok_or_else(unexpected)?;
    let about = mapping.pointer_mut("/mappings/_meta/mem0").map(Value::take);
    let foreign = || Error::config("the index of this name was made by something else: choose another `collection`");
    let about: About = serde_json::from_value(about.ok_or_else(foreign)?).map_err(|_| another_version())?;
    if about.layout != LAYOUT {
        return Err(another_version());
    }
    Ok(Some(about))
}

fn another_version() -> Error {
    Error::corrupt("the collection was written by another version of this library")
}

/// Makes the index; none if there is one already.
async fn create(server: &dyn Server, index: &str, spec: &CollectionSpec) -> Result<Option<About>> {
    let identity = &spec.identity;
    let about = About {
        layout: LAYOUT,
        generation: Uuid::new_v4().simple().to_string(),
        model: identity.model.clone(),
        dims: identity.dims,
        digest: identity.digest.clone(),
    };
    let body = index_body(server, index, spec, &about);
    let response = server.send(Call::new(Method::Put, format!("/{index}")).with_json(&body)).await?;
    match check(&response) {
        Ok(()) => Ok(Some(about)),
        Err(error) if error.kind() == ErrorKind::Conflict => Ok(None),
        Err(error) => Err(error),
    }
}

fn index_body(server: &dyn Server, index: &str, spec: &CollectionSpec, about: &About) -> Value {
    let options = server.options();
    let mut settings = Map::from_iter([
        ("number_of_shards".to_owned(), options.shards.into()),
        ("number_of_replicas".to_owned(), options.replicas.into()),
    ]);
    settings.extend(server.index_settings().into_iter().map(|(key, value)| (key.to_owned(), value)));
    json!({
        "settings": {"index": settings},
        "aliases": {alias(index, &about.generation): {}},
        "mappings": document::mapping(server, server.vector_mapping(spec), json!(about)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn names_of_indexes_are_apart_and_allowed(a in "[aA_-]{1,4}", b in "[aA_-]{1,4}") {
            let (one, other) = (index_name(&a).unwrap(), index_name(&b).unwrap());
            prop_assert_eq!(one == other, a == b);
            prop_assert!(one.starts_with(|c: char| c.is_ascii_lowercase()));
            prop_assert!(!one.contains(|c: char| c.is_ascii_uppercase()));
        }
    }

    #[test]
    fn the_longest_name_fits() {
        assert_eq!(index_name("mem0").unwrap(), "mem0");
        assert_eq!(index_name("9-lives").unwrap(), "9-lives");
        let longest = alias(&index_name(&"Z".repeat(128)).unwrap(), &Uuid::nil().simple().to_string());
        assert!(longest.len() <= 255, "{longest}");
    }
}
