//! Collections that were written elsewhere, to be read once and taken over.

use std::fmt;

use async_trait::async_trait;

use crate::error::Result;
use crate::types::payload::Payload;
use crate::types::time::Timestamp;

/// A point of a collection that was written elsewhere.
#[derive(Clone, PartialEq)]
pub struct ForeignPoint {
    /// Its id, as it is there.
    pub id: String,
    /// Its vector, of any length, where it has one.
    pub vector: Option<Vec<f32>>,
    /// Its payload with the keys of [`crate::types::payload`].
    pub payload: Payload,
}

// What a memory says stays out of logs.
impl fmt::Debug for ForeignPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignPoint").field("id", &self.id).field("keys", &self.payload.len()).finish_non_exhaustive()
    }
}

/// A page of a walk through such a collection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ForeignPage {
    /// The points, in no order that means anything.
    pub points: Vec<ForeignPoint>,
    /// Where the next page starts; none at the end.
    pub next: Option<String>,
}

/// A collection as another program wrote it, or this one under another model:
/// whatever says there who filled it is not looked at. Only read, never changed.
#[async_trait]
pub trait ForeignCollection: fmt::Debug + Send + Sync + 'static {
    /// The provider's name, as in the configuration.
    fn name(&self) -> &'static str;

    /// A page of points, from the beginning or where a page before it says. A
    /// point may come twice if the collection is written meanwhile. About
    /// `limit` points: a product that pages by its own measure may bring more
    /// or fewer, also none before the end.
    ///
    /// # Errors
    /// `NotFound` if there is no such collection, `Unsupported` for a layout
    /// that the adapter does not know, `Unavailable`.
    async fn read(&self, from: Option<&str>, limit: usize) -> Result<ForeignPage>;
}

/// An entry of a history that was kept elsewhere.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignEvent {
    /// Which memory, as it is there.
    pub memory: String,
    /// What happened, as it is there: `ADD`, `UPDATE`, `DELETE`.
    pub event: String,
    /// What it said before.
    pub old_text: Option<String>,
    /// What it said from then on.
    pub new_text: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// The speaker's own name or id.
    pub actor: Option<String>,
    /// The role of the speaker.
    pub role: Option<String>,
}

impl ForeignEvent {
    /// An entry with nothing else said.
    #[must_use]
    pub fn new(memory: impl Into<String>, event: impl Into<String>) -> Self {
        Self {
            memory: memory.into(),
            event: event.into(),
            old_text: None,
            new_text: None,
            at: None,
            actor: None,
            role: None,
        }
    }
}

impl fmt::Debug for ForeignEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignEvent")
            .field("memory", &self.memory)
            .field("event", &self.event)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
