//! The remote embedders, each over the fake of its protocol.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use mem0_core::{BuildContext, Embedder, Error, Purpose, Registry, Result};
use serde_json::{Value, json};

use crate::fakes::FakeServer;
use crate::fakes::embed::EmbedFake;
use crate::harness::{EmbedderHarness, FAKE_KEY, Remote, RemoteCall, Setup, quick};

/// A provider of mem0-embedders with the fake `F` at its far end.
pub struct RemoteEmbedder<F> {
    server: Arc<FakeServer>,
    fake: PhantomData<fn() -> F>,
}

impl<F> std::fmt::Debug for RemoteEmbedder<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteEmbedder").field("server", &self.server).finish()
    }
}

async fn serve<F: EmbedFake>() -> std::io::Result<Arc<FakeServer>> {
    Ok(Arc::new(FakeServer::start(F::answer).await?))
}

/// A handle in the way that an engine makes it: through the registry.
async fn open<F: EmbedFake>(server: &FakeServer, more: Value) -> Result<Arc<dyn Embedder>> {
    let mut registry = Registry::new();
    mem0_embedders::register(&mut registry);
    let mut config = F::config(&server.url());
    if let (Some(config), Value::Object(more)) = (config.as_object_mut(), more) {
        config.extend(more);
    }
    registry.make_embedder(F::PROVIDER, config, &BuildContext::new(".")).await
}

#[async_trait]
impl<F: EmbedFake> EmbedderHarness for RemoteEmbedder<F> {
    async fn start() -> Setup<Self> {
        match serve::<F>().await {
            Ok(server) => Setup::Ready(Self { server, fake: PhantomData }),
            Err(error) => Setup::Skip(format!("no port for the fake: {error}")),
        }
    }

    async fn connect(&self) -> Result<Arc<dyn Embedder>> {
        open::<F>(&self.server, Value::Null).await
    }

    fn beyond_one_batch(&self) -> usize {
        F::BEYOND_ONE_BATCH
    }

    fn requests(&self) -> Option<u64> {
        Some(self.server.seen().len() as u64)
    }

    async fn remote(&self, timeout: Duration) -> Option<Result<Remote>> {
        const TEXT: &str = "the diary of Ana, page 77";
        let remote = async {
            let server = serve::<F>().await.map_err(|e| Error::internal("no port for the fake").with_source(e))?;
            let embedder = open::<F>(&server, json!({"http": quick(timeout)})).await?;
            let call: RemoteCall = Arc::new(move || {
                let embedder = Arc::clone(&embedder);
                Box::pin(async move { embedder.embed(&[TEXT], Purpose::Query).await.map(drop) })
            });
            Ok(Remote { server, call, key: FAKE_KEY, text: TEXT })
        };
        Some(remote.await)
    }
}
