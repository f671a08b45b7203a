//! Which of the few languages with word lists a text is written in.
//!
//! A vote of closed-class words that are frequent and belong to one language
//! only. It decides whether "hier" is the French yesterday or the German here;
//! where it does not know, nothing language-specific is done.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::text::words::Word;

/// A language with rules of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
    /// French.
    French,
    /// Spanish.
    Spanish,
    /// Known to be another one.
    Other,
}

#[rustfmt::skip]
const ENGLISH: &[&str] = &[
    "the", "i", "i'm", "i've", "is", "and", "to", "of", "my", "was", "it", "it's", "that", "with", "you", "we",
    "have", "had", "are", "this", "went", "were", "from", "at", "did", "been", "for", "their", "they", "she",
    "his", "her", "our", "your", "will", "yesterday", "today", "tomorrow", "ago", "on", "by", "or", "not",
    "but", "be",
];
#[rustfmt::skip]
const GERMAN: &[&str] = &[
    "ich", "und", "der", "das", "nicht", "ist", "mit", "wir", "war", "habe", "hat", "ein", "eine", "einen",
    "einem", "einer", "mein", "meine", "meinen", "meiner", "auf", "für", "auch", "zu", "im", "dem", "bin",
    "sie", "haben", "gestern", "vorgestern", "heute", "übermorgen", "vor", "nach", "bei", "wird", "werde",
    "gehe", "letzte", "letzten", "nächste", "nächsten", "uns", "mir", "mich", "ihr", "sind", "waren", "wurde",
    "aber",
];
#[rustfmt::skip]
const FRENCH: &[&str] = &[
    "je", "j'ai", "nous", "et", "est", "le", "les", "une", "mon", "ma", "mes", "dans", "avec", "pour", "pas",
    "du", "suis", "c'est", "il", "elle", "sont", "était", "avons", "vous", "au", "aux", "mais", "avant",
    "demain", "aujourd'hui", "semaine", "dernier", "dernière", "prochain", "prochaine", "avait", "allé",
    "allée", "ai", "chez", "ans", "mois", "sur", "notre", "j'étais", "cette", "des", "ce",
];
#[rustfmt::skip]
const SPANISH: &[&str] = &[
    "el", "los", "las", "y", "yo", "mi", "mis", "con", "por", "para", "una", "fue", "fui", "está", "estoy",
    "es", "al", "del", "lo", "pero", "nosotros", "muy", "tengo", "ayer", "anteayer", "hoy", "mañana", "hace",
    "semana", "pasado", "pasada", "próximo", "próxima", "años", "año", "anoche", "cuando", "porque", "nuestro",
    "nuestra", "soy", "como", "más", "hemos", "ha", "he", "su", "vamos", "voy", "este",
];
/// Portuguese, Italian and Dutch share words with the lists above; their own
/// keep them apart.
#[rustfmt::skip]
const OTHER: &[&str] = &[
    "não", "uma", "meu", "minha", "você", "eu", "muito", "ontem", "hoje", "amanhã", "com", "são", "foi", "ao",
    "da", "dos", "che", "sono", "ho", "mio", "mia", "gli", "questo", "questa", "ieri", "oggi", "domani", "anni",
    "nel", "della", "di", "è", "ik", "het", "een", "niet", "mijn", "wij", "van", "gisteren", "vandaag", "jij",
    "naar", "heb", "ook", "zijn", "och", "jag", "att", "inte", "som", "jeg", "ikke", "og", "nie", "się",
    "jestem", "na", "że",
];

/// The lists in the order of the votes.
const LISTS: [(&[&str], Language); 5] = [
    (ENGLISH, Language::English),
    (GERMAN, Language::German),
    (FRENCH, Language::French),
    (SPANISH, Language::Spanish),
    (OTHER, Language::Other),
];

/// For each word the places in [`LISTS`] that it votes for.
static VOTES: LazyLock<HashMap<&str, Vec<usize>>> = LazyLock::new(|| {
    let mut votes: HashMap<_, Vec<usize>> = HashMap::new();
    for (place, (list, _)) in LISTS.iter().enumerate() {
        for word in *list {
            votes.entry(*word).or_default().push(place);
        }
    }
    votes
});

/// The language with the most votes; none where two are level or nobody votes.
pub fn guess(words: &[Word<'_>]) -> Option<Language> {
    let mut counts = LISTS.map(|(_, language)| (0_usize, language));
    for place in words.iter().filter_map(|word| VOTES.get(word.lower.as_str())).flatten() {
        if let Some((count, _)) = counts.get_mut(*place) {
            *count += 1;
        }
    }
    counts.sort_by_key(|(count, _)| Reverse(*count));
    match counts {
        [(first, language), (second, _), ..] if first > second => Some(language),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words::words;

    #[test]
    fn knows_the_languages_it_has_rules_for() {
        let table = [
            ("I moved to Berlin yesterday.", Some(Language::English)),
            ("Ich bin gestern nach Berlin gezogen.", Some(Language::German)),
            ("Ich bin hier.", Some(Language::German)),
            ("Je suis arrivé hier.", Some(Language::French)),
            ("Ayer fui al mercado.", Some(Language::Spanish)),
            ("Ontem fui ao mercado com uma amiga.", Some(Language::Other)),
            ("Ik ben gisteren naar huis gegaan.", Some(Language::Other)),
            ("我昨天去了北京。", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(guess(&words(text)), expected, "{text}");
        }
    }
}
