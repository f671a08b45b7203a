//! The words that a question asks for.

use super::analyze::{Piece, TermId, bare, each_piece, is_stop_word, plain, term_id};
use super::stems::{Votes, each_stem, is_function_word};

/// A word that a question asks for: a text has it if it has any of its terms.
///
/// A question may be too short to tell its language, and a memory too. So a
/// word asks for its plain term, which every text has, and beside it for the
/// stem of each language that the question may be in. It is one word all the
/// same: where several of its terms are found it counts as often as the most
/// frequent of them, and it is as rare as the texts are that have any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryTerm {
    /// The plain term, which is the stem if the language is English.
    pub term: TermId,
    /// Its stems in other languages, in order.
    pub stems: Vec<TermId>,
}

impl QueryTerm {
    /// All terms that stand for it.
    pub fn ids(&self) -> impl Iterator<Item = TermId> {
        std::iter::once(self.term).chain(self.stems.iter().copied())
    }
}

impl From<TermId> for QueryTerm {
    fn from(term: TermId) -> Self {
        Self { term, stems: Vec::new() }
    }
}

/// The distinct words of a question, in the order of their plain terms, without
/// the commonest words of English, and of its own language if that is sure,
/// unless nothing else is left.
#[must_use]
pub fn query_terms(text: &str) -> Vec<QueryTerm> {
    let mut votes = Votes::default();
    each_piece(text, |piece| {
        if let Piece::Word(word) = piece {
            votes.count(word);
        }
    });
    let (languages, sure) = votes.of_question();
    let own = if sure { languages } else { Default::default() };
    let (mut content, mut all) = (Vec::new(), Vec::new());
    each_piece(text, |piece| match piece {
        Piece::Signs(signs) => content.push(term_id(signs).into()),
        Piece::Word(word) => {
            let common = is_stop_word(word) || is_function_word(word, own);
            let word = bare(word);
            let mut term = QueryTerm::from(plain(word));
            each_stem(word, languages, |stem| term.stems.push(stem));
            if common { all.push(term) } else { content.push(term) }
        }
    });
    distinct(if content.is_empty() { all } else { content })
}

/// The plain terms of the distinct words of a text, in order, without the
/// commonest: what it is about.
#[must_use]
pub fn topic_terms(text: &str) -> Vec<TermId> {
    query_terms(text).into_iter().map(|word| word.term).collect()
}

/// Each word once, in order, with all stems that it was given.
#[must_use]
pub fn distinct(mut words: Vec<QueryTerm>) -> Vec<QueryTerm> {
    words.sort_unstable();
    words.dedup_by(|next, kept| {
        let same = next.term == kept.term;
        if same {
            kept.stems.append(&mut next.stems);
        }
        same
    });
    for word in &mut words {
        word.stems.sort_unstable();
        word.stems.dedup();
    }
    words
}
