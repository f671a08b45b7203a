//! Compact rows side by side in memory, and the scan over them.

use mem0_core::MemoryId;

use super::quantise::{self, QueryCode};
use super::schema;
use super::topk::{Candidate, Shortlist};

/// Rows that are scored at a time: their products fit the first-level cache.
const BLOCK: usize = 256;

/// One row apart from its components.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: MemoryId,
    pub(super) version: u64,
    /// The row's number within its scope; each write has a new, higher one.
    pub(super) local: u32,
}

/// Rows of one exact scope, each in its place.
#[derive(Debug)]
pub(super) struct Rows {
    scope: i64,
    dims: usize,
    stride: usize,
    codes: Vec<u8>,
    /// Scale and error.
    weights: Vec<(f32, f32)>,
    rows: Vec<Row>,
}

impl Rows {
    pub(super) fn new(scope: i64, dims: usize) -> Self {
        Self { scope, dims, stride: quantise::stride(dims), codes: Vec::new(), weights: Vec::new(), rows: Vec::new() }
    }

    pub(super) fn scope(&self) -> i64 {
        self.scope
    }

    pub(super) fn dims(&self) -> usize {
        self.dims
    }

    pub(super) fn all(&self) -> &[Row] {
        &self.rows
    }

    /// What one row takes.
    pub(super) fn row_bytes(dims: usize) -> usize {
        quantise::stride(dims) + size_of::<(f32, f32)>() + size_of::<Row>()
    }

    /// What they take in memory.
    pub(super) fn bytes(&self) -> usize {
        let rows = self.weights.capacity() * size_of::<(f32, f32)>() + self.rows.capacity() * size_of::<Row>();
        self.codes.capacity() + rows
    }

    /// Makes room for exactly so many more.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.codes.reserve_exact(rows * self.stride);
        self.weights.reserve_exact(rows);
        self.rows.reserve_exact(rows);
    }

    /// Doubling would leave up to half of the memory unused.
    fn grow(&mut self) {
        if self.rows.len() == self.rows.capacity() {
            self.reserve(self.rows.len() / 8 + 8);
        }
    }

    /// Adds a row. None if the code is damaged.
    pub(super) fn push(&mut self, row: Row, code: &[u8]) -> Option<()> {
        let (scale, error, levels) = quantise::decode(code, self.dims)?;
        self.grow();
        self.codes.extend_from_slice(levels);
        self.codes.resize((self.rows.len() + 1) * self.stride, 0);
        self.weights.push((scale, error));
        self.rows.push(row);
        Some(())
    }

    /// Replaces the row at `slot`. None if the code is damaged.
    pub(super) fn replace(&mut self, slot: usize, row: Row, code: &[u8]) -> Option<()> {
        let (scale, error, levels) = quantise::decode(code, self.dims)?;
        let start = slot * self.stride;
        self.codes.get_mut(start..start + self.dims)?.copy_from_slice(levels);
        *self.weights.get_mut(slot)? = (scale, error);
        *self.rows.get_mut(slot)? = row;
        Some(())
    }

    /// Takes the row at `slot` out; the last row takes its place.
    pub(super) fn remove(&mut self, slot: usize) {
        let last = self.rows.len() - 1;
        let end = last * self.stride;
        self.codes.copy_within(end.., slot * self.stride);
        self.codes.truncate(end);
        self.weights.swap_remove(slot);
        self.rows.swap_remove(slot);
    }

    /// Adds to `found` every row that may be among the nearest of those that
    /// meet a condition.
    pub(super) fn scan(&self, query: &QueryCode, meets: impl Fn(usize) -> bool, found: &mut Shortlist) {
        let mut dots = [0_i32; BLOCK];
        let mut slot = 0;
        for (codes, weights) in self.codes.chunks(self.stride * BLOCK).zip(self.weights.chunks(BLOCK)) {
            query.dots(codes, &mut dots);
            for (&dot, &(scale, error)) in dots.iter().zip(weights) {
                let (estimate, margin) = (query.estimate(dot, scale), query.margin(error));
                // A filter costs more than a product, so it is asked last.
                if estimate + margin >= found.floor()
                    && meets(slot)
                    && let Some(row) = self.rows.get(slot)
                {
                    let no = schema::row_no(self.scope, row.local);
                    let candidate = Candidate { upper: estimate + margin, no, id: row.id, version: row.version };
                    found.add(candidate, estimate - margin);
                }
                slot += 1;
            }
        }
    }
}

/// What a graph asks beside.
impl Rows {
    /// The components of the row at `slot`; empty if there is none.
    pub(super) fn code(&self, slot: usize) -> &[u8] {
        self.codes.get(slot * self.stride..(slot + 1) * self.stride).unwrap_or_default()
    }

    /// What the components are multiples of.
    pub(super) fn scale(&self, slot: usize) -> f32 {
        self.weights.get(slot).map_or(0.0, |(scale, _)| *scale)
    }

    /// Adds the row at `slot` of others.
    pub(super) fn push_from(&mut self, others: &Self, slot: usize) {
        if let (Some(row), Some(weight)) = (others.rows.get(slot), others.weights.get(slot)) {
            self.grow();
            self.codes.extend_from_slice(others.code(slot));
            self.weights.push(*weight);
            self.rows.push(*row);
        }
    }

    /// Their places in the order in which they were written.
    pub(super) fn by_age(&self) -> Vec<(u32, usize)> {
        let mut order: Vec<_> = self.rows.iter().enumerate().map(|(slot, row)| (row.local, slot)).collect();
        order.sort_unstable();
        order
    }

    /// The place of a row, where they lie in the order in which they were written.
    pub(super) fn place(&self, local: u32) -> Option<usize> {
        self.rows.binary_search_by_key(&local, |row| row.local).ok()
    }

    /// Adds one row to `found` if it may be among the nearest.
    pub(super) fn offer(&self, query: &QueryCode, slot: usize, found: &mut Shortlist) {
        let (Some(row), Some((scale, error))) = (self.rows.get(slot), self.weights.get(slot)) else { return };
        let mut dot = [0];
        query.dots(self.code(slot), &mut dot);
        let (estimate, margin) = (query.estimate(dot[0], *scale), query.margin(*error));
        if estimate + margin >= found.floor() {
            let no = schema::row_no(self.scope, row.local);
            let candidate = Candidate { upper: estimate + margin, no, id: row.id, version: row.version };
            found.add(candidate, estimate - margin);
        }
    }
}
