//! The tolerant reading of what a language model answered.
//!
//! Where a provider cannot force an answer into a schema, models wrap it in
//! prose and fences, think aloud before it, write JavaScript or Python instead
//! of JSON, and rename the keys. [`lenient`] finds and reads the JSON, and
//! [`facts`] says what it means. Both tell apart what is too easily mixed up:
//! an answer that says that there is nothing to remember, and one that cannot
//! be understood. Their errors are sentences that can be sent back to the model.
//! [`prose`] is for answers that are text.
//!
//! Ids are taken as the model gave them. Whether they were ever shown to it is
//! for the caller to check.
//!
//! ```
//! use mem0_core::answer::{AnswerEvent, SourceRef, facts, lenient};
//!
//! let value = lenient(r#"Sure! {"memory": [{"text": "Moved to Oslo", "event": "UPDATE", "id": 0, "sources": "m2"}]}"#)?;
//! let answer = facts(&value)?;
//! let fact = &answer.facts[0];
//! assert_eq!(fact.text, "Moved to Oslo");
//! assert_eq!(fact.event, Some(AnswerEvent::Update));
//! assert_eq!(fact.targets, ["0"]);
//! assert_eq!(fact.sources, [SourceRef::Number(2)]);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod facts;
mod fields;
#[cfg(any(test, feature = "fuzzing"))]
mod fuzz;
mod json;
mod marks;
mod steps;
mod syntax;
#[cfg(test)]
mod tests;

pub use facts::{Answer, AnswerEvent, AnswerFact, Malformed, Rejected, SourceRef, facts};
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub use fuzz::fuzz_answer;
pub use json::{Unreadable, lenient};
pub use steps::prose;
