//! From row to nearer row.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::Graph;

/// A row and how near it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub(super) nearness: f32,
    pub(super) node: u32,
}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nearness.total_cmp(&other.nearness).then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Near {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Near {}

/// A set of rows.
#[derive(Debug, Default)]
pub(super) struct Marks {
    words: Vec<u64>,
}

impl Marks {
    pub(super) fn new(nodes: usize) -> Self {
        Self { words: vec![0; nodes.div_ceil(64)] }
    }

    /// Whether it was not there yet.
    pub(super) fn add(&mut self, node: usize) -> bool {
        let (place, bit) = (node / 64, 1 << (node % 64));
        if place >= self.words.len() {
            self.words.resize(place + 1, 0);
        }
        let Some(word) = self.words.get_mut(place) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    pub(super) fn has(&self, node: usize) -> bool {
        self.words.get(node / 64).is_some_and(|word| word & (1 << (node % 64)) != 0)
    }

    fn clear_word_of(&mut self, node: u32) {
        if let Some(word) = self.words.get_mut(node as usize / 64) {
            *word = 0;
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * 8
    }
}

/// What one walk after the other uses.
#[derive(Debug)]
pub(super) struct Walk {
    seen: Marks,
    touched: Vec<u32>,
    open: BinaryHeap<Near>,
    /// The farthest on top.
    best: BinaryHeap<Reverse<Near>>,
}

impl Walk {
    pub(super) fn new(nodes: usize) -> Self {
        Self { seen: Marks::new(nodes), touched: Vec::new(), open: BinaryHeap::new(), best: BinaryHeap::new() }
    }

    /// The nearest on one level that are found with so many in view, the nearest
    /// first. Rows that do not count are passed but not in view.
    pub(super) fn near(
        &mut self,
        graph: &Graph,
        query: &[i16],
        starts: &[Near],
        level: usize,
        view: usize,
        counts: impl Fn(u32) -> bool,
    ) -> Vec<Near> {
        self.open.clear();
        self.best.clear();
        self.touched.drain(..).for_each(|node| self.seen.clear_word_of(node));
        let floor = |best: &BinaryHeap<Reverse<Near>>| match best.peek() {
            Some(Reverse(worst)) if best.len() >= view => worst.nearness,
            _ => f32::NEG_INFINITY,
        };
        for &start in starts {
            self.visit(start, view, &counts);
        }
        while let Some(next) = self.open.pop() {
            if next.nearness < floor(&self.best) {
                break;
            }
            for &node in graph.links.of(next.node, level) {
                if self.seen.has(node as usize) {
                    continue;
                }
                let nearness = graph.nearness(query, node);
                if nearness > floor(&self.best) {
                    self.visit(Near { nearness, node }, view, &counts);
                } else {
                    self.see(node);
                }
            }
        }
        let mut found: Vec<Near> = self.best.drain().map(|Reverse(near)| near).collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found
    }

    fn see(&mut self, node: u32) -> bool {
        let is_new = self.seen.add(node as usize);
        if is_new {
            self.touched.push(node);
        }
        is_new
    }

    fn visit(&mut self, near: Near, view: usize, counts: &impl Fn(u32) -> bool) {
        if !self.see(near.node) {
            return;
        }
        self.open.push(near);
        if counts(near.node) {
            self.best.push(Reverse(near));
            if self.best.len() > view {
                self.best.pop();
            }
        }
    }
}

impl Graph {
    /// A row with its nearness.
    pub(super) fn at(&self, query: &[i16], node: u32) -> Near {
        Near { nearness: self.nearness(query, node), node }
    }

    /// From the entry down to `level`, on each level above it to a row that has
    /// no nearer neighbour.
    pub(super) fn descend(&self, query: &[i16], level: usize) -> Near {
        let mut near = self.at(query, self.entry);
        for level in (level + 1..=self.top).rev() {
            loop {
                let around = self.links.of(near.node, level).iter().map(|&node| self.at(query, node));
                match around.max().filter(|next| next.nearness > near.nearness) {
                    Some(next) => near = next,
                    None => break,
                }
            }
        }
        near
    }

    /// The nearest that count, found with so many in view. All of them if there
    /// are not more than that.
    pub(super) fn nearest(&self, query: &[i16], view: usize, counts: impl Fn(u32) -> bool) -> Vec<Near> {
        if self.len() == 0 {
            return Vec::new();
        }
        // From the entry every row can be reached.
        let starts = [self.descend(query, 0), self.at(query, self.entry)];
        Walk::new(self.len()).near(self, query, &starts, 0, view, counts)
    }
}
