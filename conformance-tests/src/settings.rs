//! What the environment decides about a run.
//!
//! | variable | means |
//! |---|---|
//! | `MEM0_TEST_<NAME>_URL` | where the server of a backend is |
//! | `MEM0_TEST_<NAME>_IMAGE` | which image its [container](crate::servers) is made of |
//! | `MEM0_TEST_<NAME>_START` | how a server is run that may be killed (`tests/servers_killed.rs`) |
//! | `MEM0_TEST_<NAME>_MODEL`, `MEM0_TEST_<NAME>_KEY` | what is asked there, and with which key |
//! | `MEM0_REQUIRE` | backends, separated by commas, that must not be skipped |
//! | `MEM0_CONFORMANCE_SEED` | the seed of random cases, 1 by default |
//! | `MEM0_CONFORMANCE_CASES` | how many random cases of each kind |

use crate::random::Rng;

/// The address of a backend's server, from `MEM0_TEST_<NAME>_URL`.
#[must_use]
pub fn server_url(name: &str) -> Option<String> {
    server_setting(name, "URL")
}

/// What else is to be known of a backend's server, from
/// `MEM0_TEST_<NAME>_<WHAT>`.
#[must_use]
pub fn server_setting(name: &str, what: &str) -> Option<String> {
    let name: String = name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    read(&format!("MEM0_TEST_{name}_{what}"))
}

/// Whether `MEM0_REQUIRE` names this backend, so that a skip is a failure.
#[must_use]
pub fn is_required(name: &str) -> bool {
    read("MEM0_REQUIRE").is_some_and(|list| list.split(',').any(|entry| entry.trim() == name))
}

/// The seed of random cases.
#[must_use]
pub fn seed() -> u64 {
    read("MEM0_CONFORMANCE_SEED").and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// How many random cases to run, where the environment does not say.
#[must_use]
pub fn random_cases(default: usize) -> usize {
    read("MEM0_CONFORMANCE_CASES").and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The generator of the random case number `round`.
#[must_use]
pub fn rng(round: usize) -> Rng {
    Rng::new(seed().wrapping_mul(0x9e37_79b9).wrapping_add(round as u64))
}

#[allow(clippy::disallowed_methods, reason = "the suite's own switches, not configuration of the library")]
fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}
