//! Against a server that knows only how a connection begins.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mem0_core::{Error, ErrorKind};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto::ring};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::config::SslMode;

use super::{Database, PoolOptions, TlsOptions};

const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/shared/postgres/fixtures").join(name)
}

/// By "Message Flow" in PostgreSQL's documentation: the login is accepted, and
/// so is the greeting.
async fn welcome(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    let length = stream.read_u32().await? as usize;
    stream.read_exact(&mut vec![0; length - 4]).await?;
    stream.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await?;
    loop {
        let _kind = stream.read_u8().await?;
        let length = stream.read_u32().await? as usize;
        stream.read_exact(&mut vec![0; length - 4]).await?;
        stream.write_all(b"C\0\0\0\x08SET\0Z\0\0\0\x05I").await?;
    }
}

async fn serve(mut stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> std::io::Result<()> {
    let mut asked = [0; 8];
    stream.peek(&mut asked).await?;
    if asked != SSL_REQUEST {
        return welcome(stream).await;
    }
    stream.read_exact(&mut asked).await?;
    match tls {
        Some(tls) => {
            stream.write_all(b"S").await?;
            welcome(tokio_rustls::TlsAcceptor::from(tls).accept(stream).await?).await
        }
        None => {
            stream.write_all(b"N").await?;
            welcome(stream).await
        }
    }
}

/// The port of a server that has a certificate for `localhost`, or none.
async fn server(secure: bool) -> u16 {
    let tls = secure.then(|| {
        let certificate = CertificateDer::from_pem_file(fixture("certificate.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(fixture("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate], key).unwrap())
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, tls.clone()));
        }
    });
    port
}

async fn connect(port: u16, host: &str, mode: SslMode, tls: TlsOptions) -> Result<(), Error> {
    let mut server = tokio_postgres::Config::new();
    server.host(host).hostaddr([127, 0, 0, 1].into()).port(port).user("mem0").password("hush").ssl_mode(mode);
    let options =
        PoolOptions { server, tls, size: 1, wait: Duration::from_secs(20), greeting: "SET a.b = 1".to_owned() };
    Database::new(options)?.client().await.map(|_| ())
}

fn any() -> TlsOptions {
    TlsOptions { verify: false, roots: None }
}

fn trusted() -> TlsOptions {
    TlsOptions { verify: true, roots: Some(fixture("certificate.pem")) }
}

#[tokio::test]
async fn each_mode_does_what_it_says() {
    let (secure, plain) = (server(true).await, server(false).await);
    for (port, host, mode, tls, works) in [
        (secure, "localhost", SslMode::Disable, any(), true),
        (secure, "localhost", SslMode::Prefer, any(), true),
        (secure, "localhost", SslMode::Require, any(), true),
        (secure, "other", SslMode::Require, any(), true),
        (secure, "localhost", SslMode::Require, trusted(), true),
        (secure, "other", SslMode::Require, trusted(), false),
        (secure, "localhost", SslMode::Require, TlsOptions { verify: true, roots: None }, false),
        (plain, "localhost", SslMode::Disable, any(), true),
        (plain, "localhost", SslMode::Prefer, any(), true),
        (plain, "localhost", SslMode::Require, any(), false),
    ] {
        let what = format!("{mode:?} with {tls:?} at {host}, a server with TLS: {}", port == secure);
        let result = connect(port, host, mode, tls).await;
        assert_eq!(result.is_ok(), works, "{what}: {result:?}");
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{what}");
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_missing_file_of_certificates_is_an_error_of_the_configuration() {
    let tls = TlsOptions { verify: true, roots: Some(fixture("nothing.pem")) };
    let error = connect(1, "localhost", SslMode::Require, tls).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
}
