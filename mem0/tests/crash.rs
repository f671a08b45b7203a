//! A process that adds, updates and deletes is killed again and again; after
//! each kill everything that it had said was done is there, and the ledger and
//! the vector store agree.
//!
//! Two ways to die: SIGKILL from outside at a random moment, and an abort at a
//! failpoint between two steps of an operation. `MEM0_CRASH_KILLS` sets how
//! often (200 by default, a quarter of that on a server), `MEM0_CRASH_SEED` where the random numbers start. On
//! each ledger whose server is there.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test with a `main` of its own, which clippy does not know to be one"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use ledgers::{Place, on_each};
use libtest_mimic::Arguments;
use mem0::*;

mod ledgers;

const CHILD: &str = "MEM0_CRASH_CHILD";

/// Every point at which an operation may die.
const FAILPOINTS: [&str; 9] = [
    "engine::add::before_commit",
    "engine::add::committed",
    "engine::change::before_commit",
    "engine::change::committed",
    "engine::project::written",
    "engine::project::marked",
    "ledger::commit::before",
    "ledger::commit::inside",
    "ledger::commit::after",
];

fn main() {
    if let Ok(config) = std::env::var(CHILD) {
        child(&config);
        return;
    }
    let arguments = Arguments::from_args();
    let kills: u64 = number("MEM0_CRASH_KILLS", 200);
    let mut trials = Vec::from(on_each("survives_kills_at_random", move |place| {
        // To start a process on a server takes four times as long.
        run(place, if place.is_on_a_server() { kills.div_ceil(4) } else { kills }, |_| None)
    }));
    for point in FAILPOINTS {
        trials.extend(on_each(&format!("survives_death_at_{point}"), move |place| {
            run(place, 3, |round| Some(format!("{point}={}*off->1*panic", 2 + round * 3)))
        }));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Small, repeatable random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// Works until it is killed, and says on standard output what is done, each
/// line after the call returned.
fn child(config: &str) {
    // A failpoint panics; to the system that must look like a kill.
    std::panic::set_hook(Box::new(|_| std::process::abort()));
    let _failpoints = fail::FailScenario::setup();
    let mut random = Random(number("MEM0_CRASH_SEED", 1));
    runtime().block_on(async {
        let memory = from_config(&ledgers::read(config)).await.unwrap();
        let mut out = std::io::stdout().lock();
        let mut known: Vec<MemoryId> = Vec::new();
        writeln!(out, "open").unwrap();
        for n in 0.. {
            let scope = Scope::user(format!("user{}", random.below(3))).unwrap();
            let text = format!("note {n} with the number {}", random.next());
            let chosen = (!known.is_empty()).then(|| known[random.below(known.len() as u64) as usize]);
            let (id, version) = match (random.below(4), chosen) {
                (0, Some(id)) => match memory.update(id, UpdateOptions::text(text)).await {
                    Ok(change) => (id, change.version),
                    Err(_) => continue,
                },
                (1, Some(id)) => match memory.delete(id, None).await {
                    Ok(change) => {
                        known.retain(|other| *other != id);
                        (id, change.version)
                    }
                    Err(_) => continue,
                },
                _ => {
                    let id = memory.add(text, &scope, AddOptions::as_said()).await.unwrap().results[0].id;
                    known.push(id);
                    (id, 1)
                }
            };
            writeln!(out, "{id} {version}").unwrap();
            out.flush().unwrap();
        }
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn start(config: &str, seed: u64, failpoints: Option<&str>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(CHILD, config).env("MEM0_CRASH_SEED", seed.to_string()).stdout(Stdio::piped()).stderr(Stdio::null());
    match failpoints {
        Some(points) => command.env("FAILPOINTS", points),
        None => command.env_remove("FAILPOINTS"),
    };
    command.spawn().unwrap()
}

/// Kills `rounds` processes in one place, and checks after each.
fn run(place: &Place, rounds: u64, failpoints: impl Fn(u64) -> Option<String>) -> Result<(), String> {
    let config = place.config();
    let seed = number("MEM0_CRASH_SEED", 20_250_501);
    let mut random = Random(seed);
    let mut done: BTreeMap<MemoryId, u64> = BTreeMap::new();
    for round in 0..rounds {
        let points = failpoints(round);
        let mut child = start(&config, random.next(), points.as_deref());
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        // Killed while it works on the call after this many; the time between
        // two lines makes the moment within that call random.
        let acknowledged = random.below(12);
        for (count, line) in (0..).zip(lines) {
            if let Some((id, version)) = line.split_once(' ') {
                done.insert(id.parse().unwrap(), version.parse().unwrap());
            }
            if points.is_none() && count == acknowledged {
                for _ in 0..random.below(20_000) {
                    std::hint::spin_loop();
                }
                child.kill().unwrap();
            }
        }
        let status = child.wait().unwrap();
        if status.success() {
            return Err(format!("round {round}: the child ended by itself"));
        }
        runtime().block_on(check(place, &config, &done)).map_err(|e| format!("seed {seed}, round {round}: {e}"))?;
    }
    runtime().block_on(place.remove());
    Ok(())
}

async fn check(place: &Place, config: &str, done: &BTreeMap<MemoryId, u64>) -> Result<(), String> {
    place.settle().await;
    let memory = from_config(&ledgers::read(config)).await.map_err(|e| e.to_string())?;
    let report = memory.doctor(false).await.map_err(|e| e.to_string())?;
    if !report.is_healthy() {
        return Err(report.findings.join("; "));
    }
    for (id, version) in done {
        let history = memory.history(*id, None).await.map_err(|e| format!("{id} is lost: {e}"))?;
        if history.last().is_none_or(|last| last.version < *version) {
            return Err(format!("version {version} of {id} is lost"));
        }
    }
    Ok(())
}
