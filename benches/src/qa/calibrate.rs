//! Fitting the confidence: can the questions be told apart that have an answer?
//!
//! Two kinds of questions have none: those that the dataset says so of (in
//! LOCOMO category 5, which asks one speaker about what the other did), and
//! those of another conversation, with the names of this one. The kinds weigh as
//! much as if half of all had an answer, and the other half were of both kinds
//! alike.

use mem0::{Evidence, Mem0, Result, SearchOptions};

use super::ingest::{messages, remember, scope};
use super::metrics::{count, mean, separation};
use super::{Conversation, Dataset, Options};

/// How many numbers the confidence is made of.
const N: usize = Evidence::NAMES.len();

const ROUNDS: usize = 5_000;
const RATE: f64 = 1.0;
/// How strongly weights are held towards zero.
const PENALTY: f64 = 1e-5;

/// Whether a question has an answer, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has.
    Answerable,
    /// The dataset says that it has none.
    Unanswerable,
    /// It was asked of another conversation.
    Elsewhere,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Answerable, Self::Unanswerable, Self::Elsewhere];

    /// How much all cases of the kind count together.
    const fn part(self) -> f64 {
        match self {
            Self::Answerable => 0.5,
            Self::Unanswerable | Self::Elsewhere => 0.25,
        }
    }
}

/// A question that was asked.
#[derive(Clone, Debug)]
pub struct Case {
    /// The number of its conversation.
    pub conversation: usize,
    /// Whether it has an answer.
    pub kind: Kind,
    /// What was found for it, in the order of [`Evidence::NAMES`].
    pub values: [f64; N],
}

/// A logistic regression.
#[derive(Clone, Copy, Debug, Default)]
pub struct Model {
    /// The confidence's logarithmic odds where all else is zero.
    pub bias: f64,
    /// What each number adds.
    pub weights: [f64; N],
}

/// How well a model tells cases apart.
#[derive(Clone, Copy, Debug)]
pub struct Apart {
    /// The area under the curve against the questions without an answer.
    pub unanswerable: f64,
    /// The area against those of another conversation.
    pub elsewhere: f64,
    /// The area against both.
    pub both: f64,
    /// The logarithmic loss; that of a model that knows nothing is ln 2.
    pub loss: f64,
}

impl Model {
    /// How sure it is that the question has an answer.
    #[must_use]
    pub fn confidence(&self, case: &Case) -> f64 {
        let sum: f64 = self.weights.iter().zip(case.values).map(|(weight, value)| weight * value).sum();
        1.0 / (1.0 + (-self.bias - sum).exp())
    }

    /// How well it tells these cases apart.
    #[must_use]
    pub fn apart(&self, cases: &[&Case]) -> Apart {
        let of = |kind| self.all(cases, kind);
        let answerable = of(Kind::Answerable);
        let area = |others: &[f64]| separation(&answerable, others).map_or(f64::NAN, |apart| apart.area);
        let (unanswerable, elsewhere) = (of(Kind::Unanswerable), of(Kind::Elsewhere));
        let loss = cases.iter().zip(weights(cases)).map(|(case, weight)| {
            let confidence = self.confidence(case);
            let right = if case.kind == Kind::Answerable { confidence } else { 1.0 - confidence };
            -weight * right.max(1e-9).ln()
        });
        Apart {
            unanswerable: area(&unanswerable),
            elsewhere: area(&elsewhere),
            both: area(&[unanswerable, elsewhere].concat()),
            loss: loss.sum(),
        }
    }

    /// The share of the cases of a kind that it is less sure of than this.
    #[must_use]
    pub fn below(&self, cases: &[&Case], kind: Kind, limit: f64) -> f64 {
        mean(self.all(cases, kind).into_iter().map(|confidence| f64::from(confidence < limit)))
    }

    fn all(&self, cases: &[&Case], kind: Kind) -> Vec<f64> {
        cases.iter().filter(|case| case.kind == kind).map(|case| self.confidence(case)).collect()
    }
}

/// Remembers the conversations as they were said and asks each the questions of
/// all kinds.
///
/// # Errors
/// Those of the memory.
pub async fn cases(memory: &Mem0, dataset: &Dataset) -> Result<Vec<Case>> {
    let options = Options::default();
    let mut cases = Vec::new();
    let next = dataset.conversations.iter().cycle().skip(1);
    for ((number, conversation), other) in dataset.conversations.iter().enumerate().zip(next) {
        let scope = scope(dataset.name, conversation)?;
        for session in messages(conversation) {
            remember(memory, &scope, &conversation.id, session, &options).await?;
        }
        for (question, kind) in own(conversation).chain(theirs(conversation, other)) {
            let found = memory.search(&question, &scope, SearchOptions::default()).await?;
            let values = Evidence::of(&question, &found.results).map(|evidence| evidence.values());
            cases.push(Case { conversation: number, kind, values: values.unwrap_or_default().map(f64::from) });
        }
    }
    Ok(cases)
}

fn own(conversation: &Conversation) -> impl Iterator<Item = (String, Kind)> {
    conversation.questions.iter().map(|question| {
        (question.text.clone(), if question.answerable { Kind::Answerable } else { Kind::Unanswerable })
    })
}

/// The questions of the other conversation that have an answer there, with the
/// names of this one's speakers.
fn theirs(here: &Conversation, other: &Conversation) -> impl Iterator<Item = (String, Kind)> {
    let names: Vec<(&str, &str)> = speakers(other).into_iter().zip(speakers(here)).collect();
    other.questions.iter().filter(|question| question.answerable).map(move |question| {
        let text = names.iter().fold(question.text.clone(), |text, (theirs, ours)| text.replace(theirs, ours));
        (text, Kind::Elsewhere)
    })
}

/// Who speaks, by the alphabet.
fn speakers(conversation: &Conversation) -> Vec<&str> {
    let turns = conversation.sessions.iter().flat_map(|session| &session.turns);
    let mut names: Vec<&str> = turns.filter_map(|turn| turn.speaker.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// How much each case counts.
fn weights(cases: &[&Case]) -> Vec<f64> {
    let of = |kind| cases.iter().filter(|case| case.kind == kind).count();
    cases.iter().map(|case| case.kind.part() / count(of(case.kind))).collect()
}

/// The model that fits the cases best, by gradient descent with momentum.
#[must_use]
pub fn fit(cases: &[&Case]) -> Model {
    let weights = weights(cases);
    let (mut model, mut speed) = (Model::default(), Model::default());
    for _ in 0..ROUNDS {
        let mut slope = Model { bias: 0.0, weights: model.weights.map(|weight| PENALTY * weight) };
        for (case, weight) in cases.iter().zip(&weights) {
            let wanted = f64::from(case.kind == Kind::Answerable);
            let off = weight * (model.confidence(case) - wanted);
            slope.bias += off;
            slope.weights.iter_mut().zip(case.values).for_each(|(slope, value)| *slope += off * value);
        }
        speed.bias = 0.9 * speed.bias - RATE * slope.bias;
        model.bias += speed.bias;
        for ((weight, speed), slope) in model.weights.iter_mut().zip(&mut speed.weights).zip(slope.weights) {
            *speed = 0.9 * *speed - RATE * slope;
            *weight += *speed;
        }
    }
    model
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qa::{Question, Session, Turn};

    fn conversation(id: &str, people: [&str; 2], asked: &[(&str, bool)]) -> Conversation {
        let turn = |(number, name): (usize, &&str)| Turn {
            id: format!("D1:{number}"),
            role: mem0::Role::User,
            speaker: Some((*name).to_owned()),
            text: "Hello!".to_owned(),
        };
        let question = |(number, (text, answerable)): (usize, &(&str, bool))| Question {
            id: format!("{id}#{number}"),
            text: (*text).to_owned(),
            answer: None,
            category: String::new(),
            evidence: Vec::new(),
            answerable: *answerable,
            asked_at: None,
        };
        Conversation {
            id: id.to_owned(),
            sessions: vec![Session {
                id: "1".to_owned(),
                at: None,
                turns: people.iter().enumerate().map(turn).collect(),
            }],
            questions: asked.iter().enumerate().map(question).collect(),
        }
    }

    #[test]
    fn questions_move_with_the_names() {
        let here = conversation("a", ["Mira", "Jonas"], &[]);
        let there = conversation("b", ["Zoe", "Ahmed"], &[("Does Ahmed know Zoe's dog?", true), ("Why?", false)]);
        let moved: Vec<_> = theirs(&here, &there).collect();
        assert_eq!(moved, [("Does Jonas know Mira's dog?".to_owned(), Kind::Elsewhere)]);
        let own: Vec<Kind> = own(&there).map(|(_, kind)| kind).collect();
        assert_eq!(own, [Kind::Answerable, Kind::Unanswerable]);
    }

    #[test]
    fn what_tells_the_kinds_apart_gets_the_weight() {
        let case = |kind, at, value| {
            let mut values = [0.5; N];
            values[at] = value;
            Case { conversation: 0, kind, values }
        };
        // The first number tells, the second does not.
        let cases: Vec<Case> = (0..10)
            .flat_map(|number| {
                let noise = f64::from(number) / 10.0;
                [
                    case(Kind::Answerable, 0, 0.8 + noise / 10.0),
                    case(Kind::Unanswerable, 0, 0.1 + noise / 10.0),
                    case(Kind::Elsewhere, 0, 0.3 + noise / 10.0),
                    case(Kind::Answerable, 1, noise),
                    case(Kind::Unanswerable, 1, noise),
                ]
            })
            .collect();
        let cases: Vec<&Case> = cases.iter().collect();
        let model = fit(&cases);
        assert!(model.weights[0] > 5.0 && model.weights[1].abs() < 0.5, "{model:?}");
        let apart = model.apart(&cases);
        assert!(apart.elsewhere > 0.95 && apart.unanswerable > 0.8 && apart.loss < 2.0_f64.ln(), "{apart:?}");
        assert!(apart.both > apart.unanswerable && apart.both < apart.elsewhere, "{apart:?}");
        assert_eq!(model.below(&cases, Kind::Elsewhere, 1.0), 1.0);
        assert_eq!(model.below(&cases, Kind::Elsewhere, 0.0), 0.0);
    }
}
