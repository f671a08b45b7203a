use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mem0_core::Retry;
use mem0_core::layers::LayerOptions;
use mem0_core::reference::HashEmbedder;
use proptest::prelude::*;

use super::*;

/// A model in place of the one behind HTTP: takes texts up to a length, fails
/// as often as told, and keeps what it was sent.
#[derive(Debug)]
struct Model {
    hash: HashEmbedder,
    window: usize,
    failures: AtomicUsize,
    sent: Mutex<Vec<Vec<String>>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Model {
    fn new(window: usize, failures: usize) -> Arc<Self> {
        Arc::new(Self {
            hash: HashEmbedder::default(),
            window,
            failures: AtomicUsize::new(failures),
            sent: Mutex::default(),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        })
    }

    fn sent(&self) -> Vec<Vec<String>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Embedder for Model {
    fn identity(&self) -> &EmbedderIdentity {
        self.hash.identity()
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        self.sent.lock().unwrap().push(texts.iter().map(|text| (*text).to_owned()).collect());
        let open = self.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_open.fetch_max(open, Ordering::SeqCst);
        // The first to come is the last to be answered.
        for _ in 0..10 - open.min(9) {
            tokio::task::yield_now().await;
        }
        self.open.fetch_sub(1, Ordering::SeqCst);
        if texts.iter().any(|text| text.len() > self.window) {
            return Err(Error::new(ErrorKind::ContextLength, "too long"));
        }
        if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
            return Err(Error::new(ErrorKind::Unavailable, "later"));
        }
        self.hash.embed(texts, purpose).await
    }
}

fn over(model: &Arc<Model>, limits: Limits) -> Remote {
    let mut layers = LayerOptions::default();
    layers.backoff_base = Duration::ZERO;
    let one = layered_embedder(Arc::clone(model) as Arc<dyn Embedder>, &layers);
    Remote { one, limits, document_prefix: String::new(), query_prefix: String::new() }
}

#[tokio::test]
async fn requests_are_full_few_at_a_time_and_in_order() {
    let model = Model::new(usize::MAX, 0);
    let texts: Vec<String> = (0..100).map(|n| format!("note {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let vectors = over(&model, Limits::texts(8)).embed(&texts, Purpose::Store).await.unwrap();
    assert_eq!(vectors, model.hash.embed(&texts, Purpose::Store).await.unwrap());
    let sizes: Vec<usize> = model.sent().iter().map(Vec::len).collect();
    assert_eq!(sizes, [&[8; 12][..], &[4]].concat());
    assert_eq!(model.most_open.load(Ordering::SeqCst), AT_A_TIME);
}

#[tokio::test]
async fn a_request_that_fails_is_repeated_alone() {
    let model = Model::new(usize::MAX, 1);
    over(&model, Limits::texts(1)).embed(&["a", "b", "c"], Purpose::Store).await.unwrap();
    assert_eq!(model.sent().len(), 4);
    let model = Model::new(usize::MAX, usize::MAX);
    let error = over(&model, Limits::texts(9)).embed(&["a"], Purpose::Store).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Exhausted));
}

#[tokio::test]
async fn blank_texts_are_not_sent_and_have_a_vector() {
    let model = Model::new(usize::MAX, 0);
    let remote = over(&model, Limits::texts(9));
    let vectors = remote.embed(&["", "tea", " \n\u{3000}"], Purpose::Query).await.unwrap();
    assert_eq!(vectors, [stand_in(64), model.hash.vector("tea"), stand_in(64)]);
    assert_eq!(model.sent(), [["tea"]]);
    assert_eq!(remote.embed(&["", " "], Purpose::Store).await.unwrap().len(), 2);
    assert_eq!(remote.embed(&[], Purpose::Store).await.unwrap().len(), 0);
    assert_eq!(model.sent().len(), 1);
}

#[tokio::test]
async fn prefixes_are_those_of_the_purpose_and_are_cut_with_the_text() {
    let model = Model::new(usize::MAX, 0);
    let mut remote = over(&model, Limits { text_chars: 10, ..Limits::texts(9) });
    remote.document_prefix = "passage: ".to_owned();
    remote.query_prefix = "q: ".to_owned();
    remote.embed(&["tea", ""], Purpose::Store).await.unwrap();
    remote.embed(&["tea", &format!("{}tea", " ".repeat(20))], Purpose::Query).await.unwrap();
    assert_eq!(model.sent(), [vec!["passage: t"], vec!["q: tea", "q: tea"]]);
}

#[tokio::test]
async fn a_text_beyond_an_unknown_window_is_cut_until_it_fits() {
    let model = Model::new(200, 0);
    let long = "Ana drinks tea. ".repeat(100);
    let texts = ["one", "two", &long, "three"];
    let vectors = over(&model, Limits::texts(9)).embed(&texts, Purpose::Store).await.unwrap();
    let cut = long.get(..200).unwrap();
    let due = model.hash.embed(&["one", "two", cut, "three"], Purpose::Store).await.unwrap();
    assert_eq!(vectors, due);
    let alone = over(&model, Limits::texts(9)).embed(&[&long], Purpose::Store).await.unwrap();
    assert_eq!(alone, due.get(2..3).unwrap());
}

#[tokio::test]
async fn a_model_that_finds_everything_too_long_is_told_of() {
    let model = Model::new(0, 0);
    let error = over(&model, Limits::texts(9)).embed(&["tea"], Purpose::Store).await.unwrap_err();
    assert_eq!((error.kind(), model.sent().len()), (ErrorKind::ContextLength, 1));
    let error = over(&model, Limits::texts(9)).embed(&[&"tea ".repeat(1_000)], Purpose::Store).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContextLength);
    assert!(model.sent().len() < 10, "{}", model.sent().len());
}

proptest! {
    #[test]
    fn every_text_has_its_own_vector_whatever_goes_together(
        texts in prop::collection::vec("\\PC{0,40}", 0..30),
        most in 1_usize..9,
        window in 64_usize..200,
    ) {
        let model = Model::new(window, 0);
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let vectors = over(&model, Limits::texts(most)).embed(&texts, Purpose::Store).await.unwrap();
            prop_assert_eq!(vectors.len(), texts.len());
            for (text, vector) in texts.iter().zip(&vectors) {
                let alone = over(&model, Limits::texts(1)).embed(&[text], Purpose::Store).await.unwrap();
                prop_assert_eq!(&alone[0], vector);
            }
            Ok(())
        })?;
    }
}
