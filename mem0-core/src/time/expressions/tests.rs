use super::*;
use proptest::prelude::*;

/// A Thursday.
const SAID: &str = "2023-05-25T13:14:00Z";

fn said(at: &str) -> Timestamp {
    at.parse().unwrap()
}

fn annotated(text: &str, at: &str) -> String {
    annotate(text, said(at)).text
}

/// "@" marks where the date is expected, so that the table stays short.
fn check(at: &str, table: &[(&str, &str)]) {
    for (marked, label) in table {
        let text = marked.replace('@', "");
        let expected = marked.replace('@', &format!(" ({label})"));
        assert_eq!(annotated(&text, at), expected, "said at {at}");
    }
}

fn untouched(at: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(annotated(text, at), *text);
        let relative = resolve(text, said(at)).into_iter().any(|expression| !expression.absolute);
        assert!(!relative, "{text}");
    }
}

#[test]
fn english_days() {
    check(
        SAID,
        &[
            ("I ran a charity race last Saturday@.", "2023-05-20"),
            ("Yesterday@ I rested.", "2023-05-24"),
            ("I flew in yesterday morning@!", "2023-05-24"),
            ("Yesterday’s@ game was long", "2023-05-24"),
            ("I'm tired today@.", "2023-05-25"),
            ("We eat out tonight@.", "2023-05-25"),
            ("I slept badly last night@.", "2023-05-24"),
            ("This morning@ I ran.", "2023-05-25"),
            ("I leave tomorrow@.", "2023-05-26"),
            ("We met the day before yesterday@.", "2023-05-23"),
            ("It opens the day after tomorrow@.", "2023-05-27"),
            ("She called 3 days ago@.", "2023-05-22"),
            ("She called three days ago@.", "2023-05-22"),
            ("She called a day ago@.", "2023-05-24"),
            ("It ended twenty-one days ago@.", "2023-05-04"),
            ("I ate 2 hours ago@.", "2023-05-25"),
            ("I ate 14 hours ago@.", "2023-05-24"),
            ("He comes ten days from now@.", "2023-06-04"),
            ("We talked last Thursday@.", "2023-05-18"),
            ("We danced this past Sunday@.", "2023-05-21"),
            ("I'm off this Friday@.", "2023-05-26"),
            ("I met her on Tuesday@.", "2023-05-23"),
            ("I will meet her on Tuesday@.", "2023-05-30"),
            ("See you next Monday@ then", "2023-05-29"),
            ("We moved Tuesday of last week@.", "2023-05-16"),
            ("We moved last week on Tuesday@.", "2023-05-16"),
            ("I was ill on May 8th@.", "2023-05-08"),
            ("I was ill on 30 May@.", "2022-05-30"),
            ("I will marry on 8 May@.", "2024-05-08"),
        ],
    );
}

#[test]
fn english_longer_stretches() {
    check(
        SAID,
        &[
            ("I sold it last week@.", "week of 2023-05-15"),
            ("I work a lot this week@.", "week of 2023-05-22"),
            ("We leave next week@.", "week of 2023-05-29"),
            ("We left the week before last@.", "week of 2023-05-08"),
            ("I started two weeks ago@.", "week of 2023-05-08"),
            ("We camped last weekend@.", "weekend of 2023-05-20"),
            ("We camp this weekend@.", "weekend of 2023-05-27"),
            ("We camped two weekends ago@.", "weekend of 2023-05-13"),
            ("I quit last month@.", "2023-04"),
            ("I quit a month ago@.", "2023-04"),
            ("I quit six months ago@.", "2022-11"),
            ("I moved last year@.", "2022"),
            ("I moved 4 years ago@.", "2019"),
            ("I retire next year@.", "2024"),
            ("We travelled last summer@.", "2022"),
            ("We skied last winter@.", "2022/2023"),
            ("We go there next summer@.", "2023"),
            ("We go there this summer@.", "2023"),
            ("We married last October@.", "2022-10"),
            ("We met in October@.", "2022-10"),
            ("We will marry in October@.", "2023-10"),
            ("We moved back in January@.", "2023-01"),
            ("It rained this June@.", "2023-06"),
        ],
    );
}

#[test]
fn english_that_is_not_sure_is_left_alone() {
    untouched(
        SAID,
        &[
            "I saw her a few days ago.",
            "I saw her a couple of weeks ago.",
            "It was over two years ago.",
            "It was two or three weeks ago.",
            "It was 2-3 weeks ago.",
            "two and a half years ago",
            "1.5 years ago",
            "I saw her the other day.",
            "I slept a lot over the last week.",
            "The next day we left.",
            "Every last Friday we meet.",
            "We meet on Fridays.",
            "We talked on Friday nights.",
            "I meet her on Tuesday.",
            "Next Sunday is my day.",
            "It was in May.",
            "I may go.",
            "I march on.",
            "In today's world",
            "That is the last minute.",
            "I waited until the last day.",
            "We left on 5/8/2023.",
            "99999 years ago",
            "It feels like just yesterday.",
        ],
    );
    // Thursday is today.
    untouched(SAID, &["I went there on Thursday."]);
}

#[test]
fn what_the_day_of_speaking_decides() {
    // A Monday.
    check("2023-05-22T08:00:00Z", &[("I camped this weekend@.", "weekend of 2023-05-20")]);
    // A Saturday.
    check(
        "2023-05-20T08:00:00Z",
        &[
            ("We met last Saturday@.", "2023-05-13"),
            ("We met last Friday@.", "2023-05-19"),
            ("I camped this weekend@.", "weekend of 2023-05-20"),
            ("We camp next weekend@.", "weekend of 2023-05-27"),
            ("I leave next Friday@.", "2023-05-26"),
        ],
    );
    // The last day of a month, a leap day, the turn of the year.
    check("2023-03-31T08:00:00Z", &[("I quit a month ago@.", "2023-02"), ("I quit last month@.", "2023-02")]);
    check("2024-02-29T23:59:59Z", &[("I quit a year ago@.", "2023"), ("I rest tomorrow@.", "2024-03-01")]);
    check(
        "2023-01-01T00:00:00Z",
        &[
            ("I rested yesterday@.", "2022-12-31"),
            ("I quit 2 weeks ago@.", "week of 2022-12-12"),
            ("I quit last month@.", "2022-12"),
        ],
    );
}

#[test]
fn on_a_sunday_english_weeks_are_unsure() {
    let sunday = "2023-04-02T08:00:00Z";
    untouched(sunday, &["I graduated last week.", "I leave next week.", "I work this week."]);
    check(
        sunday,
        &[
            ("Ich war letzte Woche@ krank.", "Woche ab 2023-03-20"),
            ("I rested last weekend@.", "weekend of 2023-03-25"),
        ],
    );
}

#[test]
fn german() {
    check(
        SAID,
        &[
            ("Ich bin gestern@ nach Rom gezogen.", "2023-05-24"),
            ("Ich war gestern Abend@ im Kino.", "2023-05-24"),
            ("Wir fahren morgen@ nach Rom.", "2023-05-26"),
            ("Vorgestern@ war ich krank.", "2023-05-23"),
            ("Ich war vor drei Tagen@ da.", "2023-05-22"),
            ("Ich habe vor zwei Wochen@ gekündigt.", "Woche ab 2023-05-08"),
            ("Ich war letzte Woche@ krank.", "Woche ab 2023-05-15"),
            ("Wir waren letztes Wochenende@ wandern.", "Wochenende ab 2023-05-20"),
            ("Ich bin letztes Jahr@ umgezogen.", "2022"),
            ("Wir waren am letzten Samstag@ in Rom.", "2023-05-20"),
            ("Ich war im letzten Sommer@ in Rom.", "2022"),
        ],
    );
    untouched(SAID, &["Guten Morgen, ich bin hier.", "Ich jogge am Morgen.", "Ich bin hier und nicht da."]);
}

#[test]
fn french() {
    check(
        SAID,
        &[
            ("Je suis arrivée hier soir@.", "2023-05-24"),
            ("J'ai vu mon frère avant-hier@.", "2023-05-23"),
            ("Je pars demain@ avec ma sœur.", "2023-05-26"),
            ("Je suis malade aujourd’hui@.", "2023-05-25"),
            ("Je l'ai vu il y a trois jours@.", "2023-05-22"),
            ("J'ai déménagé il y a deux ans@.", "2021"),
            ("Je suis rentré la semaine dernière@.", "semaine du 2023-05-15"),
            ("Nous partons le mois prochain@.", "2023-06"),
            ("J'ai déménagé l'année dernière@.", "2022"),
            ("Je l'ai vue samedi dernier@.", "2023-05-20"),
            ("Nous étions à Rome le week-end dernier@.", "week-end du 2023-05-20"),
            ("Nous étions à Rome l'été dernier@.", "2022"),
        ],
    );
}

#[test]
fn spanish() {
    check(
        SAID,
        &[
            ("Ayer@ fui al mercado.", "2023-05-24"),
            ("Anoche@ no dormí muy bien.", "2023-05-24"),
            ("Me voy mañana@ a Roma con mi hermana.", "2023-05-26"),
            ("Mi hermana llegó anteayer@.", "2023-05-23"),
            ("Lo vi hace tres días@.", "2023-05-22"),
            ("Me mudé hace dos años@.", "2021"),
            ("La semana pasada@ estuve enfermo.", "semana del 2023-05-15"),
            ("El año pasado@ viví en Roma.", "2022"),
            ("Lo vi el sábado pasado@.", "2023-05-20"),
            ("Lo vi el fin de semana pasado@.", "fin de semana del 2023-05-20"),
        ],
    );
    untouched(SAID, &["Yo corro por la mañana.", "Hoy en día es muy común."]);
}

#[test]
fn a_day_of_every_year_is_not_one_of_this_year() {
    untouched(
        SAID,
        &[
            "I was born on 5 December.",
            "My birthday was on May 8th.",
            "We celebrated our anniversary's eve in March.",
            "The annual fair was on 3 March.",
        ],
    );
}

#[test]
fn absolute_dates_are_found_and_left_as_they_are() {
    for (text, start, granularity) in [
        ("I was born on 8 May 1990.", "1990-05-08", Granularity::Day),
        ("I was born on May 8th, 1990.", "1990-05-08", Granularity::Day),
        ("I was born on the 8th of May 1990.", "1990-05-08", Granularity::Day),
        ("Born 1990-05-08.", "1990-05-08", Granularity::Day),
        ("At 1990-05-08T10:00:00Z it began.", "1990-05-08", Granularity::Day),
        ("I moved in May 1990.", "1990-05-01", Granularity::Month),
        ("I moved in 1990.", "1990-01-01", Granularity::Year),
        ("We met in the summer of 1990.", "1990-06-01", Granularity::Season),
        ("Ich bin am 8. Mai 1990 geboren.", "1990-05-08", Granularity::Day),
        ("Je suis né le 1er mai 1990.", "1990-05-01", Granularity::Day),
        ("Yo nací el 8 de mayo de 1990.", "1990-05-08", Granularity::Day),
    ] {
        assert_eq!(annotated(text, SAID), text);
        let found = resolve(text, said(SAID));
        assert_eq!(found.len(), 1, "{text}");
        assert!(found[0].absolute);
        assert_eq!(
            (found[0].interval.start.date().as_str(), found[0].interval.granularity),
            (start, granularity),
            "{text}"
        );
    }
    for text in ["I ran in 2000 steps.", "Call 1990-05-081.", "Room 5, 1990.", "30 February 2023", "2023-02-30"] {
        assert!(resolve(text, said(SAID)).is_empty(), "{text}");
    }
}

#[test]
fn an_end_is_told_from_a_beginning() {
    assert!(resolve("I'm here until tomorrow.", said(SAID))[0].is_end);
    assert!(!resolve("I'm here since yesterday.", said(SAID))[0].is_end);
}

#[test]
fn a_date_that_was_added_wins_over_the_time_of_the_second_reading() {
    let text = annotated("I ran last Saturday and moved last winter, not last week.", SAID);
    assert_eq!(
        text,
        "I ran last Saturday (2023-05-20) and moved last winter (2022/2023), not last week (week of 2023-05-15)."
    );
    let later = said("2029-01-01T00:00:00Z");
    assert_eq!(annotate(&text, later).text, text);
    let starts = resolve(&text, later).into_iter().map(|found| found.interval.start.date()).collect::<Vec<_>>();
    assert_eq!(starts, ["2023-05-20", "2022-12-01", "2023-05-15"]);
}

const PIECES: &str = "(last|next|this|on|in|the|a|two|three|21|9999|ago|from now|week|weekend|month|year|years|days|summer|winter|\
    Friday|friday|Monday|May|may|8th|2023|2023-05-08|yesterday|tomorrow|today|was|will|ich|gestern|vor|zwei|Tagen|letzte|\
    Woche|je|hier|il y a|deux|ans|ayer|hace|dos|años|el|pasado|until|\\(2023-05-20\\)|\\(2022\\)|\\(week of 2023-05-15\\)|,|\\.|'s)";

proptest! {
    #[test]
    fn never_panics_and_keeps_the_wording(text in any::<String>(), micros in any::<i64>()) {
        holds(&text, Timestamp::from_micros_clamped(micros));
    }

    #[test]
    fn holds_for_text_full_of_times(
        pieces in proptest::collection::vec(PIECES, 0..14),
        micros in -62_135_596_800_000_000_i64..=253_402_207_200_000_000,
    ) {
        holds(&pieces.join(" "), Timestamp::from_micros_clamped(micros));
    }

    #[test]
    fn holds_near_our_days(pieces in proptest::collection::vec(PIECES, 0..14), day in 0_i64..20_000) {
        let at = Timestamp::from_micros_clamped(day * 86_400_000_000 + 1);
        holds(&pieces.join(" "), at);
        for found in resolve(&pieces.join(" "), at) {
            let days = (found.interval.end.as_micros() - found.interval.start.as_micros()) / 86_400_000_000;
            let expected = match found.interval.granularity {
                Granularity::Day => 1..=1,
                Granularity::Weekend => 2..=2,
                Granularity::Week => 7..=7,
                Granularity::Month => 28..=31,
                Granularity::Season => 90..=92,
                Granularity::Year => 365..=366,
            };
            prop_assert!(expected.contains(&days));
        }
    }
}

fn holds(text: &str, at: Timestamp) {
    let once = annotate(text, at);
    // Without what was added, the text is what was given.
    let mut rest = text;
    for c in once.text.chars() {
        rest = rest.strip_prefix(c).unwrap_or(rest);
    }
    assert!(rest.is_empty(), "wording lost");
    assert_eq!(annotate(&once.text, at).text, once.text, "not idempotent");
    let mut end = 0;
    for found in resolve(text, at) {
        assert!(found.range.start >= end && found.range.start < found.range.end);
        assert!(text.get(found.range.clone()).is_some());
        assert!(found.interval.start < found.interval.end);
        end = found.range.end;
    }
}
