//! Embedders that break one rule.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use conformance_tests::{EmbedderHarness, Setup};
use mem0_core::reference::HashEmbedder;
use mem0_core::{Embedder, EmbedderIdentity, Error, Purpose, Result};

use super::{faults, pause};

faults! {
    1 TurnsTheOrder,
    1 SkipsRepeated,
    2 OneNumberMore,
    2 NanForTheEmpty,
    3 NotNormalised,
    3 ZeroForTheEmpty,
    4 DependsOnTheBatch,
    5 EmptyBatchFails,
    6 CutsLargeBatches,
    7 RefusesLongTexts,
    7 RefusesNul,
    8 KnowsNoWords,
    9 ChangesItsName,
    10 StaysBusy,
}

/// Makes embedders with one fault, or none.
#[derive(Debug)]
pub(crate) struct BrokenHarness {
    /// What is broken, if anything.
    pub(crate) fault: Option<Fault>,
}

#[async_trait]
impl EmbedderHarness for BrokenHarness {
    async fn start() -> Setup<Self> {
        Setup::Skip("made by the self-test".to_owned())
    }

    async fn connect(&self) -> Result<Arc<dyn Embedder>> {
        let inner = HashEmbedder::default();
        let mut other = inner.identity().clone();
        other.model = "other".to_owned();
        Ok(Arc::new(BrokenEmbedder {
            fault: self.fault,
            inner,
            other,
            used: AtomicBool::new(false),
            busy: AtomicBool::new(false),
        }))
    }
}

#[derive(Debug)]
struct BrokenEmbedder {
    fault: Option<Fault>,
    inner: HashEmbedder,
    other: EmbedderIdentity,
    used: AtomicBool,
    busy: AtomicBool,
}

#[async_trait]
impl Embedder for BrokenEmbedder {
    fn identity(&self) -> &EmbedderIdentity {
        let changed = self.fault == Some(Fault::ChangesItsName) && self.used.load(Ordering::SeqCst);
        if changed { &self.other } else { self.inner.identity() }
    }

    async fn embed(&self, texts: &[&str], purpose: Purpose) -> Result<Vec<Vec<f32>>> {
        self.used.store(true, Ordering::SeqCst);
        match self.fault {
            Some(Fault::EmptyBatchFails) if texts.is_empty() => return Err(Error::invalid("no text")),
            Some(Fault::RefusesLongTexts) if texts.iter().any(|text| text.len() > 100_000) => {
                return Err(Error::invalid("too long"));
            }
            Some(Fault::RefusesNul) if texts.iter().any(|text| text.contains('\0')) => {
                return Err(Error::invalid("NUL"));
            }
            Some(Fault::StaysBusy) => {
                if self.busy.swap(true, Ordering::SeqCst) {
                    return Err(Error::internal("busy"));
                }
                pause().await;
                self.busy.store(false, Ordering::SeqCst);
            }
            _ => {}
        }
        let mut vectors = self.inner.embed(texts, purpose).await?;
        match self.fault {
            Some(Fault::TurnsTheOrder) => vectors.reverse(),
            Some(Fault::SkipsRepeated) => vectors.dedup(),
            Some(Fault::CutsLargeBatches) => vectors.truncate(100),
            Some(Fault::OneNumberMore) => vectors.iter_mut().for_each(|vector| vector.push(0.0)),
            Some(Fault::NotNormalised) => vectors.iter_mut().flatten().for_each(|x| *x *= 1.5),
            Some(Fault::DependsOnTheBatch) => {
                let many = vectors.len();
                vectors.iter_mut().filter(|_| many > 1).for_each(|vector| vector.rotate_left(1));
            }
            Some(Fault::KnowsNoWords) => {
                let one = self.inner.vector("always the same");
                vectors.iter_mut().for_each(|vector| vector.clone_from(&one));
            }
            _ => {}
        }
        let empty = texts.iter().zip(&mut vectors).filter(|(text, _)| text.is_empty()).map(|(_, vector)| vector);
        match self.fault {
            Some(Fault::NanForTheEmpty) => empty.flatten().for_each(|x| *x = f32::NAN),
            Some(Fault::ZeroForTheEmpty) => empty.flatten().for_each(|x| *x = 0.0),
            _ => {}
        }
        Ok(vectors)
    }
}
