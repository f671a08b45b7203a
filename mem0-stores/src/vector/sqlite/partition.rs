//! The rows of one exact scope in memory, as compact as a search needs them.

use std::sync::Arc;

use mem0_core::filter::CompiledFilter;

use super::columns::{Column, RowFields};
use super::graph::Shortcut;
use super::quantise::QueryCode;
pub(super) use super::rows::Row;
use super::rows::Rows;
use super::topk::Shortlist;

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

/// The rows of one exact scope.
#[derive(Debug)]
pub(super) struct Partition {
    /// None while it is being changed, so that one that was left half changed
    /// is read again.
    pub(super) seen: Option<Seen>,
    rows: Rows,
    /// The graph over them, where there is one.
    pub(super) shortcut: Shortcut,
    columns: Vec<(Arc<str>, Column)>,
}

impl Partition {
    pub(super) fn new(scope: i64, dims: usize) -> Self {
        Self { seen: None, rows: Rows::new(scope, dims), shortcut: Shortcut::default(), columns: Vec::new() }
    }

    pub(super) fn scope(&self) -> i64 {
        self.rows.scope()
    }

    pub(super) fn rows(&self) -> &[Row] {
        self.rows.all()
    }

    /// The rows with their components.
    pub(super) fn compact(&self) -> &Rows {
        &self.rows
    }

    /// What it takes in memory.
    pub(super) fn bytes(&self) -> usize {
        let columns = self.columns.iter().map(|(name, column)| name.len() + size_of::<Column>() + column.bytes());
        size_of::<Self>() + self.rows.bytes() + self.shortcut.bytes() + columns.sum::<usize>()
    }

    /// Empties it, and makes room for so many rows.
    pub(super) fn reset(&mut self, rows: usize) {
        self.seen = None;
        self.rows = Rows::new(self.rows.scope(), self.rows.dims());
        self.rows.reserve(rows);
        self.shortcut.clear();
        self.columns.clear();
    }

    /// Adds a row that it does not hold. None if the code is damaged.
    pub(super) fn push(&mut self, row: Row, code: &[u8]) -> Option<()> {
        self.rows.push(row, code)?;
        self.shortcut.came(row, code)
    }

    /// Replaces the row at `slot`. None if the code is damaged.
    pub(super) fn replace(&mut self, slot: usize, row: Row, code: &[u8]) -> Option<()> {
        self.shortcut.went(self.rows.all().get(slot)?);
        self.rows.replace(slot, row, code)?;
        self.shortcut.came(row, code)
    }

    /// Takes the row at `slot` out; the last row takes its place.
    pub(super) fn remove(&mut self, slot: usize) {
        self.rows.all().get(slot).inspect(|row| self.shortcut.went(row));
        self.rows.remove(slot);
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
    /// condition. The columns for it must be there. Where all rows or none meet
    /// it a graph answers if there is one, and may miss a few.
    pub(super) fn scan(&self, query: &QueryCode, condition: Option<&Condition>, found: &mut Shortlist) {
        let Some(condition) = condition else { return self.scan_all(query, found) };
        let named = |name: &Arc<str>| self.columns.iter().find(|(known, _)| known == name);
        let columns: Vec<(&str, &Column)> =
            condition.names.iter().filter_map(named).map(|(name, column)| (&**name, column)).collect();
        let meets = |slot| condition.filter.matches(&RowFields { columns: &columns, slot });
        // Such as the ids that an exact scope does not have.
        if columns.iter().all(|(_, column)| !column.is_varied()) {
            if meets(0) {
                self.scan_all(query, found);
            }
            return;
        }
        self.rows.scan(query, meets, found);
    }

    fn scan_all(&self, query: &QueryCode, found: &mut Shortlist) {
        if !self.shortcut.take(query, found) {
            self.rows.scan(query, |_| true, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::quantise;
    use super::*;
    use mem0_core::{Filter, MemoryId};
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
        assert!(partition.rows().is_empty());
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

    #[test]
    fn a_filter_that_all_rows_answer_alike_is_asked_once() {
        let mut partition = filled(&[[1.0, 0.0], [0.0, 1.0]]);
        let mut column = Column::missing(2);
        partition.add_columns([(Arc::from("k"), Column::missing(2))]);
        let condition = |filter: Filter| Condition { filter: filter.compile(), names: vec!["k".into()] };
        let (none, some) = (condition(Filter::is_null("k")), condition(Filter::exists("k")));
        assert_eq!(nearest(&partition, [0.1, 1.0], Some(&none)), 1);
        let mut found = Shortlist::new(2);
        partition.scan(&QueryCode::new(&[1.0, 0.0]), Some(&some), &mut found);
        assert!(found.finish().is_empty());
        // One row that answers otherwise, and each is asked again.
        column.set(1, Some(json!("a")));
        partition.columns.clear();
        partition.add_columns([(Arc::from("k"), column)]);
        assert_eq!(nearest(&partition, [0.1, 1.0], Some(&none)), 0);
        assert_eq!(nearest(&partition, [1.0, 0.0], Some(&some)), 1);
    }
}
