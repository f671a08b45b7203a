//! Memories that fade, through the engine.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::sync::Arc;
use std::time::Duration;

use mem0_core::reference::{HashEmbedder, ManualClock, MemoryLedger, MemoryVectorStore};
use mem0_core::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct World {
    mem0: Mem0,
    clock: Arc<ManualClock>,
    ledger: Arc<MemoryLedger>,
}

fn ana() -> Scope {
    Scope::user("ana").unwrap()
}

/// An engine with a memory of today and one of 30 days ago.
async fn world(decay: Decay) -> (World, MemoryId, MemoryId) {
    let clock = Arc::new(ManualClock::new("2024-05-01T12:00:00Z".parse().unwrap()));
    let ledger = Arc::new(MemoryLedger::new());
    let mem0 =
        Mem0::builder(Arc::clone(&ledger) as _, Arc::new(MemoryVectorStore::new()), Arc::new(HashEmbedder::new(64)))
            .clock(Arc::clone(&clock) as _)
            .decay(decay)
            .open()
            .await
            .unwrap();
    let world = World { mem0, clock, ledger };
    let old = world.add("Ana drinks green tea at breakfast").await;
    world.clock.advance(30 * DAY);
    let new = world.add("Ana drinks black tea at breakfast").await;
    (world, old, new)
}

impl World {
    async fn add(&self, text: &str) -> MemoryId {
        self.mem0.add(text, &ana(), AddOptions::as_said()).await.unwrap().results[0].id
    }

    /// The scores of the two for a question that fits both alike.
    async fn scores(&self, ids: [MemoryId; 2]) -> [f32; 2] {
        let found = self.mem0.search("drinks tea breakfast", &ana(), SearchOptions::default()).await.unwrap().results;
        ids.map(|id| found.iter().find(|hit| hit.memory.id == id).map_or(0.0, |hit| hit.score))
    }
}

#[tokio::test]
async fn nothing_fades_nor_is_noted_by_default() {
    let (world, old, new) = world(Decay::default()).await;
    let before = world.scores([old, new]).await;
    world.clock.advance(3_000 * DAY);
    assert_eq!(world.scores([old, new]).await, before);
    assert_eq!(world.ledger.uses(&[old, new]).await.unwrap(), [None, None]);
}

#[tokio::test]
async fn what_is_older_counts_less_unless_it_was_recalled() {
    let plain = {
        let (world, old, new) = world(Decay::default()).await;
        world.scores([old, new]).await
    };
    let mut decay = Decay::half_life(30.0).unwrap();
    decay.minimum = 0.0;
    let (faded, old, new) = world(decay.clone()).await;
    let scores = faded.scores([old, new]).await;
    assert!((scores[0] - plain[0] / 2.0).abs() < 1e-3, "{scores:?} of {plain:?}");
    assert!((scores[1] - plain[1]).abs() < 1e-3, "{scores:?} of {plain:?}");
    // A recall is not noted where it does not count.
    assert_eq!(faded.ledger.uses(&[old]).await.unwrap(), [None]);

    decay.by_use = true;
    let (used, old, new) = world(decay).await;
    let first = used.scores([old, new]).await;
    assert!(first[0] < plain[0] * 0.6, "{first:?}");
    let noted = used.ledger.uses(&[old, new]).await.unwrap();
    assert!(noted.iter().all(|noted| noted.is_some_and(|noted| noted.count == 1)), "{noted:?}");
    // To ask why is no use.
    used.mem0.explain("drinks tea breakfast", &ana(), old, SearchOptions::default()).await.unwrap();
    assert_eq!(used.ledger.uses(&[old, new]).await.unwrap(), noted);
    // Now both were recalled a moment ago.
    let second = used.scores([old, new]).await;
    assert!((second[0] - plain[0]).abs() < 1e-3, "{second:?} of {plain:?}");
    assert!(used.mem0.erase(&ana()).await.is_ok());
    assert_eq!(used.ledger.uses(&[old, new]).await.unwrap(), [None, None]);
}
