//! WordNet's definitions and example sentences as plain lines.
//!
//! A synset's line ends in `| definition; "example"; "example" - source`. The
//! corpus gets the definitions and the examples. The first occurrence of a
//! line stays, repetitions go.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Shorter examples say nothing.
const MIN_EXAMPLE_CHARS: usize = 9;

pub(crate) fn run(dict: &Path, out: &Path) -> Result<()> {
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for part in ["noun", "verb", "adj", "adv"] {
        let path = dict.join(format!("data.{part}"));
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        // The licence at the head of each file is indented.
        for line in String::from_utf8_lossy(&bytes).lines().filter(|l| !l.starts_with("  ")) {
            let sentences = synset(line).with_context(|| format!("in data.{part}: {line}"))?;
            lines.extend(sentences.filter(|s| seen.insert(s.clone())));
        }
    }
    let mut file = fs::File::create(out)?;
    file.write_all(lines.join("\n").as_bytes())?;
    file.write_all(b"\n")?;
    println!("{} lines", lines.len());
    Ok(())
}

/// The sentences of one line of a data file.
fn synset(line: &str) -> Option<impl Iterator<Item = String>> {
    let (_, gloss) = line.split_once("| ")?;
    let (definition, examples) = split_gloss(gloss);
    let definition = Some(definition).filter(|text| !text.is_empty());
    let examples = examples.into_iter().filter(|text| text.chars().count() >= MIN_EXAMPLE_CHARS);
    Some(definition.into_iter().chain(examples).map(str::to_owned))
}

/// The definition, and the examples: what stands in quotes after it.
fn split_gloss(gloss: &str) -> (&str, Vec<&str>) {
    let gloss = gloss.trim();
    let quote = gloss.find('"').unwrap_or(gloss.len());
    // A quoted word inside the definition is not an example: those follow a
    // semicolon, or begin the gloss.
    let (definition, rest) = match gloss[..quote].trim_end().strip_suffix(';') {
        Some(definition) => (definition.trim(), &gloss[quote..]),
        None if quote == 0 => ("", gloss),
        None => return (gloss.trim_end_matches(';').trim(), Vec::new()),
    };
    (definition, rest.split('"').skip(1).step_by(2).map(str::trim).collect())
}
