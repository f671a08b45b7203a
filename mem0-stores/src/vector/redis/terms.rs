//! The terms of a point as the index keeps them.

use mem0_core::Payload;

pub(super) use crate::shared::scopes::ids as of_scope;
use crate::shared::terms;
pub(super) use crate::shared::terms::{EVERY, equals, exists};

/// The terms of a payload, separated by commas.
pub(super) fn of_payload(payload: &Payload) -> String {
    let mut all = vec![EVERY.to_owned()];
    all.extend(terms::of_payload(payload));
    all.join(",")
}
