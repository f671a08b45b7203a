use super::*;
use mem0_core::{Memory, Neighbour, Role, Scope};
use proptest::prelude::*;

fn at(day: u8) -> Timestamp {
    format!("2023-05-{day:02}T12:00:00Z").parse().unwrap()
}

fn said(text: &str, day: u8) -> Content {
    let mut content = Content::new(text);
    content.role = Some(Role::User);
    content.valid_from = Some(at(day));
    content
}

fn id(n: u8) -> MemoryId {
    format!("00000000-0000-7000-8000-0000000000{n:02x}").parse().unwrap()
}

fn memory(n: u8, content: Content, similarity: f32) -> Neighbour {
    Neighbour { memory: Memory::new(id(n), Scope::user("ana").unwrap(), content, at(31)), similarity }
}

fn one(new: Content, known: Vec<Neighbour>) -> Decision {
    RulesReconciler::new().decide(&[Candidate::new(new, known)], at(31)).remove(0)
}

/// What a later `new` of the same speaker does to an earlier `old`.
fn verdict(old: &str, new: &str) -> &'static str {
    let decision = one(said(new, 20), vec![memory(1, said(old, 10), 0.95)]);
    match (decision.action, decision.ends.len()) {
        (Action::Add, 0) => "add",
        (Action::Known(_), 0) => "none",
        (Action::Add, 1) => "supersede",
        _ => "other",
    }
}

#[test]
fn later_values_supersede_where_a_rule_is_sure() {
    for (old, new) in [
        ("I live in Rome.", "I live in Lisbon now."),
        ("I live in Rome.", "I moved to Lisbon."),
        ("I live in Rome.", "I moved to Lisbon last week (week of 2023-05-08)."),
        ("I moved to Rome.", "I just moved to Lisbon. It is sunny here."),
        ("I live in Rome, Italy.", "I relocated to Lisbon because of work."),
        ("I work at Acme.", "I started working for Globex."),
        ("I work as a nurse.", "I work as a teacher."),
        ("My name is Ana.", "My name is Ana Maria."),
        ("My favourite colour is red.", "My favorite color is dark blue now!"),
        ("My phone number is 555-0100.", "My phone number is 555-0199."),
        ("I am 30 years old.", "I turned 31 yesterday (2023-05-19)!"),
        ("I'm single.", "I got married!"),
        ("I work at Acme.", "I no longer work at Acme."),
        ("I drink coffee.", "I don't drink coffee anymore."),
        ("I drink coffee.", "I stopped drinking coffee."),
    ] {
        assert_eq!(verdict(old, new), "supersede", "{old} / {new}");
    }
}

#[test]
fn without_a_sure_rule_both_stay() {
    for (old, new) in [
        ("I live in Rome.", "I live in Italy."),
        ("I live in Rome with my wife.", "I live in Lisbon."),
        ("I live in Rome. I love it.", "I live in Lisbon."),
        ("I moved to Rome last year (2022).", "I moved to Lisbon."),
        ("I moved to Rome in 2019.", "I live in Lisbon."),
        ("I live in Rome.", "I used to live in Lisbon."),
        ("I live in Rome.", "I lived in Lisbon in 2019."),
        ("I live in Rome.", "I moved to Lisbon in 2019."),
        ("I live in Rome.", "I will move to Lisbon."),
        ("I live in Rome.", "I live in Lisbon this summer (2023)."),
        ("I live in Rome.", "I moved to Linux."),
        ("I work at Acme.", "I joined Anna."),
        ("I live in Rome.", "If I live in Lisbon, I need a car."),
        ("I live in Rome.", "Anna lives in Lisbon."),
        ("I live in Rome.", "I work at Lisbon."),
        ("I work at Acme.", "I also work at Globex."),
        ("I have a cat.", "I have a dog."),
        ("My dog is Rex.", "My dog is brown."),
        ("I like tea.", "I don't like tea."),
        ("I am 31 years old.", "I am 30 years old."),
        ("My favourite colour is red.", "My favourite food is rice."),
        ("I drink coffee every day.", "I don't drink coffee anymore."),
        ("Ich wohne in Rom.", "Ich wohne in Lissabon."),
        ("Vivo en Roma.", "Vivo en Lisboa."),
    ] {
        assert_eq!(verdict(old, new), "add", "{old} / {new}");
    }
}

#[test]
fn the_same_again_is_none() {
    for (old, new) in [
        ("I live in Rome.", "I live in Rome!"),
        ("I live in Rome. It is warm.", "By the way, I live in Rome."),
        ("I live in Rome now.", "I live in Rome."),
        ("我住在北京。", "我住在北京！"),
    ] {
        assert_eq!(verdict(old, new), "none", "{old} / {new}");
    }
}

#[test]
fn another_speaker_is_another_fact() {
    let mut other = said("I live in Rome.", 10);
    other.actor = Some("Ben".into());
    for new in ["I live in Rome.", "I live in Lisbon."] {
        assert_eq!(one(said(new, 20), vec![memory(1, other.clone(), 1.0)]), Decision::add());
    }
    other.role = None;
    other.actor = None;
    assert!(matches!(one(said("I live in Rome.", 20), vec![memory(1, other.clone(), 1.0)]).action, Action::Known(_)));
    assert_eq!(one(said("I live in Lisbon.", 20), vec![memory(1, other, 1.0)]), Decision::add());
}

#[test]
fn an_older_statement_ends_nothing() {
    assert_eq!(one(said("I live in Rome.", 5), vec![memory(1, said("I live in Lisbon.", 10), 0.9)]), Decision::add());
}

#[test]
fn a_day_counts_to_its_end() {
    let old = memory(1, said("I live in Rome.", 10), 0.9);
    let mut new = said("I moved to Lisbon today (2023-05-10).", 10);
    new.valid_from = Some("2023-05-10".parse().unwrap());
    assert_eq!(one(new, vec![old]).ends, [Target::Memory(id(1))]);
}

#[test]
fn the_newest_of_several_is_ended_and_the_reason_names_the_rule() {
    let known = vec![memory(1, said("I live in Rome.", 10), 0.9), memory(2, said("I moved to Paris.", 12), 0.8)];
    let expected = Decision::supersede(Target::Memory(id(2)), "a later value of the same statement (rule: home)");
    assert_eq!(one(said("I live in Lisbon.", 20), known), expected);
}

#[test]
fn within_one_call_the_order_counts() {
    let known = || vec![memory(1, said("I live in Rome.", 1), 0.9)];
    let candidate = |text: &str| Candidate::new(said(text, 20), known());
    let decisions = RulesReconciler::new()
        .decide(&["I live in Lisbon.", "I live in Lisbon!", "I live in Rome.", "I like tea."].map(candidate), at(31));
    assert_eq!(decisions[0].ends, [Target::Memory(id(1))]);
    assert_eq!(decisions[1].action, Action::Known(Target::Candidate(0)));
    // The memory that said so has just been ended.
    assert_eq!(decisions[2].ends, [Target::Candidate(0)]);
    assert_eq!(decisions[3], Decision::add());
}

proptest! {
    #[test]
    fn one_decision_each_and_only_known_targets(
        texts in proptest::collection::vec("(I |live |in |Rome|Paris|my |name |is |no longer |work |at |Acme|\\.|!|\\PC){0,12}", 0..8),
        old in "(I |live |in |Rome|Paris|work |at |Acme|\\.|\\PC){0,12}",
    ) {
        let candidates: Vec<_> = texts
            .iter()
            .map(|text| Candidate::new(said(text, 20), vec![memory(1, said(&old, 10), 0.95)]))
            .collect();
        let decisions = RulesReconciler::new().decide(&candidates, at(31));
        prop_assert_eq!(decisions.len(), candidates.len());
        for (number, decision) in decisions.iter().enumerate() {
            let known = match &decision.action {
                Action::Known(known) => Some(known),
                _ => None,
            };
            for target in decision.ends.iter().chain(known) {
                match target {
                    Target::Candidate(earlier) => {
                        prop_assert!(*earlier < number);
                        let known_already = matches!(decisions[*earlier].action, Action::Known(_));
                        prop_assert!(!known_already);
                    }
                    Target::Memory(memory) => prop_assert_eq!(*memory, id(1)),
                }
            }
        }
        let again = RulesReconciler::new().decide(&candidates, at(31));
        prop_assert_eq!(decisions, again);
    }
}
