mod coherence;
mod exact;
mod graph;
mod points;
mod speed;

use std::sync::Arc;

use mem0_core::{
    CollectionSpec, EmbedderIdentity, MemoryId, Payload, Point, Scope, ScoredPoint, VectorCollection, VectorQuery,
    VectorStore,
};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use super::{SqliteVectorConfig, SqliteVectorStore};
use crate::{SqliteDb, SqliteOptions};

fn spec(dims: usize) -> CollectionSpec {
    CollectionSpec::new("c", EmbedderIdentity { model: "test/model".into(), dims, digest: "d".into() })
}

fn id(n: usize) -> MemoryId {
    MemoryId::from_uuid(Uuid::from_u128(n as u128))
}

fn user(name: &str) -> Scope {
    Scope::user(name).unwrap()
}

fn point(n: usize, version: u64, scope: &Scope, vector: &[f32]) -> Point {
    Point { id: id(n), version, scope: scope.clone(), vector: vector.to_vec(), payload: Payload::new() }
}

fn with(mut point: Point, key: &str, value: impl Into<Value>) -> Point {
    point.payload.insert(key.into(), value.into());
    point
}

fn ids(found: &[ScoredPoint]) -> Vec<usize> {
    found.iter().map(|point| point.id.as_uuid().as_u128() as usize).collect()
}

fn store_in(folder: &TempDir, config: &SqliteVectorConfig) -> SqliteVectorStore {
    let db = SqliteDb::open(folder.path().join("v.db"), &SqliteOptions::default()).unwrap();
    SqliteVectorStore::new(db, config).unwrap()
}

fn store() -> SqliteVectorStore {
    SqliteVectorStore::new(SqliteDb::in_memory().unwrap(), &SqliteVectorConfig::default()).unwrap()
}

async fn nearest(collection: &Arc<dyn VectorCollection>, scope: &Scope, vector: &[f32], limit: usize) -> Vec<usize> {
    let found = collection.search(&[VectorQuery::new(scope.clone(), vector.to_vec(), limit)]).await.unwrap();
    ids(&found[0])
}

/// Numbers that look random and are the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// About normally distributed.
    fn normal(&mut self) -> f32 {
        (0..4).map(|_| (self.next() >> 40) as f32 / (1 << 24) as f32 - 0.5).sum::<f32>() * 1.7
    }

    fn unit(&mut self, dims: usize) -> Vec<f32> {
        let vector: Vec<f32> = (0..dims).map(|_| self.normal()).collect();
        normalised(vector)
    }

    /// Near to one of a few centres, as embedded texts are.
    fn near(&mut self, centre: &[f32], noise: f32) -> Vec<f32> {
        normalised(centre.iter().map(|x| x + noise * self.normal() / (centre.len() as f32).sqrt()).collect())
    }
}

fn normalised(vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.into_iter().map(|x| x / length).collect()
}
