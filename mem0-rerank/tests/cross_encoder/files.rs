//! What is read from a folder, and what is refused.

use std::fs;

use mem0_core::{BuildContext, Error, ErrorKind, Registry, Reranker as _};
use mem0_rerank::cross_encoder;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tiny::Tiny;
use crate::{block_on, open, open_with, tiny};

fn made_by_the_registry(name: &str, config: Value) -> Result<String, Error> {
    let mut registry = Registry::new();
    cross_encoder::register(&mut registry);
    let made = block_on(registry.make_reranker(name, config, &BuildContext::new(std::env::temp_dir())));
    made.map(|reranker| format!("{}/{}", reranker.name(), reranker.model()))
}

#[test]
fn every_name_of_the_provider_needs_a_folder() {
    let (_, folder) = tiny();
    let model = "cross-encoder/ms-marco-MiniLM-L-6-v2";
    for name in ["cross_encoder", "sentence_transformer"] {
        let python =
            json!({ "model": model, "device": "cpu", "batch_size": 32, "show_progress_bar": false, "top_k": 5 });
        let error = made_by_the_registry(name, python).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("`path`"), "{error}");
        assert!(error.context().contains(&("model", model.to_owned())), "{error:?}");
        let made = made_by_the_registry(name, json!({ "model": model, "path": folder.path() }));
        assert_eq!(made.unwrap(), format!("cross_encoder/{model}"));
        // Relative to the data folder, here the one of temporary files.
        let relative = folder.path().file_name().unwrap().to_str().unwrap();
        assert_eq!(
            made_by_the_registry(name, json!({ "path": relative })).unwrap(),
            format!("cross_encoder/{relative}")
        );
    }
}

#[test]
fn settings_are_checked() {
    let (_, folder) = tiny();
    for (part, config) in [
        ("batch_tokens", json!({ "batch_tokens": 0 })),
        ("threads", json!({ "threads": 0 })),
        ("no room", json!({ "max_length": 4 })),
        ("max_length", json!({ "max_lenght": 4 })),
    ] {
        let mut config = config;
        config["path"] = json!(folder.path());
        let error = made_by_the_registry("cross_encoder", config).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains(part), "{part:?} is not in {error}");
    }
}

#[test]
fn what_is_no_cross_encoder_is_refused_by_the_name_of_its_file() {
    let refused = |folder: &tempfile::TempDir, kind, file: &str, part: &str| {
        let error = open_with(folder, |_| ()).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(part), "{error}");
        assert!(error.context().iter().any(|(key, path)| *key == "file" && path.ends_with(file)), "{error:?}");
    };
    let (whole, folder) = tiny();
    let mut config = whole.config();
    config["id2label"] = json!({ "0": "contradiction", "1": "entailment" });
    whole.write_json(folder.path(), "config.json", &config);
    refused(&folder, ErrorKind::Config, "config.json", "one label");
    config["id2label"] = json!({ "0": "LABEL_0" });
    whole.write_json(folder.path(), "config.json", &config);
    open(&folder);

    // An embedding model has no classifier.
    let plain = tempfile::tempdir().unwrap();
    Tiny::new(1).write(plain.path());
    refused(&plain, ErrorKind::Config, "model.safetensors", "no classifier");

    for lost in ["bert.pooler.dense.weight", "bert.encoder.layer.1.output.dense.bias"] {
        let (mut tiny, folder) = tiny();
        tiny.weights.remove(lost);
        tiny.write(folder.path());
        refused(&folder, ErrorKind::Corrupt, "model.safetensors", "the weights are damaged");
    }
    let (mut tiny, folder) = tiny();
    let bias = tiny.weights.get_mut("classifier.bias").unwrap();
    bias.1[0] = f32::NAN;
    tiny.write(folder.path());
    assert_eq!(open_with(&folder, |_| ()).unwrap_err().kind(), ErrorKind::Corrupt);
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let (_, folder) = crate::tiny();
        fs::remove_file(folder.path().join(file)).unwrap();
        refused(&folder, ErrorKind::Config, file, "lacks a file");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn damaged_weights_give_errors_or_scores(
        place in any::<prop::sample::Index>(),
        early in any::<bool>(),
        bytes in prop::collection::vec(any::<u8>(), 1..9),
    ) {
        let (_, folder) = tiny();
        let path = folder.path().join("model.safetensors");
        let mut file = fs::read(&path).unwrap();
        let at = place.index(if early { file.len().min(3_000) } else { file.len() });
        file.iter_mut().skip(at).zip(&bytes).for_each(|(old, new)| *old = *new);
        fs::write(&path, file).unwrap();
        match open_with(&folder, |config| config.threads = Some(1)) {
            Err(error) => prop_assert!(matches!(error.kind(), ErrorKind::Config | ErrorKind::Corrupt), "{error:?}"),
            Ok(reranker) => match block_on(reranker.rerank("tea", &["ana drinks tea", "", "zzz 12"])) {
                Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Corrupt),
                Ok(said) => prop_assert!(said.scores.iter().all(|score| (0.0..=1.0).contains(score))),
            },
        }
    }
}
