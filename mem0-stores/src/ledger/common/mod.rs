//! What ledgers in databases share: everything about them that is not SQL.

pub(super) mod change;
pub(super) mod codec;
pub(super) mod fold;
pub(super) mod names;
pub(super) mod nearness;
pub(super) mod order;
pub(super) mod top;
pub(super) mod validate;
pub(super) mod words;
