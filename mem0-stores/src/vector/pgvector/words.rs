//! Search by words, by the full-text search of PostgreSQL.
//!
//! By its documentation at version 18 ("Full Text Search", functions on
//! `tsvector`). The server takes a text apart into words when it is written, and
//! finds them by an index. A question is taken apart by the same configuration
//! and its words are looked for one by one, so that nothing in it is syntax.
//! What is found is ranked by BM25: `ts_rank_cd` knows neither how rare a word is
//! nor how many of several it has found. Document frequencies are those among
//! what was found, which the same statement counts.

use mem0_core::text::Bm25;
use mem0_core::{Error, Result, TextHit, TextQuery};
use tokio_postgres::types::Type;

use super::filter::condition;
use super::payload::encode;
use super::read::{covered, id, version};
use super::schema::Table;
use super::search::{MAX_LIMIT, MAX_QUERIES, MAX_VALUES};
use super::session::Session;
use crate::shared::postgres::{Sql, literal, quoted};
use crate::shared::search::sort_hits;

/// So many characters of a text are searched: what they come to is in any script
/// less than the megabyte that a `tsvector` holds.
const SEARCHED: usize = 100_000;

/// The words of a text by a configuration of full-text search.
fn taken_apart(config: &str, text: &str) -> String {
    format!("to_tsvector({}::regconfig, left({text}, {SEARCHED}))", literal(&quoted(config)))
}

/// The column of the words.
pub(super) fn column(config: &str) -> String {
    format!("words tsvector GENERATED ALWAYS AS ({}) STORED", taken_apart(config, "payload ->> 'data'"))
}

/// The index on them.
pub(super) fn index(name: &str) -> String {
    format!("CREATE INDEX ON {name} USING gin (words);")
}

/// The best points of each question by its words.
pub(super) async fn search(session: &Session, table: &Table, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
    let mut answers = vec![Vec::new(); queries.len()];
    let (mut sql, mut arms) = (Sql::default(), Vec::new());
    for (number, query) in queries.iter().enumerate() {
        if query.limit > 0 {
            arms.push(arm(&mut sql, table, number, query)?);
        }
        let full = arms.len() >= MAX_QUERIES || sql.len() >= MAX_VALUES || number + 1 == queries.len();
        if full && !arms.is_empty() {
            sql.push(&std::mem::take(&mut arms).join(" UNION ALL "));
            read(&std::mem::take(&mut sql), session, &mut answers).await?;
        }
    }
    for answer in &mut answers {
        // Two scores of the server may be one here.
        sort_hits(answer);
    }
    Ok(answers)
}

/// One question: its words; what the scope covers, the filter matches and has
/// one of them; how often each has which; how rare each is.
fn arm(sql: &mut Sql, table: &Table, number: usize, query: &TextQuery) -> Result<String> {
    let Table { name, words, .. } = table;
    let text = sql.bind(encode(&query.text), Type::TEXT);
    let asked = taken_apart(words.as_deref().unwrap_or_default(), &text);
    let covered = covered(sql, Some(&query.scope));
    let meets = condition(sql, &query.filter)?;
    let limit = sql.bind(i64::try_from(query.limit).unwrap_or(i64::MAX).min(MAX_LIMIT), Type::INT8);
    let Bm25 { k1, b } = Bm25::default();
    // A word in quotes is a word to `tsquery`, whatever it holds.
    let word = r"'''' || replace(replace(lexeme, E'\\', E'\\\\'), '''', '''''') || ''''";
    Ok(format!(
        "(WITH asked AS MATERIALIZED (SELECT lexeme FROM unnest({asked})),
          found AS MATERIALIZED (
            SELECT id, version, words,
                (SELECT sum(cardinality(positions)) FROM unnest(words))::float8 AS length
            FROM {name}
            WHERE {covered} AND words @@ (SELECT string_agg({word}, ' | ')::tsquery FROM asked) AND {meets}),
          said AS MATERIALIZED (
            SELECT id, version, length, lexeme, cardinality(positions)::float8 AS times
            FROM found, unnest(words) WHERE lexeme IN (SELECT lexeme FROM asked)),
          rare AS MATERIALIZED (
            SELECT lexeme, ln(1 + (SELECT count(*) FROM found)::float8 / count(*)) AS weight
            FROM said GROUP BY lexeme)
         SELECT {number} AS query, id, version,
            sum(weight * times * (1 + {k1}) /
                (times + {k1} * (1 - {b} + {b} * length / (SELECT avg(length) FROM found))))::real AS score
         FROM said JOIN rare USING (lexeme) GROUP BY id, version ORDER BY score DESC, id LIMIT {limit})"
    ))
}

async fn read(sql: &Sql, session: &Session, answers: &mut [Vec<TextHit>]) -> Result<()> {
    let damaged = |_| Error::internal("an answer of another shape");
    for row in session.query(sql).await? {
        let number = usize::try_from(row.try_get::<_, i32>(0).map_err(damaged)?).unwrap_or_default();
        let score = row.try_get(3).map_err(damaged)?;
        let hit = TextHit { id: id(&row, 1)?, version: version(&row, 2)?, score };
        answers.get_mut(number).ok_or_else(|| Error::internal("an answer to no question"))?.push(hit);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mem0_core::{Filter, Scope};

    use super::*;

    #[test]
    fn statements() {
        let (name, list) = ("\"public\".\"mem0\"".to_owned(), "list".to_owned());
        let table = Table { no: 1, name, list, words: Some("simple".to_owned()) };
        let query = TextQuery::new(Scope::user("alice").unwrap(), "tea | !'milk", 5);
        let mut sql = Sql::default();
        let arm = arm(&mut sql, &table, 3, &query.with_filter(Filter::exists("k"))).unwrap();
        insta::assert_snapshot!(format!("{}\n{}\n{arm}", column("simple"), index(&table.name)));
    }
}
