//! Our own servers of protocols whose products exist only as a cloud, written
//! from the vendors' documentation. Each speaks HTTP on this machine, keeps
//! what it was sent, refuses what the documentation refuses, and fails on
//! demand.

pub mod openai;

mod server;

pub use server::{FakeServer, Fault, MARK, Reply, Seen, Traffic};
