//! The shipped file, files of one's own and damaged ones.

use std::borrow::Cow;

use mem0_core::{Embedder, ErrorKind};
use proptest::prelude::*;

use crate::local::{LocalConfig, LocalEmbedder, ModelError, StaticModel};

static SHIPPED: &[u8] = include_bytes!("../model.bin");

/// Stored vectors are only comparable with vectors of the same model: a
/// change of this line is a change that users must reindex for.
const SHIPPED_DIGEST: &str = "b64aa0a6a35844efc0f781f7540980987e3e5205c722dddecd6983cf3e23e0e2";

/// `n` rows of two dimensions.
fn small(pieces: &[&str]) -> Vec<u8> {
    let mut head = b"M0STATIC".to_vec();
    let text = pieces.concat();
    for number in [1, 2, pieces.len(), text.len()] {
        head.extend(u32::try_from(number).unwrap().to_le_bytes());
    }
    let mut body: Vec<u8> = pieces.iter().map(|p| u8::try_from(p.len()).unwrap()).collect();
    body.extend(text.as_bytes());
    body.extend(pieces.iter().flat_map(|_| 0.5f32.to_le_bytes()));
    body.extend(pieces.iter().flat_map(|_| [3u8, 4u8]));
    seal(head, body)
}

fn seal(mut head: Vec<u8>, body: Vec<u8>) -> Vec<u8> {
    let digest = blake3::Hasher::new().update(&head).update(&body).finalize();
    head.extend(digest.as_bytes());
    head.extend(body);
    head
}

/// With some bytes overwritten, and a digest that fits.
fn patched(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + with.len()].copy_from_slice(with);
    seal(bytes[..24].to_vec(), bytes[56..].to_vec())
}

fn error(bytes: Vec<u8>) -> ModelError {
    StaticModel::from_bytes(bytes).unwrap_err()
}

#[test]
fn the_shipped_file_is_the_pinned_one_and_fits_a_package() {
    assert!(SHIPPED.len() < 8_000_000);
    let checked = StaticModel::from_bytes(SHIPPED).unwrap();
    assert_eq!((checked.dims(), checked.pieces()), (256, 29_523));
    let embedder = LocalEmbedder::shipped().unwrap();
    assert_eq!(embedder.identity().digest, SHIPPED_DIGEST);
    assert_eq!(checked.digest(), embedder.model().digest());
}

#[test]
fn a_model_of_ones_own_is_read() {
    let model = StaticModel::from_bytes(small(&["tea", "##pot"])).unwrap();
    assert_eq!(model.embed("Teapot"), [0.6, 0.8]);
    assert_eq!(model.embed_into("tea", &mut [0.0; 2]), Ok(()));
    assert_eq!(model.embed_into("tea", &mut [0.0; 3]), Err(ModelError::Output { expected: 2, found: 3 }));
}

#[test]
fn damage_is_named() {
    let whole = small(&["tea", "##pot"]);
    assert!(StaticModel::from_bytes(whole.clone()).is_ok());
    assert_eq!(error(vec![]), ModelError::Truncated);
    assert_eq!(error(b"not a model at all".to_vec()), ModelError::Magic);
    assert_eq!(error(patched(&whole, 8, &[9])), ModelError::Version(9));
    assert_eq!(error(patched(&whole, 12, &[0])), ModelError::Shape);
    assert_eq!(error(patched(&whole, 16, &[0xff; 4])), ModelError::Shape);
    assert_eq!(error(patched(&whole, 12, &[0xff; 4])), ModelError::Truncated);
    assert_eq!(error(patched(&whole, 56, &[4])), ModelError::Vocabulary);
    assert_eq!(error(small(&["tea", "tea"])), ModelError::Vocabulary);
    assert_eq!(error(small(&["tea", ""])), ModelError::Vocabulary);
    let scales = 56 + 2 + 8;
    assert_eq!(error(patched(&whole, scales, &f32::NAN.to_le_bytes())), ModelError::Scale);
    assert_eq!(error(patched(&whole, scales, &(-1f32).to_le_bytes())), ModelError::Scale);
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    assert_eq!(error(flipped), ModelError::Digest);
    let mut longer = whole.clone();
    longer.push(0);
    assert_eq!(error(longer), ModelError::Trailing);
    for cut in 0..whole.len() {
        assert!(StaticModel::from_bytes(whole[..cut].to_vec()).is_err(), "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        at in 0usize..80,
        with in prop::collection::vec(any::<u8>(), 1..8),
        text in any::<String>(),
    ) {
        let whole = small(&["tea", "##pot", "a"]);
        let at = at.min(whole.len() - with.len());
        if let Ok(model) = StaticModel::from_bytes(patched(&whole, at, &with)) {
            prop_assert!(model.embed(&text).iter().all(|x| x.is_finite()));
        }
    }
}

#[test]
fn a_configuration_that_cannot_be_met_is_refused() {
    let kind = |config: &LocalConfig| LocalEmbedder::from_config(config).unwrap_err().kind();
    let default = LocalConfig::default();
    assert!(LocalEmbedder::from_config(&default).is_ok());
    let fits = LocalConfig { embedding_dims: Some(256), ..default.clone() };
    assert!(LocalEmbedder::from_config(&fits).is_ok());
    let other = LocalConfig { embedding_dims: Some(384), ..default.clone() };
    assert_eq!(kind(&other), ErrorKind::Config);
    let unknown = LocalConfig { model: "big".into(), ..default.clone() };
    assert_eq!(kind(&unknown), ErrorKind::Config);
    let absent = LocalConfig { model_path: Some("/nonexistent/model.bin".into()), ..default };
    assert_eq!(kind(&absent), ErrorKind::Config);
}

#[test]
fn a_file_is_opened_by_path() {
    let path = std::env::temp_dir().join(format!("m0static-{}.bin", std::process::id()));
    std::fs::write(&path, small(&["tea"])).unwrap();
    let config = LocalConfig { model: "mine".into(), model_path: Some(path.clone()), ..LocalConfig::default() };
    let embedder = LocalEmbedder::from_config(&config).unwrap();
    assert_eq!((embedder.identity().model.as_str(), embedder.identity().dims), ("local/mine", 2));
    std::fs::write(&path, b"M0STATIC").unwrap();
    assert_eq!(LocalEmbedder::from_config(&config).unwrap_err().kind(), ErrorKind::Corrupt);
    std::fs::remove_file(&path).unwrap();
    let borrowed: Cow<'static, [u8]> = Cow::Borrowed(b"");
    assert!(StaticModel::from_bytes(borrowed).is_err());
}
