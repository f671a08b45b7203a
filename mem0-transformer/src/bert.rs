//! The encoder of the BERT family, over texts that lie one after the other.
//!
//! The tokens of a batch are the rows of one matrix, and only attention looks
//! at one text at a time. So there is no padding, hence no mask, and a text
//! has the same vector in every batch.

use candle_core::{D, Device, Result, Tensor};
use candle_nn::{
    Embedding, LayerNorm, Linear, Module as _, VarBuilder, embedding, layer_norm, linear, ops::softmax_last_dim,
};

use crate::folder::{Activation, Architecture};
use crate::tokens::Encoded;

/// An encoder.
#[derive(Debug)]
pub struct Bert {
    words: Embedding,
    positions: Tensor,
    segments: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

#[derive(Debug)]
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
    /// Takes the encoder out of the weights of a model.
    ///
    /// # Errors
    /// If they are not those that the architecture describes.
    pub fn load(architecture: &Architecture, weights: VarBuilder<'_>) -> Result<Self> {
        let Architecture { hidden_size: hidden, layer_norm_eps: eps, .. } = *architecture;
        // Models with a head keep the encoder below its name.
        let inside = ["bert", "roberta"].into_iter().find(|name| weights.contains_tensor(&format!("{name}.{WORDS}")));
        let weights = inside.map_or(weights.clone(), |name| weights.pp(name));
        let (all, layers) = (weights.pp("embeddings"), weights.pp("encoder.layer"));
        let segments = all.get((architecture.type_vocab_size, hidden), "token_type_embeddings.weight")?;
        let positions = all.get((architecture.max_position_embeddings, hidden), "position_embeddings.weight")?;
        let first = architecture.first_position();
        Ok(Self {
            words: embedding(architecture.vocab_size as usize, hidden, all.pp("word_embeddings"))?,
            positions: positions.narrow(0, first, architecture.max_position_embeddings.saturating_sub(first))?,
            segments,
            norm: layer_norm(hidden, eps, all.pp("LayerNorm"))?,
            layers: (0..architecture.num_hidden_layers)
                .map(|n| Layer::load(architecture, &layers.pp(n)))
                .collect::<Result<_>>()?,
        })
    }

    /// The states of the last layer, over texts of any length. None is longer
    /// than the model's positions.
    ///
    /// # Errors
    /// If a token has no row in the weights.
    pub fn states(&self, texts: &[Encoded]) -> Result<States> {
        let mut spans = Vec::with_capacity(texts.len());
        let (mut ids, mut positions, mut segments) = (Vec::new(), Vec::new(), Vec::new());
        for text in texts {
            spans.push((ids.len(), text.len()));
            positions.extend((0u32..).take(text.len()));
            ids.extend_from_slice(&text.ids);
            segments.extend_from_slice(&text.segments);
        }
        let rows = ids.len();
        let of = |table: &Tensor, ids: Vec<u32>| table.index_select(&Tensor::from_vec(ids, rows, &Device::Cpu)?, 0);
        let words = self.words.forward(&Tensor::from_vec(ids, rows, &Device::Cpu)?)?;
        let places = (of(&self.positions, positions)? + of(&self.segments, segments)?)?;
        let mut states = self.norm.forward(&(words + places)?)?;
        for layer in &self.layers {
            states = layer.forward(&states, &spans)?;
        }
        Ok(States { states, spans })
    }
}

/// What an encoder makes of some texts: a row for each token.
#[derive(Debug)]
pub struct States {
    states: Tensor,
    /// Where each text begins, and how many tokens it has.
    spans: Vec<(usize, usize)>,
}

impl States {
    /// The row of each text's first token.
    ///
    /// # Errors
    /// Those of the matrix library.
    pub fn first(&self) -> Result<Tensor> {
        let places: Vec<u32> = self.spans.iter().map(|(at, _)| *at as u32).collect();
        self.states.index_select(&Tensor::new(places, &Device::Cpu)?, 0)
    }

    /// The mean of each text's rows.
    ///
    /// # Errors
    /// As [`States::first`].
    pub fn mean(&self) -> Result<Tensor> {
        let means = self.spans.iter().map(|(at, len)| self.states.narrow(0, *at, *len)?.mean(0));
        Tensor::stack(&means.collect::<Result<Vec<_>>>()?, 0)
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
