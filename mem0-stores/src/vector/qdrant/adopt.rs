//! Taking over a collection that another program filled.

use mem0_core::Result;
use qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use qdrant_client::qdrant::points_update_operation::{Operation, SetPayload, UpdateVectors};
use qdrant_client::qdrant::vectors::VectorsOptions;
use qdrant_client::qdrant::{
    Condition, Filter as Native, NamedVectors, PointVectors, PointsIdsList, PointsSelector, PointsUpdateOperation,
    RetrievedPoint, UpdateCollection, Vectors,
};

use super::collection::QdrantCollection;
use super::{fields, schema};

/// Gives each point that has none what searching it takes, and then notes whose
/// vectors the collection holds. If it is stopped in between, the next opening
/// goes on.
pub(super) async fn adopt(collection: &QdrantCollection) -> Result<()> {
    let batch = collection.config.batch_size;
    let mut after = None;
    loop {
        let foreign = Native::must([Condition::is_empty(fields::TERMS)]);
        let page = collection.scroll_page(foreign, after, batch, true).await?;
        let full = page.len() == batch;
        let mut operations = Vec::new();
        for retrieved in page {
            let id = retrieved.id.clone();
            after = Some(fields::memory_id(id.as_ref())?);
            operations.extend(complete(collection, retrieved)?);
        }
        collection.update(operations).await?;
        if !full {
            break;
        }
    }
    let note = UpdateCollection {
        collection_name: collection.spec.name.clone(),
        metadata: schema::note(&collection.spec.identity),
        ..UpdateCollection::default()
    };
    collection.client.call(|qdrant| qdrant.update_collection(note)).await.map(drop)
}

/// What makes a point of another program's one of ours.
fn complete(collection: &QdrantCollection, retrieved: RetrievedPoint) -> Result<Vec<PointsUpdateOperation>> {
    let Some(id) = retrieved.id.clone() else { return Ok(Vec::new()) };
    let point = fields::read(retrieved, collection.spec.identity.dims)?;
    let (mut ours, _) = fields::point(&point, collection.with_words)?;
    let ids = PointsSelectorOneOf::Points(PointsIdsList { ids: vec![id.clone()] });
    let helper = ours.payload.remove_entry(fields::HELPER);
    let payload = Operation::SetPayload(SetPayload {
        payload: helper.into_iter().collect(),
        points_selector: Some(PointsSelector { points_selector_one_of: Some(ids) }),
        ..SetPayload::default()
    });
    let words = match ours.vectors.and_then(|vectors| vectors.vectors_options) {
        Some(VectorsOptions::Vectors(mut named)) => named.vectors.remove(fields::WORDS),
        _ => None,
    };
    let words = words.map(|words| {
        let vectors = Vectors::from(NamedVectors::default().add_vector(fields::WORDS, words));
        let points = vec![PointVectors { id: Some(id), vectors: Some(vectors) }];
        Operation::UpdateVectors(UpdateVectors { points, ..UpdateVectors::default() })
    });
    let operations = std::iter::once(payload).chain(words);
    Ok(operations.map(|operation| PointsUpdateOperation { operation: Some(operation) }).collect())
}
