//! Moving house: another vector store, another model, or both.

use std::sync::{Arc, PoisonError};

use crate::engine::add::embed_checked;
use crate::engine::results::Reindexed;
use crate::engine::{Active, Mem0};
use crate::error::{Error, ErrorKind, Result};
use crate::traits::embedder::{Embedder, Purpose};
use crate::traits::ledger::Projection;
use crate::traits::vector_store::VectorStore;

/// How many texts are embedded, and how many points written, at once.
const BATCH: usize = 512;

/// How often the switch is tried when writes come in between.
const ROUNDS: u32 = 100;

/// Where to move to. What is not set stays.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Target {
    /// Another vector store.
    pub store: Option<Arc<dyn VectorStore>>,
    /// Another embedder.
    pub embedder: Option<Arc<dyn Embedder>>,
    /// Another collection.
    pub collection: Option<String>,
}

impl Target {
    /// To another vector store.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn VectorStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// To another embedder.
    #[must_use]
    pub fn embedder(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.embedder = Some(embedder);
        self
    }

    /// To another collection.
    #[must_use]
    pub fn collection(mut self, name: impl Into<String>) -> Self {
        self.collection = Some(name.into());
        self
    }
}

impl Mem0 {
    /// Moves the vectors to another store, another model, or both, while this
    /// engine goes on serving.
    ///
    /// First every text is embedded by the new model (if it is another one)
    /// while everything works as before; then the ledger and this engine switch
    /// at once; then every memory is written to the new place. Until that is
    /// done reads are answered by the ledger alone, which they say. `progress`
    /// is told how far it is.
    ///
    /// Other processes that use the old model or store get an
    /// `IdentityMismatch` or `Config` error afterwards, until they are
    /// configured like this one; so does an `add` of this process that was
    /// under way at the switch, and it can be repeated. The old collection is
    /// left as it is. Another model needs another collection name where the
    /// store stays.
    ///
    /// # Errors
    /// `InvalidInput` if nothing would change; `Conflict` if writes came in
    /// all the time; those of ledger, embedder and store.
    ///
    /// # Cancel safety
    /// Dropping the future before the switch leaves the old place in use, and
    /// calling again goes on with what is embedded already. After the switch
    /// the rest is written by later calls.
    pub async fn reindex(&self, target: Target, progress: impl Fn(Reindexed) + Send + Sync) -> Result<Reindexed> {
        let old = self.active();
        let Target { store, embedder, collection } = target;
        let new = Active::new(
            store.unwrap_or_else(|| Arc::clone(&old.store)),
            embedder.unwrap_or_else(|| Arc::clone(&old.embedder)),
            collection.as_deref().unwrap_or(&old.projection.collection),
        );
        if new.projection == old.projection && Arc::ptr_eq(&new.store, &old.store) {
            return Err(Error::invalid("nothing to move: give another vector store, embedder or collection"));
        }
        self.move_to(Arc::new(new), &old.projection, &progress).await
    }

    /// Embeds what has no vector of the new model, switches, and writes every
    /// live memory to the new collection.
    pub(super) async fn move_to(
        &self,
        new: Arc<Active>,
        old: &Projection,
        progress: &(dyn Fn(Reindexed) + Send + Sync),
    ) -> Result<Reindexed> {
        let mut done = Reindexed::default();
        // Refuses a wrong collection before hours of embedding.
        new.collection().await?;
        for _ in 0..ROUNDS {
            self.embed_missing(&new, &mut done, progress).await?;
            match self.inner.ledger.set_projection(Some(old), &new.projection, 0).await {
                Ok(()) => {
                    self.swap(new);
                    self.write_all(&mut done, progress).await?;
                    return Ok(done);
                }
                // Something was written meanwhile: embed that too.
                Err(e) if e.kind() == ErrorKind::Conflict && self.still(old).await? => {}
                Err(e) => return Err(e),
            }
        }
        Err(Error::new(ErrorKind::Conflict, "memories are written faster than they can be embedded"))
    }

    async fn still(&self, old: &Projection) -> Result<bool> {
        Ok(self.inner.ledger.projection().await?.as_ref() == Some(old))
    }

    async fn embed_missing(
        &self,
        new: &Active,
        done: &mut Reindexed,
        progress: &(dyn Fn(Reindexed) + Send + Sync),
    ) -> Result<()> {
        let identity = &new.projection.identity;
        loop {
            let missing = self.inner.ledger.missing_vectors(identity, BATCH).await?;
            if missing.is_empty() {
                return Ok(());
            }
            let texts: Vec<&str> = missing.iter().map(|(_, _, text)| text.as_str()).collect();
            let vectors = embed_checked(&*new.embedder, &texts, Purpose::Store).await?;
            let rows: Vec<_> =
                missing.iter().zip(vectors).map(|((id, version, _), vector)| (*id, *version, vector)).collect();
            self.inner.ledger.put_vectors(identity, &rows).await?;
            done.embedded += rows.len() as u64;
            progress(*done);
        }
    }

    async fn write_all(&self, done: &mut Reindexed, progress: &(dyn Fn(Reindexed) + Send + Sync)) -> Result<()> {
        loop {
            let due = self.due(None, BATCH).await?;
            let count = due.len() as u64;
            if due.is_empty() {
                return self.sweep().await;
            }
            if self.project(due).await.is_some() {
                return Ok(());
            }
            done.points += count;
            progress(*done);
        }
    }

    pub(super) fn swap(&self, new: Arc<Active>) {
        *self.inner.active.write().unwrap_or_else(PoisonError::into_inner) = new;
    }
}
