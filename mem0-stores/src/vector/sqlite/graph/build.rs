//! Building a graph, one row after the other.

use super::super::rows::Rows;
use super::Graph;
use super::links::{LINKS, Links};
use super::walk::{Marks, Near, Walk};

/// Rows in view while the neighbours of a new one are looked for.
const VIEW: usize = 100;

impl Graph {
    /// A graph over rows that lie in the order in which they were written. None
    /// if `go_on`, which is asked before each row, says no.
    ///
    /// The same rows make the same graph.
    pub(super) fn build(rows: Rows, mut go_on: impl FnMut() -> bool) -> Option<Self> {
        let count = rows.all().len();
        let links = Links::new(count);
        let mut graph = Self { rows, links, entry: 0, top: Links::level(0) };
        let mut builder = Builder { walk: Walk::new(count), wide: Vec::new(), other: Vec::new() };
        for node in 1..count as u32 {
            if !go_on() {
                return None;
            }
            builder.insert(&mut graph, node);
        }
        if !go_on() {
            return None;
        }
        builder.connect(&mut graph);
        Some(graph)
    }

    /// The components of a row as those of a query.
    fn widen(&self, node: u32, out: &mut Vec<i16>) {
        out.clear();
        out.extend(self.rows.code(node as usize).iter().map(|&level| i16::from(level.cast_signed())));
    }

    fn scale(&self, node: u32) -> f32 {
        self.rows.scale(node as usize)
    }
}

struct Builder {
    walk: Walk,
    wide: Vec<i16>,
    other: Vec<i16>,
}

impl Builder {
    fn insert(&mut self, graph: &mut Graph, node: u32) {
        let level = Links::level(node);
        graph.widen(node, &mut self.wide);
        let mut starts = vec![graph.descend(&self.wide, level)];
        for level in (0..=level.min(graph.top)).rev() {
            starts = self.walk.near(graph, &self.wide, &starts, level, VIEW, |_| true);
            let scale = graph.scale(node);
            let around = starts.iter().map(|near| Near { nearness: near.nearness * scale, ..*near });
            let around = self.choose(graph, around, LINKS);
            graph.links.set(node, level, &around);
            for other in around {
                self.link_back(graph, other, node, level);
            }
        }
        if level > graph.top {
            (graph.top, graph.entry) = (level, node);
        }
    }

    fn link_back(&mut self, graph: &mut Graph, from: u32, to: u32, level: usize) {
        let (links, most) = (graph.links.of(from, level), Links::most(level));
        let mut links = [links, &[to]].concat();
        if links.len() > most {
            graph.widen(from, &mut self.other);
            let scale = graph.scale(from);
            let cosine = |&node: &u32| Near { nearness: graph.nearness(&self.other, node) * scale, node };
            let mut around: Vec<Near> = links.iter().map(cosine).collect();
            around.sort_unstable_by(|a, b| b.cmp(a));
            links = self.choose(graph, around, most);
        }
        graph.links.set(from, level, &links);
    }

    /// Of rows around one, the nearest first, those that lead in different
    /// directions, then the nearest of the rest. The nearness is the cosine.
    fn choose(&mut self, graph: &Graph, around: impl IntoIterator<Item = Near>, most: usize) -> Vec<u32> {
        let (mut chosen, mut rest) = (Vec::with_capacity(most + 1), Vec::new());
        for near in around {
            if chosen.len() == most {
                break;
            }
            graph.widen(near.node, &mut self.other);
            let scale = graph.scale(near.node);
            let nearer_to = |&other: &u32| graph.nearness(&self.other, other) * scale > near.nearness;
            if chosen.iter().any(nearer_to) {
                rest.push(near.node);
            } else {
                chosen.push(near.node);
            }
        }
        rest.truncate(most - chosen.len());
        chosen.append(&mut rest);
        chosen
    }

    /// Sees to it that every row can be reached from the entry: where many rows
    /// are equal, their links may lead to each other only.
    fn connect(&mut self, graph: &mut Graph) {
        let mut reached = Marks::new(graph.len());
        spread(graph, graph.entry, &mut reached);
        for node in 0..graph.len() as u32 {
            if reached.has(node as usize) {
                continue;
            }
            graph.widen(node, &mut self.wide);
            let starts = [graph.descend(&self.wide, 0), graph.at(&self.wide, graph.entry)];
            let near = self.walk.near(graph, &self.wide, &starts, 0, VIEW, |near| reached.has(near as usize));
            let near = near.iter().map(|near| near.node);
            // Rows beyond the nearest ones are the last resort.
            let others = (0..graph.len() as u32).filter(|&other| reached.has(other as usize));
            for from in near.chain(others) {
                if graph.links.bridge(from, node) {
                    break;
                }
            }
            spread(graph, node, &mut reached);
        }
    }
}

/// Marks what can be reached from a row.
fn spread(graph: &Graph, from: u32, reached: &mut Marks) {
    reached.add(from as usize);
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        open.extend(graph.links.of(node, 0).iter().filter(|&&next| reached.add(next as usize)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::quantise::{self, QueryCode};
    use super::super::super::rows::Row;
    use super::*;
    use mem0_core::MemoryId;
    use uuid::Uuid;

    /// Points on a circle, every other one the same.
    fn rows(count: u32) -> Rows {
        let mut rows = Rows::new(1, 2);
        for n in 0..count {
            let angle = if n % 2 == 0 { n as f32 } else { 1.0 };
            let mut code = Vec::new();
            quantise::encode(&[angle.cos(), angle.sin()], &mut code);
            let id = MemoryId::from_uuid(Uuid::from_u128(u128::from(n)));
            rows.push(Row { id, version: 1, local: n + 1 }, &code).unwrap();
        }
        rows
    }

    #[test]
    fn a_build_stops_when_it_is_told_to() {
        for left in [0, 1, 57, 199] {
            let mut asked = 0;
            let stopped = Graph::build(rows(200), || {
                asked += 1;
                asked <= left
            });
            assert_eq!((stopped.is_none(), asked), (true, left + 1));
        }
        assert!(Graph::build(rows(200), || true).is_some());
    }

    #[test]
    fn every_row_is_reached_and_has_few_links() {
        for count in [0, 1, 2, 40, 1_000] {
            let graph = Graph::build(rows(count), || true).unwrap();
            let query = QueryCode::new(&[0.3, -0.9]);
            let mut found: Vec<u32> =
                graph.nearest(query.levels(), count as usize, |_| true).iter().map(|near| near.node).collect();
            found.sort_unstable();
            assert_eq!(found, (0..count).collect::<Vec<_>>());
            assert!((0..count).all(|node| graph.links.of(node, 0).len() <= Links::most(0) + 1));
        }
    }
}
