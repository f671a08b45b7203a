//! What was said.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
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

/// A picture that belongs to a message: a web address (`https:`, `http:`) or
/// the bytes themselves as a `data:` URL in Base64.
///
/// ```
/// use mem0_core::Image;
///
/// let image = Image::new("data:image/png;base64,iVBORw0KGgo=")?;
/// assert_eq!(image.data(), Some(("image/png", "iVBORw0KGgo=")));
/// assert!(Image::new("file:///etc/passwd").is_err());
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Image(String);

impl Image {
    /// From a URL.
    ///
    /// # Errors
    /// `InvalidInput` for any other scheme, and for a `data:` URL that is not
    /// an image in Base64.
    pub fn new(url: impl Into<String>) -> Result<Self> {
        let image = Self(url.into());
        let web = ["https://", "http://"].iter().any(|scheme| image.0.starts_with(scheme));
        if web || image.data().is_some() {
            Ok(image)
        } else {
            Err(Error::invalid("an image is an http(s) address, or a data: URL with an image in Base64"))
        }
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0
    }

    /// The media type and the Base64 text of a `data:` URL; none of a web
    /// address.
    #[must_use]
    pub fn data(&self) -> Option<(&str, &str)> {
        let (media, data) = self.0.strip_prefix("data:")?.split_once(";base64,")?;
        let base64 = !data.is_empty() && data.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
        (media.starts_with("image/") && base64).then_some((media, data))
    }
}

// A picture stays out of logs, as text does.
impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({} bytes)", self.0.len())
    }
}

impl TryFrom<String> for Image {
    type Error = Error;

    fn try_from(url: String) -> Result<Self> {
        Self::new(url)
    }
}

impl From<Image> for String {
    fn from(image: Image) -> Self {
        image.0
    }
}

/// One message of a conversation.
///
/// In JSON `role` defaults to `user`; a bare string is a user's message; the
/// content may also be a list of parts as in the chat format of OpenAI, of
/// which texts are joined and images kept.
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
    /// What was shown with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
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
        Self { role, content: content.into(), images: Vec::new(), name: None, id: None, timestamp: None }
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

    /// Shows a picture with it.
    #[must_use]
    pub fn with_image(mut self, image: Image) -> Self {
        self.images.push(image);
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
            .field("images", &self.images.len())
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
    // Null beside tool calls.
    #[serde(default)]
    content: Option<ContentJson>,
    #[serde(default)]
    images: Vec<Image>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    timestamp: Option<Timestamp>,
    #[serde(default, rename = "tool_calls")]
    _tool_calls: IgnoredAny,
    #[serde(default, rename = "tool_call_id")]
    _tool_call_id: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ContentJson {
    Text(String),
    Parts(Vec<PartJson>),
    Part(PartJson),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum PartJson {
    Text { text: String },
    ImageUrl { image_url: UrlJson },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum UrlJson {
    Full { url: Image },
    Plain(Image),
}

impl From<MessageJson> for Message {
    fn from(json: MessageJson) -> Self {
        let FullMessage { role, content, images, name, id, timestamp, .. } = match json {
            MessageJson::Text(text) => return Self::user(text),
            MessageJson::Full(full) => full,
        };
        let mut message = Self { role, content: String::new(), images, name, id, timestamp };
        let parts = match content {
            None => Vec::new(),
            Some(ContentJson::Text(text)) => vec![PartJson::Text { text }],
            Some(ContentJson::Parts(parts)) => parts,
            Some(ContentJson::Part(part)) => vec![part],
        };
        for part in parts {
            match part {
                PartJson::Text { text } => {
                    if !message.content.is_empty() {
                        message.content.push('\n');
                    }
                    message.content.push_str(&text);
                }
                PartJson::ImageUrl { image_url: UrlJson::Full { url } | UrlJson::Plain(url) } => {
                    message.images.push(url);
                }
            }
        }
        message
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn content_may_be_parts() {
        let message: Message = serde_json::from_value(json!({"role": "user", "content": [
            {"type": "text", "text": "Look:"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "text", "text": "my dog"},
        ]}))
        .unwrap();
        assert_eq!(message.content, "Look:\nmy dog");
        assert_eq!(message.images, [Image::new("https://example.com/a.png").unwrap()]);
        let back: Message = serde_json::from_value(serde_json::to_value(&message).unwrap()).unwrap();
        assert_eq!(back, message);
    }

    #[test]
    fn a_turn_of_tool_calls_has_no_content() {
        let json = json!({"role": "assistant", "content": null, "tool_calls": [{"id": "1"}]});
        let message: Message = serde_json::from_value(json).unwrap();
        assert_eq!((message.content.as_str(), message.images.len()), ("", 0));
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["", "ftp://x/a.png", "data:text/html;base64,PGI+", "data:image/png;base64,", "data:image/png,raw"] {
            assert!(Image::new(url).is_err(), "{url}");
        }
        let json = json!({"content": [{"type": "image_url", "image_url": {"url": "file:///a"}}]});
        assert!(serde_json::from_value::<Message>(json).is_err());
    }
}
