//! Below what a run has failed.

use mem0::{Error, Result};

use super::{Report, Row};

/// Its name, and where it stands in the report.
type Measure = (&'static str, fn(&Row) -> f64);

/// What can have a floor: of the questions with an answer, or of all where
/// every question has one.
const MEASURES: [Measure; 4] = [
    ("recall", |row| row.recall.get(&10).copied().unwrap_or(f64::NAN)),
    ("hit", |row| row.hit.get(&10).copied().unwrap_or(f64::NAN)),
    ("mrr", |row| row.mrr),
    ("ndcg", |row| row.ndcg_10),
];

/// The least that a report must say, e.g. `recall=0.8,ndcg=0.65`: recall and
/// hits at 10, the mean reciprocal rank, nDCG at 10.
#[derive(Clone, Debug)]
pub struct Floor(Vec<(Measure, f64)>);

impl std::str::FromStr for Floor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let one = |part: &str| {
            let (name, least) = part.split_once('=')?;
            let measure = MEASURES.into_iter().find(|(known, _)| *known == name.trim())?;
            let least = least.trim().parse().ok().filter(|least| (0.0..=1.0).contains(least))?;
            Some((measure, least))
        };
        let bad = || Error::invalid("a floor is e.g. recall=0.8,ndcg=0.65; there are recall, hit, mrr and ndcg");
        text.split(',').map(|part| one(part).ok_or_else(bad)).collect::<Result<_>>().map(Self)
    }
}

impl Floor {
    /// What the report says that is below; nothing if it holds. What was not
    /// measured is below any floor.
    #[must_use]
    pub fn below(&self, report: &Report) -> Vec<String> {
        let named = |name: &str| report.rows.iter().find(|row| row.name == name);
        let row = named("with an answer").or_else(|| named("all"));
        let low = |(measure, least): &(Measure, f64)| {
            let found = row.map_or(f64::NAN, measure.1);
            (found.is_nan() || found < *least).then(|| format!("{} is {found:.4}, its floor {least}", measure.0))
        };
        self.0.iter().filter_map(low).collect()
    }
}
