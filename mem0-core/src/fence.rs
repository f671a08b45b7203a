//! Marks around recalled memories, so that what an agent was reminded of is not
//! remembered again as if somebody had said it.

/// Opens a recalled block.
pub(crate) const OPEN: &str = "<recalled_memories>";
/// Closes it.
pub(crate) const CLOSE: &str = "</recalled_memories>";

/// Memories as a block for a prompt or a message, one line each, between marks
/// that extraction knows: when the message comes back through `add`, the block
/// is left out and reported as [`DropReason::Recalled`].
///
/// ```
/// let block = mem0_core::fence(["Ana lives in Lisbon.", "Ana likes tea."]);
/// assert_eq!(
///     block,
///     "<recalled_memories>\n- Ana lives in Lisbon.\n- Ana likes tea.\n</recalled_memories>"
/// );
/// ```
///
/// [`DropReason::Recalled`]: crate::DropReason::Recalled
#[must_use]
pub fn fence<I: IntoIterator<Item: AsRef<str>>>(memories: I) -> String {
    let mut block = String::from(OPEN);
    for memory in memories {
        block.push_str("\n- ");
        block.push_str(&inline(memory.as_ref()));
    }
    block.push('\n');
    block.push_str(CLOSE);
    block
}

/// A text that can neither leave its line nor end the block.
pub(crate) fn inline(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").replace("recalled_memories>", "recalled memories>")
}

/// A text without its recalled blocks, and those blocks. One that is not
/// closed reaches to the end.
pub(crate) fn unfence(text: &str) -> (String, Vec<String>) {
    let mut said = String::new();
    let mut recalled = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        said.push_str(before);
        let (block, next) = after.split_once(CLOSE).unwrap_or((after, ""));
        recalled.push(block.trim().to_owned());
        rest = next;
    }
    said.push_str(rest);
    (said, recalled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_fenced_is_taken_out_whole(
            memories in proptest::collection::vec("(\\PC|\n|</?recalled_memories>){0,20}", 0..4),
            before in "[a-z \n]{0,9}",
            after in "[a-z \n]{0,9}",
        ) {
            let (said, recalled) = unfence(&format!("{before}{}{after}", fence(&memories)));
            prop_assert_eq!(said, format!("{before}{after}"));
            prop_assert_eq!(recalled.len(), 1);
        }

        #[test]
        fn other_text_stays(text in "\\PC{0,40}") {
            prop_assume!(!text.contains(OPEN));
            prop_assert_eq!(unfence(&text), (text, vec![]));
        }
    }

    #[test]
    fn an_open_block_reaches_to_the_end() {
        let (said, recalled) = unfence("Hi! <recalled_memories>\n- Likes tea");
        assert_eq!((said.as_str(), recalled.as_slice()), ("Hi! ", ["- Likes tea".to_owned()].as_slice()));
    }
}
