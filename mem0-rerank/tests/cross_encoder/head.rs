//! Heads for the tiny model, and what they compute, in plain loops.

use std::path::Path;

use serde_json::{Value, json};

use crate::tiny::{HIDDEN, Tiny};

/// Numbers in -0.5..0.5, the same on every machine.
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 24) as f32 - 0.5
    };
    (0..count).map(|_| next()).collect()
}

fn add(tiny: &mut Tiny, names: [&str; 2]) {
    for (name, rows, seed) in [(names[0], HIDDEN, 3), (names[1], 1, 4)] {
        tiny.weights.insert(format!("{name}.weight"), (vec![rows, HIDDEN], numbers(seed, rows * HIDDEN)));
        tiny.weights.insert(format!("{name}.bias"), (vec![rows], numbers(seed + 2, rows)));
    }
}

/// BERT's: the encoder lies below a name, with the pooler.
pub(crate) fn bert(tiny: &mut Tiny) {
    tiny.weights = std::mem::take(&mut tiny.weights).into_iter().map(|(k, v)| (format!("bert.{k}"), v)).collect();
    add(tiny, ["bert.pooler.dense", "classifier"]);
}

/// RoBERTa's.
pub(crate) fn roberta(tiny: &mut Tiny) {
    tiny.weights = std::mem::take(&mut tiny.weights).into_iter().map(|(k, v)| (format!("roberta.{k}"), v)).collect();
    add(tiny, ["classifier.dense", "classifier.out_proj"]);
}

/// A tokenizer that tells the two texts of a pair apart.
pub(crate) fn tokenizer(tiny: &Tiny) -> Value {
    let mut tokenizer = tiny.tokenizer();
    let special = |id: &str, segment: u32| json!({ "SpecialToken": { "id": id, "type_id": segment } });
    let text = |id: &str, segment: u32| json!({ "Sequence": { "id": id, "type_id": segment } });
    tokenizer["post_processor"]["pair"] =
        json!([special("[CLS]", 0), text("A", 0), special("[SEP]", 0), text("B", 1), special("[SEP]", 1)]);
    tokenizer
}

pub(crate) fn write(tiny: &Tiny, folder: &Path) {
    tiny.write(folder);
    tiny.write_json(folder, "tokenizer.json", &tokenizer(tiny));
}

/// tanh(W x + b), then w x + b, then the logistic function.
pub(crate) fn score(tiny: &Tiny, names: [&str; 2], first: &[f64]) -> f64 {
    let linear = |name: &str, x: &[f64]| -> Vec<f64> {
        let (weight, bias) = (&tiny.weights[&format!("{name}.weight")].1, &tiny.weights[&format!("{name}.bias")].1);
        let row = |(row, bias): (&[f32], &f32)| {
            row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum::<f64>() + f64::from(*bias)
        };
        weight.chunks(HIDDEN).zip(bias).map(row).collect()
    };
    let dense: Vec<f64> = linear(names[0], first).into_iter().map(f64::tanh).collect();
    1.0 / (1.0 + (-linear(names[1], &dense)[0]).exp())
}
