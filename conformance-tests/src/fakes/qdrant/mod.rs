//! A Qdrant on the loopback, of one node and with everything in memory.
//!
//! By its published protocol (`collections.proto`, `points.proto`, version
//! 1.16 and later) and its documentation. It evaluates filters by Qdrant's
//! semantics, gives ties in the wrong order, takes nothing that it does not
//! implement (`INVALID_ARGUMENT`, `UNIMPLEMENTED`), and enforces strict mode,
//! keys and the limits that the documentation names.

mod convert;
mod filter;
mod path;
mod read;
mod schema;
mod search;
mod service;
mod strict;
mod write;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use qdrant_client::qdrant as q;
use tokio::sync::oneshot;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Status};

use schema::Collection;
pub use service::Call;

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct FakeQdrant {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// What goes wrong instead of an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This status.
    Status(Status),
    /// No answer, ever.
    Hang,
}

/// How a fake is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// What it says that it is.
    pub version: &'static str,
    /// The key that reads and writes; without one nobody is asked.
    pub api_key: Option<String>,
    /// The key that reads.
    pub read_only_api_key: Option<String>,
    /// The strict mode that a collection has which is made without one.
    pub strict: Option<q::StrictModeConfig>,
}

impl Default for Options {
    /// 1.16, without keys; filters may ask for indexed fields only.
    fn default() -> Self {
        let strict = q::StrictModeConfig {
            enabled: Some(true),
            unindexed_filtering_retrieve: Some(false),
            unindexed_filtering_update: Some(false),
            max_payload_index_count: Some(100),
            upsert_max_batchsize: Some(1_000),
            search_max_batchsize: Some(100),
            ..q::StrictModeConfig::default()
        };
        Self { version: "1.16.0", api_key: None, read_only_api_key: None, strict: Some(strict) }
    }
}

#[derive(Debug)]
struct Shared {
    options: Options,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    collections: BTreeMap<String, Collection>,
    calls: Vec<Call>,
    faults: VecDeque<Option<Fault>>,
    /// Writes that nobody waits for.
    late: Vec<q::UpdateBatchPoints>,
    operations: u64,
}

impl FakeQdrant {
    /// Starts one.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(options: Options) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { options, state: Mutex::default() });
        let (stop, stopped) = oneshot::channel::<()>();
        let service = service::Service(Arc::clone(&shared));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let thread = std::thread::spawn(move || {
            let serve = async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let root = q::qdrant_server::QdrantServer::new(service.clone());
                let guard = {
                    let service = service.clone();
                    move |request: Request<()>| service.authenticate(request)
                };
                let largest = usize::MAX;
                let collections = q::collections_server::CollectionsServer::new(service.clone());
                let points = q::points_server::PointsServer::new(service).max_decoding_message_size(largest);
                let server = Server::builder()
                    .add_service(root)
                    .add_service(InterceptedService::new(collections, guard.clone()))
                    .add_service(InterceptedService::new(points, guard));
                tokio::select! {
                    served = server.serve_with_incoming(TcpIncoming::from(listener)) => served.map_err(io::Error::other),
                    _ = stopped => Ok(()),
                }
            };
            let _ = runtime.block_on(serve);
            // Connections are closed with it, also those that wait for an
            // answer that never comes.
            runtime.shutdown_timeout(Duration::from_secs(5));
        });
        Ok(Self { address, shared, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked so far, in order; from here on none of it.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.lock().calls)
    }

    /// The next calls fail so, one each.
    pub fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().faults.extend(faults.into_iter().map(Some));
    }

    /// The call after so many that go well fails so.
    pub fn fail_after(&self, fine: usize, fault: Fault) {
        let mut state = self.shared.lock();
        state.faults = std::iter::repeat_n(None, fine).chain([Some(fault)]).collect();
    }

    /// What was to happen does not.
    pub fn fail_never(&self) {
        self.shared.lock().faults.clear();
    }

    /// Whether every fault that was to happen has.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.shared.lock().faults.is_empty()
    }

    /// What a collection has of a point, as JSON.
    #[must_use]
    pub fn payload(&self, collection: &str, id: &str) -> Option<serde_json::Value> {
        let state = self.shared.lock();
        let id = convert::PointKey::parse(id)?;
        let point = state.collections.get(collection)?.points.get(&id)?;
        Some(serde_json::Value::Object(point.payload.clone()))
    }

    /// Does what nobody waited for.
    pub fn settle(&self) {
        self.shared.lock().settle();
    }
}

impl Drop for FakeQdrant {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn collection(&mut self, name: &str) -> Result<&mut Collection, Status> {
        let missing = || Status::not_found(format!("Not found: Collection `{name}` doesn't exist!"));
        self.collections.get_mut(name).ok_or_else(missing)
    }

    fn next_operation(&mut self) -> u64 {
        self.operations += 1;
        self.operations
    }

    fn settle(&mut self) {
        for late in std::mem::take(&mut self.late) {
            // Whether it can be done was looked at when it came.
            let _ = self.apply(late);
        }
    }
}

/// What the fake does not implement it does not pass over.
fn refuse<const N: usize>(message: &str, fields: [(&str, bool); N]) -> Result<(), Status> {
    match fields.iter().find(|(_, is_set)| *is_set) {
        Some((field, _)) => Err(Status::invalid_argument(format!("the fake does not implement {message}.{field}"))),
        None => Ok(()),
    }
}
