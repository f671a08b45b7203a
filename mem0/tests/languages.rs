//! Does a search find memories in other languages than English by words that
//! are inflected otherwise? Short memories of eight languages in one scope, and
//! a question for each.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a test stops at the first error")]

use std::collections::BTreeSet;

use mem0::{AddOptions, Message, Scope, SearchOptions};
use mem0_core::text::{Bm25, QueryTerm, query_terms, terms};

/// How many of ten questions have their memory first, of a ranking by words:
/// with plain terms only, with stems, and of a whole search with the embedder
/// that ships, which has read English only.
type Due = (usize, usize, usize);

/// A language: its memories, each with a question for it.
type Language = (&'static str, Due, [(&'static str, &'static str); 10]);

const LANGUAGES: &[Language] = &[
    (
        "German",
        (4, 9, 10),
        [
            ("Ich habe im Frühling zwei kleine Häuser am See gekauft", "Wann habe ich das Haus gekauft?"),
            ("Meine Schwester züchtet seit Jahren schwarze Katzen", "Welche Farbe hat die Katze?"),
            ("Unsere Nachbarn spielen jeden Abend Geige", "Was spielt der Nachbar?"),
            ("Mein Bruder arbeitet als Lehrer an einer kleinen Schule", "Bruder Schulen"),
            ("Ich vertrage keine Haselnüsse", "Haselnuss"),
            ("Wir wandern nächsten Sommer durch die Berge", "Wohin ist die Wanderung im Sommer?"),
            ("Der Arzt hat mir neue Tabletten verschrieben", "Welche Tablette nehme ich?"),
            ("Meine Tochter lernt gerade schwimmen", "Was lernen die Töchter?"),
            ("Ich sammle alte Briefmarken aus Portugal", "Briefmarke Sammlung"),
            ("Wir haben den Hund im Tierheim gefunden", "Hunde Tierheime"),
        ],
    ),
    (
        "French",
        (6, 10, 10),
        [
            ("J'ai acheté deux petites maisons près du lac", "Quelle maison ai-je achetée ?"),
            ("Ma sœur élève des chevaux noirs depuis des années", "De quelle couleur est le cheval ?"),
            ("Nos voisins jouent du violon tous les soirs", "De quel instrument joue le voisin ?"),
            ("Mon frère travaille dans une école primaire", "frères écoles"),
            ("Je suis allergique aux noisettes", "allergie noisette"),
            ("Nous marcherons dans les montagnes cet été", "marcher montagne"),
            ("Le médecin m'a prescrit de nouveaux comprimés", "Quel comprimé les médecins ont-ils prescrit ?"),
            ("Ma fille apprend à nager cette année", "Qu'apprennent les filles ?"),
            ("Je collectionne des timbres portugais", "collection de timbre"),
            ("Nous avons trouvé l'oiseau dans la forêt", "oiseaux forêts"),
        ],
    ),
    (
        "Spanish",
        (9, 10, 10),
        [
            ("Compré dos casas pequeñas cerca del lago", "¿Cuándo compró la casa pequeña?"),
            ("Mi hermana cría gatos negros desde hace años", "¿De qué color es el gato?"),
            ("Nuestros vecinos tocan el violín cada noche", "¿Qué toca el vecino?"),
            ("Mi hermano trabaja en una escuela primaria", "hermanos escuelas"),
            ("Soy alérgico a las avellanas", "alergia avellana"),
            ("Caminaremos por las montañas este verano", "caminar montaña"),
            ("El médico me recetó unas pastillas nuevas", "¿Qué pastilla me recetaron los médicos?"),
            ("Mi hija aprende a nadar este año", "¿Qué están aprendiendo las hijas?"),
            ("Colecciono sellos antiguos de Portugal", "colección de sello antiguo"),
            ("Encontramos al perro en un refugio", "perros refugios"),
        ],
    ),
    (
        "Italian",
        (1, 10, 10),
        [
            ("Ho comprato due piccole case vicino al lago", "Quando ho comprato la piccola casa?"),
            ("Mia sorella alleva gatti neri da molti anni", "Di che colore è il gatto?"),
            ("I nostri vicini suonano il violino ogni sera", "Che cosa suona il vicino?"),
            ("Mio fratello lavora in una scuola elementare", "fratelli scuole"),
            ("Sono allergico alle nocciole", "allergica nocciola"),
            ("Cammineremo nelle montagne questa estate", "camminare montagna"),
            ("Il medico mi ha prescritto nuove pastiglie", "Quale pastiglia prescrivono i medici?"),
            ("Mia figlia impara a nuotare quest'anno", "Che cosa imparano le figlie?"),
            ("Colleziono francobolli antichi del Portogallo", "collezione di francobollo antico"),
            ("Abbiamo trovato il cane nel rifugio", "cani rifugi"),
        ],
    ),
    (
        "Portuguese",
        (10, 10, 10),
        [
            ("Comprei duas casas pequenas perto da lagoa", "Quando comprou a casa pequena?"),
            ("A minha irmã cria gatos pretos há muitos anos", "Qual é a cor do gato preto?"),
            ("Os nossos vizinhos tocam violino todas as noites", "O que toca o vizinho?"),
            ("O meu irmão trabalha numa escola primária", "irmãos escolas"),
            ("Não posso comer avelãs nem amêndoas", "comer avelã"),
            ("Vamos caminhar pelas montanhas neste inverno", "caminhada montanha"),
            ("O médico receitou-me uns comprimidos novos", "Qual comprimido os médicos receitaram?"),
            ("A minha filha aprende a nadar com uma amiga", "O que estão as filhas aprendendo?"),
            ("Coleciono selos antigos da Noruega", "selo antigo"),
            ("Encontramos o cachorro num abrigo", "cachorros abrigos"),
        ],
    ),
    (
        "Dutch",
        (5, 9, 9),
        [
            ("Ik heb twee kleine huizen bij het meer gekocht", "Wanneer heb ik het kleine huis gekocht?"),
            ("Mijn zus fokt al jaren zwarte katten", "Welke kleur heeft de kat?"),
            ("Onze buren spelen elke avond op hun violen", "Wie speelt er viool?"),
            ("Mijn broer werkt op een kleine school", "broers scholen"),
            ("Ik ben allergisch voor hazelnoten", "hazelnoot"),
            ("Wij wandelen in de zomer door de bergen", "wandeling berg"),
            ("De dokter heeft mij nieuwe tabletten voorgeschreven", "Welke tablet schreef de dokter voor?"),
            ("Mijn dochter leert dit jaar zwemmen", "Wat leren de dochters?"),
            ("Ik verzamel oude postzegels uit Portugal", "postzegel verzamelen"),
            ("Wij hebben de hond in het asiel gevonden", "honden asielen"),
        ],
    ),
    (
        "Swedish",
        (2, 7, 9),
        [
            ("Jag har köpt två små stugor vid sjön", "När köpte jag stugan?"),
            ("Min syster har svarta katter på gården", "Vilken färg har katten?"),
            ("Våra grannar spelar fiol varje kväll", "Vad spelar grannen?"),
            ("Min bror arbetar på en liten skola", "bröder skolan"),
            ("Jag är allergisk mot hasselnötter", "hasselnöt allergi"),
            ("Vi vandrar i bergen nästa sommar", "vandring berget"),
            ("Läkaren har skrivit ut nya tabletter till mig", "Vilken tablett skrev läkare ut?"),
            ("Min dotter lär sig simma hos en tränare", "Vad gör dottern hos tränaren?"),
            ("Jag samlar på gamla frimärken från Portugal", "samling frimärke"),
            ("Vi hittade hunden på ett hem för djur", "hundar djuren"),
        ],
    ),
    (
        "Russian",
        (1, 9, 9),
        [
            ("Весной я купил два маленьких дома у озера", "Когда я купила дом?"),
            ("Моя сестра разводит чёрных кошек", "Какого цвета кошка?"),
            ("Наши соседи играют на скрипке каждый вечер", "На чём играет сосед?"),
            ("Мой брат работает в начальной школе", "братья школа"),
            ("У меня аллергия на орехи", "аллергии орех"),
            ("Летом мы пойдём в горы с палаткой", "гора палатки"),
            ("Врач прописал мне новые таблетки", "Какую таблетку прописали врачи?"),
            ("Моя дочь учится плавать в бассейне", "Чему дочь учатся в бассейнах?"),
            ("Я собираю старинные марки из Португалии", "старинная марка"),
            ("Мы нашли собаку в приюте", "собаки приюты"),
        ],
    ),
];

fn texts() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().flat_map(|(_, _, pairs)| pairs.iter().map(|(text, _)| *text))
}

/// The best text by BM25 alone, if it is the only best one.
fn best_by_words(question: &str, stems: bool) -> Option<&'static str> {
    let mut words = query_terms(question);
    if !stems {
        words.iter_mut().for_each(|word| word.stems.clear());
    }
    let texts: Vec<_> = texts().map(|text| (text, terms(text))).collect();
    let often = |word: &QueryTerm, held: &[(_, u32)]| {
        let ids: BTreeSet<_> = word.ids().collect();
        held.iter().filter(|(term, _)| ids.contains(term)).map(|(_, n)| *n).max()
    };
    let length = |held: &[(_, u32)]| held.iter().map(|(_, n)| n).sum::<u32>();
    let average = texts.iter().map(|(_, held)| length(held) as f32).sum::<f32>() / texts.len() as f32;
    let bm25 = Bm25::default();
    let score = |held: &[_]| {
        let of = |word: &QueryTerm| {
            let with = texts.iter().filter(|(_, held)| often(word, held).is_some()).count() as u64;
            often(word, held).map(|n| bm25.score(bm25.idf(texts.len() as u64, with), n, length(held), average))
        };
        words.iter().filter_map(of).sum::<f32>()
    };
    let mut ranked: Vec<(f32, &str)> = texts.iter().map(|(text, held)| (score(held), *text)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    match ranked.as_slice() {
        [(first, text), (second, _), ..] if first > second => Some(text),
        _ => None,
    }
}

#[tokio::test]
async fn inflected_words_find_memories_in_other_languages() {
    let folder = tempfile::tempdir().unwrap();
    let memory = mem0::open(folder.path()).await.unwrap();
    let scope = Scope::user("polyglot").unwrap();
    memory.add(texts().map(Message::user).collect::<Vec<_>>(), &scope, AddOptions::as_said()).await.unwrap();
    let mut found = Vec::new();
    for (language, _, pairs) in LANGUAGES {
        let by_words = |stems| pairs.iter().filter(|(text, asked)| best_by_words(asked, stems) == Some(*text)).count();
        let mut searched = 0;
        for (text, question) in pairs {
            let hits = memory.search(question, &scope, SearchOptions::default()).await.unwrap().results;
            searched += usize::from(hits.first().is_some_and(|hit| hit.memory.content.text == *text));
        }
        found.push((*language, (by_words(false), by_words(true), searched)));
    }
    let due: Vec<_> = LANGUAGES.iter().map(|(language, due, _)| (*language, *due)).collect();
    assert_eq!(found, due, "how many of ten questions find their memory first");
}
