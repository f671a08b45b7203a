//! A graph over the rows of one large scope: nearer in each step, instead of
//! past every row.
//!
//! It is a shortcut and not an index of record. It is built from the compact
//! rows in memory beside the running service, follows what is written after
//! that, and can go at any moment, because the scan that it spares is always
//! there. Whatever it proposes is ranked by its exact vectors, like the rows
//! that a scan finds; what it may do is miss some.
//!
//! The graph is that of Malkov and Yashunin (2018): each row is linked with near
//! ones, and ever fewer rows with each other on the levels above.

mod build;
mod guide;
mod links;
mod walk;
mod works;

pub(super) use guide::Shortcut;
pub(super) use works::{Graphs, review};

use links::Links;

use super::rows::Rows;
use super::simd;

/// A finished graph. Its rows lie in the order in which they were written.
#[derive(Debug)]
struct Graph {
    rows: Rows,
    links: Links,
    /// The row where every search begins, one of the highest level.
    entry: u32,
    top: usize,
}

impl Graph {
    fn len(&self) -> usize {
        self.rows.all().len()
    }

    fn bytes(&self) -> usize {
        self.rows.bytes() + self.links.bytes()
    }

    /// About what a graph takes for each row.
    fn row_bytes(dims: usize) -> usize {
        Rows::row_bytes(dims) + Links::NODE_BYTES
    }

    /// How near a row is to a query; comparable among the rows of one query.
    fn nearness(&self, query: &[i16], node: u32) -> f32 {
        let mut dot = [0];
        simd::dots(query, self.rows.code(node as usize), &mut dot);
        dot[0] as f32 * self.rows.scale(node as usize)
    }
}
