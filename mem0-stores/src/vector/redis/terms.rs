//! The terms of a point as the index keeps them.

use mem0_core::{Payload, Scope};

use crate::shared::terms;
pub(super) use crate::shared::terms::{equals, exists};

/// The term of every point.
pub(super) const EVERY: &str = "every";

/// The terms of a payload, separated by commas.
pub(super) fn of_payload(payload: &Payload) -> String {
    let mut all = vec![EVERY.to_owned()];
    all.extend(terms::of_payload(payload));
    all.join(",")
}

/// The ids of a scope by field, as terms: the bytes in hexadecimal, so that
/// neither case nor script nor punctuation can make two of them one.
pub(super) fn of_scope(scope: &Scope) -> impl Iterator<Item = (&'static str, String)> {
    scope.ids().map(|(key, id)| (key.as_str(), scope_id(id)))
}

fn scope_id(id: &str) -> String {
    // A letter first: a term of digits alone would be a number.
    let mut term = String::with_capacity(1 + 2 * id.len());
    term.push('x');
    terms::hex(&mut term, id.as_bytes());
    term
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_of_scopes_are_apart_and_without_syntax(a in "\\PC{1,6}", b in "\\PC{1,6}") {
            prop_assert_eq!(scope_id(&a) == scope_id(&b), a == b);
            prop_assert!(scope_id(&a).bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        }
    }
}
