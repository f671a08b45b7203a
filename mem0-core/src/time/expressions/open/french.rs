//! What is read in French questions only.

use super::Holiday;
use crate::time::expressions::lexicon::{Meaning, Rule};

pub(in super::super) const HOLIDAYS: &[(&str, Holiday)] = &[
    ("nouvel an", Holiday::NewYear),
    ("saint valentin", Holiday::Valentine),
    ("pâques", Holiday::Easter),
    ("halloween", Holiday::Halloween),
    ("noël", Holiday::Christmas),
];

pub(in super::super) const RULES: &[Rule] = &[
    Rule::new("il y a environ {n} {unit}", Meaning::AboutAgo(1)),
    Rule::new("il y a quelques {unit}", Meaning::AboutAgo(4)),
    Rule::new("récemment|dernièrement", Meaning::Recently),
    Rule::new("en {month}", Meaning::EveryYear),
    Rule::new("le {day} {month}", Meaning::EveryYear),
    Rule::new("en|à|au|cet? {season}", Meaning::EveryYear),
    Rule::new("{holiday} dernier", Meaning::HolidayAway(-1)),
    Rule::new("{holiday} {year}", Meaning::HolidayOfYear),
    Rule::new("{holiday}", Meaning::EveryYear).not_behind(&["joyeux"]),
    Rule::new("début {year}", Meaning::Part(0)),
    Rule::new("fin {year}", Meaning::Part(2)),
    Rule::new("{month}", Meaning::BareMonth),
    Rule::new("{year}", Meaning::BareYear),
];
