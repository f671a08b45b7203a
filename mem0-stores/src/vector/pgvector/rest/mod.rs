//! Supabase through its REST interface, by functions that are installed once.
//!
//! For where nothing but HTTPS goes out. The tables are those of the other
//! transport; what it does in a statement is a function here, in
//! [`SUPABASE_FUNCTIONS`], which has to be run in the project first. They can be
//! called with the project's secret key only.
//!
//! A batch of more than 1,000 points is several calls, which are not one
//! transaction.

mod wire;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::text::Bm25;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, FilterCapabilities, MemoryId, Point, Result, Scope, ScoredPoint,
    ScrollQuery, Secret, Selector, TextHit, TextQuery, VectorCapabilities, VectorCollection, VectorQuery, VectorStore,
};
use mem0_http::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use super::config::PgvectorConfig;
use super::payload::encode;
use super::schema::{agree, metric_name, table_name, taken};
use super::search::{MAX_LIMIT, MAX_QUERIES, scored};
use super::supabase::{IndexMethod, SupabaseConfig};
use super::write::{MAX_BYTES, MAX_POINTS, latest, stored_version};
use crate::shared::collection::{check_name, check_vector};
use crate::shared::search::sort_hits;

/// What has to be run once in the SQL editor of a project of Supabase, for the
/// transport `rest`.
pub const SUPABASE_FUNCTIONS: &str = include_str!("functions.sql");

const NAME: &str = "supabase";

/// A store; nothing is sent before the first call. Every call may be repeated:
/// the server keeps the later version.
pub(super) fn open(config: SupabaseConfig) -> Result<Arc<dyn VectorStore>> {
    Ok(Arc::new(RestStore::new(config)?))
}

/// The calls of one project.
#[derive(Clone)]
struct Project {
    client: Client,
    url: String,
    key: Secret,
}

impl Project {
    async fn call(&self, function: &str, p: &Value) -> Result<Value> {
        wire::answer(&self.client.send(wire::request(&self.url, &self.key, function, p)?).await?)
    }
}

/// Vectors in Supabase, over HTTPS.
struct RestStore {
    project: Project,
    config: SupabaseConfig,
    /// The same as settings of PostgreSQL.
    inner: PgvectorConfig,
    max_dims: usize,
    capabilities: VectorCapabilities,
}

/// A row of the list of collections.
#[derive(Deserialize)]
struct Listed {
    no: i64,
    model: String,
    dims: i32,
    digest: String,
    metric: String,
}

impl RestStore {
    fn new(config: SupabaseConfig) -> Result<Self> {
        let missing = || Error::config("transport \"rest\" needs supabase_url and api_key, the secret key");
        let url = config.supabase_url.clone().ok_or_else(missing)?;
        let key = config.api_key.clone().ok_or_else(missing)?;
        if config.schema != "mem0" {
            return Err(Error::config("with transport \"rest\" the schema is mem0"));
        }
        let client = Client::new(&config.http)?;
        let inner = config.clone().into_pgvector()?;
        inner.check()?;
        let max_dims = inner.max_dims()?;
        let mut capabilities = VectorCapabilities::new(FilterCapabilities::ALL);
        capabilities.versioned = true;
        capabilities.keyword = true;
        capabilities.max_dims = Some(max_dims);
        capabilities.max_batch = Some(MAX_POINTS);
        Ok(Self { project: Project { client, url, key }, config, inner, max_dims, capabilities })
    }

    async fn open_collection(&self, spec: &CollectionSpec) -> Result<RestCollection> {
        check_name(&spec.name)?;
        let identity = &spec.identity;
        self.inner.fits(spec, self.max_dims)?;
        let half = self.inner.half(identity.dims);
        let index = match self.config.index_method {
            IndexMethod::Auto | IndexMethod::Hnsw => "hnsw",
            IndexMethod::Ivfflat => "ivfflat",
        };
        let p = json!({
            "name": spec.name, "tab": table_name(&spec.name), "model": identity.model, "dims": identity.dims,
            "digest": identity.digest, "metric": metric_name(spec.metric), "words": self.config.text_search_config,
            "index": index, "half": half,
        });
        let answer = self.project.call("mem0_open", &p).await?;
        if answer.get("taken").is_some() {
            return Err(taken(spec));
        }
        let listed: Listed = serde_json::from_value(answer).map_err(|_| wire::unexpected())?;
        agree(spec, listed.dims, &listed.model, &listed.digest, &listed.metric)?;
        let (project, exact_up_to) = (self.project.clone(), self.config.exact_up_to);
        Ok(RestCollection { project, spec: spec.clone(), no: listed.no, half, exact_up_to })
    }
}

#[async_trait]
impl VectorStore for RestStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        let collection = said("open", self.open_collection(spec).await)?;
        Ok(Arc::new(collection))
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let work = async {
            check_name(name)?;
            self.project.call("mem0_drop", &json!({ "name": name })).await.map(drop)
        };
        said("drop_collection", work.await)
    }
}

// The project has the key.
impl fmt::Debug for RestStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestStore").field("config", &self.config).finish_non_exhaustive()
    }
}

fn said<T>(operation: &'static str, result: Result<T>) -> Result<T> {
    result.map_err(|error| error.with_operation(operation).with_provider(NAME))
}

/// An open collection.
struct RestCollection {
    project: Project,
    spec: CollectionSpec,
    /// Its number in the list.
    no: i64,
    half: bool,
    exact_up_to: u32,
}

impl fmt::Debug for RestCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestCollection").field("spec", &self.spec).field("no", &self.no).finish_non_exhaustive()
    }
}

fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).min(MAX_LIMIT)
}

impl RestCollection {
    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| check_vector(self.spec.identity.dims, &point.vector))?;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let mut points = latest(points).into_iter().peekable();
        while let Some(point) = points.next() {
            let (value, size) = wire::written(point)?;
            batch.push(value);
            bytes += size;
            if batch.len() >= MAX_POINTS || bytes >= MAX_BYTES || points.peek().is_none() {
                let p = json!({"no": self.no, "points": std::mem::take(&mut batch)});
                self.project.call("mem0_upsert", &p).await?;
                bytes = 0;
            }
        }
        Ok(())
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        queries.iter().try_for_each(|query| check_vector(self.spec.identity.dims, &query.vector))?;
        let mut answers = Vec::with_capacity(queries.len());
        for queries in queries.chunks(MAX_QUERIES) {
            let asked = queries.iter().map(|query| {
                let question = json!({"vector": query.vector, "limit": most(query.limit)});
                wire::within(question, Some(&query.scope), &query.filter)
            });
            let asked = asked.collect::<Result<Vec<_>>>()?;
            let p = json!({"no": self.no, "half": self.half, "exact_up_to": self.exact_up_to, "queries": asked});
            for hits in wire::hits(self.project.call("mem0_search", &p).await?, queries.len())? {
                let hits = hits.into_iter().map(|(id, version, distance)| scored(id, version, distance));
                let mut hits: Vec<ScoredPoint> = hits.collect();
                // Two distances may be one similarity.
                sort_hits(&mut hits);
                answers.push(hits);
            }
        }
        Ok(answers)
    }

    async fn find_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        let Bm25 { k1, b } = Bm25::default();
        let mut answers = Vec::with_capacity(queries.len());
        for queries in queries.chunks(MAX_QUERIES) {
            let asked = queries.iter().map(|query| {
                let question = json!({"text": encode(&query.text), "limit": most(query.limit)});
                wire::within(question, Some(&query.scope), &query.filter)
            });
            let asked = asked.collect::<Result<Vec<_>>>()?;
            let p = json!({"no": self.no, "k1": k1, "b": b, "queries": asked});
            for hits in wire::hits(self.project.call("mem0_search_text", &p).await?, queries.len())? {
                #[allow(clippy::cast_possible_truncation, reason = "the server rounded it to one of these")]
                let hit = |(id, version, score)| TextHit { id, version, score: score as f32 };
                let mut hits: Vec<TextHit> = hits.into_iter().map(hit).collect();
                sort_hits(&mut hits);
                answers.push(hits);
            }
        }
        Ok(answers)
    }

    async fn some(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let mut found = std::collections::HashMap::with_capacity(ids.len());
        for ids in ids.chunks(MAX_POINTS) {
            let p = json!({"no": self.no, "ids": ids, "limit": ids.len()});
            let answer = self.project.call("mem0_points", &wire::within(p, scope, &Filter::All)?).await?;
            found.extend(wire::points(answer)?.into_iter().map(|point| (point.id, point)));
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        match selector {
            Selector::Ids(ids) => {
                let mut latest = std::collections::BTreeMap::new();
                for &(id, version) in ids {
                    let known = latest.entry(id).or_insert(version);
                    *known = version.max(*known);
                }
                let wanted = latest.into_iter().map(|(id, version)| Ok((id, stored_version(version)?)));
                let wanted = wanted.collect::<Result<Vec<_>>>()?;
                let mut gone = 0;
                for ids in wanted.chunks(MAX_POINTS) {
                    let p = json!({"no": self.no, "ids": ids});
                    gone += wire::number(&self.project.call("mem0_delete", &p).await?)?;
                }
                Ok(gone)
            }
            Selector::Scope(scope) => {
                let p = wire::within(json!({"no": self.no}), Some(scope), &Filter::All)?;
                wire::number(&self.project.call("mem0_delete_scope", &p).await?)
            }
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
    }
}

#[async_trait]
impl VectorCollection for RestCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        said("upsert", self.write(points).await)
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        said("get", self.some(scope, ids).await)
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        said("search", self.find(queries).await)
    }

    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        said("search_text", self.find_text(queries).await)
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let work = async {
            let mut p = json!({"no": self.no, "limit": most(query.limit)});
            if let Some(after) = query.after {
                p = wire::with(p, "after", after.to_string().into());
            }
            let p = wire::within(p, query.scope.as_ref(), &query.filter)?;
            wire::points(self.project.call("mem0_points", &p).await?)
        };
        said("scroll", work.await)
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let work = async {
            let p = wire::within(json!({"no": self.no}), scope, filter)?;
            wire::number(&self.project.call("mem0_count", &p).await?)
        };
        said("count", work.await)
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        said("delete", self.remove(selector).await)
    }
}
