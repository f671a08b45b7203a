//! The times that a text speaks of.

use crate::text::language::{Language, guess};
use crate::text::words::words;
use crate::time::expressions::open::{Extent, Sort, open};
use crate::time::expressions::sure;
use crate::time::range::TimeRange;
use crate::types::time::Timestamp;

/// The times of which `text`, said at `at`, speaks, in the order of the text.
///
/// What [`resolve`](super::resolve) is sure of counts as it is; of the rest also
/// what is only about right ("a few weeks ago"), since this is for ranking and
/// never kept. Days that come every year ("in May", "at Christmas") are left
/// out where the sentence does not say which.
///
/// ```
/// use mem0_core::{Timestamp, time::said};
///
/// let at: Timestamp = "2023-05-08T13:56:00Z".parse()?;
/// let told = said("I went to a support group yesterday.", at);
/// assert_eq!(told[0].from, Some("2023-05-07".parse()?));
/// assert_eq!(told[0].to, Some("2023-05-08".parse()?));
/// # Ok::<(), mem0_core::Error>(())
/// ```
#[must_use]
pub fn said(text: &str, at: Timestamp) -> Vec<TimeRange> {
    let words = words(text);
    let language = guess(&words).unwrap_or(Language::English);
    let sure = sure(text, &words, language, at);
    let mut found: Vec<(usize, TimeRange)> = sure
        .iter()
        .map(|expression| {
            let whole = TimeRange::from(expression.interval);
            // "Until Friday" began when it was said.
            let until = TimeRange::between(at, expression.interval.end).filter(|_| expression.is_end);
            (expression.range.start, until.unwrap_or(whole))
        })
        .collect();
    for more in open(text, &words, language, at) {
        let known = sure.iter().any(|one| one.range.start < more.range.end && more.range.start < one.range.end);
        if let Extent::Once(range) = more.extent
            && !known
            && !matches!(more.sort, Sort::BareYear | Sort::Weekday)
        {
            found.push((more.range.start, range));
        }
    }
    found.sort_by_key(|(start, _)| *start);
    found.into_iter().map(|(_, range)| range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A Thursday.
    const AT: &str = "2023-05-25T13:14:00Z";

    #[test]
    fn what_a_text_speaks_of() {
        let at: Timestamp = AT.parse().unwrap();
        for (text, expected) in [
            ("I rested yesterday.", "2023-05-24..2023-05-25"),
            ("I ran a race last Friday.", "2023-05-19..2023-05-20"),
            ("We will move next month.", "2023-06-01..2023-07-01"),
            ("I lived there in 2019.", "2019-01-01..2020-01-01"),
            ("I'm here until tomorrow.", "2023-05-25..2023-05-27"),
            ("We met a few weeks ago.", "2023-04-18..2023-05-07"),
            ("I ran last Saturday (2022-01-08).", "2022-01-08..2022-01-09"),
            ("Last Christmas we were in Rome.", "2022-12-24..2022-12-27"),
            ("It was at Christmas.", ""),
            ("The 1990 model.", ""),
            ("I like tea.", ""),
            ("Gestern war ich in Rom.", "2023-05-24..2023-05-25"),
            ("Il y a deux jours, j'ai couru.", "2023-05-23..2023-05-24"),
        ] {
            let found: Vec<String> = said(text, at).iter().map(super::super::asked::shown).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>(), micros in any::<i64>()) {
            for range in said(&text, Timestamp::from_micros_clamped(micros)) {
                prop_assert!(range.from < range.to);
            }
        }
    }
}
