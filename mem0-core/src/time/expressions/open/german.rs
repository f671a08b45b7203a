//! What is read in German questions only.

use super::Holiday;
use crate::time::expressions::lexicon::{Meaning, Rule};

pub(in super::super) const HOLIDAYS: &[(&str, Holiday)] = &[
    ("neujahr", Holiday::NewYear),
    ("silvester", Holiday::NewYearsEve),
    ("valentinstag", Holiday::Valentine),
    ("ostern", Holiday::Easter),
    ("halloween", Holiday::Halloween),
    ("muttertag", Holiday::MothersDay),
    ("heiligabend", Holiday::ChristmasEve),
    ("weihnachten", Holiday::Christmas),
];

pub(in super::super) const RULES: &[Rule] = &[
    Rule::new("vor etwa|ungefähr|rund|gut {n} {unit}", Meaning::AboutAgo(1)),
    Rule::new("vor ein paar {unit}", Meaning::AboutAgo(3)),
    Rule::new("vor einigen|mehreren {unit}", Meaning::AboutAgo(4)),
    Rule::new("in den letzten|vergangenen {n} {unit}", Meaning::Past(1)),
    Rule::new("in den letzten|vergangenen {unit}", Meaning::Past(4)),
    Rule::new("kürzlich|neulich", Meaning::Recently),
    Rule::new("in letzter zeit", Meaning::Recently),
    Rule::new("am {weekday} {part}?", Meaning::OnWeekday),
    Rule::new("im {month}", Meaning::EveryYear),
    Rule::new("am? {day} {month}", Meaning::EveryYear),
    Rule::new("im {season}", Meaning::EveryYear),
    Rule::new("letzte|letztes|letzten|vorige|voriges {holiday}", Meaning::HolidayAway(-1)),
    Rule::new("diese|dieses|diesen {holiday}", Meaning::HolidayAway(0)),
    Rule::new("nächste|nächstes|nächsten {holiday}", Meaning::HolidayAway(1)),
    Rule::new("{holiday} {year}", Meaning::HolidayOfYear),
    Rule::new("{holiday}", Meaning::EveryYear),
    Rule::new("in|aus? den {decade}", Meaning::Decade),
    Rule::new("anfang {year}", Meaning::Part(0)),
    Rule::new("mitte {year}", Meaning::Part(1)),
    Rule::new("ende {year}", Meaning::Part(2)),
    Rule::new("{month}", Meaning::BareMonth),
    Rule::new("{year}", Meaning::BareYear),
];
