//! What models are asked: the answer to a question from memories, and whether
//! an answer is right.

use std::sync::Arc;

use mem0::answer::{lenient, prose};
use mem0::{Llm, LlmRequest, LlmResponse, OutputSchema, Result, TokenUsage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Question;

/// Counts the changes of the prompts. Figures of two numbers do not compare.
pub(super) const PROMPTS: u32 = 1;

const ANSWER: &str = include_str!("prompts/answer.md");
const LENIENT: &str = include_str!("prompts/judge_lenient.md");
const STRICT: &str = include_str!("prompts/judge_strict.md");

/// Who answers, and who judges the answers.
#[derive(Clone, Debug)]
pub struct Models {
    /// Answers from memories.
    pub answers: Arc<dyn Llm>,
    /// Marks the answers.
    pub judges: Arc<dyn Llm>,
}

impl Models {
    /// One model for both.
    #[must_use]
    pub fn one(llm: Arc<dyn Llm>) -> Self {
        Self { answers: Arc::clone(&llm), judges: llm }
    }
}

/// What became of a question that a model answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// Its answer; none if it said that there is none.
    pub answer: Option<String>,
    /// What the judges say.
    pub verdict: Verdict,
    /// F1 of the words, where there is a right answer.
    pub f1: Option<f64>,
    /// BLEU-1, where there is a right answer.
    pub bleu1: Option<f64>,
    /// What answering cost.
    pub answering: TokenUsage,
    /// What judging cost.
    pub judging: TokenUsage,
}

/// Whether an answer is right. None where a judge's answer cannot be read, or
/// where the dataset has no right answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// In the eyes of the lenient judge.
    pub lenient: Option<bool>,
    /// In the eyes of the strict judge.
    pub strict: Option<bool>,
}

impl Verdict {
    /// Where no judge is needed.
    const fn plain(right: bool) -> Self {
        Self { lenient: Some(right), strict: Some(right) }
    }
}

/// Has a question answered from memories, and the answer judged.
///
/// A question without an answer is right if the model says so; one that has an
/// answer is wrong then. For all others both judges are asked.
///
/// # Errors
/// Those of the models. Not an answer that cannot be read: it counts as it
/// stands, and a judge is asked once more.
pub(super) async fn ask(models: &Models, question: &Question, memories: &[String]) -> Result<Reply> {
    let mut reply = Reply::default();
    let said = models.answers.generate(&answering(question, memories)).await?;
    reply.answering = said.usage;
    reply.answer = read_answer(&said);
    let gold = question.answer.as_deref();
    if let Some(gold) = gold {
        let answer = reply.answer.as_deref().unwrap_or_default();
        reply.f1 = Some(super::metrics::f1(answer, gold));
        reply.bleu1 = Some(super::metrics::bleu1(answer, gold));
    }
    reply.verdict = match (&reply.answer, gold) {
        (None, _) => Verdict::plain(!question.answerable),
        (Some(_), _) if !question.answerable => Verdict::plain(false),
        (Some(_), None) => Verdict::default(),
        (Some(answer), Some(gold)) => {
            let case = format!("Question: {}\nReference answer: {gold}\nAnswer to mark: {answer}", question.text);
            Verdict {
                lenient: judge(&*models.judges, LENIENT, &case, &mut reply.judging).await?,
                strict: judge(&*models.judges, STRICT, &case, &mut reply.judging).await?,
            }
        }
    };
    Ok(reply)
}

fn answering(question: &Question, memories: &[String]) -> LlmRequest {
    let mut text = String::from("Memories:\n");
    for (number, memory) in (1..).zip(memories) {
        text.push_str(&format!("{number}. {memory}\n"));
    }
    if memories.is_empty() {
        text.push_str("(none)\n");
    }
    if let Some(at) = question.asked_at {
        text.push_str(&format!("\nThe question is asked on {}.", at.date()));
    }
    text.push_str(&format!("\nQuestion: {}", question.text));
    let properties = json!({"known": {"type": "boolean"}, "answer": {"type": "string"}});
    LlmRequest::new(ANSWER, text).with_schema(schema("answer", properties))
}

fn schema(name: &'static str, properties: Value) -> OutputSchema {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(|object| object.keys()).collect();
    let required = json!(required);
    OutputSchema::new(
        name,
        json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false}),
    )
}

/// The answer, or none if the model says that there is none. What is no JSON
/// is the answer itself.
fn read_answer(said: &LlmResponse) -> Option<String> {
    let answer = match lenient(&said.text) {
        Ok(Value::Object(object)) => {
            let known = object.get("known").and_then(Value::as_bool).unwrap_or(true);
            object.get("answer").filter(|_| known).and_then(super::load::text_of)
        }
        _ => prose(&said.text),
    };
    answer.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// One judge's mark; none if it cannot be read twice.
async fn judge(llm: &dyn Llm, prompt: &str, case: &str, cost: &mut TokenUsage) -> Result<Option<bool>> {
    let properties = json!({"reason": {"type": "string"}, "correct": {"type": "boolean"}});
    let request = LlmRequest::new(prompt, case).with_schema(schema("mark", properties));
    for _ in 0..2 {
        let said = llm.generate(&request).await?;
        *cost += said.usage;
        if let Some(mark) = lenient(&said.text).ok().and_then(|value| value.get("correct")?.as_bool()) {
            return Ok(Some(mark));
        }
    }
    Ok(None)
}
