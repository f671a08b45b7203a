//! The best memories by words.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};

use mem0_core::text::TermId;
use mem0_core::{Held, KeywordHits, KeywordQuery, MemoryId};
use rusqlite::Connection;
use rustc_hash::FxHashMap;

use super::{Heads, Reader, ScopeRow};
use crate::ledger::common::top::Score;
use crate::ledger::common::words::{Corpus, Numbered, Past, Posting, distinct, having};
use crate::ledger::sqlite::row::{Col, count};
use crate::shared::sqlite::Attempt;

/// Up to so many exact scopes are looked up one by one; of more, all that the
/// owner has is walked.
const FEW: usize = 16;

/// The best memories by words.
pub(in crate::ledger::sqlite) fn keyword(
    connection: &Connection,
    lately: &Heads,
    query: &KeywordQuery,
) -> Attempt<KeywordHits> {
    let (reader, covered) = Reader::within(connection, &query.scope, &query.filter, &query.view)?;
    if query.view.is_past() { past(reader, &covered, query) } else { current(reader, lately, &covered, query) }
}

/// From the index: costs what holds the terms, not what there is.
fn current(mut reader: Reader<'_>, lately: &Heads, covered: &[ScopeRow], query: &KeywordQuery) -> Attempt<KeywordHits> {
    let mut corpus = Corpus::default();
    let mut owners: BTreeMap<i64, HashSet<i64>> = BTreeMap::new();
    for scope in covered {
        corpus.texts += count(scope.live)?;
        corpus.terms += count(scope.terms)?;
        owners.entry(scope.owner).or_default().insert(scope.no);
    }
    let average = corpus.average();

    let words = distinct(query);
    let mut scores: FxHashMap<i64, (f32, Held)> = FxHashMap::default();
    let mut weights = Vec::with_capacity(words.len());
    for (place, word) in words.iter().enumerate() {
        let mut found = Vec::new();
        for term in word.ids() {
            postings(reader.connection, &owners, term, &mut found)?;
        }
        let found = having(word, found);
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
    let found = walk(&mut reader, lately, ranked, query.limit)?;
    let held = found.iter().map(|(mem_no, _)| scores.get(mem_no).map(|(_, held)| *held).unwrap_or_default()).collect();
    let hits = found.into_iter().map(|(_, hit)| hit).collect();
    Ok(KeywordHits { hits, ceiling: weights.iter().sum(), weights, held })
}

/// Adds the memories of the scopes that hold a term.
fn postings(
    connection: &Connection,
    owners: &BTreeMap<i64, HashSet<i64>>,
    TermId(term): TermId,
    all: &mut Vec<Posting>,
) -> Attempt<()> {
    let mut of_scope = connection.prepare_cached(
        "SELECT mem_no, tf, len FROM ledger_postings WHERE owner_no = ?1 AND term = ?2 AND scope_no = ?3",
    )?;
    let mut of_owner = connection
        .prepare_cached("SELECT mem_no, tf, len, scope_no FROM ledger_postings WHERE owner_no = ?1 AND term = ?2")?;
    for (owner, scopes) in owners {
        if scopes.len() <= FEW {
            for scope in scopes {
                let mut found = of_scope.query((owner, term, scope))?;
                while let Some(row) = found.next()? {
                    all.push((row.get(0)?, row.get(1)?, row.get(2)?));
                }
            }
        } else {
            let mut found = of_owner.query((owner, term))?;
            while let Some(row) = found.next()? {
                if scopes.contains(&row.get(3)?) {
                    all.push((row.get(0)?, row.get(1)?, row.get(2)?));
                }
            }
        }
    }
    Ok(())
}

/// Takes the best that the view sees and the filter lets through, ties in the
/// order of ids; each with its number.
pub(super) fn walk(
    reader: &mut Reader<'_>,
    lately: &Heads,
    mut ranked: BinaryHeap<Reverse<(Score, i64)>>,
    limit: usize,
) -> Attempt<Vec<Numbered>> {
    let mut statement = reader
        .connection
        .prepare_cached("SELECT id, version, expires_at, head FROM ledger_memories WHERE mem_no = ?1")?;
    let now = reader.view.now.as_micros();
    let mut hits = Vec::new();
    while hits.len() < limit
        && let Some(Reverse(best)) = ranked.pop()
    {
        let mut tied = vec![best];
        while ranked.peek().is_some_and(|Reverse((score, _))| *score == best.0) {
            tied.extend(ranked.pop().map(|Reverse(next)| next));
        }
        let mut found = Vec::with_capacity(tied.len());
        for (score, mem_no) in tied {
            let (id, version, expires, head): (Col<MemoryId>, i64, Option<i64>, i64) =
                statement.query_row([mem_no], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
            if reader.view.include_expired || expires.is_none_or(|end| end > now) {
                found.push((id.0, version, score.0, (mem_no, head)));
            }
        }
        found.sort_unstable_by_key(|(id, ..)| *id);
        for (id, version, score, (mem_no, head)) in found {
            if hits.len() >= limit {
                break;
            }
            let admitted = reader.filter.is_none()
                || reader.head(lately, mem_no, head)?.is_some_and(|version| reader.admits(&version.memory));
            if admitted {
                hits.push((mem_no, (id, count(version)?, score)));
            }
        }
    }
    Ok(hits)
}

/// The index knows the present only, so the texts of then are read.
fn past(mut reader: Reader<'_>, covered: &[ScopeRow], query: &KeywordQuery) -> Attempt<KeywordHits> {
    let mut past = Past::new(query);
    reader.each(covered, |reader, mem_no| {
        if let Some(version) = reader.visible(mem_no)? {
            past.read(&version.memory, |memory| reader.admits(memory));
        }
        Ok(())
    })?;
    Ok(past.rank(query))
}
