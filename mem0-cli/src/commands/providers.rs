//! `providers`.

use mem0::{Family, LlmCapabilities, StructuredOutput};
use serde_json::{Map, Value, json};

use crate::exit::Failure;
use crate::output::{Out, Table};

pub(super) async fn providers(out: &mut Out) -> Result<(), Failure> {
    let registry = mem0::registry();
    let mut answer = Map::new();
    let mut table = Table::new(&["FAMILY", "PROVIDER", "IN THIS BUILD", "NEEDS", "WHAT"]);
    for family in Family::ALL {
        let mut list: Vec<Value> = Vec::new();
        for known in mem0::providers().iter().filter(|known| known.family == family) {
            let built_in = known.is_in(&registry);
            let can = match family {
                Family::Llm if built_in => mem0::llm_capabilities(&registry, known.name).await,
                _ => None,
            };
            let build = match (built_in, known.feature) {
                (true, _) => "yes".to_owned(),
                (false, Some(feature)) => format!("no: feature {feature}"),
                (false, None) => "no".to_owned(),
            };
            let can_do = can.map(|can| format!(" ({})", words(can))).unwrap_or_default();
            table.row(vec![
                family.to_string(),
                known.name.to_owned(),
                build,
                known.needs.join(" or "),
                format!("{}{can_do}", known.note),
            ]);
            list.push(json!({
                "name": known.name,
                "built_in": built_in,
                "feature": known.feature,
                "needs": known.needs,
                "note": known.note,
                "capabilities": can,
            }));
        }
        answer.insert(family.to_string(), list.into());
    }
    if out.json { out.json(&answer) } else { out.table(&table) }
}

/// What the default model of a provider can do.
fn words(can: LlmCapabilities) -> String {
    let shape = match can.structured_output {
        StructuredOutput::Schema => "forced into a schema",
        StructuredOutput::Tool => "shaped by a tool call",
        StructuredOutput::Json => "JSON",
        _ => "shaped by the prompt",
    };
    let sees = if can.vision { ", sees pictures" } else { "" };
    format!("answers {shape}{sees}")
}
