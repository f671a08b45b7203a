//! Texts to vectors.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// What a text is embedded for. Models that tell queries from documents use
/// it; others ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// The text is stored, to be found later.
    Store,
    /// The text is a question.
    Query,
}

/// Which model made a vector. Two vectors compare only if their identities are
/// equal; a collection keeps the identity of the model that filled it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbedderIdentity {
    /// Provider and model, e.g. `local/minilm-static-256`.
    pub model: String,
    /// The length of every vector.
    pub dims: usize,
    /// A digest of the weights where the provider can give one, else empty.
    #[serde(default)]
    pub digest: String,
}

impl fmt::Display for EmbedderIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} dimensions", self.model, self.dims)?;
        if let Some(short) = self.digest.get(..12) {
            write!(f, ", {short}")?;
        }
        f.write_str(")")
    }
}

/// Turns texts into vectors.
///
/// # Rules
/// Each number is a case of the conformance suite.
/// 1. `embed` returns exactly one vector per text, in order.
/// 2. Every vector has `identity().dims` numbers, all finite.
/// 3. Every vector has length 1 (within 1e-3), for the empty text too.
/// 4. The same text gives the same vector, alone or in any batch (within 1e-5
///    by component).
/// 5. An empty batch gives an empty answer without any I/O.
/// 6. A batch larger than the provider takes at once is split inside.
/// 7. Any Unicode text is accepted; text beyond the model's window is cut, not
///    refused.
/// 8. A paraphrase is nearer than an unrelated text.
/// 9. `identity` does not change during the life of the value.
/// 10. Dropping the future of `embed` leaves nothing behind.
#[async_trait]
pub trait Embedder: fmt::Debug + Send + Sync + 'static {
    /// The model that answers.
    fn identity(&self) -> &EmbedderIdentity;

    /// One vector of length 1 per text.
    ///
    /// # Errors
    /// Those of the provider: `Unavailable`, `RateLimited`, `Unauthenticated`,
    /// `Timeout`. A count or a dimension that is not the promised one is
    /// `BadModelOutput`.
    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>>;
}
