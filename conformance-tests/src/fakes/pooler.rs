//! A pooler in transaction mode in front of a real PostgreSQL, as Supabase and
//! others run one: each transaction of a client goes to the connection that has
//! rested longest, so hardly ever to the one before.
//!
//! By "Message Flow" and "Message Formats" in PostgreSQL's documentation
//! (protocol 3.0). Knows no passwords and no TLS.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

const SSL_REQUEST: u32 = 80_877_103;
const PROTOCOL: u32 = 196_608;

type Reader = BufReader<OwnedReadHalf>;

/// The pooler; it ends with the runtime that started it.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: String,
    user: String,
    database: String,
    /// As many as there are connections that nobody uses, open or not.
    free: Semaphore,
    open: Mutex<VecDeque<Backend>>,
    kept: AtomicU64,
    transactions: AtomicU64,
}

/// A connection to the server, between two transactions.
#[derive(Debug)]
struct Backend {
    read: Reader,
    write: OwnedWriteHalf,
}

/// A message with its head.
struct Message {
    kind: u8,
    bytes: Vec<u8>,
}

impl Message {
    async fn read(from: &mut Reader) -> io::Result<Self> {
        let kind = from.read_u8().await?;
        let length = from.read_u32().await?;
        let mut bytes = vec![kind];
        bytes.extend(length.to_be_bytes());
        let start = bytes.len();
        bytes.resize(start + (length as usize).saturating_sub(4), 0);
        from.read_exact(bytes.get_mut(start..).unwrap_or_default()).await?;
        Ok(Self { kind, bytes })
    }

    fn body(&self) -> &[u8] {
        self.bytes.get(5..).unwrap_or_default()
    }
}

fn startup(user: &str, database: &str) -> Vec<u8> {
    let mut body = PROTOCOL.to_be_bytes().to_vec();
    for part in ["user", user, "database", database, ""] {
        body.extend(part.as_bytes());
        body.push(0);
    }
    let length = u32::try_from(body.len() + 4).unwrap_or(u32::MAX);
    [length.to_be_bytes().to_vec(), body].concat()
}

impl Backend {
    /// Logs in and waits until the server is ready.
    async fn open(shared: &Shared) -> io::Result<Self> {
        let stream = TcpStream::connect(&shared.server).await?;
        stream.set_nodelay(true)?;
        let (read, mut write) = stream.into_split();
        let mut read = Reader::new(read);
        write.write_all(&startup(&shared.user, &shared.database)).await?;
        loop {
            let message = Message::read(&mut read).await?;
            match (message.kind, message.body()) {
                (b'Z', _) => return Ok(Self { read, write }),
                (b'R', [0, 0, 0, 0]) | (b'S' | b'K' | b'N', _) => {}
                _ => return Err(io::Error::other("the server asks for a password")),
            }
        }
    }
}

impl Pooler {
    /// Starts one with so many connections to the server at `host:port`.
    ///
    /// # Errors
    /// If the server cannot be reached, or asks for a password.
    pub async fn start(server: String, user: String, database: String, connections: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            server,
            user,
            database,
            free: Semaphore::new(connections),
            open: Mutex::default(),
            kept: AtomicU64::new(0),
            transactions: AtomicU64::new(0),
        });
        let mut open = VecDeque::new();
        for _ in 0..connections {
            open.push_back(Backend::open(&shared).await?);
        }
        *shared.open.lock().unwrap_or_else(PoisonError::into_inner) = open;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                // A client that hangs up ends its task.
                tokio::spawn(async move { serve(stream, &shared).await });
            }
        });
        Ok(Self { port, shared })
    }

    /// Where it listens on this machine.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many transactions it has handed on.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.shared.transactions.load(Ordering::SeqCst)
    }

    /// How often a client left something on a connection for later: a statement
    /// under a name, or a setting outside of a transaction.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.shared.kept.load(Ordering::SeqCst)
    }
}

async fn serve(stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (read, mut write) = stream.into_split();
    let mut read = Reader::new(read);
    loop {
        let length = read.read_u32().await?;
        let mut body = vec![0; (length as usize).saturating_sub(4)];
        read.read_exact(&mut body).await?;
        match body.first_chunk().map(|code| u32::from_be_bytes(*code)) {
            Some(SSL_REQUEST) => write.write_all(b"N").await?,
            Some(PROTOCOL) => break,
            // A request to cancel, which has no answer.
            _ => return Ok(()),
        }
    }
    write.write_all(b"R\0\0\0\x08\0\0\0\0S\0\0\0\x19client_encoding\0UTF8\0Z\0\0\0\x05I").await?;
    loop {
        let first = Message::read(&mut read).await?;
        if first.kind == b'X' {
            return Ok(());
        }
        transaction(first, &mut read, &mut write, shared).await?;
    }
}

/// Hands messages on, both ways, until the server is ready and idle. A
/// connection whose client hangs up within is closed, which rolls back.
async fn transaction(first: Message, read: &mut Reader, write: &mut OwnedWriteHalf, shared: &Shared) -> io::Result<()> {
    let _free = shared.free.acquire().await.map_err(io::Error::other)?;
    let rested = shared.open.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let mut backend = match rested {
        Some(backend) => backend,
        None => Backend::open(shared).await?,
    };
    shared.transactions.fetch_add(1, Ordering::SeqCst);
    let (mut due, mut idle, mut next) = (0_usize, true, Some(first));
    loop {
        if let Some(message) = next.take() {
            if keeps(&message, idle) {
                shared.kept.fetch_add(1, Ordering::SeqCst);
            }
            due += usize::from(matches!(message.kind, b'Q' | b'S'));
            backend.write.write_all(&message.bytes).await?;
        }
        tokio::select! {
            begun = backend.read.fill_buf() => {
                if begun?.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                let message = Message::read(&mut backend.read).await?;
                let status = message.body().first().copied();
                write.write_all(&message.bytes).await?;
                if message.kind == b'Z' {
                    due = due.saturating_sub(1);
                    idle = status == Some(b'I');
                    if due == 0 && idle {
                        shared.open.lock().unwrap_or_else(PoisonError::into_inner).push_back(backend);
                        return Ok(());
                    }
                }
            }
            begun = read.fill_buf() => {
                if begun?.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                next = Some(Message::read(read).await?);
            }
        }
    }
}

/// Whether a message leaves something behind that the next transaction of the
/// client may build on.
fn keeps(message: &Message, idle: bool) -> bool {
    match message.kind {
        b'P' => message.body().first().is_some_and(|byte| *byte != 0),
        b'Q' => idle && message.body().get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"SET ")),
        _ => false,
    }
}
