//! Rerankers that break one rule.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use conformance_tests::{RerankerHarness, Setup};
use mem0_core::reference::WordsReranker;
use mem0_core::{Error, Reranked, Reranker, Result, TokenUsage};

use super::{faults, pause};

faults! {
    1 SkipsRepeated,
    1 OneMore,
    2 NotScaled,
    2 BelowZero,
    2 NanForTheEmpty,
    3 TurnsTheOrder,
    3 KnowsNothing,
    3 PrefersTheFirst,
    4 NoDocumentFails,
    5 CutsMany,
    6 RefusesNul,
    6 RefusesBlank,
    6 RefusesLongTexts,
    6 RefusesLongQuestions,
    7 HidesSilence,
    7 CallsAllUnscored,
    7 SilenceIsHalf,
    8 ChangesItsName,
    8 ChangesItsMind,
    9 ForgetsTokens,
    10 MixesQuestions,
    11 StaysBusy,
}

const SILENT_ON: &str = "unspeakable";
const COUNTED: TokenUsage = TokenUsage { input: 5, output: 1 };

/// Makes rerankers with one fault, or none.
#[derive(Debug)]
pub(crate) struct BrokenHarness {
    /// What is broken, if anything.
    pub(crate) fault: Option<Fault>,
}

#[async_trait]
impl RerankerHarness for BrokenHarness {
    async fn start() -> Setup<Self> {
        Setup::Skip("made by the self-test".to_owned())
    }

    async fn connect(&self) -> Result<Arc<dyn Reranker>> {
        Ok(Arc::new(BrokenReranker {
            fault: self.fault,
            words: WordsReranker::default(),
            calls: AtomicUsize::new(0),
            busy: AtomicBool::new(false),
            question: Mutex::default(),
        }))
    }

    fn left_out(&self) -> Option<&'static str> {
        Some(SILENT_ON)
    }

    fn usage(&self, _: &[&str]) -> Option<TokenUsage> {
        Some(COUNTED)
    }
}

#[derive(Debug)]
struct BrokenReranker {
    fault: Option<Fault>,
    words: WordsReranker,
    calls: AtomicUsize,
    busy: AtomicBool,
    question: Mutex<String>,
}

#[async_trait]
impl Reranker for BrokenReranker {
    fn name(&self) -> &'static str {
        let changed = self.fault == Some(Fault::ChangesItsName) && self.calls.load(Ordering::SeqCst) > 0;
        if changed { "other" } else { "broken" }
    }

    async fn rerank(&self, query: &str, documents: &[&str]) -> Result<Reranked> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let any = |broken: fn(&&str) -> bool| documents.iter().any(broken) || broken(&query);
        let refused = match self.fault {
            Some(Fault::NoDocumentFails) => documents.is_empty(),
            Some(Fault::RefusesNul) => any(|text| text.contains('\0')),
            Some(Fault::RefusesBlank) => any(|text| text.trim().is_empty()),
            Some(Fault::RefusesLongTexts) => documents.iter().any(|text| text.len() > 100_000),
            Some(Fault::RefusesLongQuestions) => query.len() > 100_000,
            _ => false,
        };
        if refused {
            return Err(Error::invalid("refused"));
        }
        if documents.is_empty() {
            return Ok(Reranked::default());
        }
        let mut query = query.to_owned();
        match self.fault {
            Some(Fault::StaysBusy) => {
                if self.busy.swap(true, Ordering::SeqCst) {
                    return Err(Error::internal("busy"));
                }
                pause().await;
                self.busy.store(false, Ordering::SeqCst);
            }
            Some(Fault::MixesQuestions) => {
                self.question.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&query);
                pause().await;
                query = self.question.lock().unwrap_or_else(PoisonError::into_inner).clone();
            }
            _ => {}
        }
        let judged = self.words.rerank(&query, documents).await?;
        let spoken = |place: &usize| documents.get(*place).is_some_and(|text| !text.contains(SILENT_ON));
        let said = judged.scores.into_iter().enumerate().filter(|(place, _)| spoken(place));
        let mut said = Reranked::of(documents.len(), said)?.with_usage(COUNTED);
        let scores = &mut said.scores;
        match self.fault {
            Some(Fault::SkipsRepeated) => scores.dedup(),
            Some(Fault::OneMore) => scores.push(0.5),
            Some(Fault::NotScaled) => scores.iter_mut().for_each(|score| *score *= 10.0),
            Some(Fault::BelowZero) => scores.iter_mut().for_each(|score| *score -= 0.5),
            Some(Fault::NanForTheEmpty) => {
                let empty = documents.iter().zip(scores).filter(|(text, _)| text.is_empty());
                empty.for_each(|(_, score)| *score = f32::NAN);
            }
            Some(Fault::TurnsTheOrder) => scores.reverse(),
            Some(Fault::KnowsNothing) => scores.fill(0.5),
            Some(Fault::PrefersTheFirst) => scores.iter_mut().take(1).for_each(|score| *score = 1.0),
            Some(Fault::CutsMany) => scores.truncate(100),
            Some(Fault::HidesSilence) => said.unscored.clear(),
            Some(Fault::CallsAllUnscored) => {
                scores.fill(0.0);
                said.unscored = (0..documents.len()).collect();
            }
            Some(Fault::SilenceIsHalf) => {
                for place in &said.unscored {
                    if let Some(score) = scores.get_mut(*place) {
                        *score = 0.5;
                    }
                }
            }
            Some(Fault::ChangesItsMind) if call % 2 == 1 => scores.reverse(),
            Some(Fault::ForgetsTokens) => said.usage = TokenUsage::default(),
            _ => {}
        }
        Ok(said)
    }
}
