use proptest::prelude::*;

use super::*;
use crate::text::{QueryTerm, query_terms, terms};

/// Whether a text has this word of a question.
fn has(text: &str, asked: &str) -> bool {
    let held: Vec<TermId> = terms(text).into_iter().map(|(term, _)| term).collect();
    let words = query_terms(asked);
    !words.is_empty() && words.iter().all(|word| word.ids().any(|term| held.contains(&term)))
}

fn codes(languages: Languages) -> Vec<&'static str> {
    languages.each().map(|n| KNOWN[n].code).collect()
}

fn votes(text: &str) -> Votes {
    let mut votes = Votes::default();
    crate::text::words::words(text).iter().for_each(|word| votes.count(&word.lower));
    votes
}

/// A sentence, and forms of its words that it does not have.
const TABLE: &[(&str, &str, &[&str])] = &[
    ("da", "Jeg har købt to huse og en gammel bil ved havet", &["hus", "husene", "biler", "havene"]),
    ("nl", "Ik heb in Gent twee oude boeken en een fiets gekocht", &["boek", "oud", "gekochte"]),
    (
        "fi",
        "Minulla on kaksi koiraa ja vanha talo, joka on järven rannalla",
        &["koirat", "talot", "vanhat", "rannalta"],
    ),
    ("fr", "Elle a acheté une maison avec les chevaux de l'éleveur", &["achetée", "maisons", "cheval", "éleveurs"]),
    (
        "de",
        "Ich habe in Lissabon zwei kleine Häuser und einen Hund gekauft",
        &["Haus", "Häusern", "Hunde", "Hunden", "klein"],
    ),
    ("hu", "A kutyám szereti az almát, és nagyon sokat alszik a kertben", &["kutyák", "alma"]),
    ("it", "Ho comprato una casa con dell'uva e tre gatti neri", &["case", "gatto", "nero", "comprare", "comprata"]),
    ("no", "Jeg har kjøpt to hus og noen gamle biler ved sjøen", &["huset", "bil", "bilene"]),
    ("pt", "Ela comprou duas casas com os gatos e não quer vender", &["casa", "gato", "comprar", "venda"]),
    ("ro", "Am cumpărat două case și nu mai vreau câinii lor", &["casa", "caselor", "câinele"]),
    ("es", "Mi hermana compró dos casas en la playa con sus gatos", &["casa", "gato", "hermanas", "comprar", "playas"]),
    ("sv", "Jag har köpt två hus och en bil som är gammal", &["bilarna", "bilen", "bilar", "köpte"]),
    ("tr", "Annem çok güzel bir ev aldı ve kediler için bahçe yaptı", &["evler", "kedi", "bahçeler"]),
    ("ru", "Вчера мы гуляли с большими собаками в парке", &["собака", "собаки", "большая", "парк", "гулял"]),
    ("el", "Η αδελφή μου αγόρασε δύο σπίτια και έναν σκύλο", &["σπίτι", "σκύλος", "αδελφής"]),
    ("ar", "اشترت أختي الكتاب من المكتبة", &["كتاب", "مكتبة"]),
    ("hy", "Ես սիրում եմ քաղաքները և ուսանողներին", &["քաղաքների", "քաղաքներ", "ուսանողներ", "ուսանողների"]),
    ("ta", "என் வீடுகள் பெரியவை", &["வீடு"]),
];

#[test]
fn inflected_words_are_found_in_each_language() {
    let mut missing = Vec::new();
    for (code, text, forms) in TABLE {
        for form in *forms {
            if !has(text, form) {
                missing.push(format!("{code} {form}"));
            }
        }
        assert!(!has(text, "zebra"), "{code}");
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn every_known_language_has_a_sentence() {
    let mut known: Vec<&str> = KNOWN.iter().map(|known| known.code).filter(|code| *code != "en").collect();
    let mut tested: Vec<&str> = TABLE.iter().map(|(code, ..)| *code).collect();
    known.sort_unstable();
    tested.sort_unstable();
    assert_eq!(known, tested);
}

#[test]
fn a_text_has_the_stems_of_its_language() {
    for (code, text, _) in TABLE {
        let of = codes(votes(text).of_text());
        if KNOWN.iter().any(|known| known.code == *code && !known.function_words.is_empty())
            && script(text) == Some(LATIN)
        {
            // Danish and Norwegian are nearly one when written.
            assert!(of.contains(code) && of.len() <= 2, "{text}: {of:?}");
        }
    }
    for english in [
        "I moved to Berlin yesterday.",
        "She is in Amsterdam with the Van den Bergs",
        "We watched Die Hard at the café",
        "painting",
        "",
    ] {
        assert!(votes(english).of_text().is_empty(), "{english}");
    }
}

#[test]
fn english_has_plain_terms_only() {
    for question in ["What did she paint?", "Where is my café in Oslo?", "When was Die Hard on?"] {
        assert!(query_terms(question).iter().all(|word| word.stems.is_empty()), "{question}");
    }
    let text = "My sister has painted the old houses in Lisbon, I believe.";
    assert_eq!(terms(text).iter().map(|(_, n)| n).sum::<u32>(), 11);
}

#[test]
fn a_question_that_tells_nothing_asks_for_every_language() {
    let [dogs, lisbon] = query_terms("Hunde Lissabon").try_into().unwrap();
    assert!(dogs.stems.len() == 13 && lisbon.stems.len() == 13);
    assert!(has("Ich war mit den Hunden in Lissabon", "Hunde Lissabon"));
    // An unknown memory has the plain terms.
    assert!(
        has("Lissabon, Hunde", "Wer war mit den Hunden und Hunde in Lissabon") || has("Hunde", "wo sind die Hunde")
    );
}

#[test]
fn a_question_loses_the_function_words_of_its_language() {
    let plain = |text: &str| query_terms(text).into_iter().map(|word| word.term).collect::<Vec<_>>();
    assert_eq!(plain("Wo habe ich den Hund gekauft?"), plain("Hund gekauft"));
    assert_eq!(plain("Где живёт моя собака?"), plain("живёт собака"));
    assert!(!plain("Wer bin ich?").is_empty());
}

#[test]
fn accents_may_be_left_out() {
    assert!(has("Elle est à l'hôpital avec les élèves", "hopital"));
    assert!(has("Nous sommes dans les forêts", "foret"));
    // Composed or not.
    assert!(has("Ich bin in den Ha\u{308}usern", "Häuser"));
}

#[test]
fn apostrophes_are_no_part_of_a_stem() {
    assert!(has("Il a vu l’homme dans la rue", "hommes"));
    assert!(has("Sono nell'albergo con mia madre", "alberghi"));
    assert!(has("Ben dün İstanbul'da çok güzel bir gün geçirdim", "İstanbul"));
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,80}",
        "[a-zäöüßéèñçşığőæøåâăîțș'’ ]{0,80}",
        "[\u{300}-\u{3ff}\u{400}-\u{52f}\u{530}-\u{58f} ]{0,60}",
        "[\u{600}-\u{6ff}\u{750}-\u{77f} ]{0,60}",
        "[\u{b80}-\u{bff} ]{0,60}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_finds_itself(text in any_text()) {
        let held: Vec<TermId> = terms(&text).into_iter().map(|(term, _)| term).collect();
        for word in query_terms(&text) {
            prop_assert!(held.contains(&word.term));
            prop_assert!(word.stems.is_sorted());
        }
        prop_assert_eq!(query_terms(&text), query_terms(&text));
    }

    #[test]
    fn any_word_has_stems_in_every_language(word in "\\PC{1,12}", more in any_text()) {
        for word in [word.to_lowercase(), more.to_lowercase()] {
            each_stem(&word, LATIN, |_| {});
        }
    }

    #[test]
    fn any_forms_of_the_words_of_a_memory_find_it(
        which in 0..TABLE.len(),
        pick in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let (_, text, forms) = TABLE[which];
        let question = pick.iter().map(|index| *index.get(forms)).collect::<Vec<_>>().join(" ");
        prop_assert!(has(text, &question), "{question}");
    }
}

#[test]
fn a_word_asks_for_each_term_once() {
    let words = crate::text::distinct(vec![
        QueryTerm { term: TermId(2), stems: vec![TermId(9), TermId(5)] },
        TermId(1).into(),
        QueryTerm { term: TermId(2), stems: vec![TermId(5)] },
    ]);
    assert_eq!(words, [TermId(1).into(), QueryTerm { term: TermId(2), stems: vec![TermId(5), TermId(9)] }]);
}
