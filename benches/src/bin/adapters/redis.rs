//! Redis by its client, one pipeline for each call.

use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Value, cmd, pipe};
use async_trait::async_trait;
use mem0::{MemoryId, Point};

use super::{LIMIT, Raw};

struct Redis {
    connection: MultiplexedConnection,
    /// What the keys of the collection begin with.
    base: String,
    /// The fields of a point that this library derives, taken as they are.
    derived: Vec<(String, Vec<u8>)>,
    sets: bool,
}

pub(super) async fn index(url: &str, collection: &str) -> Box<dyn Raw> {
    Box::new(connect(url, collection, false).await)
}

pub(super) async fn sets(url: &str, collection: &str) -> Box<dyn Raw> {
    Box::new(connect(url, collection, true).await)
}

async fn connect(url: &str, collection: &str, sets: bool) -> Redis {
    // A busy machine takes longer than the client waits by itself.
    let patient = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(60)));
    let client = ::redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection_with_config(&patient).await.unwrap();
    let meta = format!("mem0:{{{collection}}}");
    let generation: String = cmd("HGET").arg(&meta).arg("generation").query_async(&mut connection).await.unwrap();
    let base = format!("{meta}:{generation}");
    let first = format!("{base}:point:00000000-0000-7000-8000-000000000000");
    let mut derived: Vec<(String, Vec<u8>)> = cmd("HGETALL").arg(first).query_async(&mut connection).await.unwrap();
    derived.retain(|(name, _)| ["scope", "terms", "words", "user_id"].contains(&name.as_str()));
    Redis { connection, base, derived, sets }
}

fn bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn text(value: &Value) -> &str {
    let Value::BulkString(bytes) = value else { unreachable!() };
    std::str::from_utf8(bytes).unwrap()
}

impl Redis {
    fn user(&self) -> &str {
        let (_, user) = self.derived.iter().find(|(name, _)| name == "user_id").unwrap();
        std::str::from_utf8(user).unwrap()
    }
}

#[async_trait]
impl Raw for Redis {
    async fn search(&mut self, vector: &[f32]) -> Vec<MemoryId> {
        let user = self.user();
        if self.sets {
            let mut ask = cmd("VSIM");
            ask.arg(format!("{}:near:user_id:{user}", self.base)).arg("FP32").arg(bytes(vector));
            ask.arg(&["WITHSCORES", "COUNT"]).arg(LIMIT).arg("TRUTH");
            let hits: Vec<(String, f64)> = ask.query_async(&mut self.connection).await.unwrap();
            return hits.into_iter().map(|(id, _)| id.parse().unwrap()).collect();
        }
        let mut ask = cmd("FT.SEARCH");
        ask.arg(format!("{}:index", self.base));
        ask.arg(format!("(@user_id:{{{user}}})=>[KNN $k @vector $q HYBRID_POLICY ADHOC_BF AS distance]"));
        ask.arg(&["PARAMS", "4", "k"]).arg(LIMIT).arg("q").arg(bytes(vector));
        ask.arg(&["SORTBY", "distance", "ASC", "RETURN", "2", "version", "distance", "LIMIT", "0"]).arg(LIMIT);
        ask.arg(&["TIMEOUT", "0", "DIALECT", "2"]);
        let Value::Array(reply) = ask.query_async(&mut self.connection).await.unwrap() else { unreachable!() };
        let hits = reply[1..].chunks(2).map(|hit| {
            let Value::Array(fields) = &hit[1] else { unreachable!() };
            let number = |at: usize| text(&fields[at]).parse::<f64>().unwrap();
            (text(&hit[0]).rsplit_once(':').unwrap().1.parse().unwrap(), number(1), number(3))
        });
        hits.map(|(id, _, _)| id).collect()
    }

    async fn upsert(&mut self, points: &[Point]) {
        let mut write = pipe();
        for point in points {
            let id = point.id.to_string();
            let vector = bytes(&point.vector);
            let payload = serde_json::to_string(&point.payload).unwrap();
            if self.sets {
                write.cmd("VADD").arg(format!("{}:near:user_id:{}", self.base, self.user())).arg("FP32").arg(&vector);
                let attributes = format!(r#"{{"user_id":"{}"}}"#, self.user());
                write.arg(&id).arg(&["NOQUANT", "EF", "200", "SETATTR"]).arg(attributes).arg(&["M", "16"]).ignore();
            }
            write.cmd("HSET").arg(format!("{}:point:{id}", self.base)).arg("id").arg(&id);
            write.arg("version").arg(point.version).arg("vector").arg(vector).arg("payload").arg(payload);
            for (name, value) in &self.derived {
                write.arg(name).arg(value);
            }
            write.ignore();
            write.cmd("ZADD").arg(format!("{}:ids", self.base)).arg(0).arg(&id).ignore();
        }
        write.query_async::<()>(&mut self.connection).await.unwrap();
    }
}
