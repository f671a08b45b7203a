//! What models put around an answer: reasoning tags and fences.

/// The names of the tags that models reason between.
const REASONING: [&str; 4] = ["think", "thinking", "reasoning", "thought"];

/// A reasoning tag. All names close each other: models mix them up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Open,
    Close,
}

/// The reasoning tag that begins at `at`, and where it ends.
pub(super) fn tag_at(text: &str, at: usize) -> Option<(Tag, usize)> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'<') {
        return None;
    }
    let (tag, start) = match bytes.get(at + 1) {
        Some(b'/') => (Tag::Close, at + 2),
        _ => (Tag::Open, at + 1),
    };
    REASONING.iter().find_map(|name| {
        let end = start + name.len();
        let named = bytes.get(start..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()));
        (named && bytes.get(end) == Some(&b'>')).then_some((tag, end + 1))
    })
}

/// The first tag at or after `from`: which, where it begins and where it ends.
pub(super) fn next_tag(text: &str, from: usize) -> Option<(Tag, usize, usize)> {
    text.get(from..)?
        .match_indices('<')
        .find_map(|(at, _)| tag_at(text, from + at).map(|(tag, end)| (tag, from + at, end)))
}

/// Where the reasoning that was opened before `from` ends; `None` if it does
/// not.
pub(super) fn reasoning_end(text: &str, mut from: usize) -> Option<usize> {
    loop {
        match next_tag(text, from)? {
            (Tag::Close, _, end) => return Some(end),
            (Tag::Open, _, end) => from = end,
        }
    }
}

/// Where the fence that begins at `at` ends: three or more of one mark.
pub(super) fn fence_at(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes().get(at..)?;
    let mark = *bytes.first()?;
    let marks = bytes.iter().take_while(|byte| **byte == mark).count();
    (matches!(mark, b'`' | b'~') && marks >= 3).then_some(at + marks)
}
