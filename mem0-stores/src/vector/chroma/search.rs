//! Searches.

use futures::future::try_join_all;
use mem0_core::{Error, Filter, Payload, Result, Scope, ScoredPoint, VectorQuery};
use serde_json::Value;

use super::api::{Found, Nearest, Selection};
use super::collection::{ChromaCollection, WHOLE_RECORDS};
use super::{filter, rows};
use crate::shared::collection::accept;
use crate::shared::http::unexpected;
use crate::shared::search::{hit, may_miss_ties, sort_hits};

/// Hits that are asked for beyond the limit, to see where the ties at its end
/// end; with this factor more each time that they do not.
const SLACK: usize = 16;
const MORE: usize = 8;

/// The most hits that are asked for.
const MOST: usize = 1_000_000;

/// Questions that one request can ask: they differ in their vectors.
#[derive(Debug)]
struct Asked<'a> {
    scope: &'a Scope,
    filter: Filter,
    /// Whether terms are looked for in documents as well.
    long: bool,
    /// The place of each answer, and how many hits it has at most.
    places: Vec<(usize, usize)>,
    vectors: Vec<&'a [f32]>,
}

impl ChromaCollection {
    pub(super) async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let mut groups: Vec<Asked<'_>> = Vec::new();
        for (place, query) in queries.iter().enumerate() {
            self.check(&query.vector)?;
            if self.records_per_read.is_some_and(|most| query.limit > most) {
                return Err(Error::invalid("the limit of a search is more than the server gives at a time"));
            }
            let accepted = accept(&query.filter, &self.filters)?.filter(|_| query.limit > 0);
            let Some(filter) = accepted else { continue };
            let (scope, limit) = (&query.scope, query.limit);
            let long = self.looks_into_documents(scope, &filter, &groups).await?;
            let same = |group: &&mut Asked<'_>| (group.scope, &group.filter) == (scope, &filter);
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.places.push((place, limit));
                    group.vectors.push(&query.vector);
                }
                None => {
                    let (places, vectors) = (vec![(place, limit)], vec![query.vector.as_slice()]);
                    groups.push(Asked { scope, filter, long, places, vectors });
                }
            }
        }
        let found = try_join_all(groups.iter().map(|group| self.nearest(group))).await?;
        let mut answers = vec![Vec::new(); queries.len()];
        for (group, found) in groups.iter().zip(found) {
            for ((place, _), hits) in group.places.iter().zip(found) {
                if let Some(answer) = answers.get_mut(*place) {
                    *answer = hits;
                }
            }
        }
        Ok(answers)
    }

    /// The hits of each question of a group.
    async fn nearest(&self, group: &Asked<'_>) -> Result<Vec<Vec<ScoredPoint>>> {
        let filter = filter::query(self.terms(group.long), Some(group.scope), &group.filter)?;
        let most = self.records_per_read.unwrap_or(MOST);
        let limits = || group.places.iter().map(|(_, limit)| *limit);
        let mut asked = limits().max().unwrap_or(0).saturating_add(SLACK).min(most);
        loop {
            let mut answers = self.ask(group, filter.as_ref(), asked).await?;
            let mut lists = answers.iter().zip(limits());
            if asked < most && lists.any(|(hits, limit)| may_miss_ties(hits, limit, asked)) {
                asked = asked.saturating_mul(MORE).min(most);
                continue;
            }
            if let Some(fewest) = answers.iter().map(Vec::len).min()
                && fewest < asked
                && self.ids(filter.clone(), Some(fewest + 1)).await?.len() > fewest
            {
                answers = self.compare(group, filter.as_ref()).await?;
            }
            answers.iter_mut().zip(limits()).for_each(|(hits, limit)| hits.truncate(limit));
            return Ok(answers);
        }
    }

    async fn ask(&self, group: &Asked<'_>, filter: Option<&Value>, n_results: usize) -> Result<Vec<Vec<ScoredPoint>>> {
        let (query_embeddings, include) = (group.vectors.clone(), ["distances", "metadatas"]);
        let nearest = Nearest { query_embeddings, n_results, filter, include };
        let found: Found = self.api.server.ask(self.api.query(&self.id, &nearest)?).await?;
        if [found.ids.len(), found.distances.len(), found.metadatas.len()] != [group.vectors.len(); 3] {
            return Err(unexpected());
        }
        let lists = found.ids.iter().zip(found.distances.iter().zip(&found.metadatas));
        lists.map(|(ids, (distances, metadatas))| self.hits(ids, distances, metadatas)).collect()
    }

    fn hits(
        &self,
        ids: &[String],
        distances: &[Option<f64>],
        metadatas: &[Option<Payload>],
    ) -> Result<Vec<ScoredPoint>> {
        let mut hits = Vec::with_capacity(ids.len());
        for (id, (distance, metadata)) in ids.iter().zip(distances.iter().zip(metadatas)) {
            let distance = distance.ok_or_else(unexpected)?;
            let version = metadata.as_ref().map_or(Ok(1), rows::version_of)?;
            hits.push(hit(rows::id_of(id)?, version, self.space.cosine(distance)));
        }
        sort_hits(&mut hits);
        Ok(hits)
    }

    /// Compares every point that matches, for each question of a group.
    async fn compare(&self, group: &Asked<'_>, filter: Option<&Value>) -> Result<Vec<Vec<ScoredPoint>>> {
        let mut answers = vec![Vec::new(); group.vectors.len()];
        let page = self.at_a_time(WHOLE_RECORDS);
        for offset in (0..).step_by(page) {
            let selection = Selection {
                filter: filter.cloned(),
                limit: Some(page),
                offset: Some(offset),
                include: Some(&["metadatas", "embeddings"]),
                ..Selection::default()
            };
            let records = self.records(&selection).await?;
            let (Some(metadatas), Some(vectors)) = (&records.metadatas, &records.embeddings) else {
                return Err(unexpected());
            };
            for (id, (metadata, vector)) in records.ids.iter().zip(metadatas.iter().zip(vectors)) {
                let (id, version) = (rows::id_of(id)?, metadata.as_ref().map_or(Ok(1), rows::version_of)?);
                for (answer, asked) in answers.iter_mut().zip(&group.vectors) {
                    answer.push(hit(id, version, cosine(asked, vector)));
                }
            }
            if records.ids.len() < page {
                break;
            }
        }
        answers.iter_mut().for_each(|hits| sort_hits(hits));
        Ok(answers)
    }

    /// The same for a search; a scope is asked once.
    async fn looks_into_documents(&self, scope: &Scope, filter: &Filter, before: &[Asked<'_>]) -> Result<bool> {
        if filter.is_all() {
            return Ok(false);
        }
        match before.iter().find(|group| group.scope == scope && !group.filter.is_all()) {
            Some(group) => Ok(group.long),
            None => self.has_long(Some(scope)).await,
        }
    }
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt().max(f64::MIN_POSITIVE)
}
