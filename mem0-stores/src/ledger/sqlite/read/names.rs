//! Who and what memories name.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use mem0_core::text::{NameRow, Names, name_key};
use mem0_core::{Entity, EntityQuery, MentionHits, MentionKind, MentionQuery, Scope};
use rusqlite::Connection;

use super::keyword::walk;
use super::{Heads, Reader, ScopeRow};
use crate::ledger::common::codec::Coded as _;
use crate::ledger::common::names::{PastNames, asked};
use crate::ledger::common::top::Score;
use crate::ledger::sqlite::row::{Col, count};
use crate::ledger::sqlite::scope;
use crate::shared::sqlite::Attempt;

/// Who and what the memories name.
pub(in crate::ledger::sqlite) fn entities(connection: &Connection, query: &EntityQuery) -> Attempt<Vec<Entity>> {
    let mut names: Names<i64> = Names::default();
    let mut statement = connection
        .prepare_cached("SELECT word, longer, kind, written, mem_no FROM ledger_mentions WHERE scope_no = ?1")?;
    for scope in scope::covered(connection, &query.scope)? {
        let mut found = statement.query([scope.no])?;
        while let Some(row) = found.next()? {
            let name = NameRow {
                word: row.get(0)?,
                longer: row.get(1)?,
                kind: row.get::<_, Col<MentionKind>>(2)?.0,
                written: row.get(3)?,
            };
            names.add(&name, row.get(4)?);
        }
    }
    Ok(names.entities(query.prefix.as_deref().map(name_key).as_deref(), query.limit))
}

/// Who spoke of those with these names. Looks at the first row of each longer
/// name that somebody speaks by, and not at all that they said.
pub(in crate::ledger::sqlite) fn speakers(
    connection: &Connection,
    scope: &Scope,
    names: &[String],
) -> Attempt<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT longer FROM ledger_mentions WHERE scope_no = ?1 AND word = ?2 AND longer >= ?3 AND kind = ?4
         ORDER BY longer LIMIT 1",
    )?;
    let asked: BTreeSet<String> = names.iter().map(|name| name_key(name)).collect();
    let mut speakers = BTreeSet::new();
    for scope in scope::covered(connection, scope)? {
        for word in &asked {
            let mut from = String::new();
            loop {
                let mut found = statement.query((scope.no, word, &from, MentionKind::Speaker.code()))?;
                let Some(row) = found.next()? else { break };
                let longer: String = row.get(0)?;
                speakers.insert(if longer.is_empty() { word.clone() } else { longer.clone() });
                // The next text in order.
                from = longer + "\0";
            }
        }
    }
    Ok(speakers.into_iter().collect())
}

/// The best memories by names.
pub(in crate::ledger::sqlite) fn mentioned(
    connection: &Connection,
    lately: &Heads,
    query: &MentionQuery,
) -> Attempt<MentionHits> {
    let (mut reader, covered) = Reader::within(connection, &query.scope, &query.filter, &query.view)?;
    if query.view.is_past() {
        let mut past = PastNames::default();
        reader.each(&covered, |reader, mem_no| {
            if let Some(version) = reader.visible(mem_no)? {
                past.read(&version.memory, |memory| reader.admits(memory));
            }
            Ok(())
        })?;
        return Ok(past.rank(query));
    }
    let asked = asked(query);
    let mut names: Names<i64> = Names::default();
    read(connection, &covered, &Names::<i64>::words(&asked), &mut names)?;
    let more = names.more_words(&asked);
    read(connection, &covered, &more, &mut names)?;
    let live = count(covered.iter().map(|scope| scope.live).sum())?;
    let weighed = names.weigh(&asked, live);
    let ranked = weighed.weights.into_iter().map(|(mem_no, weight)| Reverse((Score(weight), mem_no))).collect();
    let found = walk(&mut reader, lately, ranked, query.limit)?;
    Ok(MentionHits { hits: found.into_iter().map(|(_, hit)| hit).collect(), ceiling: weighed.ceiling })
}

/// The rows of these words.
fn read(
    connection: &Connection,
    covered: &[ScopeRow],
    words: &BTreeSet<String>,
    names: &mut Names<i64>,
) -> Attempt<()> {
    let mut statement =
        connection.prepare_cached("SELECT longer, mem_no FROM ledger_mentions WHERE scope_no = ?1 AND word = ?2")?;
    for scope in covered {
        for word in words {
            let mut found = statement.query((scope.no, word))?;
            while let Some(row) = found.next()? {
                names.mention(word, row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, row.get(1)?);
            }
        }
    }
    Ok(())
}
