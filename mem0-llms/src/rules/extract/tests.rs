use super::*;
use mem0_core::Scope;
use proptest::prelude::*;

const SAID: &str = "2023-05-25T13:14:00Z";

fn message(id: &str, role: Role, name: Option<&str>, content: &str) -> StoredMessage {
    StoredMessage {
        id: id.into(),
        role,
        name: name.map(str::to_owned),
        content: content.into(),
        at: SAID.parse().unwrap(),
    }
}

fn extract(messages: Vec<StoredMessage>) -> Extraction {
    let request = ExtractRequest::new(Scope::user("u").unwrap(), messages, SAID.parse().unwrap());
    RulesExtractor::new().facts(&request)
}

fn user(content: &str) -> Extraction {
    extract(vec![message("m", Role::User, None, content)])
}

fn facts(extraction: &Extraction) -> Vec<&str> {
    extraction.facts.iter().map(|fact| fact.text.as_str()).collect()
}

fn dropped(extraction: &Extraction) -> Vec<(&str, DropReason)> {
    extraction.dropped.iter().map(|part| (part.text.as_str(), part.reason)).collect()
}

#[test]
fn sentences_become_facts_and_the_rest_is_reported() {
    let found = user("Hey! I moved to Rome. My wife is a doctor. Thanks a lot! What's my name?");
    assert_eq!(facts(&found), ["I moved to Rome.", "My wife is a doctor."]);
    assert_eq!(
        dropped(&found),
        [
            ("Hey!", DropReason::SmallTalk),
            ("Thanks a lot!", DropReason::SmallTalk),
            ("What's my name?", DropReason::Question)
        ]
    );
}

#[test]
fn a_sentence_that_needs_its_predecessor_is_joined_to_it() {
    let found = user("I saw the Uffizi.  It was great! Ok.\nThey close at 5. My sister came along.");
    assert_eq!(facts(&found), ["I saw the Uffizi.  It was great! They close at 5.", "My sister came along."]);
}

#[test]
fn who_said_it_is_kept_and_the_words_too() {
    let found = extract(vec![
        message("1", Role::User, Some("Mel"), "I paint."),
        message("2", Role::User, Some("Caro"), "Cool, Mel! I run marathons."),
        message("3", Role::Assistant, None, "I booked table 5 for you."),
    ]);
    let said: Vec<_> = found
        .facts
        .iter()
        .map(|fact| (fact.actor.as_deref(), fact.role, fact.text.as_str(), fact.sources.concat()))
        .collect();
    assert_eq!(
        said,
        [
            (Some("Mel"), Some(Role::User), "I paint.", "1".to_owned()),
            (Some("Caro"), Some(Role::User), "I run marathons.", "2".to_owned()),
            (None, Some(Role::Assistant), "I booked table 5 for you.", "3".to_owned()),
        ]
    );
}

#[test]
fn system_tool_and_empty_messages_are_reported_whole() {
    let found = extract(vec![
        message("1", Role::System, None, "You are helpful. I live in Rome."),
        message("2", Role::Tool, None, "{\"rows\": 3}"),
        message("3", Role::User, None, " \n"),
    ]);
    assert!(found.facts.is_empty());
    let reasons: Vec<_> = found.dropped.iter().map(|part| part.reason).collect();
    assert_eq!(reasons, [DropReason::SystemMessage, DropReason::ToolOutput, DropReason::Empty]);
}

#[test]
fn a_short_answer_keeps_its_question() {
    let found = extract(vec![
        message("1", Role::Assistant, None, "Sure! Which city do you live in?"),
        message("2", Role::User, None, "Berlin. I like it a lot."),
        message("3", Role::Assistant, None, "Do you have pets?"),
        message("4", Role::User, None, "Yes!"),
        message("5", Role::Assistant, None, "How are you?"),
        message("6", Role::User, None, "Good."),
    ]);
    assert_eq!(facts(&found), ["Which city do you live in? — Berlin.", "I like it a lot.", "Do you have pets? — Yes!"]);
    assert_eq!(found.facts[0].sources, ["1", "2"]);
    assert_eq!(found.facts[0].role, Some(Role::User));
    let left: Vec<_> = dropped(&found).into_iter().map(|(text, _)| text).collect();
    assert_eq!(left, ["Sure!", "How are you?", "Good."]);
}

#[test]
fn the_question_may_be_in_an_earlier_call() {
    let request = ExtractRequest::new(
        Scope::user("u").unwrap(),
        vec![message("2", Role::User, None, "Berlin")],
        SAID.parse().unwrap(),
    )
    .with_recent(vec![message("1", Role::Assistant, None, "Where do you live?")]);
    let found = RulesExtractor::new().facts(&request);
    assert_eq!(facts(&found), ["Where do you live? — Berlin"]);
    assert!(found.dropped.is_empty());
}

#[test]
fn event_times() {
    for (text, since) in [
        ("I like tea.", SAID),
        ("I ran a race last Saturday.", "2023-05-20"),
        ("I moved in 2019.", "2019-01-01"),
        ("I was born on 8 May 1990.", "1990-05-08"),
        // A plan holds since it was told.
        ("I will marry next year.", SAID),
        // Two times: nobody knows which.
        ("I moved last year and married last week.", SAID),
        ("I moved last year, in October 2022.", "2022-10-01"),
        ("I stay until tomorrow.", SAID),
    ] {
        assert_eq!(user(text).facts[0].valid_from, Some(since.parse().unwrap()), "{text}");
    }
}

#[test]
fn code_is_kept_as_it_is() {
    let code = "```\nremind(\"yesterday\") // Why?\n```";
    assert_eq!(facts(&user(code)), [code]);
    let list = "To buy:\n- 2 eggs\n- milk";
    assert_eq!(facts(&user(list)), [list]);
}

#[test]
fn languages_and_scripts_keep_their_text_byte_for_byte() {
    for text in [
        "Ich heiße Jürgen und wohne in Köln.",
        "J’habite à Genève avec ma sœur.",
        "Vivo en Córdoba con mi niño.",
        "Я живу в Москве и работаю врачом.",
        "我住在北京，喜欢喝茶。",
        "私は東京に住んでいます。",
        "저는 서울에 살고 있어요.",
        "मैं दिल्ली में रहता हूँ।",
        "أنا أسكن في القاهرة وأعمل طبيبا.",
        "אני גר בתל אביב.",
        "ผมอาศัยอยู่ในกรุงเทพ",
        "Tôi sống ở Hà Nội.",
        "Cafe\u{301} e\u{301} bom demais para mim.",
        "Я 👩‍👩‍👧 люблю 🏳️‍🌈 Москву",
    ] {
        assert_eq!(facts(&user(text)), [text]);
        assert!(user(text).dropped.is_empty());
    }
}

const PIECES: &str = "(Hi! |Thanks, Mel! |I moved to Rome\\. |It was great\\. |Yes\\. |Berlin|\\? |Do you like it\\? |last week |\
    yesterday |```|\n|- a |https://x\\.y/?q |👍 |。|我住在北京|؟ |Dr\\. |That's nice! |My sister Ana |\\.\\.\\. |\\PC)";

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::User), Just(Role::Assistant), Just(Role::System), Just(Role::Tool)]
}

proptest! {
    #[test]
    fn every_word_is_in_a_fact_or_in_the_report(
        said in proptest::collection::vec((role(), proptest::collection::vec(PIECES, 0..12)), 1..5),
    ) {
        let messages = said.iter().map(|(role, pieces)| (*role, pieces.concat())).collect();
        covers(messages);
    }

    #[test]
    fn every_character_is_too(content in any::<String>(), other in any::<String>()) {
        covers(vec![(Role::User, content), (Role::Assistant, other)]);
    }
}

/// Each message's text, white space aside, is found in order in what it gave:
/// its facts, its dropped parts, and the answer that took its question.
fn covers(said: Vec<(Role, String)>) {
    let messages: Vec<_> =
        said.iter().enumerate().map(|(number, (role, text))| message(&number.to_string(), *role, None, text)).collect();
    let found = extract(messages.clone());
    assert_eq!(found, extract(messages.clone()), "not the same twice");
    for message in &messages {
        let units = match message.role {
            Role::System | Role::Tool => vec![message.content.as_str()],
            _ if message.content.trim().is_empty() => vec![message.content.as_str()],
            _ => units(&message.content).into_iter().map(|unit| part(&message.content, unit.range)).collect(),
        };
        for unit in units {
            let is_dropped = found.dropped.iter().any(|part| part.source == message.id && part.text == unit);
            let is_kept =
                || found.facts.iter().any(|fact| fact.sources.contains(&message.id) && holds(&fact.text, unit));
            assert!(is_dropped || is_kept(), "lost {unit:?}");
        }
    }
    for fact in &found.facts {
        assert!(!fact.text.trim().is_empty());
        assert!(fact.sources.iter().all(|source| messages.iter().any(|message| message.id == *source)));
        assert!(fact.valid_from.is_some_and(|since| since <= SAID.parse().unwrap()));
    }
}

/// Whether a fact has these words in this order, possibly with dates between.
fn holds(fact: &str, unit: &str) -> bool {
    let mut rest = unit.chars().filter(|c| !c.is_whitespace()).peekable();
    for c in fact.chars() {
        rest.next_if_eq(&c);
    }
    rest.peek().is_none()
}
