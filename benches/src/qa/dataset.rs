//! What every loader makes of its file.

use std::collections::HashSet;

use mem0::{Error, Result, Role, Timestamp};

/// Conversations with questions about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Which one, e.g. `locomo`.
    pub name: &'static str,
    /// A hash of the file.
    pub digest: String,
    /// The conversations, in the order of the file.
    pub conversations: Vec<Conversation>,
}

/// What was said over a long time, and what is asked about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    /// Unique in the dataset.
    pub id: String,
    /// In the order in which they took place.
    pub sessions: Vec<Session>,
    /// In the order of the file.
    pub questions: Vec<Question>,
}

/// One sitting.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Unique in the conversation.
    pub id: String,
    /// When it began, where that is known.
    pub at: Option<Timestamp>,
    /// What was said; never empty.
    pub turns: Vec<Turn>,
}

/// What one speaker said at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Unique in the conversation.
    pub id: String,
    /// Who, from the agent's point of view.
    pub role: Role,
    /// The speaker's name, if there is one.
    pub speaker: Option<String>,
    /// What; never empty.
    pub text: String,
}

/// A question about a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Unique in the dataset.
    pub id: String,
    /// What is asked.
    pub text: String,
    /// The right answer; none where the question has none.
    pub answer: Option<String>,
    /// The dataset's own kind, e.g. `4 single-hop`.
    pub category: String,
    /// The turns that answer it: ids that exist, each once. Empty where the
    /// dataset names none.
    pub evidence: Vec<String>,
    /// Whether the conversation answers it at all.
    pub answerable: bool,
    /// When it is asked, where that matters.
    pub asked_at: Option<Timestamp>,
}

impl Question {
    /// Whether it is of the category of that name; `4` is enough for
    /// `4 single-hop`.
    fn is_of(&self, category: &str) -> bool {
        self.category == category || self.category.split(' ').next() == Some(category)
    }
}

impl Dataset {
    /// Checks what everything else relies on: ids are unique, and every
    /// evidence exists.
    ///
    /// # Errors
    /// `InvalidInput` that names the conversation.
    pub fn checked(self) -> Result<Self> {
        let mut conversations = HashSet::new();
        for conversation in &self.conversations {
            let bad = |what: &str| Error::invalid(what.to_owned()).with_context("conversation", &conversation.id);
            if !conversations.insert(&conversation.id) {
                return Err(bad("two conversations of one id"));
            }
            let mut turns = HashSet::new();
            if !conversation.sessions.iter().flat_map(|session| &session.turns).all(|turn| turns.insert(&turn.id)) {
                return Err(bad("two turns of one id"));
            }
            let mut sessions = HashSet::new();
            if !conversation.sessions.iter().all(|session| sessions.insert(&session.id)) {
                return Err(bad("two sessions of one id"));
            }
            if conversation.questions.iter().flat_map(|question| &question.evidence).any(|id| !turns.contains(id)) {
                return Err(bad("evidence that is no turn"));
            }
        }
        Ok(self)
    }

    /// Only these conversations and categories; an empty list is all of them.
    /// Conversations without a question are left out.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is none.
    pub fn keep(mut self, conversations: &[String], categories: &[String]) -> Result<Self> {
        let known = |id: &String| self.conversations.iter().any(|conversation| conversation.id == *id);
        if let Some(unknown) = conversations.iter().find(|id| !known(id)) {
            return Err(Error::invalid("there is no such conversation").with_context("conversation", unknown));
        }
        let mut questions = self.conversations.iter().flat_map(|conversation| &conversation.questions);
        if let Some(unknown) = categories.iter().find(|name| !questions.any(|question| question.is_of(name))) {
            return Err(Error::invalid("there is no such category").with_context("category", unknown));
        }
        self.conversations.retain(|conversation| conversations.is_empty() || conversations.contains(&conversation.id));
        if !categories.is_empty() {
            for conversation in &mut self.conversations {
                conversation.questions.retain(|question| categories.iter().any(|name| question.is_of(name)));
            }
        }
        self.conversations.retain(|conversation| !conversation.questions.is_empty());
        Ok(self)
    }

    /// How many questions there are.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.conversations.iter().map(|conversation| conversation.questions.len()).sum()
    }
}
