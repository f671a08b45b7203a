//! Time in words: when something was, and what time a question is about.
//!
//! - [`resolve`] and [`annotate`] read what a text says about time, where it is
//!   sure: what they find is kept.
//! - [`said`] reads the same text as a hint, where less will do.
//! - [`asked`] reads a question; [`Asked::fits`] says how well a memory fits the
//!   time that is asked about.
//!
//! All of them are pure: the time that "yesterday" counts from is an argument.
//! Calendar arithmetic is that of the crate `jiff`; days, weeks (from Monday),
//! months and years are those of UTC.
//!
//! | language | texts and relative times | questions: holidays, decades, "about", no year | kind of answer | anchors |
//! |---|---|---|---|---|
//! | English | yes | yes | yes | yes |
//! | German | yes | the usual ones | yes | with a subordinate clause ("bevor sie umzog") |
//! | French, Spanish | yes | the usual ones | yes | with a subordinate clause |
//! | any | 2023-05-08, 2023-05, 8.5.2023, 5/8/2023 | | | |

mod asked;
pub mod expressions;
mod range;
mod said;

pub use asked::{Anchor, Asked, Every, Pick, Relation, Wants, asked};
pub use expressions::{Annotated, Granularity, Interval, TimeExpression, annotate, resolve};
pub use range::TimeRange;
pub use said::said;
