//! One open collection.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    TextHit, TextQuery, VectorCollection, VectorQuery,
};
use mem0_http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::MAX_LIMIT;
use super::answer::{self, Found, Hit, read, refused, unexpected};
use super::bulk::{self, Page};
use super::document::{self, Deleted, Document};
use super::query::{CAPABILITIES, matching};
use super::server::{Call, Content, Server};
use crate::shared::collection::{accept, check_vector, latest};

/// Whole points of one answer, and notes of them.
const POINTS: usize = 200;
const NOTES: usize = 1_000;

/// Searches of one request.
const QUERIES: usize = 64;

/// An open collection on either product.
pub(crate) struct LuceneCollection {
    pub(super) server: Arc<dyn Server>,
    pub(super) spec: CollectionSpec,
    /// What everything is asked of.
    pub(super) alias: String,
}

impl LuceneCollection {
    fn said<T>(&self, result: Result<T>, operation: &'static str) -> Result<T> {
        result.map_err(|e| {
            e.with_operation(operation).with_provider(self.server.name()).with_context("collection", &self.spec.name)
        })
    }

    fn call(&self, method: Method, what: &str) -> Call {
        Call::new(method, format!("/{}/{what}", self.alias))
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| check_vector(self.spec.identity.dims, &point.vector))?;
        let layout = self.server.layout();
        let mut page = Page::default();
        for point in latest(points) {
            page.add(point.id, point.version, &Document { point, layout })?;
            if page.is_full() {
                self.send(std::mem::take(&mut page)).await?;
            }
        }
        if !page.is_empty() {
            self.send(page).await?;
        }
        Ok(())
    }

    /// Writes a page, and says of each write whether it counted.
    async fn send(&self, page: Page) -> Result<Vec<bool>> {
        let call = page.call(&self.alias, self.server.options().refresh);
        bulk::outcomes(&self.server.send(call).await?)
    }

    async fn search_once(&self, body: &Value) -> Result<Vec<Hit>> {
        let call = self.call(Method::Post, "_search").with_json(body);
        read::<Found>(&self.server.send(call).await?)?.hits()
    }

    /// Whole points of those that a query matches, in the order of ids.
    async fn points(&self, query: &Value, after: Option<MemoryId>, limit: usize) -> Result<Vec<Point>> {
        let layout = self.server.layout();
        let mut body = json!({
            "query": query, "size": limit, "sort": [{"id": "asc"}], "version": true, "_source": document::source(layout),
            "track_total_hits": false,
        });
        if let Some(after) = after {
            extend(&mut body, json!({"search_after": [after]}));
        }
        if layout.vector_is_field {
            extend(&mut body, json!({"fields": [layout.vector]}));
        }
        let hits = self.search_once(&body).await?;
        hits.into_iter().map(|hit| document::point(hit, layout, self.spec.identity.dims)).collect()
    }

    async fn read(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let mut distinct: Vec<_> = ids.iter().copied().collect::<HashSet<_>>().into_iter().collect();
        distinct.sort_unstable();
        let covered = matching(scope, &Filter::All)?;
        let mut found = HashMap::with_capacity(distinct.len());
        for page in distinct.chunks(POINTS) {
            let query = json!({"bool": {"filter": [{"ids": {"values": page}}, covered]}});
            found.extend(self.points(&query, None, page.len()).await?.into_iter().map(|point| (point.id, point)));
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    async fn page(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let Some(filter) = accept(&query.filter, &CAPABILITIES)? else { return Ok(Vec::new()) };
        let matching = matching(query.scope.as_ref(), &filter)?;
        let (mut after, mut points) = (query.after, Vec::new());
        while points.len() < query.limit {
            let wanted = (query.limit - points.len()).min(POINTS);
            let page = self.points(&matching, after, wanted).await?;
            let last = page.len() < wanted;
            points.extend(page);
            after = points.last().map(|point| point.id);
            if last {
                break;
            }
        }
        Ok(points)
    }

    async fn number(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        #[derive(Deserialize)]
        struct Count {
            count: u64,
            #[serde(rename = "_shards")]
            shards: Shards,
        }
        #[derive(Deserialize)]
        struct Shards {
            failed: u64,
        }
        let Some(filter) = accept(filter, &CAPABILITIES)? else { return Ok(0) };
        let call = self.call(Method::Post, "_count").with_json(&json!({"query": matching(scope, &filter)?}));
        let Count { count, shards } = read(&self.server.send(call).await?)?;
        if shards.failed > 0 {
            return Err(Error::new(ErrorKind::Unavailable, "a part of the index did not answer"));
        }
        Ok(count)
    }

    /// One search of a batch; none if nothing can be found.
    fn ask(&self, query: &VectorQuery) -> Result<Option<Value>> {
        check_vector(self.spec.identity.dims, &query.vector)?;
        check_limit(query.limit)?;
        let Some(filter) = accept(&query.filter, &CAPABILITIES)?.filter(|_| query.limit > 0) else { return Ok(None) };
        // More than the limit, so that of ties at its end the lowest ids are there.
        let candidates = self.server.options().candidates.max(2 * query.limit).min(MAX_LIMIT);
        let nearest = self.server.nearest(&query.vector, candidates, matching(Some(&query.scope), &filter)?);
        Ok(Some(ranked(nearest, query.limit)))
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let asked: Vec<_> = queries.iter().map(|query| self.ask(query)).collect::<Result<_>>()?;
        let found = self.search_all(&asked).await?;
        found.into_iter().map(|found| found.map_or_else(|| Ok(Vec::new()), answer::nearest)).collect()
    }

    /// One search by words of a batch; none if nothing can be found.
    fn ask_words(query: &TextQuery) -> Result<Option<Value>> {
        check_limit(query.limit)?;
        let Some(filter) = accept(&query.filter, &CAPABILITIES)?.filter(|_| query.limit > 0) else { return Ok(None) };
        let words = json!({"match": {document::TEXT: {"query": first_words(&query.text)}}});
        let covered = matching(Some(&query.scope), &filter)?;
        Ok(Some(ranked(json!({"bool": {"must": [words], "filter": [covered]}}), query.limit)))
    }

    async fn find_words(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        let asked: Vec<_> = queries.iter().map(Self::ask_words).collect::<Result<_>>()?;
        let found = self.search_all(&asked).await?;
        found.into_iter().map(|found| found.map_or_else(|| Ok(Vec::new()), answer::best)).collect()
    }

    /// Runs searches, and gives an answer for each place where there is one.
    async fn search_all(&self, asked: &[Option<Value>]) -> Result<Vec<Option<Found>>> {
        #[derive(Deserialize)]
        struct Answers {
            responses: Vec<Found>,
        }
        let mut found: Vec<Option<Found>> = asked.iter().map(|_| None).collect();
        let bodies: Vec<_> = (0..).zip(asked).filter_map(|(place, body)| Some((place, body.as_ref()?))).collect();
        for chunk in bodies.chunks(QUERIES) {
            let lines: String =
                chunk.iter().map(|(_, body)| format!("{{\"allow_partial_search_results\":false}}\n{body}\n")).collect();
            let call = self.call(Method::Post, "_msearch").with(Content::Lines, lines.into());
            let answers: Answers = read(&self.server.send(call).await?)?;
            if answers.responses.len() != chunk.len() {
                return Err(unexpected());
            }
            for ((place, _), answer) in chunk.iter().zip(answers.responses) {
                if let Some(slot) = found.get_mut::<usize>(*place) {
                    *slot = Some(answer);
                }
            }
        }
        Ok(found)
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        match selector {
            Selector::Ids(ids) => {
                let mut versions: HashMap<MemoryId, u64> = HashMap::with_capacity(ids.len());
                for (id, version) in ids {
                    let latest = versions.entry(*id).or_insert(*version);
                    *latest = (*latest).max(*version);
                }
                let notes: Vec<_> = versions.into_iter().collect();
                let mut gone = 0;
                for page in notes.chunks(NOTES) {
                    let live = self.live(page).await?;
                    let counted = self.note_deletions(page).await?;
                    let went = page.iter().zip(counted).filter(|((id, _), counted)| *counted && live.contains(id));
                    gone += went.count() as u64;
                }
                Ok(gone)
            }
            Selector::Scope(scope) => self.remove_scope(scope).await,
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
    }

    /// Which of these are points, be they in a search already or not.
    async fn live(&self, page: &[(MemoryId, u64)]) -> Result<HashSet<MemoryId>> {
        #[derive(Deserialize)]
        struct Answer {
            docs: Vec<One>,
        }
        #[derive(Deserialize)]
        struct One {
            #[serde(rename = "_id")]
            id: String,
            #[serde(default)]
            found: bool,
            #[serde(rename = "_source", default)]
            source: Source,
            error: Option<Value>,
        }
        #[derive(Default, Deserialize)]
        struct Source {
            #[serde(default)]
            deleted: bool,
        }
        let docs: Vec<_> = page.iter().map(|(id, _)| json!({"_id": id, "_source": ["deleted"]})).collect();
        let call = self.call(Method::Post, "_mget").with_json(&json!({"docs": docs}));
        let answer: Answer = read(&self.server.send(call).await?)?;
        let mut live = HashSet::with_capacity(page.len());
        for One { id, found, source, error } in answer.docs {
            if let Some(error) = error {
                let dropped = error.get("type").and_then(Value::as_str) == Some("index_not_found_exception");
                return Err(refused(if dropped { 404 } else { 503 }, &error));
            }
            if found && !source.deleted {
                live.insert(id.parse().map_err(|_| unexpected())?);
            }
        }
        Ok(live)
    }

    /// Replaces points by notes that they were deleted as of a version, and
    /// says of each whether no later version is there.
    async fn note_deletions(&self, page: &[(MemoryId, u64)]) -> Result<Vec<bool>> {
        let mut writes = Page::default();
        page.iter().try_for_each(|(id, version)| writes.add(*id, *version, &Deleted::NOTE))?;
        self.send(writes).await
    }

    async fn remove_scope(&self, scope: &Scope) -> Result<u64> {
        let query = matching(Some(scope), &Filter::All)?;
        let mut gone = 0;
        loop {
            // Also what no search sees yet.
            if !self.server.options().refresh.is_immediate() {
                answer::check(&self.server.send(self.call(Method::Post, "_refresh")).await?)?;
            }
            let mut after: Option<MemoryId> = None;
            let mut overtaken = false;
            loop {
                let mut body = json!({
                    "query": query, "size": NOTES, "sort": [{"id": "asc"}], "version": true, "_source": false,
                    "track_total_hits": false,
                });
                if let Some(after) = after {
                    extend(&mut body, json!({"search_after": [after]}));
                }
                let hits = self.search_once(&body).await?;
                let page = hits.iter().map(|hit| Ok((hit.id()?, hit.version()?))).collect::<Result<Vec<_>>>()?;
                let Some((last, _)) = page.last() else { break };
                after = Some(*last);
                let counted = self.note_deletions(&page).await?;
                gone += counted.iter().filter(|counted| **counted).count() as u64;
                overtaken |= counted.contains(&false);
                if page.len() < NOTES {
                    break;
                }
            }
            // What became another version in between is still the scope's.
            if !overtaken {
                return Ok(gone);
            }
        }
    }
}

fn check_limit(limit: usize) -> Result<()> {
    if limit > MAX_LIMIT {
        return Err(Error::invalid("a search has a limit of at most 10000"));
    }
    Ok(())
}

/// The best of a query, ties by id.
fn ranked(query: Value, limit: usize) -> Value {
    json!({
        "query": query, "size": limit, "sort": [{"_score": "desc"}, {"id": "asc"}], "version": true, "_source": false,
        "track_total_hits": false,
    })
}

/// What of a question is asked: a server takes about a thousand words, and
/// refuses more.
fn first_words(text: &str) -> &str {
    const WORDS: usize = 800;
    let mut words = 0;
    let mut inside = false;
    for (place, char) in text.char_indices() {
        let ascii = char.is_ascii_alphanumeric();
        // Of other scripts each character may be a word.
        if !(ascii && inside) && !(char.is_ascii() && !ascii) {
            words += 1;
            if words > WORDS {
                return text.get(..place).unwrap_or(text);
            }
        }
        inside = ascii;
    }
    text
}

fn extend(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}

#[async_trait]
impl VectorCollection for LuceneCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        self.said(self.write(points).await, "upsert")
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        self.said(self.read(scope, ids).await, "get")
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        self.said(self.find(queries).await, "search")
    }

    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        self.said(self.find_words(queries).await, "search_text")
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        self.said(self.page(query).await, "scroll")
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        self.said(self.number(scope, filter).await, "count")
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        self.said(self.remove(selector).await, "delete")
    }
}

impl fmt::Debug for LuceneCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LuceneCollection")
            .field("server", &self.server)
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_no_more_words_than_the_server_takes() {
        for short in
            ["", "a few words", &"word ".repeat(800), &"言".repeat(800), &"x".repeat(100_000), &"?! ".repeat(9_000)]
        {
            assert_eq!(first_words(short), short);
        }
        assert_eq!(first_words(&"word ".repeat(801)), "word ".repeat(800));
        assert_eq!(first_words(&"言".repeat(9_000)), "言".repeat(800));
    }
}
