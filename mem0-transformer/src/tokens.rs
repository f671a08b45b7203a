//! Text to tokens.

use std::borrow::Cow;

use mem0_core::{Error, ErrorKind, Result};
use serde_json::Value;
use tokenizers::{Encoding, PostProcessor as _, Tokenizer, TruncationParams};

use crate::folder::Folder;

/// Characters of a text that are looked at for each token that the model
/// reads: far more than the pieces of any language have, and a bound on the
/// work that a text of megabytes makes.
const CHARS_PER_TOKEN: usize = 32;

/// The tokens of a text or a pair of texts, and which of the two each is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    pub(crate) ids: Vec<u32>,
    pub(crate) segments: Vec<u32>,
}

impl Encoded {
    /// How many tokens; at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.ids.len()
    }
}

/// Makes tokens of texts, as many as the model reads.
#[derive(Debug)]
pub struct Tokens {
    provider: &'static str,
    tokenizer: Tokenizer,
    max_chars: usize,
    lower_case: bool,
    /// Stands for a text without tokens.
    padding: u32,
}

impl Tokens {
    /// Reads the folder's tokenizer, for texts alone or for pairs of them.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read; `Config` if it is another model's, or has
    /// no room for a token of each text.
    pub fn open(folder: &Folder, pairs: bool) -> Result<Self> {
        let file = "tokenizer.json";
        let mut json: Value =
            serde_json::from_slice(&folder.tokenizer).map_err(|error| folder.corrupt(file, NOT_A_TOKENIZER, error))?;
        // Nothing is decoded here, and reading a damaged decoder can panic.
        // Batches are not padded, and cut where the model says.
        if let Some(json) = json.as_object_mut() {
            for unused in ["decoder", "padding", "truncation"] {
                json.remove(unused);
            }
        }
        let mut tokenizer =
            Tokenizer::from_bytes(json.to_string()).map_err(|error| folder.corrupt(file, NOT_A_TOKENIZER, error))?;
        let max_tokens = folder.max_tokens;
        let added = tokenizer.get_post_processor().map_or(0, |post| post.added_tokens(pairs));
        if max_tokens <= added + usize::from(pairs) {
            let message = "the longest text has no room for a token beside the special ones";
            return Err(folder.error(ErrorKind::Config, file, message).with_context("max_tokens", max_tokens));
        }
        tokenizer
            .with_truncation(Some(TruncationParams { max_length: max_tokens, ..TruncationParams::default() }))
            .map_err(|error| folder.corrupt(file, NOT_A_TOKENIZER, error))?;
        let architecture = &folder.architecture;
        if let Some(largest) = tokenizer.get_vocab(true).into_values().max().filter(|id| *id >= architecture.vocab_size)
        {
            let message = "the tokenizer has tokens that the model does not: they are of different models";
            return Err(folder
                .error(ErrorKind::Config, file, message)
                .with_context("largest_token", largest)
                .with_context("vocab_size", architecture.vocab_size));
        }
        Ok(Self {
            provider: folder.provider,
            tokenizer,
            max_chars: max_tokens.saturating_mul(CHARS_PER_TOKEN),
            lower_case: folder.lower_case,
            padding: architecture.padding(),
        })
    }

    /// The part of a text that can matter.
    #[must_use]
    pub fn cut<'a>(&self, text: &'a str) -> &'a str {
        let end = text.char_indices().nth(self.max_chars).map_or(text.len(), |(at, _)| at);
        text.get(..end).unwrap_or(text)
    }

    /// The tokens of a text, one at least.
    ///
    /// # Errors
    /// `Corrupt` if the tokenizer cannot do it.
    pub fn of(&self, text: &str) -> Result<Encoded> {
        let text = self.cased(text);
        self.encoded(self.tokenizer.encode_fast(text.as_ref(), true))
    }

    /// The tokens of two texts; of the longer one more are left out where both
    /// do not fit.
    ///
    /// # Errors
    /// As [`Tokens::of`].
    pub fn of_pair(&self, first: &str, second: &str) -> Result<Encoded> {
        let (first, second) = (self.cased(first), self.cased(second));
        self.encoded(self.tokenizer.encode_fast((first.as_ref(), second.as_ref()), true))
    }

    fn cased<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.lower_case { text.to_lowercase().into() } else { text.into() }
    }

    fn encoded(&self, encoding: tokenizers::Result<Encoding>) -> Result<Encoded> {
        // The error could quote the text.
        let encoding = encoding.map_err(|_| {
            Error::new(ErrorKind::Corrupt, "tokenizer.json cannot encode every text; get it again")
                .with_provider(self.provider)
        })?;
        let (ids, segments) = (encoding.get_ids(), encoding.get_type_ids());
        Ok(if ids.is_empty() {
            Encoded { ids: vec![self.padding], segments: vec![0] }
        } else {
            Encoded { ids: ids.to_vec(), segments: segments.to_vec() }
        })
    }
}

const NOT_A_TOKENIZER: &str = "not a tokenizer that can be read; get the file again";
