//! Scores.

use std::collections::BTreeMap;

use super::convert::PointKey;
use super::filter::Filter;
use super::schema::{Collection, Stored};

/// A vector as a collection of cosine distance keeps it: of length 1, and one
/// that is so already as it is.
pub(super) fn normalised(vector: Vec<f32>) -> Vec<f32> {
    let square: f32 = vector.iter().map(|x| x * x).sum();
    if square < f32::EPSILON || (square - 1.0).abs() <= 1e-6 {
        return vector;
    }
    let length = square.sqrt();
    vector.into_iter().map(|x| x / length).collect()
}

impl Collection {
    /// Every point of the filter that has the vector, with its score.
    pub(super) fn by_vector(&self, query: Vec<f32>, filter: &Filter) -> Vec<(f32, PointKey)> {
        let query = normalised(query);
        let dot = |vector: &Vec<f32>| vector.iter().zip(&query).map(|(a, b)| a * b).sum();
        self.score(filter, |point| point.dense.as_ref().map(dot))
    }

    /// Every point of the filter that shares a dimension with the query. With
    /// `idf` each weighs `ln((N - n + 0.5) / (n + 0.5) + 1)`, where n of the N
    /// points of the corpus that have such a vector share it.
    pub(super) fn by_words(
        &self,
        name: &str,
        query: &BTreeMap<u32, f32>,
        filter: &Filter,
        corpus: &Filter,
    ) -> Vec<(f32, PointKey)> {
        let texts: Vec<_> = self
            .points
            .iter()
            .filter(|(id, point)| corpus.holds(Some(**id), &point.payload))
            .filter_map(|(_, point)| point.sparse.get(name))
            .collect();
        let with_idf = self.sparse.get(name) == Some(&true);
        let weight = |index: u32| {
            if !with_idf {
                return 1.0;
            }
            let (all, having) =
                (texts.len() as f32, texts.iter().filter(|text| text.contains_key(&index)).count() as f32);
            ((all - having + 0.5) / (having + 0.5) + 1.0).ln()
        };
        let query: BTreeMap<u32, f32> = query.iter().map(|(index, value)| (*index, value * weight(*index))).collect();
        self.score(filter, |point| {
            let text = point.sparse.get(name)?;
            let shared: Vec<f32> = query.iter().filter_map(|(index, value)| Some(value * text.get(index)?)).collect();
            (!shared.is_empty()).then(|| shared.iter().sum())
        })
    }

    /// Best first; which of two equals comes first nothing says, so it is the
    /// one that nobody hopes for.
    fn score(&self, filter: &Filter, score: impl Fn(&Stored) -> Option<f32>) -> Vec<(f32, PointKey)> {
        let mut scored: Vec<_> = self
            .points
            .iter()
            .filter(|(id, point)| filter.holds(Some(**id), &point.payload))
            .filter_map(|(id, point)| Some((score(point)?, *id)))
            .collect();
        scored.sort_by(|(a, a_id), (b, b_id)| b.total_cmp(a).then(b_id.cmp(a_id)));
        scored
    }
}
