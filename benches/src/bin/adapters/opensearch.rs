//! OpenSearch by the HTTP client, since its own client is a layer on the same.

use async_trait::async_trait;
use mem0::{MemoryId, Point};
use serde_json::{Value, json};

use super::{LIMIT, Raw, user_of};

struct OpenSearch {
    client: reqwest::Client,
    base: String,
    /// The terms of a payload that this library derives, taken as they are.
    terms: Value,
}

/// A client on the index of a collection.
pub(super) async fn connect(url: &str, collection: &str) -> Box<dyn Raw> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let base = format!("{}/{collection}", url.trim_end_matches('/'));
    let first = format!("{base}/_doc/00000000-0000-7000-8000-000000000000");
    let answer = client.get(first).send().await.unwrap().bytes().await.unwrap();
    let terms = serde_json::from_slice::<Value>(&answer).unwrap()["_source"]["terms"].take();
    Box::new(OpenSearch { client, base, terms })
}

impl OpenSearch {
    async fn ask(&self, path: &str, content: &str, body: String) -> Value {
        let request = self.client.post(format!("{}/{path}", self.base)).header("content-type", content).body(body);
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
    }
}

#[async_trait]
impl Raw for OpenSearch {
    async fn search(&mut self, vector: &[f32]) -> Vec<MemoryId> {
        // As the adapter has it: a scope of this size is scanned.
        let near = json!({"vector": vector, "k": 1_000, "filter": {"term": {"user_id": "user0"}}});
        let body = json!({
            "query": {"knn": {"vector_field": near}}, "size": LIMIT, "sort": [{"_score": "desc"}, {"id": "asc"}],
            "version": true, "_source": false, "track_total_hits": false,
        });
        let answer = self.ask("_search", "application/json", body.to_string()).await;
        let hits = answer["hits"]["hits"].as_array().unwrap().iter().map(|hit| {
            let (_, _) = (hit["_score"].as_f64().unwrap(), hit["_version"].as_u64().unwrap());
            hit["_id"].as_str().unwrap().parse().unwrap()
        });
        hits.collect()
    }

    async fn upsert(&mut self, points: &[Point]) {
        let lines = points.iter().map(|point| {
            let (id, version) = (point.id, point.version);
            let action = json!({"index": {"_id": id, "version": version, "version_type": "external_gte"}});
            let document = json!({
                "id": id, "user_id": user_of(point), "terms": self.terms, "data": point.payload["data"],
                "payload": point.payload, "vector_field": point.vector,
            });
            format!("{action}\n{document}\n")
        });
        let answer = self.ask("_bulk?refresh=true", "application/x-ndjson", lines.collect()).await;
        assert_eq!(answer["errors"], false, "{answer}");
    }
}
