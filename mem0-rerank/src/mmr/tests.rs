use mem0_core::BuildContext;
use mem0_core::reference::HashEmbedder;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn by_words(lambda: f32) -> Mmr {
    Mmr::new(lambda, None).unwrap()
}

fn by_vectors(lambda: f32) -> Mmr {
    Mmr::new(lambda, Some(Arc::new(HashEmbedder::default()))).unwrap()
}

const DOCUMENTS: [&str; 4] =
    ["Ana drinks green tea", "Ana drinks green tea daily", "Ben sells green tea cups", "The train leaves at noon"];

#[tokio::test]
async fn what_says_the_same_comes_later() {
    for mmr in [by_words(0.5), by_vectors(0.5)] {
        let order = mmr.rerank("green tea drinks", &DOCUMENTS).await.unwrap().order();
        assert_eq!(order[0], 0, "{mmr:?}");
        let at = |place| order.iter().position(|found| *found == place).unwrap();
        assert!(at(2) < at(1), "{mmr:?}: {order:?}");
    }
}

#[tokio::test]
async fn lambda_one_is_nearness_alone_and_copies_are_then_equal() {
    for mmr in [by_words(1.0), by_vectors(1.0)] {
        let twice = mmr.rerank("green tea", &["green tea", "chess", "green tea"]).await.unwrap();
        assert_eq!(twice.order(), [0, 2, 1]);
        assert!((twice.scores[0] - twice.scores[2]).abs() < 1e-6 && twice.scores[0] > 0.99);
    }
    let copies = by_words(0.5).rerank("green tea", &["green tea", "green tea"]).await.unwrap();
    assert!(copies.scores[1] < copies.scores[0] - 0.4);
}

#[tokio::test]
async fn settings_are_checked() {
    let mut registry = Registry::new();
    register(&mut registry);
    let context = BuildContext::new(".").with_embedder(Arc::new(HashEmbedder::default()));
    for (config, known) in [
        (json!({}), true),
        (json!({"lambda": 0.0, "by": "words"}), true),
        (json!({"lambda": 1.1}), false),
        (json!({"by": "letters"}), false),
        (json!({"lamda": 0.5}), false),
    ] {
        assert_eq!(registry.make_reranker("mmr", config.clone(), &context).await.is_ok(), known, "{config}");
    }
    assert!(Mmr::new(f32::NAN, None).is_err());
    let without = registry.make_reranker("mmr", json!({}), &BuildContext::new(".")).await;
    assert_eq!(without.unwrap_err().kind(), ErrorKind::Config);
}

proptest! {
    #[test]
    fn the_order_of_the_scores_is_that_of_the_turns(
        texts in prop::collection::vec("(tea|chess|train|lisbon|[a-c]){0,3}( tea| ana)?", 0..12),
        query in "(tea|chess|ana)?",
        lambda in 0.0_f32..=1.0,
    ) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for mmr in [by_words(lambda), by_vectors(lambda)] {
            let said = runtime.block_on(mmr.rerank(&query, &texts)).unwrap();
            prop_assert_eq!((said.scores.len(), said.unscored.len()), (texts.len(), 0));
            // Each turn is the best of what is left, by the definition.
            let near = runtime.block_on(mmr.nearness(&query, &texts)).unwrap();
            let order = said.order();
            for (turn, place) in order.iter().enumerate() {
                let score = |place: usize| {
                    let like = order[..turn].iter().map(|taken| near.between(*taken, place)).fold(0.0, f32::max);
                    lambda * near.question[place] + (1.0 - lambda) * (1.0 - like)
                };
                prop_assert!((score(*place) - said.scores[*place]).abs() < 1e-6);
                prop_assert!(order[turn..].iter().all(|other| score(*other) <= score(*place) + 1e-6));
            }
        }
    }
}
