//! Scopes and filters as queries of RediSearch, dialect 2.
//!
//! A query is made of the names of our own fields, of [terms](super::super::terms),
//! and of `@ : { } ( ) | -` and spaces; nothing of a caller's is in it as it
//! came.

use mem0_core::Scope;

use super::super::condition::{Asked, Condition};
use super::super::terms;

/// The points that a scope covers and an accepted filter matches.
pub(super) fn query(scope: Option<&Scope>, asked: &Asked) -> String {
    let mut parts = Vec::new();
    match scope {
        Some(scope) => parts.extend(terms::of_scope(scope).map(|(field, term)| format!("@{field}:{{{term}}}"))),
        None => parts.push(any_of(&[terms::EVERY.to_owned()])),
    }
    match asked {
        Asked::Everything => {}
        // The server is not asked at all for it; this finds nothing either.
        Asked::Nothing => parts.push(not(&any_of(&[terms::EVERY.to_owned()]))),
        Asked::Only(condition) => parts.push(write(condition)),
    }
    format!("({})", parts.join(" "))
}

fn write(condition: &Condition) -> String {
    let joined =
        |members: &[Condition], with| format!("({})", members.iter().map(write).collect::<Vec<_>>().join(with));
    match condition {
        Condition::AnyOf(terms) => any_of(terms),
        Condition::All(members) => joined(members, " "),
        Condition::One(members) => joined(members, " | "),
        Condition::Not(inner) => not(&write(inner)),
    }
}

fn any_of(terms: &[String]) -> String {
    format!("@terms:{{{}}}", terms.join("|"))
}

fn not(condition: &str) -> String {
    format!("(-{condition})")
}

#[cfg(test)]
mod tests {
    use super::super::super::condition::accept;
    use super::*;
    use mem0_core::Filter;
    use proptest::prelude::*;

    fn alice() -> Scope {
        Scope::user("alice").unwrap().with_run("7").unwrap()
    }

    fn asked(filter: &Filter) -> String {
        query(Some(&alice()), &accept(filter).unwrap())
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
        assert_eq!(query(None, &Asked::Everything), "(@terms:{every})");
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
                if let Ok(asked) = accept(&filter) {
                    has_only_our_syntax(&query(Some(&alice()), &asked));
                }
            }
            has_only_our_syntax(&asked(&Filter::exists(*text).or(Filter::eq(*text, 1))));
            if let Ok(scope) = Scope::user(*text) {
                has_only_our_syntax(&query(Some(&scope), &Asked::Everything));
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_reaches_a_query(field in "\\PC{1,8}", value in ".{0,8}", id in "[^\\s\\p{Cc}*]{1,8}") {
            let scope = Scope::agent(id).unwrap();
            // What the planner pushes to nobody, such as NUL, is refused.
            let asked = accept(&Filter::eq(field, value)).unwrap_or(Asked::Everything);
            has_only_our_syntax(&query(Some(&scope), &asked));
        }
    }
}
