//! The services: what is asked is noted, and answered from the state.

use std::sync::Arc;
use std::time::Instant;

use qdrant_client::qdrant as q;
use tonic::{Request, Response, Status};

use super::{Fault, Shared};

/// The three services of a server.
#[derive(Clone, Debug)]
pub(super) struct Service(pub(super) Arc<Shared>);

impl Service {
    /// Whoever has no key comes no further.
    pub(super) fn authenticate(&self, request: Request<()>) -> Result<Request<()>, Status> {
        let options = &self.0.options;
        let Some(key) = &options.api_key else { return Ok(request) };
        let header = |name| request.metadata().get(name).and_then(|value| value.to_str().ok());
        let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(given) = header("api-key").or(bearer) else {
            return Err(Status::unauthenticated("Must provide an API key or an Authorization bearer token"));
        };
        let mut request = if given == key || options.read_only_api_key.as_deref() == Some(given) {
            request
        } else {
            return Err(Status::unauthenticated("Invalid API key or JWT"));
        };
        let may_write =
            self.0.options.api_key.as_deref() == request.metadata().get("api-key").and_then(|k| k.to_str().ok());
        request.extensions_mut().insert(MayWrite(may_write));
        Ok(request)
    }

    async fn enter<T>(&self, request: Request<T>, call: fn(T) -> Call, writes: bool) -> Result<T, Status>
    where
        T: Clone,
    {
        let may_write = request.extensions().get::<MayWrite>().is_none_or(|may| may.0);
        if writes && !may_write {
            return Err(Status::permission_denied("Global manage access is required"));
        }
        let request = request.into_inner();
        let fault = {
            let mut state = self.0.lock();
            state.calls.push(call(request.clone()));
            state.faults.pop_front().flatten()
        };
        match fault {
            None => Ok(request),
            Some(Fault::Status(status)) => Err(status),
            Some(Fault::Hang) => std::future::pending().await,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct MayWrite(bool);

/// The seconds since `start`, as an answer says them.
pub(super) fn took(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}

macro_rules! services {
    ($($service:path {
        $(read $read:ident $read_call:ident($read_request:ident) -> $read_response:ident;)*
        $(write $write:ident $write_call:ident($write_request:ident) -> $write_response:ident;)*
        $(no $no:ident($no_request:ident) -> $no_response:ident;)*
    })+) => {
        /// What a server was asked.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the names of the calls")]
        pub enum Call {
            $($($read_call(q::$read_request),)* $($write_call(q::$write_request),)*)+
        }

        $(#[tonic::async_trait]
        impl $service for Service {
            $(async fn $read(&self, request: Request<q::$read_request>) -> Result<Response<q::$read_response>, Status> {
                let request = self.enter(request, Call::$read_call, false).await?;
                self.0.lock().$read(request).map(Response::new)
            })*
            $(async fn $write(&self, request: Request<q::$write_request>) -> Result<Response<q::$write_response>, Status> {
                let request = self.enter(request, Call::$write_call, true).await?;
                let options = self.0.options.clone();
                self.0.lock().$write(request, &options).map(Response::new)
            })*
            $(async fn $no(&self, _: Request<q::$no_request>) -> Result<Response<q::$no_response>, Status> {
                Err(Status::unimplemented(concat!("the fake does not implement ", stringify!($no))))
            })*
        })+
    };
}

services! {
    q::collections_server::Collections {
        read get Describe(GetCollectionInfoRequest) -> GetCollectionInfoResponse;
        write create Create(CreateCollection) -> CollectionOperationResponse;
        write update UpdateCollection(UpdateCollection) -> CollectionOperationResponse;
        write delete DeleteCollection(DeleteCollection) -> CollectionOperationResponse;
        no list(ListCollectionsRequest) -> ListCollectionsResponse;
        no update_aliases(ChangeAliases) -> CollectionOperationResponse;
        no list_collection_aliases(ListCollectionAliasesRequest) -> ListAliasesResponse;
        no list_aliases(ListAliasesRequest) -> ListAliasesResponse;
        no collection_cluster_info(CollectionClusterInfoRequest) -> CollectionClusterInfoResponse;
        no collection_exists(CollectionExistsRequest) -> CollectionExistsResponse;
        no update_collection_cluster_setup(UpdateCollectionClusterSetupRequest) -> UpdateCollectionClusterSetupResponse;
        no create_shard_key(CreateShardKeyRequest) -> CreateShardKeyResponse;
        no delete_shard_key(DeleteShardKeyRequest) -> DeleteShardKeyResponse;
        no list_shard_keys(ListShardKeysRequest) -> ListShardKeysResponse;
    }
    q::points_server::Points {
        read scroll Scroll(ScrollPoints) -> ScrollResponse;
        read count Count(CountPoints) -> CountResponse;
        read query_batch QueryBatch(QueryBatchPoints) -> QueryBatchResponse;
        write upsert Upsert(UpsertPoints) -> PointsOperationResponse;
        write update_batch UpdateBatch(UpdateBatchPoints) -> UpdateBatchResponse;
        write create_field_index CreateFieldIndex(CreateFieldIndexCollection) -> PointsOperationResponse;
        no delete(DeletePoints) -> PointsOperationResponse;
        no get(GetPoints) -> GetResponse;
        no update_vectors(UpdatePointVectors) -> PointsOperationResponse;
        no delete_vectors(DeletePointVectors) -> PointsOperationResponse;
        no set_payload(SetPayloadPoints) -> PointsOperationResponse;
        no overwrite_payload(SetPayloadPoints) -> PointsOperationResponse;
        no delete_payload(DeletePayloadPoints) -> PointsOperationResponse;
        no clear_payload(ClearPayloadPoints) -> PointsOperationResponse;
        no delete_field_index(DeleteFieldIndexCollection) -> PointsOperationResponse;
        no create_vector_name(CreateVectorNameRequest) -> PointsOperationResponse;
        no delete_vector_name(DeleteVectorNameRequest) -> PointsOperationResponse;
        no search(SearchPoints) -> SearchResponse;
        no search_batch(SearchBatchPoints) -> SearchBatchResponse;
        no search_groups(SearchPointGroups) -> SearchGroupsResponse;
        no recommend(RecommendPoints) -> RecommendResponse;
        no recommend_batch(RecommendBatchPoints) -> RecommendBatchResponse;
        no recommend_groups(RecommendPointGroups) -> RecommendGroupsResponse;
        no discover(DiscoverPoints) -> DiscoverResponse;
        no discover_batch(DiscoverBatchPoints) -> DiscoverBatchResponse;
        no query(QueryPoints) -> QueryResponse;
        no query_groups(QueryPointGroups) -> QueryGroupsResponse;
        no facet(FacetCounts) -> FacetResponse;
        no search_matrix_pairs(SearchMatrixPoints) -> SearchMatrixPairsResponse;
        no search_matrix_offsets(SearchMatrixPoints) -> SearchMatrixOffsetsResponse;
    }
}

/// Whoever asks for the version needs no key.
#[tonic::async_trait]
impl q::qdrant_server::Qdrant for Service {
    async fn health_check(&self, _: Request<q::HealthCheckRequest>) -> Result<Response<q::HealthCheckReply>, Status> {
        let version = self.0.options.version.to_owned();
        Ok(Response::new(q::HealthCheckReply { title: "fake".to_owned(), version, commit: None }))
    }
}
