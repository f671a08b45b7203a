//! Strict mode: what a collection forbids.

use qdrant_client::qdrant as q;
use tonic::Status;

use super::filter::Filter;
use super::schema::Collection;

impl Collection {
    /// Whether a filter of a read or of a write is allowed.
    pub(super) fn allow_filter(&self, filter: &Filter, writes: bool) -> Result<(), Status> {
        if !self.is_strict() {
            return Ok(());
        }
        let strict = &self.strict;
        let unindexed = if writes { strict.unindexed_filtering_update } else { strict.unindexed_filtering_retrieve };
        if unindexed == Some(false) {
            for (path, need) in filter.needs() {
                if !self.is_indexed(&path, need) {
                    return Err(refused(format!("Index required but not found for {path:?} of type {need:?}")));
                }
            }
        }
        within("Filter condition limit reached", filter.size() as u64, strict.filter_max_conditions)?;
        within("Condition size limit reached", filter.widest() as u64, strict.condition_max_size)
    }

    /// Whether so many hits may be asked for.
    pub(super) fn allow_limit(&self, limit: u64) -> Result<(), Status> {
        let most = self.strict.max_query_limit.filter(|_| self.is_strict());
        within("Limit exceeded for \"limit\"", limit, most.map(u64::from))
    }

    pub(super) fn allow_params(&self, params: &q::SearchParams) -> Result<(), Status> {
        if !self.is_strict() {
            return Ok(());
        }
        if params.exact == Some(true) && self.strict.search_allow_exact == Some(false) {
            return Err(refused("Exact search disabled!".to_owned()));
        }
        within(
            "Limit exceeded for \"hnsw_ef\"",
            params.hnsw_ef.unwrap_or(0),
            self.strict.search_max_hnsw_ef.map(u64::from),
        )
    }

    pub(super) fn allow_searches(&self, number: usize) -> Result<(), Status> {
        let most = self.strict.search_max_batchsize.filter(|_| self.is_strict());
        within("Limit exceeded for \"search batch size\"", number as u64, most)
    }

    pub(super) fn allow_writes(&self, number: usize) -> Result<(), Status> {
        let most = self.strict.upsert_max_batchsize.filter(|_| self.is_strict());
        within("Limit exceeded for \"upsert limit\"", number as u64, most)
    }
}

fn within(what: &str, number: u64, most: Option<u64>) -> Result<(), Status> {
    match most {
        Some(most) if number > most => Err(refused(format!("{what} ({number} > {most})"))),
        _ => Ok(()),
    }
}

fn refused(message: String) -> Status {
    Status::invalid_argument(format!("{message} Help: see strict mode"))
}
