//! Vectors without a model.

use async_trait::async_trait;

use crate::error::Result;
use crate::text::topic_terms;
use crate::traits::embedder::{Embedder, EmbedderIdentity, Purpose};

/// How much three letters count beside a whole word. Inflected and misspelt
/// words still meet in theirs.
const TRIGRAM_WEIGHT: f64 = 0.2;

/// Adds up one fixed pseudo-random vector per word and per three letters, so
/// that texts that share words are near to each other. Same text, same vector,
/// on every machine.
///
/// It knows no meaning: synonyms are strangers to it. For tests and for trying
/// things out.
///
/// ```
/// use mem0_core::reference::HashEmbedder;
/// use mem0_core::{Embedder, Purpose};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> mem0_core::Result<()> {
/// let embedder = HashEmbedder::default();
/// let vectors = embedder.embed(&["Ana drinks green tea", "drinking green tea"], Purpose::Store).await?;
/// let cosine: f32 = vectors[0].iter().zip(&vectors[1]).map(|(a, b)| a * b).sum();
/// assert!(cosine > 0.6);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HashEmbedder {
    identity: EmbedderIdentity,
}

impl HashEmbedder {
    /// Vectors of this length; 0 counts as 1, since no vector of length 0 has a
    /// direction.
    #[must_use]
    pub fn new(dims: usize) -> Self {
        Self { identity: EmbedderIdentity { model: "hash".into(), dims: dims.max(1), digest: String::new() } }
    }

    /// The vector of one text.
    #[must_use]
    pub fn vector(&self, text: &str) -> Vec<f32> {
        let mut sum = vec![0.0; self.identity.dims];
        for term in topic_terms(text) {
            add(&mut sum, term.0.cast_unsigned(), 1.0);
        }
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            let letters: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
            for three in letters.windows(3) {
                let seed = three.iter().fold(0, |hash, c| mix(hash ^ u64::from(*c)));
                add(&mut sum, seed, TRIGRAM_WEIGHT);
            }
        }
        if sum.iter().all(|x| *x == 0.0) {
            // Nothing to add up; even the empty text has a vector of length 1.
            add(&mut sum, 0, 1.0);
        }
        let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
        sum.into_iter().map(|x| (x / length) as f32).collect()
    }
}

impl Default for HashEmbedder {
    /// 64 dimensions.
    fn default() -> Self {
        Self::new(64)
    }
}

#[async_trait]
impl Embedder for HashEmbedder {
    fn identity(&self) -> &EmbedderIdentity {
        &self.identity
    }

    async fn embed(&self, texts: &[&str], _: Purpose) -> Result<Vec<Vec<f32>>> {
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

/// Adds the vector of one feature: a sign for each dimension, drawn from the
/// feature's own number.
fn add(sum: &mut [f64], seed: u64, weight: f64) {
    let mut state = mix(seed);
    for signs in sum.chunks_mut(64) {
        state = mix(state);
        for (bit, slot) in signs.iter_mut().enumerate() {
            *slot += if state >> bit & 1 == 0 { weight } else { -weight };
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): one step, well mixed.
const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cosine::cosine;
    use super::*;

    #[test]
    fn a_paraphrase_is_nearer_than_an_unrelated_text() {
        for dims in [64, 256] {
            let embedder = HashEmbedder::new(dims);
            let near = |a: &str, b: &str| cosine(&embedder.vector(a), &embedder.vector(b));
            let text = "Ana is allergic to peanuts";
            assert!(near(text, "ana has a peanut allergy") > near(text, "the train leaves at noon") + 0.2);
            assert!(near("我喜欢喝绿茶", "我喜欢绿茶") > near("我喜欢喝绿茶", "今天天气很好"));
        }
    }

    #[test]
    fn vectors_do_not_change_from_release_to_release() {
        let expected = [-0.588_348_4, -0.392_232_27, 0.588_348_4, -0.392_232_27];
        assert_eq!(HashEmbedder::new(4).vector("tea"), expected);
        assert_eq!(HashEmbedder::new(4).vector("TEA"), expected);
    }

    proptest! {
        #[test]
        fn every_text_has_a_vector_of_length_one(text in "\\PC{0,60}", dims in 0_usize..130) {
            let embedder = HashEmbedder::new(dims);
            let vector = embedder.vector(&text);
            prop_assert_eq!(vector.len(), embedder.identity().dims);
            let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            prop_assert!((length - 1.0).abs() < 1e-3, "{}", length);
        }
    }
}
