//! What a text becomes.

use mem0_core::{Embedder as _, Purpose};
use proptest::prelude::*;
use serde_json::json;

use crate::tiny::{POSITIONS, Tiny};
use crate::{assert_near, block_on, embed, one, open, open_with, reference, tiny};

const TEXTS: [&str; 5] = [
    "ana drinks green tea every morning",
    "a",
    "my brother works as a nurse in oslo",
    "",
    "the server runs out of memory at night without sugar please",
];

/// The tokens of a text whose every word is in the vocabulary.
fn ids(tiny: &Tiny, text: &str) -> Vec<usize> {
    ["[CLS]"].into_iter().chain(text.split_whitespace()).chain(["[SEP]"]).map(|token| tiny.id(token)).collect()
}

#[test]
fn vectors_are_those_of_plain_loops() {
    let (tiny, folder) = tiny();
    let expected = TEXTS.map(|text| reference::states(&tiny.weights, &ids(&tiny, text), 0));

    for (vector, states) in embed(&open(&folder), &TEXTS).iter().zip(&expected) {
        assert_near(vector, reference::mean(states), 1e-4);
    }
    tiny.write_json(folder.path(), "1_Pooling/config.json", &json!({ "pooling_mode_cls_token": true }));
    for (vector, states) in embed(&open(&folder), &TEXTS).iter().zip(&expected) {
        assert_near(vector, reference::first(states), 1e-4);
    }
}

#[test]
fn roberta_counts_positions_from_behind_the_padding() {
    let (tiny, folder) = tiny();
    let mut config = tiny.config();
    config["model_type"] = json!("roberta");
    config["pad_token_id"] = json!(1);
    tiny.write_json(folder.path(), "config.json", &config);
    for (vector, text) in embed(&open(&folder), &TEXTS).iter().zip(TEXTS) {
        let states = reference::states(&tiny.weights, &ids(&tiny, text), 2);
        assert_near(vector, reference::mean(&states), 1e-4);
    }
}

#[test]
fn an_encoder_below_a_name_is_found() {
    let (mut tiny, folder) = tiny();
    let plain = embed(&open(&folder), &TEXTS);
    tiny.weights = std::mem::take(&mut tiny.weights).into_iter().map(|(k, v)| (format!("bert.{k}"), v)).collect();
    tiny.write(folder.path());
    assert_eq!(embed(&open(&folder), &TEXTS), plain);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_text_has_one_vector_in_every_batch(
        texts in prop::collection::vec("[a-z .\\PC]{0,60}", 1..12),
        batch_tokens in 1usize..200,
        threads in 1usize..4,
    ) {
        let (_, folder) = tiny();
        let embedder = open_with(&folder, |config| {
            config.batch_tokens = batch_tokens;
            config.threads = Some(threads);
        }).unwrap();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = embed(&embedder, &texts);
        prop_assert_eq!(&vectors, &embed(&embedder, &texts));
        prop_assert_eq!(vectors.len(), texts.len());
        for (text, vector) in texts.iter().zip(&vectors) {
            let length: f32 = vector.iter().map(|x| x * x).sum();
            prop_assert!((length - 1.0).abs() < 1e-4);
            assert_near(vector, one(&embedder, text, Purpose::Store), 1e-5);
        }
    }
}

#[test]
fn more_texts_than_a_turn_takes_keep_their_order() {
    let (_, folder) = tiny();
    let embedder = open_with(&folder, |config| config.batch_tokens = 100).unwrap();
    let texts: Vec<String> = (0..600).map(|n| format!("note {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = embed(&embedder, &texts);
    assert_eq!(vectors.len(), 600);
    for n in [0, 1, 255, 256, 300, 511, 512, 599] {
        assert_near(&vectors[n], one(&embedder, texts[n], Purpose::Store), 1e-5);
    }
    assert!(embed(&embedder, &[]).is_empty());
}

#[test]
fn a_long_text_is_cut_where_the_folder_says() {
    let (tiny, folder) = tiny();
    let words = |n: usize| "tea ".repeat(n);
    let last_word_counts = |n: usize| {
        let embedder = open(&folder);
        let vectors = embed(&embedder, &[&words(n), &format!("{}city", words(n - 1)), &words(5_000)]);
        (vectors[0] != vectors[1], vectors[0] == vectors[2])
    };
    // Two places are those of [CLS] and [SEP]; the truncation to eight in
    // tokenizer.json is not for this.
    assert_eq!(last_word_counts(POSITIONS - 2), (true, true));
    assert_eq!(last_word_counts(POSITIONS - 1), (false, true));

    tiny.write_json(folder.path(), "tokenizer_config.json", &json!({ "model_max_length": 20 }));
    assert_eq!(last_word_counts(18), (true, true));
    assert_eq!(last_word_counts(19), (false, true));
    tiny.write_json(
        folder.path(),
        "sentence_bert_config.json",
        &json!({ "max_seq_length": 10, "do_lower_case": true }),
    );
    assert_eq!(last_word_counts(8), (true, true));
    assert_eq!(last_word_counts(9), (false, true));
    tiny.write_json(folder.path(), "sentence_bert_config.json", &json!({ "max_seq_length": 1e30 }));
    assert_eq!(last_word_counts(POSITIONS - 2), (true, true));
}

#[test]
fn the_empty_text_needs_no_special_token() {
    let (tiny, folder) = tiny();
    let mut tokenizer = tiny.tokenizer();
    tokenizer["post_processor"] = json!(null);
    tiny.write_json(folder.path(), "tokenizer.json", &tokenizer);
    let states = reference::states(&tiny.weights, &[tiny.id("[PAD]")], 0);
    assert_near(&embed(&open(&folder), &[""])[0], reference::mean(&states), 1e-4);
}

#[test]
fn prompts_stand_before_questions_and_stored_texts() {
    let (tiny, folder) = tiny();
    let plain = open(&folder);
    let after = |prefix: &str| one(&plain, &format!("{prefix}green tea"), Purpose::Store);
    let both = |config: Option<[&str; 2]>| {
        let embedder = open_with(&folder, |c| {
            c.query_prefix = config.map(|[query, _]| query.to_owned());
            c.document_prefix = config.map(|[_, document]| document.to_owned());
        });
        [Purpose::Query, Purpose::Store].map(|purpose| one(embedder.as_ref().unwrap(), "green tea", purpose))
    };
    assert_eq!(both(None), ["", ""].map(after));
    assert_eq!(both(Some(["query: ", "passage: "])), ["query: ", "passage: "].map(after));

    let prompts = json!({ "query": "query: ", "passage": "passage: ", "other": "number " });
    tiny.write_json(folder.path(), "config_sentence_transformers.json", &json!({ "prompts": prompts }));
    assert_eq!(both(None), ["query: ", "passage: "].map(after));
    assert_eq!(both(Some(["", "note "])), ["", "note "].map(after));

    let default = json!({ "prompts": { "query": "query: ", "other": "number " }, "default_prompt_name": "other" });
    tiny.write_json(folder.path(), "config_sentence_transformers.json", &default);
    assert_eq!(both(None), ["query: ", "number "].map(after));
}

#[test]
fn a_dropped_call_leaves_the_next_one_whole() {
    let (_, folder) = tiny();
    let embedder = open(&folder);
    let due = embed(&embedder, &TEXTS);
    for _ in 0..20 {
        block_on(async {
            let many = [TEXTS[0]; 500];
            let mut call = embedder.embed(&many, Purpose::Store);
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let _ = call.as_mut().poll(&mut context);
        });
        assert_eq!(embed(&embedder, &TEXTS), due);
    }
}
