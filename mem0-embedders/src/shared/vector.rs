//! Vectors on their way from a provider.

use mem0_core::{Error, ErrorKind, Result};

/// A vector of length 1 in the same direction.
///
/// # Errors
/// `BadModelOutput` for a number that is not finite.
pub(crate) fn unit(mut vector: Vec<f32>) -> Result<Vec<f32>> {
    let squares: f64 = vector.iter().map(|x| f64::from(*x).powi(2)).sum();
    if !squares.is_finite() {
        return Err(bad("a vector holds a number that is not finite"));
    }
    if squares == 0.0 {
        return Ok(stand_in(vector.len()));
    }
    let length = squares.sqrt();
    for x in &mut vector {
        *x = (f64::from(*x) / length) as f32;
    }
    Ok(vector)
}

/// The vector of what has no direction: of a text without anything but white
/// space, which most providers refuse, so that it is never sent; and of a text
/// of which the model knows nothing, so that it answers with zeros.
pub(crate) fn stand_in(dims: usize) -> Vec<f32> {
    let mut vector = vec![0.0; dims];
    if let Some(first) = vector.first_mut() {
        *first = 1.0;
    }
    vector
}

/// As many vectors as texts, each of the due length, each made to have length
/// 1.
///
/// # Errors
/// `BadModelOutput`.
pub(crate) fn checked(vectors: Vec<Vec<f32>>, count: usize, dims: Option<usize>) -> Result<Vec<Vec<f32>>> {
    if vectors.len() != count {
        return Err(bad("the provider answers with another number of vectors than texts")
            .with_context("texts", count)
            .with_context("vectors", vectors.len()));
    }
    vectors
        .into_iter()
        .map(|vector| match dims {
            Some(dims) if dims != vector.len() => {
                Err(bad("the model's vectors have another length: check `embedding_dims` and `model`")
                    .with_context("due", dims)
                    .with_context("found", vector.len()))
            }
            _ if vector.is_empty() => Err(bad("a vector is empty")),
            _ => unit(vector),
        })
        .collect()
}

fn bad(message: &'static str) -> Error {
    Error::new(ErrorKind::BadModelOutput, message)
}

/// OpenAI's shape of an answer, which others have too: each vector says the
/// place of its text.
///
/// Read leniently: some hosts leave out `usage` or `model`.
#[cfg(any(feature = "openai", feature = "voyage", feature = "jina"))]
#[derive(serde::Deserialize)]
pub(crate) struct Indexed {
    data: Vec<Item>,
}

#[cfg(any(feature = "openai", feature = "voyage", feature = "jina"))]
#[derive(serde::Deserialize)]
struct Item {
    index: usize,
    embedding: Vec<f32>,
}

#[cfg(any(feature = "openai", feature = "voyage", feature = "jina"))]
impl Indexed {
    /// The vectors in the order of the texts.
    ///
    /// # Errors
    /// `BadModelOutput` if a place is missing or taken twice.
    pub(crate) fn in_order(mut self) -> Result<Vec<Vec<f32>>> {
        self.data.sort_by_key(|item| item.index);
        if self.data.iter().enumerate().any(|(place, item)| place != item.index) {
            return Err(bad("the places of the vectors are not those of the texts"));
        }
        Ok(self.data.into_iter().map(|item| item.embedding).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_get_length_one() {
        assert_eq!(unit(vec![3.0, -4.0]).unwrap(), [0.6, -0.8]);
        assert_eq!(unit(vec![0.0, 0.0]).unwrap(), [1.0, 0.0]);
        assert_eq!(unit(vec![1e38, 0.0]).unwrap(), [1.0, 0.0]);
        assert_eq!(unit(vec![1e-38, 0.0]).unwrap(), [1.0, 0.0]);
        for bad in [f32::NAN, f32::INFINITY] {
            assert_eq!(unit(vec![1.0, bad]).unwrap_err().kind(), ErrorKind::BadModelOutput);
        }
    }

    #[test]
    fn counts_and_lengths_are_checked() {
        let two = || vec![vec![1.0, 0.0], vec![0.0, 1.0]];
        assert_eq!(checked(two(), 2, Some(2)).unwrap(), two());
        assert_eq!(checked(two(), 2, None).unwrap(), two());
        for (count, dims) in [(1, Some(2)), (3, Some(2)), (2, Some(3))] {
            assert_eq!(checked(two(), count, dims).unwrap_err().kind(), ErrorKind::BadModelOutput);
        }
        assert!(checked(vec![vec![]], 1, None).is_err());
    }

    #[cfg(any(feature = "openai", feature = "voyage", feature = "jina"))]
    #[test]
    fn vectors_come_in_the_order_of_their_places() {
        let read = |json: &str| serde_json::from_str::<Indexed>(json).unwrap().in_order();
        let turned = r#"{"data": [{"index": 1, "embedding": [2]}, {"index": 0, "embedding": [1]}], "object": "list"}"#;
        assert_eq!(read(turned).unwrap(), [[1.0], [2.0]]);
        for odd in ["[1, 1]", "[1, 2]", "[0, 2]"] {
            let places: Vec<usize> = serde_json::from_str(odd).unwrap();
            let data: Vec<_> = places.iter().map(|i| serde_json::json!({"index": i, "embedding": [1]})).collect();
            assert!(read(&serde_json::json!({ "data": data }).to_string()).is_err(), "{odd}");
        }
    }
}
