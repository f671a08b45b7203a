//! English.

use jiff::civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};

use super::calendar::{Season, Unit};
use super::lexicon::{Lexicon, Meaning, Rule};
use super::open;
use crate::text::words::{Word, is_in};

pub(super) const ENGLISH: Lexicon = Lexicon {
    units: &[
        ("hour", Unit::Hour),
        ("day", Unit::Day),
        ("week", Unit::Week),
        ("weekend", Unit::Weekend),
        ("month", Unit::Month),
        ("year", Unit::Year),
    ],
    plurals: &[
        ("hours", Unit::Hour),
        ("days", Unit::Day),
        ("weeks", Unit::Week),
        ("weekends", Unit::Weekend),
        ("months", Unit::Month),
        ("years", Unit::Year),
        ("yrs", Unit::Year),
    ],
    numbers: &[
        ("a", 1),
        ("an", 1),
        ("one", 1),
        ("two", 2),
        ("three", 3),
        ("four", 4),
        ("five", 5),
        ("six", 6),
        ("seven", 7),
        ("eight", 8),
        ("nine", 9),
        ("ten", 10),
        ("eleven", 11),
        ("twelve", 12),
        ("thirteen", 13),
        ("fourteen", 14),
        ("fifteen", 15),
        ("sixteen", 16),
        ("seventeen", 17),
        ("eighteen", 18),
        ("nineteen", 19),
        ("twenty", 20),
        ("thirty", 30),
        ("forty", 40),
        ("fifty", 50),
    ],
    weekdays: &[
        ("monday", Monday),
        ("tuesday", Tuesday),
        ("wednesday", Wednesday),
        ("thursday", Thursday),
        ("friday", Friday),
        ("saturday", Saturday),
        ("sunday", Sunday),
        ("mon", Monday),
        ("tue", Tuesday),
        ("tues", Tuesday),
        ("wed", Wednesday),
        ("thu", Thursday),
        ("thurs", Thursday),
        ("fri", Friday),
        ("sat", Saturday),
    ],
    months: &[
        ("january", 1),
        ("february", 2),
        ("march", 3),
        ("april", 4),
        ("may", 5),
        ("june", 6),
        ("july", 7),
        ("august", 8),
        ("september", 9),
        ("october", 10),
        ("november", 11),
        ("december", 12),
        ("jan", 1),
        ("feb", 2),
        ("apr", 4),
        ("jun", 6),
        ("jul", 7),
        ("aug", 8),
        ("sep", 9),
        ("sept", 9),
        ("oct", 10),
        ("nov", 11),
        ("dec", 12),
    ],
    seasons: &[
        ("spring", Season::Spring),
        ("summer", Season::Summer),
        ("autumn", Season::Autumn),
        ("fall", Season::Autumn),
        ("winter", Season::Winter),
    ],
    parts: &["morning", "afternoon", "evening", "night"],
    needs_capital: &["may", "march", "mar", "august", "sat", "wed", "mon", "fri", "thu", "tue", "jan", "dec", "sep"],
    until: &["until", "till", "til", "by", "before"],
    sunday_is_unsure: true,
    week_of: "week of",
    weekend_of: "weekend of",
    rules: &[
        Rule::new("today", Meaning::Away(Unit::Day, 0)).not_before(&["and"]),
        Rule::new("earlier? later? today", Meaning::Away(Unit::Day, 0)).not_before(&["and"]),
        Rule::new("tonight", Meaning::Away(Unit::Day, 0)),
        Rule::new("this morning|afternoon|evening", Meaning::Away(Unit::Day, 0)),
        Rule::new("yesterday {part}?", Meaning::Away(Unit::Day, -1)).not_behind(&["like"]),
        Rule::new("like just|only yesterday", Meaning::Nothing),
        Rule::new("last night", Meaning::Away(Unit::Day, -1)),
        Rule::new("tomorrow {part}?", Meaning::Away(Unit::Day, 1)),
        Rule::new("the day before yesterday", Meaning::Away(Unit::Day, -2)),
        Rule::new("the day after tomorrow", Meaning::Away(Unit::Day, 2)),
        Rule::new("{n} {unit} ago", Meaning::Ago).not_behind(VAGUE),
        Rule::new("{n} {unit} ago today|yesterday", Meaning::Nothing),
        Rule::new("{n} {unit} from now", Meaning::Ahead).not_behind(VAGUE),
        Rule::new("last {one}", Meaning::UnitAway(-1)).not_behind(ROLLING),
        Rule::new("next {one}", Meaning::UnitAway(1)).not_behind(ROLLING).not_before(&["to"]),
        Rule::new("earlier? later? this {one}", Meaning::UnitAway(0)).not_before(&["old"]),
        Rule::new("the {one} before last", Meaning::UnitAway(-2)),
        Rule::new("the {one} after next", Meaning::UnitAway(2)),
        Rule::new("this past {weekday} {part}?", Meaning::LastWeekday),
        Rule::new("this past weekend", Meaning::Away(Unit::Weekend, -1)),
        Rule::new("last {weekday} {part}?", Meaning::LastWeekday).not_behind(ROLLING),
        Rule::new("{weekday} of? last week", Meaning::WeekdayOfLastWeek),
        Rule::new("last week on? {weekday}", Meaning::WeekdayOfLastWeek),
        Rule::new("next {weekday} {part}?", Meaning::NextWeekday).not_behind(ROLLING),
        Rule::new("this coming {weekday} {part}?", Meaning::ThisWeekday),
        Rule::new("this {weekday} {part}?", Meaning::ThisWeekday),
        Rule::new("on {weekday} {part}?", Meaning::OnWeekday).not_before(HABITS),
        Rule::new("last {month}", Meaning::LastMonth).not_behind(ROLLING),
        Rule::new("next {month}", Meaning::NextMonth).not_behind(ROLLING),
        Rule::new("this {month}", Meaning::ThisMonth),
        Rule::new("back? in {month}", Meaning::InMonth),
        Rule::new("early|late|mid {month}", Meaning::InMonth),
        Rule::new("last {season}", Meaning::LastSeason).not_behind(ROLLING),
        Rule::new("this {season}", Meaning::ThisSeason),
        Rule::new("next {season}", Meaning::NextSeason).not_behind(ROLLING),
        Rule::new("the? {day} of? {month}", Meaning::DayOfMonth),
        Rule::new("{month} the? {day}", Meaning::DayOfMonth),
        Rule::new("last {month} {day}", Meaning::Nothing),
        Rule::new("the? {day} of? {month} of? {year}", Meaning::Date),
        Rule::new("{month} the? {day} {year}", Meaning::Date),
        Rule::new("in? {month} of? {year}", Meaning::MonthOfYear),
        Rule::new("in|during|since? the? {season} of? {year}", Meaning::SeasonOfYear),
        Rule::new("in|since|during|until|till|by {year}", Meaning::Year).not_before(QUANTITIES),
    ],
    holidays: open::english::HOLIDAYS,
    open: open::english::RULES,
};

/// In front of a count these make it another one.
#[rustfmt::skip]
const VAGUE: &[&str] = &[
    "or", "to", "than", "over", "almost", "nearly", "about", "around", "least", "half", "a", "couple", "few",
    "some", "many", "several", "every", "and", "roughly", "approximately",
];

/// "The last week" is the seven days that are over, "every last Friday" is a
/// habit, "the next day" is seen from another day.
const ROLLING: &[&str] = &["the", "every", "each", "very", "my", "our", "their", "his", "her", "your", "its", "any"];

/// "On Friday nights" is a habit.
const HABITS: &[&str] = &["mornings", "afternoons", "evenings", "nights"];

/// "In 2000 steps" is not a year.
#[rustfmt::skip]
const QUANTITIES: &[&str] = &[
    "people", "dollars", "euros", "pounds", "steps", "words", "miles", "km", "kilometers", "metres", "meters",
    "feet", "calories", "square", "items", "users", "lines", "pages", "hours", "minutes", "days", "ml", "grams",
    "kg",
];

/// Words that put a sentence in the past.
#[rustfmt::skip]
const PAST: &[&str] = &[
    "was", "were", "had", "did", "didn't", "went", "saw", "got", "took", "made", "came", "met", "bought", "ran",
    "gave", "found", "told", "said", "left", "felt", "began", "broke", "brought", "built", "caught", "chose",
    "drank", "drove", "ate", "fell", "flew", "forgot", "grew", "heard", "kept", "knew", "led", "lost", "paid",
    "rode", "sang", "sat", "sent", "slept", "sold", "spent", "spoke", "stood", "swam", "taught", "thought",
    "threw", "understood", "woke", "won", "wore", "wrote", "became", "wasn't", "weren't", "hadn't",
];

/// Words that put it in the future.
#[rustfmt::skip]
const FUTURE: &[&str] = &[
    "will", "i'll", "we'll", "you'll", "he'll", "she'll", "they'll", "it'll", "won't", "gonna", "going",
    "planning", "plan", "plans", "upcoming", "scheduled", "hope", "hoping", "leaving", "coming", "starting",
    "want", "need",
];

/// Where a sentence lies in time, as far as its words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tense {
    Past,
    Future,
    Unknown,
}

/// A day without a year that comes with one of these is of a year long ago, or
/// of every year.
const YEARLY: &[&str] =
    &["born", "birthday", "birthdays", "anniversary", "anniversaries", "annual", "annually", "yearly"];

/// The tense of an English sentence; unknown where both or none is found, and
/// where it speaks of a day of every year.
pub(super) fn tense(words: &[Word<'_>]) -> Tense {
    if words.iter().any(|word| is_in(word.bare(), YEARLY)) {
        return Tense::Unknown;
    }
    let past = is_past(words);
    let future = words.iter().any(|word| is_in(&word.lower, FUTURE));
    match (past, future) {
        (true, false) => Tense::Past,
        (false, true) => Tense::Future,
        _ => Tense::Unknown,
    }
}

/// Whether a word puts it in the past.
pub(in crate::time) fn is_past(words: &[Word<'_>]) -> bool {
    let regular = |word: &str| word.len() > 4 && word.ends_with("ed") && !is_in(word, &["need", "indeed", "married"]);
    words.iter().any(|word| is_in(&word.lower, PAST) || regular(&word.lower))
}
