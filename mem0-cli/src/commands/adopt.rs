//! `adopt`: taking over what another program remembers.

use std::path::Path;

use mem0::{AdoptOptions, Adopted, ForeignEvent, Slot};
use serde_json::Value;

use crate::cli::AdoptArgs;
use crate::exit::Failure;
use crate::output::{Out, count};
use crate::progress::Progress;
use crate::session::Session;

pub(super) async fn adopt(session: &Session, out: &mut Out, args: AdoptArgs) -> Result<(), Failure> {
    let from = mem0::foreign_collection(&vector_store(&args.from)?).await?;
    let history = args.history.as_deref().map(history).transpose()?.unwrap_or_default();
    let options = AdoptOptions::default().history(history).keep_vectors(args.keep_vectors).dry_run(args.dry_run);
    let mem0 = session.open().await?;
    let progress = Progress::new(out.quiet, None, "Adopting");
    let done = mem0.adopt(&*from, options).await?;
    drop(progress);
    if out.json {
        return out.json(&done);
    }
    out.line(summary(&done))?;
    for skipped in &done.skipped {
        out.line(format!("  {} left: {}", skipped.id, skipped.reason))?;
    }
    Ok(())
}

#[cfg(feature = "sqlite")]
fn history(file: &Path) -> Result<Vec<ForeignEvent>, Failure> {
    Ok(mem0::python_history(file)?)
}

#[cfg(not(feature = "sqlite"))]
fn history(_: &Path) -> Result<Vec<ForeignEvent>, Failure> {
    Err(Failure::usage("a history is a SQLite file: this build is without the feature sqlite"))
}

/// The vector store of a text, or of the file that it names.
fn vector_store(from: &str) -> Result<Slot, Failure> {
    let wrong = || Failure::usage("--from is a vector store: {\"provider\": …, \"config\": {…}}, or a file with one");
    let value: Value = if from.trim_start().starts_with('{') {
        serde_json::from_str(from).map_err(|_| wrong())?
    } else {
        let text = std::fs::read_to_string(from).map_err(|e| Failure::usage(format!("{from} cannot be read: {e}")))?;
        serde_json::from_str(&text).or_else(|_| toml::from_str(&text)).map_err(|_| wrong())?
    };
    let slot = value.get("vector_store").cloned().unwrap_or(value);
    serde_json::from_value(slot).map_err(|_| wrong())
}

fn summary(done: &Adopted) -> String {
    let memories = count(done.memories, "memory", "memories");
    let verb = if done.dry_run { "would be taken over" } else { "taken over" };
    let mut text = format!("{memories} with {} {verb}", count(done.events, "version", "versions"));
    let mut more = |number: u64, what: &str| {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    };
    more(done.already, "there already");
    more(done.embedded, "embedded anew");
    more(done.skipped.len() as u64, "left");
    more(done.history_left, "entries of the history of memories that are not there");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_store_is_read_from_a_text_and_from_files() {
        let slot = |from: &str| vector_store(from).map(|slot| slot.provider).ok();
        assert_eq!(slot(r#"{"provider": "redis"}"#).as_deref(), Some("redis"));
        assert_eq!(
            slot(r#"{"vector_store": {"provider": "redis", "config": {}}, "llm": 1}"#).as_deref(),
            Some("redis")
        );
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("a.json", r#"{"vector_store": {"provider": "redis", "config": {"redis_url": "x"}}}"#),
            ("a.toml", "[vector_store]\nprovider = \"redis\"\nconfig = { redis_url = \"x\" }"),
        ] {
            let file = folder.path().join(name);
            std::fs::write(&file, text).unwrap();
            assert_eq!(slot(file.to_str().unwrap()).as_deref(), Some("redis"), "{name}");
        }
        for wrong in ["{", "{}", r#"{"provider": "redis", "url": "x"}"#, "/nowhere/at.all"] {
            assert_eq!(slot(wrong), None, "{wrong}");
        }
    }
}
