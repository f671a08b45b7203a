//! What is remembered.

use std::fmt;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::types::ids::MemoryId;
use crate::types::message::Role;
use crate::types::scope::Scope;
use crate::types::time::Timestamp;

/// Free key-value pairs of the caller. Any JSON value; keys are not paths.
pub type Metadata = Map<String, Value>;

/// What kind of memory it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MemoryKind {
    /// A fact extracted from what was said.
    #[default]
    Fact,
    /// How an agent does something (procedural memory).
    Procedure,
    /// Stored as it was said (`infer = false`).
    Episode,
}

impl MemoryKind {
    /// The name as it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Procedure => "procedure",
            Self::Episode => "episode",
        }
    }
}

/// The content of one version of a memory: everything that the caller or the
/// extraction decides, without identity, scope and bookkeeping.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Content {
    /// The memory itself, in the language in which it was said.
    pub text: String,
    /// What kind of memory it is.
    pub kind: MemoryKind,
    /// The speaker's own name or id, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The role of the speaker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Who it is about, where a model said so: a name, or `user` or
    /// `assistant`. The speaker where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Free key-value pairs of the caller.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Metadata,
    /// Labels, sorted, without duplicates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// From this time on it no longer shows, unless asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Since when it is true: the time of the event, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Until when it is true (exclusive), where that was stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
    /// The ids of the messages that it comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Names that a model found in it, where it was asked for them, beside those
    /// that are found by how they are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<String>,
}

impl Content {
    /// A fact with this text and nothing else.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The MD5 of the text's UTF-8 bytes in lower-case hexadecimal, as the
    /// Python library stores it. Not used for security.
    #[must_use]
    pub fn hash(&self) -> String {
        text_hash(&self.text)
    }
}

// Memory text stays out of logs.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("text", &format_args!("{} bytes", self.text.len()))
            .field("kind", &self.kind)
            .field("role", &self.role)
            .field("metadata_keys", &self.metadata.len())
            .field("valid_from", &self.valid_from)
            .field("valid_to", &self.valid_to)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

pub(crate) fn text_hash(text: &str) -> String {
    use std::fmt::Write as _;
    Md5::digest(text.as_bytes()).iter().fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// One version of a memory with its identity and its two clocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Memory {
    /// Which memory.
    pub id: MemoryId,
    /// Whose memory: the exact scope.
    pub scope: Scope,
    /// Counts the changes of this memory from 1.
    pub version: u64,
    /// What it says.
    pub content: Content,
    /// When the memory was first stored; kept by every later version.
    pub created_at: Timestamp,
    /// When this version was stored.
    pub updated_at: Timestamp,
    /// When a later version, a deletion or a contradiction ended this one;
    /// none for the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_at: Option<Timestamp>,
    /// Until when it was true, learnt when it was superseded. The earlier of
    /// this and [`Content::valid_to`] counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

impl Memory {
    /// The first version of a memory.
    #[must_use]
    pub fn new(id: MemoryId, scope: Scope, content: Content, at: Timestamp) -> Self {
        Self { id, scope, version: 1, content, created_at: at, updated_at: at, superseded_at: None, ended_at: None }
    }

    /// Whether it has expired at `now`.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.content.expires_at.is_some_and(|at| at <= now)
    }

    /// Since when it holds: the stated time, else when it was stored.
    #[must_use]
    pub fn valid_from(&self) -> Timestamp {
        self.content.valid_from.unwrap_or(self.updated_at)
    }

    /// Until when it holds (exclusive); none while nothing ended it.
    #[must_use]
    pub fn valid_to(&self) -> Option<Timestamp> {
        match (self.content.valid_to, self.ended_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

/// What happened to a memory, as the caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Event {
    /// A new memory.
    Add,
    /// A new version of a memory.
    Update,
    /// The memory no longer shows.
    Delete,
    /// Nothing had to change: it was known already.
    None,
}

/// What happened to a memory, as the ledger keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum EventKind {
    /// The first version.
    Add,
    /// A new version in place of the last.
    Update,
    /// Removed by the caller's own words. It shows in no read but `history`
    /// and `known_at`.
    Delete,
    /// Ended by something newer. It still shows in `as_of` reads before its
    /// end.
    Supersede,
    /// The last change was taken back: the content of the version before it
    /// holds again.
    Undo,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Add, Self::Update, Self::Delete, Self::Supersede, Self::Undo];

    /// The name as it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Supersede => "SUPERSEDE",
            Self::Undo => "UNDO",
        }
    }

    /// From the name as it is written in JSON.
    ///
    /// # Errors
    /// `Corrupt` for any other name.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| Error::corrupt("unknown event kind in the ledger"))
    }
}
