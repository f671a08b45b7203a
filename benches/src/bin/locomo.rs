//! Questions over the conversations of LOCOMO, with the embedded defaults.
//!
//! `cargo run --release -p benches --bin locomo -- locomo10.json`
//!
//! Reads the public file as it is (it is not part of this project). `mem0
//! bench locomo` does the same with any configuration.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::path::Path;

use benches::qa::{Journal, Options, load, run};

fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::args().nth(1).ok_or("usage: locomo FILE")?;
    let dataset = load::locomo(Path::new(&file))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let report = runtime.block_on(async {
        let memory = mem0::open(folder.path()).await?;
        run(&memory, &dataset, &Options::default(), None, &mut Journal::none(), &|_, _, _| ()).await
    })?;
    println!("{report}");
    Ok(())
}
