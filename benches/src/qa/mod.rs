//! Questions about long conversations: are the turns found that answer them,
//! at what price, and is what a model says with them right?
//!
//! A loader of [`load`] reads a public file as it is into one neutral shape,
//! [`run`] remembers the conversations through the ordinary API and asks, and
//! the [`Report`] says how it went. None of the public data is part of this
//! project.

mod apart;
mod ask;
mod dataset;
pub mod fit;
mod floor;
mod ingest;
mod journal;
pub mod load;
pub mod metrics;
mod report;
mod run;
mod table;
mod tokens;

pub use apart::{apart, clean_up};
pub use ask::{Models, Reply, Verdict};
pub use dataset::{Conversation, Dataset, Question, Session, Turn};
pub use floor::Floor;
pub use ingest::SessionDone;
pub use journal::Journal;
pub use report::{Abstaining, FullContext, Interval, Quality, Report, Row, Spent, Times, Timing};
pub use run::{Mode, Options, Progress, Record, run};
pub use tokens::{TOKENIZER, count as count_tokens};
