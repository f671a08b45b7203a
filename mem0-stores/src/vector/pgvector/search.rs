//! A batch of searches as one statement.
//!
//! Each search is there twice: by a scan of what the scope covers, and by the
//! index. The server counts the scope, up to the size from which the index is
//! used, and runs one of the two. What the index finds is ordered by the exact
//! distance. An index goes on looking until enough rows meet scope and filter
//! (`relaxed_order`, which unlike `strict_order` throws nothing away; the order
//! is made afterwards anyway), but not for ever: where it brings fewer than
//! were asked for, the search is done again by a scan. A scope that was found to
//! be small a moment ago is not counted again ([`Sizes`](super::sizes::Sizes)).
//!
//! The server makes one plan for a statement that it has often seen, whatever
//! its values. So the limit stands in the text, without which the server would
//! not trust the index; and a vector is read from its numbers in a query of its
//! own, which is run once and not for each row.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use mem0_core::{Error, Result, ScoredPoint, VectorQuery};
use tokio_postgres::types::Type;

use super::collection::PgvectorCollection;
use super::filter::condition;
use super::read::{covered, id, version};
use super::schema::Table;
use super::session::Session;
use super::sizes::Sizes;
use crate::shared::postgres::Sql;
use crate::shared::search::sort_hits;

/// The most searches of one statement, and the most values after which another
/// one is begun.
pub(super) const MAX_QUERIES: usize = 64;
pub(super) const MAX_VALUES: usize = 20_000;

/// More than a table has rows, and twice as many are still a number.
pub(super) const MAX_LIMIT: i64 = 1 << 60;

/// The index of a collection.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// What it is over, as an expression on a row.
    pub(super) column: String,
    /// The type of that.
    pub(super) kind: String,
    /// A scope of up to so many points is scanned.
    pub(super) exact_up_to: u32,
    /// How the index is searched: settings of the server by their names.
    pub(super) settings: [(&'static str, String); 4],
}

impl Index {
    /// Makes the settings, for as long as the statement runs. They are part of
    /// it, since behind a pooler the next statement may run elsewhere.
    fn set(&self) -> String {
        let each = self.settings.iter().map(|(name, value)| format!("set_config('{name}', '{value}', TRUE)"));
        each.collect::<Vec<_>>().join(", ")
    }
}

/// A search that takes so long may be the scan of a scope that has grown.
const SLOW: Duration = Duration::from_millis(100);

/// A query of a batch.
#[derive(Clone, Copy)]
struct Asked<'q> {
    number: usize,
    query: &'q VectorQuery,
    /// The index, unless the scope is scanned in any case.
    index: Option<&'q Index>,
}

/// The nearest points of each query, whose vectors are checked.
pub(super) async fn search(
    session: &Session,
    collection: &PgvectorCollection,
    queries: &[VectorQuery],
) -> Result<Vec<Vec<ScoredPoint>>> {
    let PgvectorCollection { table, index, sizes, .. } = collection;
    let mut answers = vec![Vec::new(); queries.len()];
    let asked = queries.iter().enumerate().filter(|(_, query)| query.limit > 0).map(|(number, query)| {
        let index = index.as_ref().filter(|_| !sizes.is_small(&query.scope));
        Asked { number, query, index }
    });
    let asked: Vec<_> = asked.collect();
    let start = Instant::now();
    let short = run(session, table, sizes, &asked, &mut answers).await;
    if short.is_err() || start.elapsed() > SLOW {
        asked.iter().for_each(|asked| sizes.forget(&asked.query.scope));
    }
    let short = short?;
    if !short.is_empty() {
        run(session, table, sizes, &short, &mut answers).await?;
    }
    Ok(answers)
}

/// Asks some queries, and returns those for which the index brought too little.
async fn run<'q>(
    session: &Session,
    table: &Table,
    sizes: &Sizes,
    asked: &[Asked<'q>],
    answers: &mut [Vec<ScoredPoint>],
) -> Result<Vec<Asked<'q>>> {
    let mut short = Vec::new();
    let mut statement = Statement::new(table);
    for (place, &one) in asked.iter().enumerate() {
        statement.add(one)?;
        if statement.is_full() || place + 1 == asked.len() {
            let full = std::mem::replace(&mut statement, Statement::new(table));
            short.extend(full.run(session, sizes, answers).await?);
        }
    }
    Ok(short)
}

struct Statement<'t, 'q> {
    table: &'t Table,
    sql: Sql,
    /// The numbers of the scopes that are counted, by their keys.
    scopes: HashMap<String, usize>,
    counts: Vec<String>,
    arms: Vec<String>,
    asked: Vec<Asked<'q>>,
}

impl<'t, 'q> Statement<'t, 'q> {
    fn new(table: &'t Table) -> Self {
        let (scopes, counts, arms, asked) = Default::default();
        Self { table, sql: Sql::default(), scopes, counts, arms, asked }
    }

    fn is_full(&self) -> bool {
        self.asked.len() >= MAX_QUERIES || self.sql.len() >= MAX_VALUES
    }

    fn add(&mut self, asked: Asked<'q>) -> Result<()> {
        let Asked { number, query, index } = asked;
        let sql = &mut self.sql;
        let name = &self.table.name;
        let vector = format!("(SELECT {}::real[]::vector)", sql.bind(query.vector.clone(), Type::FLOAT4_ARRAY));
        let covered = covered(sql, Some(&query.scope));
        let meets = condition(sql, &query.filter)?;
        let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).min(MAX_LIMIT);
        // `+ 0` keeps the index out of it.
        let scan = |guard: &str| {
            format!(
                "(SELECT {number} AS query, id, version, vector <=> {vector} AS distance FROM {name} \
                 WHERE {guard}{covered} AND {meets} ORDER BY (vector <=> {vector}) + 0, id LIMIT {limit})"
            )
        };
        match index {
            None => self.arms.push(scan("")),
            Some(index @ Index { column, kind, exact_up_to, .. }) => {
                let next = self.scopes.len();
                let scope = *self.scopes.entry(query.scope.key()).or_insert(next);
                if scope == next {
                    // The settings are made with the count, so before anything
                    // is searched.
                    self.counts.push(format!(
                        "scope_{scope} AS MATERIALIZED (SELECT count(*) AS points, {} FROM \
                         (SELECT FROM {name} WHERE {covered} LIMIT {exact_up_to} + 1) AS some_points)",
                        index.set()
                    ));
                }
                let points = format!("(SELECT points FROM scope_{scope})");
                self.arms.push(scan(&format!("{points} <= {exact_up_to} AND ")));
                // An index of half-precision numbers is looked at a little wider.
                let wide = if kind == "vector" { limit } else { 2 * limit };
                self.arms.push(format!(
                    "(SELECT {number}, id, version, vector <=> {vector} AS distance FROM \
                     (SELECT id, version, vector FROM {name} WHERE {points} > {exact_up_to} AND {covered} AND {meets} \
                     ORDER BY {column} <=> {vector}::{kind}, id LIMIT {wide}) AS near \
                     ORDER BY (vector <=> {vector}) + 0, id LIMIT {limit})"
                ));
                // Says which of the two it was.
                self.arms.push(format!("(SELECT {number}, NULL, points, NULL FROM scope_{scope})"));
            }
        }
        self.asked.push(asked);
        Ok(())
    }

    /// Takes the hits, and returns the queries for which the index brought too
    /// little.
    async fn run(
        mut self,
        session: &Session,
        sizes: &Sizes,
        answers: &mut [Vec<ScoredPoint>],
    ) -> Result<Vec<Asked<'q>>> {
        if !self.counts.is_empty() {
            self.sql.push(&format!("WITH {} ", self.counts.join(", ")));
        }
        self.sql.push(&self.arms.join(" UNION ALL "));
        for asked in &self.asked {
            if let Some(answer) = answers.get_mut(asked.number) {
                answer.clear();
            }
        }
        let mut counts = HashMap::new();
        let damaged = |_| Error::internal("an answer of another shape");
        for row in session.query(&self.sql).await? {
            let number: i32 = row.try_get(0).map_err(damaged)?;
            let number = usize::try_from(number).unwrap_or_default();
            match row.try_get::<_, Option<f64>>(3).map_err(damaged)? {
                Some(distance) => {
                    let hit = scored(id(&row, 1)?, version(&row, 2)?, distance);
                    answers.get_mut(number).ok_or_else(|| Error::internal("an answer to no question"))?.push(hit);
                }
                None => {
                    counts.insert(number, row.try_get::<_, i64>(2).map_err(damaged)?);
                }
            }
        }
        let mut short = Vec::new();
        for asked in self.asked {
            let Some(answer) = answers.get_mut(asked.number) else { continue };
            // Two distances may be one similarity.
            sort_hits(answer);
            let (Some(index), Some(points)) = (asked.index, counts.get(&asked.number)) else { continue };
            sizes.counted(&asked.query.scope, *points, index.exact_up_to);
            if *points > i64::from(index.exact_up_to) && answer.len() < asked.query.limit {
                short.push(Asked { index: None, ..asked });
            }
        }
        Ok(short)
    }
}

/// A hit by pgvector's cosine distance, which is one less the cosine.
pub(super) fn scored(id: mem0_core::MemoryId, version: u64, distance: f64) -> ScoredPoint {
    #[allow(clippy::cast_possible_truncation, reason = "lies in -1..1")]
    let raw = (1.0 - distance) as f32;
    ScoredPoint { id, version, similarity: raw.clamp(0.0, 1.0), raw }
}

#[cfg(test)]
mod tests {
    use mem0_core::{Filter, Scope};

    use super::*;

    fn text(index: Option<&Index>) -> String {
        let table = Table { no: 1, name: "\"public\".\"mem0\"".into(), list: "list".into(), words: None };
        let mut statement = Statement::new(&table);
        let alice = Scope::user("alice").unwrap();
        let query = |limit| VectorQuery::new(alice.clone(), vec![1.0], limit);
        let queries = [query(5), query(7).with_filter(Filter::exists("k"))];
        for (number, query) in queries.iter().enumerate() {
            statement.add(Asked { number, query, index }).unwrap();
        }
        statement.counts.into_iter().chain(statement.arms).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn statements() {
        let settings = [("hnsw.ef_search", "100"), ("b", "x"), ("c", "y"), ("d", "z")];
        let settings = settings.map(|(name, value)| (name, value.to_owned()));
        let index = Index { column: "vector".into(), kind: "vector".into(), exact_up_to: 10, settings };
        insta::assert_snapshot!(format!("{}\n---\n{}", text(None), text(Some(&index))));
    }

    #[test]
    fn the_similarity_is_the_clamped_cosine() {
        let id = mem0_core::MemoryId::from_uuid(uuid::Uuid::nil());
        for (distance, similarity, raw) in [(0.0, 1.0, 1.0), (0.25, 0.75, 0.75), (1.0, 0.0, 0.0), (2.0, 0.0, -1.0)] {
            let hit = scored(id, 1, distance);
            assert_eq!((hit.similarity, hit.raw), (similarity, raw));
        }
    }
}
