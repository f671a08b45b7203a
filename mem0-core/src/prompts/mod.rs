//! The prompts, one file each, and how their blanks are filled.

/// Counts the changes of the prompts' text. A new number says that the same
/// conversation may give other facts.
pub const VERSION: u32 = 1;

pub(crate) const RULES: &str = include_str!("rules.md");
pub(crate) const SINGLE_PASS: &str = include_str!("single_pass.md");
pub(crate) const ADDITIVE: &str = include_str!("additive.md");
pub(crate) const TWO_PHASE_USER: &str = include_str!("two_phase_user.md");
pub(crate) const TWO_PHASE_AGENT: &str = include_str!("two_phase_agent.md");
pub(crate) const TWO_PHASE_UPDATE: &str = include_str!("two_phase_update.md");
pub(crate) const TWO_PHASE_UPDATE_FRAME: &str = include_str!("two_phase_update_frame.md");
pub(crate) const OUTPUT_FRAME: &str = include_str!("output_frame.md");
pub(crate) const PROCEDURE: &str = include_str!("procedure.md");
pub(crate) const IMAGES: &str = include_str!("images.md");
pub(crate) const REPAIR: &str = include_str!("repair.md");

/// Fills the blanks of a prompt in one pass, so that a value that looks like a
/// blank stays as it is. A blank without a value is left empty, and lines that
/// are empty then do not pile up.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        text.push_str(before);
        let Some((name, next)) = after.split_once("}}") else {
            text.push_str("{{");
            rest = after;
            continue;
        };
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            text.push_str(value.trim_end());
        }
        rest = next;
    }
    text.push_str(rest);
    let mut tidy = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.trim().lines() {
        blank = if line.trim().is_empty() { blank + 1 } else { 0 };
        if blank < 2 {
            tidy.push_str(line.trim_end());
            tidy.push('\n');
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_once() {
        assert_eq!(fill("a {{x}} b {{y}}{{z}}", &[("x", "{{y}}"), ("y", "2")]), "a {{y}} b 2\n");
    }

    #[test]
    fn empty_blanks_leave_no_gap() {
        assert_eq!(fill("a\n\n{{x}}\n\nb\n", &[]), "a\n\nb\n");
        assert_eq!(fill("open {{ end", &[]), "open {{ end\n");
    }
}
