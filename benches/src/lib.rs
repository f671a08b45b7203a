//! What the benches share: repeatable texts, memories filled with them, and
//! questions over public conversations.
#![forbid(unsafe_code)]

pub mod qa;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mem0::reference::ScriptedLlm;
use mem0::{AddOptions, AddRequest, Llm, LlmResponse, Mem0, Metadata, Result, Scope};

/// Small, repeatable random numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of these, the first ones more often (by the square of the rank), as
    /// words are in speech.
    pub fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let rank = {
            let unit = (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
            (unit * unit * words.len() as f64) as usize
        };
        words.get(rank).or(words.first()).copied().unwrap_or_default()
    }
}

const WHO: &[&str] = &[
    "I",
    "My sister",
    "My brother",
    "Marta",
    "Our neighbour",
    "My boss",
    "Jonas",
    "The doctor",
    "My cousin Lea",
    "Her teacher",
    "Grandpa",
    "The landlord",
    "My friend Omar",
    "A colleague",
    "The coach",
    "Aunt Ruth",
    "Priya",
    "The plumber",
    "Yusuf",
    "My flatmate",
    "The vet",
    "Old Mr Stone",
    "The choir",
    "Hannah",
    "Kenji",
];

const DOES: &[&str] = &[
    "likes",
    "bought",
    "lost",
    "repaired",
    "painted",
    "talked about",
    "is worried about",
    "dreams of",
    "sold",
    "wants to learn about",
    "cooked",
    "forgot",
    "found",
    "gave away",
    "is planning",
    "started",
    "gave up",
    "recommended",
    "wrote about",
    "photographed",
    "borrowed",
    "complained about",
    "celebrated",
    "studied",
    "cancelled",
    "ordered",
    "prefers",
    "cannot stand",
    "is saving for",
    "postponed",
    "won",
    "missed",
    "organised",
    "carried home",
    "insured",
];

const WHAT: &[&str] = &[
    "a bicycle",
    "green tea",
    "the violin",
    "a trip to Lisbon",
    "the garden",
    "a winter coat",
    "chess",
    "a sourdough loaf",
    "the marathon",
    "an old camera",
    "a kitten",
    "the tax return",
    "a pottery class",
    "the roof",
    "peanut butter",
    "a job interview",
    "the swimming pool",
    "a train ticket",
    "the choir concert",
    "a wedding",
    "the allotment",
    "oysters",
    "a language course",
    "the night shift",
    "a telescope",
    "the mortgage",
    "a birthday cake",
    "sailing",
    "a blue sofa",
    "the dentist",
    "an electric guitar",
    "the recycling bins",
    "a documentary on whales",
    "mushroom picking",
    "the lease",
    "a broken ankle",
    "board games",
    "the museum of glass",
    "a new passport",
    "raspberry jam",
    "the boiler",
    "yoga",
    "a stolen wallet",
    "the school play",
    "a kayak",
    "long novels",
    "the vaccination",
    "an espresso machine",
    "beekeeping",
];

const WHEN: &[&str] = &[
    "",
    "last spring",
    "in the evenings",
    "with the children",
    "near the harbour",
    "because of the rain",
    "after work",
    "for the third time",
    "in Porto",
    "on Mondays",
    "without telling anybody",
    "at the market",
    "before the holidays",
    "by the lake",
    "during the strike",
    "with a discount",
    "as a surprise",
    "at grandmother's house",
    "in the old town",
];

/// A sentence such as people say, different for each number.
#[must_use]
pub fn sentence(number: u64) -> String {
    let mut random = Random::new(number);
    let (who, does, what) = (random.pick(WHO), random.pick(DOES), random.pick(WHAT));
    let (when, also, thing) = (random.pick(WHEN), random.pick(DOES), random.pick(WHAT));
    format!("{who} {does} {what} {when}, and {also} {thing} number {number}.")
}

/// A question about such sentences.
#[must_use]
pub fn question(number: u64) -> String {
    let mut random = Random::new(number ^ 0xabcd);
    let (who, does, what) = (random.pick(WHO), random.pick(DOES), random.pick(WHAT));
    format!("What do we know about {what} that {who} {does}?")
}

/// The user with that number.
///
/// # Errors
/// Never for these ids.
pub fn user(number: u64) -> Result<Scope> {
    Scope::user(format!("user{number}"))
}

/// Adds sentences `numbers` to a scope as they are, with a little metadata, in
/// batches of 1,000.
///
/// # Errors
/// Those of the memory.
pub async fn fill(memory: &Mem0, scope: &Scope, numbers: std::ops::Range<u64>) -> Result<()> {
    let numbers: Vec<u64> = numbers.collect();
    for batch in numbers.chunks(1_000) {
        let requests = batch
            .iter()
            .map(|number| {
                let mut metadata = Metadata::new();
                metadata.insert("number".into(), (*number).into());
                metadata.insert("color".into(), if number % 10 == 0 { "red" } else { "blue" }.into());
                AddRequest::new(sentence(*number), scope.clone(), AddOptions::as_said().metadata(metadata))
            })
            .collect();
        for result in memory.add_many(requests).await? {
            result?;
        }
    }
    Ok(())
}

/// A model that answers at once: three new facts for every conversation, none
/// of them known.
#[must_use]
pub fn instant_llm() -> Arc<dyn Llm> {
    let next = AtomicU64::new(100_000_000);
    Arc::new(ScriptedLlm::answering(move |_| {
        let first = next.fetch_add(3, Ordering::Relaxed);
        let facts: Vec<String> = (first..first + 3)
            .map(|number| {
                let text = sentence(number);
                format!(r#"{{"text": "{text}", "sources": [1], "event": "ADD", "targets": []}}"#)
            })
            .collect();
        Ok(LlmResponse::new(format!(r#"{{"facts": [{}]}}"#, facts.join(", "))))
    }))
}

/// The time that this process has computed so far, in milliseconds, from the
/// kernel: without waiting for the disk.
#[must_use]
pub fn cpu_ms() -> Option<f64> {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let spent = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        total += spent.split_whitespace().next()?.parse::<f64>().ok()? / 1e6;
    }
    Some(total)
}

/// The most memory that this process has had, in MiB, from the kernel.
#[must_use]
pub fn peak_memory_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

/// The value below which a share of the sorted values lies.
#[must_use]
pub fn percentile(sorted: &[f64], share: f64) -> f64 {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let index = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}
