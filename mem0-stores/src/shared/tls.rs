//! Who is trusted in a secured connection.

use std::path::Path;
use std::sync::Arc;

use mem0_core::{Error, Result};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Trusts the authorities of a file of PEM certificates, or without one those
/// of the operating system. `key` is the file's in the configuration.
pub(crate) fn verifier(
    provider: &Arc<CryptoProvider>,
    file: Option<&Path>,
    key: &'static str,
) -> Result<Arc<dyn ServerCertVerifier>> {
    let Some(file) = file else {
        let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(provider));
        let unreadable = |_| Error::config("the certificates of the operating system cannot be read");
        return Ok(Arc::new(verifier.map_err(unreadable)?));
    };
    let unreadable = || Error::config(format!("{key} is no readable file of PEM certificates"));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|_| unreadable())? {
        roots.add(certificate.map_err(|_| unreadable())?).map_err(|_| unreadable())?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    Ok(verifier.build().map_err(|_| unreadable())?)
}
