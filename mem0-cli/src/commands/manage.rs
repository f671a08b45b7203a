//! `stats`, `config`, `completions`.

use std::io::Write;

use clap::CommandFactory;
use serde_json::{Value, json};

use crate::cli::{Cli, CompletionsArgs};
use crate::exit::Failure;
use crate::output::Out;
use crate::session::Session;

pub(super) async fn stats(session: &Session, out: &mut Out) -> Result<(), Failure> {
    let scope = session.given_scope()?;
    let folder = session.config()?.data_dir;
    let mem0 = session.open().await?;
    let stats = mem0.stats(scope.as_ref()).await?;
    if out.json {
        return out.json(&stats);
    }
    let ledger = &stats.ledger;
    let points = stats.points.map_or("unknown: the vector store does not answer".to_owned(), |n| n.to_string());
    let mut fields = Vec::new();
    if let Some(scope) = &scope {
        fields.push(("of", scope.to_string()));
    }
    fields.extend([
        ("memories", ledger.memories.to_string()),
        ("superseded", ledger.superseded.to_string()),
        ("deleted", ledger.deleted.to_string()),
        ("events", ledger.events.to_string()),
        ("messages", ledger.messages.to_string()),
        ("scopes", ledger.scopes.to_string()),
        ("points", points),
        ("pending", ledger.pending.to_string()),
    ]);
    fields.extend(ledger.bytes.map(|bytes| ("bytes on disk", bytes.to_string())));
    fields.extend([
        ("ledger", stats.ledger_provider.to_owned()),
        ("vector store", stats.vector_store.to_owned()),
        ("embedder", stats.embedder.to_string()),
    ]);
    fields.extend(folder.map(|folder| ("folder", folder.display().to_string())));
    out.fields(&fields)
}

pub(super) fn config(session: &Session, out: &mut Out) -> Result<(), Failure> {
    let mut config = serde_json::to_value(session.config()?)
        .map_err(|e| mem0::Error::internal("the configuration could not be written").with_source(e))?;
    hide_secrets(&mut config);
    shorten(&mut config);
    if out.json {
        return out.json(&config);
    }
    drop_nulls(&mut config);
    let text = toml::to_string(&config)
        .map_err(|e| mem0::Error::internal("the configuration could not be written").with_source(e))?;
    out.line(text.trim_end())
}

/// Keys whose values are nobody's business.
const SECRET: [&str; 6] = ["key", "secret", "token", "password", "passwd", "credential"];

/// A reference such as `$NAME` or `env:NAME` is not the secret itself.
fn hide_secrets(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.to_lowercase();
                match value {
                    Value::String(text) if SECRET.iter().any(|name| key.contains(name)) => {
                        if !text.starts_with('$') && !text.starts_with("env:") {
                            *text = "<hidden>".to_owned();
                        }
                    }
                    value => hide_secrets(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(hide_secrets),
        _ => {}
    }
}

/// 0.7 as it was written, not as the nearest single-precision number.
fn shorten(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(shorten),
        Value::Array(list) => list.iter_mut().for_each(shorten),
        Value::Number(number) if number.is_f64() => {
            let long = number.as_f64().unwrap_or_default();
            let single = long as f32;
            if f64::from(single) == long
                && let Ok(short) = single.to_string().parse::<f64>()
            {
                *value = json!(short);
            }
        }
        _ => {}
    }
}

/// TOML has no null; a missing key means the same.
fn drop_nulls(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, value| !value.is_null());
        map.values_mut().for_each(drop_nulls);
    }
}

pub(super) fn completions(out: &mut Out, args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "mem0", &mut script);
    Ok(out.raw().write_all(&script)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_they_were_written() {
        let mut config = json!({"a": f64::from(0.7_f32), "b": [0.1, 3], "c": 2.5});
        shorten(&mut config);
        assert_eq!(config, json!({"a": 0.7, "b": [0.1, 3], "c": 2.5}));
    }

    #[test]
    fn secrets_stay_hidden() {
        let mut config = json!({
            "embedder": {"provider": "x", "config": {"api_key": "sk-1", "Password": "p", "host": "h"}},
            "list": [{"auth_token": "t"}, {"api_key": "$OPENAI_API_KEY"}, {"max_tokens": 5}],
        });
        hide_secrets(&mut config);
        let text = config.to_string();
        assert!(!text.contains("sk-1") && !text.contains("\"p\"") && !text.contains("\"t\""), "{text}");
        assert!(text.contains("$OPENAI_API_KEY") && text.contains("\"h\"") && text.contains('5'), "{text}");
    }
}
