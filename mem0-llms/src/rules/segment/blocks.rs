//! Stretches of a message: prose, lists and fenced code.

use std::ops::Range;

use super::{Unit, UnitKind};

/// The blocks of a message; together they are the whole message.
pub(super) fn blocks(text: &str) -> Vec<Unit> {
    let mut blocks: Vec<Unit> = Vec::new();
    let mut fence: Option<&str> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        let trimmed = line.trim();
        if let Some(mark) = fence {
            extend(&mut blocks, range);
            if trimmed.starts_with(mark) {
                fence = None;
            }
            continue;
        }
        fence = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        // "```x```" on one line opens nothing.
        fence = fence.filter(|mark| trimmed.matches(mark).count() == 1);
        if fence.is_some() {
            blocks.push(Unit { range, kind: UnitKind::Code });
        } else if is_item(line) {
            add_item(text, &mut blocks, range);
        } else if last_kind(&blocks) == Some(UnitKind::Sentence)
            || (last_kind(&blocks) == Some(UnitKind::List) && continues_item(line))
        {
            extend(&mut blocks, range);
        } else {
            blocks.push(Unit { range, kind: UnitKind::Sentence });
        }
    }
    blocks
}

fn last_kind(blocks: &[Unit]) -> Option<UnitKind> {
    blocks.last().map(|block| block.kind)
}

fn extend(blocks: &mut [Unit], range: Range<usize>) {
    if let Some(last) = blocks.last_mut() {
        last.range.end = range.end;
    }
}

/// Adds a line of a list to the list before it, or begins one; a heading that
/// ends in a colon is taken out of the prose before it.
fn add_item(text: &str, blocks: &mut Vec<Unit>, item: Range<usize>) {
    let heading = match blocks.last_mut() {
        Some(list) if list.kind == UnitKind::List => {
            list.range.end = item.end;
            return;
        }
        Some(prose) if prose.kind == UnitKind::Sentence => {
            let before = text.get(prose.range.clone()).unwrap_or_default();
            let line = before.trim_end().rfind('\n').map_or(0, |at| at + 1);
            let heading = before.trim_end().ends_with([':', '：']).then_some(prose.range.start + line);
            if let Some(at) = heading {
                prose.range.end = at;
            }
            heading
        }
        _ => None,
    };
    blocks.push(Unit { range: heading.unwrap_or(item.start)..item.end, kind: UnitKind::List });
}

/// Whether a line starts with a bullet or a number and says something.
fn is_item(line: &str) -> bool {
    let line = line.trim();
    let rest = if let Some(rest) = line.strip_prefix(['-', '*', '•', '–', '‣', '◦', '+']) {
        rest
    } else {
        let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
        if digits.len() == line.len() || line.len() - digits.len() > 2 {
            return false;
        }
        match digits.strip_prefix(['.', ')']) {
            Some(rest) => rest,
            None => return false,
        }
    };
    rest.starts_with([' ', '\t']) && rest.chars().any(char::is_alphanumeric)
}

/// Whether a line is indented, as the second line of an item is.
fn continues_item(line: &str) -> bool {
    (line.starts_with("  ") || line.starts_with('\t')) && !line.trim().is_empty()
}
