//! What is read in Spanish questions only.

use super::Holiday;
use crate::time::expressions::lexicon::{Meaning, Rule};

pub(in super::super) const HOLIDAYS: &[(&str, Holiday)] = &[
    ("año nuevo", Holiday::NewYear),
    ("nochevieja", Holiday::NewYearsEve),
    ("san valentín", Holiday::Valentine),
    ("semana santa", Holiday::Easter),
    ("pascua", Holiday::Easter),
    ("halloween", Holiday::Halloween),
    ("nochebuena", Holiday::ChristmasEve),
    ("navidad", Holiday::Christmas),
];

pub(in super::super) const RULES: &[Rule] = &[
    Rule::new("hace unos|unas|aproximadamente {n} {unit}", Meaning::AboutAgo(1)),
    Rule::new("hace unos|unas|algunos|algunas {unit}", Meaning::AboutAgo(4)),
    Rule::new("en los|las últimos|últimas {n} {unit}", Meaning::Past(1)),
    Rule::new("en los|las últimos|últimas {unit}", Meaning::Past(4)),
    Rule::new("recientemente|últimamente", Meaning::Recently),
    Rule::new("el {weekday}", Meaning::OnWeekday),
    Rule::new("en {month}", Meaning::EveryYear),
    Rule::new("el {day} de {month}", Meaning::EveryYear),
    Rule::new("en el|la? {season}", Meaning::EveryYear),
    Rule::new("la? {holiday} pasada", Meaning::HolidayAway(-1)),
    Rule::new("{holiday} de? {year}", Meaning::HolidayOfYear),
    Rule::new("{holiday}", Meaning::EveryYear).not_behind(&["feliz"]),
    Rule::new("{month}", Meaning::BareMonth),
    Rule::new("{year}", Meaning::BareYear),
];
