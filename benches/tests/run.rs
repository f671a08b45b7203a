//! The whole run on a small file of the public shape.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests may fail")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use benches::qa::{Dataset, Floor, Journal, Mode, Models, Options, Report, Row, load, run};
use mem0::reference::ScriptedLlm;
use mem0::{Config, Error, ErrorKind, Llm, LlmRequest, LlmResponse, Mem0, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

fn dataset() -> Dataset {
    load::locomo(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/locomo.json")).unwrap()
}

async fn memory(folder: &Path) -> Mem0 {
    mem0::open(folder).await.unwrap()
}

/// A run of its own from start to end.
async fn whole(options: &Options, models: Option<&Models>) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(folder.path()).await;
    run(&memory, &dataset(), options, models, &mut Journal::none(), &|_, _, _| ()).await.unwrap()
}

fn of(mode: Mode) -> Options {
    let mut options = Options::default();
    options.mode = mode;
    options
}

fn row<'a>(report: &'a Report, name: &str) -> &'a Row {
    report.rows.iter().find(|row| row.name.starts_with(name)).unwrap_or_else(|| panic!("no row {name}"))
}

/// Everything but what the clock says.
fn without_times(report: &Report) -> Value {
    let mut json = serde_json::to_value(report).unwrap();
    json.as_object_mut().unwrap().remove("times");
    json
}

#[tokio::test]
async fn turns_are_found_and_counted() {
    let report = whole(&of(Mode::Said), None).await;
    let all = row(&report, "all");
    assert_eq!((all.questions, all.with_evidence), (11, 10));
    assert_eq!(row(&report, "with an answer").questions, 9);
    // Few memories, many places.
    assert_eq!(row(&report, "with an answer").recall[&50], 1.0);
    assert!(all.recall[&1] < 1.0 && all.hit[&1] >= all.recall[&1]);
    assert!((0.5..=1.0).contains(&all.mrr) && (0.5..=1.0).contains(&all.ndcg_10));
    assert!(row(&report, "3").mrr.is_nan(), "no evidence, no measure");
    assert!(all.tokens_10 > 0.0 && all.tokens_10 <= all.tokens && all.tokens <= report.full_context.tokens);
    assert_eq!(report.full_context.recall, 1.0);
    let interval = report.interval.unwrap();
    assert!(interval.low <= interval.mean && interval.mean <= interval.high);
    let abstaining = report.abstaining.unwrap();
    assert_eq!((abstaining.answerable, abstaining.unanswerable), (9, 2));
    assert_eq!((report.times.add.calls, report.times.search.calls), (4, 11));
    assert_eq!(report.spent.memories, 9, "equal turns at other times are two memories");
    assert!(all.quality.is_none());
    let table = report.to_string();
    assert!(table.contains("| 1 multi-hop") && table.contains("| full context"), "{table}");
}

#[tokio::test]
async fn a_turn_that_says_what_is_known_is_found_with_it() {
    // The rules know the repeated line, and keep one memory of it.
    let mut dataset = dataset();
    let conversation = &mut dataset.conversations[0];
    for session in &mut conversation.sessions {
        for turn in &mut session.turns {
            if turn.text.starts_with("Sleep well") {
                turn.text = "I play the tuba.".to_owned();
            }
        }
    }
    let question = &mut conversation.questions[7];
    question.text = "Does Mira play the tuba?".to_owned();
    assert_eq!(question.evidence, ["D2:3"]);
    let folder = tempfile::tempdir().unwrap();
    let memory = memory(folder.path()).await;
    let dataset = dataset.keep(&["conv-a".to_owned()], &["4".to_owned()]).unwrap();
    let report = run(&memory, &dataset, &of(Mode::Rules), None, &mut Journal::none(), &|_, _, _| ()).await.unwrap();
    let user = mem0::Scope::user("locomo/conv-a").unwrap();
    let texts = memory.get_all(&user, mem0::ListOptions::default()).await.unwrap().results;
    let tubas: Vec<_> = texts.iter().filter(|memory| memory.content.text.contains("tuba")).collect();
    assert_eq!(tubas.len(), 1);
    assert_eq!(tubas[0].content.sources, ["D1:3"]);
    assert_eq!(row(&report, "4").recall[&10], 1.0);
}

#[tokio::test]
async fn the_same_run_gives_the_same_report() {
    let options = of(Mode::Said);
    let first = whole(&options, None).await;
    assert_eq!(without_times(&first), without_times(&whole(&options, None).await));
    assert_ne!(without_times(&first), without_times(&whole(&of(Mode::Rules), None).await));
}

#[tokio::test]
async fn what_is_below_its_floor_is_said() {
    let mut report = whole(&of(Mode::Said), None).await;
    let floor = |text: &str| text.parse::<Floor>();
    let row = row(&report, "with an answer").clone();
    let just = format!("recall={},hit={},mrr={},ndcg={}", row.recall[&10], row.hit[&10], row.mrr, row.ndcg_10);
    assert!(floor(&just).unwrap().below(&report).is_empty(), "equal is not below");
    let last = report.rows.iter_mut().find(|row| row.name == "with an answer").unwrap();
    last.mrr -= 0.001;
    last.ndcg_10 = f64::NAN;
    let below = floor(&just).unwrap().below(&report);
    assert!(below.len() == 2 && below[0].starts_with("mrr") && below[1].starts_with("ndcg"), "{below:?}");
    for wrong in ["", "recall", "recall=", "recall=1.5", "recall=NaN", "speed=0.5", "recall=0.5;ndcg=0.5"] {
        assert_eq!(floor(wrong).unwrap_err().kind(), ErrorKind::InvalidInput, "{wrong}");
    }
}

/// Answers every question with a word of the first memory, and marks by rule:
/// the strict judge wants the reference itself.
fn reply(request: &LlmRequest) -> Result<LlmResponse> {
    let asked = &request.turns[0].text;
    let answer = if let Some((_, case)) = asked.split_once("Reference answer: ") {
        let (gold, answer) = case.split_once("\nAnswer to mark: ").unwrap();
        let strict = request.system.contains("Be strict");
        let correct = if strict { gold == answer } else { gold.contains(answer) || answer.contains(gold) };
        json!({"reason": "", "correct": correct})
    } else if asked.ends_with("What is the name of Mira's submarine?") {
        json!({"known": false, "answer": ""})
    } else if asked.ends_with("What is Ines allergic to?") {
        json!({"known": true, "answer": "walnuts"})
    } else if asked.ends_with("What animal did Tobias adopt?") {
        json!({"known": true, "answer": "parrot"})
    } else {
        json!({"known": true, "answer": "nonsense"})
    };
    Ok(LlmResponse::new(format!("Here it is: {answer}")).with_usage(100, 10))
}

fn scripted() -> Arc<ScriptedLlm> {
    Arc::new(ScriptedLlm::answering(reply))
}

#[tokio::test]
async fn answers_are_judged_twice() {
    let llm = scripted();
    let models = Models::one(llm.clone());
    let report = whole(&of(Mode::Said), Some(&models)).await;
    let quality = row(&report, "all").quality.unwrap();
    assert_eq!((quality.questions, quality.unmarked), (11, 0));
    // Right: the submarine that nobody has, the walnuts, and to the lenient
    // judge the parrot.
    assert!((quality.lenient - 3.0 / 11.0).abs() < 1e-9 && (quality.strict - 2.0 / 11.0).abs() < 1e-9, "{quality:?}");
    assert!((quality.abstained - 1.0 / 11.0).abs() < 1e-9);
    assert!((quality.f1 - 2.0 / 9.0).abs() < 1e-9, "{quality:?}");
    let adversarial = row(&report, "5").quality.unwrap();
    assert_eq!((adversarial.lenient, adversarial.strict), (0.5, 0.5));
    assert!(adversarial.f1.is_nan());
    // Every question once, and every one that has an answer twice more.
    assert_eq!(llm.requests().len(), 11 + 2 * 9);
    assert_eq!((report.spent.answering.input, report.spent.judging.input), (1_100, 1_800));
    assert_eq!(report.settings["answers"], "scripted/script");
    let shown =
        llm.requests().iter().map(|request| request.turns[0].text.clone()).find(|text| text.contains("vehicle"));
    let shown = shown.unwrap();
    assert!(shown.contains("1. [2023-06-19] Mira: I sold my old van"), "{shown}");
    assert!(report.to_string().contains("Answers by scripted/script, judged by scripted/script"));
}

#[tokio::test]
async fn a_judge_that_cannot_be_understood_marks_nothing() {
    let llm = Arc::new(ScriptedLlm::answering(|_| Ok(LlmResponse::new("Well, who knows."))));
    let report = whole(&of(Mode::Said), Some(&Models::one(llm.clone()))).await;
    let quality = row(&report, "with an answer").quality.unwrap();
    assert_eq!(quality.unmarked, 9);
    assert!(quality.lenient.is_nan() && quality.abstained == 0.0);
    // What is no JSON is the answer; each judge is asked twice.
    assert_eq!(llm.requests().len(), 11 + 4 * 9);
}

/// A run in a folder that goes on with what is there.
async fn resumed(folder: &TempDir, options: &Options, models: Option<&Models>) -> Result<Report> {
    let memory = memory(folder.path()).await;
    let mut journal = Journal::open(folder.path())?;
    run(&memory, &dataset(), options, models, &mut journal, &|_, _, _| ()).await
}

#[tokio::test]
async fn what_is_done_is_not_done_again() {
    let left = Arc::new(AtomicUsize::new(12));
    let limit = Arc::clone(&left);
    let breaks = Arc::new(ScriptedLlm::answering(move |request| {
        let left = limit.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map_err(|_| Error::new(ErrorKind::Unavailable, "the line is cut"))?;
        reply(request)
    }));
    let models = Models::one(breaks.clone());
    let mut options = of(Mode::Said);
    options.concurrency = 2;
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(resumed(&folder, &options, Some(&models)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    let done = std::fs::read_to_string(folder.path().join("questions.jsonl")).unwrap().lines().count();
    assert!((1..11).contains(&done), "{done}");
    // A line that was cut off by a kill.
    let mut text = std::fs::read_to_string(folder.path().join("questions.jsonl")).unwrap();
    text.push_str("{\"id\": \"conv-a#");
    std::fs::write(folder.path().join("questions.jsonl"), text).unwrap();

    left.store(1_000, Ordering::SeqCst);
    let report = resumed(&folder, &options, Some(&models)).await.unwrap();
    let fresh = whole(&options, Some(&Models::one(scripted()))).await;
    assert_eq!(without_times(&report), without_times(&fresh));

    // Once more: nobody is asked, and the report is the same.
    let asked = breaks.requests().len();
    let again = resumed(&folder, &options, Some(&models)).await.unwrap();
    assert_eq!((without_times(&again), again.times), (without_times(&report), report.times));
    assert_eq!(breaks.requests().len(), asked);
}

#[tokio::test]
async fn another_run_does_not_go_on_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    resumed(&folder, &of(Mode::Said), None).await.unwrap();
    let mut other = of(Mode::Said);
    other.limit = 30;
    let error = resumed(&folder, &other, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert!(error.context().contains(&("differs", "limit".to_owned())), "{error}");
    // The seed draws the interval only.
    let mut drawn = of(Mode::Said);
    drawn.seed = 2;
    resumed(&folder, &drawn, None).await.unwrap();
}

#[tokio::test]
async fn facts_of_a_model_count_for_the_turns_that_they_cite() {
    // One fact for each call, of its first and second message.
    let llm: Arc<dyn Llm> = Arc::new(ScriptedLlm::answering(|request| {
        let said = &request.turns[0].text;
        let text = if said.contains("accordion lessons") { "Mira sold her van." } else { "Mira learns the accordion." };
        let fact = json!({"text": text, "sources": [1, 2], "event": "ADD", "targets": []});
        Ok(LlmResponse::new(json!({"facts": [fact]}).to_string()).with_usage(50, 5))
    }));
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.data_dir = Some(folder.path().to_owned());
    let policy = mem0::registry()
        .make_policy("additive", Value::Null, &mem0::BuildContext::new(folder.path()).with_llm(Some(llm)))
        .await
        .unwrap();
    let memory = mem0::builder(&config).await.unwrap().policy(policy.0, policy.1).open().await.unwrap();
    let mut options = of(Mode::Llm);
    options.policy = Some("additive".to_owned());
    options.threshold = 0.0;
    let dataset = dataset().keep(&["conv-a".to_owned()], &["4".to_owned(), "1".to_owned()]).unwrap();
    let report = run(&memory, &dataset, &options, None, &mut Journal::none(), &|_, _, _| ()).await.unwrap();
    // D1:1, D1:2, D2:1 and D2:2 are cited, D2:3 is not.
    assert_eq!(row(&report, "1").recall[&10], 1.0);
    assert_eq!(row(&report, "4").recall[&10], 3.0 / 4.0);
    assert_eq!((report.spent.extracting_calls, report.spent.extracting.input), (3, 150));

    let mut wrong = of(Mode::Said);
    wrong.policy = options.policy;
    let refused = run(&memory, &dataset, &wrong, None, &mut Journal::none(), &|_, _, _| ()).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidInput);
}
