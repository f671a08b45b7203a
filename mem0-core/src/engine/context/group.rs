//! Memories that are one line of the block.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use crate::engine::results::Hit;
use crate::fence::inline;
use crate::text::{TermId, terms, topic_terms};
use crate::types::ids::MemoryId;
use crate::types::memory::Memory;
use crate::types::time::Timestamp;

/// So many earlier dates are on a line.
const DATES: usize = 3;

/// A memory, and those that say the same in the same words.
#[derive(Debug)]
pub(super) struct Group {
    /// The newest of them, with the best score.
    pub(super) hit: Hit,
    pub(super) repeats: Vec<Memory>,
    /// The words that tell what it is about.
    topic: BTreeSet<TermId>,
}

/// Who said it, whom it is about, and its words in any order.
#[derive(PartialEq, Eq, Hash)]
struct Same(Option<String>, Vec<TermId>, Option<String>);

/// Brings those together that say the same, in the order of their best.
pub(super) fn grouped(hits: Vec<Hit>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<Same, usize> = HashMap::new();
    for hit in hits {
        let text = &hit.memory.content.text;
        let words: Vec<TermId> = terms(text).into_iter().map(|(term, _)| term).collect();
        // Signs alone have no words to compare.
        let signs = words.is_empty().then(|| text.clone());
        let same = Same(who(&hit.memory), words, signs);
        if let Some(group) = places.get(&same).and_then(|place| groups.get_mut(*place)) {
            group.join(hit);
            continue;
        }
        places.insert(same, groups.len());
        let topic = topic_terms(text).into_iter().collect();
        groups.push(Group { hit, repeats: Vec::new(), topic });
    }
    groups
}

impl Group {
    fn join(&mut self, hit: Hit) {
        let (score, rerank) = (self.hit.score, self.hit.rerank);
        let newer = newest_first(&hit.memory, &self.hit.memory).is_lt();
        let older = if newer { std::mem::replace(&mut self.hit, hit).memory } else { hit.memory };
        (self.hit.score, self.hit.rerank) = (score, rerank);
        self.repeats.push(older);
    }

    /// Whether both are about the same thing: told by or of the same person,
    /// with half of the words that matter in common.
    pub(super) fn is_about_the_same(&self, other: &Self) -> bool {
        let fewer = self.topic.len().min(other.topic.len());
        let common = self.topic.intersection(&other.topic).count();
        fewer > 0 && common * 2 >= fewer && who(&self.hit.memory) == who(&other.hit.memory)
    }

    pub(super) fn ids(&self) -> Vec<MemoryId> {
        self.repeats.iter().map(|memory| memory.id).collect()
    }

    /// The line with this much of the text.
    pub(super) fn line(&self, text: &str, provenance: bool) -> String {
        let memory = &self.hit.memory;
        let mut line = format!("- [{}", memory.valid_from().date());
        if let Some(end) = memory.valid_to() {
            let _ = write!(line, " to {}", end.date());
        }
        let shown = memory.valid_from().date();
        let mut dates: Vec<String> = self.repeats.iter().map(|repeat| repeat.valid_from().date()).collect();
        dates.sort_unstable_by(|a, b| b.cmp(a));
        dates.dedup();
        for date in dates.iter().filter(|date| **date != shown).take(DATES) {
            let _ = write!(line, ", {date}");
        }
        line.push_str("] ");
        if let Some(who) = who(memory) {
            let _ = write!(line, "{who}: ");
        }
        line.push_str(text);
        if provenance {
            let _ = write!(line, " (memory {}", memory.id);
            let sources = memory.content.sources.iter().map(|source| inline(source)).collect::<Vec<_>>().join(", ");
            let _ = if sources.is_empty() { write!(line, ")") } else { write!(line, "; from {sources})") };
        }
        line
    }
}

/// The speaker, and whom it is about if that is somebody else.
fn who(memory: &Memory) -> Option<String> {
    let content = &memory.content;
    let speaker = content.actor.as_deref().map(inline).or_else(|| content.role.map(|role| role.to_string()));
    let about = content.about.as_deref().map(inline).filter(|about| {
        let known = [speaker.as_deref(), content.role.map(|role| role.as_str())];
        !known.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(about))
    });
    match (speaker, about) {
        (Some(speaker), Some(about)) => Some(format!("{speaker} (about {about})")),
        (None, Some(about)) => Some(format!("about {about}")),
        (speaker, None) => speaker,
    }
}

/// The newest truth first, then what was learnt last.
pub(super) fn newest_first(a: &Memory, b: &Memory) -> std::cmp::Ordering {
    let times = |memory: &Memory| -> (Timestamp, Timestamp) { (memory.valid_from(), memory.updated_at) };
    times(b).cmp(&times(a)).then(a.id.cmp(&b.id))
}
