//! Messages that were said in a scope.

use mem0_core::{Role, Scope, StoredMessage, Timestamp};
use rusqlite::Connection;

use super::row::{Col, rows};
use crate::shared::sqlite::Attempt;

/// The newest messages of an exact scope, oldest first.
pub(super) fn newest(connection: &Connection, scope: &Scope, limit: usize) -> Attempt<Vec<StoredMessage>> {
    let mut statement = connection.prepare_cached(
        "SELECT message_id, role, name, content, at FROM ledger_messages
         WHERE scope_no = (SELECT scope_no FROM ledger_scopes WHERE key = ?1)
         ORDER BY at DESC, msg_no DESC LIMIT ?2",
    )?;
    let found = statement.query_map((scope.key(), rows(limit)), |row| {
        Ok(StoredMessage {
            id: row.get(0)?,
            role: row.get::<_, Col<Role>>(1)?.0,
            name: row.get(2)?,
            content: row.get(3)?,
            at: row.get::<_, Col<Timestamp>>(4)?.0,
        })
    })?;
    let mut messages: Vec<_> = found.collect::<Result<_, _>>()?;
    messages.reverse();
    Ok(messages)
}
