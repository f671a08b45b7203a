//! The loaders on small files of the public shapes, with the public files'
//! kinds of mistakes. All of it was written for this test.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests may fail")]

use std::path::{Path, PathBuf};

use benches::qa::{Conversation, Dataset, load};
use mem0::{ErrorKind, Role};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn at(time: &str) -> Option<mem0::Timestamp> {
    Some(time.parse().unwrap())
}

fn texts(conversation: &Conversation) -> Vec<&str> {
    conversation.sessions.iter().flat_map(|session| &session.turns).map(|turn| turn.text.as_str()).collect()
}

#[test]
fn locomo_is_read_as_it_is() {
    let dataset = load::locomo(&fixture("locomo.json")).unwrap();
    let first = &dataset.conversations[0];
    let sessions: Vec<_> = first.sessions.iter().map(|session| (session.id.as_str(), session.at)).collect();
    assert_eq!(
        sessions,
        [
            ("session_1", at("2023-05-08T13:56:00Z")),
            ("session_2", at("2023-06-19T10:04:00Z")),
            ("session_10", at("2023-07-02T09:15:00Z")),
        ]
    );
    assert_eq!(dataset.conversations[1].sessions[0].at, at("2023-09-13T00:09:00Z"));
    let texts = texts(first);
    assert_eq!(texts.len(), 7, "an empty turn is none");
    assert_eq!(texts[1], "I adopted a grey parrot named Biscuit. [shares a photo of a parrot on a windowsill]");
    assert!(!texts.iter().any(|text| text.contains("zeppelin")), "what the annotators searched for leaks answers");
    assert_eq!(first.sessions[0].turns[1].speaker.as_deref(), Some("Tobias"));

    let evidence: Vec<String> = first.questions.iter().map(|question| question.evidence.join(",")).collect();
    let want = ["D1:1", "D1:1,D2:2", "D2:1", "D2:2", "D1:1,D2:2", "", "D1:2", "D2:3", "D1:2", "D1:1"];
    assert_eq!(evidence, want);
    assert_eq!(first.questions[4].answer.as_deref(), Some("2"));
    for question in &first.questions {
        assert_eq!(question.answerable, question.category != "5 adversarial");
        assert_eq!(question.answer.is_some(), question.answerable);
    }
}

#[test]
fn longmemeval_has_a_history_for_each_question() {
    let dataset = load::longmemeval(&fixture("longmemeval.json")).unwrap();
    let first = &dataset.conversations[0];
    let order: Vec<&str> = first.sessions.iter().map(|session| session.turns[0].text.as_str()).collect();
    assert_eq!(order, ["I own two kayaks.", "Is rye good for bread?", "I bought a third kayak."]);
    assert_eq!(first.sessions[0].at, at("2023-05-20T02:21:00Z"));
    assert_eq!(first.sessions[2].turns[1].role, Role::Assistant);
    let question = &first.questions[0];
    assert_eq!((question.answer.as_deref(), question.asked_at), (Some("3"), at("2023-06-01T08:00:00Z")));
    let cited: Vec<&str> = first
        .sessions
        .iter()
        .flat_map(|session| &session.turns)
        .filter(|turn| question.evidence.contains(&turn.id))
        .map(|turn| turn.text.as_str())
        .collect();
    assert_eq!(cited, ["I own two kayaks.", "I bought a third kayak."]);
    let none = &dataset.conversations[1].questions[0];
    assert_eq!((none.category.as_str(), none.answerable, none.answer.as_deref()), ("abstention", false, None));
}

#[test]
fn beam_is_read_of_each_size() {
    let dataset = load::beam(&fixture("beam")).unwrap();
    let ids: Vec<&str> = dataset.conversations.iter().map(|conversation| conversation.id.as_str()).collect();
    assert_eq!(ids, ["2", "10"], "by number, and only folders with a chat");
    let small = &dataset.conversations[0];
    assert_eq!(
        texts(small),
        [
            "The roof of my greenhouse leaks.",
            "Try silicone.",
            "The greenhouse is 12 square metres.",
            "I never had a greenhouse."
        ]
    );
    assert_eq!(small.sessions[0].at, at("2024-03-15T00:00:00Z"));
    assert_eq!(small.sessions[1].at, None);
    let asked: Vec<(&str, Vec<&str>, Option<&str>)> = small
        .questions
        .iter()
        .map(|q| (q.category.as_str(), q.evidence.iter().map(String::as_str).collect(), q.answer.as_deref()))
        .collect();
    assert_eq!(
        asked,
        [
            ("abstention", vec![], None),
            ("contradiction_resolution", vec!["0", "4"], Some("You said both.")),
            ("information_extraction", vec!["2"], Some("12 square metres")),
        ]
    );
    // The largest size has plans around the batches.
    let large = &dataset.conversations[1];
    assert_eq!(texts(large), ["I keep bees.", "The bees swarmed -> twice."]);
    assert_eq!(large.questions[0].answer.as_deref(), Some("Names the animals."));
    assert_eq!(load::beam(&fixture("beam/10")).unwrap().conversations, dataset.conversations[1..]);
}

#[test]
fn the_digest_is_that_of_the_files() {
    let digest = |dataset: Dataset| dataset.digest;
    let all = digest(load::beam(&fixture("beam")).unwrap());
    assert_eq!(all, digest(load::beam(&fixture("beam")).unwrap()));
    assert_ne!(all, digest(load::beam(&fixture("beam/10")).unwrap()));
}

#[test]
fn what_is_something_else_is_refused_without_a_quote() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.json");
    let refused = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let error = load::locomo(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
        assert!(!error.to_string().contains("hush"), "{error}");
    };
    let sample = |more: &str, qa: &str| {
        format!(r#"[{{"sample_id": "c", "conversation": {{"session_1": [{more}]}}, "qa": [{qa}]}}]"#)
    };
    let turn = r#"{"speaker": "A", "dia_id": "D1:1", "text": "hush"}"#;
    refused("{}");
    refused("not hush");
    refused(r#"[{"sample_id": "hush"}]"#);
    refused(&sample(&format!("{turn}, {turn}"), ""));
    refused(&sample(turn, r#"{"question": "hush?", "category": 6}"#));
    refused(&sample(r#""hush""#, ""));
    let dated = sample(turn, "").replace("\"session_1\":", "\"session_1_date_time\": \"hush\", \"session_1\":");
    refused(&dated);
    assert_eq!(load::locomo(&folder.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(load::beam(folder.path()).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_part_can_be_chosen() {
    let all = || load::locomo(&fixture("locomo.json")).unwrap();
    let name = |text: &str| vec![text.to_owned()];
    assert_eq!(all().keep(&[], &[]).unwrap().questions(), 11);
    assert_eq!(all().keep(&name("conv-b"), &[]).unwrap().questions(), 1);
    assert_eq!(all().keep(&[], &name("4")).unwrap().questions(), 5);
    // A conversation without a question is not remembered.
    assert_eq!(all().keep(&[], &name("2 temporal")).unwrap().conversations.len(), 1);
    assert!(all().keep(&name("conv-z"), &[]).is_err());
    assert!(all().keep(&[], &name("9")).is_err());
}
