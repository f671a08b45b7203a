//! A proxy that counts how often a client asks: how many round trips a call
//! makes, whatever the protocol.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::task::JoinHandle;

/// A port on this machine whose connections go on to another.
///
/// A flight is what a client sends before the server answers: a request, or a
/// pipeline of them.
#[derive(Debug)]
pub struct CountingProxy {
    address: SocketAddr,
    flights: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl CountingProxy {
    /// Begins to listen, before a server.
    ///
    /// # Errors
    /// If it cannot listen, or the server's address means nothing.
    pub async fn before(server: impl ToSocketAddrs) -> io::Result<Self> {
        let server = tokio::net::lookup_host(server).await?.next();
        let server = server.ok_or_else(|| io::Error::other("the server's address means nothing"))?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (address, flights) = (listener.local_addr()?, Arc::<AtomicU64>::default());
        let counter = Arc::clone(&flights);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, server, Arc::clone(&counter)));
            }
        });
        Ok(Self { address, flights, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many flights there were so far.
    #[must_use]
    pub fn flights(&self) -> u64 {
        self.flights.load(Ordering::SeqCst)
    }
}

impl Drop for CountingProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass_on(client: TcpStream, server: SocketAddr, flights: Arc<AtomicU64>) -> io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    // Whether the server has said something since the client did.
    let answered = AtomicBool::new(true);
    let asking = copy(from_client, to_server, || {
        if answered.swap(false, Ordering::SeqCst) {
            flights.fetch_add(1, Ordering::SeqCst);
        }
    });
    let answering = copy(from_server, to_client, || answered.store(true, Ordering::SeqCst));
    tokio::try_join!(asking, answering).map(|_| ())
}

async fn copy(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    seen: impl Fn(),
) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match from.read(&mut buffer).await? {
            0 => return to.shutdown().await,
            count => {
                seen();
                to.write_all(buffer.get(..count).unwrap_or_default()).await?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(stream: &mut TcpStream, question: &[u8]) {
        stream.write_all(question).await.unwrap();
        let mut answer = vec![0; question.len()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, question);
    }

    #[tokio::test]
    async fn flights_are_counted() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (from, to) = stream.into_split();
                tokio::spawn(copy(from, to, || {}));
            }
        });
        let proxy = CountingProxy::before(server).await.unwrap();
        let mut first = TcpStream::connect(proxy.address()).await.unwrap();
        assert_eq!(proxy.flights(), 0);
        ask(&mut first, b"one").await;
        ask(&mut first, b"two").await;
        assert_eq!(proxy.flights(), 2);
        ask(&mut TcpStream::connect(proxy.address()).await.unwrap(), b"another").await;
        assert_eq!(proxy.flights(), 3);
    }
}
