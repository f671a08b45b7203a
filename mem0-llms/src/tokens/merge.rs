//! Byte pair encoding: the pair of the lowest rank is merged first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::vocabulary::Vocabulary;

/// How many tokens a piece is.
///
/// The parts are a linked list over the piece's bytes: `ends[start]` is where
/// the part that starts there ends, 0 once it was merged into another, and
/// `starts[end]` where the part that ends there starts. Candidates for a merge
/// wait in a heap and are checked when their turn comes.
pub(super) fn count(piece: &[u8], vocabulary: &Vocabulary) -> usize {
    if piece.len() < 2 || vocabulary.contains_key(piece) {
        return usize::from(!piece.is_empty());
    }
    let mut ends: Vec<usize> = (1..=piece.len()).collect();
    let mut starts: Vec<usize> = (0..=piece.len()).map(|end| end.saturating_sub(1)).collect();
    let mut parts = piece.len();
    let mut waiting = BinaryHeap::new();
    let candidate = |start: usize, end: usize| {
        let rank = vocabulary.get(piece.get(start..end)?)?;
        Some(Reverse((*rank, start, end)))
    };
    waiting.extend((0..parts - 1).filter_map(|start| candidate(start, start + 2)));
    while let Some(Reverse((_, start, end))) = waiting.pop() {
        let Some(middle) = ends.get(start).copied().filter(|middle| (start + 1..end).contains(middle)) else {
            continue;
        };
        // Both sides have to be what they were.
        if ends.get(middle) != Some(&end) {
            continue;
        }
        set(&mut starts, end, start);
        set(&mut ends, start, end);
        set(&mut ends, middle, 0);
        parts -= 1;
        if let Some(next) = ends.get(end).copied() {
            waiting.extend(candidate(start, next));
        }
        if start > 0
            && let Some(before) = starts.get(start).copied()
        {
            waiting.extend(candidate(before, end));
        }
    }
    parts
}

fn set(list: &mut [usize], place: usize, value: usize) {
    if let Some(slot) = list.get_mut(place) {
        *slot = value;
    }
}
