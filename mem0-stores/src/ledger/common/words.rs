//! Ranking by words.

use mem0_core::text::{self, QueryTerm, TermId};
use mem0_core::{Held, KeywordHits, KeywordQuery, Memory, MemoryId, Scope, ScopeKey};

use super::change::length;
use super::top::{Score, Top};

/// A hit with the number of its memory: id, version and score.
pub(in crate::ledger) type Numbered = (i64, (MemoryId, u64, f32));

/// Who the keyword index of a scope belongs to: the user with application and
/// organisation, else the agent, else the run. A search costs work for its
/// owner's memories, however many others there are.
pub(in crate::ledger) fn owner_key(scope: &Scope) -> String {
    let who = [ScopeKey::UserId, ScopeKey::AgentId, ScopeKey::RunId].into_iter().find(|key| scope.get(*key).is_some());
    let mut key = String::new();
    for (name, id) in scope.ids() {
        if matches!(name, ScopeKey::OrgId | ScopeKey::AppId) || Some(name) == who {
            // Ids hold no white space, so this is unambiguous.
            key.push_str(name.as_str());
            key.push(' ');
            key.push_str(id);
            key.push(' ');
        }
    }
    key
}

/// The distinct words of a question, in order.
pub(in crate::ledger) fn distinct(query: &KeywordQuery) -> Vec<QueryTerm> {
    text::distinct(query.terms.clone())
}

/// The terms of a text and how many there are, if the counts that are kept of
/// it are others: the index is of an older version, which had fewer.
pub(in crate::ledger) fn recounted(text: &str, terms: i64, postings: i64) -> Option<(Vec<(TermId, u32)>, i64)> {
    let counted = text::terms(text);
    let due = length(&counted);
    (due != terms || i64::try_from(counted.len()) != Ok(postings)).then_some((counted, due))
}

/// A memory that has a term: its number, how often, and how long its text is.
pub(in crate::ledger) type Posting = (i64, u32, u32);

/// The memories that have a word, each once, of those that have any of its
/// terms.
pub(in crate::ledger) fn having(word: &QueryTerm, mut found: Vec<Posting>) -> Vec<Posting> {
    if !word.stems.is_empty() {
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.dedup_by_key(|(mem_no, ..)| *mem_no);
    }
    found
}

/// How many texts there are, and how many terms they have together.
#[derive(Default)]
pub(in crate::ledger) struct Corpus {
    pub(in crate::ledger) texts: u64,
    pub(in crate::ledger) terms: u64,
}

impl Corpus {
    #[allow(clippy::cast_precision_loss, reason = "counts far below 2^24 rank the same")]
    pub(in crate::ledger) fn average(&self) -> f32 {
        if self.texts == 0 { 0.0 } else { self.terms as f32 / self.texts as f32 }
    }
}

/// What the words of a visible version are for the question.
struct Matched {
    id: MemoryId,
    version: u64,
    len: u32,
    /// By the place of the word in the question.
    tf: Vec<(usize, u32)>,
}

/// The ranking of texts of the past, which no index knows: they are read.
/// Exact, and slower.
pub(in crate::ledger) struct Past {
    words: Vec<QueryTerm>,
    corpus: Corpus,
    with_word: Vec<u64>,
    matched: Vec<Matched>,
}

impl Past {
    pub(in crate::ledger) fn new(query: &KeywordQuery) -> Self {
        let words = distinct(query);
        Self { corpus: Corpus::default(), with_word: vec![0; words.len()], matched: Vec::new(), words }
    }

    /// Counts a version that is seen, and keeps it if it has a word of the
    /// question and the filter lets it through.
    pub(in crate::ledger) fn read(&mut self, memory: &Memory, admits: impl FnOnce(&Memory) -> bool) {
        let terms = text::terms(&memory.content.text);
        let len = terms.iter().map(|(_, n)| n).sum();
        let often = |term: TermId| {
            let place = terms.binary_search_by_key(&term, |(term, _)| *term).ok()?;
            terms.get(place).map(|(_, n)| *n)
        };
        let words = self.words.iter().enumerate();
        let tf: Vec<_> = words.filter_map(|(place, word)| Some((place, word.ids().filter_map(often).max()?))).collect();
        self.corpus.texts += 1;
        self.corpus.terms += u64::from(len);
        for (place, _) in &tf {
            self.with_word.iter_mut().skip(*place).take(1).for_each(|df| *df += 1);
        }
        if !tf.is_empty() && admits(memory) {
            self.matched.push(Matched { id: memory.id, version: memory.version, len, tf });
        }
    }

    /// The best of what was read.
    pub(in crate::ledger) fn rank(self, query: &KeywordQuery) -> KeywordHits {
        let idf: Vec<f32> = self.with_word.iter().map(|df| query.bm25.idf(self.corpus.texts, *df)).collect();
        let average = self.corpus.average();
        let mut top = Top::new(query.limit);
        for Matched { id, version, len, tf } in self.matched {
            let each = tf.iter().filter_map(|(place, n)| Some(query.bm25.score(*idf.get(*place)?, *n, len, average)));
            let mut held = Held::default();
            tf.iter().for_each(|(place, _)| held.add(*place));
            top.push((Score(each.sum()), id), (version, held));
        }
        let (hits, held) =
            top.into_sorted().map(|((Score(score), id), (version, held))| ((id, version, score), held)).unzip();
        let weights: Vec<f32> = idf.iter().map(|idf| query.bm25.ceiling(*idf)).collect();
        KeywordHits { hits, ceiling: weights.iter().sum(), weights, held }
    }
}
