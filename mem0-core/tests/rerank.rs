//! The second look of a reranker at what a search found.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::sync::{Arc, Mutex};

use mem0_core::reference::{HashEmbedder, MemoryLedger, MemoryVectorStore, ScriptedLlm, WordsReranker};
use mem0_core::{
    AddOptions, BuildContext, Config, Degraded, Embedder, Error, ErrorKind, Ledger, Llm, LlmRequest, LlmResponse, Mem0,
    Registry, Reranked, Reranker, Result, Scope, SearchOptions, SearchResult, TokenUsage, VectorStore,
};
use serde_json::json;

fn ana() -> Scope {
    Scope::user("ana").unwrap()
}

const NOTES: [&str; 5] = [
    "tea tea tea tea, green",
    "tea tea tea, with milk",
    "tea tea, in the morning",
    "tea once",
    "chess on Sundays with Ben",
];

async fn over(reranker: Option<WordsReranker>) -> Mem0 {
    let builder = Mem0::builder(
        Arc::new(MemoryLedger::default()),
        Arc::new(MemoryVectorStore::new()),
        Arc::new(HashEmbedder::default()),
    );
    let builder = match reranker {
        Some(reranker) => builder.reranker(Arc::new(reranker)),
        None => builder,
    };
    let mem0 = builder.open().await.unwrap();
    for note in NOTES {
        mem0.add(note, &ana(), AddOptions::as_said()).await.unwrap();
    }
    mem0
}

async fn search(mem0: &Mem0, options: SearchOptions) -> SearchResult {
    mem0.search("tea", &ana(), options.threshold(0.0)).await.unwrap()
}

fn texts(found: &SearchResult) -> Vec<&str> {
    found.results.iter().map(|hit| hit.memory.content.text.as_str()).collect()
}

/// What it was shown, best first.
type Shown = Arc<Mutex<Vec<Vec<String>>>>;

/// Turns the order of what it is shown.
fn turning() -> (WordsReranker, Shown) {
    let shown = Shown::default();
    let kept = Arc::clone(&shown);
    let reranker = WordsReranker::judging(move |query, documents| {
        assert_eq!(query, "tea");
        kept.lock().unwrap().push(documents.iter().map(|text| (*text).to_owned()).collect());
        let last = documents.len() as f32;
        let said = Reranked::of(documents.len(), (0..documents.len()).map(|place| (place, place as f32 / last)))?;
        Ok(said.with_usage(TokenUsage { input: 40, output: 2 }))
    });
    (reranker, shown)
}

#[tokio::test]
async fn the_best_hits_are_in_its_order_and_keep_their_score() {
    let plain = over(None).await;
    let fused = search(&plain, SearchOptions::default()).await;
    let (reranker, shown) = turning();
    let mem0 = over(Some(reranker)).await;

    let found = search(&mem0, SearchOptions::default()).await;
    let mut due = texts(&fused);
    assert_eq!(shown.lock().unwrap().pop().unwrap(), due);
    due.reverse();
    assert_eq!(texts(&found), due);
    assert_eq!(found.degraded, []);
    for hit in &found.results {
        let same = fused.results.iter().find(|other| other.memory.content.text == hit.memory.content.text).unwrap();
        assert_eq!(hit.score, same.score);
    }
    let reranked: Vec<f32> = found.results.iter().map(|hit| hit.rerank.unwrap()).collect();
    assert!(reranked.is_sorted_by(|a, b| a > b), "{reranked:?}");
    assert_eq!((found.cost.rerank_calls, found.cost.rerank_tokens), (1, 42));
    let json = serde_json::to_value(&found).unwrap();
    assert_eq!(json["results"][0]["rerank_score"], json!(0.8));
    assert!(json["results"][0]["score"].is_number());
}

#[tokio::test]
async fn those_beyond_the_pool_stay_behind_and_the_limit_comes_last() {
    let fused = search(&over(None).await, SearchOptions::default()).await;
    let due = texts(&fused);
    let (reranker, shown) = turning();
    let mem0 = over(Some(reranker)).await;
    let found = search(&mem0, SearchOptions::default().rerank_pool(3)).await;
    assert_eq!(texts(&found), [due[2], due[1], due[0], due[3], due[4]]);
    assert_eq!(found.results.iter().filter(|hit| hit.rerank.is_some()).count(), 3);
    assert_eq!(shown.lock().unwrap().pop().unwrap().len(), 3);
    // What is shown does not depend on how many hits are asked for.
    let one = search(&mem0, SearchOptions::default().limit(1)).await;
    assert_eq!(texts(&one), [due[4]]);
    // The threshold is that of the score.
    let above = fused.results[1].score;
    let options = SearchOptions::default().threshold(above);
    let few = mem0.search("tea", &ana(), options).await.unwrap();
    assert_eq!(texts(&few), [due[1], due[0]]);
}

#[tokio::test]
async fn a_call_may_do_without() {
    let due = search(&over(None).await, SearchOptions::default()).await;
    let (reranker, shown) = turning();
    let mem0 = over(Some(reranker)).await;
    for options in [SearchOptions::default().rerank(false), SearchOptions::default().rerank_pool(0)] {
        let found = search(&mem0, options).await;
        assert_eq!((texts(&found), found.cost.rerank_calls), (texts(&due), 0));
        assert!(found.results.iter().all(|hit| hit.rerank.is_none()));
        assert!(serde_json::to_value(&found).unwrap()["results"][0].get("rerank_score").is_none());
    }
    assert!(shown.lock().unwrap().is_empty());
    assert!(search(&mem0, SearchOptions::default().rerank(true)).await.cost.rerank_calls == 1);
    // Nothing is asked about nothing.
    let nobody = mem0.search("tea", &Scope::user("eve").unwrap(), SearchOptions::default()).await.unwrap();
    assert_eq!((nobody.results.len(), nobody.cost.rerank_calls), (0, 0));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_before_any_io() {
    let plain = over(None).await;
    let options = SearchOptions::default().rerank(true);
    let error = plain.search("tea", &ana(), options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("`reranker`"), "{error}");
    assert!(plain.search("tea", &ana(), SearchOptions::default().rerank(false)).await.is_ok());
    let options = SearchOptions::default().rerank_pool(10_001);
    assert_eq!(plain.search("tea", &ana(), options).await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_reranker_that_fails_or_breaks_its_promise_changes_nothing() {
    type Judge = fn(&str, &[&str]) -> Result<Reranked>;
    let due = search(&over(None).await, SearchOptions::default()).await;
    let broken: [Judge; 5] = [
        |_, _| Err(Error::new(ErrorKind::Unavailable, "gone")),
        |_, _| Err(Error::new(ErrorKind::Unauthenticated, "no")),
        |_, documents| Ok(Reranked::new(vec![0.5; documents.len() - 1])),
        |_, documents| Ok(Reranked::new(vec![f32::NAN; documents.len()])),
        |_, documents| Ok(Reranked::new(vec![1.5; documents.len()])),
    ];
    for judge in broken {
        let mem0 = over(Some(WordsReranker::judging(judge))).await;
        let found = search(&mem0, SearchOptions::default()).await;
        assert_eq!(texts(&found), texts(&due));
        assert_eq!(found.degraded, [Degraded::RerankerDown]);
        assert!(found.results.iter().all(|hit| hit.rerank.is_none()));
        assert_eq!(found.cost.rerank_calls, 1);
        assert_eq!(serde_json::to_value(&found).unwrap()["degraded"], json!(["reranker_down"]));
    }
}

#[tokio::test]
async fn hits_that_it_leaves_out_come_last_and_the_answer_says_so() {
    let due = search(&over(None).await, SearchOptions::default()).await;
    let judge = |_: &str, documents: &[&str]| Reranked::of(documents.len(), [(4, 0.0), (2, 0.9)]);
    let mem0 = over(Some(WordsReranker::judging(judge))).await;
    let found = search(&mem0, SearchOptions::default()).await;
    let due = texts(&due);
    assert_eq!(texts(&found), [due[2], due[4], due[0], due[1], due[3]]);
    assert_eq!(found.degraded, [Degraded::RerankerIncomplete]);
    let reranked: Vec<Option<f32>> = found.results.iter().map(|hit| hit.rerank).collect();
    assert_eq!(reranked, [Some(0.9), Some(0.0), None, None, None]);
}

/// Never answers.
#[derive(Debug)]
struct Silent;

#[async_trait::async_trait]
impl Reranker for Silent {
    fn name(&self) -> &'static str {
        "silent"
    }

    async fn rerank(&self, _: &str, _: &[&str]) -> Result<Reranked> {
        std::future::pending().await
    }
}

/// Asks the model of the context once for all documents.
#[derive(Debug)]
struct Asking(Arc<dyn Llm>);

#[async_trait::async_trait]
impl Reranker for Asking {
    fn name(&self) -> &'static str {
        "asking"
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        self.0.generate(&LlmRequest::new("", query)).await?;
        Ok(Reranked::new(vec![0.5; documents.len()]))
    }
}

fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.ledger("sqlite", |_, _| async { Ok(Arc::new(MemoryLedger::default()) as Arc<dyn Ledger>) });
    registry.vector_store("sqlite", |_, _| async { Ok(Arc::new(MemoryVectorStore::new()) as Arc<dyn VectorStore>) });
    registry.embedder("local", |_, _| async { Ok(Arc::new(HashEmbedder::default()) as Arc<dyn Embedder>) });
    registry.llm("scripted", |_, _| async {
        let answer = |_: &LlmRequest| Ok(LlmResponse::new("ok").with_usage(10, 1));
        Ok(Arc::new(ScriptedLlm::answering(answer)) as Arc<dyn Llm>)
    });
    registry.reranker("silent", |_, _| async { Ok(Arc::new(Silent) as Arc<dyn Reranker>) });
    registry.reranker("asking", |_, context| async move {
        Ok(Arc::new(Asking(context.llm_of(None).await?)) as Arc<dyn Reranker>)
    });
    mem0_core::policies::register(&mut registry);
    registry
}

async fn configured(config: serde_json::Value) -> Result<Mem0> {
    let mut config = config;
    config["llm"] = json!({"provider": "scripted"});
    let config = Config::from_value(config)?;
    config.builder(&registry(), &BuildContext::new(".")).await?.open().await
}

#[tokio::test(start_paused = true)]
async fn a_configured_one_has_a_time_limit_and_a_pool() {
    let mem0 = configured(json!({
        "reranker": {"provider": "silent", "config": {}},
        "rerank": {"pool": 2, "timeout_s": 3.0},
    }));
    let mem0 = mem0.await.unwrap();
    for note in NOTES {
        mem0.add(note, &ana(), AddOptions::as_said()).await.unwrap();
    }
    let before = tokio::time::Instant::now();
    let found = search(&mem0, SearchOptions::default()).await;
    assert_eq!(found.degraded, [Degraded::RerankerDown]);
    assert_eq!(before.elapsed().as_secs(), 3);
    assert_eq!(found.results.len(), NOTES.len());
}

#[tokio::test]
async fn what_it_asks_of_a_model_is_counted_and_kept_within_the_budget() {
    let config = json!({"reranker": {"provider": "asking"}});
    let mem0 = configured(config.clone()).await.unwrap();
    mem0.add("tea", &ana(), AddOptions::as_said()).await.unwrap();
    let cost = search(&mem0, SearchOptions::default()).await.cost;
    assert_eq!((cost.llm_calls, cost.input_tokens, cost.output_tokens, cost.rerank_calls), (1, 10, 1, 1));

    let mut tight = config;
    tight["budget"] = json!({"per_call": {"llm_calls": 0}});
    let mem0 = configured(tight).await.unwrap();
    mem0.add("tea", &ana(), AddOptions::as_said()).await.unwrap();
    let found = search(&mem0, SearchOptions::default()).await;
    assert_eq!((found.degraded, found.cost.llm_calls), (vec![Degraded::RerankerDown], 0));
}

#[tokio::test]
async fn an_unknown_one_gets_the_nearest_name() {
    let error = configured(json!({"reranker": {"provider": "asknig"}})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownProvider);
    assert!(error.to_string().contains("did you mean \"asking\"?"), "{error}");
    let error = Config::from_value(json!({"rerank": {"pol": 1}})).unwrap_err();
    assert!(error.to_string().contains("pool"), "{error}");
    let negative = json!({"reranker": {"provider": "silent"}, "rerank": {"timeout_s": -1.0}});
    assert_eq!(configured(negative).await.unwrap_err().kind(), ErrorKind::Config);
}
