//! The keys of a collection.
//!
//! `PREFIX:{NAME}` is the hash of the identity. What belongs to one life of the
//! collection has its generation in the key, so that after a drop an old handle
//! cannot touch what another made under the same name:
//! `PREFIX:{NAME}:GENERATION:` and then `point:ID` (one hash each), `ids` (a
//! sorted set, for walks in the order of ids), `deleted` (the versions as of
//! which ids were deleted), and what the way of searching adds: `index`, or for
//! each owner `near:FIELD:OWNER` (a vector set) and `ids:FIELD:OWNER` (a sorted
//! set). The braces keep all of it in one slot. In the layout of the Python library
//! points are where that has them, and a cluster cannot hold them.

use mem0_core::MemoryId;

/// Where everything of an open collection is.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// The hash of the identity.
    pub(super) meta: String,
    pub(super) generation: String,
    /// What all other keys begin with.
    pub(super) base: String,
    pub(super) ids: String,
    pub(super) deleted: String,
    pub(super) index: String,
    /// What keys of points begin with.
    pub(super) points: String,
}

impl Keys {
    /// `points` is what keys of points begin with, if not the root of this life.
    pub(super) fn new(meta: String, generation: String, points: Option<String>) -> Self {
        let base = format!("{meta}:{generation}");
        let of = |what: &str| format!("{base}:{what}");
        let points = points.unwrap_or_else(|| of("point:"));
        let (ids, deleted, index) = (of("ids"), of("deleted"), of("index"));
        Self { meta, generation, base, ids, deleted, index, points }
    }

    /// The id that a point's key ends with.
    pub(super) fn id(&self, key: &[u8]) -> Option<MemoryId> {
        std::str::from_utf8(key).ok()?.strip_prefix(&self.points)?.parse().ok()
    }
}

/// The key of a collection's identity, and what its other keys begin with.
pub(super) fn meta(prefix: &str, name: &str) -> String {
    format!("{prefix}:{{{name}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_keys() {
        let keys = Keys::new(meta("mem0", "a"), "g".into(), None);
        let id: MemoryId = "018f3a5c-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(keys.id(format!("mem0:{{a}}:g:point:{id}").as_bytes()), Some(id));
        assert_eq!(keys.id(format!("mem0:{{ab}}:g:point:{id}").as_bytes()), None);
    }
}
