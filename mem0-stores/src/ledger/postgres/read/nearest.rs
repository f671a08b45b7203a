//! The nearest memories, by looking at every vector of the scope.

use std::pin::pin;

use futures::TryStreamExt as _;
use mem0_core::{NearestQuery, Result, ScoredPoint};

use super::{Wanted, each, stream};
use crate::ledger::common::codec::vector_from_bytes;
use crate::ledger::common::nearness::{Nearest, check_question, cosine, scored};
use crate::ledger::common::top::Score;
use crate::ledger::postgres::identity;
use crate::ledger::postgres::row::{VERSION_COLUMNS, at, counted, id};
use crate::ledger::postgres::scope::{one, over};
use crate::shared::postgres::Client;

/// The nearest memories, exactly.
pub(in crate::ledger::postgres) async fn nearest(client: &Client, query: &NearestQuery) -> Result<Vec<ScoredPoint>> {
    let current = identity::current(&one(client, identity::current_step()).await?)?;
    let Some((identity_no, identity)) = current else { return Ok(Vec::new()) };
    check_question(&query.vector, &identity)?;
    let wanted = Wanted::new(&query.filter, &query.view);
    let mut top = Nearest::new(query.limit);
    let mut vector = Vec::with_capacity(query.vector.len());
    if query.view.is_past() || wanted.filter.is_some() {
        let join = "JOIN ledger_vectors v ON v.seq = e.vector_seq AND v.identity_no = $6";
        let bind = |step: crate::shared::postgres::Step| step.bind(identity_no);
        each(client, &query.scope, &wanted, ", v.vector", join, bind, |version, row| {
            vector_from_bytes(at(row, VERSION_COLUMNS)?, &mut vector)?;
            let key = (Score(cosine(&query.vector, &vector)), version.memory.id);
            if top.wants(&key) && wanted.admits(&version.memory) {
                top.push(key, version.memory.version);
            }
            Ok(())
        })
        .await?;
        return Ok(scored(top));
    }
    // Neither a filter nor the past asks for the texts.
    let step = over(
        &query.scope,
        "SELECT m.id, m.version, v.vector FROM s JOIN ledger_memories m ON m.scope_no = s.scope_no AND m.state = 0
             AND ($7 OR m.expires_at IS NULL OR m.expires_at > $8)
         JOIN ledger_vectors v ON v.seq = m.vector_seq AND v.identity_no = $6",
    );
    let step = step.bind(identity_no).bind(query.view.include_expired).bind(query.view.now.as_micros());
    let mut rows = pin!(stream(client, &step).await?);
    while let Some(row) = rows.try_next().await? {
        vector_from_bytes(at(&row, 2)?, &mut vector)?;
        top.push((Score(cosine(&query.vector, &vector)), id(&row, 0)?), counted(&row, 1)?);
    }
    Ok(scored(top))
}
