//! The nearest points: a first pass over compact rows in memory, and the exact
//! vectors of the few that may be among the best.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use mem0_core::{Filter, Scope, ScoredPoint};
use rusqlite::Connection;

use super::cache::Cache;
use super::partition::{Condition, Partition, Seen};
use super::quantise::QueryCode;
use super::rows::Rows;
use super::scopes::{self, ScopeRow};
use super::topk::{Best, Candidate, Shortlist};
use super::{graph, load};
use crate::shared::sqlite::Attempt;

/// Rows that are in memory at a time of a scope that is not kept there.
const STREAMED_ROWS: usize = 4_096;

/// One query, checked and prepared.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) scope: Scope,
    pub(super) code: QueryCode,
    pub(super) limit: usize,
    /// None where every row will do.
    pub(super) condition: Option<Condition>,
}

impl Query {
    pub(super) fn condition(filter: &Filter) -> Option<Condition> {
        (!filter.is_all()).then(|| Condition {
            filter: filter.compile(),
            names: filter.fields().into_iter().map(Arc::from).collect(),
        })
    }
}

/// Where a search takes compact rows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From the cache. Gives up where another search has brought a partition
    /// beyond the moment that this one reads.
    Cache,
    /// From the file alone; slower, and never gives up.
    File,
}

/// A collection as a search sees it.
#[derive(Clone, Debug)]
pub(super) struct Searcher {
    pub(super) cache: Arc<Cache>,
    pub(super) collection: i64,
    pub(super) dims: usize,
}

impl Searcher {
    /// Answers every query from one moment of the file. None: ask again at a
    /// later moment.
    pub(super) fn search(
        &self,
        connection: &Connection,
        queries: &[Query],
        source: Source,
    ) -> Attempt<Option<Vec<Vec<ScoredPoint>>>> {
        let mut answers = Vec::with_capacity(queries.len());
        for query in queries {
            let scopes = scopes::covered_cached(connection, &self.cache, self.collection, &query.scope)?;
            let mut found = Shortlist::new(query.limit);
            for scope in scopes.iter() {
                let kept = source == Source::Cache && self.fits(scope);
                if !kept {
                    self.scan_file(connection, scope, query, &mut found)?;
                } else if !self.scan_cached(connection, scope, query, &mut found)? {
                    return Ok(None);
                }
            }
            answers.push(rescore(connection, query, found.finish())?);
        }
        Ok(Some(answers))
    }

    fn fits(&self, scope: &ScopeRow) -> bool {
        let rows = usize::try_from(scope.points).unwrap_or(usize::MAX);
        rows.saturating_mul(Rows::row_bytes(self.dims)) <= self.cache.budget()
    }

    /// Whether the partition could be brought to the moment that is read.
    fn scan_cached(
        &self,
        connection: &Connection,
        scope: &ScopeRow,
        query: &Query,
        found: &mut Shortlist,
    ) -> Attempt<bool> {
        let names = query.condition.as_ref().map_or(&[][..], |condition| &condition.names);
        let now = Seen { changes: scope.changes, epoch: scope.epoch };
        let shared = self.cache.partition(scope.no, self.dims);
        let ready = |partition: &Partition| partition.seen == Some(now) && partition.lacks(names).is_empty();

        let mut partition = read(&shared);
        let mut bytes = None;
        if !ready(&partition) {
            drop(partition);
            let mut changing = write(&shared);
            if changing.seen.is_some_and(|seen| seen.changes > now.changes || seen.epoch > now.epoch) {
                return Ok(false);
            }
            load::catch_up(connection, &mut changing, scope)?;
            load::add_columns(connection, &mut changing, names)?;
            graph::review(&self.cache, &shared, &mut changing);
            bytes = Some(changing.bytes());
            // No gap in which another search could change it again.
            partition = RwLockWriteGuard::downgrade(changing);
        }
        partition.scan(&query.code, query.condition.as_ref(), found);
        drop(partition);
        if let Some(bytes) = bytes {
            self.cache.settle(scope.no, bytes);
        }
        Ok(true)
    }

    fn scan_file(
        &self,
        connection: &Connection,
        scope: &ScopeRow,
        query: &Query,
        found: &mut Shortlist,
    ) -> Attempt<()> {
        let mut partition = Partition::new(scope.no, self.dims);
        let mut after = Some(0);
        while let Some(start) = after {
            let left = usize::try_from(scope.points).unwrap_or(STREAMED_ROWS);
            partition.reset(left.min(STREAMED_ROWS));
            after = load::read_block(connection, &mut partition, start, STREAMED_ROWS)?;
            if let Some(condition) = &query.condition {
                load::add_columns(connection, &mut partition, &condition.names)?;
            }
            partition.scan(&query.code, query.condition.as_ref(), found);
        }
        Ok(())
    }
}

/// Ranks the candidates by their exact vectors, the most promising first, until
/// the rest cannot be among the best.
fn rescore(connection: &Connection, query: &Query, candidates: Vec<Candidate>) -> Attempt<Vec<ScoredPoint>> {
    let mut best = Best::new(query.limit);
    let mut statement = connection.prepare_cached("SELECT vector FROM vec_data WHERE no = ?1")?;
    for candidate in candidates {
        if !best.admits(candidate.upper) {
            break;
        }
        let mut rows = statement.query([candidate.no])?;
        let row = rows.next()?.ok_or_else(load::damaged)?;
        let vector = row.get_ref(0)?.as_blob().map_err(|_| load::damaged())?;
        best.add(&candidate, query.code.cosine(vector).ok_or_else(load::damaged)?);
    }
    Ok(best.finish())
}

// A panic while a partition is changed leaves it marked as not read.
fn read(partition: &RwLock<Partition>) -> RwLockReadGuard<'_, Partition> {
    partition.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(partition: &RwLock<Partition>) -> RwLockWriteGuard<'_, Partition> {
    partition.write().unwrap_or_else(PoisonError::into_inner)
}
