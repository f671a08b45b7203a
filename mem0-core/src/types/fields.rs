//! A memory as a filter sees it: the same answers as its payload, without
//! building one.

use std::cell::OnceCell;

use crate::filter::{FieldRef, Fields, Filter};
use crate::types::memory::{Memory, MemoryKind};
use crate::types::message::Role;
use crate::types::scope::ScopeKey;
use crate::types::time::Timestamp;

impl Memory {
    /// Whether the filter matches this memory's [payload](Memory::to_payload).
    #[must_use]
    pub fn matches(&self, filter: &Filter) -> bool {
        filter.is_all() || filter.matches(&self.fields())
    }

    /// This memory as filters see it: what its payload has, without building
    /// one.
    #[must_use]
    pub fn fields(&self) -> MemoryFields<'_> {
        MemoryFields { memory: self, hash: OnceCell::new(), day: OnceCell::new() }
    }
}

/// A memory as filters see it; made by [`Memory::fields`].
#[derive(Debug)]
pub struct MemoryFields<'a> {
    memory: &'a Memory,
    // Worked out only if a filter asks for them.
    hash: OnceCell<String>,
    day: OnceCell<String>,
}

impl Fields for MemoryFields<'_> {
    fn field(&self, name: &str) -> FieldRef<'_> {
        let memory = self.memory;
        let content = &memory.content;
        match name {
            "hash" => FieldRef::Str(self.hash.get_or_init(|| content.hash())),
            "expiration_date" => match content.expires_at {
                Some(at) => FieldRef::Str(self.day.get_or_init(|| at.date())),
                None => FieldRef::Missing,
            },
            "data" => FieldRef::Str(&content.text),
            "created_at" => FieldRef::Time(memory.created_at),
            "updated_at" => FieldRef::Time(memory.updated_at),
            "version" => FieldRef::UInt(memory.version),
            "kind" => FieldRef::Str(content.kind.as_str()),
            "memory_type" if content.kind == MemoryKind::Procedure => FieldRef::Str("procedural_memory"),
            "actor_id" => content.actor.as_deref().map_or(FieldRef::Missing, FieldRef::Str),
            "role" => content.role.map_or(FieldRef::Missing, |role| FieldRef::Str(role.as_str())),
            "attributed_to" => match (&content.about, content.role) {
                (Some(about), _) => FieldRef::Str(about),
                (None, Some(role @ (Role::User | Role::Assistant))) => FieldRef::Str(role.as_str()),
                _ => FieldRef::Missing,
            },
            "categories" => texts(&content.categories),
            "sources" => texts(&content.sources),
            "expires_at" => time(content.expires_at),
            "valid_from" => time(content.valid_from),
            "valid_to" => time(content.valid_to),
            _ => match ScopeKey::ALL.into_iter().find(|key| key.as_str() == name) {
                Some(key) => memory.scope.get(key).map_or(FieldRef::Missing, FieldRef::Str),
                None => content.metadata.get(name).map_or(FieldRef::Missing, FieldRef::from),
            },
        }
    }
}

fn texts(texts: &[String]) -> FieldRef<'_> {
    if texts.is_empty() { FieldRef::Missing } else { FieldRef::Texts(texts) }
}

fn time(time: Option<Timestamp>) -> FieldRef<'static> {
    time.map_or(FieldRef::Missing, FieldRef::Time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ids::MemoryId;
    use crate::types::memory::Content;
    use crate::types::scope::Scope;
    use serde_json::json;

    #[test]
    fn a_memory_answers_as_its_payload_does() {
        let at: Timestamp = "2024-02-03T04:05:06Z".parse().unwrap();
        let mut content = Content::new("Likes tea");
        content.kind = MemoryKind::Procedure;
        content.role = Some(Role::Assistant);
        content.actor = Some("bot".into());
        content.categories = vec!["food".into()];
        content.expires_at = Some(at);
        content.metadata.insert("n".into(), json!(3));
        let scope = Scope::user("u").unwrap().with_run("r").unwrap();
        let full = Memory::new(MemoryId::from_uuid(uuid::Uuid::nil()), scope.clone(), content, at);
        let bare = Memory::new(full.id, scope, Content::new("x"), at);
        let mut about = full.clone();
        about.content.about = Some("Ben".into());
        for memory in [full, bare, about] {
            let payload = memory.to_payload();
            let mut names: Vec<&str> = crate::RESERVED_KEYS.to_vec();
            names.extend(["n", "nothing"]);
            for name in names {
                let mut filters = vec![Filter::exists(name), Filter::gt(name, at), Filter::lte(name, at)];
                if let Some(text) = payload.get(name).and_then(|v| v.as_str()) {
                    filters.extend([Filter::eq(name, text), Filter::contains(name, text.get(1..).unwrap())]);
                }
                filters.extend([Filter::eq(name, 1_i64), Filter::gte(name, 3_i64), Filter::eq(name, "food")]);
                for filter in filters {
                    assert_eq!(memory.matches(&filter), filter.matches(&payload), "{filter:?} on {name}");
                }
            }
        }
    }
}
