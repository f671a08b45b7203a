//! Reads.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use q::query::Variant;
use q::vector_input::Variant as Input;
use q::{vector_output, with_payload_selector, with_vectors_selector};
use qdrant_client::qdrant as q;
use serde_json::Map;
use tonic::Status;

use super::convert::{self, PointKey};
use super::filter::Filter;
use super::path::Path;
use super::schema::{Collection, Stored};
use super::service::took;
use super::{State, refuse};

impl State {
    pub(super) fn scroll(&mut self, request: q::ScrollPoints) -> Result<q::ScrollResponse, Status> {
        let start = Instant::now();
        let q::ScrollPoints {
            collection_name,
            filter,
            offset,
            limit,
            with_payload,
            with_vectors,
            read_consistency: _,
            shard_key_selector,
            order_by,
            timeout,
        } = request;
        refuse(
            "ScrollPoints",
            [
                ("shard_key_selector", shard_key_selector.is_some()),
                ("order_by", order_by.is_some()),
                ("timeout", timeout.is_some()),
            ],
        )?;
        let collection = self.collection(&collection_name)?;
        let filter = Filter::read(filter.unwrap_or_default())?;
        collection.allow_filter(&filter, false)?;
        let limit = at_least_one(limit.map(u64::from))?;
        collection.allow_limit(limit)?;
        let from = offset.map(|offset| PointKey::of(Some(&offset))).transpose()?;
        let mut page: Vec<_> = collection
            .points
            .iter()
            .filter(|(id, point)| from.is_none_or(|from| **id >= from) && filter.holds(Some(**id), &point.payload))
            .take(usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1))
            .collect();
        let next = if page.len() as u64 > limit { page.pop().map(|(id, _)| id.native()) } else { None };
        let retrieved = page.into_iter().map(|(id, point)| {
            Ok(q::RetrievedPoint {
                id: Some(id.native()),
                payload: payload(point, with_payload.as_ref())?,
                vectors: vectors(collection, point, with_vectors.as_ref())?,
                ..q::RetrievedPoint::default()
            })
        });
        let result = retrieved.collect::<Result<_, Status>>()?;
        Ok(q::ScrollResponse { next_page_offset: next, result, time: took(start), usage: None })
    }

    pub(super) fn count(&mut self, request: q::CountPoints) -> Result<q::CountResponse, Status> {
        let start = Instant::now();
        let q::CountPoints { collection_name, filter, exact, read_consistency: _, shard_key_selector, timeout } =
            request;
        refuse(
            "CountPoints",
            [
                ("shard_key_selector", shard_key_selector.is_some()),
                ("timeout", timeout.is_some()),
                ("exact: an estimate", exact == Some(false)),
            ],
        )?;
        let collection = self.collection(&collection_name)?;
        let filter = Filter::read(filter.unwrap_or_default())?;
        collection.allow_filter(&filter, false)?;
        let count = collection.points.iter().filter(|(id, point)| filter.holds(Some(**id), &point.payload)).count();
        let result = Some(q::CountResult { count: count as u64 });
        Ok(q::CountResponse { result, time: took(start), usage: None })
    }

    pub(super) fn query_batch(&mut self, request: q::QueryBatchPoints) -> Result<q::QueryBatchResponse, Status> {
        let start = Instant::now();
        let q::QueryBatchPoints { collection_name, query_points, read_consistency: _, timeout } = request;
        refuse("QueryBatchPoints", [("timeout", timeout.is_some())])?;
        let collection = self.collection(&collection_name)?;
        collection.allow_searches(query_points.len())?;
        let answers = query_points.into_iter().map(|query| {
            refuse("QueryPoints", [("collection_name: another", query.collection_name != collection_name)])?;
            Ok(q::BatchResult { result: collection.query(query)? })
        });
        let result = answers.collect::<Result<_, Status>>()?;
        Ok(q::QueryBatchResponse { result, time: took(start), usage: None })
    }
}

impl Collection {
    fn query(&self, request: q::QueryPoints) -> Result<Vec<q::ScoredPoint>, Status> {
        let q::QueryPoints {
            collection_name: _,
            prefetch,
            query,
            using,
            filter,
            params,
            score_threshold,
            limit,
            offset,
            with_vectors,
            with_payload,
            read_consistency: _,
            shard_key_selector,
            lookup_from,
            timeout,
        } = request;
        refuse(
            "QueryPoints",
            [
                ("prefetch", !prefetch.is_empty()),
                ("score_threshold", score_threshold.is_some()),
                ("offset", offset.is_some()),
                ("shard_key_selector", shard_key_selector.is_some()),
                ("lookup_from", lookup_from.is_some()),
                ("timeout", timeout.is_some()),
            ],
        )?;
        let limit = at_least_one(limit)?;
        self.allow_limit(limit)?;
        let filter = Filter::read(filter.unwrap_or_default())?;
        self.allow_filter(&filter, false)?;
        let params = params.unwrap_or_default();
        self.allow_params(&params)?;
        let q::SearchParams { hnsw_ef, exact: _, quantization, indexed_only, acorn, idf } = params;
        refuse("SearchParams", [("indexed_only", indexed_only.is_some()), ("acorn", acorn.is_some())])?;
        let wrong = |what: &str| Status::invalid_argument(format!("Validation error in body: [{what}]"));
        if hnsw_ef == Some(0) || quantization.is_some_and(|q| q.oversampling.is_some_and(|times| times < 1.0)) {
            return Err(wrong("params"));
        }
        let Some(Variant::Nearest(q::VectorInput { variant: Some(vector) })) = query.and_then(|query| query.variant)
        else {
            return Err(wrong("the fake implements the query by a nearest vector"));
        };
        let using = using.unwrap_or_default();
        let scored = match vector {
            Input::Dense(vector) if using.is_empty() => {
                refuse("SearchParams", [("idf for a dense vector", idf.is_some())])?;
                self.check_dense(&vector.data)?;
                self.by_vector(vector.data, &filter)
            }
            Input::Sparse(vector) if self.sparse.contains_key(&using) => {
                let query = sparse(&vector.indices, &vector.values)?;
                let corpus = Filter::read(idf.and_then(|idf| idf.corpus).unwrap_or_default())?;
                self.by_words(&using, &query, &filter, &corpus)
            }
            Input::Dense(_) | Input::Sparse(_) => {
                return Err(Status::invalid_argument(format!("Wrong input: Not existing vector name error: {using}")));
            }
            _ => return Err(wrong("the fake has no queries by ids or models")),
        };
        let best = scored.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX));
        let hits = best.filter_map(|(score, id)| self.points.get(&id).map(|point| (score, id, point)));
        let hits = hits.map(|(score, id, point)| {
            Ok(q::ScoredPoint {
                id: Some(id.native()),
                payload: payload(point, with_payload.as_ref())?,
                score,
                vectors: vectors(self, point, with_vectors.as_ref())?,
                ..q::ScoredPoint::default()
            })
        });
        hits.collect()
    }

    pub(super) fn check_dense(&self, vector: &[f32]) -> Result<(), Status> {
        if vector.len() == self.dims {
            return Ok(());
        }
        let (due, got) = (self.dims, vector.len());
        Err(Status::invalid_argument(format!("Wrong input: Vector dimension error: expected dim: {due}, got {got}")))
    }
}

/// A sparse vector whose indices are unique and as many as its values.
pub(super) fn sparse(indices: &[u32], values: &[f32]) -> Result<BTreeMap<u32, f32>, Status> {
    let map: BTreeMap<u32, f32> = indices.iter().copied().zip(values.iter().copied()).collect();
    if indices.len() != values.len() || map.len() != indices.len() {
        return Err(Status::invalid_argument(
            "Validation error in body: [indices: must be unique, one for each value]",
        ));
    }
    Ok(map)
}

/// How many are asked for; ten where nothing is said.
fn at_least_one(limit: Option<u64>) -> Result<u64, Status> {
    match limit {
        Some(0) => {
            Err(Status::invalid_argument("Validation error in body: [limit: value 0 invalid, must be 1 or larger]"))
        }
        limit => Ok(limit.unwrap_or(10)),
    }
}

fn payload(point: &Stored, selector: Option<&q::WithPayloadSelector>) -> Result<HashMap<String, q::Value>, Status> {
    use with_payload_selector::SelectorOptions;
    let selected = match selector.and_then(|selector| selector.selector_options.as_ref()) {
        None | Some(SelectorOptions::Enable(false)) => Map::new(),
        Some(SelectorOptions::Enable(true)) => point.payload.clone(),
        Some(SelectorOptions::Include(include)) => {
            let mut selected = Map::new();
            for field in &include.fields {
                Path::parse(field)?.copy(&point.payload, &mut selected)?;
            }
            selected
        }
        Some(SelectorOptions::Exclude(_)) => {
            return Err(Status::invalid_argument("the fake does not implement an exclusion of fields"));
        }
    };
    Ok(convert::native(selected))
}

fn vectors(
    collection: &Collection,
    point: &Stored,
    selector: Option<&q::WithVectorsSelector>,
) -> Result<Option<q::VectorsOutput>, Status> {
    use with_vectors_selector::SelectorOptions;
    let wanted = |name: &str| match selector.and_then(|selector| selector.selector_options.as_ref()) {
        None => false,
        Some(SelectorOptions::Enable(all)) => *all,
        Some(SelectorOptions::Include(include)) => include.names.iter().any(|known| known == name),
    };
    if let Some(SelectorOptions::Include(include)) = selector.and_then(|selector| selector.selector_options.as_ref()) {
        let unknown = include.names.iter().find(|name| !name.is_empty() && !collection.sparse.contains_key(*name));
        if let Some(name) = unknown {
            return Err(Status::invalid_argument(format!("Wrong input: Not existing vector name error: {name}")));
        }
    }
    let output = |vector| q::VectorOutput { vector: Some(vector), ..q::VectorOutput::default() };
    let dense =
        point.dense.iter().filter(|_| wanted("")).map(|vector| {
            (String::new(), output(vector_output::Vector::Dense(q::DenseVector { data: vector.clone() })))
        });
    let sparse = point.sparse.iter().filter(|(name, _)| wanted(name)).map(|(name, vector)| {
        let vector =
            q::SparseVector { indices: vector.keys().copied().collect(), values: vector.values().copied().collect() };
        (name.clone(), output(vector_output::Vector::Sparse(vector)))
    });
    let vectors: HashMap<String, q::VectorOutput> = dense.chain(sparse).collect();
    if vectors.is_empty() {
        return Ok(None);
    }
    let named = q::vectors_output::VectorsOptions::Vectors(q::NamedVectorsOutput { vectors });
    Ok(Some(q::VectorsOutput { vectors_options: Some(named) }))
}
