//! Scopes and conditions as filter expressions of vector sets, and the
//! attributes that they look at.
//!
//! An expression is made of the names of our own attributes, of
//! [terms](super::super::terms) in quotes, and of `. == in and or not ( )`;
//! nothing of a caller's is in it as it came.

use mem0_core::{Error, Point, Result, Scope};
use serde_json::{Map, Value, json};

use super::super::condition::{Asked, Condition};
use super::super::terms;

/// The attributes of a point: its terms, and the ids of its scope by field.
pub(super) fn attributes(point: &Point, terms: &str) -> Result<String> {
    let ids = terms::of_scope(&point.scope).map(|(field, id)| (field.to_owned(), json!(id)));
    let mut attributes: Map<String, Value> = ids.collect();
    attributes.insert("terms".to_owned(), terms.split(',').collect());
    serde_json::to_string(&attributes).map_err(|e| Error::invalid("a payload that cannot be written").with_source(e))
}

/// What has to hold of the points of one of the owners in a scope; empty if
/// nothing has to.
pub(super) fn expression(scope: &Scope, asked: &Asked) -> String {
    let ids: Vec<_> = terms::of_scope(scope).map(|(field, id)| format!(".{field} == \"{id}\"")).collect();
    // A single id is that of the owner itself.
    let mut parts = if ids.len() > 1 { ids } else { Vec::new() };
    if let Asked::Only(condition) = asked {
        parts.push(write(condition));
    }
    parts.join(" and ")
}

fn write(condition: &Condition) -> String {
    let joined = |parts: Vec<String>, with| format!("({})", parts.join(with));
    match condition {
        Condition::AnyOf(terms) => joined(terms.iter().map(|term| format!("\"{term}\" in .terms")).collect(), " or "),
        Condition::All(members) => joined(members.iter().map(write).collect(), " and "),
        Condition::One(members) => joined(members.iter().map(write).collect(), " or "),
        Condition::Not(inner) => format!("(not {})", write(inner)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::condition::accept;
    use super::*;
    use mem0_core::Filter;
    use proptest::prelude::*;

    fn alice() -> Scope {
        Scope::user("alice").unwrap()
    }

    #[test]
    fn expressions_look_like_this() {
        let red = Filter::eq("color", "red");
        let filters = [
            Filter::All,
            red.clone(),
            !red.clone(),
            Filter::is_in("n", [1, 2]),
            Filter::is_null("n"),
            Filter::gt("n", 5),
            red.clone().and(Filter::eq("n", 1)).and(!Filter::eq("m", true)),
            red.or(Filter::eq("n", 1).and(Filter::is_null("m"))),
        ];
        let both = alice().with_run("7").unwrap();
        let shown: Vec<_> = filters
            .iter()
            .zip([alice(), both].iter().cycle())
            .map(|(filter, scope)| format!("{filter}\n  {}", expression(scope, &accept(filter).unwrap())))
            .collect();
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn attributes_look_like_this() {
        let id = "018f3a5c-0000-7000-8000-000000000001".parse().unwrap();
        let point = Point { id, version: 1, scope: alice(), vector: vec![1.0], payload: mem0_core::Payload::new() };
        assert_eq!(attributes(&point, "every,x1").unwrap(), r#"{"terms":["every","x1"],"user_id":"x616c696365"}"#);
    }

    proptest! {
        #[test]
        fn no_text_reaches_an_expression(field in "\\PC{1,8}", value in ".{0,8}", id in "[^\\s\\p{Cc}*]{1,8}") {
            let scope = Scope::agent(id.clone()).unwrap().with_run(id).unwrap();
            let asked = accept(&Filter::eq(field, value)).unwrap_or(Asked::Everything);
            let expression = expression(&scope, &asked);
            let bare = [".agent_id == ", ".run_id == ", " in .terms", " and "]
                .iter()
                .fold(expression.clone(), |bare, word| bare.replace(word, ""));
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "()\"".contains(c);
            prop_assert!(bare.chars().all(plain), "{}", expression);
        }
    }
}
