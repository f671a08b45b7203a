//! Who is linked with whom.

use rustc_hash::FxHashMap;

/// How many links a row makes; above the lowest level also the most it has.
pub(super) const LINKS: usize = 16;

/// The most links of a row on the lowest level.
const BASE: usize = 2 * LINKS;

/// The number of links, the links, and one for [`Links::bridge`].
const WIDTH: usize = 1 + BASE + 1;

/// The highest level there can be.
const TOP: usize = 7;

/// The links of every row on every level.
#[derive(Debug)]
pub(super) struct Links {
    base: Vec<u32>,
    /// By level from 1 on; few rows are there.
    upper: [FxHashMap<u32, Vec<u32>>; TOP],
}

impl Links {
    /// About what the links of one row take on all levels.
    pub(super) const NODE_BYTES: usize = WIDTH * 4 + 8;

    pub(super) fn new(nodes: usize) -> Self {
        Self { base: vec![0; nodes * WIDTH], upper: Default::default() }
    }

    /// The most links that building leaves on a level.
    pub(super) fn most(level: usize) -> usize {
        if level == 0 { BASE } else { LINKS }
    }

    /// The highest level of a row: a sixteenth of the rows of a level are on the
    /// next. The same in each run, and unrelated to what the rows say.
    pub(super) fn level(node: u32) -> usize {
        let mut z = u64::from(node).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        ((z.trailing_zeros() / LINKS.trailing_zeros()) as usize).min(TOP)
    }

    pub(super) fn of(&self, node: u32, level: usize) -> &[u32] {
        let Some(above) = level.checked_sub(1) else {
            let start = node as usize * WIDTH;
            let links = self.base.get(start..start + WIDTH).and_then(<[u32]>::split_first);
            return links.and_then(|(count, links)| links.get(..*count as usize)).unwrap_or_default();
        };
        self.upper.get(above).and_then(|nodes| nodes.get(&node)).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn set(&mut self, node: u32, level: usize, links: &[u32]) {
        if let Some(above) = level.checked_sub(1) {
            if let Some(nodes) = self.upper.get_mut(above) {
                nodes.insert(node, links.to_vec());
            }
            return;
        }
        let start = node as usize * WIDTH;
        if let Some((count, places)) = self.base.get_mut(start..start + WIDTH).and_then(<[u32]>::split_first_mut) {
            *count = links.len() as u32;
            places.iter_mut().zip(links).for_each(|(place, link)| *place = *link);
        }
    }

    /// Adds a link on the lowest level beyond the most there are, once for a
    /// row. False if it has one already.
    pub(super) fn bridge(&mut self, from: u32, to: u32) -> bool {
        let links = self.of(from, 0);
        if links.len() > BASE {
            return false;
        }
        let links = [links, &[to]].concat();
        self.set(from, 0, &links);
        true
    }

    pub(super) fn bytes(&self) -> usize {
        let upper = |nodes: &FxHashMap<u32, Vec<u32>>| {
            nodes.capacity() * (size_of::<(u32, Vec<u32>)>() + 1)
                + nodes.values().map(|links| links.capacity() * 4).sum::<usize>()
        };
        self.base.capacity() * 4 + self.upper.iter().map(upper).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_kept_by_level() {
        let mut links = Links::new(3);
        links.set(1, 0, &[0, 2]);
        links.set(1, 2, &[7]);
        assert_eq!((links.of(1, 0), links.of(1, 1), links.of(1, 2)), (&[0, 2][..], &[][..], &[7][..]));
        links.set(1, 0, &[5; BASE]);
        assert!(links.bridge(1, 9) && !links.bridge(1, 9));
        assert_eq!((links.of(1, 0).len(), links.of(1, 0).last(), links.of(2, 0)), (BASE + 1, Some(&9), &[][..]));
    }

    #[test]
    fn each_level_has_a_sixteenth_of_the_one_below() {
        let levels: Vec<usize> = (0..100_000).map(Links::level).collect();
        let above = |level| levels.iter().filter(|&&l| l > level).count();
        assert!((5_900..6_600).contains(&above(0)) && (330..450).contains(&above(1)), "{} {}", above(0), above(1));
    }
}
