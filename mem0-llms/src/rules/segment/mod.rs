//! A message becomes units: sentences, lists and code blocks.
//!
//! Every character of the message that is not white space is in exactly one
//! unit, byte for byte, in order. The rules:
//!
//! - A fenced code block (three back-ticks or tildes) is one unit.
//! - A list (lines that start with a bullet or a number) is one unit, together
//!   with a line before it that ends in a colon.
//! - Anything else is cut into sentences by Unicode's rules (UAX #29), which
//!   know 。！？ । ؟ and the like. [`joins`] repairs what these rules cut too
//!   often: abbreviations, initials, ordinals, addresses, quotations.
//! - The end of a line ends a sentence, unless the next line goes on in lower
//!   case (a text that was wrapped).
//! - Emoji behind a sentence belong to it.
//! - No sentence is longer than [`MAX_SENTENCE`] bytes, no block longer than
//!   [`MAX_BLOCK`]: a longer one is cut at a line end, else behind a comma or
//!   semicolon, else at a space, else between two characters.

mod blocks;
mod joins;

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::words::part;

/// The longest sentence in bytes.
pub(super) const MAX_SENTENCE: usize = 1_000;

/// The longest list or code block in bytes.
pub(super) const MAX_BLOCK: usize = 4_000;

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// A sentence.
    Sentence,
    /// A list with its heading.
    List,
    /// A fenced code block.
    Code,
}

/// A part of a message that is judged as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// Where it stands in the message, without the white space around it.
    pub(super) range: Range<usize>,
    /// What it is.
    pub(super) kind: UnitKind,
}

/// The units of a message, in order.
pub(super) fn units(text: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    for block in blocks::blocks(text) {
        let pieces = match block.kind {
            UnitKind::Sentence => sentences(text, block.range),
            UnitKind::List | UnitKind::Code => vec![block.range],
        };
        let limit = if block.kind == UnitKind::Sentence { MAX_SENTENCE } else { MAX_BLOCK };
        for piece in pieces {
            for range in capped(text, piece, limit) {
                let range = trimmed(text, range);
                if !range.is_empty() {
                    units.push(Unit { range, kind: block.kind });
                }
            }
        }
    }
    units
}

/// The sentences of a stretch of prose: Unicode's, mended.
fn sentences(text: &str, prose: Range<usize>) -> Vec<Range<usize>> {
    let mut sentences: Vec<Range<usize>> = Vec::new();
    let mut start = prose.start;
    for piece in part(text, prose).split_sentence_bounds() {
        let range = start..start + piece.len();
        start = range.end;
        if let Some(last) = sentences.last_mut() {
            if joins::belong_together(part(text, last.clone()), part(text, range.clone())) {
                last.end = range.end;
                continue;
            }
            let emoji = joins::leading_emoji(part(text, range.clone()));
            if emoji > 0 && !part(text, last.clone()).ends_with('\n') {
                last.end += emoji;
                let rest = last.end..range.end;
                sentences.push(rest);
                continue;
            }
        }
        sentences.push(range);
    }
    sentences
}

/// The range without white space at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let whole = part(text, range.clone());
    let start = range.start + (whole.len() - whole.trim_start().len());
    start..start + whole.trim().len()
}

/// The range cut into parts of at most `limit` bytes.
fn capped(text: &str, range: Range<usize>, limit: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut rest = range;
    while rest.len() > limit {
        let mut end = rest.start + limit;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let window = part(text, rest.start..end);
        // A cut in the first half would leave crumbs.
        let late = |at: Option<usize>| at.filter(|at| *at > limit / 2);
        let after = |found: Option<(usize, &str)>| found.map(|(at, mark)| at + mark.len());
        let cut = late(after(window.rmatch_indices('\n').next()))
            .or_else(|| late(after(window.rmatch_indices([';', ',', '；', '，', '、', '،']).next())))
            .or_else(|| late(after(window.rmatch_indices(char::is_whitespace).next())))
            .or_else(|| late(window.grapheme_indices(true).next_back().map(|(at, _)| at)))
            .unwrap_or(window.len());
        parts.push(rest.start..rest.start + cut);
        rest.start += cut;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<&str> {
        units(text).into_iter().map(|unit| part(text, unit.range)).collect()
    }

    #[test]
    fn a_table_of_sentences() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("  \n\t ", &[]),
            ("I moved. I like it.", &["I moved.", "I like it."]),
            ("Dr. Smith called Mr. Jones.", &["Dr. Smith called Mr. Jones."]),
            ("I eat fruit, e.g. Apples. Daily.", &["I eat fruit, e.g. Apples.", "Daily."]),
            ("It cost 3.50 dollars. Cheap.", &["It cost 3.50 dollars.", "Cheap."]),
            ("See https://a.example/x?Q=1.2&B=3 now. Ok.", &["See https://a.example/x?Q=1.2&B=3 now.", "Ok."]),
            ("I waited... then left.", &["I waited... then left."]),
            ("Hmm... I moved to Rome.", &["Hmm...", "I moved to Rome."]),
            ("J. R. Smith lives here. Yes.", &["J. R. Smith lives here.", "Yes."]),
            ("I left the U.S. Army. It was hard.", &["I left the U.S. Army.", "It was hard."]),
            ("I live in the U.S. I like it.", &["I live in the U.S.", "I like it."]),
            ("We met at 5 p.m. My wife came.", &["We met at 5 p.m.", "My wife came."]),
            ("I am 30. My wife is 28.", &["I am 30.", "My wife is 28."]),
            ("Am 3. Mai 2023 war ich da. Gut.", &["Am 3. Mai 2023 war ich da.", "Gut."]),
            ("Ich mag z.B. Äpfel. Sehr.", &["Ich mag z.B. Äpfel.", "Sehr."]),
            ("\"Really?\" she said. Yes.", &["\"Really?\" she said.", "Yes."]),
            ("I won! 🎉🎉 We went out.", &["I won! 🎉🎉", "We went out."]),
            ("I won! 🎉", &["I won! 🎉"]),
            ("👍", &["👍"]),
            ("我住在北京。我喜欢茶！你呢？", &["我住在北京。", "我喜欢茶！", "你呢？"]),
            ("मैं दिल्ली में रहता हूँ। मुझे चाय पसंद है।", &["मैं दिल्ली में रहता हूँ।", "मुझे चाय पसंद है।"]),
            ("أسكن في القاهرة. هل أنت هنا؟ نعم.", &["أسكن في القاهرة.", "هل أنت هنا؟", "نعم."]),
            ("one line\nAnother line", &["one line", "Another line"]),
            ("I moved to the big\ncity of Rome.", &["I moved to the big\ncity of Rome."]),
            ("I moved to the big\r\ncity of Rome.", &["I moved to the big\r\ncity of Rome."]),
            ("Hi.\n\nlower case goes on", &["Hi.", "lower case goes on"]),
            ("I like:\n- tea\n- milk\nBye.", &["I like:\n- tea\n- milk", "Bye."]),
            ("1. Eggs\n2. Milk", &["1. Eggs\n2. Milk"]),
            ("Run this:\n```\nlet a = 1.0;\n\nB?\n```\nDone.", &["Run this:", "```\nlet a = 1.0;\n\nB?\n```", "Done."]),
            ("```\nnever closed. Really?", &["```\nnever closed. Really?"]),
        ];
        for (text, expected) in table {
            assert_eq!(texts(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_where_it_hurts_least() {
        let long = "word ".repeat(900);
        let parts = texts(&long);
        assert!(parts.len() > 4);
        assert!(parts.iter().all(|p| p.len() <= MAX_SENTENCE && p.starts_with("word") && p.ends_with("word")));
        let solid = "é".repeat(2_000);
        assert!(texts(&solid).iter().all(|p| p.len() <= MAX_SENTENCE));
        assert_eq!(texts(&solid).concat(), solid);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_overlaps(text in any::<String>()) {
            check(&text);
        }

        #[test]
        fn nothing_is_lost_in_text_that_looks_like_chat(
            text in "(Dr\\. |I |3\\. |```|~~~|\n|\r\n|- |e\\.g\\. |\\?|! |🎉|。|é|A|a| |\\.\\.\\.|\"|x@y\\.z/|\u{2028}|1\\) ){0,60}"
        ) {
            check(&text);
        }
    }

    fn check(text: &str) {
        let mut end = 0;
        let mut kept = String::new();
        for unit in units(text) {
            assert!(unit.range.start >= end, "overlap");
            assert!(part(text, end..unit.range.start).trim().is_empty(), "lost text");
            end = unit.range.end;
            let cap = if unit.kind == UnitKind::Sentence { MAX_SENTENCE } else { MAX_BLOCK };
            assert!(unit.range.len() <= cap && !unit.range.is_empty());
            kept.push_str(part(text, unit.range));
        }
        assert!(part(text, end..text.len()).trim().is_empty(), "lost text at the end");
        let bare = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        assert_eq!(bare(&kept), bare(text));
    }
}
