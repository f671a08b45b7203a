//! The fuzzer's entry point over mutated answers, the same ones in each run.

use crate::answer::fuzz_answer;

const ANSWERS: [&str; 8] = [
    r#"{"facts": ["Likes tea", {"text": "Moved to Oslo", "sources": ["m1", 2], "from": "2024-05-01"}]}"#,
    r#"{"memory": [{"id": "0", "text": "Has 2 cats", "event": "UPDATE", "old_memory": "Has a cat"}, {"id": 1, "event": "DELETE"}]}"#,
    "<think>Is it {\"facts\": []}?</think>\nSure!\n```json\n{\n  \"facts\": [\n    \"It's a \\\"test\\\" \\ud83d\\ude00\",\n  ]\n}\n```\nDone.",
    "{'facts': ['doesn't sleep', None, True, .5, 007], // why\n unquoted: “smart”, /* x */ }",
    "{\"text\": \"a\"}\n{\"text\": \"b\"},\n{\"0\": {\"event\": \"NONE\"}}",
    "- [ ] one\n- [x] two [1]\n[[[[{\"a\": {\"b\": [1e5, -0.0, \"\u{feff}é漢字\"]}}]]]]",
    "~~~\n[\"Log in\", {\"step\": 2, \"action\": \"Export\"}]\n~~~\n</think>\n```\n{}\n```",
    "",
];

/// xorshift: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap()
    }
}

fn mutate(data: &mut Vec<u8>, dice: &mut Dice) {
    let marks = b"{}[]\"'`~<>/\\:,\n -.e0";
    let at = dice.roll(data.len() + 1);
    let end = (at + dice.roll(12)).min(data.len());
    match dice.roll(6) {
        0 => data.truncate(at),
        1 => drop(data.drain(at..end)),
        2 => data.insert(at, marks[dice.roll(marks.len())]),
        3 => data.extend_from_within(at..end),
        4 => {
            let other = ANSWERS[dice.roll(ANSWERS.len())].as_bytes();
            let from = dice.roll(other.len() + 1);
            data.splice(at..end, other[from..].iter().copied().take(40));
        }
        _ => {
            if let Some(byte) = data.get_mut(at) {
                *byte = u8::try_from(dice.roll(256)).unwrap();
            }
        }
    }
}

#[test]
fn mutated_answers_hold_the_invariants() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for round in 0..20_000 {
        let mut data = ANSWERS[round % ANSWERS.len()].as_bytes().to_vec();
        for _ in 0..=dice.roll(6) {
            mutate(&mut data, &mut dice);
        }
        fuzz_answer(&data);
    }
}
