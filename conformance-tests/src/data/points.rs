//! Ids, vectors, payloads and points.

use mem0_core::{EmbedderIdentity, MemoryId, Payload, Point, Scope};
use serde_json::Value;
use uuid::Uuid;

/// The length of the vectors of most cases.
pub(crate) const DIMS: usize = 8;

/// A model that only the suites know.
pub(crate) fn identity(model: &str, dims: usize) -> EmbedderIdentity {
    EmbedderIdentity { model: format!("conformance/{model}"), dims, digest: format!("digest-of-{model}") }
}

/// Ids whose order is that of `n`.
pub(crate) fn id(n: u64) -> MemoryId {
    MemoryId::from_uuid(Uuid::from_u64_pair(0x0190_0000_0000_7000 ^ (n << 16), 0x8000_0000_0000_0000 | n))
}

/// A vector whose cosine with the first axis is `cosine`.
pub(crate) fn at(cosine: f32) -> Vec<f32> {
    let mut vector = axis(0);
    let rest = (1.0 - cosine * cosine).max(0.0).sqrt();
    for (place, number) in vector.iter_mut().zip([cosine, rest]) {
        *place = number;
    }
    vector
}

/// The unit vector along one axis.
pub(crate) fn axis(n: usize) -> Vec<f32> {
    (0..DIMS).map(|i| if i == n % DIMS { 1.0 } else { 0.0 }).collect()
}

/// Sixteen vectors whose cosines with one another are exactly 0, 0.5 or 1, so
/// that ties are ties on every machine.
pub(crate) fn grid(n: usize) -> Vec<f32> {
    const HALVES: [[usize; 4]; 6] =
        [[0, 1, 2, 3], [4, 5, 6, 7], [0, 1, 4, 5], [2, 3, 6, 7], [0, 2, 4, 6], [1, 3, 5, 7]];
    let n = n % (DIMS + HALVES.len());
    match HALVES.get(n.wrapping_sub(DIMS)) {
        Some(half) => (0..DIMS).map(|i| if half.contains(&i) { 0.5 } else { 0.0 }).collect(),
        None => axis(n),
    }
}

/// An object with the ids of the scope in it, as the payload of a memory has.
pub(crate) fn payload(scope: &Scope, value: Value) -> Payload {
    let mut payload = match value {
        Value::Object(object) => object,
        _ => Payload::new(),
    };
    for (key, id) in scope.ids() {
        payload.insert(key.as_str().to_owned(), id.into());
    }
    payload
}

/// Version 1 of a memory.
pub(crate) fn point(id: MemoryId, scope: &Scope, vector: Vec<f32>, value: Value) -> Point {
    Point { id, version: 1, scope: scope.clone(), vector, payload: payload(scope, value) }
}

/// The same memory, later.
pub(crate) fn later(point: &Point, version: u64, vector: Vec<f32>, value: Value) -> Point {
    Point { version, vector, payload: payload(&point.scope, value), ..point.clone() }
}
