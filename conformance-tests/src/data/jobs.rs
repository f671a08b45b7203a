//! Jobs of a ledger.

use mem0_core::{Job, JobId, Scope};
use serde_json::json;
use uuid::Uuid;

use super::changes::time;

/// The job of this number.
pub(crate) fn job_id(n: u64) -> JobId {
    JobId::from_uuid(Uuid::from_u128(0x018f_3a5c_0000_7000_8000_0000_0000_0000 + u128::from(n)))
}

/// A new job of this number, asked for at a second.
pub(crate) fn job(n: u64, scope: &Scope, seconds: i64) -> Job {
    Job::new(job_id(n), scope.clone(), json!({"messages": [format!("said {n}")]}), time(seconds))
}
