//! The numbered rules, read from the documentation of the traits, so that a
//! rule that is added there and has no case here is found.

use std::collections::BTreeMap;

/// The rules of `VectorStore` and `VectorCollection`.
pub const VECTOR_STORE: &str = include_str!("../../mem0-core/src/traits/vector_store.rs");
/// The rules of `Ledger`.
pub const LEDGER: &str = include_str!("../../mem0-core/src/traits/ledger.rs");
/// The rules of `Embedder`.
pub const EMBEDDER: &str = include_str!("../../mem0-core/src/traits/embedder.rs");

/// The rules of `Llm`.
pub const LLM: &str = include_str!("../../mem0-core/src/traits/llm.rs");

/// The rules of `Reranker`.
pub const RERANKER: &str = include_str!("../../mem0-core/src/traits/reranker.rs");

/// Every numbered rule of a source file: lines `/// 7. text`, with the lines
/// that go on, below a heading `# Rules`.
#[must_use]
pub fn parse(source: &str) -> BTreeMap<u16, String> {
    let mut rules = BTreeMap::new();
    let mut listing = false;
    let mut last = None;
    for line in source.lines() {
        let Some(text) = line.trim_start().strip_prefix("///") else {
            (listing, last) = (false, None);
            continue;
        };
        let text = text.trim();
        if text == "# Rules" {
            listing = true;
        } else if listing && let Some((number, rule)) = numbered(text) {
            rules.insert(number, rule.to_owned());
            last = Some(number);
        } else if let Some(rule) = last.and_then(|number| rules.get_mut(&number)) {
            rule.push(' ');
            rule.push_str(text);
        }
    }
    rules
}

fn numbered(text: &str) -> Option<(u16, &str)> {
    let (number, rule) = text.split_once(". ")?;
    Some((number.parse().ok()?, rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_other_numbers_are_not() {
        let source =
            "/// # Rules\n/// Some words.\n/// 1. First\n///    goes on.\n/// 2. Second.\nfn a();\n/// 7. Not one.\n";
        let rules = parse(source);
        assert_eq!(rules.into_iter().collect::<Vec<_>>(), [(1, "First goes on.".into()), (2, "Second.".into())]);
    }

    #[test]
    fn the_traits_have_their_rules() {
        assert!(parse(VECTOR_STORE).len() >= 34);
        assert!(parse(LEDGER).len() >= 42);
        assert!(parse(EMBEDDER).len() >= 10);
        assert!(parse(LLM).len() >= 11);
        assert!(parse(RERANKER).len() >= 11);
    }
}
