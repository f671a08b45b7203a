//! Scopes and filters as queries of RediSearch, dialect 2.
//!
//! A query is made of the names of our own fields, of [terms](super::terms),
//! and of `@ : { } ( ) | -` and spaces; nothing of a caller's is in it as it
//! came.

use mem0_core::filter::{CompareOp, FilterOp, Kinds};
use mem0_core::{Error, ErrorKind, Filter, FilterCapabilities, Result, Scope};

use super::terms;

/// Equality of any value and presence by terms. Whatever else needs the field
/// to be there is narrowed to that and looked at again by the engine.
pub(super) const CAPABILITIES: FilterCapabilities = FilterCapabilities::NONE
    .exact(&[FilterOp::Eq, FilterOp::Ne, FilterOp::In, FilterOp::NotIn, FilterOp::Exists, FilterOp::IsNull], Kinds::ALL)
    .superset(
        &[FilterOp::Gt, FilterOp::Gte, FilterOp::Lt, FilterOp::Lte, FilterOp::Contains, FilterOp::IContains],
        Kinds::ALL,
    )
    .with_or(true)
    .with_not(true);

/// The part of a filter that is pushed; none if it can match nothing.
pub(super) fn accept(filter: &Filter) -> Result<Option<Filter>> {
    crate::shared::collection::accept(filter, &CAPABILITIES)
}

/// The points that a scope covers and an accepted filter matches.
pub(super) fn query(scope: Option<&Scope>, filter: &Filter) -> Result<String> {
    let mut parts = Vec::new();
    match scope {
        Some(scope) => parts.extend(terms::of_scope(scope).map(|(field, term)| format!("@{field}:{{{term}}}"))),
        None => parts.push(any_of(&[terms::EVERY.to_owned()])),
    }
    if !filter.is_all() {
        parts.push(condition(filter)?);
    }
    Ok(format!("({})", parts.join(" ")))
}

fn condition(filter: &Filter) -> Result<String> {
    let joined = |members: &[Filter], with: &str| -> Result<String> {
        let members = members.iter().map(condition).collect::<Result<Vec<_>>>()?;
        Ok(format!("({})", members.join(with)))
    };
    Ok(match filter {
        Filter::All => any_of(&[terms::EVERY.to_owned()]),
        Filter::And(members) if !members.is_empty() => joined(members, " ")?,
        Filter::Or(members) if !members.is_empty() => joined(members, " | ")?,
        Filter::Not(inner) => not(&condition(inner)?),
        Filter::Compare { field, op: CompareOp::Eq, value } => any_of(&[terms::equals(field, value)]),
        Filter::Compare { field, op: CompareOp::Ne, value } => not(&any_of(&[terms::equals(field, value)])),
        Filter::In { field, values } if !values.is_empty() => {
            any_of(&values.iter().map(|value| terms::equals(field, value)).collect::<Vec<_>>())
        }
        Filter::NotIn { field, values } if !values.is_empty() => {
            not(&any_of(&values.iter().map(|value| terms::equals(field, value)).collect::<Vec<_>>()))
        }
        Filter::IsNull { field } => not(&any_of(&[terms::exists(field)])),
        Filter::Exists { field } | Filter::Compare { field, .. } | Filter::Contains { field, .. } => {
            any_of(&[terms::exists(field)])
        }
        _ => return Err(Error::new(ErrorKind::Unsupported, "this condition")),
    })
}

fn any_of(terms: &[String]) -> String {
    format!("@terms:{{{}}}", terms.join("|"))
}

fn not(condition: &str) -> String {
    format!("(-{condition})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn alice() -> Scope {
        Scope::user("alice").unwrap().with_run("7").unwrap()
    }

    fn asked(filter: &Filter) -> String {
        query(Some(&alice()), &accept(filter).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn queries_look_like_this() {
        let red = Filter::eq("color", "red");
        let filters = [
            Filter::All,
            red.clone(),
            !red.clone(),
            Filter::is_in("n", [1, 2]),
            Filter::not_in("n", [1, 2]),
            Filter::exists("n"),
            Filter::is_null("n"),
            Filter::gt("n", 5),
            Filter::icontains("data", "tea"),
            red.clone().and(Filter::eq("n", 1)).and(!Filter::eq("m", true)),
            red.or(Filter::eq("n", 1).and(Filter::is_null("m"))),
        ];
        let shown: Vec<_> = filters.iter().map(|filter| format!("{filter}\n  {}", asked(filter))).collect();
        insta::assert_snapshot!(shown.join("\n"));
        assert_eq!(query(None, &Filter::All).unwrap(), "(@terms:{every})");
    }

    #[test]
    fn a_filter_is_pushed_whole_or_refused() {
        assert_eq!(accept(&Filter::Nothing).unwrap(), None);
        let both = Filter::eq("a", 1).and(!Filter::gt("b", 2));
        assert_eq!(accept(&both).unwrap_err().kind(), ErrorKind::Unsupported);
    }

    /// What others have used to break out of a query.
    const HOSTILE: &[&str] = &[
        "*",
        "}",
        "{",
        "|",
        "-",
        "@user_id:{x}",
        "} | @terms:{every",
        ")=>[KNN 9 @vector $q]",
        "\\",
        "\\}",
        "\"",
        "'",
        "a|b",
        "a b",
        "$q",
        "%%",
        "~x",
        "=>{$weight: 5}",
        "[0 inf]",
        "\0",
        "\n",
        "\u{202e}",
        "w'*'",
        ",",
    ];

    fn has_only_our_syntax(query: &str) {
        let names = ["@org_id:", "@app_id:", "@user_id:", "@agent_id:", "@run_id:", "@terms:"];
        let bare = names.iter().fold(query.to_owned(), |query, name| query.replace(name, ""));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "{}()|- ".contains(c);
        assert!(bare.chars().all(plain), "{query}");
        assert_eq!(bare.matches('{').count(), bare.matches('}').count(), "{query}");
    }

    #[test]
    fn nothing_hostile_reaches_a_query() {
        for text in HOSTILE {
            for filter in [Filter::eq("k", *text), Filter::is_in("k", [*text, "b"]), !Filter::contains("k", *text)] {
                if let Ok(Some(filter)) = accept(&filter) {
                    has_only_our_syntax(&query(Some(&alice()), &filter).unwrap());
                }
            }
            has_only_our_syntax(&asked(&Filter::exists(*text).or(Filter::eq(*text, 1))));
            if let Ok(scope) = Scope::user(*text) {
                has_only_our_syntax(&query(Some(&scope), &Filter::All).unwrap());
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_reaches_a_query(field in "\\PC{1,8}", value in ".{0,8}", id in "[^\\s\\p{Cc}*]{1,8}") {
            let scope = Scope::agent(id).unwrap();
            // What the planner pushes to nobody, such as NUL, is refused.
            let filter = accept(&Filter::eq(field, value)).ok().flatten().unwrap_or_default();
            has_only_our_syntax(&query(Some(&scope), &filter).unwrap());
        }
    }
}
