//! `mem0 bench` from outside, on the small files of the benches' own tests.
#![cfg(all(feature = "bench", feature = "sqlite", feature = "local", feature = "rules"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn fixture(name: &str) -> String {
    format!("{}/../benches/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn mem0(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mem0"));
    // No variable of the machine decides what is tested.
    command.env_clear().env("MEM0_DIR", home.join("data")).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn json(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report.as_object_mut().unwrap().remove("times");
    report
}

fn rows(report: &Value) -> Vec<&str> {
    report["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

#[test]
fn every_dataset_is_measured_and_the_users_memories_stay_as_they_are() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    assert!(mem0(home, &["add", "I play the accordion.", "--user", "locomo/conv-a", "--no-infer"]).status.success());
    let before = json(&mem0(home, &["stats", "--json"]));

    let (locomo, file) = (fixture("locomo.json"), home.join("report.json"));
    let report = json(&mem0(home, &["bench", "locomo", &locomo, "--json", "--out", file.to_str().unwrap()]));
    assert_eq!(
        rows(&report),
        ["1 multi-hop", "2 temporal", "3 open-domain", "4 single-hop", "5 adversarial", "with an answer", "all"]
    );
    assert_eq!(report["rows"][5]["recall"]["50"], 1.0);
    assert_eq!(report["settings"]["mode"], "said");
    assert!(report["abstaining"]["area"].is_number() && report["interval"]["low"].is_number());
    let mut written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    written.as_object_mut().unwrap().remove("times");
    assert_eq!(written, report);

    let rules = json(&mem0(home, &["bench", "locomo", &locomo, "--mode", "rules", "--json"]));
    assert_eq!(rules["settings"]["mode"], "rules");
    let kayaks = json(&mem0(home, &["bench", "longmemeval", &fixture("longmemeval.json"), "--json"]));
    assert_eq!(rows(&kayaks), ["abstention", "knowledge-update", "with an answer", "all"]);
    let bees =
        json(&mem0(home, &["bench", "beam", &fixture("beam"), "--json", "--categories", "instruction_following"]));
    assert_eq!(rows(&bees), ["instruction_following", "all"]);
    assert_eq!(json(&mem0(home, &["stats", "--json"])), before);
}

#[test]
fn a_run_is_repeated_and_resumed() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let folder = home.join("run");
    let resume = ["--json", "--resume", folder.to_str().unwrap()];
    let file = fixture("locomo.json");
    let call = ["bench", "locomo", &file, "--conversations", "conv-a", "--categories", "4,5"];
    let kept = json(&mem0(home, &[&call[..], &resume].concat()));
    assert_eq!(json(&mem0(home, &[&call[..], &["--json"]].concat())), kept, "the same in a place of its own");
    let lines = || std::fs::read_to_string(folder.join("questions.jsonl")).unwrap();
    let before = lines();
    assert_eq!(json(&mem0(home, &[&call[..], &resume].concat())), kept);
    assert_eq!(lines(), before, "nothing is asked again");
    let other = mem0(home, &[&call[..], &resume, &["--mode", "rules"]].concat());
    assert_eq!(other.status.code(), Some(2), "{}", String::from_utf8_lossy(&other.stderr));
}

#[test]
fn a_table_for_a_person_and_what_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let file = fixture("locomo.json");
    let shown = mem0(home, &["bench", "locomo", &file]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("| 4 single-hop") && shown.contains("Abstaining"), "{shown}");
    for (more, code) in [
        (&["--limit", "5"][..], 2),
        (&["--mode", "llm"], 2),
        (&["--policy", "additive"], 2),
        (&["--judge", "openai/x"], 2),
        (&["--categories", "9"], 2),
        (&["--mode", "none"], 2),
    ] {
        let refused = mem0(home, &[&["bench", "locomo", &file][..], more].concat());
        assert_eq!(refused.status.code(), Some(code), "{more:?}: {}", String::from_utf8_lossy(&refused.stderr));
    }
    assert_eq!(mem0(home, &["bench", "locomo", "nowhere.json"]).status.code(), Some(3));
}
