//! The best memories by words.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use mem0_core::text::{QueryTerm, TermId};
use mem0_core::{Held, KeywordHits, KeywordQuery, MemoryId, Result};
use tokio_postgres::Row;

use super::{BEGIN, Version, Wanted, each};
use crate::ledger::common::top::Score;
use crate::ledger::common::words::{Corpus, Numbered, Past, Posting, distinct, having};
use crate::ledger::postgres::row::{at, counted, id, version, version_columns};
use crate::ledger::postgres::scope::{one, over};
use crate::shared::postgres::{Client, Step, refusal, send_after};

/// The best memories by words.
pub(in crate::ledger::postgres) async fn keyword(client: &Client, query: &KeywordQuery) -> Result<KeywordHits> {
    let wanted = Wanted::new(&query.filter, &query.view);
    if !query.view.is_past() {
        return current(client, &wanted, query).await;
    }
    let mut past = Past::new(query);
    let read = |Version { memory, .. }: Version, _: &Row| {
        past.read(&memory, |memory| wanted.admits(memory));
        Ok(())
    };
    each(client, &query.scope, &wanted, "", "", |step| step, read).await?;
    Ok(past.rank(query))
}

/// From the index: costs what holds the terms, not what there is.
async fn current(client: &Client, wanted: &Wanted, query: &KeywordQuery) -> Result<KeywordHits> {
    let words = distinct(query);
    let corpus = over(&query.scope, "SELECT coalesce(sum(live), 0)::bigint, coalesce(sum(terms), 0)::bigint FROM s");
    let postings = over(
        &query.scope,
        "SELECT p.term, p.mem_no, p.tf, p.len FROM s JOIN ledger_postings p
             ON p.owner_no = s.owner_no AND p.term = ANY($6) AND p.scope_no = s.scope_no",
    );
    let postings = postings.bind(words.iter().flat_map(QueryTerm::ids).map(|TermId(term)| term).collect::<Vec<i64>>());
    let answers = send_after(client, BEGIN, &[corpus, postings, Step::new("COMMIT")]).await;
    let mut answers = answers.map_err(|e| refusal(&e))?.into_iter();
    let (sums, found) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
    let corpus = match sums.first() {
        Some(row) => Corpus { texts: counted(row, 0)?, terms: counted(row, 1)? },
        None => Corpus::default(),
    };
    let mut with_term: HashMap<i64, Vec<Posting>> = HashMap::with_capacity(words.len());
    for row in &found {
        let number = |column| -> Result<u32> { Ok(at::<i32>(row, column)?.cast_unsigned()) };
        with_term.entry(at(row, 0)?).or_default().push((at(row, 1)?, number(2)?, number(3)?));
    }
    let average = corpus.average();
    let mut scores: HashMap<i64, (f32, Held)> = HashMap::new();
    let mut weights = Vec::with_capacity(words.len());
    // In the order of words, so that equal texts have equal scores.
    for (place, word) in words.iter().enumerate() {
        let of = |TermId(term)| with_term.get(&term).into_iter().flatten().copied();
        let found = having(word, word.ids().flat_map(of).collect());
        let idf = query.bm25.idf(corpus.texts, found.len() as u64);
        weights.push(query.bm25.ceiling(idf));
        for (mem_no, tf, len) in found {
            let (score, held) = scores.entry(mem_no).or_default();
            *score += query.bm25.score(idf, tf, len, average);
            held.add(place);
        }
    }
    // Few are asked for of many that match, so they are sorted as they are taken.
    let ranked = scores.iter().map(|(mem_no, (score, _))| Reverse((Score(*score), *mem_no))).collect();
    let found = walk(client, wanted, ranked, query.limit).await?;
    let held = found.iter().map(|(mem_no, _)| scores.get(mem_no).map(|(_, held)| *held).unwrap_or_default()).collect();
    let hits = found.into_iter().map(|(_, hit)| hit).collect();
    Ok(KeywordHits { hits, ceiling: weights.iter().sum(), weights, held })
}

/// Takes the best that the view sees and the filter lets through, ties in the
/// order of ids; each with its number.
pub(super) async fn walk(
    client: &Client,
    wanted: &Wanted,
    mut ranked: BinaryHeap<Reverse<(Score, i64)>>,
    limit: usize,
) -> Result<Vec<Numbered>> {
    let mut hits = Vec::new();
    let mut round = limit;
    while hits.len() < limit && !ranked.is_empty() {
        // Those that tie with the last one belong to the same round.
        let mut best: Vec<(Score, i64)> = Vec::new();
        while let Some(Reverse(next)) = ranked.peek().copied() {
            if best.len() >= round && best.last().is_some_and(|last| last.0 != next.0) {
                break;
            }
            ranked.pop();
            best.push(next);
        }
        let known = read(client, wanted, best.iter().map(|(_, mem_no)| *mem_no).collect()).await?;
        let mut found: Vec<_> = best
            .iter()
            .filter_map(|(score, mem_no)| known.get(mem_no).map(|(id, version)| (*score, *id, *version, *mem_no)))
            .collect();
        found.sort_unstable();
        hits.extend(found.into_iter().map(|(Score(score), id, version, mem_no)| (mem_no, (id, version, score))));
        round = round.saturating_mul(2);
    }
    hits.truncate(limit);
    Ok(hits)
}

/// Of these memories those that are let through, with their versions.
async fn read(client: &Client, wanted: &Wanted, numbers: Vec<i64>) -> Result<HashMap<i64, (MemoryId, u64)>> {
    let mut known = HashMap::with_capacity(numbers.len());
    if wanted.filter.is_none() {
        let step = Step::new(
            "SELECT mem_no, id, version FROM ledger_memories
             WHERE mem_no = ANY($1) AND state = 0 AND ($2 OR expires_at IS NULL OR expires_at > $3)",
        );
        let step = step.bind(numbers).bind(wanted.view.include_expired).bind(wanted.view.now.as_micros());
        for row in one(client, step).await? {
            known.insert(at(&row, 0)?, (id(&row, 1)?, counted(&row, 2)?));
        }
        return Ok(known);
    }
    let columns = version_columns();
    let sql = format!(
        "SELECT {columns} FROM ledger_memories m JOIN ledger_scopes s ON s.scope_no = m.scope_no
         JOIN ledger_events e ON e.mem_no = m.mem_no AND e.version = m.version
         WHERE m.mem_no = ANY($1) AND m.state = 0"
    );
    for row in one(client, Step::new(sql).bind(numbers)).await? {
        let version = version(&row)?;
        if wanted.sees(&version) && wanted.admits(&version.memory) {
            known.insert(version.mem_no, (version.memory.id, version.memory.version));
        }
    }
    Ok(known)
}
