//! The words of the project as types.

pub(crate) mod decimal;
pub mod fields;
pub mod ids;
pub mod memory;
pub mod message;
pub mod payload;
pub mod scope;
pub mod time;
