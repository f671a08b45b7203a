//! Scopes as terms, for servers that filter by words.

use mem0_core::{Scope, ScopeFields, ScopeKey};

use super::terms::{digest, hex};

/// The term of every point that a scope covers.
pub(crate) fn covered_by(scope: &Scope) -> String {
    digest("scope", &scope.key(), &[])
}

/// The terms of all scopes that cover what belongs to this one: one for each
/// choice of its ids, so that any of them is asked for by one term.
pub(crate) fn covering(scope: &Scope) -> impl Iterator<Item = String> {
    let ids: Vec<_> = scope.ids().collect();
    (1..1_u32 << ids.len()).filter_map(move |chosen| {
        let mut fields = ScopeFields::default();
        for (_, (key, id)) in ids.iter().enumerate().filter(|(place, _)| chosen >> place & 1 == 1) {
            put(&mut fields, *key, (*id).to_owned());
        }
        // An organisation or an application alone is no scope.
        Scope::from_fields(fields).ok().map(|scope| covered_by(&scope))
    })
}

/// The ids of a scope by field, as terms: the bytes in hexadecimal, so that
/// neither case nor script nor punctuation can make two of them one.
pub(crate) fn ids(scope: &Scope) -> impl Iterator<Item = (&'static str, String)> {
    scope.ids().map(|(key, id)| (key.as_str(), scope_id(id)))
}

fn scope_id(id: &str) -> String {
    // A letter first: a term of digits alone would be a number.
    let mut term = String::with_capacity(1 + 2 * id.len());
    term.push('x');
    hex(&mut term, id.as_bytes());
    term
}

/// The scope that such terms are of; an empty term stands for no id.
pub(crate) fn read<'a>(terms: impl IntoIterator<Item = (ScopeKey, &'a str)>) -> Option<Scope> {
    let mut fields = ScopeFields::default();
    for (key, term) in terms.into_iter().filter(|(_, term)| !term.is_empty()) {
        let digits = term.strip_prefix('x')?.as_bytes();
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let byte =
            |pair: &[u8]| Some(pair.iter().map(digit).collect::<Option<Vec<_>>>()?.iter().fold(0, |n, d| n << 4 | d));
        let id: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        put(&mut fields, key, String::from_utf8(id?).ok()?);
    }
    Scope::from_fields(fields).ok()
}

fn put(fields: &mut ScopeFields, key: ScopeKey, id: String) {
    let field = match key {
        ScopeKey::OrgId => &mut fields.org_id,
        ScopeKey::AppId => &mut fields.app_id,
        ScopeKey::UserId => &mut fields.user_id,
        ScopeKey::AgentId => &mut fields.agent_id,
        ScopeKey::RunId => &mut fields.run_id,
    };
    *field = Some(id);
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
