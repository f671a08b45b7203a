//! Time in words.

pub mod expressions;

pub use expressions::{Annotated, Granularity, Interval, TimeExpression, annotate, resolve};
