//! The model's word pieces and a compact index over them.
//!
//! A program that embeds one text and exits must not pay for 30,000 `String`s
//! and a general hash map. Here the pieces stay one block of bytes and the
//! index is one flat table of `u32`, built in well under a millisecond.

use std::fmt;

/// Where in a word a piece stands. `play` and `##play` are different pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the start of a word.
    Start,
    /// After another piece; written with a leading `##` in the vocabulary.
    Inside,
}

/// How the vocabulary marks a piece that continues a word.
const INSIDE_MARK: &[u8] = b"##";

/// A slot holds 16 bits of the hash above 16 bits of `row + 1`; 0 is empty.
const ROW_BITS: u32 = 16;
const ROW_MASK: u32 = (1 << ROW_BITS) - 1;
/// Row numbers must fit a slot.
pub(crate) const MAX_PIECES: usize = ROW_MASK as usize - 1;

/// The pieces, by row.
pub(crate) struct Vocab {
    /// All pieces without their mark, one after the other.
    text: Box<[u8]>,
    /// Start of each piece in `text`, and one past the last.
    starts: Box<[u32]>,
    /// Open addressing, linear probing, at most half full.
    table: Box<[u32]>,
    /// Length in bytes of the longest piece: no longer prefix needs a look-up.
    longest: usize,
}

impl Vocab {
    /// Indexes pieces in the order of their rows.
    ///
    /// Answers `None` if there are none, more than [`MAX_PIECES`], or if one
    /// is empty or given twice.
    pub(crate) fn build<'a>(pieces: impl Iterator<Item = &'a [u8]> + Clone) -> Option<Self> {
        let (mut count, mut bytes, mut longest) = (0usize, 0usize, 0usize);
        for piece in pieces.clone() {
            count += 1;
            bytes += piece.len();
            longest = longest.max(piece.len());
        }
        if count == 0 || count > MAX_PIECES || u32::try_from(bytes).is_err() {
            return None;
        }
        let mut vocab = Self {
            text: Box::default(),
            starts: Box::default(),
            table: vec![0; (count * 2).next_power_of_two()].into(),
            longest,
        };
        let mut text = Vec::with_capacity(bytes);
        let mut starts = Vec::with_capacity(count + 1);
        let mut keys = Vec::with_capacity(count);
        for piece in pieces {
            let (place, piece) = match piece.strip_prefix(INSIDE_MARK) {
                Some(rest) if !rest.is_empty() => (Place::Inside, rest),
                _ => (Place::Start, piece),
            };
            if piece.is_empty() {
                return None;
            }
            starts.push(u32::try_from(text.len()).ok()?);
            text.extend_from_slice(piece);
            keys.push(piece.iter().fold(PieceHash::new(place), |h, &b| h.with(b)));
        }
        starts.push(u32::try_from(text.len()).ok()?);
        vocab.text = text.into();
        vocab.starts = starts.into();
        for (row, key) in (0u32..).zip(keys) {
            vocab.insert(row, key)?;
        }
        Some(vocab)
    }

    /// How many pieces there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Bytes of the longest piece.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// The row of the piece that `hash` was computed from.
    #[inline]
    pub(crate) fn find(&self, hash: PieceHash, piece: &[u8]) -> Option<u32> {
        let tag = hash.tag();
        let mask = self.table.len() - 1;
        let mut at = hash.slot(mask);
        // At most half of the slots are taken, so an empty one ends the walk.
        loop {
            let slot = *self.table.get(at)?;
            if slot == 0 {
                return None;
            }
            if slot >> ROW_BITS == tag {
                let row = (slot & ROW_MASK) - 1;
                // Two places of one spelling differ in their tag with
                // certainty, see `PieceHash::tag`.
                if self.piece(row) == Some(piece) {
                    return Some(row);
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// The piece of a row, without its mark.
    #[inline]
    fn piece(&self, row: u32) -> Option<&[u8]> {
        let row = row as usize;
        let start = *self.starts.get(row)? as usize;
        let end = *self.starts.get(row + 1)? as usize;
        self.text.get(start..end)
    }

    /// `None` if the piece is there already.
    fn insert(&mut self, row: u32, key: PieceHash) -> Option<()> {
        let mask = self.table.len() - 1;
        let tag = key.tag();
        let mut at = key.slot(mask);
        loop {
            let slot = *self.table.get(at)?;
            if slot == 0 {
                break;
            }
            if slot >> ROW_BITS == tag && self.piece((slot & ROW_MASK) - 1) == self.piece(row) {
                return None;
            }
            at = (at + 1) & mask;
        }
        *self.table.get_mut(at)? = tag << ROW_BITS | (row + 1);
        Some(())
    }
}

impl fmt::Debug for Vocab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vocab").field("pieces", &self.len()).finish_non_exhaustive()
    }
}

/// FNV-1a over a piece's bytes: cheap for words of a few letters, and it can
/// be extended byte by byte, so all prefixes of a word are hashed in one pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PieceHash {
    state: u64,
    place: Place,
}

impl PieceHash {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;

    /// The hash of the empty piece.
    #[inline]
    pub(crate) fn new(place: Place) -> Self {
        let state = match place {
            Place::Start => Self::OFFSET,
            Place::Inside => Self::OFFSET ^ Self::PRIME.rotate_left(32),
        };
        Self { state, place }
    }

    /// With one more byte.
    #[inline]
    pub(crate) fn with(self, byte: u8) -> Self {
        Self { state: (self.state ^ u64::from(byte)).wrapping_mul(Self::PRIME), ..self }
    }

    /// FNV's low bits are weak for short input; one multiplication spreads
    /// all bits into the high half, from which slot and tag are taken.
    fn mixed(self) -> u64 {
        (self.state ^ (self.state >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[inline]
    fn slot(self, mask: usize) -> usize {
        (self.mixed() >> 40) as usize & mask
    }

    /// 16 bits, the lowest of which is the place: so a tag can never be equal
    /// for two places.
    #[inline]
    fn tag(self) -> u32 {
        let bits = (self.mixed() >> 20) as u32 & 0xfffe;
        bits | u32::from(self.place == Place::Inside)
    }
}
