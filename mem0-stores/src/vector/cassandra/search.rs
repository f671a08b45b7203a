//! Nearest points.
//!
//! A scope that is not large is read whole, with the server's similarities, and
//! put in order here: that is exact. In a larger one the index finds the
//! nearest. It is asked with the scope's term and at most one more, since the
//! server narrows a search by two indexes and looks at further conditions only
//! afterwards, among what it found (with Cassandra 5.0.9 such a search does not
//! end); with more conditions the scan goes on over all matching points.

use futures::{StreamExt, TryStreamExt, stream};
use mem0_core::{Error, Result, ScoredPoint, VectorQuery};
use scylla::response::PagingState;
use scylla::value::CqlValue;

use super::MAX_LIMIT;
use super::collection::{CassandraCollection, Found, parse};
use super::filter;
use super::schema::text;
use crate::shared::collection::check_vector;
use crate::shared::scopes;
use crate::shared::search::{hit, may_miss_ties, sort_hits};

/// The most hits that the index gives.
const MOST: usize = 1_000;

/// Hits that are asked for beyond the limit, to see where the ties at its end
/// end; with this factor more each time that they do not.
const SLACK: usize = 16;
const MORE: usize = 8;

/// Conditions that the index can be asked with.
const NARROWED: usize = 2;

/// Searches of a batch that are under way at once.
const AT_ONCE: usize = 8;

struct Asked {
    vector: Vec<f32>,
    terms: Vec<String>,
    limit: usize,
}

impl CassandraCollection {
    pub(super) async fn find(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let asked: Vec<Option<Asked>> = queries.iter().map(|query| self.ask(query)).collect::<Result<_>>()?;
        stream::iter(asked)
            .map(|asked| async move {
                match asked {
                    Some(asked) => self.answer(&asked).await,
                    None => Ok(Vec::new()),
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    fn ask(&self, query: &VectorQuery) -> Result<Option<Asked>> {
        check_vector(self.spec.identity.dims, &query.vector)?;
        if query.limit > MAX_LIMIT {
            return Err(Error::invalid(format!("a search has a limit of at most {MAX_LIMIT}")));
        }
        let Some(conditions) = filter::terms_of(&query.filter)?.filter(|_| query.limit > 0) else { return Ok(None) };
        let mut terms = vec![scopes::covered_by(&query.scope)];
        terms.extend(conditions);
        Ok(Some(Asked { vector: query.vector.clone(), terms, limit: query.limit }))
    }

    async fn answer(&self, asked: &Asked) -> Result<Vec<ScoredPoint>> {
        if self.exact_up_to > 0
            && let Some(hits) = self.scan(asked, self.exact_up_to).await?
        {
            return Ok(best(hits, asked.limit));
        }
        if asked.terms.len() > NARROWED {
            return self.scan_all(asked).await;
        }
        let mut nearest = (asked.limit + SLACK).min(MOST);
        loop {
            let mut hits = self.indexed(asked, nearest).await?;
            sort_hits(&mut hits);
            if nearest == MOST || !may_miss_ties(&hits, asked.limit, nearest) {
                return Ok(best(hits, asked.limit));
            }
            nearest = nearest.saturating_mul(MORE).min(MOST);
        }
    }

    /// All hits, unless there are more than `most`.
    async fn scan(&self, asked: &Asked, most: usize) -> Result<Option<Vec<ScoredPoint>>> {
        let mut values = vec![vector(&asked.vector)];
        values.extend(asked.terms.iter().map(text));
        values.push(CqlValue::Int(i32::try_from(most + 1).unwrap_or(i32::MAX)));
        let cql = self.table.scan(asked.terms.len());
        let rows: Vec<Found> = self.connection.rows(&cql, values, self.consistency).await?;
        if rows.len() > most { Ok(None) } else { rows.iter().map(found).collect::<Result<_>>().map(Some) }
    }

    /// The best of all hits, page by page.
    async fn scan_all(&self, asked: &Asked) -> Result<Vec<ScoredPoint>> {
        let mut values = vec![vector(&asked.vector)];
        values.extend(asked.terms.iter().map(text));
        values.push(CqlValue::Int(i32::MAX));
        let cql = self.table.scan(asked.terms.len());
        let (mut hits, mut from) = (Vec::new(), Some(PagingState::start()));
        while let Some(state) = from {
            let (rows, next) = self.connection.page::<Found>(&cql, values.clone(), self.consistency, state).await?;
            for row in &rows {
                hits.push(found(row)?);
            }
            hits = best(hits, asked.limit);
            from = next;
        }
        Ok(hits)
    }

    async fn indexed(&self, asked: &Asked, nearest: usize) -> Result<Vec<ScoredPoint>> {
        let mut values = vec![vector(&asked.vector)];
        values.extend(asked.terms.iter().map(text));
        values.extend([vector(&asked.vector), CqlValue::Int(i32::try_from(nearest).unwrap_or(i32::MAX))]);
        let cql = self.table.nearest(asked.terms.len());
        // The server takes no other consistency for this.
        let one = scylla::frame::types::Consistency::LocalOne;
        self.connection.rows::<Found>(&cql, values, one).await?.iter().map(found).collect()
    }
}

/// A vector as a value. The server takes no cosine of vectors with one
/// dimension, so those get a second one, which is always zero.
pub(super) fn vector(vector: &[f32]) -> CqlValue {
    let padding = kept_dims(vector.len()) - vector.len();
    CqlValue::Vector(vector.iter().copied().chain(std::iter::repeat_n(0.0, padding)).map(CqlValue::Float).collect())
}

/// The dimensions of the column for vectors of so many.
pub(super) const fn kept_dims(dims: usize) -> usize {
    if dims < 2 { 2 } else { dims }
}

fn found((id, version, similarity): &Found) -> Result<ScoredPoint> {
    let version = u64::try_from(*version).map_err(|_| super::error::unexpected())?;
    // The server's similarity is (1 + cosine) / 2.
    Ok(hit(parse(id)?, version, f64::from(2.0 * similarity - 1.0)))
}

fn best(mut hits: Vec<ScoredPoint>, limit: usize) -> Vec<ScoredPoint> {
    sort_hits(&mut hits);
    hits.truncate(limit);
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(n: u8, similarity: f32) -> Found {
        (format!("018f3a5c-0000-7000-8000-00000000000{n}"), i64::from(n), similarity)
    }

    #[test]
    fn hits_are_in_order_and_ties_by_id() {
        let rows = [row(2, 0.75), row(1, 0.75), row(3, 0.0), row(4, 1.000_001), row(5, 0.5)];
        let hits = best(rows.iter().map(|row| found(row).unwrap()).collect(), 9);
        let seen: Vec<_> = hits.iter().map(|hit| (hit.version, hit.raw, hit.similarity)).collect();
        assert_eq!(seen, [(4, 1.0, 1.0), (1, 0.5, 0.5), (2, 0.5, 0.5), (5, 0.0, 0.0), (3, -1.0, 0.0)]);
        assert!(may_miss_ties(&hits[..3], 2, 3) && !may_miss_ties(&hits[..3], 1, 3) && !may_miss_ties(&hits, 2, 9));
    }

    #[test]
    fn what_has_another_shape_is_an_error() {
        assert!(found(&("x".to_owned(), 1, 0.5)).is_err());
        assert!(found(&(row(1, 0.5).0, -1, 0.5)).is_err());
    }
}
