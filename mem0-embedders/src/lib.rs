//! Embedders for mem0, with a static model that ships inside.
//!
//! | feature | module | what it needs |
//! |---|---|---|
//! | `local` (default) | [`local`] | nothing: no key, no server, no download |
#![forbid(unsafe_code)]

#[cfg(feature = "local")]
pub mod local;

/// Adds every embedder of this build to `registry`.
///
/// ```
/// let mut registry = mem0_core::Registry::new();
/// mem0_embedders::register(&mut registry);
/// assert!(registry.embedders().any(|name| name == "local"));
/// ```
#[cfg_attr(not(feature = "local"), expect(unused_variables, reason = "no provider is built in"))]
pub fn register(registry: &mut mem0_core::Registry) {
    #[cfg(feature = "local")]
    local::register(registry);
}
