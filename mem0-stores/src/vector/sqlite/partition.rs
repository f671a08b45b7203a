//! The rows of one exact scope in memory, as compact as a search needs them.

use std::sync::Arc;

use mem0_core::MemoryId;
use mem0_core::filter::CompiledFilter;

use super::columns::{Column, RowFields};
use super::quantise::{self, QueryCode};
use super::schema;
use super::topk::{Candidate, Shortlist};

/// Rows that are scored at a time: their products fit the first-level cache.
const BLOCK: usize = 256;

/// The most columns that are kept; the one that was added first goes first.
const COLUMNS: usize = 32;

/// Up to where a partition has read its scope. Both only grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// The number of the scope's last change.
    pub(super) changes: i64,
    /// How often the scope has changed in a way that its list of changes does
    /// not tell, so that everything has to be read again.
    pub(super) epoch: i64,
}

/// What a search asks of each row beside its nearness.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) filter: CompiledFilter,
    /// The fields that the filter looks at.
    pub(super) names: Vec<Arc<str>>,
}

/// One row apart from its components.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: MemoryId,
    pub(super) version: u64,
    /// The row's number within its scope.
    pub(super) local: u32,
}

/// The rows of one exact scope.
#[derive(Debug)]
pub(super) struct Partition {
    scope: i64,
    dims: usize,
    stride: usize,
    /// None while it is being changed, so that one that was left half changed
    /// is read again.
    pub(super) seen: Option<Seen>,
    codes: Vec<u8>,
    /// Scale and error.
    weights: Vec<(f32, f32)>,
    rows: Vec<Row>,
    columns: Vec<(Arc<str>, Column)>,
}

impl Partition {
    pub(super) fn new(scope: i64, dims: usize) -> Self {
        Self {
            scope,
            dims,
            stride: quantise::stride(dims),
            seen: None,
            codes: Vec::new(),
            weights: Vec::new(),
            rows: Vec::new(),
            columns: Vec::new(),
        }
    }

    pub(super) fn scope(&self) -> i64 {
        self.scope
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// About what one row takes without columns.
    pub(super) fn row_bytes(dims: usize) -> usize {
        quantise::stride(dims) + size_of::<(f32, f32)>() + size_of::<Row>()
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let rows = self.weights.capacity() * size_of::<(f32, f32)>() + self.rows.capacity() * size_of::<Row>();
        let columns = self.columns.iter().map(|(name, column)| name.len() + size_of::<Column>() + column.bytes());
        size_of::<Self>() + self.codes.capacity() + rows + columns.sum::<usize>()
    }

    /// Empties it, and makes room for so many rows.
    pub(super) fn reset(&mut self, rows: usize) {
        *self = Self::new(self.scope, self.dims);
        self.reserve(rows);
    }

    fn reserve(&mut self, rows: usize) {
        self.codes.reserve_exact(rows * self.stride);
        self.weights.reserve_exact(rows);
        self.rows.reserve_exact(rows);
    }

    /// Adds a row that it does not hold. None if the code is damaged.
    pub(super) fn push(&mut self, row: Row, code: &[u8]) -> Option<()> {
        let (scale, error, levels) = quantise::decode(code, self.dims)?;
        if self.rows.len() == self.rows.capacity() {
            // Doubling would leave up to half of the memory unused.
            self.reserve(self.rows.len() / 8 + 8);
        }
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
        self.columns.iter_mut().for_each(|(_, column)| column.swap_remove(slot));
    }

    /// The names of `names` that it has no column of.
    pub(super) fn lacks(&self, names: &[Arc<str>]) -> Vec<Arc<str>> {
        names.iter().filter(|name| self.column(name).is_none()).cloned().collect()
    }

    /// The names of its columns.
    pub(super) fn column_names(&self) -> Vec<Arc<str>> {
        self.columns.iter().map(|(name, _)| Arc::clone(name)).collect()
    }

    /// Its columns, to be changed along with the rows.
    pub(super) fn columns_mut(&mut self) -> impl Iterator<Item = &mut Column> {
        self.columns.iter_mut().map(|(_, column)| column)
    }

    /// Takes over columns that were read for all of its rows.
    pub(super) fn add_columns(&mut self, columns: impl IntoIterator<Item = (Arc<str>, Column)>) {
        self.columns.extend(columns);
    }

    /// Drops columns so that there is room for `more`, but none of `names`.
    pub(super) fn make_room(&mut self, more: usize, names: &[Arc<str>]) {
        let mut excess = (self.columns.len() + more).saturating_sub(COLUMNS);
        self.columns.retain(|(name, _)| {
            let goes = excess > 0 && !names.contains(name);
            excess -= usize::from(goes);
            !goes
        });
    }

    /// Drops the columns that hold more of the past than of the present.
    pub(super) fn drop_worn_columns(&mut self) {
        self.columns.retain(|(_, column)| !column.is_worn());
    }

    fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|(known, _)| **known == *name).map(|(_, column)| column)
    }

    /// Adds to `found` every row that may be among the nearest that meet the
    /// condition. The columns for it must be there.
    pub(super) fn scan(&self, query: &QueryCode, condition: Option<&Condition>, found: &mut Shortlist) {
        let columns: Vec<(&str, &Column)> = condition
            .into_iter()
            .flat_map(|condition| &condition.names)
            .filter_map(|name| Some((&**name, self.column(name)?)))
            .collect();
        let meets = |slot| condition.is_none_or(|c| c.filter.matches(&RowFields { columns: &columns, slot }));

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

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::Filter;
    use serde_json::json;
    use uuid::Uuid;

    fn id(n: u128) -> MemoryId {
        MemoryId::from_uuid(Uuid::from_u128(n))
    }

    fn filled(vectors: &[[f32; 2]]) -> Partition {
        let mut partition = Partition::new(3, 2);
        partition.reset(vectors.len());
        for (n, vector) in vectors.iter().enumerate() {
            let mut code = Vec::new();
            quantise::encode(vector, &mut code);
            let row = Row { id: id(n as u128), version: 1, local: n as u32 + 1 };
            partition.push(row, &code).unwrap();
        }
        partition
    }

    fn nearest(partition: &Partition, query: [f32; 2], condition: Option<&Condition>) -> u128 {
        let mut found = Shortlist::new(1);
        partition.scan(&QueryCode::new(&query), condition, &mut found);
        found.finish()[0].id.as_uuid().as_u128()
    }

    #[test]
    fn rows_are_replaced_and_removed_in_place() {
        let mut partition = filled(&[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]);
        assert_eq!(nearest(&partition, [-1.0, 0.1], None), 2);
        partition.remove(0);
        assert_eq!((nearest(&partition, [-1.0, 0.1], None), nearest(&partition, [0.1, 1.0], None)), (2, 1));
        let mut code = Vec::new();
        quantise::encode(&[1.0, 0.0], &mut code);
        partition.replace(0, Row { id: id(9), version: 2, local: 9 }, &code).unwrap();
        assert_eq!(nearest(&partition, [1.0, 0.1], None), 9);
        partition.remove(1);
        partition.remove(0);
        assert!(partition.rows().is_empty() && partition.codes.is_empty());
        assert!(partition.push(Row { id: id(0), version: 1, local: 1 }, &[0; 3]).is_none());
    }

    #[test]
    fn room_is_made_among_the_columns_that_are_not_wanted() {
        let mut partition = filled(&[]);
        partition.add_columns((0..COLUMNS).map(|n| (Arc::from(n.to_string()), Column::default())));
        let wanted = ["0".into(), "new".into()];
        partition.make_room(1, &wanted);
        partition.add_columns([("new".into(), Column::default())]);
        assert!(partition.lacks(&wanted).is_empty());
        assert_eq!((partition.columns.len(), partition.lacks(&["1".into()]).len()), (COLUMNS, 1));
    }

    #[test]
    fn the_filter_comes_before_the_limit() {
        let mut partition = filled(&[[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]);
        let mut column = Column::default();
        ["a", "a", "b"].iter().for_each(|v| column.push(Some(json!(v))));
        partition.add_columns([(Arc::from("k"), column)]);
        let condition = |value: &str| Condition { filter: Filter::eq("k", value).compile(), names: vec!["k".into()] };
        assert_eq!(nearest(&partition, [1.0, 0.0], Some(&condition("b"))), 2);
        assert_eq!(nearest(&partition, [1.0, 0.0], Some(&condition("a"))), 0);
        assert!(partition.lacks(&["k".into()]).is_empty());
    }
}
