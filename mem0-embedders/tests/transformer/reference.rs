//! The same encoder in plain loops and doubles, one text at a time, by the
//! paper: Devlin and others, "BERT", and Vaswani and others, "Attention Is All
//! You Need".

use crate::tiny::{EPS, HEADS, HIDDEN, LAYERS, Weights};

type Rows = Vec<Vec<f64>>;

/// The states of the last layer, of one text.
pub(crate) fn states(weights: &Weights, ids: &[usize], first_position: usize) -> Rows {
    states_of(weights, ids, &vec![0; ids.len()], first_position)
}

/// The same where each token says of which text it is.
pub(crate) fn states_of(weights: &Weights, ids: &[usize], segments: &[usize], first_position: usize) -> Rows {
    let model = Model(weights);
    let mut states = Rows::new();
    for (place, (id, segment)) in ids.iter().zip(segments).enumerate() {
        let word = model.row("embeddings.word_embeddings.weight", *id);
        let position = model.row("embeddings.position_embeddings.weight", first_position + place);
        let segment = model.row("embeddings.token_type_embeddings.weight", *segment);
        let sum: Vec<f64> = (0..HIDDEN).map(|i| word[i] + position[i] + segment[i]).collect();
        states.push(model.norm("embeddings.LayerNorm", &sum));
    }
    for n in 0..LAYERS {
        let layer = format!("encoder.layer.{n}");
        let linear = |name: &str, rows: &Rows| -> Rows {
            rows.iter().map(|row| model.linear(&format!("{layer}.{name}"), row)).collect()
        };
        let add_and_norm = |name: &str, a: &Rows, b: &Rows| -> Rows {
            let sum = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<f64>>();
            a.iter().zip(b).map(|rows| model.norm(&format!("{layer}.{name}.LayerNorm"), &sum(rows))).collect()
        };
        let [queries, keys, values] =
            ["query", "key", "value"].map(|name| linear(&format!("attention.self.{name}"), &states));
        let attended = attend(&queries, &keys, &values);
        states = add_and_norm("attention.output", &linear("attention.output.dense", &attended), &states);
        let mut inner = linear("intermediate.dense", &states);
        inner.iter_mut().flatten().for_each(|x| *x = gelu(*x));
        states = add_and_norm("output", &linear("output.dense", &inner), &states);
    }
    states
}

pub(crate) fn mean(states: &Rows) -> Vec<f64> {
    unit((0..HIDDEN).map(|i| states.iter().map(|row| row[i]).sum()).collect())
}

pub(crate) fn first(states: &Rows) -> Vec<f64> {
    unit(states[0].clone())
}

fn unit(vector: Vec<f64>) -> Vec<f64> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    vector.into_iter().map(|x| x / length).collect()
}

fn attend(queries: &Rows, keys: &Rows, values: &Rows) -> Rows {
    let size = HIDDEN / HEADS;
    let mut out = vec![vec![0.0; HIDDEN]; queries.len()];
    for head in 0..HEADS {
        let part = head * size..(head + 1) * size;
        for (to, query) in queries.iter().enumerate() {
            let score = |key: &Vec<f64>| part.clone().map(|i| query[i] * key[i]).sum::<f64>() / (size as f64).sqrt();
            let scores: Vec<f64> = keys.iter().map(|key| score(key).exp()).collect();
            let total: f64 = scores.iter().sum();
            for (score, value) in scores.iter().zip(values) {
                part.clone().for_each(|i| out[to][i] += score / total * value[i]);
            }
        }
    }
    out
}

/// x Φ(x), with the area under the bell curve by Simpson's rule.
fn gelu(x: f64) -> f64 {
    const STEPS: usize = 400;
    let bell = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let step = x / STEPS as f64;
    let inside: f64 = (1..STEPS).map(|n| bell(n as f64 * step) * if n % 2 == 1 { 4.0 } else { 2.0 }).sum();
    x * (0.5 + step / 3.0 * (bell(0.0) + inside + bell(x)))
}

struct Model<'a>(&'a Weights);

impl Model<'_> {
    fn row(&self, name: &str, row: usize) -> Vec<f64> {
        let (shape, values) = &self.0[name];
        let width = *shape.last().unwrap();
        values[row * width..(row + 1) * width].iter().map(|x| f64::from(*x)).collect()
    }

    fn linear(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let weight = format!("{name}.weight");
        let bias = self.row(&format!("{name}.bias"), 0);
        let dot = |row: Vec<f64>| row.iter().zip(x).map(|(a, b)| a * b).sum::<f64>();
        bias.iter().enumerate().map(|(row, bias)| bias + dot(self.row(&weight, row))).collect()
    }

    fn norm(&self, name: &str, x: &[f64]) -> Vec<f64> {
        let (weight, bias) = (self.row(&format!("{name}.weight"), 0), self.row(&format!("{name}.bias"), 0));
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
        (0..x.len()).map(|i| (x[i] - mean) / (variance + EPS).sqrt() * weight[i] + bias[i]).collect()
    }
}
