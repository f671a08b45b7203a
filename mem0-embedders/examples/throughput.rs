//! How fast a model starts and embeds, on one core: run with
//! `cargo run --release -p mem0-embedders --example throughput [FILE]` for the
//! shipped one, and with `--features transformer` and `--transformer FOLDER`
//! before FILE for the one in a folder. FILE has one text a line; without it,
//! a few lines are repeated.
#![allow(clippy::print_stdout, reason = "the numbers are what it is for")]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use mem0_embedders::local::StaticModel;

const TEXTS: &str = "\
I went to the pottery workshop on Friday and made my own mug, it was so relaxing and I'd love to go again soon.
What did she say about the camping trip in the mountains?
Melanie: Thanks, Caroline! It's been a long road, but the kids' support keeps me going.
Prefers window seats, is allergic to peanuts and speaks Portuguese at home with her grandmother.";

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let folder = arguments.next_if(|argument| argument == "--transformer").map(|_| arguments.next());
    let text = arguments.next().map_or_else(|| Ok(TEXTS.to_owned()), std::fs::read_to_string)?;
    let lines: Vec<&str> = text.lines().collect();
    match folder {
        None => shipped(&lines),
        Some(folder) => transformer(&folder.ok_or("--transformer needs a folder")?, &lines),
    }
}

fn shipped(lines: &[&str]) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let model = StaticModel::shipped()?;
    println!("start: {:.2} ms", start.elapsed().as_secs_f64() * 1e3);

    let start = Instant::now();
    black_box(model.embed(lines.first().copied().unwrap_or_default()));
    println!("first text: {:.0} us", start.elapsed().as_secs_f64() * 1e6);

    let mut out = vec![0.0; model.dims()];
    rate(lines, || {
        for line in lines {
            model.embed_into(black_box(line), &mut out)?;
            black_box(&out);
        }
        Ok(lines.len())
    })
}

#[cfg(feature = "transformer")]
fn transformer(folder: &str, lines: &[&str]) -> Result<(), Box<dyn Error>> {
    use mem0_core::{Embedder as _, Purpose};
    use mem0_embedders::transformer::{TransformerConfig, TransformerEmbedder};

    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut config = TransformerConfig::new(folder);
    config.threads = Some(1);
    let start = Instant::now();
    let model = runtime.block_on(TransformerEmbedder::open(&config))?;
    println!("start: {:.0} ms ({})", start.elapsed().as_secs_f64() * 1e3, model.identity());

    let start = Instant::now();
    let first = lines.first().copied().unwrap_or_default();
    runtime.block_on(model.embed(&[first], Purpose::Query))?;
    println!("first text: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);

    let texts: Vec<&str> = lines.iter().copied().cycle().take(64).collect();
    rate(lines, || Ok(black_box(runtime.block_on(model.embed(&texts, Purpose::Store))?).len()))
}

#[cfg(not(feature = "transformer"))]
fn transformer(_: &str, _: &[&str]) -> Result<(), Box<dyn Error>> {
    Err("built without the feature `transformer`".into())
}

/// Repeats `embed`, which answers how many texts it did, for two seconds.
fn rate(lines: &[&str], mut embed: impl FnMut() -> Result<usize, Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
    let words = lines.iter().flat_map(|line| line.split_whitespace()).count() as f64 / lines.len() as f64;
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed().as_secs_f64() < 2.0 {
        count += embed()?;
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("one core: {rate:.0} texts/s of {words:.1} words");
    Ok(())
}
