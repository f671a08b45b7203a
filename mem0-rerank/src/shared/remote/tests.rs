use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mem0_core::layers::LayerOptions;
use mem0_core::reference::WordsReranker;
use mem0_core::{Retry, TokenUsage};
use proptest::prelude::*;

use super::*;

/// A provider in place of the one behind HTTP: fails as often as told, says
/// nothing of some documents, and keeps what it was sent.
#[derive(Debug, Default)]
struct Provider {
    words: WordsReranker,
    failures: AtomicUsize,
    silent_on: &'static str,
    sent: Mutex<Vec<(String, Vec<String>)>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Provider {
    fn sent(&self) -> Vec<(String, Vec<String>)> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Reranker for Provider {
    fn name(&self) -> &'static str {
        "provider"
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        let texts = documents.iter().map(|text| (*text).to_owned()).collect();
        self.sent.lock().unwrap().push((query.to_owned(), texts));
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_open.fetch_max(open, Ordering::SeqCst);
        // The first to come is the last to be answered.
        for _ in 0..10 - open.min(9) {
            tokio::task::yield_now().await;
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
            return Err(Error::new(ErrorKind::Unavailable, "later"));
        }
        let judged = self.words.rerank(query, documents).await?;
        let silent = |place: usize| !self.silent_on.is_empty() && documents[place].contains(self.silent_on);
        let said = judged.scores.into_iter().enumerate().filter(|(place, _)| !silent(*place));
        let usage = TokenUsage { input: documents.len() as u64, output: 1 };
        Ok(Reranked::of(documents.len(), said)?.with_usage(usage))
    }
}

fn over(provider: &Arc<Provider>, documents: TextLimits) -> Remote {
    let mut layers = LayerOptions::default();
    layers.backoff_base = Duration::ZERO;
    let one = layered_reranker(Arc::clone(provider) as Arc<dyn Reranker>, &layers);
    Remote { one, limits: Limits { query_tokens: 50, documents } }
}

#[tokio::test]
async fn requests_are_full_few_at_a_time_and_in_order() {
    let provider = Arc::new(Provider::default());
    let texts: Vec<String> = (0..100).map(|n| format!("note number {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let judged = over(&provider, TextLimits::texts(8)).rerank("number 7", &texts).await.unwrap();
    assert_eq!(judged.scores, provider.words.rerank("number 7", &texts).await.unwrap().scores);
    assert_eq!(judged.usage, TokenUsage { input: 100, output: 13 });
    let sizes: Vec<usize> = provider.sent().iter().map(|(_, texts)| texts.len()).collect();
    assert_eq!(sizes, [&[8; 12][..], &[4]].concat());
    assert_eq!(provider.most_open.load(Ordering::SeqCst), AT_A_TIME);
}

#[tokio::test]
async fn a_request_that_fails_is_repeated_alone() {
    let provider = Arc::new(Provider { failures: AtomicUsize::new(1), ..Provider::default() });
    over(&provider, TextLimits::texts(1)).rerank("q", &["a", "b", "c"]).await.unwrap();
    assert_eq!(provider.sent().len(), 4);
    let provider = Arc::new(Provider { failures: AtomicUsize::new(usize::MAX), ..Provider::default() });
    let error = over(&provider, TextLimits::texts(9)).rerank("q", &["a"]).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Exhausted));
}

#[tokio::test]
async fn blank_texts_are_not_sent() {
    let provider = Arc::new(Provider::default());
    let remote = over(&provider, TextLimits::texts(9));
    let judged = remote.rerank("tea", &["", "tea", " \n\u{3000}"]).await.unwrap();
    assert_eq!((judged.scores[0], judged.scores[2], judged.unscored.len()), (0.0, 0.0, 0));
    assert!(judged.scores[1] > 0.9);
    assert_eq!(provider.sent(), [("tea".to_owned(), vec!["tea".to_owned()])]);
    for (query, documents) in [("tea", &["", " "][..]), (" ", &["tea", "x"]), ("tea", &[])] {
        let judged = remote.rerank(query, documents).await.unwrap();
        assert_eq!(judged, Reranked::new(vec![0.0; documents.len()]));
    }
    assert_eq!(provider.sent().len(), 1);
}

#[tokio::test]
async fn long_texts_are_cut_and_not_their_space() {
    let provider = Arc::new(Provider::default());
    let limits = TextLimits { text_chars: 5, ..TextLimits::texts(9) };
    let spaced = format!("{}tea", " ".repeat(2_000));
    over(&provider, limits).rerank(&spaced, &["abcdefgh", &spaced]).await.unwrap();
    over(&provider, limits).rerank(&"q".repeat(1_000), &["x"]).await.unwrap();
    let sent = provider.sent();
    assert_eq!(sent[0], ("tea".to_owned(), vec!["abcde".to_owned(), "tea".to_owned()]));
    assert_eq!(sent[1].0, "q".repeat(100));
}

proptest! {
    #[test]
    fn every_document_has_its_own_score_whatever_goes_together(
        texts in prop::collection::vec("(tea|chess|x)? ?\\PC{0,9}", 0..30),
        most in 1_usize..9,
    ) {
        let provider = Arc::new(Provider { silent_on: "x", ..Provider::default() });
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let judged = over(&provider, TextLimits::texts(most)).rerank("tea", &texts).await.unwrap();
            prop_assert_eq!(judged.scores.len(), texts.len());
            for (place, text) in texts.iter().enumerate() {
                let alone = over(&provider, TextLimits::texts(1)).rerank("tea", &[text]).await.unwrap();
                prop_assert_eq!(alone.scores[0], judged.scores[place]);
                prop_assert_eq!(!alone.unscored.is_empty(), judged.unscored.contains(&place));
            }
            Ok(())
        })?;
    }
}
