//! Rules 35 to 37: search by words, where it is declared.

use mem0_core::{ErrorKind, Filter, MemoryId, Point, Result, Scope, Selector, TextHit, TextQuery};
use serde_json::json;

use super::VectorContext;
use super::context::Shelf;
use crate::check::{Verdict, refused};
use crate::data::points::{at, axis, id, later, point};
use crate::suite::cases;
use crate::{check, check_eq, skip};

cases! { VectorContext:
    35 r35_texts_that_share_a_word_are_found,
    35 r35_undeclared_is_refused,
    36 r36_more_of_the_words_come_first,
    36 r36_no_words_find_nothing,
    37 r37_scope_and_filter_before_limit,
    37 r37_writes_and_deletions_show,
    37 r37_a_batch_is_the_same_as_one_by_one,
    37 r37_a_question_is_no_query_syntax,
}

// Words that no stemmer and no list of stop words knows.
const TEXTS: [&str; 8] = [
    "zorblat quimbo",
    "Zorblat, vexily!",
    "quimbo (quimbo) fenwick",
    "fenwick",
    "Ζορμπλατ καλημερα",
    "хорблат добро",
    "größenwahn zürich",
    "",
];

async fn filled(context: &VectorContext) -> Verdict<Shelf> {
    if !context.capabilities().keyword {
        skip!("`keyword` is not declared");
    }
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let text = |(n, text)| point(id(n), &alice, axis(0), json!({"data": text, "n": n}));
    shelf.put(&(0..).zip(TEXTS).map(text).collect::<Vec<Point>>()).await?;
    Ok(shelf)
}

async fn ask(shelf: &Shelf, query: TextQuery) -> Result<Vec<TextHit>> {
    let mut answers = shelf.search_text(&[query]).await?;
    match (answers.pop(), answers.is_empty()) {
        (Some(answer), true) => Ok(answer),
        _ => Err(mem0_core::Error::internal("one question, and not one answer")),
    }
}

fn found(hits: &[TextHit]) -> Vec<MemoryId> {
    let mut ids: Vec<_> = hits.iter().map(|hit| hit.id).collect();
    ids.sort_unstable();
    ids
}

async fn asked(shelf: &Shelf, text: &str, limit: usize) -> Result<Vec<TextHit>> {
    ask(shelf, TextQuery::new(Scope::user("alice")?, text, limit)).await
}

async fn r35_texts_that_share_a_word_are_found(context: &VectorContext) -> Verdict {
    let shelf = filled(context).await?;
    for (question, due) in [
        ("zorblat", vec![0, 1]),
        ("ZORBLAT", vec![0, 1]),
        ("what of vexily?", vec![1]),
        ("quimbo zorblat", vec![0, 1, 2]),
        ("fenwick, vexily", vec![1, 2, 3]),
        ("καλημερα", vec![4]),
        ("добро хорблат", vec![5]),
        ("größenwahn", vec![6]),
        ("zorblatt", vec![]),
        ("zorb", vec![]),
        ("orblat", vec![]),
    ] {
        let due: Vec<_> = due.into_iter().map(id).collect();
        shelf
            .patiently(async || {
                check_eq!(found(&asked(&shelf, question, 20).await?), due, "what {question:?} finds");
                Ok(())
            })
            .await?;
    }
    Ok(())
}

async fn r35_undeclared_is_refused(context: &VectorContext) -> Verdict {
    if context.capabilities().keyword {
        skip!("`keyword` is declared");
    }
    let shelf = context.shelf().await?;
    refused(asked(&shelf, "zorblat", 5).await, &[ErrorKind::Unsupported], "a search by words, which is not declared,")
}

async fn r36_more_of_the_words_come_first(context: &VectorContext) -> Verdict {
    let shelf = filled(context).await?;
    let alice = Scope::user("alice")?;
    let texts = ["wimple drax", "wimple other", "some other", "drax wimple", "drax other"];
    let mut points: Vec<_> =
        (100..).zip(texts).map(|(n, text)| point(id(n), &alice, axis(0), json!({"data": text}))).collect();
    // So many that both words are rare.
    points.extend((200..240).map(|n| point(id(n), &alice, axis(0), json!({"data": format!("filler f{n}x")}))));
    shelf.put(&points).await?;
    shelf
        .patiently(async || {
            let hits = asked(&shelf, "drax wimple", 20).await?;
            check_eq!(found(&hits), [id(100), id(101), id(103), id(104)], "what two words find");
            let (both, one): (Vec<_>, Vec<_>) = hits.iter().partition(|hit| [id(100), id(103)].contains(&hit.id));
            let lowest = both.iter().map(|hit| hit.score).fold(f32::MAX, f32::min);
            let highest = one.iter().map(|hit| hit.score).fold(0.0, f32::max);
            check!(lowest > highest, "a text with both words scores {lowest}, one with one of them {highest}");
            for (a, b) in hits.iter().zip(hits.iter().skip(1)) {
                let falls = a.score > b.score || (a.score == b.score && a.id < b.id);
                check!(falls, "{} with {} is before {} with {}", a.id, a.score, b.id, b.score);
            }
            check!(hits.iter().all(|hit| hit.score > 0.0 && hit.version == 1), "a score or version is wrong: {hits:?}");
            let best = asked(&shelf, "drax wimple", 2).await?;
            check_eq!(found(&best), [id(100), id(103)], "the best two");
            Ok(())
        })
        .await
}

async fn r36_no_words_find_nothing(context: &VectorContext) -> Verdict {
    let shelf = filled(context).await?;
    for question in ["", "   ", "?!…", "()", "\n\t"] {
        check_eq!(found(&asked(&shelf, question, 20).await?), [], "what {question:?} finds");
    }
    check_eq!(found(&asked(&shelf, "zorblat", 0).await?), [], "hits with limit 0");
    Ok(())
}

async fn r37_scope_and_filter_before_limit(context: &VectorContext) -> Verdict {
    let shelf = filled(context).await?;
    let (alice, bob) = (Scope::user("alice")?, Scope::user("bob")?);
    // Everything of bob's answers better than anything of alice's.
    let mut points: Vec<_> =
        (1_000..1_500).map(|n| point(id(n), &bob, at(0.5), json!({"data": "zorblat", "n": n}))).collect();
    points.extend((2_000..2_100).map(|n| point(id(n), &alice, at(0.5), json!({"data": "zorblat", "n": n}))));
    shelf.put(&points).await?;
    let all: Vec<_> = [0, 1].into_iter().chain(2_000..2_100).map(id).collect();
    shelf
        .patiently(async || {
            check_eq!(found(&asked(&shelf, "zorblat", 700).await?), all, "hits in the scope");
            check_eq!(asked(&shelf, "zorblat", 50).await?.len(), 50, "hits with a limit");
            Ok(())
        })
        .await?;
    // The texts that meet a filter are longer than the hundred others.
    let filters = [(Filter::eq("n", 1), vec![1]), (Filter::lt("n", 2), vec![0, 1]), (!Filter::gt("n", 0), vec![0])];
    for (filter, due) in filters {
        if filter.plan(&context.capabilities().filter).is_exact() {
            let query = TextQuery::new(alice.clone(), "zorblat", 5).with_filter(filter.clone());
            let due: Vec<_> = due.into_iter().map(id).collect();
            check_eq!(found(&ask(&shelf, query).await?), due, "hits that meet {filter}");
        }
    }
    Ok(())
}

async fn r37_writes_and_deletions_show(context: &VectorContext) -> Verdict {
    let shelf = filled(context).await?;
    let alice = Scope::user("alice")?;
    let old = point(id(0), &alice, axis(0), json!({"data": TEXTS[0]}));
    shelf.put(&[later(&old, 2, axis(1), json!({"data": "murgle", "n": 0}))]).await?;
    shelf.remove(&Selector::Ids(vec![(id(1), 1)])).await?;
    shelf
        .patiently(async || {
            check_eq!(
                found(&asked(&shelf, "zorblat", 20).await?),
                [],
                "what the words of replaced and deleted texts find"
            );
            let hits = asked(&shelf, "murgle", 20).await?;
            check_eq!(found(&hits), [id(0)], "what the words of the new text find");
            check_eq!(hits.first().map(|hit| hit.version), Some(2), "the version of what was found");
            Ok(())
        })
        .await
}

async fn r37_a_batch_is_the_same_as_one_by_one(context: &VectorContext) -> Verdict {
    let shelf = filled(context).await?;
    let (alice, bob) = (Scope::user("alice")?, Scope::user("bob")?);
    let words = ["zorblat", "quimbo fenwick", "", "nothing", "vexily"];
    let mut queries: Vec<_> = words.map(|words| TextQuery::new(alice.clone(), words, 3)).into();
    queries.push(TextQuery::new(bob, "zorblat", 3));
    let together = shelf.search_text(&queries).await?;
    check_eq!(together.len(), queries.len(), "answers to {} questions", queries.len());
    for (query, together) in queries.into_iter().zip(together) {
        let what = format!("the answer to {:?} of {}", query.text, query.scope);
        check_eq!(found(&together), found(&ask(&shelf, query).await?), "{what}, in a batch and alone");
    }
    check_eq!(shelf.search_text(&[]).await?.len(), 0, "answers to no question");
    Ok(())
}

async fn r37_a_question_is_no_query_syntax(context: &VectorContext) -> Verdict {
    let shelf = filled(context).await?;
    // What a query language would take for a wildcard, a prefix, a field or
    // something fuzzy finds no more than its words do.
    for question in ["zorbl*", "*", "zorbla?", "/zorb.*/", "%zorb%", "~", "[a TO z]", "n:1", "@n:[0 9]", "a:* & !b"] {
        check_eq!(found(&asked(&shelf, question, 20).await?), [], "what {question:?} finds");
    }
    for question in [
        "zorblat AND vexily",
        "-zorblat",
        "!zorblat",
        "NOT zorblat",
        "+quimbo zorblat vexily",
        "(zorblat",
        "\"zorblat",
        "'zorblat' | vexily",
        "zorblat: vexily",
        "zorblat\\",
        "zorblat; DROP TABLE memories",
        "zorblat\0vexily",
        "{zorblat}",
        "zorblat^9",
        "$zorblat",
    ] {
        let hits = found(&asked(&shelf, question, 20).await?);
        let due = [id(0), id(1)].iter().all(|due| hits.contains(due));
        check!(due, "{question:?} finds {hits:?}, and both texts with the word were due");
    }
    Ok(())
}
