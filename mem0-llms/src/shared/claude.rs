//! What the name of a Claude model says, on whichever host it runs.

/// Generation and step of a Claude model: (4, 5) of `claude-sonnet-4-5` and of
/// `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, (3, 0) of `claude-3-opus`.
pub(crate) fn version(model: &str) -> Option<(u8, u8)> {
    let (_, rest) = model.split_once("claude")?;
    // Dates are numbers too, but too long for a version.
    let mut numbers = rest.split(['-', '.', '@', ':']).filter_map(|part| part.parse::<u8>().ok());
    Some((numbers.next()?, numbers.next().unwrap_or(0)))
}

/// The longest answer that is asked for where nobody says: what the first models
/// of generation 3 and those before can write, else `usual`.
#[cfg(feature = "anthropic")]
pub(crate) fn longest_answer(model: &str, usual: u32) -> u32 {
    if version(model).is_some_and(|version| version < (3, 5)) { usual.min(4_096) } else { usual }
}

/// From Opus 4.7 on, a request with temperature, `top_p` or `top_k` is refused.
/// What is no Claude by its name is taken to sample.
pub(crate) fn samples(model: &str) -> bool {
    version(model).is_none_or(|version| version < (4, 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_every_kind_of_name() {
        for (model, expected) in [
            ("claude-3-opus-20240229", Some((3, 0))),
            ("claude-3-5-sonnet-20241022", Some((3, 5))),
            ("claude-sonnet-4-20250514", Some((4, 0))),
            ("claude-opus-4-1", Some((4, 1))),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Some((4, 5))),
            ("anthropic.claude-3-haiku-20240307-v1:0", Some((3, 0))),
            ("claude-sonnet-4@20250514", Some((4, 0))),
            ("claude-sonnet-5", Some((5, 0))),
            ("anthropic/claude-2.1", Some((2, 1))),
            ("anthropic.claude-v2", None),
            ("gpt-5", None),
        ] {
            assert_eq!(version(model), expected, "{model}");
        }
    }

    #[test]
    fn newer_models_do_not_sample() {
        for model in ["claude-opus-4-7", "claude-opus-4-8", "claude-sonnet-5"] {
            assert!(!samples(model), "{model}");
        }
        for model in ["claude-opus-4-6", "claude-haiku-4-5", "claude-3-haiku", "my-own"] {
            assert!(samples(model), "{model}");
        }
    }
}
