//! Time and new identities, injected so that tests decide both.

use std::fmt;

use uuid::Uuid;

use crate::types::ids::{MemoryId, TxnId};
use crate::types::time::Timestamp;

/// Tells the time and makes up identities.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// A new UUID that has never been given out before.
    fn uuid(&self) -> Uuid;

    /// The identity of a new memory.
    fn memory_id(&self) -> MemoryId {
        MemoryId::from_uuid(self.uuid())
    }

    /// The identity of a new commit.
    fn txn_id(&self) -> TxnId {
        TxnId::from_uuid(self.uuid())
    }
}

/// The machine's clock and version 7 UUIDs.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock that everything else asks")]
    fn now(&self) -> Timestamp {
        Timestamp::from_jiff(jiff::Timestamp::now())
    }

    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}
