//! What the server answers, and what its errors mean.

use mem0_core::{Error, ErrorKind, MemoryId, Result, ScoredPoint, TextHit};
use mem0_http::{Refusal, Response, check_status};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::shared::search::{hit, sort_hits};

/// The body of a success.
pub(super) fn read<T: DeserializeOwned>(response: &Response) -> Result<T> {
    check(response)?;
    serde_json::from_slice(&response.body).map_err(|_| unexpected())
}

/// Whether a response is a success.
pub(super) fn check(response: &Response) -> Result<()> {
    let mut said = None;
    let checked = check_status(response, |refusal| {
        said = Some(refusal.clone());
        None
    });
    match (checked, said) {
        (Err(_), Some(refusal)) => Err(classify(&refusal)),
        (checked, _) => checked,
    }
}

/// The error of one part of a batch.
pub(super) fn refused(status: u16, error: &Value) -> Error {
    let body = json!({"error": error}).to_string();
    check(&Response::new(status, Vec::new(), body)).err().unwrap_or_else(unexpected)
}

fn classify(refusal: &Refusal) -> Error {
    let said = |code: &str| refusal.has(code);
    let (kind, message) = match refusal.status {
        404 if said("index_not_found_exception") => (ErrorKind::NotFound, "the collection was dropped; open it again"),
        401 => (ErrorKind::Unauthenticated, "user, password or key are missing or refused"),
        403 | 429 if said("cluster_block_exception") => {
            (ErrorKind::QuotaExceeded, "the index is closed for writes, for instance since the server's disk is full")
        }
        403 => (ErrorKind::PermissionDenied, "the user may not do this"),
        404 => (ErrorKind::Config, "the address answers, but not as such a server: check it"),
        400 | 500 if said("too_many_clauses") || said("too_many_nested_clauses") => {
            (ErrorKind::InvalidInput, "the filter or the question has more conditions than the server takes")
        }
        400 if said("resource_already_exists_exception") => {
            (ErrorKind::Conflict, "somebody else made the collection at the same moment")
        }
        413 => (ErrorKind::InvalidInput, "a point is larger than what the server takes in one request"),
        408 | 504 => (ErrorKind::Timeout, "the server did not answer in time"),
        429 => (ErrorKind::RateLimited, "the server asks to slow down"),
        300..=399 => (ErrorKind::Config, "the address answers with a redirect: check it"),
        409 => (ErrorKind::Conflict, "somebody else changed the same thing"),
        400 | 405 | 406 | 415 => (ErrorKind::Internal, "the server refused a request"),
        _ => (ErrorKind::Unavailable, "the server cannot answer now"),
    };
    let mut error = Error::new(kind, message).with_context("status", refusal.status);
    if !refusal.codes.is_empty() {
        error = error.with_context("code", refusal.codes.join(" "));
    }
    match refusal.retry_after {
        Some(after) => error.with_retry_after(after),
        None => error,
    }
}

/// The answer to a search.
#[derive(Deserialize)]
pub(super) struct Found {
    status: Option<u16>,
    error: Option<Value>,
    #[serde(default)]
    timed_out: bool,
    #[serde(rename = "_shards", default)]
    shards: Shards,
    #[serde(default)]
    hits: Hits,
}

#[derive(Default, Deserialize)]
struct Shards {
    failed: u64,
}

#[derive(Default, Deserialize)]
struct Hits {
    hits: Vec<Hit>,
}

/// One document of an answer.
#[derive(Deserialize)]
pub(super) struct Hit {
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_version")]
    version: Option<u64>,
    #[serde(rename = "_score")]
    score: Option<f64>,
    #[serde(rename = "_source")]
    pub(super) source: Option<Map<String, Value>>,
    #[serde(default)]
    pub(super) fields: Map<String, Value>,
}

impl Found {
    /// The hits, if they are all of them: a part of the truth is an error.
    pub(super) fn hits(self) -> Result<Vec<Hit>> {
        if let Some(error) = &self.error {
            return Err(refused(self.status.unwrap_or(500), error));
        }
        if self.timed_out || self.shards.failed > 0 {
            return Err(Error::new(ErrorKind::Unavailable, "a part of the index did not answer"));
        }
        Ok(self.hits.hits)
    }
}

impl Hit {
    pub(super) fn id(&self) -> Result<MemoryId> {
        self.id.parse().map_err(|_| unexpected())
    }

    pub(super) fn version(&self) -> Result<u64> {
        self.version.ok_or_else(unexpected)
    }

    fn score(&self) -> Result<f64> {
        self.score.ok_or_else(unexpected)
    }

    /// A score is half of one more than the cosine.
    fn scored(&self) -> Result<ScoredPoint> {
        Ok(hit(self.id()?, self.version()?, 2.0 * self.score()? - 1.0))
    }
}

/// The hits of a search for near vectors, in order.
pub(super) fn nearest(found: Found) -> Result<Vec<ScoredPoint>> {
    let mut points: Vec<_> = found.hits()?.iter().map(Hit::scored).collect::<Result<_>>()?;
    sort_hits(&mut points);
    Ok(points)
}

/// The hits of a search by words, in order.
pub(super) fn best(found: Found) -> Result<Vec<TextHit>> {
    #[allow(clippy::cast_possible_truncation, reason = "the server's own scores are of this width")]
    let hit = |hit: Hit| Ok(TextHit { id: hit.id()?, version: hit.version()?, score: hit.score()? as f32 });
    let mut hits: Vec<_> = found.hits()?.into_iter().map(hit).collect::<Result<_>>()?;
    sort_hits(&mut hits);
    Ok(hits)
}

pub(super) fn unexpected() -> Error {
    Error::internal("the server's answer has an unknown shape")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::Retry;

    #[test]
    fn every_error_has_its_kind() {
        for (status, code, kind, retry) in [
            (401, "security_exception", ErrorKind::Unauthenticated, Retry::Never),
            (403, "security_exception", ErrorKind::PermissionDenied, Retry::Never),
            (403, "cluster_block_exception", ErrorKind::QuotaExceeded, Retry::Never),
            (429, "cluster_block_exception", ErrorKind::QuotaExceeded, Retry::Never),
            (429, "es_rejected_execution_exception", ErrorKind::RateLimited, Retry::Safe),
            (429, "circuit_breaking_exception", ErrorKind::RateLimited, Retry::Safe),
            (404, "index_not_found_exception", ErrorKind::NotFound, Retry::Never),
            (404, "", ErrorKind::Config, Retry::Never),
            (302, "", ErrorKind::Config, Retry::Never),
            (400, "too_many_nested_clauses", ErrorKind::InvalidInput, Retry::Never),
            (400, "resource_already_exists_exception", ErrorKind::Conflict, Retry::Safe),
            (400, "parsing_exception", ErrorKind::Internal, Retry::Never),
            (409, "version_conflict_engine_exception", ErrorKind::Conflict, Retry::Safe),
            (413, "", ErrorKind::InvalidInput, Retry::Never),
            (500, "", ErrorKind::Unavailable, Retry::Safe),
            (502, "", ErrorKind::Unavailable, Retry::Safe),
            (503, "search_phase_execution_exception", ErrorKind::Unavailable, Retry::Safe),
            (504, "", ErrorKind::Timeout, Retry::Safe),
        ] {
            let error = refused(status, &json!({"type": code, "reason": "hidden"}));
            assert_eq!((error.kind(), error.retry()), (kind, retry), "{status} {code}");
            assert!(!format!("{error} {error:?}").contains("hidden"));
        }
    }

    fn found(value: Value) -> Found {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn hits_are_in_order_and_ties_by_id() {
        let hit = |n: u8, score: f64| json!({"_id": format!("018f3a5c-0000-7000-8000-00000000000{n}"), "_version": n, "_score": score});
        let hits = [hit(2, 0.75), hit(1, 0.75), hit(3, 0.0), hit(4, 1.000_000_1), hit(5, 0.5)];
        let answer = json!({"timed_out": false, "_shards": {"failed": 0}, "hits": {"hits": hits}});
        let seen: Vec<_> =
            nearest(found(answer)).unwrap().iter().map(|hit| (hit.version, hit.raw, hit.similarity)).collect();
        assert_eq!(seen, [(4, 1.0, 1.0), (1, 0.5, 0.5), (2, 0.5, 0.5), (5, 0.0, 0.0), (3, -1.0, 0.0)]);
    }

    #[test]
    fn a_part_of_the_truth_is_an_error() {
        for answer in [
            json!({"timed_out": true, "_shards": {"failed": 0}, "hits": {"hits": []}}),
            json!({"timed_out": false, "_shards": {"failed": 1}, "hits": {"hits": []}}),
            json!({"status": 503, "error": {"type": "search_phase_execution_exception"}}),
        ] {
            assert_eq!(found(answer).hits().err().map(|e| e.kind()), Some(ErrorKind::Unavailable));
        }
    }
}
