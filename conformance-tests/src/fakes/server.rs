//! The HTTP side of every fake.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Seen {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or(serde_json::Value::Null)
    }
}

/// What the fake answers.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Headers beside the length.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// JSON with a status.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into() }
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// What goes wrong instead of an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer, whatever was asked.
    Reply(Reply),
    /// Half of the right answer, then the connection breaks.
    Truncate,
    /// The connection closes without an answer.
    Close,
    /// No answer, ever.
    Hang,
    /// The right answer, that much later.
    Slow(Duration),
    /// A success whose body is not what it should be.
    Garbage(&'static str),
    /// A success without an end.
    Endless,
    /// The right answer, but not before the server has seen this many requests
    /// in all: who sends them one after the other waits for ever. In it the first [`MARK`] stands for the one of the request,
    /// so that each has an answer of its own.
    Together(usize),
}

/// How a text begins that [`Fault::Together`] carries from a request to its
/// answer; three digits follow.
pub const MARK: &str = "mark-";

/// What a server has to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests so far.
    pub seen: usize,
    /// Requests whose answer has not begun and whose client still waits.
    pub open: usize,
}

type Answer = dyn Fn(&Seen) -> Reply + Send + Sync;

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    faults: VecDeque<Fault>,
    always: Option<Fault>,
}

struct Shared {
    state: Mutex<State>,
    traffic: watch::Sender<Traffic>,
}

/// A server on a port of its own, until it is dropped.
pub struct FakeServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl std::fmt::Debug for FakeServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        if let Some(task) = take(&self.task) {
            task.abort();
        }
    }
}

impl FakeServer {
    /// Listens on this machine and answers by a function.
    ///
    /// # Errors
    /// If no port can be had.
    pub async fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { state: Mutex::default(), traffic: watch::Sender::default() });
        let answer: Arc<Answer> = Arc::new(answer);
        let ours = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            // Dropped with the task, and with it every connection.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, answer) = (Arc::clone(&ours), Arc::clone(&answer));
                connections.spawn(async move {
                    let service = service_fn(move |request| {
                        let (shared, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                        async move { serve(request, &shared, &*answer).await }
                    });
                    // A connection that a fault breaks ends with an error.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        Ok(Self { address, shared, task: Mutex::new(Some(task)) })
    }

    /// Waits for a state of its traffic; not for longer than 20 seconds, for
    /// the sake of a test that would hang. Whether it came.
    pub async fn until(&self, reached: impl FnMut(&Traffic) -> bool) -> bool {
        let mut traffic = self.shared.traffic.subscribe();
        let waiting = traffic.wait_for(reached);
        tokio::time::timeout(Duration::from_secs(20), waiting).await.is_ok_and(|state| state.is_ok())
    }

    /// Ends it: from here on nobody listens at its address.
    pub async fn stop(&self) {
        if let Some(task) = take(&self.task) {
            task.abort();
            let _ = task.await;
        }
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far, faulty ones included.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.state).seen.clone()
    }

    /// The next request meets this fault; several queue up.
    pub fn fail_next(&self, fault: Fault) {
        lock(&self.shared.state).faults.push_back(fault);
    }

    /// From now on every request meets this fault, or none does.
    pub fn fail_always(&self, fault: Option<Fault>) {
        lock(&self.shared.state).always = fault;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn take(task: &Mutex<Option<JoinHandle<()>>>) -> Option<JoinHandle<()>> {
    task.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// One request more that is open, until it is dropped: by its answer, or since
/// its client has gone.
struct Open<'a>(&'a watch::Sender<Traffic>);

impl<'a> Open<'a> {
    fn new(traffic: &'a watch::Sender<Traffic>) -> Self {
        traffic.send_modify(|traffic| {
            traffic.seen += 1;
            traffic.open += 1;
        });
        Self(traffic)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|traffic| traffic.open -= 1);
    }
}

type Body = StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>;

async fn serve(
    request: hyper::Request<Incoming>,
    shared: &Shared,
    answer: &Answer,
) -> io::Result<hyper::Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let path = parts.uri.path_and_query().map_or_else(|| parts.uri.path().to_owned(), ToString::to_string);
    let seen = Seen { method: parts.method.to_string(), path, headers, body };
    let fault = {
        let mut state = lock(&shared.state);
        state.seen.push(seen.clone());
        state.faults.pop_front().or_else(|| state.always.clone())
    };
    let _open = Open::new(&shared.traffic);
    let broken = || io::Error::from(io::ErrorKind::ConnectionReset);
    match fault {
        None => Ok(whole(answer(&seen))),
        Some(Fault::Reply(reply)) => Ok(whole(reply)),
        Some(Fault::Close) => Err(broken()),
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Slow(wait)) => {
            tokio::time::sleep(wait).await;
            Ok(whole(answer(&seen)))
        }
        Some(Fault::Garbage(body)) => Ok(whole(Reply { status: 200, headers: Vec::new(), body: body.into() })),
        Some(Fault::Truncate) => {
            let reply = answer(&seen);
            let half = reply.body.slice(..reply.body.len() / 2);
            let frames = stream::iter([Ok(Frame::data(half)), Err(broken())]).boxed();
            Ok(response(Reply { body: Bytes::new(), ..reply }, frames))
        }
        Some(Fault::Together(calls)) => {
            let mut traffic = shared.traffic.subscribe();
            let _ = traffic.wait_for(|traffic| traffic.seen >= calls).await;
            let reply = answer(&seen);
            let marked = with_mark(&String::from_utf8_lossy(&reply.body), &String::from_utf8_lossy(&seen.body));
            Ok(whole(Reply { body: marked.into(), ..reply }))
        }
        Some(Fault::Endless) => {
            let chunk = Bytes::from_static(&[b' '; 65_536]);
            let frames = stream::repeat_with(move || Ok(Frame::data(chunk.clone()))).boxed();
            Ok(response(Reply { status: 200, headers: Vec::new(), body: Bytes::new() }, frames))
        }
    }
}

fn mark(text: &str) -> Option<&str> {
    let place = text.find(MARK)?;
    text.get(place..place + MARK.len() + 3)
}

fn with_mark(answer: &str, request: &str) -> String {
    match (mark(answer), mark(request)) {
        (Some(old), Some(new)) => answer.replacen(old, new, 1),
        _ => answer.to_owned(),
    }
}

fn whole(reply: Reply) -> hyper::Response<Body> {
    let body = reply.body.clone();
    response(reply, stream::once(async move { Ok(Frame::data(body)) }).boxed())
}

fn response(reply: Reply, frames: BoxStream<'static, io::Result<Frame<Bytes>>>) -> hyper::Response<Body> {
    let mut response = hyper::Response::new(StreamBody::new(frames));
    if let Ok(status) = hyper::StatusCode::from_u16(reply.status) {
        *response.status_mut() = status;
    }
    for (name, value) in reply.headers {
        let name = hyper::header::HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, hyper::header::HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
