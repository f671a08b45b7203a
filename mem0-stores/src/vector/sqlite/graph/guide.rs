//! A graph, and what has been written since it was built.

use super::super::quantise::QueryCode;
use super::super::rows::{Row, Rows};
use super::super::topk::Shortlist;
use super::Graph;
use super::walk::Marks;

/// Rows in view of a search, and so many more for each row it is asked for.
const VIEW: usize = 128;
const VIEW_EACH: usize = 2;

/// Searches for more than this scan: the way through a graph grows with them.
const MOST: usize = 200;

/// The place for a graph of a partition.
#[derive(Debug, Default)]
pub(in super::super) struct Shortcut {
    guide: Option<Box<Guide>>,
    /// What a graph takes that is being built.
    pub(super) building: Option<usize>,
}

impl Shortcut {
    /// Adds what may be among the nearest, unless a scan has to do it.
    pub(in super::super) fn take(&self, query: &QueryCode, found: &mut Shortlist) -> bool {
        self.guide.as_ref().is_some_and(|guide| guide.take(query, found))
    }

    /// Notes a new row. None if the code is damaged.
    pub(in super::super) fn came(&mut self, row: Row, code: &[u8]) -> Option<()> {
        self.guide.as_mut().map_or(Some(()), |guide| guide.fresh.push(row, code))
    }

    /// Notes that a row is no more.
    pub(in super::super) fn went(&mut self, row: &Row) {
        if let Some(guide) = &mut self.guide {
            guide.went(row.local);
        }
    }

    /// Drops the graph. One that is being built still comes.
    pub(in super::super) fn clear(&mut self) {
        self.guide = None;
    }

    pub(in super::super) fn bytes(&self) -> usize {
        self.building.unwrap_or(0) + self.guide_bytes()
    }

    pub(super) fn guide_bytes(&self) -> usize {
        self.guide.as_ref().map_or(0, |guide| guide.bytes())
    }

    /// Whether there is no graph, or one that should be built again.
    pub(super) fn is_wanting(&self) -> bool {
        self.guide.as_ref().is_none_or(|guide| guide.is_worn())
    }

    pub(in super::super) fn is_there(&self) -> bool {
        self.guide.is_some()
    }

    /// Puts a finished graph to use, and returns the one before it: to drop one
    /// takes a while.
    pub(super) fn replace(&mut self, guide: Guide) -> Option<Box<Guide>> {
        self.building = None;
        self.guide.replace(Box::new(guide))
    }
}

/// A graph in use.
#[derive(Debug)]
pub(super) struct Guide {
    graph: Graph,
    /// Rows of the graph that are no more. They still lead to others.
    dead: Marks,
    deaths: usize,
    /// Rows that came later, in the order in which they were written.
    fresh: Rows,
    fresh_dead: Marks,
}

impl Guide {
    /// From a graph over what the partition once held, and what it holds now.
    pub(super) fn new(graph: Graph, now: &Rows) -> Self {
        let mut fresh = Rows::new(now.scope(), now.dims());
        let mut dead = Marks::new(graph.len());
        let mut deaths = 0;
        let mut current = now.by_age().into_iter().peekable();
        for (node, row) in graph.rows.all().iter().enumerate() {
            while let Some((_, slot)) = current.next_if(|(local, _)| *local < row.local) {
                fresh.push_from(now, slot);
            }
            if current.next_if(|(local, _)| *local == row.local).is_none() {
                dead.add(node);
                deaths += 1;
            }
        }
        current.for_each(|(_, slot)| fresh.push_from(now, slot));
        Self { graph, dead, deaths, fresh, fresh_dead: Marks::default() }
    }

    fn take(&self, query: &QueryCode, found: &mut Shortlist) -> bool {
        if found.limit() > MOST {
            return false;
        }
        let view = VIEW + VIEW_EACH * found.limit();
        for near in self.graph.nearest(query.levels(), view, |node| !self.dead.has(node as usize)) {
            self.graph.rows.offer(query, near.node as usize, found);
        }
        self.fresh.scan(query, |slot| !self.fresh_dead.has(slot), found);
        true
    }

    fn went(&mut self, local: u32) {
        if let Some(node) = self.graph.rows.place(local) {
            self.deaths += usize::from(self.dead.add(node));
        } else if let Some(slot) = self.fresh.place(local) {
            self.fresh_dead.add(slot);
        }
    }

    /// Whether more than a quarter has changed.
    fn is_worn(&self) -> bool {
        (self.deaths + self.fresh.all().len()) * 4 > self.graph.len()
    }

    fn bytes(&self) -> usize {
        self.graph.bytes() + self.dead.bytes() + self.fresh.bytes() + self.fresh_dead.bytes()
    }
}
