//! Who a memory belongs to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The longest scope id, in bytes after trimming.
pub const MAX_SCOPE_ID_BYTES: usize = 256;

/// One of the ids that make up a [`Scope`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScopeKey {
    /// The tenant that runs the application.
    OrgId,
    /// The application.
    AppId,
    /// The person that the memory is about.
    UserId,
    /// The agent that learnt it.
    AgentId,
    /// The session that it comes from.
    RunId,
}

impl ScopeKey {
    /// Every key, in the order in which they are written.
    pub const ALL: [Self; 5] = [Self::OrgId, Self::AppId, Self::UserId, Self::AgentId, Self::RunId];

    /// The name in payloads, filters and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrgId => "org_id",
            Self::AppId => "app_id",
            Self::UserId => "user_id",
            Self::AgentId => "agent_id",
            Self::RunId => "run_id",
        }
    }
}

/// Who a memory belongs to: at least one of user, agent and run, and
/// optionally an application and an organisation.
///
/// Two readings, and every call says which it means:
/// - as the scope **of a memory** it is exact: this set of ids and no other;
/// - as the scope **of a read** (`search`, `get_all`, `delete_all`, …) it
///   covers each memory that carries all of its ids, so `user_id = alice`
///   also finds what belongs to alice's run 7.
///
/// Ids are trimmed. Empty ids, `*`, white space or control characters inside
/// an id and ids over [`MAX_SCOPE_ID_BYTES`] are refused. There is no scope
/// that means "everybody".
///
/// ```
/// use mem0_core::Scope;
///
/// let alice = Scope::user("alice")?;
/// let session = Scope::user(" alice ")?.with_run("2024-05-01")?;
/// assert!(alice.covers(&session) && !session.covers(&alice));
/// assert!(Scope::user("*").is_err());
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "ScopeFields", into = "ScopeFields")]
pub struct Scope {
    // In the order of `ScopeKey::ALL`.
    ids: [Option<Box<str>>; 5],
}

/// The ids as they come from outside, not yet checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScopeFields {
    /// See [`ScopeKey::OrgId`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// See [`ScopeKey::AppId`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<String>,
    /// See [`ScopeKey::UserId`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// See [`ScopeKey::AgentId`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// See [`ScopeKey::RunId`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
}

impl Scope {
    /// The memories of one user.
    ///
    /// # Errors
    /// `InvalidInput` if the id is blank, `*`, too long or holds white space.
    pub fn user(id: impl Into<String>) -> Result<Self> {
        Self::single(ScopeKey::UserId, id.into())
    }

    /// The memories of one agent. Errors as [`Scope::user`].
    ///
    /// # Errors
    /// As [`Scope::user`].
    pub fn agent(id: impl Into<String>) -> Result<Self> {
        Self::single(ScopeKey::AgentId, id.into())
    }

    /// The memories of one run (session).
    ///
    /// # Errors
    /// As [`Scope::user`].
    pub fn run(id: impl Into<String>) -> Result<Self> {
        Self::single(ScopeKey::RunId, id.into())
    }

    /// This scope, narrowed to a user.
    ///
    /// # Errors
    /// As [`Scope::user`].
    pub fn with_user(self, id: impl Into<String>) -> Result<Self> {
        self.with(ScopeKey::UserId, id.into())
    }

    /// This scope, narrowed to an agent.
    ///
    /// # Errors
    /// As [`Scope::user`].
    pub fn with_agent(self, id: impl Into<String>) -> Result<Self> {
        self.with(ScopeKey::AgentId, id.into())
    }

    /// This scope, narrowed to a run.
    ///
    /// # Errors
    /// As [`Scope::user`].
    pub fn with_run(self, id: impl Into<String>) -> Result<Self> {
        self.with(ScopeKey::RunId, id.into())
    }

    /// This scope, narrowed to an application.
    ///
    /// # Errors
    /// As [`Scope::user`].
    pub fn with_app(self, id: impl Into<String>) -> Result<Self> {
        self.with(ScopeKey::AppId, id.into())
    }

    /// This scope, narrowed to an organisation.
    ///
    /// # Errors
    /// As [`Scope::user`].
    pub fn with_org(self, id: impl Into<String>) -> Result<Self> {
        self.with(ScopeKey::OrgId, id.into())
    }

    /// From ids as they came from outside.
    ///
    /// # Errors
    /// `InvalidInput` if none of user, agent and run is given, or an id is bad.
    pub fn from_fields(fields: ScopeFields) -> Result<Self> {
        let ScopeFields { org_id, app_id, user_id, agent_id, run_id } = fields;
        let mut ids: [Option<Box<str>>; 5] = Default::default();
        let given = [org_id, app_id, user_id, agent_id, run_id];
        for ((slot, key), id) in ids.iter_mut().zip(ScopeKey::ALL).zip(given) {
            *slot = id.map(|id| check(key, &id)).transpose()?;
        }
        let scope = Self { ids };
        let owned = [ScopeKey::UserId, ScopeKey::AgentId, ScopeKey::RunId];
        if owned.into_iter().all(|key| scope.get(key).is_none()) {
            return Err(Error::invalid("a scope needs at least one of user_id, agent_id and run_id"));
        }
        Ok(scope)
    }

    fn single(key: ScopeKey, id: String) -> Result<Self> {
        Self { ids: Default::default() }.with(key, id)
    }

    fn with(mut self, key: ScopeKey, id: String) -> Result<Self> {
        let id = check(key, &id)?;
        for (slot, k) in self.ids.iter_mut().zip(ScopeKey::ALL) {
            if k == key {
                *slot = Some(id);
                break;
            }
        }
        Ok(self)
    }

    /// The id for `key`, if the scope has one.
    #[must_use]
    pub fn get(&self, key: ScopeKey) -> Option<&str> {
        self.ids.iter().zip(ScopeKey::ALL).find(|(_, k)| *k == key)?.0.as_deref()
    }

    /// The ids that are set, in the order of [`ScopeKey::ALL`].
    pub fn ids(&self) -> impl Iterator<Item = (ScopeKey, &str)> {
        ScopeKey::ALL.into_iter().zip(&self.ids).filter_map(|(key, id)| Some((key, id.as_deref()?)))
    }

    /// Whether `other` carries every id of this scope.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.ids().all(|(key, id)| other.get(key) == Some(id))
    }

    /// A text that is the same for equal scopes and differs for all others:
    /// `user_id=alice&run_id=7`, with `%`, `&` and `=` in ids escaped.
    #[must_use]
    pub fn key(&self) -> String {
        let mut key = String::new();
        for (name, id) in self.ids() {
            if !key.is_empty() {
                key.push('&');
            }
            key.push_str(name.as_str());
            key.push('=');
            for c in id.chars() {
                match c {
                    '%' => key.push_str("%25"),
                    '&' => key.push_str("%26"),
                    '=' => key.push_str("%3D"),
                    c => key.push(c),
                }
            }
        }
        key
    }
}

fn check(key: ScopeKey, id: &str) -> Result<Box<str>> {
    let id = id.trim();
    let problem = if id.is_empty() {
        "is blank"
    } else if id == "*" {
        "is \"*\": a scope names one owner and has no wildcard"
    } else if id.len() > MAX_SCOPE_ID_BYTES {
        "is longer than 256 bytes"
    } else if id.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "holds white space or a control character"
    } else {
        return Ok(id.into());
    };
    Err(Error::invalid(format!("{} {problem}", key.as_str())))
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key())
    }
}

impl TryFrom<ScopeFields> for Scope {
    type Error = Error;

    fn try_from(fields: ScopeFields) -> Result<Self> {
        Self::from_fields(fields)
    }
}

impl From<Scope> for ScopeFields {
    fn from(scope: Scope) -> Self {
        let [org_id, app_id, user_id, agent_id, run_id] = scope.ids.map(|id| id.map(String::from));
        Self { org_id, app_id, user_id, agent_id, run_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_scope() -> impl Strategy<Value = Scope> {
        let id = || proptest::option::of("[a-c%&=.@-]{1,3}");
        (id(), id(), id(), id(), id()).prop_filter_map("one id", |(org_id, app_id, user_id, agent_id, run_id)| {
            Scope::from_fields(ScopeFields { org_id, app_id, user_id, agent_id, run_id }).ok()
        })
    }

    proptest! {
        #[test]
        fn keys_are_equal_exactly_for_equal_scopes(a in any_scope(), b in any_scope()) {
            prop_assert_eq!(a == b, a.key() == b.key());
        }

        #[test]
        fn covering_both_ways_is_equality(a in any_scope(), b in any_scope()) {
            prop_assert_eq!(a.covers(&b) && b.covers(&a), a == b);
        }

        #[test]
        fn json_is_lossless(a in any_scope()) {
            let json = serde_json::to_string(&a).unwrap();
            prop_assert_eq!(serde_json::from_str::<Scope>(&json).unwrap(), a);
        }
    }

    #[test]
    fn bad_ids_are_refused() {
        let long = "x".repeat(257);
        for id in ["", "  ", "*", " * ", "a b", "a\tb", "a\u{0}", "a\u{2003}b", &long] {
            assert!(Scope::user(id).is_err(), "{id:?}");
        }
        assert!(serde_json::from_str::<Scope>("{}").is_err());
        assert!(serde_json::from_str::<Scope>(r#"{"app_id":"a"}"#).is_err());
        assert!(serde_json::from_str::<Scope>(r#"{"user_id":"a","usr":"b"}"#).is_err());
    }

    #[test]
    fn ids_are_trimmed() {
        assert_eq!(Scope::user(" a@b.c ").unwrap().get(ScopeKey::UserId), Some("a@b.c"));
    }
}
