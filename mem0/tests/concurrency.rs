//! Two processes with sixteen tasks each add the same facts to one scope at
//! the same time: each fact is there once.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test with a `main` of its own, which clippy does not know to be one"
)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use mem0::*;

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
    if let Ok(folder) = std::env::var(CHILD) {
        runtime().block_on(child(Path::new(&folder)));
        return;
    }
    let arguments = Arguments::from_args();
    let trials = [("as_said", "false"), ("by_rules", "true")].map(|(name, infer)| {
        Trial::test(format!("two_processes_of_16_tasks_add_each_fact_once_{name}"), move || {
            run(infer).map_err(Failed::from)
        })
    });
    libtest_mimic::run(&arguments, trials.into()).exit();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

async fn child(folder: &Path) {
    let memory = open(folder).await.unwrap();
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

fn run(infer: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let mut children: Vec<_> = (0..2)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .env(CHILD, folder.path())
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
    runtime().block_on(async {
        let memory = open(folder.path()).await.map_err(|e| e.to_string())?;
        let scope = Scope::user("ana").map_err(|e| e.to_string())?;
        let all = memory.get_all(&scope, ListOptions::default()).await.map_err(|e| e.to_string())?;
        let mut texts: Vec<&str> = all.results.iter().map(|memory| memory.content.text.as_str()).collect();
        texts.sort_unstable();
        if texts.len() != FACTS.len() {
            return Err(format!("{} memories instead of {}: {texts:#?}", texts.len(), FACTS.len()));
        }
        let report = memory.doctor(false).await.map_err(|e| e.to_string())?;
        if report.is_healthy() { Ok(()) } else { Err(report.findings.join("; ")) }
    })
}
