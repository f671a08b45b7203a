//! The conformance suites of mem0: one for each family of backend, as a
//! library, so that whoever writes a backend can run them.
//!
//! Each rule in the documentation of [`VectorStore`], [`Ledger`], [`Embedder`],
//! [`Llm`] and [`Reranker`] has a number, and at least one case here with that number. A
//! rule without a case fails the suite, and the suite itself is tested: for
//! each rule there is a backend that is broken in that way, and its case must
//! find it.
//!
//! # Running the suite on a store of your own
//!
//! Bring a harness, and make a test target of it in `Cargo.toml`:
//!
//! ```toml
//! [[test]]
//! name = "vector_mine"
//! harness = false
//! ```
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use conformance_tests::{Setup, VectorHarness, server_url, vector_store_suite};
//! use mem0_core::{Result, VectorStore};
//! # fn connect_to(_: &str) -> Result<Arc<dyn VectorStore>> { unimplemented!() }
//!
//! struct Mine {
//!     url: String,
//! }
//!
//! #[async_trait::async_trait]
//! impl VectorHarness for Mine {
//!     async fn start() -> Setup<Self> {
//!         match server_url("mine") {
//!             Some(url) => Setup::Ready(Self { url }),
//!             None => Setup::Skip("set MEM0_TEST_MINE_URL".into()),
//!         }
//!     }
//!
//!     async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
//!         connect_to(&self.url)
//!     }
//! }
//!
//! vector_store_suite! { name: "mine", harness: Mine, xfail: [] }
//! ```
//!
//! `cargo test --test vector_mine` then shows one line per case. A case that
//! does not apply (a capability that is not declared, a server that is not
//! there) is shown as ignored with its reason; with `MEM0_REQUIRE=mine` a
//! missing server is a failure. `xfail` holds the cases that are known to
//! fail: `[("r25_scroll_is_stable", "issue 42")]`. One that passes after all
//! is a failure too. What else the environment decides is in [`settings`].
//!
//! [`VectorStore`]: mem0_core::VectorStore
//! [`Ledger`]: mem0_core::Ledger
//! [`Embedder`]: mem0_core::Embedder
//! [`Llm`]: mem0_core::Llm
//! [`Reranker`]: mem0_core::Reranker
#![forbid(unsafe_code)]

pub mod backends;
pub mod check;
pub mod fakes;
pub mod harness;
pub mod proxy;
pub mod random;
pub mod rules;
pub mod runner;
pub mod servers;
pub mod settings;
pub mod suite;
pub mod suites;

mod data;
mod shrink;

pub use check::{Stop, Verdict};
pub use harness::{EmbedderHarness, LedgerHarness, LlmHarness, RerankerHarness, Setup, Through, VectorHarness};
pub use runner::Backend;
pub use servers::{Server, server};
pub use settings::server_url;
pub use suites::embedder::EmbedderFamily;
pub use suites::ledger::LedgerFamily;
pub use suites::llm::LlmFamily;
pub use suites::reranker::RerankerFamily;
pub use suites::vector::VectorFamily;

/// The `main` of a test target that runs the vector store suite.
#[macro_export]
macro_rules! vector_store_suite {
    ($($input:tt)+) => { $crate::__suite! { VectorFamily $($input)+ } };
}

/// The `main` of a test target that runs the ledger suite.
#[macro_export]
macro_rules! ledger_suite {
    ($($input:tt)+) => { $crate::__suite! { LedgerFamily $($input)+ } };
}

/// The `main` of a test target that runs the embedder suite.
#[macro_export]
macro_rules! embedder_suite {
    ($($input:tt)+) => { $crate::__suite! { EmbedderFamily $($input)+ } };
}

/// The `main` of a test target that runs the language model suite.
#[macro_export]
macro_rules! llm_suite {
    ($($input:tt)+) => { $crate::__suite! { LlmFamily $($input)+ } };
}

/// The `main` of a test target that runs the reranker suite.
#[macro_export]
macro_rules! reranker_suite {
    ($($input:tt)+) => { $crate::__suite! { RerankerFamily $($input)+ } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __suite {
    ($family:ident name: $name:literal, harness: $harness:ty, xfail: [$($xfail:expr),* $(,)?] $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            let backend = $crate::Backend { name: $name, xfail: &[$($xfail),*] };
            $crate::runner::run::<$crate::$family>(backend, async || match <$harness>::start().await {
                $crate::Setup::Ready(harness) => $crate::Setup::Ready(::std::sync::Arc::new(harness) as _),
                $crate::Setup::Skip(reason) => $crate::Setup::Skip(reason),
            })
        }
    };
}
