//! The encoder of the BERT family, over texts that lie one after the other.
//!
//! The tokens of a batch are the rows of one matrix, and only attention looks
//! at one text at a time. So there is no padding, hence no mask, and a text
//! has the same vector in every batch.

use candle_core::{D, Device, Result, Tensor};
use candle_nn::{
    Embedding, LayerNorm, Linear, Module as _, VarBuilder, embedding, layer_norm, linear, ops::softmax_last_dim,
};

use super::folder::{Activation, Architecture, Pooling, Recipe};

pub(super) struct Bert {
    words: Embedding,
    /// By position, with what the first segment adds to each.
    positions: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
    pooling: Pooling,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    norm: LayerNorm,
    inner: Linear,
    outer: Linear,
    last_norm: LayerNorm,
    heads: usize,
    activation: Activation,
}

impl Bert {
    pub(super) fn load(recipe: &Recipe, weights: VarBuilder<'_>) -> Result<Self> {
        let Architecture { hidden_size: hidden, layer_norm_eps: eps, .. } = recipe.architecture;
        // Models with a head keep the encoder below its name.
        let inside = ["bert", "roberta"].into_iter().find(|name| weights.contains_tensor(&format!("{name}.{WORDS}")));
        let weights = inside.map_or(weights.clone(), |name| weights.pp(name));
        let (all, layers) = (weights.pp("embeddings"), weights.pp("encoder.layer"));
        let architecture = &recipe.architecture;
        let segments = all.get((architecture.type_vocab_size, hidden), "token_type_embeddings.weight")?;
        let positions = all.get((architecture.max_position_embeddings, hidden), "position_embeddings.weight")?;
        let first = architecture.first_position();
        let positions = positions.narrow(0, first, architecture.max_position_embeddings.saturating_sub(first))?;
        Ok(Self {
            words: embedding(architecture.vocab_size as usize, hidden, all.pp("word_embeddings"))?,
            positions: positions.broadcast_add(&segments.narrow(0, 0, 1)?)?,
            norm: layer_norm(hidden, eps, all.pp("LayerNorm"))?,
            layers: (0..architecture.num_hidden_layers)
                .map(|n| Layer::load(architecture, &layers.pp(n)))
                .collect::<Result<_>>()?,
            pooling: recipe.pooling,
        })
    }

    /// One vector per text, of any length. No text is empty, and none is
    /// longer than the model's positions.
    pub(super) fn vectors(&self, texts: &[Vec<u32>]) -> Result<Vec<Vec<f32>>> {
        let mut spans = Vec::with_capacity(texts.len());
        let (mut ids, mut positions) = (Vec::new(), Vec::new());
        for text in texts {
            spans.push((ids.len(), text.len()));
            positions.extend((0u32..).take(text.len()));
            ids.extend_from_slice(text);
        }
        let rows = ids.len();
        let words = self.words.forward(&Tensor::from_vec(ids, rows, &Device::Cpu)?)?;
        let positions = self.positions.index_select(&Tensor::from_vec(positions, rows, &Device::Cpu)?, 0)?;
        let mut states = self.norm.forward(&(words + positions)?)?;
        for layer in &self.layers {
            states = layer.forward(&states, &spans)?;
        }
        let pool = |&(at, len): &(usize, usize)| match self.pooling {
            Pooling::Cls => states.get(at)?.to_vec1(),
            Pooling::Mean => states.narrow(0, at, len)?.mean(0)?.to_vec1(),
        };
        spans.iter().map(pool).collect()
    }
}

const WORDS: &str = "embeddings.word_embeddings.weight";

impl Layer {
    fn load(architecture: &Architecture, weights: &VarBuilder<'_>) -> Result<Self> {
        let Architecture { hidden_size: hidden, intermediate_size: wide, layer_norm_eps: eps, .. } = *architecture;
        let (attention, itself) = (weights.pp("attention"), weights.pp("attention.self"));
        Ok(Self {
            query: linear(hidden, hidden, itself.pp("query"))?,
            key: linear(hidden, hidden, itself.pp("key"))?,
            value: linear(hidden, hidden, itself.pp("value"))?,
            output: linear(hidden, hidden, attention.pp("output.dense"))?,
            norm: layer_norm(hidden, eps, attention.pp("output.LayerNorm"))?,
            inner: linear(hidden, wide, weights.pp("intermediate.dense"))?,
            outer: linear(wide, hidden, weights.pp("output.dense"))?,
            last_norm: layer_norm(hidden, eps, weights.pp("output.LayerNorm"))?,
            heads: architecture.num_attention_heads,
            activation: architecture.hidden_act,
        })
    }

    fn forward(&self, states: &Tensor, spans: &[(usize, usize)]) -> Result<Tensor> {
        let attended = self.output.forward(&self.attend(states, spans)?)?;
        let states = self.norm.forward(&(attended + states)?)?;
        let inner = self.inner.forward(&states)?;
        let inner = match self.activation {
            Activation::Gelu => inner.gelu_erf()?,
            Activation::GeluTanh => inner.gelu()?,
            Activation::Relu => inner.relu()?,
        };
        self.last_norm.forward(&(self.outer.forward(&inner)? + states)?)
    }

    /// Every token looks at the tokens of its own text.
    fn attend(&self, states: &Tensor, spans: &[(usize, usize)]) -> Result<Tensor> {
        let hidden = states.dim(D::Minus1)?;
        let size = hidden / self.heads;
        let queries = (self.query.forward(states)? * (1.0 / (size as f64).sqrt()))?;
        let (keys, values) = (self.key.forward(states)?, self.value.forward(states)?);
        let text = |&(at, len): &(usize, usize)| {
            let heads = |x: &Tensor| x.narrow(0, at, len)?.reshape((len, self.heads, size))?.transpose(0, 1);
            let weights = softmax_last_dim(&heads(&queries)?.matmul(&heads(&keys)?.t()?)?)?;
            weights.matmul(&heads(&values)?)?.transpose(0, 1)?.reshape((len, hidden))
        };
        Tensor::cat(&spans.iter().map(text).collect::<Result<Vec<_>>>()?, 0)
    }
}
