//! The tokens and their ranks.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

/// Every token in the order of its rank: one byte for its length, then its
/// bytes.
const O200K: &[u8] = include_bytes!("o200k.bin");
/// How many there are.
pub(super) const TOKENS: usize = 199_998;

/// A lower rank is merged first.
pub(super) type Vocabulary = FxHashMap<&'static [u8], u32>;

pub(super) fn get() -> &'static Vocabulary {
    static READ: OnceLock<Vocabulary> = OnceLock::new();
    READ.get_or_init(|| {
        let mut vocabulary = Vocabulary::with_capacity_and_hasher(TOKENS, rustc_hash::FxBuildHasher);
        vocabulary.extend(tokens(O200K).zip(0..));
        vocabulary
    })
}

pub(super) fn tokens(mut file: &'static [u8]) -> impl Iterator<Item = &'static [u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = file.split_first()?;
        let (token, rest) = rest.split_at_checked(usize::from(*length))?;
        file = rest;
        Some(token)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_the_published_vocabulary() {
        let published = tiktoken_rs::o200k_base_singleton();
        let mut file = Vec::new();
        for rank in 0..u32::try_from(TOKENS).unwrap() {
            let token = published.decode_bytes(&[rank]).unwrap();
            file.push(u8::try_from(token.len()).unwrap());
            file.extend(token);
        }
        if std::env::var_os("MEM0_UPDATE").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/tokens/o200k.bin"), &file).unwrap();
        }
        assert!(file == O200K, "the file is another one");
        assert_eq!(get().len(), TOKENS);
    }
}
