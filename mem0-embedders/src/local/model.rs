//! The static model: a file of rows, and the mean of a text's rows.
//!
//! # File
//! All numbers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | magic, `M0STATIC` |
//! | 4 | format version, 1 |
//! | 4 | dimensions `d` |
//! | 4 | rows `n`, at most 65,534 |
//! | 4 | bytes of vocabulary text `t` |
//! | 32 | BLAKE3 of the 24 bytes above and of everything after this field |
//! | `n` | length in bytes of each piece |
//! | `t` | the pieces, one after the other; `##` marks those inside a word |
//! | 4 `n` | scale of each row, `f32` |
//! | `n d` | rows, `i8`; component = number × scale |

use std::borrow::Cow;
use std::fmt;
use std::ops::{ControlFlow, Range};

use super::hashed;
use super::tokenizer::{Token, tokenize};
use super::vocab::{MAX_PIECES, Vocab};

const MAGIC: &[u8] = b"M0STATIC";
const VERSION: u32 = 1;
const DIGEST: Range<usize> = 24..56;

/// Tokens of one text that are read; what follows is not looked at. A static
/// model has no window of its own, this only bounds the work: it is some
/// 6,000 English words, far beyond what a mean of words can tell apart.
pub const MAX_TOKENS: usize = 8_192;

/// The file that ships with the crate, made by `cargo xtask distill`.
static SHIPPED: &[u8] = include_bytes!("model.bin");

/// A static embedding model: one vector per word piece, and a text is the
/// normalised mean of its pieces' vectors.
///
/// Nothing here waits or does I/O. One text takes some microseconds.
///
/// ```
/// use mem0_embedders::local::StaticModel;
///
/// let model = StaticModel::shipped()?;
/// let cat = model.embed("My cat sleeps all day.");
/// let kitten = model.embed("The kitten is asleep.");
/// let tax = model.embed("File the tax return by Friday.");
/// let cosine = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
/// assert_eq!(cat.len(), model.dims());
/// assert!(cosine(&cat, &kitten) > cosine(&cat, &tax));
/// # Ok::<(), mem0_embedders::local::ModelError>(())
/// ```
pub struct StaticModel {
    vocab: Vocab,
    dims: usize,
    scales: Box<[f32]>,
    bytes: Cow<'static, [u8]>,
    /// Where in `bytes` the rows are.
    rows: Range<usize>,
    digest: [u8; 32],
}

impl StaticModel {
    /// The model that ships with the crate.
    ///
    /// Its digest is not computed again: the file is part of the program, and
    /// a test of this crate compares it.
    ///
    /// # Errors
    /// None, as long as the file in the crate is whole.
    pub fn shipped() -> Result<Self, ModelError> {
        Self::parse(Cow::Borrowed(SHIPPED))
    }

    /// A model from the bytes of a file, checked against its digest.
    ///
    /// # Errors
    /// [`ModelError`] says what is wrong with the bytes.
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, ModelError> {
        let model = Self::parse(bytes.into())?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(model.bytes.get(..DIGEST.start).unwrap_or_default());
        hasher.update(model.bytes.get(DIGEST.end..).unwrap_or_default());
        if *hasher.finalize().as_bytes() == model.digest { Ok(model) } else { Err(ModelError::Digest) }
    }

    fn parse(bytes: Cow<'static, [u8]>) -> Result<Self, ModelError> {
        let mut reader = Reader { bytes: &bytes, at: 0 };
        if reader.take(MAGIC.len())? != MAGIC {
            return Err(ModelError::Magic);
        }
        match reader.number()? {
            VERSION => {}
            found => return Err(ModelError::Version(found)),
        }
        let dims = reader.size()?;
        let count = reader.size()?;
        let text_bytes = reader.size()?;
        if dims == 0 || count == 0 || count > MAX_PIECES {
            return Err(ModelError::Shape);
        }
        let digest = reader.take(DIGEST.len())?.try_into().map_err(|_| ModelError::Truncated)?;

        let lengths = reader.take(count)?;
        let text = reader.take(text_bytes)?;
        if lengths.iter().map(|&n| usize::from(n)).sum::<usize>() != text_bytes {
            return Err(ModelError::Vocabulary);
        }
        let pieces = lengths.iter().scan(0, |start, &length| {
            let end = *start + usize::from(length);
            let piece = text.get(*start..end);
            *start = end;
            piece
        });
        let vocab = Vocab::build(pieces).ok_or(ModelError::Vocabulary)?;

        let (scales, _) = reader.take(count.saturating_mul(4))?.as_chunks::<4>();
        let scales: Box<[f32]> = scales.iter().map(|&b| f32::from_le_bytes(b)).collect();
        // The upper bound keeps any sum of rows far from infinity.
        if !scales.iter().all(|s| (0.0..=1e6).contains(s)) {
            return Err(ModelError::Scale);
        }
        let start = reader.at;
        reader.take(count.saturating_mul(dims))?;
        let rows = start..reader.at;
        if rows.end != bytes.len() {
            return Err(ModelError::Trailing);
        }
        Ok(Self { vocab, dims, scales, bytes, rows, digest })
    }

    /// Numbers in every vector.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// Word pieces that have a vector.
    #[must_use]
    pub fn pieces(&self) -> usize {
        self.vocab.len()
    }

    /// BLAKE3 of the file's content: two models with one digest give the same
    /// vectors.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The vector of `text`: [`dims`](Self::dims) numbers, length 1.
    ///
    /// Words that the vocabulary cannot spell are left out. A text with no
    /// other words, the empty text among them, gets a vector hashed from its
    /// characters, so that it is never zero and is far from all others. Only
    /// the first [`MAX_TOKENS`] word pieces are read.
    #[must_use]
    pub fn embed(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; self.dims];
        self.write(text, &mut vector);
        vector
    }

    /// [`embed`](Self::embed) without an allocation for the answer.
    ///
    /// # Errors
    /// [`ModelError::Output`] if `out` does not have [`dims`](Self::dims)
    /// numbers.
    pub fn embed_into(&self, text: &str, out: &mut [f32]) -> Result<(), ModelError> {
        if out.len() != self.dims {
            return Err(ModelError::Output { expected: self.dims, found: out.len() });
        }
        self.write(text, out);
        Ok(())
    }

    fn write(&self, text: &str, out: &mut [f32]) {
        out.fill(0.0);
        let mut read = 0;
        tokenize(&self.vocab, text, |token| {
            if let Token::Known(row) = token {
                self.add_row(row, out);
            }
            read += 1;
            if read < MAX_TOKENS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        // Dividing by the count would change nothing: only the direction is
        // kept.
        if !hashed::normalize(out) {
            hashed::embed(text, out);
        }
    }

    #[inline]
    fn add_row(&self, row: u32, out: &mut [f32]) {
        let row = row as usize;
        let start = self.rows.start + row * self.dims;
        let Some(numbers) = self.bytes.get(start..start + self.dims) else { return };
        let Some(&scale) = self.scales.get(row) else { return };
        for (x, &number) in out.iter_mut().zip(numbers) {
            *x += f32::from(number.cast_signed()) * scale;
        }
    }

    /// The tokens of `text`, by row; `None` for an unknown word.
    #[cfg(test)]
    pub(crate) fn tokens(&self, text: &str) -> Vec<Option<u32>> {
        let mut rows = Vec::new();
        tokenize(&self.vocab, text, |token| {
            rows.push(match token {
                Token::Known(row) => Some(row),
                Token::Unknown => None,
            });
            ControlFlow::Continue(())
        });
        rows
    }
}

impl fmt::Debug for StaticModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticModel").field("pieces", &self.pieces()).field("dims", &self.dims).finish_non_exhaustive()
    }
}

/// Why bytes are not a model, or a buffer not fit for its vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// The bytes do not begin like a model.
    Magic,
    /// A format that this version does not read.
    Version(u32),
    /// No dimensions, no rows, or more rows than the format allows.
    Shape,
    /// The bytes end too early.
    Truncated,
    /// There are bytes after the last row.
    Trailing,
    /// The lengths of the pieces do not add up, or a piece is empty or twice.
    Vocabulary,
    /// A row's scale is negative, huge or not a number.
    Scale,
    /// The content is not what the digest was made of.
    Digest,
    /// The buffer for a vector has another length than the vector.
    Output {
        /// The model's dimensions.
        expected: usize,
        /// The buffer's length.
        found: usize,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("not a static model: wrong magic"),
            Self::Version(found) => {
                write!(f, "static model of format {found}, only {VERSION} is read")
            }
            Self::Shape => f.write_str("static model with impossible dimensions"),
            Self::Truncated => f.write_str("static model ends too early"),
            Self::Trailing => f.write_str("static model has bytes after its last row"),
            Self::Vocabulary => f.write_str("static model has a broken vocabulary"),
            Self::Scale => f.write_str("static model has a broken scale"),
            Self::Digest => f.write_str("static model does not match its digest"),
            Self::Output { expected, found } => {
                write!(f, "buffer of {found} numbers for a vector of {expected}")
            }
        }
    }
}

impl std::error::Error for ModelError {}

/// A cursor that cannot run past the end.
struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    fn take(&mut self, count: usize) -> Result<&'b [u8], ModelError> {
        let end = self.at.checked_add(count).ok_or(ModelError::Truncated)?;
        let taken = self.bytes.get(self.at..end).ok_or(ModelError::Truncated)?;
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, ModelError> {
        let bytes = self.take(4)?.try_into().map_err(|_| ModelError::Truncated)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn size(&mut self) -> Result<usize, ModelError> {
        usize::try_from(self.number()?).map_err(|_| ModelError::Shape)
    }
}
