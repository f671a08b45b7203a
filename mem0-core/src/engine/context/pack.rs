//! As much as the budget holds, the most relevant first.

use std::collections::HashSet;

use unicode_segmentation::UnicodeSegmentation as _;

use super::group::{Group, grouped, newest_first};
use super::options::{ContextMemory, ContextOptions};
use crate::engine::results::Hit;
use crate::engine::window::{Beside, Windows};
use crate::fence::{CLOSE, OPEN, inline, unfence};
use crate::traits::tokens::TokenCounter;
use crate::types::memory::{Memory, MemoryKind};
use crate::types::scope::Scope;

/// Stands where a text was cut.
const CUT: &str = " […]";

pub(super) struct Packed {
    pub(super) text: String,
    pub(super) memories: Vec<ContextMemory>,
    pub(super) tokens: usize,
    pub(super) left_out: usize,
}

/// A line that is in.
struct Taken {
    group: Group,
    line: String,
    cut: bool,
    beside: Vec<Quoted>,
}

/// A message that came along with a memory.
struct Quoted {
    scope: Scope,
    id: String,
    place: usize,
    line: String,
}

impl Quoted {
    /// None of a message that has nothing to tell.
    fn new(Beside { said, place, .. }: Beside<'_>, memory: &Memory) -> Option<Self> {
        // What had been recalled then is not told again.
        let (text, _) = unfence(&said.content);
        let text = inline(&text);
        if text.is_empty() {
            return None;
        }
        let who = said.name.as_deref().map_or_else(|| said.role.to_string(), inline);
        let at = said.at.to_string();
        let at = at.get(..16).unwrap_or(&at).replace('T', " ");
        let line = format!("  > [{at}] {who}: {text}");
        Some(Self { scope: memory.scope.clone(), id: said.id.clone(), place, line })
    }
}

impl Taken {
    fn memories(&self) -> usize {
        1 + self.group.repeats.len()
    }
}

pub(super) fn pack(hits: Vec<Hit>, windows: &Windows, options: &ContextOptions, tokens: &dyn TokenCounter) -> Packed {
    let found = hits.len();
    let taken = take(grouped(hits), windows, options, tokens);
    let taken = ordered(within(taken, options, tokens));
    let text = if taken.is_empty() { String::new() } else { block(&taken, &options.header) };
    let shown: usize = taken.iter().map(Taken::memories).sum();
    let memories = taken.into_iter().map(|taken| ContextMemory {
        repeats: taken.group.ids(),
        hit: taken.group.hit,
        line: taken.line,
        cut: taken.cut,
        messages: taken.beside.into_iter().map(|beside| beside.id).collect(),
    });
    Packed { tokens: tokens.count(&text), memories: memories.collect(), text, left_out: found - shown }
}

/// Takes line by line what fits, in the order of relevance.
fn take(groups: Vec<Group>, windows: &Windows, options: &ContextOptions, tokens: &dyn TokenCounter) -> Vec<Taken> {
    let cost = |line: &str| tokens.count(line) + tokens.count("\n");
    let mut left = options.budget_tokens.saturating_sub(tokens.count(&block(&[], &options.header)));
    let mut taken: Vec<Taken> = Vec::new();
    let mut shown: HashSet<(Scope, String)> = HashSet::new();
    for group in groups {
        let Some((line, cut)) = fitting(&group, left, options.provenance, cost) else { continue };
        left -= cost(&line);
        let memory = &group.hit.memory;
        if memory.content.kind == MemoryKind::Episode {
            // What came along with another memory has a line of its own now.
            let own = |beside: &Quoted| beside.scope == memory.scope && memory.content.sources.contains(&beside.id);
            for beside in taken.iter_mut().flat_map(|taken| taken.beside.extract_if(.., |beside| own(beside))) {
                left += cost(&beside.line);
            }
            shown.extend(memory.content.sources.iter().map(|id| (memory.scope.clone(), id.clone())));
        }
        let mut near: Vec<Beside<'_>> = windows.around(memory).collect();
        near.sort_by_key(|beside| beside.far);
        let mut beside: Vec<Quoted> = Vec::new();
        for message in near.into_iter().filter_map(|near| Quoted::new(near, memory)) {
            let spent = cost(&message.line);
            if spent <= left && shown.insert((message.scope.clone(), message.id.clone())) {
                left -= spent;
                beside.push(message);
            }
        }
        beside.sort_by_key(|message| message.place);
        taken.push(Taken { group, line, cut, beside });
    }
    taken
}

/// The line as it fits: whole, or with as many whole sentences as there is room
/// for.
fn fitting(group: &Group, left: usize, provenance: bool, cost: impl Fn(&str) -> usize) -> Option<(String, bool)> {
    let text = inline(&group.hit.memory.content.text);
    let whole = group.line(&text, provenance);
    if cost(&whole) <= left {
        return Some((whole, false));
    }
    let ends: Vec<usize> = text
        .split_sentence_bound_indices()
        .map(|(start, sentence)| start + sentence.len())
        .filter(|end| *end < text.len())
        .collect();
    let cut = |end: usize| text.get(..end).map(|part| group.line(&format!("{}{CUT}", part.trim_end()), provenance));
    // More sentences never take fewer tokens.
    let fits = ends.partition_point(|end| cut(*end).is_some_and(|line| cost(&line) <= left));
    let end = fits.checked_sub(1).and_then(|last| ends.get(last))?;
    Some((cut(*end)?, true))
}

/// Takes the least relevant out again if lines side by side are more than the
/// sum of them.
fn within(mut taken: Vec<Taken>, options: &ContextOptions, tokens: &dyn TokenCounter) -> Vec<Taken> {
    while !taken.is_empty() && tokens.count(&block(&taken, &options.header)) > options.budget_tokens {
        taken.pop();
    }
    taken
}

/// The relevant class first, and in each the newest truth.
fn ordered(taken: Vec<Taken>) -> Vec<Taken> {
    let Some(best) = taken.first().map(|best| (best.group.hit.rerank, best.group.hit.score)) else { return taken };
    let is_relevant = |hit: &Hit| match best {
        // A reranker's word counts where there is one.
        (Some(best), _) => hit.rerank.is_some_and(|score| score >= best / 2.0),
        (None, best) => hit.score >= best / 2.0,
    };
    let mut relevant: Vec<bool> = taken.iter().map(|taken| is_relevant(&taken.group.hit)).collect();
    // What is about the same as something relevant goes with it, and what is
    // about the same as that.
    let mut look_at: Vec<&Taken> = taken.iter().zip(&relevant).filter_map(|(one, is)| is.then_some(one)).collect();
    while let Some(one) = look_at.pop() {
        for (other, is) in taken.iter().zip(&mut relevant) {
            if !*is && one.group.is_about_the_same(&other.group) {
                *is = true;
                look_at.push(other);
            }
        }
    }
    let mut classed: Vec<(bool, Taken)> = relevant.into_iter().zip(taken).collect();
    classed.sort_by(|(a_is, a), (b_is, b)| {
        b_is.cmp(a_is).then_with(|| newest_first(&a.group.hit.memory, &b.group.hit.memory))
    });
    classed.into_iter().map(|(_, taken)| taken).collect()
}

/// The block with these lines.
fn block(taken: &[Taken], header: &str) -> String {
    let header = inline(header);
    let mut lines = vec![OPEN];
    if !header.is_empty() {
        lines.push(&header);
    }
    for taken in taken {
        lines.push(&taken.line);
        lines.extend(taken.beside.iter().map(|beside| beside.line.as_str()));
    }
    lines.push(CLOSE);
    lines.join("\n")
}
