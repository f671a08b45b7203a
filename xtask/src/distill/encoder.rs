//! Text to rows of the static model, and rows to ids of the teacher.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::tokenizer::{Token, tokenize};
use super::vocab::Vocab;

/// The teacher's vocabulary without its leading special and unused entries.
/// The rest keeps its order, so `row + first_id` is the teacher's id.
pub(crate) struct Encoder {
    pieces: Vec<String>,
    first_id: u32,
    cls: u32,
    sep: u32,
    vocab: Vocab,
}

impl Encoder {
    pub(crate) fn open(model: &Path) -> Result<Self> {
        let mut pieces = read_pieces(model)?;
        let id = |name: &str| {
            let at = pieces.iter().position(|piece| piece == name);
            Ok::<u32, anyhow::Error>(u32::try_from(at.with_context(|| format!("no {name}"))?)?)
        };
        let (cls, sep) = (id("[CLS]")?, id("[SEP]")?);
        let special = |piece: &String| piece.len() > 1 && piece.starts_with('[') && piece.ends_with(']');
        let first = pieces.iter().rposition(special).map_or(0, |last| last + 1);
        ensure!(pieces[..first].iter().all(special), "special entries are not at the front");
        let pieces = pieces.split_off(first);
        let vocab = Vocab::build(pieces.iter().map(|piece| piece.as_bytes()))
            .context("the vocabulary is too large, or has empty or repeated entries")?;
        Ok(Self { pieces, first_id: u32::try_from(first)?, cls, sep, vocab })
    }

    /// The pieces, by row.
    pub(crate) fn pieces(&self) -> &[String] {
        &self.pieces
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = u32> {
        (0..).take(self.pieces.len())
    }

    /// The teacher's id of row 0.
    pub(crate) fn first_id(&self) -> u32 {
        self.first_id
    }

    /// Entries of the teacher's whole vocabulary.
    pub(crate) fn vocab_size(&self) -> usize {
        self.pieces.len() + self.first_id as usize
    }

    /// The rows of a text; unknown words have none.
    pub(crate) fn tokens(&self, text: &str, max: usize) -> Vec<u32> {
        let mut rows = Vec::new();
        tokenize(&self.vocab, text, |token| {
            if let Token::Known(row) = token {
                rows.push(row);
            }
            if rows.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        rows
    }

    /// What the teacher reads for these rows.
    pub(crate) fn teacher_ids(&self, rows: &[u32]) -> impl Iterator<Item = u32> {
        let rows = rows.iter().map(|row| row + self.first_id);
        [self.cls].into_iter().chain(rows).chain([self.sep])
    }
}

/// `vocab.txt`, else the vocabulary inside `tokenizer.json`.
fn read_pieces(model: &Path) -> Result<Vec<String>> {
    if let Ok(text) = fs::read_to_string(model.join("vocab.txt")) {
        return Ok(text.lines().map(str::to_owned).collect());
    }
    let text = fs::read_to_string(model.join("tokenizer.json")).context("neither vocab.txt nor tokenizer.json")?;
    let json: serde_json::Value = serde_json::from_str(&text)?;
    let entries = json["model"]["vocab"].as_object().context("tokenizer.json without a vocab")?;
    let by_id: BTreeMap<u64, &String> = entries.iter().filter_map(|(piece, id)| Some((id.as_u64()?, piece))).collect();
    ensure!(by_id.keys().copied().eq(0..entries.len() as u64), "ids with gaps");
    Ok(by_id.into_values().cloned().collect())
}
