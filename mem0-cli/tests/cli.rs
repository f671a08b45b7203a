//! The built command, from outside.
#![cfg(all(feature = "sqlite", feature = "local", feature = "rules"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// A data folder of its own and the command on it.
struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mem0"));
        // No variable of the machine decides what is tested.
        command.env_clear().env("MEM0_DIR", self.path().join("data")).args(arguments).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn pipe(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    }

    /// The answer of a call that must succeed.
    fn json(&self, arguments: &[&str]) -> Value {
        answer(&self.run(&[arguments, &["--json"]].concat()))
    }

    /// The id of a new memory, stored as said.
    fn remember(&self, text: &str) -> String {
        let added = self.json(&["add", text, "--user", "ana", "--no-infer"]);
        added["results"][0]["id"].as_str().unwrap().to_owned()
    }
}

fn answer(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn texts(answer: &Value) -> Vec<&str> {
    answer["results"].as_array().unwrap().iter().map(|item| item["memory"].as_str().unwrap()).collect()
}

#[test]
fn a_memory_lives_from_add_to_erase() {
    let world = World::new();
    let added = world.json(&["add", "I like green tea.", "--user", "ana", "--category", "food", "-m", "source=chat"]);
    assert_eq!(added["results"][0]["event"], "ADD");
    assert_eq!(added["results"][0]["memory"], "I like green tea.");
    let id = added["results"][0]["id"].as_str().unwrap();

    let found = world.json(&["search", "What", "does", "she", "drink?", "--user", "ana", "--explain"]);
    assert_eq!(found["results"][0]["id"], id);
    assert_eq!(found["results"][0]["user_id"], "ana");
    assert_eq!(found["results"][0]["metadata"], json!({"source": "chat"}));
    assert!(found["results"][0]["score"].as_f64().unwrap() > 0.0);
    assert!(found["results"][0]["score_details"]["signals"]["semantic"].is_number());
    assert!(found["confidence"].as_f64().unwrap() > 0.0 && found["results"][0].get("around").is_none());
    let nothing = world.json(&["search", "tea", "--user", "ben"]);
    assert_eq!((&nothing["results"], &nothing["confidence"]), (&json!([]), &json!(0.0)));

    let updated =
        world.json(&["update", id, "I like black tea.", "-m", r#"{"source": null, "n": 1}"#, "--reason", "asked"]);
    assert_eq!(updated["results"][0]["event"], "UPDATE");
    assert_eq!(updated["results"][0]["version"], 2);
    let memory = world.json(&["get", id]);
    assert_eq!(memory["memory"], "I like black tea.");
    assert_eq!((&memory["metadata"], &memory["categories"]), (&json!({"n": 1}), &json!(["food"])));

    let history = world.json(&["history", id]);
    let events: Vec<&str> =
        history["results"].as_array().unwrap().iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["ADD", "UPDATE"]);
    assert_eq!(history["results"][1]["old_memory"], "I like green tea.");

    world.json(&["undo", id]);
    assert_eq!(texts(&world.json(&["list", "--user", "ana"])), ["I like green tea."]);
    assert_eq!(world.json(&["delete", id])["results"][0]["event"], "DELETE");
    assert_eq!(world.json(&["list", "--user", "ana", "--count"]), json!({"count": 0}));
    assert_eq!(world.json(&["undo", id])["results"][0]["event"], "ADD");

    let receipt = world.json(&["erase", "--user", "ana", "--yes"]);
    assert_eq!(receipt["verified"], true);
    assert_eq!(world.run(&["history", id]).status.code(), Some(3));
}

#[test]
fn a_search_brings_along_what_was_said_around() {
    let world = World::new();
    for text in ["Shall we meet?", "Yes, at the harbour.", "See you there!"] {
        world.remember(text);
    }
    let question = ["search", "harbour", "--user", "ana", "-k", "1", "--context-window", "1"];
    let found = world.json(&question);
    let around = found["results"][0]["around"].as_array().unwrap();
    let said: Vec<&str> = around.iter().map(|message| message["content"].as_str().unwrap()).collect();
    assert_eq!(said, ["Shall we meet?", "See you there!"]);
    let shown = stdout(&world.run(&question));
    assert!(shown.contains("user: Shall we meet?"), "{shown}");
}

#[test]
fn a_context_is_a_block_within_the_budget_and_explain_says_why() {
    let world = World::new();
    let tea = world.remember("I like green tea.");
    let dog = world.remember("My dog is called Bo.");
    let context = world.json(&["context", "Which", "tea", "does", "she", "like?", "--user", "ana", "--budget", "200"]);
    let text = context["text"].as_str().unwrap();
    assert!(text.starts_with("<recalled_memories>\n") && text.contains("user: I like green tea."), "{text}");
    assert!(context["tokens"].as_u64().unwrap() <= 200);
    assert!(context["memories"].as_array().unwrap().iter().any(|memory| memory["id"] == tea));
    assert!(context["confidence"].as_f64().unwrap() > 0.0);
    let small = world.run(&["context", "tea", "--user", "ana", "--budget", "3"]);
    assert_eq!(stdout(&small), "");
    assert!(stderr(&small).contains("did not fit"), "{}", stderr(&small));
    let nothing = world.run(&["context", "tea", "--user", "ben"]);
    assert!(stderr(&nothing).contains("too little to answer from"), "{}", stderr(&nothing));

    let why =
        world.json(&["explain", "Which tea does she like?", &dog, "--user", "ana", "-k", "1", "--threshold", "0"]);
    assert_eq!((&why["why"], &why["rank"]), (&json!("beyond_limit"), &json!(2)));
    let why = stdout(&world.run(&["explain", "Which tea does she like?", &tea, "--user", "ana"]));
    assert!(why.starts_with("found as number 1; score 0."), "{why}");
    assert_eq!(world.json(&["explain", "tea", &tea, "--user", "ben"])["why"], "not_in_scope");
}

#[test]
fn human_output_is_a_table_and_remarks_are_apart() {
    let world = World::new();
    let added = world.run(&["add", "I moved to Lisbon. Thanks!", "--user", "ana"]);
    assert!(stdout(&added).starts_with("ADD"), "{}", stdout(&added));
    assert!(stderr(&added).contains("1 new") && stderr(&added).contains("1 small talk"), "{}", stderr(&added));
    assert!(stderr(&added).contains("mem0 undo --txn"));
    let list = stdout(&world.run(&["list", "--user", "ana"]));
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0].find("MEMORY"), lines[1].find("I moved"));
    let quiet = world.run(&["add", "I have a dog.", "--user", "ana", "--quiet"]);
    assert_eq!(stderr(&quiet), "");
}

#[test]
fn a_whole_commit_is_taken_back() {
    let world = World::new();
    let added = world.json(&["add", "I like tea. I play chess.", "--user", "ana"]);
    assert_eq!(added["results"].as_array().unwrap().len(), 2);
    let undone = world.json(&["undo", "--txn", added["txn"].as_str().unwrap()]);
    assert_eq!(undone["results"].as_array().unwrap().len(), 2);
    assert!(texts(&world.json(&["list", "--user", "ana"])).is_empty());
}

#[test]
fn every_exit_code() {
    let world = World::new();
    let id = world.remember("I like tea.");
    let nobody = "00000000-0000-7000-8000-000000000000";
    let file = world.path().join("a file");
    std::fs::write(&file, "x").unwrap();
    let file = file.to_str().unwrap();
    let damaged = world.path().join("damaged");
    std::fs::create_dir(&damaged).unwrap();
    std::fs::write(damaged.join("mem0.db"), "x".repeat(10_000)).unwrap();
    let damaged = damaged.to_str().unwrap();
    for (arguments, want) in [
        (&["--version"][..], 0),
        (&["--help"], 0),
        (&["list", "--user", "ana"], 0),
        (&["doctor"], 0),
        (&[], 2),
        (&["remember"], 2),
        (&["get", "1"], 2),
        (&["list"], 2),
        (&["list", "--user", "*"], 2),
        (&["list", "--user", "ana", "--filter", "{"], 2),
        (&["list", "--user", "ana", "--filter", r#"{"user_id": "ben"}"#], 2),
        (&["search", "tea", "--user", "ana", "--threshold", "2"], 2),
        (&["add", " ", "--user", "ana"], 2),
        (&["add", "x", "--user", "ana", "--kind", "procedure"], 2),
        (&["add", "x", "--user", "ana", "-m", r#"{"user_id": "b"}"#], 2),
        (&["update", &id], 2),
        (&["get", nobody], 3),
        (&["update", nobody, "x"], 3),
        (&["delete", &id, "--user", "ben"], 3),
        (&["update", &id, "x", "--if-version", "7"], 4),
        (&["--config", "/nowhere/mem0.toml", "stats"], 5),
        (&["--data-dir", file, "stats"], 5),
        (&["--data-dir", damaged, "stats"], 6),
    ] {
        let output = world.run(arguments);
        assert_eq!(output.status.code(), Some(want), "{arguments:?}: {}", stderr(&output));
    }
    let mut command = world.command(&["stats"]);
    let output = command.env("MEM0__EMBEDDER__PROVIDER", "locl").output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stderr(&output).contains("did you mean \"local\"?"), "{}", stderr(&output));
}

#[test]
fn errors_are_one_line_and_a_hint_or_json() {
    let world = World::new();
    let output = world.run(&["get", "00000000-0000-7000-8000-000000000000"]);
    let lines = stderr(&output);
    assert!(lines.starts_with("error: no such memory") && lines.contains("\nhint: "), "{lines}");
    assert!(output.stdout.is_empty());
    for arguments in
        [&["get", "00000000-0000-7000-8000-000000000000", "--json"][..], &["list", "--json"], &["x", "--json"]]
    {
        let output = world.run(arguments);
        let error: Value = serde_json::from_str(&stderr(&output)).unwrap();
        assert!(error["error"]["kind"].is_string() && error["error"]["message"].is_string(), "{error}");
    }
}

#[test]
fn add_reads_every_form() {
    let world = World::new();
    let add = ["add", "--user", "ana", "--no-infer", "--json"];
    for (input, want) in [
        ("I like tea.\n", vec!["I like tea."]),
        (r#"["I like jam.", {"role": "assistant", "content": "Noted."}]"#, vec!["I like jam.", "Noted."]),
        (r#"{"messages": [{"content": "I like rye."}]}"#, vec!["I like rye."]),
        ("{\"content\": \"I like figs.\"}\n{\"content\": \"東京\"}\n", vec!["I like figs.", "東京"]),
        ("\u{feff}I like plums.", vec!["I like plums."]),
    ] {
        assert_eq!(texts(&answer(&world.pipe(&add, input.as_bytes()))), want, "{input}");
        let file = world.path().join("input");
        std::fs::write(&file, input).unwrap();
        let arguments = [&add[..], &["--run", "file", "--file", file.to_str().unwrap()]].concat();
        assert_eq!(texts(&answer(&world.run(&arguments))), want, "{input}");
    }
    let dash = [&add[..], &["-"]].concat();
    assert_eq!(texts(&answer(&world.pipe(&dash, b"I like kale."))), ["I like kale."]);
    let plain = [&add[..], &["--format", "text"]].concat();
    assert_eq!(texts(&answer(&world.pipe(&plain, b"[\"x\"]"))), ["[\"x\"]"]);
    let messages = [&add[..], &["--messages", r#"[{"content": "I like nuts.", "name": "Ana"}]"#]].concat();
    assert_eq!(answer(&world.run(&messages))["results"][0]["actor_id"], "Ana");
}

#[test]
fn bad_input_is_refused() {
    let world = World::new();
    for input in [&b"caf\xe9"[..], b"[{\"rule\": \"user\"}]", b"{\"content\": \"a\"}\n{", b""] {
        let output = world.pipe(&["add", "--user", "ana"], input);
        assert_eq!(output.status.code(), Some(2), "{input:?}: {}", stderr(&output));
    }
    let utf8 = stderr(&world.pipe(&["add", "--user", "ana"], b"caf\xe9"));
    assert!(utf8.contains("not UTF-8") && utf8.contains("byte 3"), "{utf8}");
    assert_eq!(world.json(&["list", "--user", "ana", "--count"])["count"], 0);
}

#[test]
fn batches() {
    let world = World::new();
    let lines = "{\"text\": \"I like tea.\"}\n{\"text\": \"I like jam.\", \"user_id\": \"ben\", \"infer\": false}\n";
    let added = answer(&world.pipe(&["add", "--batch", "-", "--user", "ana", "--json"], lines.as_bytes()));
    let results = added["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    let tea = results[0]["results"][0]["id"].as_str().unwrap();
    let jam = results[1]["results"][0]["id"].as_str().unwrap();
    assert_eq!(world.json(&["get", jam])["user_id"], "ben");

    let changes = format!(
        "{{\"id\": \"{tea}\", \"text\": \"I like mint tea.\"}}\n{{\"id\": \"{jam}\", \"metadata\": {{\"n\": 1}}}}"
    );
    let updated = answer(&world.pipe(&["update", "--batch", "-", "--json"], changes.as_bytes()));
    assert_eq!(updated["results"].as_array().unwrap().len(), 2);
    assert_eq!(world.json(&["get", tea])["memory"], "I like mint tea.");
    assert_eq!(world.json(&["get", jam])["metadata"], json!({"n": 1}));

    // All or none.
    let nobody = "00000000-0000-7000-8000-000000000000";
    assert_eq!(world.run(&["delete", tea, nobody]).status.code(), Some(3));
    world.json(&["get", tea]);
    let ids = format!("{tea}\n{jam}\n");
    let deleted = answer(&world.pipe(&["delete", "-", "--json"], ids.as_bytes()));
    assert_eq!(deleted["results"].as_array().unwrap().len(), 2);
}

#[test]
fn what_removes_much_is_not_done_unasked() {
    let world = World::new();
    world.remember("I like tea.");
    for arguments in [&["delete-all", "--user", "ana"][..], &["erase", "--user", "ana"], &["reset"]] {
        let output = world.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("--yes"), "{}", stderr(&output));
    }
    assert_eq!(world.run(&["delete-all", "--yes"]).status.code(), Some(2), "without a scope");
    assert_eq!(world.json(&["delete-all", "--user", "ana", "--dry-run"])["would_delete"], 1);
    assert_eq!(world.json(&["list", "--user", "ana", "--count"])["count"], 1);
    assert_eq!(world.json(&["delete-all", "--user", "ana", "--yes"])["deleted"], 1);
    world.remember("I like jam.");
    assert_eq!(world.json(&["reset", "--yes"])["deleted"], 2, "what was deleted before goes for good");
    assert_eq!(world.json(&["scopes"]), json!({"results": []}));
}

#[test]
fn pages_filters_and_times() {
    let world = World::new();
    for (text, label) in [("I like tea.", "food"), ("I play chess.", "game"), ("I like jam.", "food")] {
        world.json(&["add", text, "--user", "ana", "--no-infer", "--categories", label]);
    }
    let all = world.json(&["list", "--user", "ana", "--ascending"]);
    assert_eq!(texts(&all), ["I like tea.", "I play chess.", "I like jam."]);
    let first = world.json(&["list", "--user", "ana", "--ascending", "-k", "2"]);
    let rest = world.json(&["list", "--user", "ana", "--ascending", "--after", first["next"].as_str().unwrap()]);
    assert_eq!((texts(&first).len(), texts(&rest)), (2, vec!["I like jam."]));
    let every = world.json(&["list", "--user", "ana", "--all", "-k", "1"]);
    assert_eq!((texts(&every).len(), every.get("next")), (3, None));
    let filter = r#"{"user_id": "ana", "categories": "food"}"#;
    assert_eq!(texts(&world.json(&["list", "--filter", filter])), ["I like jam.", "I like tea."]);

    world.json(&["add", "I live in Rome.", "--user", "ben", "--timestamp", "2025-01-01"]);
    let moved = world.json(&["add", "I moved to Lisbon.", "--user", "ben", "--timestamp", "2025-05-01"]);
    assert!(moved["results"].as_array().unwrap().iter().any(|item| item["event"] == "DELETE"), "{moved}");
    assert_eq!(texts(&world.json(&["list", "--user", "ben"])), ["I moved to Lisbon."]);
    let then = world.json(&["search", "Where does he live?", "--user", "ben", "--as-of", "2025-03-01"]);
    assert_eq!(texts(&then), ["I live in Rome."]);

    world.json(&["add", "I have a day pass.", "--user", "cy", "--no-infer", "--expires", "2020-01-01"]);
    assert!(texts(&world.json(&["list", "--user", "cy"])).is_empty());
    assert_eq!(texts(&world.json(&["list", "--user", "cy", "--show-expired"])).len(), 1);
}

#[test]
fn a_repeated_call_does_nothing() {
    let world = World::new();
    let add = ["add", "I like tea.", "--user", "ana", "--idempotency-key", "k1"];
    let first = world.json(&add);
    let second = world.json(&add);
    assert_eq!((&second["replayed"], &second["txn"]), (&json!(true), &first["txn"]));
    let other = world.run(&["add", "I like jam.", "--user", "ana", "--idempotency-key", "k1"]);
    assert_eq!(other.status.code(), Some(4));
}

#[test]
fn whom_memories_name() {
    let world = World::new();
    world.json(&["add", "I met Caroline Smith in Oslo.", "--user", "ana"]);
    world.json(&["add", "Yesterday Caroline called.", "--user", "ana"]);
    let found = world.json(&["entities", "--user", "ana"]);
    let first = &found["results"][0];
    assert_eq!((&first["name"], &first["aliases"]), (&json!("Caroline Smith"), &json!(["Caroline"])));
    assert_eq!(world.json(&["entities", "os", "--user", "ana"])["results"][0]["name"], "Oslo");
    assert_eq!(world.json(&["entities", "--user", "ben"]), json!({"results": []}));
}

#[test]
fn ids_of_the_command_line_win() {
    let world = World::new();
    world.remember("I like tea.");
    let as_ana = |arguments: &[&str]| {
        let output = world.command(arguments).env("MEM0_USER_ID", "ana").output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    assert!(as_ana(&["list", "--json"]).contains("tea"));
    assert!(!as_ana(&["list", "--agent", "bot", "--json"]).contains("tea"));
    assert!(!as_ana(&["list", "--user", "ben", "--json"]).contains("tea"));
    world.json(&["add", "I like jam.", "--user", "ben"]);
    assert_eq!(as_ana(&["scopes"]).lines().count(), 3, "everybody");
}

#[test]
fn an_export_is_imported_elsewhere() {
    let (here, there) = (World::new(), World::new());
    let id = here.remember("I like tea.");
    here.json(&["update", &id, "I like mint tea."]);
    let exported = here.run(&["export"]);
    assert!(exported.status.success(), "{}", stderr(&exported));
    let done = answer(&there.pipe(&["import", "--json"], &exported.stdout));
    assert_eq!((&done["events"], &done["messages"]), (&json!(2), &json!(1)));
    let listed = |world: &World| world.json(&["list", "--user", "ana"])["results"].clone();
    assert_eq!(listed(&here), listed(&there));
    assert_eq!(here.json(&["history", &id])["results"][1]["txn"], there.json(&["history", &id])["results"][1]["txn"]);

    let file = here.path().join("all.jsonl");
    let file = file.to_str().unwrap();
    assert_eq!(here.json(&["export", file])["events"], 2);
    assert_eq!(here.run(&["export", file]).status.code(), Some(4), "never over a file");
    assert_eq!(here.json(&["export", file, "--force"])["events"], 2);
    assert_eq!(there.json(&["import", file])["skipped"], 2);
    assert_eq!(there.pipe(&["import"], b"no export\n").status.code(), Some(2));
}

#[test]
fn the_whole_is_looked_after() {
    let world = World::new();
    world.remember("I like tea.");
    let stats = world.json(&["stats"]);
    assert_eq!((&stats["memories"], &stats["points"]), (&json!(1), &json!(1)));
    let report = world.json(&["doctor", "--repair"]);
    assert_eq!((&report["checked"], &report["findings"]), (&json!(1), &json!([])));
    assert_eq!(world.json(&["messages", "--user", "ana"])["results"][0]["content"], "I like tea.");
    assert_eq!(world.json(&["reindex"])["moved"], false);
    let config = world.json(&["config", "show"]);
    assert_eq!(config["embedder"]["provider"], "local");
    assert!(config["data_dir"].as_str().unwrap().ends_with("data"));

    // What is printed is a configuration.
    let file = world.path().join("mem0.toml");
    std::fs::write(&file, stdout(&world.run(&["config", "show"]))).unwrap();
    let again = world.json(&["config", "show", "--config", file.to_str().unwrap()]);
    assert_eq!(again, config);
}

#[test]
fn another_collection_is_moved_to() {
    let world = World::new();
    world.remember("I like tea.");
    let with = |arguments: &[&str]| world.command(arguments).env("MEM0__COLLECTION", "other").output().unwrap();
    let refused = with(&["list", "--user", "ana"]);
    assert_eq!(refused.status.code(), Some(5));
    assert!(stderr(&refused).contains("mem0 reindex"), "{}", stderr(&refused));
    assert_eq!(answer(&with(&["reindex", "--json"]))["moved"], true);
    assert_eq!(texts(&answer(&with(&["search", "tea", "--user", "ana", "--json"]))), ["I like tea."]);
}

#[test]
fn a_move_is_told_where_to() {
    let world = World::new();
    world.remember("I like tea.");
    world.remember("I play chess.");
    assert_eq!(world.run(&["reindex", "--to", "sqlite", "--with", "5"]).status.code(), Some(2));
    assert_eq!(world.run(&["reindex", "--with", "{}"]).status.code(), Some(2));
    let unknown = world.run(&["reindex", "--to", "squlite"]);
    assert!(stderr(&unknown).contains("sqlite"), "{}", stderr(&unknown));
    let to = ["reindex", "--to", "sqlite", "--with", r#"{"path": "new.db"}"#, "--collection", "new"];
    let moved = world.json(&to);
    assert_eq!((&moved["moved"], &moved["counted"], &moved["sampled"]), (&json!(true), &json!(2), &json!(2)));
    // Again is no harm, although the configuration is still the old one.
    assert_eq!(world.json(&to)["moved"], false);
    assert_eq!(world.run(&["list", "--user", "ana"]).status.code(), Some(5));
    let config = world.path().join("new.toml");
    std::fs::write(&config, "collection = 'new'\n[vector_store]\nprovider = 'sqlite'\nconfig = {path = 'new.db'}\n")
        .unwrap();
    let found = world.json(&["search", "tea", "--user", "ana", "--config", config.to_str().unwrap()]);
    assert_eq!(texts(&found)[0], "I like tea.");
}

#[test]
fn adopt_says_what_it_cannot_read() {
    let world = World::new();
    let file = world.path().join("python.json");
    std::fs::write(&file, r#"{"vector_store": {"provider": "upstash", "config": {}}, "llm": {}}"#).unwrap();
    let history = world.path().join("history.db");
    let history = history.to_str().unwrap();
    for (arguments, code, part) in [
        (vec!["--from", r#"{"provider": "sqlite"}"#], 5, "collection to adopt \"sqlite\""),
        (vec!["--from", file.to_str().unwrap()], 5, "\"upstash\""),
        (vec!["--from", "{"], 2, "--from is a vector store"),
        (vec!["--from", "/nowhere/at.all"], 2, "cannot be read"),
        #[cfg(feature = "redis")]
        (vec!["--from", r#"{"provider": "redis"}"#, "--history", history], 3, "no such file"),
    ] {
        let output = world.run(&[&["adopt"], &*arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?} {history}: {}", stderr(&output));
        assert!(stderr(&output).contains(part), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn completions_for_every_shell() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = world.run(&["completions", shell]);
        assert!(output.status.success());
        assert!(stdout(&output).contains("delete-all"), "{shell}");
    }
}

#[test]
fn help_has_the_exit_codes() {
    let help = stdout(&World::new().run(&["--help"]));
    assert!(help.contains("Exit codes:") && help.contains("  7  "), "{help}");
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let world = World::new();
    world.remember("I like tea.");
    for arguments in [&["list", "--user", "ana"][..], &["export"], &["completions", "bash"], &["--help"]] {
        let mut child = world.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn quickstart_tells_its_story() {
    let world = World::new();
    let output = world.run(&["quickstart"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    for heading in
        ["1. Remember", "2. Ask", "3. Ask about the past", "4. Change a memory", "5. Take it back", "What to do next"]
    {
        assert!(text.contains(heading), "{heading}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!world.path().join("data").exists(), "nothing outside the temporary folder");

    let kept = world.path().join("kept");
    let kept = kept.to_str().unwrap();
    let story = world.json(&["quickstart", "--keep", kept]);
    let first = |answer: &Value| answer["results"][0]["memory"].as_str().unwrap().to_owned();
    for (answer, want) in
        story["answers"].as_array().unwrap().iter().zip(["Lisbon", "hazelnuts", "whippet", "20 September", "Cello"])
    {
        assert!(first(answer).contains(want), "{answer}");
    }
    assert_eq!(first(&story["past"]), "I live in Porto.");
    assert!(story["change"]["before"].as_str().unwrap().contains("20 May"));
    assert_eq!(story["change"]["undone"], story["change"]["before"]);
    let events: Vec<&Value> =
        story["change"]["history"].as_array().unwrap().iter().map(|entry| &entry["event"]).collect();
    assert_eq!(events, ["ADD", "UPDATE", "UNDO"]);
    assert!(!texts(&world.json(&["list", "--user", "leila", "--data-dir", kept])).is_empty());
    assert_eq!(world.run(&["quickstart", "--keep", kept]).status.code(), Some(4), "never into somebody's memories");
}

#[test]
#[cfg(feature = "providers")]
fn a_reranker_looks_again_unless_it_is_told_not_to() {
    let world = World::new();
    for text in ["Ana drinks green tea", "Ana drinks green tea daily", "Green tea is sold in Porto"] {
        world.remember(text);
    }
    let search = |more: &[&str]| {
        let mut command = world.command(&[&["search", "Who drinks green tea?", "--user", "ana"][..], more].concat());
        command.env("MEM0__RERANKER__PROVIDER", "mmr").env("MEM0__RERANKER__CONFIG__LAMBDA", "0.5").output().unwrap()
    };
    let scores = |more: &[&str]| -> Vec<Option<f64>> {
        let found = answer(&search(&[more, &["--json"]].concat()));
        found["results"].as_array().unwrap().iter().map(|hit| hit["rerank_score"].as_f64()).collect()
    };
    let all = scores(&[]);
    assert!(all.len() == 3 && all.iter().all(Option::is_some) && all.is_sorted_by(|a, b| a >= b), "{all:?}");
    assert_eq!(scores(&["--no-rerank", "--rerank"]), all);
    assert_eq!(scores(&["--rerank", "--no-rerank"]), [None; 3]);
    assert_eq!(scores(&["--rerank-pool", "1"]).iter().flatten().count(), 1);
    let shown = stdout(&search(&[]));
    assert!(shown.contains("RERANK"), "{shown}");
    assert!(!stdout(&search(&["--no-rerank"])).contains("RERANK"));

    let without = world.run(&["search", "tea", "--user", "ana", "--rerank"]);
    assert_eq!(without.status.code(), Some(2));
    assert!(stderr(&without).contains("`reranker`"), "{}", stderr(&without));
}
