//! Questions over the conversations of LOCOMO, with the embedded defaults.
//!
//! `cargo run --release -p benches --bin locomo -- locomo10.json [FLOOR]`
//!
//! Reads the public file as it is (it is not part of this project). Fails where
//! a measure is below its floor, e.g. `recall=0.8,ndcg=0.65`: the figures are
//! the same in every run. `mem0 bench locomo` does the same with any
//! configuration.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]

use std::error::Error;
use std::path::Path;

use benches::qa::{Floor, Journal, Options, load, run};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let file = args.next().ok_or("usage: locomo FILE [FLOOR]")?;
    let floor: Option<Floor> = args.next().map(|text| text.parse()).transpose()?;
    let dataset = load::locomo(Path::new(&file))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let report = runtime.block_on(async {
        let memory = mem0::open(folder.path()).await?;
        run(&memory, &dataset, &Options::default(), None, &mut Journal::none(), &|_, _, _| ()).await
    })?;
    println!("{report}");
    let below = floor.map(|floor| floor.below(&report)).unwrap_or_default();
    if below.is_empty() { Ok(()) } else { Err(below.join("; ").into()) }
}
