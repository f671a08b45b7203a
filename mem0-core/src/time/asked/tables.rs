//! The words of each language that put times in relation and ask for them.

use super::{Pick, Relation, Wants};
use crate::text::language::Language;

/// How the word in front of a time relates to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    To(Relation),
    /// Begins a stretch with two ends: "between", "from".
    Opens,
}

/// The lists of one language, lower case; phrases are words with one space.
#[derive(Debug)]
pub(super) struct Tables {
    /// In front of a time.
    pub(super) links: &'static [(&'static str, Link)],
    /// Between the two times of a stretch.
    pub(super) joins: &'static [&'static str],
    /// Articles and prepositions that may stand in front of a time.
    pub(super) fillers: &'static [&'static str],
    /// In front of a clause or noun that tells an event.
    pub(super) anchors: &'static [(&'static str, Relation)],
    /// Words that mean something else with the one behind them: "look after".
    pub(super) not_behind: &'static [(&'static str, &'static [&'static str])],
    /// An anchor of these words alone tells nothing.
    pub(super) empty: &'static [&'static str],
    /// The words that ask; the first in a clause ends an anchor in front of it.
    pub(super) question_words: &'static [&'static str],
    /// "When", which asks or joins.
    pub(super) when: &'static [&'static str],
    /// Behind it "when" asks.
    pub(super) auxiliaries: &'static [&'static str],
    /// In front of it "when" asks: "do you know when".
    pub(super) knowing: &'static [&'static str],
    pub(super) wants: &'static [(&'static str, Wants)],
    /// Makes a length of time a date: "how many weeks ago".
    pub(super) ago: &'static [&'static str],
    pub(super) picks: &'static [(&'static str, Pick)],
    /// Behind "first" and "last" these make a name of it.
    pub(super) no_pick: &'static [&'static str],
}

impl Tables {
    pub(super) const NONE: Self = Self {
        links: &[],
        joins: &[],
        fillers: &[],
        anchors: &[],
        not_behind: &[],
        empty: &[],
        question_words: &[],
        when: &[],
        auxiliaries: &[],
        knowing: &[],
        wants: &[],
        ago: &[],
        picks: &[],
        no_pick: &[],
    };

    pub(super) const fn of(language: Language) -> Option<&'static Self> {
        match language {
            Language::English => Some(&ENGLISH),
            Language::German => Some(&GERMAN),
            Language::French => Some(&FRENCH),
            Language::Spanish => Some(&SPANISH),
            Language::Other => None,
        }
    }

    /// The language that asks with this word.
    pub(super) fn by_question_word(word: &str) -> Option<Language> {
        [Language::English, Language::German, Language::French, Language::Spanish]
            .into_iter()
            .find(|language| Self::of(*language).is_some_and(|tables| tables.question_words.contains(&word)))
    }
}

const fn to(relation: Relation) -> Link {
    Link::To(relation)
}

const ENGLISH: Tables = Tables {
    links: &[
        ("since", to(Relation::Since)),
        ("starting", to(Relation::Since)),
        ("starting in", to(Relation::Since)),
        ("after", to(Relation::After)),
        ("before", to(Relation::Before)),
        ("prior to", to(Relation::Before)),
        ("earlier than", to(Relation::Before)),
        ("later than", to(Relation::After)),
        ("until", to(Relation::Until)),
        ("till", to(Relation::Until)),
        ("up to", to(Relation::Until)),
        ("by", to(Relation::Until)),
        ("between", Link::Opens),
        ("from", Link::Opens),
    ],
    joins: &["and", "to", "until", "till", "through", "or"],
    fillers: &["in", "on", "at", "during", "of", "the", "around", "about", "over", "for", "back"],
    anchors: &[
        ("before", Relation::Before),
        ("prior to", Relation::Before),
        ("after", Relation::After),
        ("following", Relation::After),
        ("since", Relation::Since),
        ("ever since", Relation::Since),
        ("until", Relation::Until),
        ("till", Relation::Until),
        ("by the time", Relation::Until),
        ("when", Relation::During),
        ("while", Relation::During),
        ("during", Relation::During),
    ],
    not_behind: &[
        (
            "after",
            &["look", "looks", "looked", "looking", "named", "take", "takes", "took", "taking", "asked", "go", "run"],
        ),
        ("following", &["is", "are", "was", "the", "been", "he's", "she's", "they're", "who", "people", "you"]),
        ("when", &["since"]),
    ],
    empty: &[
        "that", "this", "it", "then", "all", "long", "which", "what", "those", "these", "them", "the", "a", "too", "i",
        "ever", "last", "next", "and", "or", "more", "be", "me", "you",
    ],
    question_words: &[
        "what", "where", "who", "whom", "whose", "how", "which", "why", "did", "what's", "who's", "where's", "how's",
        "when",
    ],
    when: &["when", "when's"],
    auxiliaries: &[
        "did", "do", "does", "was", "were", "is", "are", "will", "would", "has", "have", "had", "can", "could",
        "should", "am", "exactly", "else", "in", "on", "'s",
    ],
    knowing: &["know", "remember", "tell", "me", "say", "sure", "recall", "and", "is", "was", "about", "remind"],
    wants: &[
        ("how long ago", Wants::Date),
        ("since when", Wants::Date),
        ("until when", Wants::Date),
        ("what year", Wants::Date),
        ("which year", Wants::Date),
        ("what month", Wants::Date),
        ("which month", Wants::Date),
        ("what day", Wants::Date),
        ("which day", Wants::Date),
        ("what date", Wants::Date),
        ("which date", Wants::Date),
        ("what time", Wants::Date),
        ("what season", Wants::Date),
        ("which season", Wants::Date),
        ("what week", Wants::Date),
        ("which week", Wants::Date),
        ("which weekend", Wants::Date),
        ("what was the date", Wants::Date),
        ("what is the date", Wants::Date),
        ("how long", Wants::Duration),
        ("how much time", Wants::Duration),
        ("how many minutes", Wants::Duration),
        ("how many hours", Wants::Duration),
        ("how many days", Wants::Duration),
        ("how many weeks", Wants::Duration),
        ("how many months", Wants::Duration),
        ("how many years", Wants::Duration),
        ("how often", Wants::Frequency),
        ("how frequently", Wants::Frequency),
        ("how many times", Wants::Frequency),
    ],
    ago: &["ago"],
    picks: &[
        ("now", Pick::Current),
        ("nowadays", Pick::Current),
        ("currently", Pick::Current),
        ("current", Pick::Current),
        ("presently", Pick::Current),
        ("at the moment", Pick::Current),
        ("at present", Pick::Current),
        ("these days", Pick::Current),
        ("latest", Pick::Current),
        ("newest", Pick::Current),
        ("most recent", Pick::Current),
        ("most recently", Pick::Current),
        ("still", Pick::Current),
        ("anymore", Pick::Current),
        ("as of today", Pick::Current),
        ("first", Pick::First),
        ("earliest", Pick::First),
        ("initially", Pick::First),
        ("originally", Pick::First),
        ("last", Pick::Last),
    ],
    no_pick: &[
        "name",
        "names",
        "aid",
        "class",
        "grade",
        "lady",
        "floor",
        "hand",
        "language",
        "responder",
        "person",
        "degree",
        "cousin",
        "minute",
        "straw",
        "resort",
        "of",
        "names'",
        "mover",
        "step",
        "then",
        "long",
        "longer",
    ],
};

const GERMAN: Tables = Tables {
    links: &[
        ("seit", to(Relation::Since)),
        ("ab", to(Relation::Since)),
        ("nach", to(Relation::After)),
        ("vor", to(Relation::Before)),
        ("bis", to(Relation::Until)),
        ("bis zum", to(Relation::Until)),
        ("zwischen", Link::Opens),
        ("von", Link::Opens),
        ("vom", Link::Opens),
    ],
    joins: &["und", "bis", "bis zum"],
    fillers: &["im", "in", "am", "an", "zu", "dem", "der", "den", "um", "über"],
    anchors: &[
        ("bevor", Relation::Before),
        ("ehe", Relation::Before),
        ("nachdem", Relation::After),
        ("seitdem", Relation::Since),
        ("seit", Relation::Since),
        ("bis", Relation::Until),
        ("als ich", Relation::During),
        ("als er", Relation::During),
        ("als sie", Relation::During),
        ("als wir", Relation::During),
        ("während", Relation::During),
    ],
    not_behind: &[("bevor", &["kurz"])],
    empty: &["das", "dem", "dann", "wann", "jetzt", "heute", "langem", "je"],
    question_words: &["was", "wo", "wer", "wen", "wem", "wie", "welche", "welcher", "welches", "warum", "wann"],
    when: &["wann"],
    auxiliaries: &[],
    knowing: &[],
    wants: &[
        ("seit wann", Wants::Date),
        ("wie lange ist es her", Wants::Date),
        ("welches jahr", Wants::Date),
        ("welchem jahr", Wants::Date),
        ("welchem monat", Wants::Date),
        ("welchem tag", Wants::Date),
        ("wie lange", Wants::Duration),
        ("wie lang", Wants::Duration),
        ("wie viele tage", Wants::Duration),
        ("wie viele wochen", Wants::Duration),
        ("wie viele monate", Wants::Duration),
        ("wie viele jahre", Wants::Duration),
        ("wie oft", Wants::Frequency),
        ("wie häufig", Wants::Frequency),
    ],
    ago: &["her"],
    picks: &[
        ("jetzt", Pick::Current),
        ("derzeit", Pick::Current),
        ("zurzeit", Pick::Current),
        ("momentan", Pick::Current),
        ("aktuell", Pick::Current),
        ("aktuelle", Pick::Current),
        ("noch", Pick::Current),
        ("neueste", Pick::Current),
        ("neuesten", Pick::Current),
        ("zuerst", Pick::First),
        ("erste", Pick::First),
        ("ersten", Pick::First),
        ("erster", Pick::First),
        ("zuletzt", Pick::Last),
        ("letzte", Pick::Last),
        ("letzten", Pick::Last),
    ],
    no_pick: &["hilfe", "klasse", "name"],
};

const FRENCH: Tables = Tables {
    links: &[
        ("depuis", to(Relation::Since)),
        ("après", to(Relation::After)),
        ("avant", to(Relation::Before)),
        ("jusqu'à", to(Relation::Until)),
        ("jusqu'en", to(Relation::Until)),
        ("entre", Link::Opens),
        ("de", Link::Opens),
        ("du", Link::Opens),
    ],
    joins: &["et", "à", "au"],
    fillers: &["en", "le", "la", "au", "à", "pendant", "l'"],
    anchors: &[
        ("avant de", Relation::Before),
        ("avant que", Relation::Before),
        ("avant son", Relation::Before),
        ("après que", Relation::After),
        ("après avoir", Relation::After),
        ("depuis que", Relation::Since),
        ("depuis qu'elle", Relation::Since),
        ("depuis qu'il", Relation::Since),
        ("pendant que", Relation::During),
        ("lorsque", Relation::During),
    ],
    not_behind: &[],
    empty: &["ça", "cela", "tout"],
    question_words: &["que", "qu'est", "où", "qui", "comment", "pourquoi", "quel", "quelle", "quand", "combien"],
    when: &["quand"],
    auxiliaries: &[],
    knowing: &[],
    wants: &[
        ("depuis quand", Wants::Date),
        ("quelle année", Wants::Date),
        ("quel mois", Wants::Date),
        ("quel jour", Wants::Date),
        ("quelle date", Wants::Date),
        ("combien de temps", Wants::Duration),
        ("combien de jours", Wants::Duration),
        ("combien de mois", Wants::Duration),
        ("combien d'années", Wants::Duration),
        ("combien de fois", Wants::Frequency),
    ],
    ago: &[],
    picks: &[
        ("maintenant", Pick::Current),
        ("actuellement", Pick::Current),
        ("actuel", Pick::Current),
        ("actuelle", Pick::Current),
        ("toujours", Pick::Current),
        ("encore", Pick::Current),
        ("premier", Pick::First),
        ("première", Pick::First),
        ("dernier", Pick::Last),
        ("dernière", Pick::Last),
    ],
    no_pick: &["ministre"],
};

const SPANISH: Tables = Tables {
    links: &[
        ("desde", to(Relation::Since)),
        ("después de", to(Relation::After)),
        ("antes de", to(Relation::Before)),
        ("hasta", to(Relation::Until)),
        ("entre", Link::Opens),
        ("de", Link::Opens),
    ],
    joins: &["y", "a", "hasta"],
    fillers: &["en", "el", "la", "los", "las", "del", "por", "durante"],
    anchors: &[
        ("antes de que", Relation::Before),
        ("antes de", Relation::Before),
        ("después de que", Relation::After),
        ("después de", Relation::After),
        ("desde que", Relation::Since),
        ("hasta que", Relation::Until),
        ("mientras", Relation::During),
        ("durante", Relation::During),
    ],
    not_behind: &[],
    empty: &["eso", "esto", "todo", "entonces"],
    question_words: &["qué", "dónde", "quién", "cómo", "cuál", "cuándo", "cuánto", "cuánta", "cuántos", "cuántas"],
    when: &["cuándo"],
    auxiliaries: &[],
    knowing: &[],
    wants: &[
        ("desde cuándo", Wants::Date),
        ("qué año", Wants::Date),
        ("qué mes", Wants::Date),
        ("qué día", Wants::Date),
        ("qué fecha", Wants::Date),
        ("cuánto tiempo", Wants::Duration),
        ("cuántos días", Wants::Duration),
        ("cuántas semanas", Wants::Duration),
        ("cuántos meses", Wants::Duration),
        ("cuántos años", Wants::Duration),
        ("cuántas veces", Wants::Frequency),
        ("con qué frecuencia", Wants::Frequency),
    ],
    ago: &[],
    picks: &[
        ("ahora", Pick::Current),
        ("actualmente", Pick::Current),
        ("actual", Pick::Current),
        ("todavía", Pick::Current),
        ("aún", Pick::Current),
        ("primera", Pick::First),
        ("primero", Pick::First),
        ("primer", Pick::First),
        ("última", Pick::Last),
        ("último", Pick::Last),
    ],
    no_pick: &["ministro"],
};
