//! How fast the shipped model starts and embeds: run with
//! `cargo run --release -p mem0-embedders --example throughput [FILE]`.
//! FILE has one text a line; without it, a few lines are repeated.
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
    let file = std::env::args().nth(1);
    let text = file.map_or_else(|| Ok(TEXTS.to_owned()), std::fs::read_to_string)?;
    let lines: Vec<&str> = text.lines().collect();
    let words = text.split_whitespace().count() as f64 / lines.len() as f64;

    let start = Instant::now();
    let model = StaticModel::shipped()?;
    println!("start: {:.2} ms", start.elapsed().as_secs_f64() * 1e3);

    let start = Instant::now();
    black_box(model.embed(lines.first().copied().unwrap_or_default()));
    println!("first text: {:.0} us", start.elapsed().as_secs_f64() * 1e6);

    let mut out = vec![0.0; model.dims()];
    let start = Instant::now();
    let mut count = 0usize;
    while start.elapsed().as_secs_f64() < 2.0 {
        for line in &lines {
            model.embed_into(black_box(line), &mut out)?;
            black_box(&out);
        }
        count += lines.len();
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("one core: {rate:.0} texts/s of {words:.1} words");
    Ok(())
}
