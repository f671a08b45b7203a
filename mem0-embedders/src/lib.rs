//! Embedders for mem0, with a static model that ships inside.
//!
//! | feature | module | what it needs |
//! |---|---|---|
//! | `local` (default) | [`local`] | nothing: no key, no server, no download |
//! | `transformer` | [`transformer`] | the folder of a model of the BERT family |
#![forbid(unsafe_code)]

#[cfg(feature = "local")]
pub mod local;
#[cfg(feature = "transformer")]
pub mod transformer;

/// Adds every embedder of this build to `registry`.
///
/// ```
/// let mut registry = mem0_core::Registry::new();
/// mem0_embedders::register(&mut registry);
/// assert!(registry.embedders().any(|name| name == "local"));
/// ```
#[cfg_attr(
    not(any(feature = "local", feature = "transformer")),
    expect(unused_variables, reason = "no provider is built in")
)]
pub fn register(registry: &mut mem0_core::Registry) {
    #[cfg(feature = "local")]
    local::register(registry);
    #[cfg(feature = "transformer")]
    transformer::register(registry);
}
