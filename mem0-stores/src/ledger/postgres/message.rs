//! Messages that were said in a scope.

use mem0_core::{Error, Result, Scope, StoredMessage};

use tokio_postgres::Row;

use super::row::{at, opt_text, text, time};
use super::scope::{key, one};
use crate::ledger::common::codec::{role, rows};
use crate::shared::postgres::{Client, Step};

/// The newest messages of an exact scope, oldest first.
pub(super) async fn newest(client: &Client, scope: &Scope, limit: usize) -> Result<Vec<StoredMessage>> {
    read(&one(client, select(scope, limit)).await?)
}

/// The statement of [`newest`].
pub(super) fn select(scope: &Scope, limit: usize) -> Step {
    Step::new(
        "SELECT message_id, role, name, content, at FROM ledger_messages
         WHERE scope_no = (SELECT scope_no FROM ledger_scopes WHERE key = $1)
         ORDER BY at DESC, msg_no DESC LIMIT $2",
    )
    .bind(key(scope))
    .bind(rows(limit))
}

/// The answer of [`newest`].
pub(super) fn read(found: &[Row]) -> Result<Vec<StoredMessage>> {
    let unknown = || Error::corrupt("a role in the ledger that this version does not know");
    found
        .iter()
        .rev()
        .map(|row| {
            Ok(StoredMessage {
                id: text(row, 0)?,
                role: role(at(row, 1)?).ok_or_else(unknown)?,
                name: opt_text(row, 2)?,
                content: text(row, 3)?,
                at: time(row, 4)?,
            })
        })
        .collect()
}
