//! The `rules` policy: extraction and reconciliation without an LLM.
//!
//! It keeps what was said, sentence by sentence, in its own words and
//! language, and knows what it cannot know. The same input always gives the
//! same memories, nothing leaves the process, and nothing can fail.
//!
//! # What it does
//!
//! - **Sentences.** A message is cut into sentences by Unicode's rules, with
//!   repairs for abbreviations, addresses, ordinals and wrapped lines. Lists
//!   and fenced code stay whole. One fact is one sentence; a sentence that
//!   means nothing alone ("It was great.") is joined to the one before it.
//! - **What is dropped.** Small talk (a sentence that is nothing but listed
//!   phrases, in fourteen languages), questions that state nothing, messages
//!   of the system and of tools, empty messages. Each dropped part is reported
//!   with its reason: every word of a message is in a fact or in that report.
//! - **Questions that state something stay**, as they were asked: "Did I tell
//!   you I moved to Berlin?". So does a question that got a short answer: "Which
//!   city do you live in? — Berlin." is one fact of the one who answered.
//! - **Who said it** is kept as the actor and the role of the fact; "I" stays
//!   "I". The words of the agent are facts as well as those of people.
//! - **When.** "Last Saturday" is followed by its date, by the time of the
//!   message ([`temporal`]). A fact holds since the time that it speaks of, else
//!   since it was said; a plan since it was told.
//! - **What is known already** is not stored again: the same text, or in
//!   English the same words but for fillers and short forms.
//! - **What has changed** ends the older memory where a rule is sure: a later
//!   name, home, employer, occupation, age, status, favourite, phone number and
//!   the like, or "no longer", of the same speaker, in English. The old memory
//!   stays in the history.
//!
//! # What it cannot do
//!
//! - It sees no paraphrases: "I'm vegan" and "I eat no animal products" are two
//!   memories. Nothing is summarised, rewritten or translated.
//! - It resolves no pronouns beyond joining sentences of one message, and
//!   learns nothing that is only implied.
//! - It does not know what is worth remembering: whatever is not small talk or
//!   a bare question stays, orders to the agent and jokes too.
//! - Contradictions outside the listed frames, of other people ("Anna lives in
//!   Rome"), in other languages than English, or in a memory that says more than
//!   one thing, are kept side by side.
//! - It cannot tell a city from its district, a correction from a change, or a
//!   place from another name: "I moved to X" with a capital X is a new home,
//!   save for a short list of names that are none.
//! - Small talk is known by list: a phrase, dialect or language that is not
//!   listed stays. Questions without a question mark are known in English only.
//! - A bare question is dropped although it may tell what somebody cares about.
//! - Relative times are understood in English, German, French and Spanish; days
//!   are those of UTC, weeks start on Monday, seasons are northern.
//! - Images and other attachments are not looked at.

mod answer;
mod depend;
mod extract;
mod question;
mod reconcile;
mod segment;
mod smalltalk;

pub use extract::RulesExtractor;
/// Expressions of time in running text; the engine reads questions with them
/// too.
pub use mem0_core::time::expressions as temporal;
pub use reconcile::RulesReconciler;

use mem0_core::text::{language, words};

pub(crate) fn register(registry: &mut mem0_core::Registry) {
    registry.policy("rules", |config, _context| async move {
        let NoKeys {} = mem0_core::provider_config(config)?;
        let policy: mem0_core::Policy =
            (std::sync::Arc::new(RulesExtractor::new()), std::sync::Arc::new(RulesReconciler::new()));
        Ok(policy)
    });
}

/// The rules have nothing to set; any key is refused.
#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct NoKeys {}
