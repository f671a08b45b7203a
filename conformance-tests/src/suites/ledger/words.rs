//! Rule 12: finding by words.

use mem0_core::text::{Bm25, query_terms, terms};
use mem0_core::{Content, Filter, KeywordHits, KeywordQuery, Ledger, MemoryId, Scope};
use serde_json::json;

use super::LedgerContext;
use super::context::now;
use crate::check::Verdict;
use crate::data::changes::{add, add_content, delete, supersede, undo, update};
use crate::data::points::id;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    12 r12_scores_are_those_of_bm25,
    12 r12_words_follow_the_text,
    12 r12_keyword_filters_and_limits,
}

async fn find(ledger: &dyn Ledger, scope: &Scope, words: &str, bm25: Bm25) -> Verdict<KeywordHits> {
    let (terms, filter) = (query_terms(words), Filter::All);
    let query = KeywordQuery { scope: scope.clone(), terms, filter, view: now(), limit: 100, bm25 };
    Ok(ledger.keyword(&query).await?)
}

fn ids(hits: &KeywordHits) -> Vec<MemoryId> {
    hits.hits.iter().map(|(id, _, _)| *id).collect()
}

/// The formula, written out: the score of each text, best first.
#[allow(clippy::cast_precision_loss, reason = "small counts")]
fn due(texts: &[(MemoryId, &str)], words: &str, bm25: Bm25) -> Vec<(MemoryId, f32)> {
    let documents: Vec<_> = texts.iter().map(|(id, text)| (*id, terms(text))).collect();
    let length = |terms: &[(mem0_core::text::TermId, u32)]| terms.iter().map(|(_, count)| count).sum::<u32>();
    let average = documents.iter().map(|(_, terms)| length(terms)).sum::<u32>() as f32 / documents.len() as f32;
    let mut scores = Vec::new();
    for (id, own) in &documents {
        let mut score = 0.0;
        for word in query_terms(words) {
            let of = |terms: &[(_, u32)], term| terms.iter().find(|(t, _)| *t == term).map(|(_, count)| *count);
            let holds = |terms: &[(_, u32)]| word.ids().filter_map(|term| of(terms, term)).max();
            let with = documents.iter().filter(|(_, terms)| holds(terms).is_some()).count() as u64;
            if let Some(count) = holds(own) {
                score += bm25.score(bm25.idf(documents.len() as u64, with), count, length(own), average);
            }
        }
        if score > 0.0 {
            scores.push((*id, score));
        }
    }
    scores.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    scores
}

async fn r12_scores_are_those_of_bm25(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let run = alice.clone().with_run("7")?;
    let hers = [
        (id(1), "green tea"),
        (id(2), "tea, tea and more tea"),
        (id(3), "coffee in the morning, and sometimes green tea in the afternoon with a friend from work"),
        (id(4), "black coffee"),
        (id(5), "a green bicycle"),
        (id(6), "我喜欢喝绿茶"),
        (id(7), "painting"),
        (id(8), "bicycle of green colour"),
        (id(9), "Ich habe in Lissabon zwei grüne Häuser gekauft"),
        (id(10), "мы гуляли с большими собаками"),
    ];
    let hers_in_run = [(id(21), "tea at five"), (id(22), "绿茶"), (id(23), "a green tea")];
    let his = [(id(31), "tea tea tea tea"), (id(32), "green"), (id(33), "green green green")];
    for (scope, texts) in [(&alice, &hers[..]), (&run, &hers_in_run[..]), (&bob, &his[..])] {
        context.put(scope, 1, texts.iter().map(|(id, text)| add(*id, *text)).collect()).await?;
    }
    let both: Vec<_> = hers.iter().chain(&hers_in_run).copied().collect();
    let other = Bm25 { k1: 1.5, b: 0.75 };
    for bm25 in [Bm25::default(), other] {
        for words in [
            "tea",
            "green tea",
            "painted bicycles",
            "绿茶",
            "unheard",
            "coffee coffee green",
            "Haus Lissabon",
            "Wem kaufe ich ein Haus?",
            "собака",
        ] {
            for (scope, texts) in [(&alice, &both[..]), (&run, &hers_in_run[..]), (&bob, &his[..])] {
                let (found, due) = (find(ledger, scope, words, bm25).await?, due(texts, words, bm25));
                let distinct = query_terms(words);
                let what = format!("{words:?} in {scope} with k1 {} and b {}", bm25.k1, bm25.b);
                check_eq!(
                    ids(&found),
                    due.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
                    "the order of hits for {what}"
                );
                for ((id, version, score), (_, due)) in found.hits.iter().zip(&due) {
                    check!(
                        (score - due).abs() <= 1e-3 * due.max(1.0),
                        "{id} scores {score}, due was {due}, for {what}"
                    );
                    check_eq!(*version, 1, "the version of {id}");
                    check!(
                        *score <= found.ceiling * 1.000_1,
                        "{score} is above the ceiling {}, for {what}",
                        found.ceiling
                    );
                }
                check_eq!(found.held.len(), found.hits.len(), "of how many hits the words are told, for {what}");
                for ((id, ..), held) in found.hits.iter().zip(&found.held) {
                    let own = texts.iter().find(|(of, _)| of == id).map(|(_, text)| terms(text)).unwrap_or_default();
                    for (place, term) in distinct.iter().enumerate() {
                        let due = own.iter().any(|(one, _)| term.ids().any(|id| id == *one));
                        check_eq!(held.has(place), due, "whether {id} holds term {place} of {what}");
                    }
                }
                check_eq!(found.weights.len(), distinct.len(), "how many terms have a weight, for {what}");
                check!(
                    (found.weights.iter().sum::<f32>() - found.ceiling).abs() <= 1e-3 * found.ceiling,
                    "the weights {:?} do not make the ceiling {}, for {what}",
                    found.weights,
                    found.ceiling
                );
                check!(found.ceiling.is_finite() && found.ceiling > 0.0, "the ceiling {} for {what}", found.ceiling);
            }
        }
    }
    for (words, due) in [("Häusern", 9), ("собака", 10)] {
        check_eq!(ids(&find(ledger, &alice, words, other).await?), [id(due)], "what {words:?} finds by its stem");
    }
    let nothing = find(ledger, &alice, "…", Bm25::default()).await?;
    check_eq!(nothing, KeywordHits { hits: vec![], ceiling: 0.0, weights: vec![], held: vec![] }, "hits without terms");
    Ok(())
}

async fn r12_words_follow_the_text(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let content = |text: &str| Some(Content::new(text));
    context
        .put(&alice, 1, vec![add(id(1), "lives in Oslo"), add(id(2), "likes tea"), add(id(3), "likes Oslo")])
        .await?;
    let steps = [
        (update(id(1), 1, "lives in Rome"), ["oslo: 3", "rome: 1", "tea: 2"]),
        (delete(id(2), 1), ["oslo: 3", "rome: 1", "tea: "]),
        (supersede(id(3), 1), ["oslo: ", "rome: 1", "tea: "]),
        (undo(id(2), 2, content("likes tea")), ["oslo: ", "rome: 1", "tea: 2"]),
        (undo(id(1), 2, content("lives in Oslo")), ["oslo: 1", "rome: ", "tea: 2"]),
        (undo(id(3), 2, content("likes Oslo")), ["oslo: 13", "rome: ", "tea: 2"]),
        (update(id(1), 3, "lives in Oslo"), ["oslo: 13", "rome: ", "tea: 2"]),
    ];
    for (second, (step, due)) in (2..).zip(steps) {
        let what = format!("after {:?} at {second}", step.kind);
        context.put(&alice, second, vec![step]).await?;
        for due in due {
            let (word, _) = due.split_once(':').unwrap_or_default();
            let mut found = ids(&find(ledger, &alice, word, Bm25::default()).await?);
            found.sort_unstable();
            let found: String = (1..4).filter(|n| found.contains(&id(*n))).map(|n| n.to_string()).collect();
            check_eq!(format!("{word}: {found}"), due, "what is found {what}");
        }
    }
    // What is gone no longer makes a word common.
    let found = find(ledger, &alice, "tea", Bm25::default()).await?;
    let texts = [(id(1), "lives in Oslo"), (id(2), "likes tea"), (id(3), "likes Oslo")];
    let due = due(&texts, "tea", Bm25::default());
    for ((_, _, score), (_, due)) in found.hits.iter().zip(&due) {
        check!((score - due).abs() <= 1e-3, "a score of {score} after all that, due was {due}");
    }
    Ok(())
}

async fn r12_keyword_filters_and_limits(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    for n in 0..40 {
        let mut content = Content::new(format!("tea {}", "and milk ".repeat(n)));
        content.metadata.insert("rare".into(), json!(n >= 37));
        context.put(&alice, 1, vec![add_content(id(n as u64), content)]).await?;
    }
    let mut query = KeywordQuery {
        scope: alice.clone(),
        terms: query_terms("tea"),
        filter: Filter::eq("rare", true),
        view: now(),
        limit: 3,
        bm25: Bm25::default(),
    };
    let found = ledger.keyword(&query).await?;
    check_eq!(ids(&found), [id(37), id(38), id(39)], "three behind 37 better ones that do not meet the filter");
    query.filter = Filter::All;
    check_eq!(ids(&ledger.keyword(&query).await?), [id(0), id(1), id(2)], "the best three");
    query.limit = 0;
    check_eq!(ids(&ledger.keyword(&query).await?), [], "hits with limit 0");
    Ok(())
}
