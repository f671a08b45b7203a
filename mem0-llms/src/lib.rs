//! Extraction for mem0: the [`rules`] policy, which needs no LLM.
//!
//! ```
//! use mem0_core::{ExtractRequest, Role, Scope, StoredMessage, Timestamp};
//! use mem0_llms::{RulesExtractor, RulesReconciler};
//!
//! let at: Timestamp = "2023-05-25T13:14:00Z".parse()?;
//! let content = "Thanks! My sister Ana moved to Lisbon yesterday.".to_owned();
//! let message = StoredMessage { id: "m1".into(), role: Role::User, name: None, content, at };
//! let request = ExtractRequest::new(Scope::user("ben")?, vec![message], at);
//!
//! let found = RulesExtractor::new().facts(&request);
//! assert_eq!(found.facts[0].text, "My sister Ana moved to Lisbon yesterday (2023-05-24).");
//! assert_eq!(found.dropped[0].text, "Thanks!");
//! # let _ = RulesReconciler::new();
//! # Ok::<(), mem0_core::Error>(())
//! ```
#![forbid(unsafe_code)]

#[cfg(feature = "rules")]
pub mod rules;

#[cfg(feature = "rules")]
pub use rules::{RulesExtractor, RulesReconciler};

/// Adds every policy of this build to `registry`.
///
/// ```
/// let mut registry = mem0_core::Registry::new();
/// mem0_llms::register(&mut registry);
/// # #[cfg(feature = "rules")]
/// assert!(registry.policies().any(|name| name == "rules"));
/// ```
#[cfg_attr(not(feature = "rules"), expect(unused_variables, reason = "no policy is built in"))]
pub fn register(registry: &mut mem0_core::Registry) {
    #[cfg(feature = "rules")]
    registry.policy("rules", |config, _context| async move {
        let NoKeys {} = mem0_core::provider_config(config)?;
        let policy: mem0_core::Policy =
            (std::sync::Arc::new(RulesExtractor::new()), std::sync::Arc::new(RulesReconciler::new()));
        Ok(policy)
    });
}

/// The rules have nothing to set; any key is refused.
#[cfg(feature = "rules")]
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoKeys {}
