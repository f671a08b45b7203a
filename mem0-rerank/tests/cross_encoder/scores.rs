//! What a pair becomes.

use mem0_core::Reranker as _;
use proptest::prelude::*;
use serde_json::json;

use crate::tiny::{POSITIONS, Tiny, Weights};
use crate::{block_on, head, open, open_with, reference, rerank, tiny};

const DOCUMENTS: [&str; 5] = [
    "ana drinks green tea every morning",
    "a",
    "my brother works as a nurse in oslo",
    "",
    "the server runs out of memory at night without sugar please",
];

/// The tokens of a pair whose every word is in the vocabulary, and of which text
/// each is.
fn pair(tiny: &Tiny, query: &str, text: &str) -> (Vec<usize>, Vec<usize>) {
    let ids = |words: &str| words.split_whitespace().map(|word| tiny.id(word)).collect::<Vec<_>>();
    let (query, text) = (ids(query), ids(text));
    let segments = [vec![0; query.len() + 2], vec![1; text.len() + 1]].concat();
    let separator = || vec![tiny.id("[SEP]")];
    ([vec![tiny.id("[CLS]")], query, separator(), text, separator()].concat(), segments)
}

/// The encoder without the name that it lies below.
fn encoder(tiny: &Tiny, name: &str) -> Weights {
    let plain = |(key, value): (&String, &_)| Some((key.strip_prefix(name)?.to_owned(), Clone::clone(value)));
    tiny.weights.iter().filter_map(plain).collect()
}

#[test]
fn scores_are_those_of_plain_loops() {
    let (tiny, folder) = tiny();
    let weights = encoder(&tiny, "bert.");
    let said = rerank(&open(&folder), "ana drinks tea", &DOCUMENTS);
    assert!(said.unscored.is_empty());
    for (score, text) in said.scores.iter().zip(DOCUMENTS) {
        let (ids, segments) = pair(&tiny, "ana drinks tea", text);
        let states = reference::states_of(&weights, &ids, &segments, 0);
        let due = head::score(&tiny, ["bert.pooler.dense", "classifier"], &states[0]);
        assert!((f64::from(*score) - due).abs() < 1e-4, "{text:?}: {score} instead of {due}");
    }
    // They differ, else nothing would have been seen.
    let spread = said.scores.iter().fold((1.0_f32, 0.0_f32), |(low, high), s| (low.min(*s), high.max(*s)));
    assert!(spread.1 - spread.0 > 1e-3, "{spread:?}");
}

#[test]
fn robertas_head_and_positions_are_its_own() {
    let (mut tiny, folder) = (Tiny::new(1), tempfile::tempdir().unwrap());
    head::roberta(&mut tiny);
    // It has one segment.
    tiny.write(folder.path());
    let mut config = tiny.config();
    config["model_type"] = json!("xlm-roberta");
    config["pad_token_id"] = json!(1);
    tiny.write_json(folder.path(), "config.json", &config);
    let weights = encoder(&tiny, "roberta.");
    let said = rerank(&open(&folder), "green tea", &DOCUMENTS);
    for (score, text) in said.scores.iter().zip(DOCUMENTS) {
        let (ids, _) = pair(&tiny, "green tea", text);
        let states = reference::states_of(&weights, &ids, &vec![0; ids.len()], 2);
        let due = head::score(&tiny, ["classifier.dense", "classifier.out_proj"], &states[0]);
        assert!((f64::from(*score) - due).abs() < 1e-4, "{text:?}: {score} instead of {due}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_document_has_one_score_in_every_batch(
        query in "[a-z .\\PC]{0,40}",
        texts in prop::collection::vec("[a-z .\\PC]{0,60}", 0..12),
        batch_tokens in 1usize..200,
        threads in 1usize..4,
    ) {
        let (_, folder) = tiny();
        let reranker = open_with(&folder, |config| {
            config.batch_tokens = batch_tokens;
            config.threads = Some(threads);
        }).unwrap();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let said = rerank(&reranker, &query, &texts);
        prop_assert_eq!(&said, &rerank(&reranker, &query, &texts));
        prop_assert_eq!(said.scores.len(), texts.len());
        for (text, score) in texts.iter().zip(&said.scores) {
            prop_assert!((0.0..=1.0).contains(score));
            prop_assert!((rerank(&reranker, &query, &[text]).scores[0] - score).abs() < 1e-5);
        }
    }
}

#[test]
fn a_long_pair_is_cut_and_the_longer_text_loses_more() {
    let (tiny, folder) = tiny();
    let words = |n: usize| "tea ".repeat(n);
    // Three places are those of [CLS] and [SEP]; the query has two.
    let room = POSITIONS - 3 - 2;
    let last_word_counts = |reranker: &_, n: usize| {
        let said = rerank(reranker, "green tea", &[&words(n), &format!("{}city", words(n - 1)), &words(5_000)]);
        (said.scores[0] != said.scores[1], said.scores[0] == said.scores[2])
    };
    let whole = open(&folder);
    assert_eq!(last_word_counts(&whole, room), (true, true));
    assert_eq!(last_word_counts(&whole, room + 1), (false, true));
    let short = open_with(&folder, |config| config.max_length = Some(10)).unwrap();
    assert_eq!(last_word_counts(&short, 5), (true, true));
    assert_eq!(last_word_counts(&short, 6), (false, true));
    let beyond = open_with(&folder, |config| config.max_length = Some(1_000)).unwrap();
    assert_eq!(last_word_counts(&beyond, room + 1), (false, true));
    // A long question leaves the document its words.
    let said = rerank(&whole, &words(5_000), &["oslo", "lisbon"]);
    assert_ne!(said.scores[0], said.scores[1]);
    tiny.write_json(folder.path(), "tokenizer_config.json", &json!({ "model_max_length": 10 }));
    assert_eq!(last_word_counts(&open(&folder), 6), (false, true));
}

#[test]
fn a_dropped_call_leaves_the_next_one_whole() {
    let (_, folder) = tiny();
    let reranker = open(&folder);
    let due = rerank(&reranker, "tea", &DOCUMENTS);
    for _ in 0..20 {
        block_on(async {
            let many = [DOCUMENTS[0]; 500];
            let mut call = reranker.rerank("tea", &many);
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let _ = call.as_mut().poll(&mut context);
        });
        assert_eq!(rerank(&reranker, "tea", &DOCUMENTS), due);
    }
}
