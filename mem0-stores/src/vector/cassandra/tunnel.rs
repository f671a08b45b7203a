//! Secured connections to the nodes.
//!
//! The driver brings a TLS of its own only with another cryptography than this
//! library's, so it is given an address on this machine for each node, where
//! what it sends is taken over into a secured connection. On that way it does
//! not leave the machine; who else connects there reaches the node as anybody
//! can, and has to log in.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use scylla::errors::TranslationError;
use scylla::policies::address_translator::{AddressTranslator, UntranslatedPeer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::config::CassandraConfig;
use crate::shared::tls;

/// The ways to the nodes. They end with it.
pub(super) struct Tunnels {
    connector: TlsConnector,
    /// What every node's certificate bears, where that is not its address.
    name: Option<ServerName<'static>>,
    /// The port of the nodes.
    port: u16,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    ways: HashMap<String, SocketAddr>,
    tasks: JoinSet<()>,
}

impl Tunnels {
    pub(super) fn new(config: &CassandraConfig) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let verifier = tls::verifier(&provider, config.tls_ca_file.as_deref(), "tls_ca_file")?;
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| Error::config("TLS cannot be set up"))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        let named = config.tls_server_name.clone().map(ServerName::try_from).transpose();
        let name = named.map_err(|_| Error::config("tls_server_name is a host's name"))?;
        let first = config.nodes().next();
        let port = first.and_then(|node| node.rsplit_once(':')?.1.parse().ok()).unwrap_or(config.port);
        Ok(Self { connector: Arc::new(client).into(), name, port, open: Mutex::default() })
    }

    /// Where on this machine a node is reached. `node` is `host:port`.
    pub(super) async fn to(&self, node: &str) -> io::Result<SocketAddr> {
        let mut open = self.open.lock().await;
        if let Some(way) = open.ways.get(node) {
            return Ok(*way);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let way = listener.local_addr()?;
        let end = Far { connector: self.connector.clone(), name: self.name.clone(), node: node.to_owned() };
        open.tasks.spawn(end.serve(listener));
        open.ways.insert(node.to_owned(), way);
        Ok(way)
    }

    /// Where on this machine a node is reached that the driver names. It knows the
    /// node that it talks to by the address here, and of the others no port but
    /// that one's.
    async fn to_peer(&self, peer: SocketAddr) -> io::Result<SocketAddr> {
        if self.open.lock().await.ways.values().any(|way| *way == peer) {
            return Ok(peer);
        }
        self.to(&SocketAddr::new(peer.ip(), self.port).to_string()).await
    }

    /// Makes one handshake, so that what is wrong with it can be said: the driver
    /// sees only that a connection ends.
    pub(super) async fn check(&self, node: &str) -> Result<()> {
        let end = Far { connector: self.connector.clone(), name: self.name.clone(), node: node.to_owned() };
        end.connect().await.map(|_| ()).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Error::config(
                "the node's certificate is not trusted, or bears another name; see tls_ca_file and tls_server_name",
            ),
            _ => Error::new(ErrorKind::Unavailable, "the cluster cannot be reached over TLS"),
        })
    }
}

#[allow(elided_lifetimes_in_paths, reason = "the trait names none, and the two must be the same")]
#[async_trait]
impl AddressTranslator for Tunnels {
    async fn translate_address(&self, peer: &UntranslatedPeer) -> Result<SocketAddr, TranslationError> {
        let way = self.to_peer(peer.untranslated_address()).await;
        way.map_err(|error| TranslationError::IoError(Arc::new(error)))
    }
}

/// The far end of a way.
#[derive(Clone)]
struct Far {
    connector: TlsConnector,
    name: Option<ServerName<'static>>,
    node: String,
}

impl Far {
    async fn serve(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        while let Ok((mut near, _)) = listener.accept().await {
            let end = self.clone();
            connections.spawn(async move {
                // What breaks here ends the near connection, which the driver sees.
                if let Ok(mut far) = end.connect().await {
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                }
            });
            while connections.try_join_next().is_some() {}
        }
    }

    async fn connect(&self) -> io::Result<TlsStream<TcpStream>> {
        let host = self.node.rsplit_once(':').map_or(self.node.as_str(), |(host, _)| host);
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = match &self.name {
            Some(name) => name.clone(),
            None => ServerName::try_from(bare).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?,
        };
        let far = TcpStream::connect(&self.node).await?;
        far.set_nodelay(true)?;
        self.connector.connect(name, far).await
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rustls::ServerConfig;
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn fixture(name: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/shared/postgres/fixtures").join(name)
    }

    fn tunnels(name: &str, file: Option<PathBuf>) -> Tunnels {
        let config = CassandraConfig {
            tls: true,
            tls_ca_file: file,
            tls_server_name: Some(name.to_owned()),
            ..CassandraConfig::default()
        };
        Tunnels::new(&config).unwrap()
    }

    /// A node that says over TLS what it hears, with a certificate for
    /// `localhost`.
    async fn node() -> String {
        let certificate = CertificateDer::from_pem_file(fixture("certificate.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(fixture("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let node = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = tokio_rustls::TlsAcceptor::from(Arc::clone(&config));
                tokio::spawn(async move {
                    if let Ok(mut stream) = acceptor.accept(stream).await {
                        let mut heard = [0; 5];
                        let _ = stream.read_exact(&mut heard).await;
                        let _ = stream.write_all(&heard).await;
                        let _ = stream.shutdown().await;
                    }
                });
            }
        });
        node
    }

    #[tokio::test]
    async fn what_is_sent_goes_there_and_back() {
        let node = node().await;
        let tunnels = tunnels("localhost", Some(fixture("certificate.pem")));
        tunnels.check(&node).await.unwrap();
        let way = tunnels.to(&node).await.unwrap();
        assert_eq!(tunnels.to(&node).await.unwrap(), way);
        // The driver knows the node by the way, and others by that way's port.
        assert_eq!(tunnels.to_peer(way).await.unwrap(), way);
        let other = tunnels.to_peer(SocketAddr::new([127, 0, 0, 2].into(), way.port())).await.unwrap();
        assert_eq!(tunnels.to("127.0.0.2:9042").await.unwrap(), other);
        let mut near = TcpStream::connect(way).await.unwrap();
        near.write_all(b"hello").await.unwrap();
        let mut heard = Vec::new();
        near.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"hello");
    }

    #[tokio::test]
    async fn a_certificate_that_is_not_trusted_is_an_error_of_the_configuration() {
        let node = node().await;
        let trusted = || Some(fixture("certificate.pem"));
        for (tunnels, node, kind) in [
            (tunnels("localhost", None), node.as_str(), ErrorKind::Config),
            (tunnels("other", trusted()), &node, ErrorKind::Config),
            (tunnels("localhost", trusted()), "127.0.0.1:1", ErrorKind::Unavailable),
        ] {
            assert_eq!(tunnels.check(node).await.unwrap_err().kind(), kind);
        }
        let missing =
            CassandraConfig { tls: true, tls_ca_file: Some(fixture("nothing.pem")), ..CassandraConfig::default() };
        assert_eq!(Tunnels::new(&missing).map(|_| ()).unwrap_err().kind(), ErrorKind::Config);
    }
}
