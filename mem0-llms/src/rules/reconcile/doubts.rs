//! The words that make the frames sure or unsure.

/// Words that make a frame unsure wherever they stand in the sentence.
#[rustfmt::skip]
pub(super) const DOUBTS: &[&str] = &[
    "if", "would", "could", "might", "may", "maybe", "perhaps", "probably", "possibly", "will", "shall",
    "should", "going", "gonna", "hope", "hoping", "wish", "want", "wanted", "plan", "planning", "planned",
    "dream", "dreaming", "imagine", "pretend", "pretending", "suppose", "considering", "thinking", "almost",
    "nearly", "used", "was", "were", "had", "once", "formerly", "previously", "before", "until", "till", "ago",
    "also", "too", "additionally", "another", "other", "second", "third", "either", "or", "both", "sometimes",
    "temporarily", "temporary", "partly", "part", "freelance", "side", "not", "never", "said", "says", "told",
    "called", "joke", "joking", "kidding", "when", "unless", "whether", "during", "visiting", "visit",
    "vacation", "holiday", "holidays", "between", "half", "summers", "winters", "weekends", "old", "volunteer",
    "pronounced",
];

/// Nouns of which each story has another favourite.
#[rustfmt::skip]
pub(super) const VAGUE_FAVOURITES: &[&str] = &[
    "thing", "part", "memory", "moment", "one", "way", "time", "bit", "aspect", "piece", "shot", "picture",
    "pic", "character", "scene", "episode", "chapter", "photo", "line", "quote",
];

/// Names behind "moved to" that are no places.
#[rustfmt::skip]
pub(super) const NO_PLACES: &[&str] = &[
    "linux", "windows", "mac", "macos", "ubuntu", "android", "ios", "iphone", "chrome", "firefox", "gmail",
    "github", "gitlab", "python", "rust", "java", "typescript", "vim", "emacs", "sales", "marketing",
    "engineering", "finance", "hr", "legal", "support", "operations", "research", "management", "team", "plan",
    "level", "stage", "phase", "version", "part", "step", "monday", "tuesday", "wednesday", "thursday",
    "friday", "saturday", "sunday", "january", "february", "march", "april", "june", "july", "august",
    "september", "october", "november", "december",
];

/// What a person can be, of these one at a time.
pub(super) const STATUS: &[&str] = &["single", "engaged", "married", "divorced", "widowed", "separated"];

/// Words that the frames skip at the start: "Please remember that …".
pub(super) const OPENINGS: &[&str] = &["please", "remember", "note", "that", "fyi", "update", "correction"];

/// Words that the frames skip wherever they stand.
pub(super) const NOW: &[&str] =
    &["now", "currently", "recently", "finally", "just", "really", "actually", "officially"];
