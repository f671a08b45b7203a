//! One container, from its start to its end, on a thread of its own: whoever
//! drops it need not be in any runtime.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use testcontainers::core::ContainerPort;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::images::{Image, Ready};
use crate::settings::server_setting;

/// How long an image may take to be fetched and started, and then to answer.
const START: Duration = Duration::from_secs(600);
const ANSWER: Duration = Duration::from_secs(180);

/// A container that runs until this is dropped.
pub(super) struct Container {
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Container {
    /// Starts a product and waits until it answers; says where it is, or why
    /// not.
    pub(super) async fn start(image: &'static Image) -> Result<(Self, String), String> {
        let (end, ended) = oneshot::channel();
        let (begin, begun) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(begin.send(Err(format!("no runtime: {error}")))),
            };
            runtime.block_on(async {
                match run(image).await {
                    Ok((container, url)) => {
                        let _ = begin.send(Ok(url));
                        // Dropping the other end is the sign as well.
                        let _ = ended.await;
                        // If it cannot be removed there is nobody left to tell.
                        let _ = container.rm().await;
                    }
                    Err(reason) => drop(begin.send(Err(reason))),
                }
            });
        });
        let this = Self { end: Some(end), thread: Some(thread) };
        let url = begun.await.unwrap_or_else(|_| Err("the container's thread ended".to_owned()))?;
        Ok((this, url))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run(image: &Image) -> Result<(ContainerAsync<GenericImage>, String), String> {
    let chosen = server_setting(image.name, "IMAGE").or_else(|| image.image.map(str::to_owned));
    let Some(chosen) = chosen else {
        let name = image.name.to_ascii_uppercase();
        return Err(format!("set MEM0_TEST_{name}_URL or MEM0_TEST_{name}_IMAGE: no vendor's image will do"));
    };
    let failed = |what: &dyn std::fmt::Display| format!("no container of {chosen}: {what}");
    let (name, tag) = match chosen.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (chosen.as_str(), "latest"),
    };
    let mut request = GenericImage::new(name, tag)
        .with_exposed_port(ContainerPort::Tcp(image.port))
        .with_startup_timeout(START)
        .with_cmd(image.arguments.iter().copied());
    for (key, value) in image.variables {
        request = request.with_env_var(*key, *value);
    }
    let container = request.start().await.map_err(|e| failed(&e))?;
    let port = container.get_host_port_ipv4(image.port).await.map_err(|e| failed(&e))?;
    // Ports are published on this machine, whatever the engine's own name is.
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let until = Instant::now() + ANSWER;
    while !is_ready(address, image.ready).await {
        if Instant::now() > until {
            return Err(failed(&format!("it did not answer within {ANSWER:?}")));
        }
        sleep(Duration::from_millis(100)).await;
    }
    Ok((container, image.url.replace("PORT", &port.to_string())))
}

async fn is_ready(address: SocketAddr, ready: Ready) -> bool {
    let (sent, due) = match ready {
        Ready::Http(path) => (format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").into_bytes(), None),
        Ready::Bytes(sent, due) => (sent.to_vec(), Some(due)),
    };
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(&sent).await?;
        let mut answer = vec![0; due.map_or(b"HTTP/1.x 200".len(), <[u8]>::len)];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    match timeout(Duration::from_secs(5), asked).await {
        Ok(Ok(answer)) => due.map_or_else(|| answer.ends_with(b" 200"), |due| answer == due),
        _ => false,
    }
}
