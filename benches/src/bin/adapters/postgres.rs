//! PostgreSQL by `tokio-postgres`, with prepared statements.

use async_trait::async_trait;
use mem0::{MemoryId, Point};
use pgvector::Vector;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use super::{LIMIT, Raw};

struct Postgres {
    client: Client,
    search: Statement,
    upsert: Statement,
    user: String,
}

/// A client on the table of a collection.
pub(super) async fn connect(url: &str, collection: &str) -> Box<dyn Raw> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    // As the adapter has it: a scope of this size is scanned.
    let search = format!(
        "SELECT id, version, vector <=> $1 FROM {collection} WHERE user_id = $2 \
         ORDER BY (vector <=> $1) + 0, id LIMIT {LIMIT}"
    );
    let upsert = format!(
        "INSERT INTO {collection} (id, version, user_id, vector, payload) \
         SELECT id, version, user_id, vector, payload::jsonb \
         FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::vector[], $5::text[]) \
             AS new(id, version, user_id, vector, payload) \
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, user_id = excluded.user_id, \
             vector = excluded.vector, payload = excluded.payload"
    );
    let (search, upsert) = (client.prepare(&search).await.unwrap(), client.prepare(&upsert).await.unwrap());
    Box::new(Postgres { client, search, upsert, user: "user0".to_owned() })
}

#[async_trait]
impl Raw for Postgres {
    async fn search(&mut self, vector: &[f32]) -> Vec<MemoryId> {
        let rows = self.client.query(&self.search, &[&Vector::from(vector.to_vec()), &self.user]).await.unwrap();
        let hit = |row: &tokio_postgres::Row| (row.get::<_, Uuid>(0), row.get::<_, i64>(1), row.get::<_, f64>(2));
        let hits: Vec<_> = rows.iter().map(hit).collect();
        hits.into_iter().map(|(id, _, _)| MemoryId::from_uuid(id)).collect()
    }

    async fn upsert(&mut self, points: &[Point]) {
        let ids: Vec<_> = points.iter().map(|point| point.id.as_uuid()).collect();
        let versions: Vec<_> = points.iter().map(|point| i64::try_from(point.version).unwrap()).collect();
        let users: Vec<_> = points.iter().map(super::user_of).collect();
        let vectors: Vec<_> = points.iter().map(|point| Vector::from(point.vector.clone())).collect();
        let payloads: Vec<_> = points.iter().map(|point| serde_json::to_string(&point.payload).unwrap()).collect();
        self.client.execute(&self.upsert, &[&ids, &versions, &users, &vectors, &payloads]).await.unwrap();
    }
}
