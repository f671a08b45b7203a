//! Collections that this adapter did not make, or made under another model.
//!
//! The Python library keeps a memory as a point whose payload has the keys of
//! [`mem0_core::types::payload`]; ours are read by the same keys, whatever the
//! note on the collection says.

use async_trait::async_trait;
use mem0_core::{Error, ForeignCollection, ForeignPage, ForeignPoint, Result};
use qdrant_client::qdrant::point_id::PointIdOptions;
use qdrant_client::qdrant::{
    PointId, ScrollPoints, WithPayloadSelector, WithVectorsSelector, with_payload_selector, with_vectors_selector,
};

use super::client::Client;
use super::config::QdrantConfig;
use super::{NAME, fields};

/// What the Python library calls its collection if nothing is configured.
const DEFAULT_COLLECTION: &str = "mem0";

/// A collection to read: the one that `collection_name` names, `mem0` by
/// default.
#[derive(Debug)]
pub struct ForeignQdrant {
    client: Client,
    collection: String,
}

impl ForeignQdrant {
    /// Connects when it is first used.
    ///
    /// # Errors
    /// `Config` if a setting is wrong.
    pub fn new(config: QdrantConfig) -> Result<Self> {
        let made = config.check().and_then(|()| Client::new(&config));
        let client = made.map_err(|error| error.with_provider(NAME))?;
        Ok(Self { client, collection: config.collection_name.unwrap_or_else(|| DEFAULT_COLLECTION.to_owned()) })
    }

    async fn page(&self, from: Option<&str>, limit: usize) -> Result<ForeignPage> {
        let all = with_vectors_selector::SelectorOptions::Enable(true);
        let whole = with_payload_selector::SelectorOptions::Enable(true);
        let request = ScrollPoints {
            collection_name: self.collection.clone(),
            offset: from.map(point_id),
            limit: Some(u32::try_from(limit.max(1)).unwrap_or(u32::MAX)),
            with_payload: Some(WithPayloadSelector { selector_options: Some(whole) }),
            with_vectors: Some(WithVectorsSelector { selector_options: Some(all) }),
            ..ScrollPoints::default()
        };
        let answer = self.client.call(|qdrant| qdrant.scroll(request)).await?;
        let mut page = ForeignPage { points: Vec::new(), next: answer.next_page_offset.as_ref().and_then(text) };
        for retrieved in answer.result {
            let id = retrieved.id.as_ref().and_then(text).ok_or_else(|| Error::corrupt("a point without an id"))?;
            let payload = fields::everything(retrieved.payload)?;
            // What is left of a deleted point has nothing.
            if !payload.is_empty() {
                let vector = retrieved.vectors.and_then(fields::dense);
                page.points.push(ForeignPoint { id, vector, payload });
            }
        }
        Ok(page)
    }
}

/// An id as text; one of digits alone is a number.
fn text(id: &PointId) -> Option<String> {
    match id.point_id_options.as_ref()? {
        PointIdOptions::Num(number) => Some(number.to_string()),
        PointIdOptions::Uuid(uuid) => Some(uuid.clone()),
    }
}

fn point_id(text: &str) -> PointId {
    text.parse::<u64>().map_or_else(|_| PointId::from(text), PointId::from)
}

#[async_trait]
impl ForeignCollection for ForeignQdrant {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn read(&self, from: Option<&str>, limit: usize) -> Result<ForeignPage> {
        let read = self.page(from, limit).await;
        read.map_err(|e| e.with_operation("read").with_provider(NAME).with_context("collection", &self.collection))
    }
}
