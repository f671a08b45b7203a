//! The suite of `Embedder`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mem0_core::{Embedder, Purpose};

use crate::check::Verdict;
use crate::data::texts::{HARD_TEXTS, long};
use crate::harness::{EmbedderHarness, Remote};
use crate::rules;
use crate::suite::{Case, Family, cases};
use crate::suites::abandon;
use crate::suites::faults::{self, Distant};
use crate::{check, check_eq, skip};

/// The suite of `Embedder`.
#[derive(Debug)]
pub struct EmbedderFamily;

/// What a case of the embedder suite works with.
pub struct EmbedderContext {
    harness: Arc<dyn EmbedderHarness>,
    embedder: Arc<dyn Embedder>,
}

impl std::fmt::Debug for EmbedderContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbedderContext").field("embedder", &self.embedder).finish_non_exhaustive()
    }
}

#[async_trait]
impl Family for EmbedderFamily {
    const NAME: &'static str = "embedder";
    const RULES: &'static str = rules::EMBEDDER;
    type Harness = dyn EmbedderHarness;
    type Context = EmbedderContext;

    fn cases() -> Vec<Case<EmbedderContext>> {
        [CASES.to_vec(), faults::cases()].concat()
    }

    async fn prepare(harness: &Arc<dyn EmbedderHarness>, _: &'static str) -> Verdict<EmbedderContext> {
        Ok(EmbedderContext { embedder: harness.connect().await?, harness: Arc::clone(harness) })
    }

    async fn finish(_: EmbedderContext) -> Verdict {
        Ok(())
    }
}

#[async_trait]
impl Distant for EmbedderContext {
    async fn remote(&self, timeout: Duration) -> Verdict<Remote> {
        match self.harness.remote(timeout).await {
            Some(remote) => Ok(remote?),
            None => skip!("this embedder asks nobody over HTTP"),
        }
    }
}

cases! { EmbedderContext:
    1 r1_one_vector_per_text_in_order,
    2 r2_dimensions_and_finite_numbers,
    3 r3_vectors_have_length_one,
    4 r4_same_text_same_vector,
    5 r5_empty_batch_without_io,
    6 r6_large_batches_are_split,
    7 r7_any_text_is_accepted,
    8 r8_paraphrases_are_nearer,
    9 r9_identity_stays,
    10 r10_dropping_leaves_nothing,
}

const PURPOSES: [Purpose; 2] = [Purpose::Store, Purpose::Query];

const SENTENCES: [&str; 6] = [
    "Ana is allergic to peanuts.",
    "The train to Lisbon leaves at noon.",
    "She paints with watercolours on Sundays.",
    "My brother works as a nurse in Oslo.",
    "The server runs out of memory at night.",
    "Green tea without sugar, please.",
];

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn same(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= 1e-5)
}

async fn one(embedder: &dyn Embedder, text: &str, purpose: Purpose) -> Verdict<Vec<f32>> {
    let mut vectors = embedder.embed(&[text], purpose).await?;
    check_eq!(vectors.len(), 1, "vectors of one text");
    Ok(vectors.pop().unwrap_or_default())
}

async fn r1_one_vector_per_text_in_order(context: &EmbedderContext) -> Verdict {
    for purpose in PURPOSES {
        let vectors = context.embedder.embed(&SENTENCES, purpose).await?;
        check_eq!(vectors.len(), SENTENCES.len(), "vectors of {} texts", SENTENCES.len());
        // Also where a text occurs twice.
        let mut turned: Vec<&str> = SENTENCES.iter().rev().copied().collect();
        turned.extend(SENTENCES.first());
        let again = context.embedder.embed(&turned, purpose).await?;
        check_eq!(again.len(), turned.len(), "vectors of texts of which one occurs twice");
        for (text, vector) in turned.iter().zip(&again) {
            let due = SENTENCES.iter().zip(&vectors).find(|(sentence, _)| *sentence == text);
            check!(due.is_some_and(|(_, due)| same(vector, due)), "the vector at the place of {text:?} is another's");
        }
    }
    Ok(())
}

async fn r2_dimensions_and_finite_numbers(context: &EmbedderContext) -> Verdict {
    let dims = context.embedder.identity().dims;
    check!(dims > 0, "the identity promises no dimension");
    for purpose in PURPOSES {
        let texts: Vec<&str> = SENTENCES.iter().chain(HARD_TEXTS).copied().collect();
        for (text, vector) in texts.iter().zip(context.embedder.embed(&texts, purpose).await?) {
            check_eq!(vector.len(), dims, "numbers of the vector of {text:?}");
            check!(vector.iter().all(|x| x.is_finite()), "the vector of {text:?} holds NaN or infinity");
        }
    }
    Ok(())
}

async fn r3_vectors_have_length_one(context: &EmbedderContext) -> Verdict {
    let texts: Vec<&str> = SENTENCES.iter().chain(HARD_TEXTS).chain(&["", " ", "\n\t", "…", "a"]).copied().collect();
    for purpose in PURPOSES {
        for (text, vector) in texts.iter().zip(context.embedder.embed(&texts, purpose).await?) {
            let length = cosine(&vector, &vector).sqrt();
            check!((length - 1.0).abs() <= 1e-3, "the vector of {text:?} has length {length}");
        }
    }
    Ok(())
}

async fn r4_same_text_same_vector(context: &EmbedderContext) -> Verdict {
    let long = long(3_000);
    let texts: Vec<&str> = SENTENCES.iter().copied().chain(["", long.as_str(), "short"]).collect();
    let other = context.harness.connect().await?;
    for purpose in PURPOSES {
        let batch = context.embedder.embed(&texts, purpose).await?;
        let elsewhere = other.embed(&texts, purpose).await?;
        for ((text, batched), elsewhere) in texts.iter().zip(&batch).zip(&elsewhere) {
            let start: String = text.chars().take(30).collect();
            let alone = one(&*context.embedder, text, purpose).await?;
            check!(same(&alone, batched), "{start:?} has one vector alone and another one in a batch");
            check!(same(&alone, elsewhere), "{start:?} has another vector from a second handle");
        }
    }
    Ok(())
}

async fn r5_empty_batch_without_io(context: &EmbedderContext) -> Verdict {
    let before = context.harness.requests();
    for purpose in PURPOSES {
        check_eq!(context.embedder.embed(&[], purpose).await?.len(), 0, "vectors of no text");
    }
    // Other cases run at the same time, so only a fresh handle tells.
    if let (Some(_), Ok(fresh)) = (before, context.harness.connect().await) {
        check_eq!(fresh.embed(&[], Purpose::Store).await?.len(), 0, "vectors of no text from a fresh handle");
    }
    Ok(())
}

async fn r6_large_batches_are_split(context: &EmbedderContext) -> Verdict {
    let texts: Vec<String> = (0..context.harness.beyond_one_batch()).map(|n| format!("Note number {n}.")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = context.embedder.embed(&texts, Purpose::Store).await?;
    check_eq!(vectors.len(), texts.len(), "vectors of a large batch");
    for place in [0, 1, texts.len() / 2, texts.len() - 1] {
        if let (Some(text), Some(vector)) = (texts.get(place), vectors.get(place)) {
            let alone = one(&*context.embedder, text, Purpose::Store).await?;
            check!(same(vector, &alone), "place {place} of a large batch holds another text's vector");
        }
    }
    Ok(())
}

async fn r7_any_text_is_accepted(context: &EmbedderContext) -> Verdict {
    for purpose in PURPOSES {
        check_eq!(context.embedder.embed(HARD_TEXTS, purpose).await?.len(), HARD_TEXTS.len(), "vectors of hard texts");
        for bytes in [10_000, 1_000_000] {
            let text = long(bytes);
            let vector = one(&*context.embedder, &text, purpose).await?;
            check!((cosine(&vector, &vector) - 1.0).abs() <= 1e-2, "the vector of {bytes} bytes has not length 1");
        }
    }
    Ok(())
}

async fn r8_paraphrases_are_nearer(context: &EmbedderContext) -> Verdict {
    let triples = [
        ("Ana is allergic to peanuts.", "Ana has a peanut allergy.", "The train leaves the station at noon."),
        ("I moved to Lisbon last year.", "Last year I moved to the city of Lisbon.", "Cats sleep most of the day."),
        ("He drinks green tea every morning.", "Every morning he has a green tea.", "The invoice was paid by card."),
    ];
    for (text, paraphrase, unrelated) in triples {
        let query = one(&*context.embedder, text, Purpose::Query).await?;
        let near = cosine(&query, &one(&*context.embedder, paraphrase, Purpose::Store).await?);
        let far = cosine(&query, &one(&*context.embedder, unrelated, Purpose::Store).await?);
        check!(near > far + 0.1, "{text:?} is at {near} to {paraphrase:?} and at {far} to {unrelated:?}");
    }
    Ok(())
}

async fn r9_identity_stays(context: &EmbedderContext) -> Verdict {
    let before = context.embedder.identity().clone();
    check!(!before.model.is_empty(), "the identity names no model");
    for purpose in PURPOSES {
        context.embedder.embed(&SENTENCES, purpose).await?;
        check_eq!(context.embedder.identity(), &before, "the identity after a call");
    }
    check_eq!(context.harness.connect().await?.identity(), &before, "the identity of a second handle");
    Ok(())
}

async fn r10_dropping_leaves_nothing(context: &EmbedderContext) -> Verdict {
    let due = context.embedder.embed(&SENTENCES, Purpose::Store).await?;
    for polls in 0..8 {
        let others: Vec<&str> = HARD_TEXTS.iter().copied().cycle().take(100).collect();
        abandon(context.embedder.embed(&others, Purpose::Store), polls).await;
        let after = context.embedder.embed(&SENTENCES, Purpose::Store).await?;
        check_eq!(after.len(), due.len(), "vectors after a call that was dropped at poll {polls}");
        let unchanged = after.iter().zip(&due).all(|(a, b)| same(a, b));
        check!(unchanged, "other vectors after a call that was dropped at poll {polls}");
    }
    Ok(())
}
