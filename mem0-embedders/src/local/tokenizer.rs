//! BERT's uncased WordPiece tokeniser.
//!
//! Written here and not taken from a general tokeniser crate: those read a
//! JSON description and build maps of owned strings, which costs more than
//! the 50 ms in which a whole `mem0` command is to start, for one algorithm
//! out of their dozens. Equality with the reference implementation is pinned
//! by `tests/fixtures/wordpiece.json`.
//!
//! The steps, character by character and without intermediate copies:
//! drop control characters, put spaces around ideographs, decompose and drop
//! accents, lower-case, split at white space and around punctuation, then cut
//! each word greedily into the longest known pieces.

use std::ops::ControlFlow;

use unicode_normalization::char::decompose_canonical;

use super::unicode::{is_accent, is_dropped, is_ideograph, is_punctuation};
use super::vocab::{PieceHash, Place, Vocab};

/// A longer word is not cut into pieces; BERT calls it unknown as a whole.
pub(crate) const MAX_WORD_CHARS: usize = 100;

/// One step of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A piece of the vocabulary, by its row.
    Known(u32),
    /// A word that cannot be spelled with the vocabulary: BERT's `[UNK]`.
    Unknown,
}

/// Feeds the tokens of `text` to `sink`, in order, until it breaks.
pub(crate) fn tokenize(vocab: &Vocab, text: &str, sink: impl FnMut(Token) -> ControlFlow<()>) {
    let mut run =
        Run { vocab, word: Word::default(), prefixes: Vec::with_capacity(vocab.longest()), rows: Vec::new(), sink };
    let _ = run.text(text);
}

/// The state of one pass; the buffers are reused from word to word.
struct Run<'v, S> {
    vocab: &'v Vocab,
    word: Word,
    prefixes: Vec<(usize, PieceHash)>,
    rows: Vec<u32>,
    sink: S,
}

impl<S: FnMut(Token) -> ControlFlow<()>> Run<'_, S> {
    fn text(&mut self, text: &str) -> ControlFlow<()> {
        for c in text.chars() {
            if is_dropped(c) {
                continue;
            }
            if c.is_ascii() {
                // Most text is this; no table is asked.
                self.normalized(c.to_ascii_lowercase())?;
            } else {
                self.wide(c)?;
            }
        }
        self.end_word()
    }

    /// A character beyond ASCII. Decomposing one at a time instead of the
    /// whole text skips only the reordering of stacked marks, and nearly all
    /// of those are dropped here.
    fn wide(&mut self, c: char) -> ControlFlow<()> {
        let alone = is_ideograph(c);
        if alone {
            self.end_word()?;
        }
        let mut flow = ControlFlow::Continue(());
        decompose_canonical(c, |part| {
            if flow.is_continue() && !is_accent(part) {
                flow = part.to_lowercase().try_for_each(|low| self.normalized(low));
            }
        });
        flow?;
        if alone { self.end_word() } else { ControlFlow::Continue(()) }
    }

    /// A character as the model sees it.
    #[inline]
    fn normalized(&mut self, c: char) -> ControlFlow<()> {
        if c.is_whitespace() {
            self.end_word()
        } else if is_punctuation(c) {
            self.end_word()?;
            self.word.push(c);
            self.end_word()
        } else {
            self.word.push(c);
            ControlFlow::Continue(())
        }
    }

    fn end_word(&mut self) -> ControlFlow<()> {
        if self.word.chars == 0 {
            return ControlFlow::Continue(());
        }
        let spelled = self.word.chars <= MAX_WORD_CHARS && self.spell();
        self.word.clear();
        if spelled {
            let rows = &self.rows;
            rows.iter().try_for_each(|&row| (self.sink)(Token::Known(row)))
        } else {
            (self.sink)(Token::Unknown)
        }
    }

    /// Cuts the word into the longest known pieces, from the left. One part
    /// that cannot be spelled makes the whole word unknown.
    fn spell(&mut self) -> bool {
        self.rows.clear();
        let mut rest = self.word.text.as_str();
        let mut place = Place::Start;
        while !rest.is_empty() {
            let mut hash = PieceHash::new(place);
            self.prefixes.clear();
            for (end, &byte) in (1..=self.vocab.longest()).zip(rest.as_bytes()) {
                hash = hash.with(byte);
                if rest.is_char_boundary(end) {
                    self.prefixes.push((end, hash));
                }
            }
            let longest = self.prefixes.iter().rev().find_map(|&(end, hash)| {
                let (piece, after) = rest.split_at_checked(end)?;
                Some((self.vocab.find(hash, piece.as_bytes())?, after))
            });
            let Some((row, after)) = longest else {
                return false;
            };
            self.rows.push(row);
            rest = after;
            place = Place::Inside;
        }
        true
    }
}

/// The word being read.
#[derive(Default)]
struct Word {
    text: String,
    chars: usize,
}

impl Word {
    #[inline]
    fn push(&mut self, c: char) {
        self.chars += 1;
        // A word this long is unknown whatever follows: its length is all
        // that matters, so a hostile text cannot grow the buffer.
        if self.chars <= MAX_WORD_CHARS {
            self.text.push(c);
        }
    }

    fn clear(&mut self) {
        self.text.clear();
        self.chars = 0;
    }
}
