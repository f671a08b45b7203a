//! A proxy between a store and its server: it sees what is asked, and lets go
//! wrong on the wire what can go wrong, whatever the protocol.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// What happens to the traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wire {
    /// It goes through.
    #[default]
    Whole,
    /// After so many more bytes of the client every connection is cut, and no
    /// new one is taken.
    CutAfter(usize),
    /// Every connection is cut, and no new one is taken.
    Down,
    /// It is swallowed: no answer, ever.
    Silent,
    /// Each HTTP request gets this status instead of an answer, with
    /// `retry-after: 0`.
    Status(u16),
}

/// What went through since [`Proxy::forget`].
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What the client said, all connections in the order of arrival.
    pub asked: Vec<u8>,
    /// How often a client spoke after it had been silent or answered: the
    /// number of round trips, each connection counted for itself.
    pub round_trips: usize,
}

impl Seen {
    /// Whether the client said these bytes.
    #[must_use]
    pub fn has(&self, bytes: &[u8]) -> bool {
        self.asked.windows(bytes.len().max(1)).any(|window| window == bytes)
    }
}

/// What happens now, and how often all connections were cut so far: whoever
/// looks late still finds out.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    wire: Wire,
    cuts: u64,
}

struct Shared {
    upstream: String,
    state: watch::Sender<State>,
    seen: Mutex<Seen>,
}

impl Shared {
    fn set(&self, wire: Wire) {
        self.state.send_modify(|state| {
            state.wire = wire;
            state.cuts += u64::from(wire == Wire::Down);
        });
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener on loopback in front of a server. Ends when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Proxy {
    /// In front of `host:port`.
    ///
    /// # Errors
    /// If nothing can be listened on.
    pub async fn in_front_of(upstream: impl Into<String>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared =
            Arc::new(Shared { upstream: upstream.into(), state: watch::Sender::default(), seen: Mutex::default() });
        let listener = tokio::spawn(listen(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, listener })
    }

    /// In front of the server of an address such as
    /// `scheme://user:password@host:port/path`, and the address through it.
    ///
    /// # Errors
    /// If nothing can be listened on.
    pub async fn in_front_of_url(url: &str, default_port: u16) -> io::Result<(Self, String)> {
        let start = url.find("://").map_or(0, |at| at + 3);
        let (scheme, rest) = url.split_at(start);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let upstream = if host.contains(':') { host.to_owned() } else { format!("{host}:{default_port}") };
        let proxy = Self::in_front_of(upstream).await?;
        let url = format!("{scheme}{user}{}{path}", proxy.address);
        Ok((proxy, url))
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on.
    pub fn set(&self, wire: Wire) {
        self.shared.set(wire);
    }

    /// What went through since [`forget`](Self::forget).
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.shared.seen().clone()
    }

    /// Forgets what went through.
    pub fn forget(&self) {
        *self.shared.seen() = Seen::default();
    }
}

async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    // The connections end with the proxy.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        if shared.state.borrow().wire != Wire::Down {
            let shared = Arc::clone(&shared);
            connections.spawn(async move {
                // A connection that breaks is what this is for.
                let _ = serve(client, &shared).await;
            });
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut client: TcpStream, shared: &Shared) -> io::Result<()> {
    let mut state = shared.state.subscribe();
    let cuts = state.borrow().cuts;
    let mut server = TcpStream::connect(&shared.upstream).await?;
    let (mut question, mut answer) = (vec![0; 65_536], vec![0; 65_536]);
    let mut answered = true;
    loop {
        let now = *state.borrow_and_update();
        if now.cuts != cuts {
            return Ok(());
        }
        let mode = now.wire;
        tokio::select! {
            changed = state.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
            }
            read = client.read(&mut question) => {
                let count = read?;
                let said = question.get(..count).unwrap_or_default();
                if said.is_empty() {
                    return Ok(());
                }
                {
                    let mut seen = shared.seen();
                    seen.asked.extend_from_slice(said);
                    seen.round_trips += usize::from(answered);
                    answered = false;
                }
                match mode {
                    Wire::Whole => server.write_all(said).await?,
                    Wire::CutAfter(left) if left > count => {
                        shared.set(Wire::CutAfter(left - count));
                        server.write_all(said).await?;
                    }
                    Wire::CutAfter(left) => {
                        server.write_all(said.get(..left).unwrap_or_default()).await?;
                        shared.set(Wire::Down);
                        return Ok(());
                    }
                    Wire::Down => return Ok(()),
                    Wire::Silent => {}
                    Wire::Status(status) => {
                        drain(&mut client, missing(said)).await?;
                        return refuse(&mut client, status).await;
                    }
                }
            }
            read = server.read(&mut answer) => {
                let count = read?;
                let said = answer.get(..count).unwrap_or_default();
                if said.is_empty() {
                    return Ok(());
                }
                if mode != Wire::Silent {
                    answered = true;
                    client.write_all(said).await?;
                }
            }
        }
    }
}

/// How many bytes of the body of an HTTP/1 request are still to come after its
/// first ones.
fn missing(first: &[u8]) -> usize {
    let Some(end) = first.windows(4).position(|window| window == b"\r\n\r\n") else { return 0 };
    let head = String::from_utf8_lossy(first.get(..end).unwrap_or_default()).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    length.saturating_sub(first.len() - end - 4)
}

async fn drain(client: &mut TcpStream, mut left: usize) -> io::Result<()> {
    let mut bytes = vec![0; 65_536];
    while left > 0 {
        let count = client.read(&mut bytes).await?;
        if count == 0 {
            return Ok(());
        }
        left = left.saturating_sub(count);
    }
    Ok(())
}

async fn refuse(client: &mut TcpStream, status: u16) -> io::Result<()> {
    let answer = format!(
        "HTTP/1.1 {status} Refused\r\nretry-after: 0\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\
         connection: close\r\n\r\n{{}}"
    );
    client.write_all(answer.as_bytes()).await?;
    client.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    tokio::io::copy(&mut read, &mut write).await.ok();
                });
            }
        });
        address
    }

    async fn say(stream: &mut TcpStream, words: &[u8]) -> Vec<u8> {
        let mut answer = vec![0; words.len()];
        if stream.write_all(words).await.is_err() || stream.read_exact(&mut answer).await.is_err() {
            answer.clear();
        }
        answer
    }

    #[tokio::test]
    async fn what_goes_through_is_seen_and_counted() {
        let server = echo().await;
        let (proxy, url) = Proxy::in_front_of_url(&format!("x://ada:h@{server}/db?a=b"), 1).await.unwrap();
        assert_eq!(url, format!("x://ada:h@{}/db?a=b", proxy.address()));
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(say(&mut client, b"hello").await, b"hello");
        assert_eq!(say(&mut client, b"again").await, b"again");
        let seen = proxy.seen();
        assert!(seen.has(b"loag") && !seen.has(b"loah"));
        assert_eq!(seen.round_trips, 2);
        proxy.forget();
        assert_eq!(proxy.seen().round_trips, 0);
    }

    #[tokio::test]
    async fn connections_are_cut_and_come_back() {
        let proxy = Proxy::in_front_of(echo().await.to_string()).await.unwrap();
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.set(Wire::CutAfter(8));
        assert_eq!(say(&mut client, b"12345").await, b"12345");
        assert_eq!(say(&mut client, b"12345").await, b"");
        let mut other = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(say(&mut other, b"12345").await, b"");
        proxy.set(Wire::Whole);
        let mut third = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(say(&mut third, b"12345").await, b"12345");
    }

    #[tokio::test]
    async fn a_status_is_an_answer_to_the_whole_request() {
        let proxy = Proxy::in_front_of(echo().await.to_string()).await.unwrap();
        proxy.set(Wire::Status(503));
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        client.write_all(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n12").await.unwrap();
        client.write_all(b"345").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
}
