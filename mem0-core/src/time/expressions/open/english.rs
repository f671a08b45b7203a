//! What is read in English questions only.

use super::Holiday;
use crate::time::expressions::lexicon::{Meaning, Rule};

pub(in super::super) const HOLIDAYS: &[(&str, Holiday)] = &[
    ("new year", Holiday::NewYear),
    ("new years", Holiday::NewYear),
    ("new year's day", Holiday::NewYear),
    ("new years day", Holiday::NewYear),
    ("new year's eve", Holiday::NewYearsEve),
    ("new years eve", Holiday::NewYearsEve),
    ("valentine's", Holiday::Valentine),
    ("valentine's day", Holiday::Valentine),
    ("valentines day", Holiday::Valentine),
    ("st patrick's day", Holiday::SaintPatrick),
    ("easter", Holiday::Easter),
    ("mother's day", Holiday::MothersDay),
    ("mothers day", Holiday::MothersDay),
    ("father's day", Holiday::FathersDay),
    ("fathers day", Holiday::FathersDay),
    ("memorial day", Holiday::MemorialDay),
    ("independence day", Holiday::IndependenceDay),
    ("labor day", Holiday::LabourDay),
    ("halloween", Holiday::Halloween),
    ("thanksgiving", Holiday::Thanksgiving),
    ("black friday", Holiday::BlackFriday),
    ("christmas", Holiday::Christmas),
    ("christmas day", Holiday::Christmas),
    ("christmas eve", Holiday::ChristmasEve),
    ("xmas", Holiday::Christmas),
];

pub(in super::super) const RULES: &[Rule] = &[
    Rule::new("about|around|roughly|approximately|almost|nearly|over {n} {unit} ago", Meaning::AboutAgo(1)),
    Rule::new("a? couple of? {unit} ago", Meaning::AboutAgo(2)),
    Rule::new("a? few|several|some {unit} ago", Meaning::AboutAgo(4)),
    Rule::new("in|over|during|within|for? the last|past {n} {unit}", Meaning::Past(1)),
    Rule::new("in|over|during|within|for? the last|past {one}", Meaning::Past(1)),
    Rule::new("in|over|during|within|for? the last|past couple of? {unit}", Meaning::Past(2)),
    Rule::new("in|over|during|within|for? the last|past few|several {unit}", Meaning::Past(4)),
    Rule::new("this past {one}", Meaning::Past(1)),
    Rule::new("recently|lately", Meaning::Recently),
    Rule::new("the other day", Meaning::Recently),
    Rule::new("on {weekday} {part}?", Meaning::OnWeekday).not_before(NO_WEEKDAY),
    Rule::new("next {weekday} {part}?", Meaning::NextWeekday).not_behind(&["the", "every", "each"]),
    Rule::new("back? in|during|early|late|mid {anymonth}", Meaning::EveryYear),
    Rule::new("in? early|late|mid {month}", Meaning::EveryYear),
    Rule::new("{month}", Meaning::BareMonth).not_before(VERBS),
    Rule::new("last {anymonth}", Meaning::LastMonth).not_behind(&["the", "every"]),
    Rule::new("this {anymonth}", Meaning::ThisMonth),
    Rule::new("in? {anymonth} of? {year}", Meaning::MonthOfYear),
    Rule::new("{anymonth} the? {day} {year}", Meaning::Date),
    Rule::new("the? {day} of? {anymonth} of? {year}", Meaning::Date),
    Rule::new("on the? {day} of? {anymonth}", Meaning::EveryYear),
    Rule::new("on {anymonth} the? {day}", Meaning::EveryYear),
    Rule::new("the? {day} of? {month}", Meaning::EveryYear),
    Rule::new("{month} the? {day}", Meaning::EveryYear).not_before(COUNTED),
    Rule::new("in? early {anymonth} of? {year}", Meaning::Part(0)),
    Rule::new("in? mid {anymonth} of? {year}", Meaning::Part(1)),
    Rule::new("in? late {anymonth} of? {year}", Meaning::Part(2)),
    Rule::new("in|at? the? beginning|start of {anymonth} of? {year}", Meaning::Part(0)),
    Rule::new("in? the? middle of {anymonth} of? {year}", Meaning::Part(1)),
    Rule::new("at|towards? the? end of {anymonth} of? {year}", Meaning::Part(2)),
    Rule::new("in? early {year}", Meaning::Part(0)),
    Rule::new("in|at? the? beginning|start of {year}", Meaning::Part(0)),
    Rule::new("in? mid {year}", Meaning::Part(1)),
    Rule::new("in? the? middle of {year}", Meaning::Part(1)),
    Rule::new("in? late {year}", Meaning::Part(2)),
    Rule::new("at|towards? the? end of {year}", Meaning::Part(2)),
    Rule::new("in|during|over|throughout the? {season}", Meaning::EveryYear).not_before(NO_SEASON),
    Rule::new("since|before|after|until the {season}", Meaning::EveryYear).not_before(NO_SEASON),
    Rule::new("since|before|after|until the {season} of? {year}", Meaning::SeasonOfYear),
    Rule::new("last {holiday}", Meaning::HolidayAway(-1)).not_before(NO_HOLIDAY),
    Rule::new("this {holiday}", Meaning::HolidayAway(0)).not_before(NO_HOLIDAY),
    Rule::new("next {holiday}", Meaning::HolidayAway(1)).not_before(NO_HOLIDAY),
    Rule::new("{holiday} of? {year}", Meaning::HolidayOfYear),
    Rule::new("{holiday}", Meaning::EveryYear).not_before(NO_HOLIDAY).not_behind(&["happy", "merry", "a"]),
    Rule::new("the 4th|fourth of july", Meaning::Nothing),
    Rule::new("in|during|from|of? the early|mid|late? {decade}", Meaning::Decade),
    Rule::new("throughout {year}", Meaning::Year),
    Rule::new("{year}", Meaning::BareYear).not_before(COUNTED),
];

/// "On Sunday mornings" is a habit, "Sunday school" a place.
const NO_WEEKDAY: &[&str] =
    &["mornings", "afternoons", "evenings", "nights", "school", "schools", "service", "services", "roast"];

/// "In summer camp", "spring cleaning".
const NO_SEASON: &[&str] = &[
    "break",
    "camp",
    "camps",
    "cleaning",
    "school",
    "semester",
    "term",
    "olympics",
    "rolls",
    "line",
    "out",
    "from",
    "off",
    "down",
    "for",
    "into",
    "job",
    "internship",
];

/// "The Christmas tree" stands for no day.
#[rustfmt::skip]
const NO_HOLIDAY: &[&str] = &[
    "tree", "trees", "gift", "gifts", "present", "presents", "card", "cards", "carol", "carols", "movie", "movies",
    "egg", "eggs", "costume", "costumes", "song", "songs", "resolution", "resolutions", "decorations", "lights",
    "cookies", "sweater", "stocking", "island",
];

/// "1990 people", "May 2 people".
#[rustfmt::skip]
const COUNTED: &[&str] = &[
    "people", "dollars", "euros", "pounds", "steps", "words", "miles", "km", "kilometers", "metres", "meters",
    "feet", "calories", "square", "items", "users", "lines", "pages", "hours", "minutes", "days", "ml", "grams",
    "kg", "of", "percent", "times",
];

/// Behind a name, "after June left".
const VERBS: &[&str] = &["left", "came", "moved", "went", "was", "is", "had", "has", "said", "told", "got", "did"];
