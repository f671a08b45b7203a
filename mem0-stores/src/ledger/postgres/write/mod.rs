//! Commits: whole or not at all.
//!
//! A commit takes two round trips. The first begins the transaction, locks the
//! scopes and reads all that the commit depends on. What is to be written is
//! then [decided](draft) here, and the second writes it, a statement for each
//! table, and commits.

mod draft;
pub(super) mod erase;
mod load;
mod store;

use mem0_core::{Commit, Receipt};

use self::draft::Draft;
pub(super) use self::draft::NamedRow;
pub(super) use self::store::insert_names;
use super::session::{Attempt, Session};

/// How many numbers of events one value of the sequence stands for.
const BLOCK: i64 = 1024;

/// Lets others commit in other scopes, but nobody who needs to know that nothing
/// is under way; or, `alone`, the other way round.
pub(super) fn gate(lock: i64, alone: bool) -> String {
    let shared = if alone { "" } else { "_shared" };
    format!("BEGIN; SELECT pg_advisory_xact_lock{shared}({lock})")
}

/// Writes commits.
pub(super) async fn commit(session: &mut Session, lock: i64, alone: bool, commits: &[Commit]) -> Attempt<Vec<Receipt>> {
    let loaded = load::load(session, lock, alone, commits).await?;
    let mut draft = Draft::new(loaded, alone);
    let receipts = commits.iter().map(|commit| draft.commit(commit)).collect::<Attempt<Vec<_>>>()?;
    fail::fail_point!("ledger::commit::inside");
    session.finish(store::steps(draft.done())?).await?;
    Ok(receipts)
}
