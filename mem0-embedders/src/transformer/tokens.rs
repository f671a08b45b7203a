//! Text to tokens.

use mem0_core::{Error, ErrorKind, Result};
use serde_json::Value;
use tokenizers::{PostProcessor as _, Tokenizer, TruncationParams};

use super::folder::Folder;

/// Characters of a text that are looked at for each token that the model
/// reads: far more than the pieces of any language have, and a bound on the
/// work that a text of megabytes makes.
const CHARS_PER_TOKEN: usize = 32;

pub(super) struct Tokens {
    tokenizer: Tokenizer,
    max_chars: usize,
    lower_case: bool,
    /// Stands for a text without tokens.
    padding: u32,
}

impl Tokens {
    pub(super) fn open(folder: &Folder) -> Result<Self> {
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
        let max_tokens = folder.recipe.max_tokens;
        let added = tokenizer.get_post_processor().map_or(0, |post| post.added_tokens(false));
        if max_tokens <= added {
            let message = "the longest text has no room for a token beside the special ones";
            return Err(folder.error(ErrorKind::Config, file, message).with_context("max_tokens", max_tokens));
        }
        tokenizer
            .with_truncation(Some(TruncationParams { max_length: max_tokens, ..TruncationParams::default() }))
            .map_err(|error| folder.corrupt(file, NOT_A_TOKENIZER, error))?;
        let architecture = &folder.recipe.architecture;
        if let Some(largest) = tokenizer.get_vocab(true).into_values().max().filter(|id| *id >= architecture.vocab_size)
        {
            let message = "the tokenizer has tokens that the model does not: they are of different models";
            return Err(folder
                .error(ErrorKind::Config, file, message)
                .with_context("largest_token", largest)
                .with_context("vocab_size", architecture.vocab_size));
        }
        Ok(Self {
            tokenizer,
            max_chars: max_tokens.saturating_mul(CHARS_PER_TOKEN),
            lower_case: folder.recipe.lower_case,
            padding: architecture.padding(),
        })
    }

    /// The part of a text that can matter, on its own.
    pub(super) fn cut(&self, prefix: &str, text: &str) -> String {
        let end = text.char_indices().nth(self.max_chars).map_or(text.len(), |(at, _)| at);
        let text = text.get(..end).unwrap_or(text);
        let mut whole = String::with_capacity(prefix.len() + text.len());
        whole.push_str(prefix);
        whole.push_str(text);
        whole
    }

    /// The tokens of a text, one at least.
    pub(super) fn of(&self, text: &str) -> Result<Vec<u32>> {
        let lower;
        let text: &str = if self.lower_case {
            lower = text.to_lowercase();
            &lower
        } else {
            text
        };
        // The error could quote the text.
        let encoding = self.tokenizer.encode_fast(text, true).map_err(|_| {
            Error::new(ErrorKind::Corrupt, "tokenizer.json cannot encode every text; get it again")
                .with_provider(super::PROVIDER)
        })?;
        let ids = encoding.get_ids();
        Ok(if ids.is_empty() { vec![self.padding] } else { ids.to_vec() })
    }
}

const NOT_A_TOKENIZER: &str = "not a tokenizer that can be read; get the file again";
