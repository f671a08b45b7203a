use super::*;
use proptest::prelude::*;

/// A Wednesday.
const NOW: &str = "2023-11-22T10:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The ranges in days, what comes every year by its days of 2023, and "!" where
/// it is sure.
fn told(question: &str, now: &str) -> String {
    let asked = asked(question, at(now));
    let ranges = asked.ranges.iter().map(shown);
    let every = asked.every.iter().map(|days| format!("~{}", shown(&days.of_year(2023).unwrap())));
    ranges.chain(every).collect::<Vec<_>>().join(" ") + if asked.sure { "!" } else { "" }
}

fn check(table: &[(&str, &str)]) {
    for (question, expected) in table {
        assert_eq!(told(question, NOW), *expected, "{question}");
    }
}

#[test]
fn dates_months_and_years() {
    check(&[
        ("Which races did Anna run in May 2023?", "2023-05-01..2023-06-01!"),
        ("which races did anna run in may 2023", "2023-05-01..2023-06-01!"),
        ("What did Anna buy on 8 May 2023?", "2023-05-08..2023-05-09!"),
        ("What did Anna buy on May 8th, 2023?", "2023-05-08..2023-05-09!"),
        ("What did Anna buy on Monday, May 8, 2023?", "2023-05-08..2023-05-09!"),
        ("What did Anna buy on 2023-05-08?", "2023-05-08..2023-05-09!"),
        ("What did Anna buy in 2023-05?", "2023-05-01..2023-06-01!"),
        ("What did Anna buy on 08.05.2023?", "2023-05-08..2023-05-09!"),
        ("What did Anna buy on 5/8/2023?", "2023-08-05..2023-08-06 2023-05-08..2023-05-09"),
        ("What did Anna buy on 5/18/2023.", "2023-05-18..2023-05-19!"),
        ("What did Anna buy in 2022?", "2022-01-01..2023-01-01!"),
        ("What happened 2022?", "2022-01-01..2023-01-01"),
        ("Who won the 2022 marathon?", "2022-01-01..2023-01-01"),
        ("What did Anna buy in early 2022?", "2022-01-01..2022-05-01"),
        ("What did Anna buy at the end of 2022?", "2022-09-01..2023-01-01"),
        ("What did Anna buy in late May 2022?", "2022-05-21..2022-06-01"),
        ("What did Anna buy at the end of May 2022?", "2022-05-21..2022-06-01"),
        ("Which music did Anna hear in the 90s?", "1990-01-01..2000-01-01"),
        ("Which music did Anna hear in the early nineties?", "1990-01-01..2000-01-01"),
        ("Which music did Anna hear in the 2010s?", "2010-01-01..2020-01-01"),
        ("What happened in May?", "~2023-05-01..2023-06-01"),
        ("what happened in may", "~2023-05-01..2023-06-01"),
        ("What happened on 8 May?", "~2023-05-08..2023-05-09"),
        ("What happened on May 8th?", "~2023-05-08..2023-05-09"),
        ("What happened in May last year?", "2022-05-01..2022-06-01!"),
        ("What did we do last year in May?", "2022-05-01..2022-06-01!"),
        ("What did we do in the summer of 2022?", "2022-06-01..2022-09-01"),
        ("What did we do in summer?", "~2023-06-01..2023-09-01"),
        ("What did we do over the winter?", "~2023-12-01..2024-03-01"),
    ]);
}

#[test]
fn times_seen_from_now() {
    check(&[
        ("What did I eat yesterday?", "2023-11-21..2023-11-22!"),
        ("What did I eat this morning?", "2023-11-22..2023-11-23!"),
        ("What did I eat last night?", "2023-11-21..2023-11-22!"),
        ("What did I eat the day before yesterday?", "2023-11-20..2023-11-21!"),
        ("What did I buy last week?", "2023-11-13..2023-11-20!"),
        ("What did I buy last month?", "2023-10-01..2023-11-01!"),
        ("What did I buy last year?", "2022-01-01..2023-01-01!"),
        ("What did I buy last weekend?", "2023-11-18..2023-11-20!"),
        ("What did I buy last summer?", "2023-06-01..2023-09-01"),
        ("What did I buy last Friday?", "2023-11-17..2023-11-18"),
        ("What did I buy on Friday?", "2023-11-17..2023-11-18"),
        ("What will I buy on Friday?", "2023-11-24..2023-11-25"),
        ("What did I buy three days ago?", "2023-11-19..2023-11-20!"),
        ("What did I buy two weeks ago?", "2023-11-06..2023-11-13"),
        ("What did I buy about two weeks ago?", "2023-11-04..2023-11-13"),
        ("What did I buy a few weeks ago?", "2023-10-16..2023-11-04"),
        ("What did I buy a couple of months ago?", "2023-09-02..2023-10-13"),
        ("What did I buy in the last two weeks?", "2023-11-08..2023-11-23!"),
        ("What did I buy in the past month?", "2023-10-22..2023-11-23!"),
        ("What did I buy in the last few days?", "2023-11-18..2023-11-23"),
        ("What did I buy recently?", "2023-10-23..2023-11-23"),
        ("What did I buy last May?", "2023-05-01..2023-06-01"),
        ("What will I do next month?", "2023-12-01..2024-01-01"),
        ("What is Anna doing tomorrow?", "2023-11-23..2023-11-24"),
    ]);
    // In English nobody knows which week was the last on a Sunday.
    assert_eq!(told("What did I buy last week?", "2023-11-26T10:00:00Z"), "2023-11-13..2023-11-26");
}

#[test]
fn stretches_and_relations() {
    check(&[
        ("What did Anna buy between May and July 2023?", "2023-05-01..2023-08-01!"),
        ("What did Anna buy between May 2022 and July 2023?", "2022-05-01..2023-08-01!"),
        ("What did Anna buy between November and February 2023?", "2022-11-01..2023-03-01!"),
        ("What did Anna buy between May and July?", "~2023-05-01..2023-08-01"),
        ("What did Anna buy between 2019 and 2021?", "2019-01-01..2022-01-01!"),
        ("What did Anna buy from 2019 to 2021?", "2019-01-01..2022-01-01!"),
        ("What did Anna buy from 3 May to 10 May 2023?", "2023-05-03..2023-05-11!"),
        ("What did Anna buy from May through July 2023?", "2023-05-01..2023-08-01!"),
        ("What did Anna buy between 2023-05-01 and 2023-05-10?", "2023-05-01..2023-05-11!"),
        ("What did Anna buy 2019-2021?", "2019-01-01..2022-01-01!"),
        ("What has Anna bought since 2021?", "2021-01-01.."),
        ("Where did Anna travel before 2021?", "..2021-01-01!"),
        ("Where did Anna travel after 2021?", "2022-01-01..!"),
        ("Where did Anna travel after May 2021?", "2021-06-01..!"),
        ("Where did Anna travel before June?", "..2023-06-01"),
        ("Where did Anna travel since May?", "2023-05-01.."),
        ("Where did Anna travel after Christmas?", "2022-12-27.."),
        ("Where did Anna travel by the end of 2022?", "..2023-01-01"),
        ("Where did Anna travel in 2021 or in 2022?", "2021-01-01..2022-01-01 2022-01-01..2023-01-01!"),
        ("Where did Anna travel since last month?", "2023-10-01.."),
        ("Where did Anna travel before yesterday?", "..2023-11-21!"),
    ]);
}

#[test]
fn holidays() {
    check(&[
        ("What did we eat at Christmas?", "~2023-12-24..2023-12-27"),
        ("What did we eat on Christmas Eve?", "~2023-12-24..2023-12-25"),
        ("What did we eat last Christmas?", "2022-12-24..2022-12-27"),
        ("What did we eat at Easter 2023?", "2023-04-07..2023-04-11"),
        ("What did we eat on Thanksgiving last year?", "2022-11-24..2022-11-25"),
        ("What did we do on New Year's Eve?", "~2023-12-31..2024-01-01"),
        ("What did we do for Halloween?", "~2023-10-31..2023-11-01"),
        ("Who made the Christmas tree?", ""),
    ]);
}

#[test]
fn other_languages() {
    check(&[
        ("Was hat Anna im Mai 2023 gekauft?", "2023-05-01..2023-06-01"),
        ("Was hat Anna im Mai gekauft?", "~2023-05-01..2023-06-01"),
        ("Was hat Anna am 8. Mai 2023 gekauft?", "2023-05-08..2023-05-09"),
        ("Was habe ich gestern gegessen?", "2023-11-21..2023-11-22"),
        ("Was habe ich letzte Woche gekauft?", "2023-11-13..2023-11-20"),
        ("Was hat Anna zwischen Mai und Juli 2023 gekauft?", "2023-05-01..2023-08-01"),
        ("Wo hat Anna vor 2021 gewohnt?", "..2021-01-01"),
        ("Was haben wir an Weihnachten gegessen?", "~2023-12-24..2023-12-27"),
        ("Qu'est-ce que j'ai mangé hier ?", "2023-11-21..2023-11-22"),
        ("Où est allée Anna en mai 2023 ?", "2023-05-01..2023-06-01"),
        ("Où est allée Anna en mai ?", "~2023-05-01..2023-06-01"),
        ("Où est allée Anna avant 2021 ?", "..2021-01-01"),
        ("¿Qué comí ayer?", "2023-11-21..2023-11-22"),
        ("¿Dónde estuvo Ana en mayo de 2023?", "2023-05-01..2023-06-01"),
        ("¿Dónde estuvo Ana en mayo?", "~2023-05-01..2023-06-01"),
        ("¿Qué ha comprado Ana desde 2021?", "2021-01-01.."),
        ("Ontem fui ao mercado com uma amiga, o que comprei em 2023-05-08?", "2023-05-08..2023-05-09"),
    ]);
}

#[test]
fn what_only_looks_like_a_time() {
    for question in [
        "May I come in?",
        "Who may come on the trip?",
        "What is the march on Washington?",
        "Did they march on?",
        "What is the second reason?",
        "Wait a second, who is Anna?",
        "Which Sunday school does Anna run?",
        "Who is April?",
        "Where did June go after May left?",
        "What does Anna do on Friday nights?",
        "How many of the 2000 people came?",
        "Did Anna spring into action?",
        "Who fell in the fall?",
        "What is Anna's phone number, 555-2023-11?",
        "Which version is 1.2.2023.4?",
        "What is today's world like?",
        "What did Anna do at 5?",
        "",
        "?",
    ] {
        let asked = asked(question, at(NOW));
        let seasons = question.contains("in the fall");
        assert_eq!(asked.is_timed(), seasons, "{question}: {asked:?}");
        assert!(!asked.sure, "{question}");
    }
}

#[test]
fn not_sure_where_the_time_may_be_another() {
    for question in [
        "When did Anna travel in 2023?",
        "Where did Anna live in 2021?",
        "Where was Anna in May 2023?",
        "What did Anna say about her trip in May 2023?",
        "What did Anna tell you last week?",
        "Who came to the party of May 2023?",
        "What did Anna plan for May 2023?",
        "What did Anna not buy in May 2023?",
        "Where did Anna travel next year?",
        "Where did Anna travel in May 2023 before she met Tom?",
        "How long did Anna travel in 2023?",
        "How often did Anna run last year?",
    ] {
        let asked = asked(question, at(NOW));
        assert!(asked.is_timed() && !asked.sure, "{question}: {asked:?}");
    }
}

fn anchored(question: &str) -> String {
    match asked(question, at(NOW)).anchor {
        Some(anchor) => format!("{:?} {}", anchor.relation, question.get(anchor.phrase).unwrap()),
        None => String::new(),
    }
}

#[test]
fn events_that_tell_the_time() {
    for (question, expected) in [
        ("Where did she live before she moved to Rome?", "Before she moved to Rome"),
        ("What did Anna do after the wedding?", "After the wedding"),
        ("What has Anna read since I started at Acme?", "Since I started at Acme"),
        ("What did I eat when I was in Rome?", "During I was in Rome"),
        ("When I was in Rome, what did I eat?", "During I was in Rome"),
        ("Before she moved to Rome, where did she live?", "Before she moved to Rome"),
        ("After the wedding where did they go?", "After the wedding"),
        ("What did we see during our trip?", "During our trip"),
        ("What did she do while studying in Paris?", "During studying in Paris"),
        ("Where did she live until her graduation?", "Until her graduation"),
        ("What did Tom do by the time she arrived?", "Until she arrived"),
        ("Where did she live before moving?", "Before moving"),
        ("How long did she train before the race?", "Before the race"),
        ("Wo wohnte sie, bevor sie nach Rom zog?", "Before sie nach Rom zog"),
        ("Was hat Anna gemacht, nachdem wir umgezogen sind?", "After wir umgezogen sind"),
        ("¿Qué hizo Ana después de que nos mudamos?", "After nos mudamos"),
        ("Que faisait Anna avant que nous soyons partis ?", "Before nous soyons partis"),
        ("When did Anna move?", ""),
        ("When was Anna in Rome?", ""),
        ("Do you know when Anna moved?", ""),
        ("When's the party?", ""),
        ("Who looks after the dog?", ""),
        ("Who was Anna named after?", ""),
        ("What came after that?", ""),
        ("Have I asked this before?", ""),
        ("What did she do before 2021?", ""),
        ("What did she do after the summer?", ""),
        ("What did she do after last Christmas?", ""),
        ("Has she moved since?", ""),
        ("Since when have I been here?", ""),
        ("Who visited us the summer before last?", ""),
        ("Who helps her when she has a bad day?", ""),
        ("How old was I when Alex was born?", "During Alex was born"),
    ] {
        assert_eq!(anchored(question), expected, "{question}");
    }
}

#[test]
fn what_is_wanted() {
    for (question, wants, pick) in [
        ("Who is Anna?", Wants::Any, Pick::Any),
        ("When did Anna move?", Wants::Date, Pick::Any),
        ("Do you remember when Anna moved?", Wants::Date, Pick::Any),
        ("In which year did Anna move?", Wants::Date, Pick::Any),
        ("What day is the party?", Wants::Date, Pick::Any),
        ("How long ago did Anna move?", Wants::Date, Pick::Any),
        ("How many weeks ago did Anna move?", Wants::Date, Pick::Any),
        ("How many days were there between the wedding and the trip?", Wants::Duration, Pick::Any),
        ("How long has Anna been married?", Wants::Duration, Pick::Any),
        ("How often does Anna run?", Wants::Frequency, Pick::Any),
        ("How many times did Anna run?", Wants::Frequency, Pick::Any),
        ("Where does Anna live now?", Wants::Any, Pick::Current),
        ("What is my current job?", Wants::Any, Pick::Current),
        ("What is Anna's latest book?", Wants::Any, Pick::Current),
        ("Is Anna still married?", Wants::Any, Pick::Current),
        ("What was my first job?", Wants::Any, Pick::First),
        ("What was the last book that I read?", Wants::Any, Pick::Last),
        ("When did I last see a doctor?", Wants::Date, Pick::Last),
        ("What is my first name?", Wants::Any, Pick::Any),
        ("What is Anna's last name?", Wants::Any, Pick::Any),
        ("What did I buy last week?", Wants::Any, Pick::Any),
        ("What did I do at last?", Wants::Any, Pick::Any),
        ("Wann ist Anna umgezogen?", Wants::Date, Pick::Any),
        ("Wie lange ist Anna verheiratet?", Wants::Duration, Pick::Any),
        ("Wo wohnt Anna jetzt?", Wants::Any, Pick::Current),
        ("Quand est-elle partie ?", Wants::Date, Pick::Any),
        ("¿Cuándo se mudó Ana?", Wants::Date, Pick::Any),
        ("¿Cuántas veces corrió Ana?", Wants::Frequency, Pick::Any),
    ] {
        let asked = asked(question, at(NOW));
        assert_eq!((asked.wants, asked.pick), (wants, pick), "{question}");
    }
}

#[test]
fn the_words_that_say_the_time() {
    for (question, expected) in [
        ("Which races did Anna run in May 2023?", "in May 2023"),
        ("What did Anna buy between May and July 2023 in Rome?", "between May and July 2023"),
        ("Where did she go before the summer of 2022?", "before the summer of 2022"),
        ("What did I eat yesterday in Rome?", "yesterday"),
        ("Where did she live before she moved?", ""),
    ] {
        let asked = asked(question, at(NOW));
        let words: Vec<&str> = asked.words.iter().map(|range| question.get(range.clone()).unwrap()).collect();
        assert_eq!(words.join("|"), expected, "{question}");
    }
}

#[test]
fn a_month_without_a_year_counts_in_every_year() {
    let may = asked("What happened in May?", at(NOW));
    for year in [1999, 2022, 2023, 2031] {
        assert_eq!(may.matches(at(&format!("{year}-05-20"))), 1.0);
        assert!(may.matches(at(&format!("{year}-06-10"))) > 0.5);
        assert!(may.matches(at(&format!("{year}-11-10"))) < 0.01);
    }
    let leap = asked("What happened on 29 February?", at(NOW));
    assert_eq!(leap.matches(at("2024-02-29T12:00:00Z")), 1.0);
    assert_eq!(asked("Who is Anna?", at(NOW)).matches(at(NOW)), 0.0);
    let winter = asked("What happened in winter?", at(NOW));
    assert_eq!(winter.matches(at("2023-01-20")), 1.0);
}

#[test]
fn what_was_said_fits_by_the_time_that_it_speaks_of() {
    let asked = asked("What did Anna do on 7 May 2023?", at(NOW));
    let said = at("2023-05-08T13:56:00Z");
    assert_eq!(asked.fits(said, None, "I went to a support group yesterday."), 1.0);
    let other = asked.fits(said, None, "I went to a support group last year.");
    assert!(other < 0.6, "{other}");
    // Told the day after, and nothing says when.
    assert!((asked.fits(said, None, "I went to a support group.") - 0.67).abs() < 0.05);
    assert_eq!(asked.fits(at("2023-09-01"), Some(at("2023-05-07")), "Anna went to a support group."), 1.0);
    assert!(asked.fits(at("2023-09-01"), None, "I went to a support group yesterday.") < 0.01);
    // Told on the day, of another.
    let told = asked.fits(at("2023-05-07T10:00:00Z"), None, "I went to a support group in 2019.");
    assert_eq!(told, 0.5);
}

const PIECES: &str = "(when|since|before|after|between|and|from|to|until|in|on|the|last|next|this|past|a few|a couple of|two|90s|\
    1990s|2023|9999|0001|ago|week|years|summer|Friday|May|may|8th|29|February|5/8/2023|31.12.9999|2023-05|Christmas|Easter|\
    how long|how many days|first|now|she moved|,|\\?|-|wann|bevor|letzte|Woche|quand|avant|cuándo|antes de|im|Mai|Ostern)";

proptest! {
    #[test]
    fn never_panics_on_any_text(text in any::<String>(), micros in any::<i64>()) {
        holds(&text, Timestamp::from_micros_clamped(micros));
    }

    #[test]
    fn holds_for_questions_full_of_times(
        pieces in proptest::collection::vec(PIECES, 0..14),
        micros in -62_135_596_800_000_000_i64..=253_402_207_200_000_000,
    ) {
        holds(&pieces.join(" "), Timestamp::from_micros_clamped(micros));
    }

    #[test]
    fn holds_near_our_days(pieces in proptest::collection::vec(PIECES, 0..14), day in 0_i64..30_000) {
        holds(&pieces.join(" "), Timestamp::from_micros_clamped(day * 86_400_000_000 + 1));
    }
}

fn holds(question: &str, now: Timestamp) {
    let asked = asked(question, now);
    for range in &asked.ranges {
        assert!(range.from.is_some() || range.to.is_some(), "{question}: no end");
        assert!(range.from.zip(range.to).is_none_or(|(from, to)| from < to), "{question}: {range:?}");
        assert!(range.from.is_none_or(|from| asked.matches(from) == 1.0));
    }
    let mut end = 0;
    for range in &asked.words {
        assert!(range.start >= end && range.start < range.end && question.get(range.clone()).is_some());
        end = range.end;
    }
    if let Some(anchor) = &asked.anchor {
        assert!(question.get(anchor.phrase.clone()).is_some_and(|phrase| !phrase.is_empty()));
    }
    assert_eq!(asked.is_timed(), asked.matches(now) > 0.0 || asked.is_timed());
    assert!((0.0..=1.0).contains(&asked.fits(now, None, question)));
    assert!(!asked.sure || asked.is_timed());
}
