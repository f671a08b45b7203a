//! Pages of memories, in order.

use mem0_core::{ListQuery, Memory, OrderBy, Page, Result};

use super::{Version, Wanted, each};
use crate::ledger::common::codec::rows;
use crate::ledger::common::order::{Order, Place, START};
use crate::ledger::common::top::Top;
use crate::ledger::postgres::row::{version, version_columns};
use crate::ledger::postgres::scope::{one, over};
use crate::shared::postgres::Client;

/// A page of memories.
pub(in crate::ledger::postgres) async fn list(client: &Client, query: &ListQuery) -> Result<Page<Memory>> {
    if query.limit == 0 {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let order = Order::of(query);
    let wanted = Wanted::new(&query.filter, &query.view);
    // One more than asked for tells whether there is a next page.
    let number = query.limit.saturating_add(1);
    let items = if query.view.is_past() {
        past(client, query, &wanted, order, number).await?
    } else {
        current(client, query, &wanted, order, number).await?
    };
    Ok(order.page(items, query.limit))
}

/// The exact scopes are each in order in an index, and are merged: a page
/// costs what is on it, not what is in the scopes. Where a filter leaves some
/// out, the next ones are fetched.
async fn current(
    client: &Client,
    query: &ListQuery,
    wanted: &Wanted,
    order: Order,
    number: usize,
) -> Result<Vec<Memory>> {
    let sql = sql(order);
    let chunk = if wanted.filter.is_some() { number.clamp(256, 4_096) } else { number };
    let mut after = order.after(query).unwrap_or(START);
    let mut items = Vec::new();
    loop {
        let (at, id) = order.turn(after);
        let step = over(&query.scope, &sql)
            .bind(at)
            .bind(uuid::Uuid::from_bytes(id))
            .bind(rows(chunk))
            .bind(query.view.include_expired)
            .bind(query.view.now.as_micros());
        let found = one(client, step).await?;
        for row in &found {
            let version = version(row)?;
            after = order.place(&version.memory);
            if wanted.sees(&version) && wanted.admits(&version.memory) {
                items.push(version.memory);
            }
        }
        if found.len() < chunk || items.len() >= number {
            items.truncate(number);
            return Ok(items);
        }
    }
}

fn sql(order: Order) -> String {
    let at = match order.by {
        OrderBy::UpdatedAt => "updated_at",
        _ => "created_at",
    };
    let (than, direction) = if order.descending { ("<", "DESC") } else { (">", "ASC") };
    let columns = version_columns();
    format!(
        "SELECT {columns} FROM (
             SELECT m.* FROM s CROSS JOIN LATERAL (
                 SELECT * FROM ledger_memories m WHERE m.scope_no = s.scope_no AND m.state = 0
                     AND (m.{at}, m.id) {than} ($6, $7) AND ($9 OR m.expires_at IS NULL OR m.expires_at > $10)
                 ORDER BY m.{at} {direction}, m.id {direction} LIMIT $8) m
             ORDER BY m.{at} {direction}, m.id {direction} LIMIT $8) m
         JOIN s ON s.scope_no = m.scope_no
         JOIN ledger_events e ON e.mem_no = m.mem_no AND e.version = m.version
         ORDER BY m.{at} {direction}, m.id {direction}"
    )
}

/// No index knows what was visible then, so every memory is looked at.
async fn past(client: &Client, query: &ListQuery, wanted: &Wanted, order: Order, number: usize) -> Result<Vec<Memory>> {
    let after: Option<Place> = order.after(query);
    let mut top: Top<Place, Memory> = Top::new(number);
    let look = |Version { memory, .. }: Version, _: &tokio_postgres::Row| {
        let place = order.place(&memory);
        if after.is_none_or(|after| place > after) && top.wants(&place) && wanted.admits(&memory) {
            top.push(place, memory);
        }
        Ok(())
    };
    each(client, &query.scope, wanted, "", "", |step| step, look).await?;
    Ok(top.into_sorted().map(|(_, memory)| memory).collect())
}
