//! The vector of a text that the vocabulary cannot spell.
//!
//! A cosine store cannot hold a zero vector, and one fixed vector for all such
//! texts would make "🎉" and "🌧" equal. So the text's character trigrams are
//! hashed into the space: the same text gives the same vector, texts that
//! share trigrams are near, others (and all spelled texts) are far, since the
//! directions are pseudo-random and 256 dimensions leave them nearly
//! orthogonal. The empty text is one fixed direction of its own.

/// Enough to tell texts apart, and a bound on the work.
const MAX_CHARS: usize = 8_192;

/// Stands before the first and after the last character of a word.
const EDGE: char = '\0';

/// Writes the unit vector of `text` to `out`.
pub(crate) fn embed(text: &str, out: &mut [f32]) {
    out.fill(0.0);
    let mut left = MAX_CHARS;
    for word in text.split_whitespace() {
        let mut gram = [EDGE; 3];
        for c in word.chars().take(left).flat_map(char::to_lowercase).chain([EDGE]) {
            let [_, middle, last] = gram;
            gram = [middle, last, c];
            add_direction(seed(gram), out);
            left = left.saturating_sub(1);
        }
        if left == 0 {
            break;
        }
    }
    if !normalize(out) {
        // The empty text, or grams that cancel each other to the last bit.
        out.fill(0.0);
        add_direction(seed([EDGE; 3]), out);
        normalize(out);
    }
}

/// Scales to length 1; `false` and unchanged where there is no direction.
pub(crate) fn normalize(vector: &mut [f32]) -> bool {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    if !length.is_finite() || length < 1e-12 {
        return false;
    }
    let scale = 1.0 / length;
    vector.iter_mut().for_each(|x| *x *= scale);
    true
}

/// FNV-1a over the characters.
fn seed(gram: [char; 3]) -> u64 {
    gram.into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, c| (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Adds +1 or -1 to every component, drawn by splitmix64 from `seed`.
fn add_direction(seed: u64, out: &mut [f32]) {
    let mut state = seed;
    for block in out.chunks_mut(64) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        for x in block {
            *x += if bits & 1 == 1 { 1.0 } else { -1.0 };
            bits >>= 1;
        }
    }
}
