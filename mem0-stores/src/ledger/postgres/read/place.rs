//! Where memories stand in the order of their scopes, and what is around them.

use std::collections::HashMap;

use mem0_core::{Around, Memory, MemoryId, Place, Result, View};

use super::{Version, in_order, uuids};
use crate::ledger::common::codec::rows;
use crate::ledger::postgres::row::{VERSION_COLUMNS, at, counted, id, version, version_columns};
use crate::ledger::postgres::scope::one;
use crate::shared::postgres::{Client, Step};

/// More places than any scope has; beyond it, numbers would overflow.
const FAR: i64 = i64::MAX / 4;

/// Where these memories stand.
pub(in crate::ledger::postgres) async fn places(client: &Client, ids: &[MemoryId]) -> Result<Vec<Option<Place>>> {
    let step = Step::new("SELECT id, scope_no, nth FROM ledger_memories WHERE id = ANY($1)").bind(uuids(ids));
    let mut found = HashMap::with_capacity(ids.len());
    for row in one(client, step).await? {
        found.insert(id(&row, 0)?, Place { scope: counted(&row, 1)?, nth: counted(&row, 2)? });
    }
    Ok(in_order(ids, &found))
}

/// What the view sees around these memories.
pub(in crate::ledger::postgres) async fn around(
    client: &Client,
    of: &[Around],
    view: &View,
) -> Result<Vec<Vec<(i64, Memory)>>> {
    let columns = version_columns();
    // The latest of those that fit is the one to see.
    let (live, which, order) = match view.is_past() {
        true => ("", "e.content IS NOT NULL", ", e.version DESC"),
        false => ("AND m.state = 0", "e.version = m.version", ""),
    };
    let sql = format!(
        "SELECT {columns}, u.place, m.nth - o.nth
         FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) WITH ORDINALITY AS u (id, before, after, place)
         JOIN ledger_memories o ON o.id = u.id
         JOIN ledger_memories m ON m.scope_no = o.scope_no AND m.nth BETWEEN o.nth - u.before AND o.nth + u.after
             AND m.nth <> o.nth {live}
         JOIN ledger_events e ON e.mem_no = m.mem_no AND {which}
         JOIN ledger_scopes s ON s.scope_no = m.scope_no
         ORDER BY u.place, m.nth{order}"
    );
    let far = |places: fn(&Around) -> usize| of.iter().map(|of| rows(places(of)).min(FAR)).collect::<Vec<i64>>();
    let step = Step::new(sql)
        .bind(of.iter().map(|of| of.id.as_uuid()).collect::<Vec<_>>())
        .bind(far(|of| of.before))
        .bind(far(|of| of.after));
    let mut all: Vec<Vec<(i64, Memory)>> = of.iter().map(|_| Vec::new()).collect();
    for row in one(client, step).await? {
        let Version { memory, state, .. } = version(&row)?;
        let (place, offset): (i64, i64) = (at(&row, VERSION_COLUMNS)?, at(&row, VERSION_COLUMNS + 1)?);
        let neighbours = usize::try_from(place - 1).ok().and_then(|place| all.get_mut(place));
        if let Some(neighbours) = neighbours
            && neighbours.last().is_none_or(|(last, _)| *last != offset)
            && view.sees(&memory, state)
        {
            neighbours.push((offset, memory));
        }
    }
    Ok(all)
}
