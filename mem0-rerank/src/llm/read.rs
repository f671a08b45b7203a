//! What a model's answer says of which document.

use std::collections::BTreeMap;

use serde_json::Value;

/// The scores by the places of the documents. Numbers that were not shown are
/// left out; of a number that comes twice the first score counts.
///
/// `{"scores": [{"number": 1, "score": 0.9}]}` was asked for. Models also answer
/// with the list alone, with `[1, 0.9]` for an entry, with `{"1": 0.9}`, with as
/// many bare scores as there are documents, with other names and with numbers in
/// quotes.
///
/// # Errors
/// What is wrong, in words for the model: no score at all, or one that is not
/// from 0 to 1, since nobody knows then what the others mean.
pub(super) fn scores(answer: &Value, documents: usize) -> Result<BTreeMap<usize, f32>, String> {
    let mut said = BTreeMap::new();
    for (number, score) in entries(answer, documents) {
        if !(0.0..=1.0).contains(&score) {
            return Err("a score is not between 0 and 1".to_owned());
        }
        let place = number.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        if let Some(place) = place.filter(|place| *place < documents) {
            said.entry(place).or_insert(score as f32);
        }
    }
    if said.is_empty() {
        return Err("it has no score for any of the numbers".to_owned());
    }
    Ok(said)
}

fn entries(answer: &Value, documents: usize) -> Vec<(u64, f64)> {
    match answer {
        Value::Array(items) => {
            let listed: Vec<(u64, f64)> = items.iter().filter_map(entry).collect();
            let bare: Vec<f64> = items.iter().filter_map(number).collect();
            // Bare scores are those of all documents in order, or nobody's.
            if listed.is_empty() && bare.len() == documents && items.len() == documents {
                (1..).zip(bare).collect()
            } else {
                listed
            }
        }
        Value::Object(fields) => {
            if let Some(entry) = entry(answer) {
                return vec![entry];
            }
            let nested =
                ["scores", "results", "ranking", "notes", "documents"].into_iter().find_map(|key| fields.get(key));
            match nested.or_else(|| fields.values().find(|value| value.is_array())) {
                Some(nested) => entries(nested, documents),
                None => {
                    fields.iter().filter_map(|(key, score)| Some((key.trim().parse().ok()?, number(score)?))).collect()
                }
            }
        }
        _ => Vec::new(),
    }
}

fn entry(item: &Value) -> Option<(u64, f64)> {
    let field = |names: &[&str]| names.iter().find_map(|name| item.get(name)).and_then(number);
    let (which, score) = match item {
        Value::Object(_) => (
            field(&["number", "n", "id", "index", "note", "document"])?,
            field(&["score", "relevance", "relevance_score"])?,
        ),
        Value::Array(pair) => match pair.as_slice() {
            [which, score] => (number(which)?, number(score)?),
            _ => return None,
        },
        _ => return None,
    };
    // What is no whole number is no note's.
    (which >= 0.0 && which.fract() == 0.0 && which <= f64::from(u32::MAX)).then_some((which as u64, score))
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}
