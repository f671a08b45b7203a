//! The data that the cases write.

pub(crate) mod changes;
pub(crate) mod filters;
pub(crate) mod jobs;
pub(crate) mod points;
pub(crate) mod scopes;
pub(crate) mod texts;
