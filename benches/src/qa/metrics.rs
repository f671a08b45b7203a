//! The measures. Ranks count from 1; what was not found has none.

use std::collections::HashMap;

use crate::Random;

/// The ranks at which each evidence turn was found, of one question.
pub type Ranks<'a> = &'a [Option<usize>];

/// The share of the evidence that is among the first `k`.
#[must_use]
pub fn recall(ranks: Ranks<'_>, k: usize) -> f64 {
    mean(ranks.iter().map(|rank| f64::from(rank.is_some_and(|rank| rank <= k))))
}

/// 1 if any of the evidence is among the first `k`, else 0.
#[must_use]
pub fn hit(ranks: Ranks<'_>, k: usize) -> f64 {
    f64::from(ranks.iter().flatten().any(|rank| *rank <= k))
}

/// 1 divided by the rank of the first evidence; 0 if there is none.
#[must_use]
pub fn reciprocal_rank(ranks: Ranks<'_>) -> f64 {
    ranks.iter().flatten().min().map_or(0.0, |rank| 1.0 / count(*rank))
}

/// The discounted gain of the first `k`, each evidence turn worth 1, divided by
/// that of the best order of as many memories with one turn each. A memory that
/// cites two evidence turns counts for both, so it is cut at 1.
#[must_use]
pub fn ndcg(ranks: Ranks<'_>, k: usize) -> f64 {
    let gain = |rank: usize| 1.0 / (count(rank) + 1.0).log2();
    let ideal: f64 = (1..=ranks.len().min(k)).map(gain).sum();
    let found: f64 = ranks.iter().flatten().filter(|rank| **rank <= k).map(|rank| gain(*rank)).sum();
    if ideal > 0.0 { (found / ideal).min(1.0) } else { 0.0 }
}

/// The mean; not a number of nothing.
#[must_use]
pub fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, number) = values.into_iter().fold((0.0, 0), |(sum, number), value| (sum + value, number + 1));
    sum / count(number)
}

/// Between which two values 95 of 100 means lie of as many values drawn with
/// replacement (percentile bootstrap over `rounds` draws). The same seed gives
/// the same interval.
#[must_use]
pub fn bootstrap(values: &[f64], rounds: usize, seed: u64) -> Option<(f64, f64)> {
    let number = u64::try_from(values.len()).ok().filter(|number| *number > 0)?;
    let mut random = Random::new(seed);
    let mut draw = || {
        let index = usize::try_from(random.next_u64() % number).unwrap_or_default();
        values.get(index).copied().unwrap_or_default()
    };
    let mut means: Vec<f64> = (0..rounds).map(|_| mean((0..values.len()).map(|_| draw()))).collect();
    means.sort_unstable_by(f64::total_cmp);
    Some((crate::percentile(&means, 0.025), crate::percentile(&means, 0.975)))
}

/// How well a score tells questions that have an answer from those that have
/// none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Separation {
    /// The area under the curve: how often a question with an answer scores
    /// higher than one without, ties counted half. 0.5 is chance.
    pub area: f64,
    /// The threshold that is right most often; at it and above a question is
    /// taken to have an answer.
    pub threshold: f64,
    /// How often it is right.
    pub accuracy: f64,
    /// How often it would be right to take every question to be of the larger
    /// kind.
    pub baseline: f64,
}

/// The separation of the scores of both kinds; none if one kind is missing.
#[must_use]
pub fn separation(with_answer: &[f64], without: &[f64]) -> Option<Separation> {
    let (positive, negative) = (with_answer.len(), without.len());
    if positive == 0 || negative == 0 {
        return None;
    }
    let mut scores: Vec<(f64, bool)> = with_answer.iter().map(|score| (*score, true)).collect();
    scores.extend(without.iter().map(|score| (*score, false)));
    scores.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    // From the highest score down: what lies at a score and above is taken to
    // have an answer.
    let (mut right, mut wrong, mut area) = (0, 0, 0.0);
    let (mut threshold, mut best) = (f64::INFINITY, negative);
    for tied in scores.chunk_by(|a, b| a.0 == b.0) {
        let with = tied.iter().filter(|(_, answer)| *answer).count();
        let without = tied.len() - with;
        area += count(without) * (count(right) + count(with) / 2.0);
        right += with;
        wrong += without;
        if right + negative - wrong > best {
            best = right + negative - wrong;
            threshold = tied.first().map_or(threshold, |(score, _)| *score);
        }
    }
    let total = count(positive + negative);
    Some(Separation {
        area: area / (count(positive) * count(negative)),
        threshold,
        accuracy: count(best) / total,
        baseline: count(positive.max(negative)) / total,
    })
}

/// The words of an answer as question answering compares them: lower case,
/// without punctuation and the articles `a`, `an` and `the`.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let plain: String = text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().filter(|word| !["a", "an", "the"].contains(word)).map(str::to_owned).collect()
}

/// The words that both have, each as often as in the poorer of both.
fn shared(answer: &[String], gold: &[String]) -> usize {
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in gold {
        *left.entry(word).or_default() += 1;
    }
    let mut taken = 0;
    for word in answer {
        if let Some(left) = left.get_mut(word.as_str()).filter(|left| **left > 0) {
            *left -= 1;
            taken += 1;
        }
    }
    taken
}

/// The harmonic mean of the precision and the recall of the words.
#[must_use]
pub fn f1(answer: &str, gold: &str) -> f64 {
    let (answer, gold) = (words(answer), words(gold));
    let shared = count(shared(&answer, &gold));
    if shared == 0.0 { 0.0 } else { 2.0 * shared / count(answer.len() + gold.len()) }
}

/// BLEU of single words: their precision, lowered for an answer that is shorter
/// than the right one.
#[must_use]
pub fn bleu1(answer: &str, gold: &str) -> f64 {
    let (answer, gold) = (words(answer), words(gold));
    if answer.is_empty() {
        return 0.0;
    }
    let precision = count(shared(&answer, &gold)) / count(answer.len());
    let brevity = (1.0 - count(gold.len()) / count(answer.len())).min(0.0).exp();
    precision * brevity
}

/// A count as a number to reckon with.
#[must_use]
pub fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn ranks_by_hand() {
        let ranks = [Some(2), None, Some(7)];
        near(recall(&ranks, 1), 0.0);
        near(recall(&ranks, 5), 1.0 / 3.0);
        near(recall(&ranks, 10), 2.0 / 3.0);
        near(hit(&ranks, 1), 0.0);
        near(hit(&ranks, 2), 1.0);
        near(reciprocal_rank(&ranks), 0.5);
        // log2 of 3 and of 8, over log2 of 2, 3 and 4.
        let ideal = 1.0 + 1.0 / 3.0_f64.log2() + 0.5;
        near(ndcg(&ranks, 10), (1.0 / 3.0_f64.log2() + 1.0 / 3.0) / ideal);
        near(ndcg(&ranks, 5), 1.0 / 3.0_f64.log2() / ideal);
        near(ndcg(&[Some(1), Some(2)], 10), 1.0);
        // One memory that cites both.
        near(ndcg(&[Some(1), Some(1)], 10), 1.0);
        near(ndcg(&[None], 10), 0.0);
        near(reciprocal_rank(&[None]), 0.0);
    }

    #[test]
    fn of_more_evidence_than_places_the_best_is_still_1() {
        let ranks: Vec<_> = (1..=12).map(Some).collect();
        near(ndcg(&ranks, 10), 1.0);
        near(recall(&ranks, 10), 10.0 / 12.0);
    }

    #[test]
    fn scores_that_tell_kinds_apart() {
        let apart = separation(&[0.9, 0.8], &[0.3, 0.1]).unwrap();
        near(apart.area, 1.0);
        near(apart.accuracy, 1.0);
        near(apart.threshold, 0.8);
        near(apart.baseline, 0.5);
        near(separation(&[0.1], &[0.9]).unwrap().area, 0.0);
        near(separation(&[0.5, 0.5], &[0.5]).unwrap().area, 0.5);
        // Of the six pairs four are in order and one is tied.
        let mixed = separation(&[0.9, 0.5, 0.4], &[0.5, 0.2]).unwrap();
        near(mixed.area, (3.0 + 1.5) / 6.0);
        near(mixed.accuracy, 4.0 / 5.0);
        near(mixed.threshold, 0.4);
        near(mixed.baseline, 3.0 / 5.0);
        assert_eq!(separation(&[], &[0.1]), None);
        // Where nothing is better, no question is answered.
        assert_eq!(separation(&[0.1], &[0.9, 0.8]).unwrap().threshold, f64::INFINITY);
    }

    #[test]
    fn the_interval_holds_the_mean_and_repeats() {
        let values: Vec<f64> = (0..200).map(|i| f64::from(i % 4 == 0)).collect();
        let (low, high) = bootstrap(&values, 1_000, 7).unwrap();
        assert_eq!(bootstrap(&values, 1_000, 7), Some((low, high)));
        let fine: Vec<f64> = (0..200_i32).map(f64::from).collect();
        assert_ne!(bootstrap(&fine, 1_000, 7), bootstrap(&fine, 1_000, 8));
        // The standard error is 0.0306.
        assert!((0.17..0.21).contains(&low) && (0.29..0.33).contains(&high), "{low} {high}");
        assert_eq!(bootstrap(&[0.5; 3], 100, 1), Some((0.5, 0.5)));
        assert_eq!(bootstrap(&[], 100, 1), None);
    }

    #[test]
    fn answers_by_hand() {
        assert_eq!(words("The cat's an old, OLD cat."), ["cat", "s", "old", "old", "cat"]);
        near(f1("a red boat", "the red boat"), 1.0);
        near(f1("red boat", "blue boat house"), 2.0 * 0.5 * (1.0 / 3.0) / (0.5 + 1.0 / 3.0));
        near(f1("boat", "car"), 0.0);
        near(f1("", "car"), 0.0);
        near(bleu1("boat boat", "red boat"), 0.5);
        near(bleu1("boat", "red boat"), (-1.0_f64).exp());
        near(bleu1("my red boat", "red boat"), 2.0 / 3.0);
        near(bleu1("", "car"), 0.0);
    }
}
