//! Scopes that a careless backend confuses.

use mem0_core::{Result, Scope};

/// Ids that a careless backend reads as a pattern, as syntax, or as another
/// one of them.
pub(crate) const TRICKY_IDS: &[&str] = &[
    "alice",
    "Alice",
    "ALICE",
    "alic",
    "alice2",
    "alice.",
    "al%",
    "al_ce",
    "%",
    "_____",
    "al*",
    "ali?e",
    "alice'--",
    "alice'OR'1'='1",
    "\"alice\"",
    "alice\\",
    "{alice}",
    "[alice]",
    "(alice|bob)",
    "alice&user_id=bob",
    "alice%26",
    "user_id=alice",
    "$ne",
    "{\"$ne\":1}",
    "null",
    "true",
    "0",
    "00",
    "0.0",
    "1e0",
    "@alice:{x}",
    "alice@example.com",
    "018f3a5c-0000-7000-8000-000000000001",
    "018F3A5C-0000-7000-8000-000000000001",
    "a-b",
    "a:b/c;d,e",
    "ä",
    "a\u{308}",
    "алиса",
    "愛麗絲",
    "👩\u{200d}🚀",
    "\u{202e}alice",
];

/// One scope for each tricky id, as user, and some that combine ids.
pub(crate) fn tricky() -> Result<Vec<Scope>> {
    let mut scopes = TRICKY_IDS.iter().map(|id| Scope::user(*id)).collect::<Result<Vec<_>>>()?;
    let alice = || Scope::user("alice");
    scopes.extend([
        Scope::agent("alice")?,
        Scope::run("alice")?,
        alice()?.with_agent("alice")?,
        alice()?.with_run("1")?,
        alice()?.with_run("11")?,
        alice()?.with_app("a")?,
        alice()?.with_app("a")?.with_org("o")?,
        alice()?.with_run("1")?.with_agent("helper")?,
        Scope::agent("helper")?,
        Scope::run("1")?,
        Scope::user("a")?.with_run("bc")?,
        Scope::user("ab")?.with_run("c")?,
        Scope::user("x".repeat(256))?,
        Scope::user(format!("{}y", "x".repeat(255)))?,
    ]);
    Ok(scopes)
}
