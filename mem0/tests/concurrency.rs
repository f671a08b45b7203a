//! Two processes with sixteen tasks each add the same facts to one scope at
//! the same time: each fact is there once. On each ledger whose server is there.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test with a `main` of its own, which clippy does not know to be one"
)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use ledgers::{Place, on_each};
use libtest_mimic::Arguments;
use mem0::*;

mod ledgers;

const CHILD: &str = "MEM0_CONCURRENCY_CHILD";
const INFER: &str = "MEM0_CONCURRENCY_INFER";
const TASKS: usize = 16;

const FACTS: [&str; 6] = [
    "I live in Lisbon.",
    "My sister Marta plays the violin.",
    "I am allergic to peanuts.",
    "We adopted a dog called Rex in March.",
    "I work as a nurse at the city hospital.",
    "Ich trinke morgens am liebsten grünen Tee.",
];

fn main() {
    if let Ok(config) = std::env::var(CHILD) {
        runtime().block_on(child(&config));
        return;
    }
    let arguments = Arguments::from_args();
    let trials = [("as_said", "false"), ("by_rules", "true")].map(|(name, infer)| {
        on_each(&format!("two_processes_of_16_tasks_add_each_fact_once_{name}"), move |place| run(place, infer))
    });
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

async fn child(config: &str) {
    let memory = from_config(&ledgers::read(config)).await.unwrap();
    println!("ready");
    // Both processes begin when the parent closes standard input.
    std::io::stdin().read_line(&mut String::new()).unwrap();
    let infer = std::env::var(INFER).is_ok_and(|infer| infer == "true");
    let tasks = (0..TASKS).map(|task| {
        let memory = memory.clone();
        tokio::spawn(async move {
            let scope = Scope::user("ana").unwrap();
            for fact in 0..FACTS.len() {
                let fact = FACTS[(fact + task) % FACTS.len()];
                memory.add(fact, &scope, AddOptions::default().infer(infer)).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

fn run(place: &Place, infer: &str) -> Result<(), String> {
    let config = place.config();
    let mut children: Vec<_> = (0..2)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .env(CHILD, &config)
                .env(INFER, infer)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in &mut children {
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.trim() != "ready" {
            return Err("a child did not open the memory".into());
        }
    }
    for child in &mut children {
        drop(child.stdin.take());
    }
    for child in &mut children {
        if !child.wait().unwrap().success() {
            return Err("a child failed".into());
        }
    }
    let checked = runtime().block_on(check(&config));
    runtime().block_on(place.remove());
    checked
}

async fn check(config: &str) -> Result<(), String> {
    let memory = from_config(&ledgers::read(config)).await.map_err(|e| e.to_string())?;
    let scope = Scope::user("ana").map_err(|e| e.to_string())?;
    let all = memory.get_all(&scope, ListOptions::default()).await.map_err(|e| e.to_string())?;
    let mut texts: Vec<&str> = all.results.iter().map(|memory| memory.content.text.as_str()).collect();
    texts.sort_unstable();
    if texts.len() != FACTS.len() {
        return Err(format!("{} memories instead of {}: {texts:#?}", texts.len(), FACTS.len()));
    }
    let report = memory.doctor(false).await.map_err(|e| e.to_string())?;
    if report.is_healthy() { Ok(()) } else { Err(report.findings.join("; ")) }
}
