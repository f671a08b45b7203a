//! What is read from a folder, and what is refused.

use mem0_core::{BuildContext, Embedder as _, Error, ErrorKind, Registry};
use mem0_embedders::transformer;
use serde_json::{Value, json};

use crate::tiny::{HIDDEN, Tiny};
use crate::{block_on, open, open_with, tiny};

#[test]
fn the_identity_covers_what_decides_a_stored_vector() {
    let (tiny, folder) = tiny();
    let first = open(&folder).identity().clone();
    assert_eq!(first.model, "transformer/tiny");
    assert_eq!(first.dims, HIDDEN);
    assert_eq!(first.digest.len(), 64);

    let unchanged = open_with(&folder, |config| {
        config.query_prefix = Some("query: ".into());
        config.threads = Some(1);
        config.batch_tokens = 1;
        config.embedding_dims = Some(HIDDEN);
    });
    assert_eq!(unchanged.unwrap().identity(), &first);
    let prefixed = open_with(&folder, |config| config.document_prefix = Some("passage: ".into()));
    assert_ne!(prefixed.unwrap().identity().digest, first.digest);
    let name = folder.path().file_name().unwrap().to_str().unwrap();
    let unnamed = open_with(&folder, |config| config.model = None);
    assert_eq!(unnamed.unwrap().identity().model, format!("transformer/{name}"));

    tiny.write_json(folder.path(), "1_Pooling/config.json", &json!({ "pooling_mode": "cls" }));
    assert_ne!(open(&folder).identity().digest, first.digest);
    let (_, other) = crate::tiny();
    Tiny::new(2).write(other.path());
    assert_ne!(open(&other).identity().digest, first.digest);
}

/// A file, what is written to it (nothing: it is removed), the kind of the
/// error and a part of its message or context.
type Refused = (&'static str, Option<Value>, ErrorKind, &'static str);

#[test]
fn what_does_not_fit_is_refused_by_the_name_of_its_file() {
    use ErrorKind::{Config, Corrupt};
    let (whole, _folder) = tiny();
    let config = |key: &str, value: Value| {
        let mut config = whole.config();
        config[key] = value;
        Some(config)
    };
    let mut tokenizer = whole.tokenizer();
    tokenizer["model"]["vocab"]["beyond"] = json!(10_000);
    let modules = |kind: &str, path: &str| Some(json!([{ "idx": 0, "name": "0", "path": path, "type": kind }]));
    let table: Vec<Refused> = vec![
        ("config.json", None, Config, "lacks a file"),
        ("tokenizer.json", None, Config, "lacks a file"),
        ("model.safetensors", None, Config, "lacks a file"),
        ("config.json", Some(json!({ "model_type": "llama" })), Config, "llama"),
        ("config.json", Some(json!({})), Config, "an architecture that is not built in"),
        ("config.json", Some(json!([])), Corrupt, "not the JSON"),
        ("config.json", config("hidden_size", json!(null)), Corrupt, "not the JSON"),
        ("config.json", config("position_embedding_type", json!("relative_key")), Config, "absolute"),
        ("config.json", config("num_attention_heads", json!(0)), Corrupt, "cannot be 0"),
        ("config.json", config("num_attention_heads", json!(5)), Corrupt, "no multiple"),
        ("config.json", config("layer_norm_eps", json!(0.0)), Corrupt, "layer_norm_eps"),
        ("config.json", config("pad_token_id", json!(4_000_000_000u32)), Corrupt, "pad_token_id"),
        ("model.safetensors", config("hidden_size", json!(64)), Corrupt, "the weights are damaged"),
        ("model.safetensors", config("num_hidden_layers", json!(u32::MAX)), Corrupt, "the weights are damaged"),
        ("model.safetensors", config("hidden_size", json!(1u64 << 62)), Corrupt, "the weights are damaged"),
        ("model.safetensors", config("max_position_embeddings", json!(u64::MAX)), Corrupt, "the weights are damaged"),
        ("tokenizer.json", Some(tokenizer), Config, "tokens that the model does not"),
        ("tokenizer.json", Some(json!({ "version": "1.0" })), Corrupt, "not a tokenizer"),
        ("modules.json", modules("sentence_transformers.models.Dense", "2_Dense"), Config, "Dense"),
        ("modules.json", modules("sentence_transformers.models.Transformer", "0_T"), Config, "a folder below"),
        ("1_Pooling/config.json", Some(json!({ "pooling_mode_max_tokens": true })), Config, "max"),
        ("1_Pooling/config.json", Some(json!({})), Config, "pooling"),
        (
            "1_Pooling/config.json",
            Some(json!({ "pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true })),
            Config,
            "cls, mean",
        ),
        (
            "1_Pooling/config.json",
            Some(json!({ "pooling_mode_mean_tokens": true, "include_prompt": false })),
            Config,
            "prompt",
        ),
        ("tokenizer.json", Some(json!({ "max_seq_length": 2 })), Config, "no room"),
    ];
    for (file, content, kind, part) in table {
        let (tiny, folder) = tiny();
        // A file may be at odds with another one, which is then named.
        let written = match part {
            "the weights are damaged" => "config.json",
            "no room" => "sentence_bert_config.json",
            _ => file,
        };
        match &content {
            Some(content) => tiny.write_json(folder.path(), written, content),
            None => std::fs::remove_file(folder.path().join(written)).unwrap(),
        }
        let error = open_with(&folder, |_| ()).err().unwrap_or_else(|| panic!("{file} with {content:?} is accepted"));
        let whole = format!("{error} {:?}", error.context());
        assert_eq!(error.kind(), kind, "{whole}");
        assert!(whole.contains(part), "{part:?} is not in {whole}");
        let named = error.context().iter().any(|(key, path)| *key == "file" && path.ends_with(file));
        assert!(named, "{file} is not in {whole}");
    }
}

#[test]
fn modules_say_where_the_pooling_is() {
    let (tiny, folder) = tiny();
    let mean = open(&folder).identity().digest.clone();
    let module =
        |kind: &str, path: &str| json!({ "path": path, "type": format!("sentence_transformers.models.{kind}") });
    let modules = json!([module("Transformer", ""), module("Pooling", "elsewhere"), module("Normalize", "2_N")]);
    tiny.write_json(folder.path(), "modules.json", &modules);
    tiny.write_json(folder.path(), "elsewhere/config.json", &json!({ "pooling_mode_cls_token": true }));
    assert_ne!(open(&folder).identity().digest, mean);
    tiny.write_json(folder.path(), "elsewhere/config.json", &json!({ "pooling_mode_mean_sqrt_len_tokens": true }));
    assert_eq!(open(&folder).identity().digest, mean);
}

fn made_by_the_registry(name: &str, config: Value) -> Result<String, Error> {
    let mut registry = Registry::new();
    transformer::register(&mut registry);
    let made = block_on(registry.make_embedder(name, config, &BuildContext::new(std::env::temp_dir())));
    made.map(|embedder| embedder.identity().model.clone())
}

#[test]
fn every_name_of_the_provider_needs_a_folder() {
    let (_, folder) = tiny();
    let model = "sentence-transformers/all-MiniLM-L6-v2";
    for name in ["transformer", "fastembed", "sentence_transformers"] {
        let error = made_by_the_registry(name, json!({ "model": model, "embedding_dims": 384 })).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("`path`"), "{error}");
        assert!(error.context().contains(&("model", model.to_owned())), "{error:?}");
        let made = made_by_the_registry(name, json!({ "model": model, "path": folder.path() }));
        assert_eq!(made.unwrap(), format!("transformer/{model}"));
        // Relative to the data folder, here the one of temporary files.
        let relative = folder.path().file_name().unwrap().to_str().unwrap();
        assert!(made_by_the_registry(name, json!({ "path": relative })).is_ok());
    }
}

#[test]
fn settings_are_checked() {
    let (_, folder) = tiny();
    for (part, config) in [
        ("embedding_dims", json!({ "embedding_dims": 384 })),
        ("batch_tokens", json!({ "batch_tokens": 0 })),
        ("threads", json!({ "threads": 0 })),
        ("threads", json!({ "threads": 257 })),
        ("query_prefix", json!({ "qery_prefix": "" })),
    ] {
        let mut config = config;
        config["path"] = json!(folder.path());
        let error = made_by_the_registry("transformer", config).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert!(error.to_string().contains(part), "{part:?} is not in {error}");
    }
}
