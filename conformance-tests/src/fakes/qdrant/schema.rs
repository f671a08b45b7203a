//! Collections: how they are made and described.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use q::payload_index_params::IndexParams;
use q::vectors_config::Config;
use qdrant_client::qdrant as q;
use serde_json::{Map, Value};
use tonic::Status;

use super::convert::PointKey;
use super::filter::Need;
use super::path::Path;
use super::service::took;
use super::{Options, State, refuse};

/// A collection.
#[derive(Clone, Debug)]
pub(super) struct Collection {
    pub(super) made: q::CreateCollection,
    pub(super) dims: usize,
    /// Sparse vectors by name, and whether frequency counts in them.
    pub(super) sparse: BTreeMap<String, bool>,
    pub(super) strict: q::StrictModeConfig,
    pub(super) indexes: BTreeMap<Path, (String, q::PayloadSchemaInfo)>,
    pub(super) points: BTreeMap<PointKey, Stored>,
}

/// A point.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    pub(super) dense: Option<Vec<f32>>,
    pub(super) sparse: BTreeMap<String, BTreeMap<u32, f32>>,
    pub(super) payload: Map<String, Value>,
}

impl State {
    pub(super) fn create(
        &mut self,
        request: q::CreateCollection,
        options: &Options,
    ) -> Result<q::CollectionOperationResponse, Status> {
        let start = Instant::now();
        let collection = Collection::new(request, options)?;
        let name = collection.made.collection_name.clone();
        if self.collections.contains_key(&name) {
            return Err(Status::already_exists(format!("Wrong input: Collection `{name}` already exists!")));
        }
        self.collections.insert(name, collection);
        Ok(q::CollectionOperationResponse { result: true, time: took(start) })
    }

    pub(super) fn update(
        &mut self,
        request: q::UpdateCollection,
        _: &Options,
    ) -> Result<q::CollectionOperationResponse, Status> {
        let start = Instant::now();
        let q::UpdateCollection {
            collection_name,
            optimizers_config,
            timeout,
            params,
            hnsw_config,
            vectors_config,
            quantization_config,
            sparse_vectors_config,
            strict_mode_config,
            metadata,
        } = request;
        refuse(
            "UpdateCollection",
            [
                ("optimizers_config", optimizers_config.is_some()),
                ("timeout", timeout.is_some()),
                ("params", params.is_some()),
                ("hnsw_config", hnsw_config.is_some()),
                ("vectors_config", vectors_config.is_some()),
                ("quantization_config", quantization_config.is_some()),
                ("sparse_vectors_config", sparse_vectors_config.is_some()),
            ],
        )?;
        let collection = self.collection(&collection_name)?;
        if let Some(strict) = strict_mode_config {
            collection.strict = strict;
        }
        collection.made.metadata.extend(metadata);
        Ok(q::CollectionOperationResponse { result: true, time: took(start) })
    }

    /// Says whether there was one.
    pub(super) fn delete(
        &mut self,
        request: q::DeleteCollection,
        _: &Options,
    ) -> Result<q::CollectionOperationResponse, Status> {
        let start = Instant::now();
        let result = self.collections.remove(&request.collection_name).is_some();
        Ok(q::CollectionOperationResponse { result, time: took(start) })
    }

    pub(super) fn get(&mut self, request: q::GetCollectionInfoRequest) -> Result<q::GetCollectionInfoResponse, Status> {
        let start = Instant::now();
        let info = self.collection(&request.collection_name)?.describe();
        Ok(q::GetCollectionInfoResponse { result: Some(info), time: took(start) })
    }

    pub(super) fn create_field_index(
        &mut self,
        request: q::CreateFieldIndexCollection,
        _: &Options,
    ) -> Result<q::PointsOperationResponse, Status> {
        let start = Instant::now();
        let q::CreateFieldIndexCollection {
            collection_name,
            wait,
            field_name,
            field_type,
            field_index_params,
            ordering,
            timeout,
        } = request;
        refuse("CreateFieldIndexCollection", [("ordering", ordering.is_some()), ("timeout", timeout.is_some())])?;
        let collection = self.collection(&collection_name)?;
        let path = Path::parse(&field_name)?;
        let kind = field_type.and_then(|kind| q::FieldType::try_from(kind).ok());
        let params = field_index_params.as_ref().and_then(|params| params.index_params.as_ref());
        let data_type = match (kind, params) {
            (Some(q::FieldType::Keyword), Some(IndexParams::KeywordIndexParams(_)) | None) => {
                q::PayloadSchemaType::Keyword
            }
            (Some(q::FieldType::Integer), Some(IndexParams::IntegerIndexParams(params))) => {
                if params.lookup == Some(false) && params.range == Some(false) {
                    return Err(Status::invalid_argument(
                        "Validation error: at least one of lookup and range is needed",
                    ));
                }
                q::PayloadSchemaType::Integer
            }
            (Some(q::FieldType::Integer), None) => q::PayloadSchemaType::Integer,
            _ => return Err(Status::invalid_argument("the fake does not implement this kind of index")),
        };
        let most = collection.strict.max_payload_index_count.filter(|_| collection.is_strict());
        if most.is_some_and(|most| collection.indexes.len() as u64 >= most && !collection.indexes.contains_key(&path)) {
            return Err(Status::invalid_argument("Max payload index count reached"));
        }
        let schema = q::PayloadSchemaInfo { data_type: data_type.into(), params: field_index_params, points: None };
        collection.indexes.insert(path, (field_name, schema));
        let operation = self.next_operation();
        Ok(q::PointsOperationResponse { result: Some(result(operation, wait)), time: took(start), usage: None })
    }
}

/// What became of a write.
pub(super) fn result(operation: u64, wait: Option<bool>) -> q::UpdateResult {
    let status = if wait == Some(true) { q::UpdateStatus::Completed } else { q::UpdateStatus::Acknowledged };
    q::UpdateResult { operation_id: Some(operation), status: status.into() }
}

impl Collection {
    fn new(request: q::CreateCollection, options: &Options) -> Result<Self, Status> {
        let made = request.clone();
        #[allow(deprecated, reason = "what it is not to have")]
        let q::CreateCollection {
            collection_name,
            hnsw_config,
            wal_config,
            optimizers_config,
            shard_number,
            on_disk_payload: _,
            timeout,
            vectors_config,
            replication_factor,
            write_consistency_factor,
            quantization_config,
            sharding_method,
            sparse_vectors_config,
            strict_mode_config,
            metadata: _,
            payload,
            id_tracker,
        } = request;
        refuse(
            "CreateCollection",
            [
                ("wal_config", wal_config.is_some()),
                ("optimizers_config", optimizers_config.is_some()),
                ("timeout", timeout.is_some()),
                ("sharding_method", sharding_method.is_some()),
                ("payload", payload.is_some()),
                ("id_tracker", id_tracker.is_some()),
            ],
        )?;
        let wrong = |what: &str| Status::invalid_argument(format!("Validation error in body: [{what}]"));
        const FORBIDDEN: &[char] = &['<', '>', ':', '"', '/', '\\', '|', '?', '*', '\0', '\u{1f}'];
        if collection_name.is_empty() || collection_name.len() > 255 || collection_name.contains(FORBIDDEN) {
            return Err(wrong("collection_name"));
        }
        let zero = |number: Option<u32>| number == Some(0);
        if zero(shard_number) || zero(replication_factor) || zero(write_consistency_factor) {
            return Err(wrong("a factor or the number of shards is 0"));
        }
        if hnsw_config.is_some_and(|hnsw| hnsw.ef_construct.is_some_and(|ef| ef < 4)) {
            return Err(wrong("hnsw_config.ef_construct"));
        }
        if let Some(q::quantization_config::Quantization::Scalar(scalar)) =
            quantization_config.and_then(|config| config.quantization)
            && scalar.quantile.is_some_and(|quantile| !(0.5..=1.0).contains(&quantile))
        {
            return Err(wrong("quantization_config.scalar.quantile"));
        }
        let Some(Config::Params(vectors)) = vectors_config.and_then(|vectors| vectors.config) else {
            return Err(wrong("the fake has one vector without a name in each collection"));
        };
        if !(1..=65_536).contains(&vectors.size) || vectors.distance() != q::Distance::Cosine {
            return Err(wrong("vectors_config: size, or a distance that the fake does not implement"));
        }
        if vectors.datatype.is_some() || vectors.multivector_config.is_some() {
            return Err(wrong("the fake has vectors of 32-bit floats"));
        }
        let map = sparse_vectors_config.map(|sparse| sparse.map).unwrap_or_default();
        let sparse = map.into_iter().map(|(name, params)| (name, params.modifier() == q::Modifier::Idf)).collect();
        Ok(Self {
            made,
            dims: usize::try_from(vectors.size).unwrap_or(usize::MAX),
            sparse,
            strict: strict_mode_config.or_else(|| options.strict.clone()).unwrap_or_default(),
            indexes: BTreeMap::new(),
            points: BTreeMap::new(),
        })
    }

    fn describe(&self) -> q::CollectionInfo {
        let made = &self.made;
        let params = q::CollectionParams {
            shard_number: made.shard_number.unwrap_or(1),
            vectors_config: made.vectors_config.clone(),
            sparse_vectors_config: made.sparse_vectors_config.clone(),
            replication_factor: Some(made.replication_factor.unwrap_or(1)),
            write_consistency_factor: Some(made.write_consistency_factor.unwrap_or(1)),
            ..q::CollectionParams::default()
        };
        let config = q::CollectionConfig {
            params: Some(params),
            hnsw_config: made.hnsw_config,
            quantization_config: made.quantization_config,
            strict_mode_config: Some(self.strict.clone()),
            metadata: made.metadata.clone(),
            ..q::CollectionConfig::default()
        };
        let payload_schema: HashMap<_, _> = self.indexes.values().cloned().collect();
        q::CollectionInfo {
            status: q::CollectionStatus::Green.into(),
            config: Some(config),
            payload_schema,
            points_count: Some(self.points.len() as u64),
            ..q::CollectionInfo::default()
        }
    }

    pub(super) fn is_strict(&self) -> bool {
        self.strict.enabled == Some(true)
    }

    /// Whether an index answers what is asked of this path.
    pub(super) fn is_indexed(&self, path: &Path, need: Need) -> bool {
        self.indexes.get(path).is_some_and(|(_, schema)| {
            let params = schema.params.as_ref().and_then(|params| params.index_params.as_ref());
            match (need, params, schema.data_type()) {
                (Need::Any, ..) | (Need::Word, _, q::PayloadSchemaType::Keyword) => true,
                (Need::Integer, Some(IndexParams::IntegerIndexParams(params)), _) => params.lookup != Some(false),
                (Need::Range, Some(IndexParams::IntegerIndexParams(params)), _) => params.range != Some(false),
                (Need::Integer | Need::Range, None, q::PayloadSchemaType::Integer) => true,
                _ => false,
            }
        })
    }
}
