//! The built command with a language model: a server on this machine that
//! answers as OpenAI's API does.
#![cfg(all(feature = "sqlite", feature = "local", feature = "rules", feature = "providers"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The only key that the server takes.
const KEY: &str = "sk-hush-hush";

/// A request as it came: path and body.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// A data folder of its own, the command on it, and the server.
struct World {
    folder: TempDir,
    url: String,
    seen: Seen,
}

impl World {
    fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let seen = Seen::default();
        let shared = Arc::clone(&seen);
        // Ends with the test.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let seen = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream.unwrap(), &seen));
            }
        });
        Self { folder: tempfile::tempdir().unwrap(), url, seen }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.folder.path().join(name), bytes).unwrap();
        self.path(name)
    }

    /// With a key and the address of the server.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mem0"));
        // No variable of the machine decides what is tested.
        command.env_clear().env("MEM0_DIR", self.path("data")).args(arguments).stdin(Stdio::null());
        command.env("OPENAI_API_KEY", KEY).env("OPENAI_BASE_URL", &self.url);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        answer(&self.run(&[arguments, &["--json"]].concat()))
    }

    fn asked(&self) -> Vec<Value> {
        self.seen.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    fn texts(&self, user: &str) -> Vec<String> {
        let list = self.json(&["list", "--user", user, "--ascending"]);
        list["results"].as_array().unwrap().iter().map(|item| item["memory"].as_str().unwrap().to_owned()).collect()
    }
}

fn serve(stream: TcpStream, seen: &Seen) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let (mut path, mut length, mut key) = (String::new(), 0, String::new());
        for number in 0.. {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim().split_once(": ") {
                _ if number == 0 => path = line.split(' ').nth(1).unwrap().to_owned(),
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
                Some((name, value)) if name.eq_ignore_ascii_case("authorization") => key = value.to_owned(),
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let (status, reply) = reply(&path, &key, &body);
        seen.lock().unwrap().push((path, body));
        let text = reply.to_string();
        let head =
            format!("HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes())).is_err() {
            return;
        }
    }
}

/// What OpenAI's API would say; a message with "boom" is refused.
fn reply(path: &str, key: &str, body: &Value) -> (u16, Value) {
    if key != format!("Bearer {KEY}") {
        let message = format!("Incorrect API key provided: {key}");
        return (
            401,
            json!({"error": {"message": message, "type": "invalid_request_error", "code": "invalid_api_key"}}),
        );
    }
    if path.ends_with("/embeddings") {
        let texts = body["input"].as_array().map_or(1, Vec::len);
        let data: Vec<Value> = (0..texts).map(|index| json!({"index": index, "embedding": [1.0, 0.0]})).collect();
        return (
            200,
            json!({"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 1, "total_tokens": 1}}),
        );
    }
    let asked = body["messages"].to_string();
    if asked.contains("boom") {
        return (400, json!({"error": {"message": "boom is not allowed", "type": "invalid_request_error"}}));
    }
    let said = if asked.contains("image_url") {
        json!({"descriptions": ["A cat on a red sofa."]})
    } else {
        let fact = if asked.contains("red sofa") { "Ana has a cat." } else { "Ana lives in Lisbon." };
        json!({"facts": [{"text": fact, "sources": [1], "event": "ADD", "targets": []}]})
    };
    let choice =
        json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": said.to_string()}});
    (
        200,
        json!({
            "id": "1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice],
            "usage": {"prompt_tokens": 120, "completion_tokens": 17, "total_tokens": 137},
        }),
    )
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

const LLM: [&str; 2] = ["--llm", "openai/gpt-4.1-mini"];

#[test]
fn a_language_model_is_named_and_asked() {
    let world = World::new();
    let add = ["add", "I moved to Lisbon.", "--user", "ana", "--instructions", "Only towns."];
    let added = world.json(&[&add[..], &LLM].concat());
    assert_eq!(added["results"][0]["memory"], "Ana lives in Lisbon.");
    assert_eq!((&added["cost"]["llm_calls"], &added["cost"]["input_tokens"]), (&json!(1), &json!(120)));
    let asked = world.asked();
    assert_eq!(asked[0]["model"], "gpt-4.1-mini");
    assert!(asked[0].to_string().contains("Only towns."));

    // Rules need none, and say nothing of a cost.
    let rules = world.run(&["add", "I like tea.", "--user", "ben", "--policy", "rules"]);
    assert!(!stderr(&rules).contains("language model"), "{}", stderr(&rules));
    let shown = world.run(&[&["add", "Hello from Lisbon", "--user", "cy", "--policy", "additive"][..], &LLM].concat());
    assert!(stderr(&shown).contains("1 call of the language model: 120 tokens read, 17 written"), "{}", stderr(&shown));
    assert_eq!(world.asked().len(), 2);

    for (llm, want) in [("opnai/x", 5), ("openai/", 2), ("/x", 2)] {
        let output = world.run(&["stats", "--llm", llm]);
        assert_eq!(output.status.code(), Some(want), "{llm}: {}", stderr(&output));
    }
    let nobody = world.run(&["add", "x", "--user", "ana", "--policy", "two_phase"]);
    assert_ne!(nobody.status.code(), Some(0), "a policy that needs a model");
}

#[test]
fn a_dry_run_stores_nothing() {
    let world = World::new();
    for more in [&[][..], &LLM] {
        let add = [&["add", "I live in Lisbon.", "--user", "ana", "--dry-run"][..], more].concat();
        assert_eq!(world.json(&add)["dry_run"], true);
        let shown = world.run(&add);
        assert!(stdout(&shown).starts_with("would ADD"), "{}", stdout(&shown));
        assert!(stderr(&shown).contains("nothing was stored"), "{}", stderr(&shown));
    }
    assert!(world.texts("ana").is_empty());
    assert_eq!(world.run(&["add", "x", "--user", "ana", "--dry-run", "--background"]).status.code(), Some(2));
}

#[test]
fn a_line_that_fails_leaves_the_others() {
    let world = World::new();
    let file = world.file(
        "batch",
        "\"I live in Lisbon.\"\n\n{\"text\": \"boom\"}\n{\"text\": \"I like tea.\", \"policy\": \"rules\"}\n",
    );
    let add = [&["add", "--batch", &file, "--user", "ana"][..], &LLM].concat();
    let output = world.run(&[&add[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let lines: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(lines["results"][0]["results"][0]["memory"], "Ana lives in Lisbon.");
    assert_eq!(
        (&lines["results"][1]["line"], &lines["results"][1]["error"]["kind"]),
        (&json!(3), &json!("invalid_input"))
    );
    assert_eq!(lines["results"][2]["results"][0]["memory"], "I like tea.");
    let error: Value = serde_json::from_str(&stderr(&output)).unwrap();
    assert!(error["error"]["message"].as_str().unwrap().starts_with("line 3 failed: "), "{error}");
    assert_eq!(world.texts("ana").len(), 2);

    let shown = world.run(&add);
    assert_eq!(shown.status.code(), Some(2));
    assert!(
        stdout(&shown).lines().any(|line| line.starts_with("FAILED") && line.contains("line 3")),
        "{}",
        stdout(&shown)
    );
}

#[test]
fn pictures_are_described_or_left_out() {
    let world = World::new();
    let cat = world.file("cat", b"\x89PNG\r\n\x1a\n and more");
    let add = ["add", "--user", "ana", "--image", &cat];
    let added = world.json(&[&add[..], &LLM].concat());
    assert_eq!(added["results"][0]["memory"], "Ana has a cat.");
    let asked = world.asked();
    assert_eq!(asked.len(), 2, "one call for the picture, one for the facts");
    assert!(asked[0].to_string().contains("data:image/png;base64,iVBORw0KGgog"), "{}", asked[0]);

    let skipped = world.run(&["add", "I like tea.", "--user", "ben", "--image", &cat, "--images", "skip"]);
    assert!(stderr(&skipped).contains("left out: 1 picture"), "{}", stderr(&skipped));
    assert_ne!(world.run(&add).status.code(), Some(0), "nobody is there to look at it");
    let text = world.file("text", "a cat");
    for image in [&text, "/nowhere/cat.png"] {
        assert_eq!(world.run(&["add", "x", "--user", "ana", "--image", image]).status.code(), Some(2), "{image}");
    }
    assert_eq!(world.run(&["add", "x", "--user", "ana", "--timeout", "0"]).status.code(), Some(2));
}

#[test]
fn work_in_the_background() {
    let world = World::new();
    let queue = |text: &str| {
        let add = [&["add", text, "--user", "ana", "--background"][..], &LLM].concat();
        world.json(&add)["jobs"][0].as_str().unwrap().to_owned()
    };
    let (first, second, third) = (queue("I live in Lisbon."), queue("boom"), queue("later"));
    assert!(world.texts("ana").is_empty() && world.asked().is_empty());
    let page = world.json(&["jobs", "--limit", "2"]);
    let ids = |page: &Value| -> Vec<String> {
        page["results"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&page), [first.clone(), second.clone()]);
    assert_eq!(ids(&world.json(&["jobs", "--after", page["next"].as_str().unwrap()])), [third.as_str()]);
    assert!(ids(&world.json(&["jobs", "--user", "ben"])).is_empty());

    assert_eq!(world.json(&["jobs", "cancel", &third])["state"], "cancelled");
    let worked = world.json(&[&["jobs", "work", "--once", "--concurrency", "1"][..], &LLM].concat());
    assert_eq!(worked, json!({"ended": 2, "left": 0}));
    assert_eq!(world.texts("ana"), ["Ana lives in Lisbon."]);
    let done = world.json(&["jobs", "show", &first]);
    assert_eq!((&done["state"], &done["result"]["results"][0]["event"]), (&json!("done"), &json!("ADD")));
    assert_eq!(ids(&world.json(&["jobs", "--state", "failed"])), [second.as_str()]);
    let shown = stdout(&world.run(&["jobs"]));
    assert!(shown.lines().any(|line| line.starts_with(&second) && line.contains("failed")), "{shown}");
    assert!(stdout(&world.run(&["jobs", "show", &first])).contains("ADD"));

    let nobody = "00000000-0000-7000-8000-000000000000";
    for (arguments, want) in [
        (&["jobs", "cancel", &first][..], 4),
        (&["jobs", "cancel", nobody], 3),
        (&["jobs", "show", nobody], 3),
        (&["jobs", "show", "1"], 2),
        (&["jobs", "--after", "1"], 2),
        (&["jobs", "--state", "done", "show", nobody], 2),
    ] {
        assert_eq!(world.run(arguments).status.code(), Some(want), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_worker_works_until_it_is_interrupted() {
    let world = World::new();
    let mut worker = world.command(&["jobs", "work"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It says so when it is ready.
    let mut ready = String::new();
    let mut errors = BufReader::new(worker.stderr.take().unwrap());
    errors.read_line(&mut ready).unwrap();
    assert!(ready.starts_with("working"), "{ready}");
    let queued = world.json(&["add", "I like tea.", "--user", "ana", "--background"]);
    let job = queued["jobs"][0].as_str().unwrap();
    // Each look is a process of its own, so this is no busy waiting.
    while world.json(&["jobs", "show", job])["state"] != "done" {}
    assert_eq!(world.texts("ana"), ["I like tea."]);
    assert!(Command::new("kill").args(["-INT", &worker.id().to_string()]).status().unwrap().success());
    assert_eq!(worker.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    errors.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("stopped"), "{rest}");
}

#[test]
fn providers_are_listed_with_what_they_need() {
    let world = World::new();
    let providers = world.json(&["providers"]);
    for family in ["vector_store", "ledger", "embedder", "llm", "policy"] {
        assert!(!providers[family].as_array().unwrap().is_empty(), "{family}");
    }
    let llms = providers["llm"].as_array().unwrap();
    let openai = llms.iter().find(|provider| provider["name"] == "openai").unwrap();
    assert_eq!((&openai["built_in"], &openai["needs"]), (&json!(true), &json!(["OPENAI_API_KEY"])));
    assert_eq!(openai["capabilities"]["structured_output"], "schema");
    let shown = stdout(&world.run(&["providers"]));
    assert!(shown.lines().any(|line| line.starts_with("llm") && line.contains("OPENAI_API_KEY")), "{shown}");
}

/// The checks of `doctor`, and everything that it printed.
fn doctor(world: &World, code: i32, config: &Value, arguments: &[&str]) -> (Value, String) {
    let file = world.file("config.json", config.to_string());
    let arguments = [&["doctor", "--config", &file][..], arguments].concat();
    let run = |more: &[&str]| {
        let mut command = world.command(&[&arguments[..], more].concat());
        let output = command.env_remove("OPENAI_API_KEY").output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{} {}", stdout(&output), stderr(&output));
        stdout(&output) + &stderr(&output)
    };
    let (shown, text) = (run(&[]), run(&["--json"]));
    (serde_json::from_str(&text).unwrap(), shown + &text)
}

#[test]
fn doctor_checks_keys_and_endpoints() {
    let world = World::new();
    let openai = |key: Option<&str>, url: &str| {
        json!({
            "llm": {"provider": "openai", "config": {"model": "gpt-4.1-mini", "api_key": key, "openai_base_url": url}},
        })
    };
    let state = |report: &Value, at: usize| report["models"][at]["state"].as_str().unwrap().to_owned();

    let (report, shown) = doctor(&world, 0, &openai(Some(KEY), &world.url), &[]);
    assert_eq!((state(&report, 0), state(&report, 1)), ("answers".to_owned(), "answers".to_owned()));
    assert_eq!((&report["models"][1]["model"], &report["checked"]), (&json!("gpt-4.1-mini"), &json!(0)));
    assert!(shown.contains("llm openai gpt-4.1-mini: answers") && !shown.contains(KEY), "{shown}");
    assert!(world.asked().iter().all(|asked| asked["max_completion_tokens"].as_u64().unwrap() <= 64));

    let before = world.asked().len();
    let (report, _) = doctor(&world, 0, &openai(Some("sk-other-hush"), &world.url), &["--offline"]);
    assert_eq!((state(&report, 1), world.asked().len()), ("configured".to_owned(), before));

    let closed = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        format!("http://{}/v1", listener.local_addr().unwrap())
    };
    for (config, arguments, want) in [
        (openai(None, &world.url), &["--offline"][..], "set OPENAI_API_KEY"),
        (openai(Some("sk-other-hush"), &world.url), &[], "a key that is valid"),
        (openai(Some(KEY), &closed), &[], "is the server up"),
        (json!({"llm": {"provider": "opnai"}}), &[], "mem0 providers"),
    ] {
        let (report, shown) = doctor(&world, 7, &config, arguments);
        assert_eq!(state(&report, 1), "failed");
        assert!(report["models"][1]["hint"].as_str().unwrap().contains(want), "{report}");
        assert_eq!(report["findings"], json!([]), "the memories are checked all the same");
        assert!(!shown.contains("hush"), "{shown}");
    }
}

#[test]
fn doctor_checks_the_embedder() {
    let world = World::new();
    let openai = |key: &str| {
        json!({"embedder": {"provider": "openai", "config": {
            "model": "tiny", "embedding_dims": 2, "api_key": key, "openai_base_url": world.url,
        }}})
    };
    let (report, _) = doctor(&world, 0, &openai(KEY), &[]);
    assert_eq!((&report["models"][0]["state"], &report["checked"]), (&json!("answers"), &json!(0)));
    let (report, shown) = doctor(&world, 7, &openai("sk-other-hush"), &[]);
    assert_eq!(report["models"][0]["state"], "failed");
    assert!(!shown.contains("hush"), "{shown}");
    let nobody = json!({"embedder": {"provider": "locl"}});
    let (report, shown) = doctor(&world, 7, &nobody, &[]);
    assert_eq!(report["models"][0]["state"], "failed");
    assert!(shown.contains("memories not checked"), "{shown}");
}

#[test]
fn doctor_checks_the_reranker() {
    let world = World::new();
    let (report, shown) = doctor(&world, 0, &json!({"reranker": {"provider": "mmr"}}), &[]);
    assert_eq!(
        (&report["models"][1]["family"], &report["models"][1]["state"]),
        (&json!("reranker"), &json!("answers"))
    );
    assert!(shown.contains("reranker mmr mmr: answers"), "{shown}");
    let keyless = json!({"reranker": {"provider": "cohere"}});
    let (report, shown) = doctor(&world, 7, &keyless, &["--offline"]);
    assert_eq!((&report["models"][1]["state"], &report["findings"]), (&json!("failed"), &json!([])));
    assert!(shown.contains("set COHERE_API_KEY or CO_API_KEY, or `reranker.config.api_key`"), "{shown}");
}

#[test]
fn a_file_of_the_reference_starts_unchanged() {
    let world = World::new();
    let config = json!({
        "llm": {"provider": "openai", "config": {"model": "gpt-4.1-nano-2025-04-14", "temperature": 0.2, "max_tokens": 2000,
            "top_p": 0.1, "enable_vision": false, "openai_base_url": world.url}},
        "embedder": {"provider": "openai", "config": {"model": "text-embedding-3-small", "embedding_dims": 2}},
        "custom_instructions": "Only towns.",
        "history_db_path": world.path("history.db"),
        "version": "v1.1",
    });
    let file = world.file("config.json", config.to_string());
    let added = world.json(&["add", "I moved to Lisbon.", "--user", "ana", "--config", &file]);
    assert_eq!(added["results"][0]["memory"], "Ana lives in Lisbon.");
    let asked = world.asked();
    assert!(asked.iter().any(|body| body.to_string().contains("Only towns.")));
    assert!(Path::new(&world.path("history.db")).exists());
}

#[cfg(feature = "bench")]
#[test]
fn a_bench_has_its_questions_answered() {
    let world = World::new();
    let file = format!("{}/../benches/tests/fixtures/locomo.json", env!("CARGO_MANIFEST_DIR"));
    let bench = ["bench", "locomo", &file, "--conversations", "conv-b"];
    let report = world.json(&[&bench[..], &LLM, &["--mode", "llm", "--policy", "additive"]].concat());
    assert_eq!(
        (&report["settings"]["answers"], &report["settings"]["policy"]),
        (&json!("openai/gpt-4.1-mini"), &json!("additive"))
    );
    // The server's answer holds none, so that there is nothing to judge.
    assert_eq!(report["rows"][0]["quality"]["abstained"], 1.0);
    let spent = &report["spent"];
    assert_eq!((&spent["extracting_calls"], &spent["answering"]["input"]), (&json!(1), &json!(120)));
    assert_eq!(spent["judging"]["input"], 0);

    let asked = world.asked().len();
    let said = world.json(&[&bench[..], &LLM, &["--retrieval-only"]].concat());
    assert_eq!((said["rows"][0]["quality"].is_null(), world.asked().len()), (true, asked));
}
