//! A batch of searches as one statement.
//!
//! Each search is there twice: by a scan of what the scope covers, and by the
//! index. The server counts the scope, up to the size from which the index is
//! used, and runs one of the two. What the index finds is ordered by the exact
//! distance. An index goes on looking until enough rows meet scope and filter
//! (`relaxed_order`, which unlike `strict_order` throws nothing away; the order
//! is made afterwards anyway), but not for ever: where it brings fewer than
//! were asked for, the search is done again by a scan.

use std::collections::HashMap;

use mem0_core::{Error, Result, ScoredPoint, VectorQuery};
use tokio_postgres::types::Type;

use super::filter::condition;
use super::read::{covered, id, version};
use super::schema::Table;
use crate::shared::postgres::{Client, Sql};
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

/// The nearest points of each query, whose vectors are checked.
pub(super) async fn search(
    client: &Client,
    table: &Table,
    index: Option<&Index>,
    queries: &[VectorQuery],
) -> Result<Vec<Vec<ScoredPoint>>> {
    let mut answers = vec![Vec::new(); queries.len()];
    let asked: Vec<usize> = (0..).zip(queries).filter(|(_, query)| query.limit > 0).map(|(n, _)| n).collect();
    let short = run(client, table, index, queries, &asked, &mut answers).await?;
    if !short.is_empty() {
        run(client, table, None, queries, &short, &mut answers).await?;
    }
    Ok(answers)
}

/// Asks some of the queries, and returns those for which the index brought too
/// little.
async fn run(
    client: &Client,
    table: &Table,
    index: Option<&Index>,
    queries: &[VectorQuery],
    asked: &[usize],
    answers: &mut [Vec<ScoredPoint>],
) -> Result<Vec<usize>> {
    let mut short = Vec::new();
    let mut statement = Statement::new(table, index);
    for (place, &number) in asked.iter().enumerate() {
        let Some(query) = queries.get(number) else { continue };
        statement.add(number, query)?;
        if statement.is_full() || place + 1 == asked.len() {
            let full = std::mem::replace(&mut statement, Statement::new(table, index));
            short.extend(full.run(client, queries, answers).await?);
        }
    }
    Ok(short)
}

struct Statement<'t> {
    table: &'t Table,
    index: Option<&'t Index>,
    sql: Sql,
    /// The numbers of the scopes that are counted, by their keys.
    scopes: HashMap<String, usize>,
    counts: Vec<String>,
    arms: Vec<String>,
    numbers: Vec<usize>,
}

impl<'t> Statement<'t> {
    fn new(table: &'t Table, index: Option<&'t Index>) -> Self {
        let (scopes, counts, arms, numbers) = Default::default();
        Self { table, index, sql: Sql::default(), scopes, counts, arms, numbers }
    }

    fn is_full(&self) -> bool {
        self.numbers.len() >= MAX_QUERIES || self.sql.values() >= MAX_VALUES
    }

    fn add(&mut self, number: usize, query: &VectorQuery) -> Result<()> {
        let sql = &mut self.sql;
        let name = &self.table.name;
        let vector = format!("{}::real[]::vector", sql.bind(query.vector.clone(), Type::FLOAT4_ARRAY));
        let covered = covered(sql, Some(&query.scope));
        let meets = condition(sql, &query.filter)?;
        let limit = sql.bind(i64::try_from(query.limit).unwrap_or(i64::MAX).min(MAX_LIMIT), Type::INT8);
        // `+ 0` keeps the index out of it.
        let scan = |guard: &str| {
            format!(
                "(SELECT {number} AS query, id, version, vector <=> {vector} AS distance FROM {name} \
                 WHERE {guard}{covered} AND {meets} ORDER BY (vector <=> {vector}) + 0, id LIMIT {limit})"
            )
        };
        match self.index {
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
                let wide = if kind == "vector" { limit.clone() } else { format!("2 * {limit}") };
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
        self.numbers.push(number);
        Ok(())
    }

    async fn run(
        mut self,
        client: &Client,
        queries: &[VectorQuery],
        answers: &mut [Vec<ScoredPoint>],
    ) -> Result<Vec<usize>> {
        if !self.counts.is_empty() {
            self.sql.push(&format!("WITH {} ", self.counts.join(", ")));
        }
        self.sql.push(&self.arms.join(" UNION ALL "));
        for &number in &self.numbers {
            if let Some(answer) = answers.get_mut(number) {
                answer.clear();
            }
        }
        let mut by_index = Vec::new();
        let damaged = |_| Error::internal("an answer of another shape");
        for row in self.sql.query(&***client).await? {
            let number: i32 = row.try_get(0).map_err(damaged)?;
            let number = usize::try_from(number).unwrap_or_default();
            match row.try_get::<_, Option<f64>>(3).map_err(damaged)? {
                Some(distance) => {
                    let hit = scored(id(&row, 1)?, version(&row, 2)?, distance);
                    answers.get_mut(number).ok_or_else(|| Error::internal("an answer to no question"))?.push(hit);
                }
                None => {
                    let points: i64 = row.try_get(2).map_err(damaged)?;
                    let scanned = self.index.is_none_or(|index| points <= i64::from(index.exact_up_to));
                    if !scanned {
                        by_index.push(number);
                    }
                }
            }
        }
        for &number in &self.numbers {
            if let Some(answer) = answers.get_mut(number) {
                // Two distances may be one similarity.
                sort_hits(answer);
            }
        }
        by_index.retain(|&number| {
            let found = answers.get(number).map_or(0, Vec::len);
            queries.get(number).is_some_and(|query| found < query.limit)
        });
        Ok(by_index)
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
        let mut statement = Statement::new(&table, index);
        let alice = Scope::user("alice").unwrap();
        let query = |limit| VectorQuery::new(alice.clone(), vec![1.0], limit);
        statement.add(0, &query(5)).unwrap();
        statement.add(1, &query(7).with_filter(Filter::exists("k"))).unwrap();
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
