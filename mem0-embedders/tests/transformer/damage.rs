//! Damaged files give errors, or a model that still keeps the rules of its
//! trait.

use std::fs;

use mem0_core::{Embedder as _, ErrorKind, Purpose};
use proptest::prelude::*;

use crate::{block_on, open_with, tiny};

#[derive(Clone, Debug)]
enum Damage {
    /// The file ends here.
    Cut,
    /// Other bytes from here on.
    Bytes(Vec<u8>),
    /// These bytes are put in between.
    More(Vec<u8>),
    /// So many bytes are missing.
    Fewer(usize),
    /// One bit.
    Bit(u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = || prop::collection::vec(any::<u8>(), 1..9);
    prop_oneof![
        Just(Damage::Cut),
        bytes().prop_map(Damage::Bytes),
        "[0-9\\[\\]{}\",:]{1,4}".prop_map(|text| Damage::Bytes(text.into_bytes())),
        bytes().prop_map(Damage::More),
        "[0-9]{1,9}".prop_map(|digits| Damage::More(digits.into_bytes())),
        (1usize..20).prop_map(Damage::Fewer),
        (0u8..8).prop_map(Damage::Bit),
    ]
}

fn apply(damage: &Damage, at: usize, file: &mut Vec<u8>) {
    match damage {
        Damage::Cut => file.truncate(at),
        Damage::Bytes(bytes) => file.iter_mut().skip(at).zip(bytes).for_each(|(old, new)| *old = *new),
        Damage::More(bytes) => drop(file.splice(at..at, bytes.iter().copied())),
        Damage::Fewer(count) => drop(file.drain(at..(at + count).min(file.len()))),
        Damage::Bit(bit) => file[at] ^= 1 << bit,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn damaged_files_give_errors(
        file in prop::sample::select(vec!["config.json", "tokenizer.json", "model.safetensors"]),
        place in any::<prop::sample::Index>(),
        // The header of the weights is where damage tells.
        early in any::<bool>(),
        damage in damage(),
    ) {
        let (_, folder) = tiny();
        let path = folder.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        let at = place.index(if early { bytes.len().min(3_000) } else { bytes.len() });
        apply(&damage, at, &mut bytes);
        fs::write(&path, bytes).unwrap();
        match open_with(&folder, |config| config.threads = Some(1)) {
            Err(error) => {
                prop_assert!(matches!(error.kind(), ErrorKind::Config | ErrorKind::Corrupt), "{error:?}");
                // The tokenizer's library panics on some; its panics are caught.
                let caught = error.message().contains("panicked");
                prop_assert!(!caught || file == "tokenizer.json", "{error:?}");
                let place = folder.path().to_string_lossy();
                prop_assert!(error.context().iter().any(|(_, value)| value.starts_with(&*place)), "{error:?}");
            }
            Ok(embedder) => match block_on(embedder.embed(&["ana drinks tea", "", "zzz 12"], Purpose::Query)) {
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::Corrupt);
                    let caught = error.message().contains("panicked");
                    prop_assert!(!caught || file == "tokenizer.json", "{error:?}");
                }
                Ok(vectors) => for vector in vectors {
                    let length: f32 = vector.iter().map(|x| x * x).sum();
                    prop_assert!((length - 1.0).abs() < 1e-3, "length {length}");
                }
            },
        }
    }
}
