//! What was said.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::types::time::Timestamp;

/// Who speaks, from the point of view of the conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// A person.
    #[default]
    User,
    /// The agent.
    Assistant,
    /// Instructions to the agent. Never stored as a memory.
    System,
    /// The output of a tool. Never stored as a memory.
    #[serde(alias = "function")]
    Tool,
}

impl Role {
    /// The name as it is written in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
            Self::Tool => "tool",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One message of a conversation.
///
/// In JSON `role` defaults to `user`; a bare string is a user's message.
///
/// ```
/// use mem0_core::{Message, Role};
///
/// let message = Message::user("I moved to Lisbon.").with_name("Ana");
/// assert_eq!(message.role, Role::User);
/// let same: Message = serde_json::from_str(r#"{"content": "I moved to Lisbon.", "name": "Ana"}"#)?;
/// assert_eq!(same, message);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "MessageJson")]
#[non_exhaustive]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What was said. Any language, kept as it is.
    pub content: String,
    /// The speaker's own name, for conversations of more than two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The caller's id of the message; memories cite it as their source. One
    /// is made up where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When it was said; "yesterday" is resolved against it. The time of the
    /// `add` call where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
}

impl Message {
    /// A message of `role`.
    #[must_use]
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), name: None, id: None, timestamp: None }
    }

    /// Said by a person.
    #[must_use]
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content)
    }

    /// Said by the agent.
    #[must_use]
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(Role::Assistant, content)
    }

    /// Names the speaker.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the id that memories will cite.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Says when it was said.
    #[must_use]
    pub fn at(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }
}

// Content stays out of logs.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("role", &self.role)
            .field("content", &format_args!("{} bytes", self.content.len()))
            .field("name", &self.name)
            .field("id", &self.id)
            .field("timestamp", &self.timestamp)
            .finish()
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum MessageJson {
    Text(String),
    Full(FullMessage),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FullMessage {
    #[serde(default)]
    role: Role,
    content: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    timestamp: Option<Timestamp>,
}

impl From<MessageJson> for Message {
    fn from(json: MessageJson) -> Self {
        match json {
            MessageJson::Text(text) => Self::user(text),
            MessageJson::Full(FullMessage { role, content, name, id, timestamp }) => {
                Self { role, content, name, id, timestamp }
            }
        }
    }
}
