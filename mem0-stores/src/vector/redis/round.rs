//! Questions of one call, asked together, until each has its whole answer.

use mem0_core::Result;

use super::wire;
use crate::shared::search::{Ranked, may_miss_ties, sort_hits};

/// Hits that are asked for beyond the limit, to see where the ties at its end
/// end; with this factor more each time that they do not. Two vectors are hardly
/// ever equally near, and each hit costs the server about 2 µs; texts often match
/// equally well.
pub(super) const NEAR_SLACK: usize = 2;
pub(super) const WORDS_SLACK: usize = 16;
const MORE: usize = 8;

/// The most hits that a server takes.
const MOST: usize = 1_000_000;

/// One question.
pub(super) struct Question<Q> {
    place: usize,
    pub(super) ask: Q,
    limit: usize,
    /// How many hits the server is asked for.
    pub(super) nearest: usize,
}

/// What is still open of a call, and what is answered.
pub(super) struct Round<Q, H> {
    pub(super) open: Vec<Question<Q>>,
    answers: Vec<Vec<H>>,
}

impl<Q, H: Ranked> Round<Q, H> {
    /// Each question with its limit; `None` is one whose answer is empty.
    /// `factor` times the limit and `slack` more hits are asked for.
    pub(super) fn new(
        questions: impl IntoIterator<Item = Result<Option<(Q, usize)>>>,
        factor: usize,
        slack: usize,
    ) -> Result<Self> {
        let (mut open, mut answers) = (Vec::new(), Vec::new());
        for (place, question) in questions.into_iter().enumerate() {
            answers.push(Vec::new());
            if let Some((ask, limit)) = question? {
                open.push(Question { place, ask, limit, nearest: (limit * factor + slack).min(MOST) });
            }
        }
        Ok(Self { open, answers })
    }

    /// Takes the hits of every open question, in their order. A question stays
    /// open, and asks for more, if there can be more hits with the rank of the
    /// last one within its limit: the lowest ids among them may be missing.
    pub(super) fn take(&mut self, found: Vec<Vec<H>>) -> Result<()> {
        if found.len() != self.open.len() {
            return Err(wire::unexpected());
        }
        for (mut question, mut hits) in std::mem::take(&mut self.open).into_iter().zip(found) {
            let asked = question.nearest;
            sort_hits(&mut hits);
            if asked < MOST && may_miss_ties(&hits, question.limit, asked) {
                question.nearest = asked.saturating_mul(MORE).min(MOST);
                self.open.push(question);
                continue;
            }
            hits.truncate(question.limit);
            if let Some(answer) = self.answers.get_mut(question.place) {
                *answer = hits;
            }
        }
        Ok(())
    }

    pub(super) fn into_answers(self) -> Vec<Vec<H>> {
        self.answers
    }
}

#[cfg(test)]
mod tests {
    use mem0_core::ScoredPoint;

    use super::*;

    fn hit(n: u8, raw: f32) -> ScoredPoint {
        let id = format!("018f3a5c-0000-7000-8000-0000000000{n:02x}").parse().unwrap();
        ScoredPoint { id, version: u64::from(n), similarity: raw, raw }
    }

    fn versions(answers: &[Vec<ScoredPoint>]) -> Vec<Vec<u64>> {
        answers.iter().map(|hits| hits.iter().map(|hit| hit.version).collect()).collect()
    }

    #[test]
    fn hits_are_in_order_ties_by_id_and_within_the_limit() {
        let mut round = Round::new([Ok(Some(((), 3))), Ok(None), Ok(Some(((), 1)))], 1, 9).unwrap();
        round.take(vec![vec![hit(4, 0.1), hit(3, 0.5), hit(2, 0.5), hit(1, -1.0)], vec![]]).unwrap();
        assert!(round.open.is_empty());
        assert_eq!(versions(&round.into_answers()), [vec![2, 3, 4], vec![], vec![]]);
    }

    #[test]
    fn a_tie_beyond_what_was_asked_for_is_asked_again() {
        let mut round = Round::new([Ok(Some(((), 2)))], 1, 9).unwrap();
        let asked = round.open[0].nearest;
        round.take(vec![(0..asked).map(|n| hit(u8::try_from(n).unwrap() + 9, 0.5)).collect()]).unwrap();
        assert_eq!(round.open[0].nearest, asked * MORE);
        round.take(vec![vec![hit(1, 0.5), hit(9, 0.5), hit(2, 0.5)]]).unwrap();
        assert_eq!(versions(&round.into_answers()), [[1, 2]]);
    }

    #[test]
    fn answers_to_other_questions_are_refused() {
        let mut round = Round::<(), ScoredPoint>::new([Ok(Some(((), 2)))], 1, 9).unwrap();
        assert!(round.take(vec![]).is_err());
    }
}
