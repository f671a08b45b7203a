//! How a backend gets its server: the address that the environment names, else
//! a container of its own (with the feature `containers`), else none.
//!
//! | variable | means |
//! |---|---|
//! | `MEM0_TEST_<NAME>_URL` | a server that runs already |
//! | `MEM0_TEST_<NAME>_IMAGE` | another image than the one in the table |
//! | `DOCKER_HOST` | the container engine, where it is not the usual one |
//!
//! A container starts with the run of a test binary and ends with it, also when
//! a case fails or the run is interrupted.

#[cfg(feature = "containers")]
mod container;
mod images;

use std::fmt;

pub use images::{IMAGES, Image, Ready};

use crate::harness::Setup;
use crate::settings::server_url;

/// A server that is there for this run.
pub struct Server {
    url: String,
    #[cfg(feature = "containers")]
    _container: Option<container::Container>,
}

impl Server {
    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

// The address may hold a password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

/// The server of a backend.
pub async fn server(name: &str) -> Setup<Server> {
    if let Some(url) = server_url(name) {
        #[cfg(not(feature = "containers"))]
        return Setup::Ready(Server { url });
        #[cfg(feature = "containers")]
        return Setup::Ready(Server { url, _container: None });
    }
    start(name).await
}

#[cfg(not(feature = "containers"))]
async fn start(name: &str) -> Setup<Server> {
    let name = name.to_ascii_uppercase();
    Setup::Skip(format!("set MEM0_TEST_{name}_URL to a server, or use the feature `containers`"))
}

#[cfg(feature = "containers")]
async fn start(name: &str) -> Setup<Server> {
    let Some(image) = IMAGES.iter().find(|image| image.name == name) else {
        return Setup::Skip(format!("set MEM0_TEST_{}_URL: there is no image for it", name.to_ascii_uppercase()));
    };
    match container::Container::start(image).await {
        Ok((container, url)) => Setup::Ready(Server { url, _container: Some(container) }),
        Err(reason) => Setup::Skip(reason),
    }
}
