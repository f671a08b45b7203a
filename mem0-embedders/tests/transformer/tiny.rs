//! A BERT of two small layers with a vocabulary of some 170 word pieces, made
//! of pseudo-random numbers and written as a folder.
//!
//! Words count for more in it than places and layers do, so texts that share
//! words are near to each other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

pub(crate) const HIDDEN: usize = 32;
pub(crate) const LAYERS: usize = 2;
pub(crate) const HEADS: usize = 4;
pub(crate) const WIDE: usize = 48;
pub(crate) const POSITIONS: usize = 40;
pub(crate) const EPS: f64 = 1e-12;

const SPECIAL: [&str; 4] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];

const WORDS: &str = "ana is allerg ##ic ##y to peanut ##s has a the train leaves station at noon i moved lisbon last \
                     year city of cats sleep most day he drinks green tea every morning invoice was paid by card she \
                     paints with watercolours on sundays my brother works as nurse in oslo server runs out memory night \
                     without sugar please note number query passage . , : ? ! '";

/// A tensor by its shape and its numbers, row by row.
pub(crate) type Weights = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

pub(crate) struct Tiny {
    pub(crate) weights: Weights,
    pub(crate) vocab: Vec<String>,
}

impl Tiny {
    pub(crate) fn new(seed: u64) -> Self {
        let mut vocab: Vec<String> = SPECIAL.iter().copied().chain(WORDS.split_whitespace()).map(Into::into).collect();
        for c in ('a'..='z').chain('0'..='9') {
            for piece in [c.to_string(), format!("##{c}")] {
                if !vocab.contains(&piece) {
                    vocab.push(piece);
                }
            }
        }
        let mut numbers = Numbers(seed);
        let mut weights = Weights::new();
        let mut add = |name: String, shape: &[usize], mean: f32, spread: f32| {
            let count = shape.iter().product();
            let values = (0..count).map(|_| mean + spread * numbers.next()).collect();
            weights.insert(name, (shape.to_vec(), values));
        };
        add("embeddings.word_embeddings.weight".into(), &[vocab.len(), HIDDEN], 0.0, 1.0);
        add("embeddings.position_embeddings.weight".into(), &[POSITIONS, HIDDEN], 0.0, 0.1);
        add("embeddings.token_type_embeddings.weight".into(), &[2, HIDDEN], 0.0, 0.1);
        let mut norms = vec!["embeddings.LayerNorm".to_owned()];
        for layer in (0..LAYERS).map(|n| format!("encoder.layer.{n}")) {
            for (name, out, of) in [
                ("attention.self.query", HIDDEN, HIDDEN),
                ("attention.self.key", HIDDEN, HIDDEN),
                ("attention.self.value", HIDDEN, HIDDEN),
                ("attention.output.dense", HIDDEN, HIDDEN),
                ("intermediate.dense", WIDE, HIDDEN),
                ("output.dense", HIDDEN, WIDE),
            ] {
                add(format!("{layer}.{name}.weight"), &[out, of], 0.0, 0.12);
                add(format!("{layer}.{name}.bias"), &[out], 0.0, 0.05);
            }
            norms.extend(["attention.output", "output"].map(|name| format!("{layer}.{name}.LayerNorm")));
        }
        for name in norms {
            add(format!("{name}.weight"), &[HIDDEN], 1.0, 0.1);
            add(format!("{name}.bias"), &[HIDDEN], 0.0, 0.05);
        }
        Self { weights, vocab }
    }

    /// A folder that has only what is needed.
    pub(crate) fn write(&self, folder: &Path) {
        fs::write(folder.join("model.safetensors"), safetensors(&self.weights)).unwrap();
        self.write_json(folder, "config.json", &self.config());
        self.write_json(folder, "tokenizer.json", &self.tokenizer());
    }

    pub(crate) fn write_json(&self, folder: &Path, file: &str, json: &Value) {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, json.to_string()).unwrap();
    }

    pub(crate) fn config(&self) -> Value {
        json!({
            "model_type": "bert",
            "vocab_size": self.vocab.len(),
            "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "intermediate_size": WIDE,
            "max_position_embeddings": POSITIONS,
            "type_vocab_size": 2,
            "hidden_act": "gelu",
            "layer_norm_eps": EPS,
            "pad_token_id": 0,
            "hidden_dropout_prob": 0.1,
        })
    }

    /// With the padding and the short truncation that such files have and that
    /// nobody wants.
    pub(crate) fn tokenizer(&self) -> Value {
        let id = |token: &str| self.id(token);
        let special = |token: &str| json!({ "id": token, "ids": [id(token)], "tokens": [token] });
        let place = |token: &str| json!({ "SpecialToken": { "id": token, "type_id": 0 } });
        let text = |name: &str| json!({ "Sequence": { "id": name, "type_id": 0 } });
        let added = SPECIAL.map(|token| {
            json!({
                "id": id(token), "content": token, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true,
            })
        });
        let vocab: BTreeMap<&String, usize> = self.vocab.iter().enumerate().map(|(id, piece)| (piece, id)).collect();
        json!({
            "version": "1.0",
            "truncation": { "direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0 },
            "padding": {
                "strategy": { "Fixed": 128 }, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
                "pad_type_id": 0, "pad_token": "[PAD]",
            },
            "added_tokens": added,
            "normalizer": {
                "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
                "lowercase": true,
            },
            "pre_tokenizer": { "type": "BertPreTokenizer" },
            "post_processor": {
                "type": "TemplateProcessing",
                "single": [place("[CLS]"), text("A"), place("[SEP]")],
                "pair": [place("[CLS]"), text("A"), place("[SEP]"), text("B"), place("[SEP]")],
                "special_tokens": { "[CLS]": special("[CLS]"), "[SEP]": special("[SEP]") },
            },
            "decoder": { "type": "WordPiece", "prefix": "##", "cleanup": true },
            "model": {
                "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": vocab,
            },
        })
    }

    pub(crate) fn id(&self, token: &str) -> usize {
        self.vocab.iter().position(|piece| piece == token).unwrap()
    }
}

/// The safetensors format: the length of a JSON header, the header, the data.
pub(crate) fn safetensors(weights: &Weights) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, (shape, values)) in weights {
        let start = data.len();
        data.extend(values.iter().flat_map(|x| x.to_le_bytes()));
        header.insert(name.clone(), json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] }));
    }
    let mut header = Value::Object(header).to_string();
    // The data begin at a multiple of eight.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.into_bytes());
    file.extend(data);
    file
}

/// Nearly normal numbers, the same on every machine: splitmix64, and the sum
/// of four even ones.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f32 {
        let mut even = || {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (bits >> 40) as f32 / (1u32 << 24) as f32 - 0.5
        };
        (even() + even() + even() + even()) * 3f32.sqrt()
    }
}
