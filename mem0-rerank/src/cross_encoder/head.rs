//! What makes one number of a pair's first state.

use std::collections::BTreeMap;

use mem0_core::{ErrorKind, Result};
use mem0_transformer::candle_core::{self, Tensor};
use mem0_transformer::candle_nn::{Linear, Module as _, VarBuilder, linear};
use mem0_transformer::{Architecture, Folder};
use serde::Deserialize;
use serde_json::Value;

/// A layer with tanh behind it, and one that gives the number. BERT has the
/// first as its pooler, RoBERTa as a part of its classifier.
pub(super) struct Head {
    dense: Linear,
    out: Linear,
}

impl Head {
    /// None if the weights have no classifier.
    pub(super) fn load(architecture: &Architecture, weights: &VarBuilder<'_>) -> candle_core::Result<Option<Self>> {
        let names = if weights.contains_tensor("classifier.out_proj.weight") {
            ["classifier.dense", "classifier.out_proj"]
        } else if weights.contains_tensor("classifier.weight") {
            ["bert.pooler.dense", "classifier"]
        } else {
            return Ok(None);
        };
        let hidden = architecture.hidden_size();
        let [dense, out] = names;
        Ok(Some(Self { dense: linear(hidden, hidden, weights.pp(dense))?, out: linear(hidden, 1, weights.pp(out))? }))
    }

    pub(super) fn forward(&self, first: &Tensor) -> candle_core::Result<Tensor> {
        self.out.forward(&self.dense.forward(first)?.tanh()?)
    }
}

/// Refuses a classifier of several labels, as those for entailment have.
pub(super) fn check(folder: &Folder) -> Result<()> {
    #[derive(Deserialize)]
    struct Labels {
        id2label: Option<BTreeMap<String, Value>>,
        num_labels: Option<usize>,
    }
    const FILE: &str = "config.json";
    let Some(Labels { id2label, num_labels }) = folder.optional(FILE)? else { return Ok(()) };
    match id2label.map(|labels| labels.len()).or(num_labels) {
        None | Some(1) => Ok(()),
        Some(labels) => Err(folder
            .error(ErrorKind::Config, FILE, "a model with one label is needed: one that scores a pair")
            .with_context("labels", labels)),
    }
}
