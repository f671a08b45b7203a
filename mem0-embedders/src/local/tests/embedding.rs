//! Rules of the `Embedder` trait, and what a text means.

use std::task::{Context, Poll, Waker};

use mem0_core::{Embedder, Purpose};
use proptest::prelude::*;

use super::{cosine, model};
use crate::local::{LocalConfig, LocalEmbedder, MAX_TOKENS, SHIPPED_MODEL};

fn embed(embedder: &LocalEmbedder, texts: &[&str]) -> (Vec<Vec<f32>>, usize) {
    let mut future = embedder.embed(texts, Purpose::Store);
    let mut cx = Context::from_waker(Waker::noop());
    let mut polls = 1;
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(vectors) => return (vectors.unwrap(), polls),
            Poll::Pending => polls += 1,
        }
    }
}

fn assert_unit(vector: &[f32]) {
    assert_eq!(vector.len(), 256);
    assert!(vector.iter().all(|x| x.is_finite()));
    let length = cosine(vector, vector).sqrt();
    assert!((length - 1.0).abs() < 1e-4, "length {length}");
}

proptest! {
    #[test]
    fn any_text_gives_a_unit_vector(text in any::<String>()) {
        let model = model();
        let vector = model.embed(&text);
        assert_unit(&vector);
        prop_assert_eq!(vector, model.embed(&text));
    }

    #[test]
    fn a_batch_is_its_texts(texts in prop::collection::vec("\\PC{0,30}", 0..20)) {
        let embedder = LocalEmbedder::shipped().unwrap();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (vectors, _) = embed(&embedder, &texts);
        prop_assert_eq!(vectors.len(), texts.len());
        for (text, vector) in texts.iter().zip(&vectors) {
            prop_assert_eq!(vector, &embedder.model().embed(text));
        }
    }
}

#[test]
fn paraphrases_are_nearer_than_strangers() {
    let model = model();
    let triples = [
        (
            "She adopted a puppy from the shelter.",
            "A dog was brought home from the animal rescue.",
            "The quarterly revenue report is late.",
        ),
        ("I am allergic to peanuts.", "Nuts give me an allergic reaction.", "My train leaves from platform nine."),
        ("What does he do for a living?", "His job is teaching mathematics.", "The lake froze over last winter."),
        ("We moved to Berlin in March.", "They relocated to a city in Germany.", "The recipe needs two cups of flour."),
    ];
    for (text, paraphrase, stranger) in triples {
        let text = model.embed(text);
        let near = cosine(&text, &model.embed(paraphrase));
        let far = cosine(&text, &model.embed(stranger));
        assert!(near > far + 0.1, "{paraphrase:?} {near}, {stranger:?} {far}");
    }
}

#[test]
fn texts_without_known_words_are_told_apart() {
    let model = model();
    let texts = ["", "🎉", "🌧", "👩‍👩‍👧", "ꙮꙮꙮ"];
    let vectors: Vec<_> = texts.iter().map(|text| model.embed(text)).collect();
    let plain = model.embed("We celebrated with a party in the rain.");
    for (i, vector) in vectors.iter().enumerate() {
        assert_unit(vector);
        assert!(cosine(vector, &plain).abs() < 0.3, "{:?}", texts[i]);
        for (j, other) in vectors.iter().enumerate().skip(i + 1) {
            assert!(cosine(vector, other) < 0.5, "{:?} {:?}", texts[i], texts[j]);
        }
    }
    assert_eq!(model.embed(""), model.embed(" \n\t"));
    let long = "ꙮ".repeat(60);
    assert!(cosine(&model.embed(&long), &model.embed(&format!("{long}🎉"))) > 0.9);
}

#[test]
fn an_unknown_word_does_not_change_a_known_text() {
    let model = model();
    assert_eq!(model.embed("a sunny day"), model.embed("a sunny 🌞 day"));
}

#[test]
fn a_long_text_is_cut_at_the_documented_length() {
    let model = model();
    let full = "tea ".repeat(MAX_TOKENS);
    assert_eq!(model.embed(&full), model.embed(&format!("{full} volcano")));
    let almost = "tea ".repeat(MAX_TOKENS - 1);
    assert_ne!(model.embed(&almost), model.embed(&format!("{almost} volcano")));
}

#[test]
fn a_large_batch_lets_other_tasks_run() {
    let embedder = LocalEmbedder::shipped().unwrap();
    let (vectors, polls) = embed(&embedder, &["text"; 1_000]);
    assert_eq!(vectors.len(), 1_000);
    assert_eq!(polls, 4);
    assert_eq!(embed(&embedder, &[]), (vec![], 1));
}

#[test]
fn the_identity_names_model_dimensions_and_content() {
    let embedder = LocalEmbedder::from_config(&LocalConfig::default()).unwrap();
    let identity = embedder.identity();
    assert_eq!(identity.model, format!("local/{SHIPPED_MODEL}"));
    assert_eq!(identity.dims, 256);
    assert_eq!(identity.digest.len(), 64);
}
