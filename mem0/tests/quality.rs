//! Does a search still find what answers? A dialogue over three sessions with
//! questions whose answers are known, and the exact rank of each.
//!
//! Most of its difficulties are those of real conversations: the answer has no
//! word of the question, stands behind a question, is said by the one and not
//! by the other, or is told by its date.
#![allow(clippy::unwrap_used, reason = "a test stops at the first error")]

use mem0::{AddOptions, Mem0, Message, Scope, SearchOptions};

/// When a session began, and who said what in it.
type Session = (&'static str, &'static [(&'static str, &'static str, &'static str)]);

const SESSIONS: &[Session] = &[
    (
        "2023-03-04T18:00:00Z",
        &[
            ("a1", "Nora", "Hi Tomas! How was your week?"),
            ("a2", "Tomas", "Busy. I finally signed the lease for the workshop by the canal."),
            ("a3", "Nora", "Congratulations! What will you make there?"),
            ("a4", "Tomas", "Mostly violins, and a cello if anybody orders one."),
            ("a5", "Nora", "My week was quieter. I repainted the kitchen."),
            ("a6", "Tomas", "Which colour did you take?"),
            ("a7", "Nora", "A dark green, like the one in my grandmother's house."),
            ("a8", "Tomas", "I remember that house. Your grandmother had a parrot, hadn't she?"),
            ("a9", "Nora", "Yes, Captain Blue. He lived to be forty."),
            ("a10", "Tomas", "My dog Pixel is only three and already lazy."),
        ],
    ),
    (
        "2023-06-17T09:30:00Z",
        &[
            ("b1", "Tomas", "Good morning! Guess who has run a half marathon."),
            ("b2", "Nora", "You? When was that?"),
            ("b3", "Tomas", "Last Sunday, in Ghent. Two hours and five minutes."),
            ("b4", "Nora", "I am impressed. I only swim, three times a week."),
            ("b5", "Tomas", "Where do you go?"),
            ("b6", "Nora", "The old pool behind the station. It is empty before seven."),
            ("b7", "Tomas", "I sold the first violin yesterday, to a student from Oslo."),
            ("b8", "Nora", "How much did you get for it?"),
            ("b9", "Tomas", "Nine thousand, which pays the rent until autumn."),
            ("b10", "Nora", "By the way, I am allergic to hazelnuts, so no pralines for my birthday."),
        ],
    ),
    (
        "2023-11-02T20:15:00Z",
        &[
            ("c1", "Nora", "Sorry that I was so silent. I have changed jobs."),
            ("c2", "Tomas", "Tell me everything! What do you do now?"),
            ("c3", "Nora", "I teach chemistry at the evening school, since September."),
            ("c4", "Tomas", "That suits you. I broke my wrist on the stairs last week."),
            ("c5", "Nora", "Oh no. Can you work?"),
            ("c6", "Tomas", "My apprentice does the carving until Christmas. Her name is Ines."),
            ("c7", "Nora", "And who walks the dog?"),
            ("c8", "Tomas", "The neighbours' children, for pocket money."),
            ("c9", "Nora", "I am going to Lisbon in January to see my sister."),
            ("c10", "Tomas", "Bring me a tile with a sardine on it."),
        ],
    ),
];

/// A question, what answers it, and at which rank that is found: often behind
/// the turn that asks the same. Whoever changes the ranking looks at each that
/// moves.
const QUESTIONS: &[(&str, &str, usize)] = &[
    ("What does Tomas build in his workshop?", "a4", 2),
    ("What colour is Nora's kitchen?", "a7", 2),
    ("What was the parrot called?", "a9", 1),
    ("What is the name of Tomas's dog?", "a10", 2),
    ("When did Tomas run the half marathon?", "b3", 2),
    ("What did Tomas do in June 2023?", "b3", 1),
    ("Where does Nora swim?", "b6", 3),
    ("How much money did Tomas get for his violin?", "b9", 1),
    ("What can Nora not eat?", "b10", 1),
    ("What is Nora's job?", "c3", 2),
    ("What happened to Tomas's wrist?", "c4", 1),
    ("Who is Ines?", "c6", 1),
    ("Where will Nora travel?", "c9", 1),
    ("Who bought an instrument in June?", "b7", 1),
];

async fn remembered(folder: &std::path::Path) -> (Mem0, Scope) {
    let memory = mem0::open(folder).await.unwrap();
    let scope = Scope::user("tomas-and-nora").unwrap();
    for (at, turns) in SESSIONS {
        let began: mem0::Timestamp = at.parse().unwrap();
        let messages: Vec<Message> = (0..)
            .zip(*turns)
            .map(|(second, (id, speaker, text))| {
                let mut message = Message::user(*text).with_name(*speaker).with_id(*id);
                message.timestamp = Some(began.plus_micros(second * 1_000_000));
                message
            })
            .collect();
        memory.add(messages, &scope, AddOptions::as_said()).await.unwrap();
    }
    (memory, scope)
}

#[tokio::test]
async fn answers_keep_their_ranks() {
    let folder = tempfile::tempdir().unwrap();
    let (memory, scope) = remembered(folder.path()).await;
    let mut ranks = Vec::new();
    for (question, answer, _) in QUESTIONS {
        let found = memory.search(question, &scope, SearchOptions::default()).await.unwrap().results;
        let cites = |hit: &mem0::Hit| hit.memory.content.sources.iter().any(|source| source == answer);
        ranks.push((*question, *answer, found.iter().position(cites).map_or(0, |at| at + 1)));
    }
    assert_eq!(ranks, QUESTIONS, "the rank at which each answer is found, 0 for nowhere");
}
