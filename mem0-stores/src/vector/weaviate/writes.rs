//! Writes that are whole for whoever searches afterwards.
//!
//! A server that loses the connection while it writes keeps the objects without
//! a place in the index, where no search finds them, and does not make good for
//! it when the same is written again, since nothing has changed (1.35). So a
//! write that has begun goes on although nobody waits for it, the next one of the
//! same points waits a while for it, and what has had no answer by then is deleted
//! before it is written again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mem0_core::{Error, MemoryId, Result};
use mem0_http::Request;
use tokio::sync::RwLock;

use super::api::{Api, Written};
use super::filter::Where;

/// How long a write waits for an earlier one that nobody waits for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The writes of a handle.
#[derive(Debug, Default)]
pub(super) struct Writes {
    /// Whoever writes holds it for reading.
    running: Arc<RwLock<()>>,
    doubtful: Doubtful,
}

/// Points whose last write has no answer, and nobody waits for one.
#[derive(Clone, Debug, Default)]
struct Doubtful(Arc<Mutex<HashSet<MemoryId>>>);

/// A write that is waited for.
struct Waiting {
    doubtful: Doubtful,
    ids: Arc<[MemoryId]>,
}

impl Doubtful {
    fn change(&self, change: impl FnOnce(&mut HashSet<MemoryId>)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn among(&self, ids: &[MemoryId]) -> Vec<MemoryId> {
        let mut found = Vec::new();
        self.change(|doubtful| found.extend(ids.iter().filter(|id| doubtful.contains(id))));
        found
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.doubtful.change(|doubtful| {
            // Once there is an answer there is no other owner.
            if Arc::strong_count(&self.ids) > 1 {
                doubtful.extend(self.ids.iter());
            }
        });
    }
}

impl Writes {
    /// Makes a request that writes these points of a class.
    pub(super) async fn make(
        &self,
        api: &Api,
        class: &str,
        ids: Vec<MemoryId>,
        request: Request,
    ) -> Result<Vec<Written>> {
        if !self.doubtful.among(&ids).is_empty() {
            // It is there when all are over; whether in time, the next line shows.
            let _ = tokio::time::timeout(PATIENCE, self.running.write()).await;
        }
        let again = self.doubtful.among(&ids);
        let place = Arc::clone(&self.running).read_owned().await;
        let deletion = if again.is_empty() { None } else { Some(api.delete(class, &Where::Ids(again))?) };
        let ids: Arc<[MemoryId]> = ids.into();
        let waiting = Waiting { doubtful: self.doubtful.clone(), ids: Arc::clone(&ids) };
        let (server, doubtful) = (api.server.clone(), self.doubtful.clone());
        let written = tokio::spawn(async move {
            // Both here, so that nothing is deleted and not written because
            // somebody stopped waiting in between.
            let deleted = match deletion {
                Some(deletion) => server.send(deletion).await.map(drop),
                None => Ok(()),
            };
            let written = match deleted {
                Ok(()) => server.ask(request).await,
                Err(e) => Err(e),
            };
            doubtful.change(|doubtful| {
                match &written {
                    Ok(_) => doubtful.retain(|id| !ids.contains(id)),
                    Err(e) if is_refused(e) => {}
                    Err(_) => doubtful.extend(ids.iter()),
                }
                drop(ids);
            });
            drop(place);
            written
        });
        let written = written.await;
        drop(waiting);
        written.map_err(|e| Error::internal("a write ended without an answer").with_source(e))?
    }
}

/// Whether the server itself has answered: then it has not lost the connection.
/// A gateway may have.
fn is_refused(error: &Error) -> bool {
    error.context().iter().any(|(key, status)| *key == "status" && !matches!(status.as_str(), "502" | "504"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use mem0_http::{ClientOptions, Method};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::oneshot;
    use uuid::Uuid;

    use super::super::config::WeaviateConfig;
    use crate::shared::http::Server;

    /// The method of a request, once all of it is there.
    async fn asked(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        loop {
            let mut part = [0; 4_096];
            let read = stream.read(&mut part).await.unwrap();
            bytes.extend_from_slice(&part[..read]);
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let length =
                text.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
            if body.is_some_and(|body| body >= length.unwrap_or(0)) {
                return text.split(' ').next().unwrap_or_default().to_owned();
            }
            assert_ne!(read, 0, "the request ends early");
        }
    }

    async fn answer(stream: &mut TcpStream, body: &str) {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    }

    fn made(address: std::net::SocketAddr) -> Api {
        let server = Server::new(&ClientOptions::default(), &format!("http://{address}"), Vec::new(), |_| None);
        Api::new(server.unwrap(), &WeaviateConfig::default())
    }

    fn post(api: &Api) -> Request {
        api.server.json(Method::Post, "/v1/batch/objects", &serde_json::json!({"objects": []})).unwrap()
    }

    fn ids() -> Vec<MemoryId> {
        vec![MemoryId::from_uuid(Uuid::from_u128(7))]
    }

    #[tokio::test]
    async fn what_may_be_lost_is_deleted_before_it_is_written_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (api, writes) = (made(listener.local_addr().unwrap()), Writes::default());
        let server = tokio::spawn(async move {
            let mut methods = Vec::new();
            for body in [None, Some(r#"{"results":{}}"#), Some("[]"), Some("[]")] {
                let (mut stream, _) = listener.accept().await.unwrap();
                methods.push(asked(&mut stream).await);
                if let Some(body) = body {
                    answer(&mut stream, body).await;
                }
            }
            methods
        });
        assert!(writes.make(&api, "Mem0", ids(), post(&api)).await.is_err());
        for _ in 0..2 {
            writes.make(&api, "Mem0", ids(), post(&api)).await.unwrap();
        }
        assert_eq!(server.await.unwrap(), ["POST", "DELETE", "POST", "POST"]);
    }

    #[tokio::test]
    async fn what_the_server_refuses_is_in_no_doubt_and_a_deletion_is_followed_by_its_write() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (api, writes) = (made(listener.local_addr().unwrap()), Writes::default());
        let (began, has_begun) = oneshot::channel();
        let (go_on, may_go_on) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let mut methods = Vec::new();
            let mut next = async |head: &str| {
                let (mut stream, _) = listener.accept().await.unwrap();
                methods.push(asked(&mut stream).await);
                let head = format!("HTTP/1.1 {head}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]");
                (stream, head)
            };
            for head in ["400 Bad Request", "200 OK", "502 Bad Gateway"] {
                let (mut stream, answer) = next(head).await;
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            let (mut stream, answer) = next("200 OK").await;
            began.send(()).unwrap();
            may_go_on.await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            let (mut stream, answer) = next("200 OK").await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            methods
        });
        assert!(writes.make(&api, "Mem0", ids(), post(&api)).await.is_err());
        writes.make(&api, "Mem0", ids(), post(&api)).await.unwrap();
        assert!(writes.make(&api, "Mem0", ids(), post(&api)).await.is_err());
        // Nobody waits any more when the deletion is being made.
        tokio::select! {
            _ = writes.make(&api, "Mem0", ids(), post(&api)) => panic!("there was no answer yet"),
            begun = has_begun => begun.unwrap(),
        }
        go_on.send(()).unwrap();
        assert_eq!(server.await.unwrap(), ["POST", "POST", "POST", "DELETE", "POST"]);
    }

    #[tokio::test]
    async fn a_write_waits_for_one_that_nobody_waits_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (api, writes) = (made(listener.local_addr().unwrap()), Writes::default());
        let (began, has_begun) = oneshot::channel();
        let (go_on, may_go_on) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let (mut first, _) = listener.accept().await.unwrap();
            asked(&mut first).await;
            began.send(()).unwrap();
            may_go_on.await.unwrap();
            // Whoever waits has not asked yet.
            let early = tokio::time::timeout(Duration::ZERO, listener.accept()).await.is_ok();
            answer(&mut first, "[]").await;
            let (mut second, _) = listener.accept().await.unwrap();
            asked(&mut second).await;
            answer(&mut second, "[]").await;
            early
        });
        tokio::select! {
            _ = writes.make(&api, "Mem0", ids(), post(&api)) => panic!("there was no answer yet"),
            begun = has_begun => begun.unwrap(),
        }
        let second = writes.make(&api, "Mem0", ids(), post(&api));
        tokio::pin!(second);
        // It gets as far as it can.
        tokio::select! {
            biased;
            _ = &mut second => panic!("the first has no answer yet"),
            () = std::future::ready(()) => {}
        }
        go_on.send(()).unwrap();
        second.await.unwrap();
        assert!(!server.await.unwrap(), "the second write did not wait");
    }
}
