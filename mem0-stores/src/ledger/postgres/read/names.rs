//! Who and what memories name.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::pin::pin;

use futures::TryStreamExt as _;
use mem0_core::text::{NameRow, Names, name_key};
use mem0_core::{Entity, EntityQuery, MentionHits, MentionKind, MentionQuery, Result, Scope};
use tokio_postgres::Row;

use super::keyword::walk;
use super::{BEGIN, Version, Wanted, each, stream};
use crate::ledger::common::codec::Coded as _;
use crate::ledger::common::names::{PastNames, asked};
use crate::ledger::common::top::Score;
use crate::ledger::postgres::row::{at, coded, counted};
use crate::ledger::postgres::scope::{one, over};
use crate::shared::postgres::{Client, Step, refusal, send_after};

/// Who and what the memories name.
pub(in crate::ledger::postgres) async fn entities(client: &Client, query: &EntityQuery) -> Result<Vec<Entity>> {
    let step = over(
        &query.scope,
        "SELECT n.word, n.longer, n.kind, n.written, n.mem_no FROM s JOIN ledger_mentions n ON n.scope_no = s.scope_no",
    );
    let mut names: Names<i64> = Names::default();
    let mut rows = pin!(stream(client, &step).await?);
    while let Some(row) = rows.try_next().await? {
        let name = NameRow { word: at(&row, 0)?, longer: at(&row, 1)?, kind: coded(&row, 2)?, written: at(&row, 3)? };
        names.add(&name, at(&row, 4)?);
    }
    Ok(names.entities(query.prefix.as_deref().map(name_key).as_deref(), query.limit))
}

/// Who spoke of those with these names.
pub(in crate::ledger::postgres) async fn speakers(
    client: &Client,
    scope: &Scope,
    names: &[String],
) -> Result<Vec<String>> {
    let step = over(
        scope,
        "SELECT DISTINCT CASE n.longer WHEN '' THEN n.word ELSE n.longer END AS key FROM s
         JOIN ledger_mentions n ON n.scope_no = s.scope_no AND n.word = ANY($6) AND n.kind = $7 ORDER BY key",
    );
    let asked: BTreeSet<String> = names.iter().map(|name| name_key(name)).collect();
    let step = step.bind(asked.into_iter().collect::<Vec<_>>()).bind(MentionKind::Speaker.code());
    one(client, step).await?.iter().map(|row| at(row, 0)).collect()
}

/// The best memories by names.
pub(in crate::ledger::postgres) async fn mentioned(client: &Client, query: &MentionQuery) -> Result<MentionHits> {
    let wanted = Wanted::new(&query.filter, &query.view);
    if query.view.is_past() {
        let mut past = PastNames::default();
        let read = |Version { memory, .. }: Version, _: &Row| {
            past.read(&memory, |memory| wanted.admits(memory));
            Ok(())
        };
        each(client, &query.scope, &wanted, "", "", |step| step, read).await?;
        return Ok(past.rank(query));
    }
    let asked = asked(query);
    let mut names: Names<i64> = Names::default();
    let live = over(&query.scope, "SELECT coalesce(sum(live), 0)::bigint FROM s");
    let first = [live, of(&query.scope, &Names::<i64>::words(&asked)), Step::new("COMMIT")];
    let answers = send_after(client, BEGIN, &first).await.map_err(|e| refusal(&e))?;
    let live = answers.first().and_then(|rows| rows.first()).map_or(Ok(0), |row| counted(row, 0))?;
    add(answers.get(1).map_or(&[], Vec::as_slice), &mut names)?;
    let more = names.more_words(&asked);
    if !more.is_empty() {
        add(&one(client, of(&query.scope, &more)).await?, &mut names)?;
    }
    let weighed = names.weigh(&asked, live);
    let ranked = weighed.weights.into_iter().map(|(mem_no, weight)| Reverse((Score(weight), mem_no))).collect();
    let found = walk(client, &wanted, ranked, query.limit).await?;
    Ok(MentionHits { hits: found.into_iter().map(|(_, hit)| hit).collect(), ceiling: weighed.ceiling })
}

/// The rows of these words.
fn of(scope: &Scope, words: &BTreeSet<String>) -> Step {
    let step = over(
        scope,
        "SELECT n.word, n.longer, n.mem_no FROM s JOIN ledger_mentions n ON n.scope_no = s.scope_no AND n.word = ANY($6)",
    );
    step.bind(words.iter().cloned().collect::<Vec<_>>())
}

fn add(rows: &[Row], names: &mut Names<i64>) -> Result<()> {
    for row in rows {
        names.mention(at(row, 0)?, at(row, 1)?, at(row, 2)?);
    }
    Ok(())
}
