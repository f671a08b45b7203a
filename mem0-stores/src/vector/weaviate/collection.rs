//! One open collection.

use std::collections::{BTreeMap, HashMap, HashSet};

use async_trait::async_trait;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, MemoryId, Point, Result, Scope, ScoredPoint, ScrollQuery, Selector,
    TextHit, TextQuery, VectorCollection, VectorQuery,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::api::{Answer, Api, By, Count, Deleted, Question, Written};
use super::filter::{self, CAPABILITIES, Where, all_of};
use super::objects::{self, NEAR, Near, Object, WHOLE, WORDED, Whole, Worded};
use super::writes::Writes;
use super::{MAX_LIMIT, NAME};
use crate::shared::collection::{accept, check_vector, latest};
use crate::shared::http::unexpected;
use crate::shared::search::{hit, may_miss_ties, sort_hits};

/// Objects of one write, and about how many bytes it takes.
const WRITE: usize = 500;
const WRITE_BYTES: usize = 8 << 20;

/// Whole objects that are read at a time.
const READ: usize = 200;

/// Questions of one request.
const QUESTIONS: usize = 50;

/// Ids of one deletion: each is a part of the condition.
const DELETE: usize = 1_000;

/// Hits that are asked for beyond the limit, to see where the ties at its end
/// end; with this factor more each time that they do not.
const SLACK: usize = 16;
const MORE: usize = 8;

/// An open collection of a [`WeaviateStore`](super::WeaviateStore).
#[derive(Debug)]
pub(super) struct WeaviateCollection {
    pub(super) api: Api,
    pub(super) spec: CollectionSpec,
    pub(super) class: String,
    pub(super) writes: Writes,
}

/// A query that is being answered.
struct Asked<'a> {
    place: usize,
    limit: usize,
    question: Question<'a>,
}

impl WeaviateCollection {
    fn check(&self, vector: &[f32]) -> Result<()> {
        check_vector(self.spec.identity.dims, vector)
    }

    fn said<T>(&self, result: Result<T>, operation: &'static str) -> Result<T> {
        result.map_err(|e| e.with_operation(operation).with_provider(NAME).with_context("collection", &self.spec.name))
    }

    async fn write(&self, points: &[Point]) -> Result<()> {
        points.iter().try_for_each(|point| self.check(&point.vector))?;
        let objects: Vec<_> =
            latest(points).into_iter().map(|point| Object::new(&self.class, point)).collect::<Result<_>>()?;
        let mut rest = objects.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |object: &&Object<'_>| {
                bytes += object.size();
                bytes <= WRITE_BYTES
            };
            let (page, after) = rest.split_at(rest.iter().take(WRITE).take_while(fits).count().max(1));
            let ids = page.iter().map(Object::id).collect();
            let written = self.writes.make(&self.api, &self.class, ids, self.api.write(page)?).await?;
            if written.len() != page.len() {
                return Err(unexpected());
            }
            written.into_iter().try_for_each(Written::check)?;
            rest = after;
        }
        Ok(())
    }

    async fn read(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let wanted: Vec<MemoryId> = ids.iter().copied().collect::<HashSet<_>>().into_iter().collect();
        let mut found: HashMap<MemoryId, Point> = HashMap::with_capacity(wanted.len());
        for page in wanted.chunks(READ) {
            let covered = filter::query(scope, &Filter::All)?;
            let condition = all_of(covered.into_iter().chain([Where::Ids(page.to_vec())]).collect());
            let points = self.whole(By::Id, condition, page.len()).await?;
            found.extend(points.into_iter().map(|point| (point.id, point)));
        }
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// The first points that meet a condition.
    async fn whole(&self, by: By<'_>, condition: Option<Where>, limit: usize) -> Result<Vec<Point>> {
        let question = Question { by, condition, limit };
        let found: Vec<Vec<Whole>> = self.api.ask(&self.class, &[question], WHOLE).await?;
        found.into_iter().flatten().map(Whole::point).collect()
    }

    /// The question for what a scope covers and a filter matches; none if that
    /// can be nothing.
    fn question<'a>(&self, by: By<'a>, scope: &Scope, filter: &Filter, limit: usize) -> Result<Option<Question<'a>>> {
        if limit > MAX_LIMIT {
            return Err(Error::invalid("a search has a limit of at most 10000"));
        }
        let Some(filter) = accept(filter, &CAPABILITIES)?.filter(|_| limit > 0) else { return Ok(None) };
        let condition = filter::query(Some(scope), &filter)?;
        Ok(Some(Question { by, condition, limit: (limit + SLACK).min(MAX_LIMIT) }))
    }

    async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let mut open = Vec::new();
        for (place, query) in queries.iter().enumerate() {
            self.check(&query.vector)?;
            let question = self.question(By::Vector(&query.vector), &query.scope, &query.filter, query.limit)?;
            open.extend(question.map(|question| Asked { place, limit: query.limit, question }));
        }
        let mut answers = vec![Vec::new(); queries.len()];
        while !open.is_empty() {
            let mut again = Vec::new();
            for (mut asked, found) in self.ask_all::<Near>(open, NEAR).await? {
                let near = |near: Near| hit(near.more.id, near.mem0_version, 1.0 - near.more.distance);
                let mut hits: Vec<_> = found.into_iter().map(near).collect();
                sort_hits(&mut hits);
                let nearest = asked.question.limit;
                if nearest < MAX_LIMIT && may_miss_ties(&hits, asked.limit, nearest) {
                    asked.question.limit = nearest.saturating_mul(MORE).min(MAX_LIMIT);
                    again.push(asked);
                    continue;
                }
                hits.truncate(asked.limit);
                if let Some(answer) = answers.get_mut(asked.place) {
                    *answer = hits;
                }
            }
            open = again;
        }
        Ok(answers)
    }

    async fn find_words(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        let mut open = Vec::new();
        for (place, query) in queries.iter().enumerate() {
            let question = self.question(By::Words(&query.text), &query.scope, &query.filter, query.limit)?;
            // The server refuses an empty text.
            let question = question.filter(|_| !query.text.trim().is_empty());
            open.extend(question.map(|question| Asked { place, limit: query.limit, question }));
        }
        let mut answers = vec![Vec::new(); queries.len()];
        for (asked, found) in self.ask_all::<Worded>(open, WORDED).await? {
            let worded = |worded: Worded| -> Result<TextHit> {
                let score = worded.more.score.parse().map_err(|_| unexpected())?;
                Ok(TextHit { id: worded.more.id, version: worded.mem0_version, score })
            };
            let mut hits = found.into_iter().map(worded).collect::<Result<Vec<_>>>()?;
            sort_hits(&mut hits);
            hits.truncate(asked.limit);
            if let Some(answer) = answers.get_mut(asked.place) {
                *answer = hits;
            }
        }
        Ok(answers)
    }

    /// Asks questions, many in one request, and puts each beside its answer.
    async fn ask_all<'a, T: DeserializeOwned>(
        &self,
        asked: Vec<Asked<'a>>,
        fields: &str,
    ) -> Result<Vec<(Asked<'a>, Vec<T>)>> {
        let mut answered = Vec::with_capacity(asked.len());
        let mut rest = asked.into_iter();
        loop {
            let (places, questions): (Vec<_>, Vec<_>) =
                rest.by_ref().take(QUESTIONS).map(|asked| ((asked.place, asked.limit), asked.question)).unzip();
            if questions.is_empty() {
                return Ok(answered);
            }
            let found: Vec<Vec<T>> = self.api.ask(&self.class, &questions, fields).await?;
            let asked = places.into_iter().zip(questions);
            let asked = asked.map(|((place, limit), question)| Asked { place, limit, question });
            answered.extend(asked.zip(found));
        }
    }

    async fn page(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let Some(filter) = accept(&query.filter, &CAPABILITIES)? else { return Ok(Vec::new()) };
        let which = filter::query(query.scope.as_ref(), &filter)?;
        let (mut after, mut points) = (query.after, Vec::new());
        while points.len() < query.limit {
            let wanted = (query.limit - points.len()).min(READ);
            let page = match &which {
                None => self.whole(By::Behind(after.unwrap_or(MemoryId::from_uuid(Uuid::nil()))), None, wanted).await?,
                Some(which) => {
                    let parts = std::iter::once(which.clone()).chain(after.map(Where::After));
                    self.whole(By::Id, all_of(parts.collect()), wanted).await?
                }
            };
            after = page.last().map(|point| point.id);
            let last = page.len() < wanted;
            points.extend(page);
            if last {
                break;
            }
        }
        Ok(points)
    }

    async fn number(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let Some(filter) = accept(filter, &CAPABILITIES)? else { return Ok(0) };
        let which = filter::query(scope, &filter)?;
        let answer: Answer<Count> = self.api.server.ask(self.api.count(&self.class, which.as_ref())?).await?;
        // A class without objects has no group to count.
        let counts = answer.lists()?.remove("q0").ok_or_else(unexpected)?;
        Ok(counts.first().map_or(0, |count| count.meta.count))
    }

    async fn remove(&self, selector: &Selector) -> Result<u64> {
        match selector {
            Selector::Ids(ids) => self.remove_ids(ids).await,
            Selector::Scope(scope) => match filter::query(Some(scope), &Filter::All)? {
                Some(which) => self.remove_matching(&which).await,
                None => Ok(0),
            },
            _ => Err(Error::new(ErrorKind::Unsupported, "this way to select points")),
        }
    }

    /// One request for each version: what is later stays, as the server sees it.
    async fn remove_ids(&self, ids: &[(MemoryId, u64)]) -> Result<u64> {
        let mut versions: BTreeMap<u64, HashSet<MemoryId>> = BTreeMap::new();
        for (id, version) in ids {
            versions.entry(*version).or_default().insert(*id);
        }
        let mut gone = 0;
        for (version, ids) in versions {
            let ids: Vec<MemoryId> = ids.into_iter().collect();
            for ids in ids.chunks(DELETE) {
                let which = Where::And(vec![Where::Ids(ids.to_vec()), Where::UpTo(objects::version(version)?)]);
                gone += self.remove_matching(&which).await?;
            }
        }
        Ok(gone)
    }

    /// The server deletes a page at a time.
    async fn remove_matching(&self, which: &Where) -> Result<u64> {
        let mut gone = 0;
        loop {
            let deleted: Deleted = self.api.server.ask(self.api.delete(&self.class, which)?).await?;
            let page = deleted.results;
            gone += page.successful;
            if page.failed > 0 {
                return Err(Error::new(ErrorKind::Unavailable, "the server could not delete every point"));
            }
            if page.matches < page.limit || page.successful == 0 {
                return Ok(gone);
            }
        }
    }
}

#[async_trait]
impl VectorCollection for WeaviateCollection {
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
