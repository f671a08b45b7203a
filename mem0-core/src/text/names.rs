//! Names that mean the same, and what they weigh.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Bm25;
use super::mentions::{Mention, MentionKind, mentions, words_of};
use super::ordinary::{is_role, is_within};
use crate::types::memory::Content;

/// Who or what the memories of a scope name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Its name as it is mostly written.
    pub name: String,
    /// Shorter names that stand for it, in order.
    pub aliases: Vec<String>,
    /// What it is; of several kinds, the first.
    pub kind: MentionKind,
    /// How many live memories mention it (expired ones included).
    pub mentions: u64,
    /// Whether it is the speaker of any of them.
    pub is_speaker: bool,
}

/// A row of an index of names. A longer name has one for each of its words, so
/// that it is found by any of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameRow {
    /// A word of the name, or all of it.
    pub word: String,
    /// The longer name; empty where the word is all of it.
    pub longer: String,
    /// How it is mentioned.
    pub kind: MentionKind,
    /// How it is written, where that is not [`as_written`](Self::as_written).
    pub written: Option<String>,
}

impl NameRow {
    /// The rows of what a memory says. A function of the content alone, so that
    /// replaying a log gives the same.
    #[must_use]
    pub fn of(content: &Content) -> Vec<Self> {
        let mut found = mentions(&content.text, content.actor.as_deref());
        // Whom a model said it is about need not be named.
        let about = content.about.as_deref().filter(|about| !is_role(&about.trim().to_lowercase()));
        let named = content.entities.iter().map(String::as_str).chain(about);
        found.extend(named.filter_map(|name| Mention::new(name.trim(), MentionKind::Name)));
        let mut rows: BTreeMap<(String, String), Self> = BTreeMap::new();
        for mention in found {
            let Mention { key, name, kind } = &mention;
            let written = (*name != usual(key)).then(|| name.clone());
            for word in mention.words() {
                let longer = if word == key { String::new() } else { key.clone() };
                let row = Self { word: word.to_owned(), longer: longer.clone(), kind: *kind, written: written.clone() };
                rows.entry((word.to_owned(), longer)).or_insert(row);
            }
        }
        rows.into_values().collect()
    }

    /// Whether the rows of both are the same, as far as can be told without
    /// looking for them.
    #[must_use]
    pub fn stay(before: &Content, now: &Content) -> bool {
        (&before.text, &before.actor, &before.about, &before.entities)
            == (&now.text, &now.actor, &now.about, &now.entities)
    }

    /// The [`name_key`](crate::text::name_key) of the whole name.
    #[must_use]
    pub fn key(&self) -> &str {
        if self.longer.is_empty() { &self.word } else { &self.longer }
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_written(&self) -> String {
        self.written.clone().unwrap_or_else(|| usual(self.key()))
    }
}

/// How a name is mostly written: its words with capitals.
fn usual(key: &str) -> String {
    let mut written = String::with_capacity(key.len());
    for (index, word) in key.split(' ').enumerate() {
        if index > 0 {
            written.push(' ');
        }
        let mut chars = word.chars();
        match chars.next() {
            Some(first) if !is_within(word) => written.extend(first.to_uppercase().chain(chars)),
            _ => written.push_str(word),
        }
    }
    written
}

/// The names of some memories `K`, from the rows of an index.
///
/// A name of one word that is part of exactly one longer name stands for that
/// one: "Caroline" is "Caroline Smith" as long as there is no "Caroline Jones".
/// That is decided when it is read, so the order of additions is of no
/// consequence.
#[derive(Clone, Debug)]
pub struct Names<K> {
    /// Who mentions each name.
    own: BTreeMap<String, Vec<K>>,
    /// The longer names that have a word.
    longer: BTreeMap<String, BTreeSet<String>>,
    /// How a name is mentioned: the first kind, whether by its bearer, and how
    /// often it is written how.
    forms: BTreeMap<String, Forms<K>>,
}

#[derive(Clone, Debug)]
struct Forms<K> {
    kind: MentionKind,
    is_speaker: bool,
    written: BTreeMap<String, BTreeSet<K>>,
}

impl<K> Default for Names<K> {
    fn default() -> Self {
        Self { own: BTreeMap::new(), longer: BTreeMap::new(), forms: BTreeMap::new() }
    }
}

/// What memories weigh for the names that are asked for.
#[derive(Clone, Debug)]
pub struct Weighed<K> {
    /// The weight of each memory that mentions any.
    pub weights: BTreeMap<K, f32>,
    /// The weight of a memory that would mention all.
    pub ceiling: f32,
}

impl<K: Copy + Ord> Names<K> {
    /// Adds that a memory mentions a name, without how.
    pub fn mention(&mut self, word: &str, longer: &str, of: K) {
        let key = if longer.is_empty() { word } else { longer };
        // Mostly both are known, and then nothing is copied.
        if !longer.is_empty() && !self.longer.get(word).is_some_and(|names| names.contains(longer)) {
            self.longer.entry(word.to_owned()).or_default().insert(longer.to_owned());
        }
        match self.own.get_mut(key) {
            Some(own) => own.push(of),
            None => {
                self.own.insert(key.to_owned(), vec![of]);
            }
        }
    }

    /// Adds a row of a memory.
    pub fn add(&mut self, row: &NameRow, of: K) {
        self.mention(&row.word, &row.longer, of);
        let key = row.key().to_owned();
        let speaks = row.kind == MentionKind::Speaker;
        let kind = if speaks { MentionKind::Name } else { row.kind };
        let forms =
            self.forms.entry(key).or_insert_with(|| Forms { kind, is_speaker: false, written: BTreeMap::new() });
        forms.kind = forms.kind.min(kind);
        forms.is_speaker |= speaks;
        forms.written.entry(row.as_written()).or_default().insert(of);
    }

    /// The words whose rows decide on these names.
    #[must_use]
    pub fn words(asked: &[String]) -> BTreeSet<String> {
        let parts = asked.iter().flat_map(|key| words_of(key)).map(str::to_owned);
        asked.iter().cloned().chain(parts).collect()
    }

    /// The words beside them whose rows decide too, once those are known.
    #[must_use]
    pub fn more_words(&self, asked: &[String]) -> BTreeSet<String> {
        let known = Self::words(asked);
        let bearers = asked.iter().filter_map(|key| self.bearer(key));
        let words = bearers.flat_map(|key| words_of(key).into_iter().chain([key]));
        words.filter(|word| !known.contains(*word)).map(str::to_owned).collect()
    }

    /// The only longer name that a word is part of.
    fn bearer(&self, word: &str) -> Option<&str> {
        let longer = self.longer.get(word)?;
        longer.first().filter(|_| longer.len() == 1).map(String::as_str)
    }

    /// The shorter names that stand for this one.
    fn aliases<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let words: BTreeSet<&str> = words_of(key).into_iter().filter(|word| *word != key).collect();
        words.into_iter().filter(move |word| self.own.contains_key(*word) && self.bearer(word) == Some(key))
    }

    /// Everybody who mentions an entity by any of its names.
    fn members(&self, key: &str) -> Vec<K> {
        let names = std::iter::once(key).chain(self.aliases(key));
        names.filter_map(|name| self.own.get(name)).flatten().copied().collect()
    }

    fn count(&self, key: &str) -> u64 {
        each_once(self.members(key)).len() as u64
    }

    /// What memories weigh for the names that are asked for, where there are
    /// `texts` memories in all. An entity weighs
    /// [`idf`](Bm25::idf)`(texts, mentions)`: much if few mention it, next to
    /// nothing if all do. A word that several longer names share means all of
    /// them; names that mean the same count once.
    #[must_use]
    pub fn weigh(&self, asked: &[String], texts: u64) -> Weighed<K> {
        let mut entities: BTreeMap<&str, Vec<K>> = BTreeMap::new();
        for key in asked {
            let key = self.bearer(key).unwrap_or(key);
            let mut members = self.members(key);
            for longer in self.longer.get(key).into_iter().flatten() {
                members.extend(self.own.get(longer).into_iter().flatten());
            }
            if !members.is_empty() {
                entities.insert(key, each_once(members));
            }
        }
        let mut weighed = Weighed { weights: BTreeMap::new(), ceiling: 0.0 };
        for members in entities.into_values() {
            let weight = Bm25::default().idf(texts, members.len() as u64);
            weighed.ceiling += weight;
            for member in members {
                *weighed.weights.entry(member).or_insert(0.0) += weight;
            }
        }
        weighed
    }

    /// The entities, those first that most mention, then in the order of their
    /// keys.
    #[must_use]
    pub fn entities(&self, prefix: Option<&str>, limit: usize) -> Vec<Entity> {
        let mut found: Vec<(u64, &str)> = Vec::new();
        for key in self.own.keys() {
            if self.bearer(key).is_some() {
                continue;
            }
            let wanted = |name: &str| prefix.is_none_or(|prefix| name.starts_with(prefix));
            if wanted(key) || self.aliases(key).any(wanted) {
                found.push((self.count(key), key));
            }
        }
        found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        found.truncate(limit);
        found.into_iter().map(|(mentions, key)| self.entity(key, mentions)).collect()
    }

    fn entity(&self, key: &str, mentions: u64) -> Entity {
        let forms: Vec<&Forms<K>> =
            std::iter::once(key).chain(self.aliases(key)).filter_map(|name| self.forms.get(name)).collect();
        let aliases: BTreeSet<String> = self.aliases(key).map(|alias| self.written(alias)).collect();
        Entity {
            name: self.written(key),
            aliases: aliases.into_iter().collect(),
            kind: forms.iter().map(|forms| forms.kind).min().unwrap_or(MentionKind::Name),
            mentions,
            is_speaker: forms.iter().any(|forms| forms.is_speaker),
        }
    }

    /// As it is mostly written; of equals, the first.
    fn written(&self, key: &str) -> String {
        let forms = self.forms.get(key).into_iter().flat_map(|forms| &forms.written);
        let best = forms.max_by(|a, b| a.1.len().cmp(&b.1.len()).then(b.0.cmp(a.0)));
        best.map_or_else(|| usual(key), |(written, _)| written.clone())
    }
}

fn each_once<K: Ord>(mut members: Vec<K>) -> Vec<K> {
    members.sort_unstable();
    members.dedup();
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(texts: &[&str]) -> Names<usize> {
        let mut names = Names::default();
        for (n, text) in texts.iter().enumerate() {
            NameRow::of(&Content::new(*text)).iter().for_each(|row| names.add(row, n));
        }
        names
    }

    fn listed(texts: &[&str]) -> Vec<String> {
        let entities = names(texts).entities(None, 99);
        entities.iter().map(|one| format!("{} ({}) {}", one.name, one.aliases.join(", "), one.mentions)).collect()
    }

    #[test]
    fn a_short_name_stands_for_the_only_longer_one() {
        let texts = ["met Caroline Smith", "saw Caroline", "asked Mrs. Smith", "saw the iPhone of Bob", "an iPhone"];
        assert_eq!(listed(&texts), ["Caroline Smith (Caroline, Smith) 3", "Bob () 1"]);
        let two = ["met Caroline Smith", "saw Caroline", "met Caroline Jones", "saw Smith"];
        assert_eq!(listed(&two), ["Caroline Smith (Smith) 2", "Caroline () 1", "Caroline Jones () 1"]);
    }

    #[test]
    fn what_all_mention_weighs_little() {
        let names = names(&["met Caroline Smith", "saw Caroline in Oslo", "asked Caroline", "saw Smith"]);
        let weigh = |asked: &[&str]| names.weigh(&asked.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), 4);
        let (all, oslo) = (weigh(&["caroline"]), weigh(&["oslo"]));
        assert_eq!(all.weights.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert!(all.ceiling < 0.2 && oslo.ceiling > 1.0);
        // Names of one entity count once.
        assert_eq!(weigh(&["smith", "caroline", "caroline smith"]).ceiling, all.ceiling);
        assert!(weigh(&["nobody"]).weights.is_empty());
        assert_eq!(weigh(&["oslo", "caroline"]).weights[&1], oslo.ceiling + all.ceiling);
    }

    proptest! {
        #[test]
        fn the_order_of_additions_is_of_no_consequence(
            texts in proptest::collection::vec("(saw|met) (Ann|Bob|Ann Lee|Bob Lee|ANN|Kim of Oslo)( in Oslo)?", 0..8),
            turn in 0_usize..8,
        ) {
            let rows: Vec<(usize, Vec<NameRow>)> =
                texts.iter().map(|text| NameRow::of(&Content::new(text))).enumerate().collect();
            let mut turned = rows.clone();
            turned.rotate_left(turn.min(rows.len()));
            let build = |rows: &[(usize, Vec<NameRow>)]| {
                let mut names = Names::default();
                rows.iter().for_each(|(n, rows)| rows.iter().for_each(|row| names.add(row, *n)));
                names.entities(None, 99)
            };
            prop_assert_eq!(build(&rows), build(&turned));
        }
    }
}
