//! Writes.

use std::time::Instant;

use q::points_selector::PointsSelectorOneOf;
use q::points_update_operation::{Operation, PointStructList, SetPayload, UpdateVectors};
use q::vectors::VectorsOptions;
use qdrant_client::qdrant as q;
use tonic::Status;

use super::convert::{self, PointKey};
use super::filter::Filter;
use super::read::sparse;
use super::schema::{Collection, Stored, result};
use super::search::normalised;
use super::service::took;
use super::{Options, State, refuse};

impl State {
    pub(super) fn update_batch(
        &mut self,
        request: q::UpdateBatchPoints,
        _: &Options,
    ) -> Result<q::UpdateBatchResponse, Status> {
        let start = Instant::now();
        let (wait, count) = (request.wait, request.operations.len());
        refuse(
            "UpdateBatchPoints",
            [("ordering", request.ordering.is_some()), ("timeout", request.timeout.is_some())],
        )?;
        if count == 0 {
            return Err(Status::invalid_argument("Validation error in body: [operations: must not be empty]"));
        }
        if wait == Some(true) {
            // Operations are done in the order in which they came.
            self.settle();
            self.apply(request)?;
        } else {
            // What is wrong is said at once all the same.
            let collection = self.collection(&request.collection_name)?.clone();
            let mut trial = collection;
            request.operations.iter().cloned().try_for_each(|operation| trial.apply(operation))?;
            self.late.push(request);
        }
        let result = (0..count).map(|_| result(self.next_operation(), wait)).collect();
        Ok(q::UpdateBatchResponse { result, time: took(start), usage: None })
    }

    pub(super) fn upsert(
        &mut self,
        request: q::UpsertPoints,
        options: &Options,
    ) -> Result<q::PointsOperationResponse, Status> {
        let q::UpsertPoints {
            collection_name,
            wait,
            points,
            ordering,
            shard_key_selector,
            update_filter,
            timeout,
            update_mode,
        } = request;
        let list = PointStructList { points, shard_key_selector, update_filter, update_mode };
        let operations = vec![q::PointsUpdateOperation { operation: Some(Operation::Upsert(list)) }];
        let batch = q::UpdateBatchPoints { collection_name, wait, operations, ordering, timeout };
        let q::UpdateBatchResponse { mut result, time, usage } = self.update_batch(batch, options)?;
        Ok(q::PointsOperationResponse { result: result.pop(), time, usage })
    }

    pub(super) fn apply(&mut self, request: q::UpdateBatchPoints) -> Result<(), Status> {
        let collection = self.collection(&request.collection_name)?;
        request.operations.into_iter().try_for_each(|operation| collection.apply(operation))
    }
}

impl Collection {
    fn apply(&mut self, operation: q::PointsUpdateOperation) -> Result<(), Status> {
        match operation.operation {
            Some(Operation::Upsert(list)) => self.upsert(list),
            Some(Operation::SetPayload(set)) => self.set_payload(set),
            Some(Operation::UpdateVectors(update)) => self.update_vectors(update),
            _ => Err(Status::invalid_argument("the fake does not implement this operation")),
        }
    }

    /// Points that are there are replaced only if they match the filter; new
    /// ones are written whatever it says.
    fn upsert(&mut self, list: PointStructList) -> Result<(), Status> {
        let PointStructList { points, shard_key_selector, update_filter, update_mode } = list;
        refuse(
            "PointStructList",
            [("shard_key_selector", shard_key_selector.is_some()), ("update_mode", update_mode.is_some())],
        )?;
        self.allow_writes(points.len())?;
        let condition = update_filter.map(Filter::read).transpose()?;
        let read = |point: q::PointStruct| {
            let id = PointKey::of(point.id.as_ref())?;
            let mut stored = Stored { payload: convert::object(point.payload)?, ..Stored::default() };
            let vectors = point.vectors.ok_or_else(|| Status::invalid_argument("Expected some vectors"))?;
            self.set_vectors(&mut stored, vectors)?;
            Ok((id, stored))
        };
        let points = points.into_iter().map(read).collect::<Result<Vec<_>, Status>>()?;
        let kept = |id: &PointKey| match (self.points.get(id), &condition) {
            (Some(old), Some(condition)) => !condition.holds(Some(*id), &old.payload),
            _ => false,
        };
        // The condition is on what was there before the operation.
        let points: Vec<_> = points.into_iter().filter(|(id, _)| !kept(id)).collect();
        self.points.extend(points);
        Ok(())
    }

    fn set_payload(&mut self, set: SetPayload) -> Result<(), Status> {
        let SetPayload { payload, points_selector, shard_key_selector, key } = set;
        refuse("SetPayload", [("shard_key_selector", shard_key_selector.is_some()), ("key", key.is_some())])?;
        let payload = convert::object(payload)?;
        let Some(PointsSelectorOneOf::Points(ids)) =
            points_selector.and_then(|selector| selector.points_selector_one_of)
        else {
            return Err(Status::invalid_argument("the fake selects points by ids"));
        };
        for id in &ids.ids {
            if let Some(point) = self.points.get_mut(&PointKey::of(Some(id))?) {
                point.payload.extend(payload.clone());
            }
        }
        Ok(())
    }

    fn update_vectors(&mut self, update: UpdateVectors) -> Result<(), Status> {
        let UpdateVectors { points, shard_key_selector, update_filter } = update;
        refuse(
            "UpdateVectors",
            [("shard_key_selector", shard_key_selector.is_some()), ("update_filter", update_filter.is_some())],
        )?;
        for point in points {
            let id = PointKey::of(point.id.as_ref())?;
            let missing = || Status::not_found("Not found: No point with id found");
            let mut stored = self.points.get(&id).ok_or_else(missing)?.clone();
            self.set_vectors(
                &mut stored,
                point.vectors.ok_or_else(|| Status::invalid_argument("Expected some vectors"))?,
            )?;
            self.points.insert(id, stored);
        }
        Ok(())
    }

    fn set_vectors(&self, point: &mut Stored, vectors: q::Vectors) -> Result<(), Status> {
        let named = match vectors.vectors_options {
            Some(VectorsOptions::Vector(vector)) => vec![(String::new(), vector)],
            Some(VectorsOptions::Vectors(named)) => named.vectors.into_iter().collect(),
            None => return Err(Status::invalid_argument("Malformed Vectors type")),
        };
        for (name, vector) in named {
            match vector.vector {
                Some(q::vector::Vector::Dense(vector)) if name.is_empty() => {
                    self.check_dense(&vector.data)?;
                    point.dense = Some(normalised(vector.data));
                }
                Some(q::vector::Vector::Sparse(vector)) if self.sparse.contains_key(&name) => {
                    point.sparse.insert(name, sparse(&vector.indices, &vector.values)?);
                }
                Some(q::vector::Vector::Dense(_) | q::vector::Vector::Sparse(_)) => {
                    return Err(Status::invalid_argument(format!(
                        "Wrong input: Not existing vector name error: {name}"
                    )));
                }
                _ => return Err(Status::invalid_argument("the fake does not implement this kind of vector")),
            }
        }
        Ok(())
    }
}
