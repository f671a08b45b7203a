//! The suite of `Reranker`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::{Either, select, try_join_all};
use mem0_core::{Reranked, Reranker, TokenUsage};
use serde_json::json;

use crate::check::Verdict;
use crate::data::texts::{HARD_TEXTS, long};
use crate::fakes::Fault;
use crate::harness::{FAKE_KEY, Remote, RemoteCall, RerankerHarness, quick};
use crate::rules;
use crate::suite::{Case, Family, cases};
use crate::suites::faults::{self, Distant};
use crate::suites::{abandon, together};
use crate::{check, check_eq, skip};

/// The suite of `Reranker`.
#[derive(Debug)]
pub struct RerankerFamily;

/// What a case of the reranker suite works with.
pub struct RerankerContext {
    harness: Arc<dyn RerankerHarness>,
    reranker: Arc<dyn Reranker>,
}

impl std::fmt::Debug for RerankerContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RerankerContext").field("reranker", &self.reranker).finish_non_exhaustive()
    }
}

#[async_trait]
impl Family for RerankerFamily {
    const NAME: &'static str = "reranker";
    const RULES: &'static str = rules::RERANKER;
    type Harness = dyn RerankerHarness;
    type Context = RerankerContext;

    fn cases() -> Vec<Case<RerankerContext>> {
        [CASES.to_vec(), faults::cases()].concat()
    }

    async fn prepare(harness: &Arc<dyn RerankerHarness>, _: &'static str) -> Verdict<RerankerContext> {
        Ok(RerankerContext { reranker: harness.connect().await?, harness: Arc::clone(harness) })
    }

    async fn finish(_: RerankerContext) -> Verdict {
        Ok(())
    }
}

#[async_trait]
impl Distant for RerankerContext {
    async fn remote(&self, timeout: Duration) -> Verdict<Remote> {
        const TEXT: &str = "the diary of Ana, page 77";
        let Some(fresh) = self.harness.over_http(quick(timeout)).await else {
            skip!("this reranker asks nobody over HTTP")
        };
        let (reranker, server) = fresh?;
        let call: RemoteCall = Arc::new(move || {
            let reranker = Arc::clone(&reranker);
            Box::pin(async move { reranker.rerank(TEXT, &[TEXT]).await.map(drop) })
        });
        Ok(Remote { server, call, key: FAKE_KEY, text: TEXT })
    }
}

cases! { RerankerContext:
    1 r1_one_score_for_each_document,
    2 r2_scores_lie_in_0_to_1,
    3 r3_the_answer_is_found_wherever_it_stands,
    4 r4_no_document_without_io,
    5 r5_many_documents_are_split,
    6 r6_any_text_is_accepted,
    6 r6_long_texts_are_cut,
    7 r7_what_was_left_out_is_told,
    8 r8_the_same_order_again,
    9 r9_tokens_are_those_of_the_provider,
    10 r10_calls_run_side_by_side,
    10 r10_requests_run_side_by_side,
    11 r11_dropping_leaves_nothing,
    11 r11_dropping_ends_the_request,
}

/// Questions, each with the document that answers it.
const QUESTIONS: [(&str, &str); 4] = [
    ("What is Ana allergic to?", "Ana is allergic to peanuts."),
    ("When does the train to Lisbon leave?", "The train to Lisbon leaves at noon."),
    ("Where does my brother work as a nurse?", "My brother works as a nurse in Oslo."),
    ("Does she want green tea without sugar?", "Green tea without sugar, please."),
];

const STRANGERS: [&str; 3] =
    ["She paints with watercolours on Sundays.", "The invoice was paid by card.", "Cats sleep most of the day."];

/// One score for each document, each from 0 to 1, and those of silence 0.
fn sound(said: &Reranked, documents: usize, what: &str) -> Verdict {
    check_eq!(said.scores.len(), documents, "scores of {what}");
    check!(said.scores.iter().all(|score| (0.0..=1.0).contains(score)), "a score of {what} is not from 0 to 1");
    let silent = said.unscored.iter().all(|place| said.scores.get(*place) == Some(&0.0));
    check!(silent, "a document of {what} has a score and is unscored, or is none: {:?}", said.unscored);
    check!(said.unscored.is_sorted(), "the unscored documents of {what} are not in order");
    Ok(())
}

async fn judged(reranker: &dyn Reranker, query: &str, documents: &[&str], what: &str) -> Verdict<Reranked> {
    let said = reranker.rerank(query, documents).await?;
    sound(&said, documents.len(), what)?;
    Ok(said)
}

impl RerankerContext {
    /// Ends the case as skipped if the model judges nothing.
    fn understands(&self) -> Verdict {
        match self.harness.understands_nothing() {
            Some(reason) => skip!("{reason}"),
            None => Ok(()),
        }
    }
}

async fn r1_one_score_for_each_document(context: &RerankerContext) -> Verdict {
    for (query, answer) in QUESTIONS {
        let documents = [&STRANGERS[..], &[answer, answer], &STRANGERS].concat();
        let said = context.reranker.rerank(query, &documents).await?;
        check_eq!(said.scores.len(), documents.len(), "scores of texts that occur twice");
        check_eq!(context.reranker.rerank(query, &[answer]).await?.scores.len(), 1, "scores of one document");
    }
    Ok(())
}

async fn r2_scores_lie_in_0_to_1(context: &RerankerContext) -> Verdict {
    for (query, answer) in QUESTIONS {
        let documents = [&STRANGERS[..], &[answer, query, ""]].concat();
        judged(&*context.reranker, query, &documents, "a question").await?;
    }
    Ok(())
}

async fn r3_the_answer_is_found_wherever_it_stands(context: &RerankerContext) -> Verdict {
    context.understands()?;
    for (query, answer) in QUESTIONS {
        for place in 0..=STRANGERS.len() {
            let mut documents = STRANGERS.to_vec();
            documents.insert(place, answer);
            let said = judged(&*context.reranker, query, &documents, query).await?;
            check_eq!(said.order().first(), Some(&place), "the best place for {query:?}, with {:?}", said.scores);
            let best = said.scores.get(place).copied().unwrap_or_default();
            let others = said.scores.iter().enumerate().filter(|(other, _)| *other != place);
            check!(others.into_iter().all(|(_, score)| *score < best), "a stranger has the score of {answer:?}");
        }
    }
    Ok(())
}

async fn r4_no_document_without_io(context: &RerankerContext) -> Verdict {
    check_eq!(context.reranker.rerank("tea", &[]).await?, Reranked::default(), "what is said of no document");
    if let Some(fresh) = context.harness.over_http(json!({})).await {
        let (reranker, server) = fresh?;
        check_eq!(reranker.rerank("tea", &[]).await?, Reranked::default(), "what is said of no document");
        check_eq!(server.seen().len(), 0, "requests for no document");
    }
    Ok(())
}

async fn r5_many_documents_are_split(context: &RerankerContext) -> Verdict {
    let many = context.harness.beyond_one_batch();
    let (query, answer) = ("What is Ana allergic to?", "Ana is allergic to peanuts.");
    let notes: Vec<String> = (0..many).map(|n| format!("Note number {n}.")).collect();
    for place in [0, many / 2, many - 1] {
        let documents: Vec<&str> =
            notes.iter().enumerate().map(|(at, note)| if at == place { answer } else { note.as_str() }).collect();
        let said = judged(&*context.reranker, query, &documents, "many documents").await?;
        if context.harness.understands_nothing().is_none() {
            check_eq!(said.order().first(), Some(&place), "the best place of {many}");
        }
    }
    Ok(())
}

async fn r6_any_text_is_accepted(context: &RerankerContext) -> Verdict {
    judged(&*context.reranker, "What is Ana allergic to?", HARD_TEXTS, "hard texts").await?;
    judged(&*context.reranker, "What is Ana allergic to?", &["", " ", "\n\t"], "blank texts").await?;
    for query in HARD_TEXTS {
        judged(&*context.reranker, query, &["Green tea.", query, ""], "a hard question").await?;
    }
    Ok(())
}

async fn r6_long_texts_are_cut(context: &RerankerContext) -> Verdict {
    for bytes in [10_000, 1_000_000] {
        let text = long(bytes);
        judged(&*context.reranker, "What is Ana allergic to?", &["Green tea.", &text], "a long text").await?;
        judged(&*context.reranker, &text, &["Green tea.", "Peanuts."], "a long question").await?;
    }
    Ok(())
}

async fn r7_what_was_left_out_is_told(context: &RerankerContext) -> Verdict {
    let whole = [&STRANGERS[..], &["Ana is allergic to peanuts."]].concat();
    let said = judged(&*context.reranker, "What is Ana allergic to?", &whole, "what is judged whole").await?;
    check_eq!(said.unscored.len(), 0, "unscored documents of an answer that leaves none out");
    let Some(word) = context.harness.left_out() else { skip!("this model leaves nothing out") };
    let silent = format!("Ana is allergic to {word}.");
    for place in 0..=whole.len() {
        let mut documents = whole.clone();
        documents.insert(place, &silent);
        let said = judged(&*context.reranker, "What is Ana allergic to?", &documents, "what is left out").await?;
        check_eq!(said.unscored, [place], "unscored documents of an answer that leaves out one");
        check_eq!(said.order().last(), Some(&place), "the last place of an answer that leaves out one");
        check_eq!(said.scores.iter().filter(|score| **score > 0.0).count() > 0, true, "whether the others have scores");
    }
    Ok(())
}

async fn r8_the_same_order_again(context: &RerankerContext) -> Verdict {
    let other = context.harness.connect().await?;
    let named = |reranker: &dyn Reranker| (reranker.name(), reranker.model().to_owned());
    let name = named(&*context.reranker);
    check!(!name.0.is_empty() && !name.1.is_empty(), "the reranker names neither itself nor its model");
    for (query, answer) in QUESTIONS {
        let documents = [&STRANGERS[..], &[answer, query, "", "a"]].concat();
        let first = judged(&*context.reranker, query, &documents, "a question").await?.order();
        for reranker in [&context.reranker, &other] {
            let again = judged(&**reranker, query, &documents, "the same question").await?.order();
            check_eq!(again, first, "the order of the same documents");
            check_eq!(named(&**reranker), name, "the names after a call");
        }
    }
    Ok(())
}

async fn r9_tokens_are_those_of_the_provider(context: &RerankerContext) -> Verdict {
    let many = context.harness.beyond_one_batch();
    let notes: Vec<String> = (0..many).map(|n| format!("Note number {n}.")).collect();
    let notes: Vec<&str> = notes.iter().map(String::as_str).collect();
    for documents in [&STRANGERS[..], &notes, &[]] {
        let said = judged(&*context.reranker, "Which note?", documents, "notes").await?;
        // Nobody counts what was not sent.
        let due = if documents.is_empty() { None } else { context.harness.usage(documents) };
        check_eq!(said.usage, due.unwrap_or_default(), "the tokens of {} documents", documents.len());
    }
    check!(context.harness.usage(&["x"]) != Some(TokenUsage::default()), "the far end counts nothing");
    Ok(())
}

async fn r10_calls_run_side_by_side(context: &RerankerContext) -> Verdict {
    let ask = |n: usize| {
        let reranker = Arc::clone(&context.reranker);
        async move {
            let (query, _) = QUESTIONS.into_iter().cycle().nth(n).unwrap_or(("", ""));
            let documents: Vec<&str> = QUESTIONS.iter().map(|(_, answer)| *answer).collect();
            reranker.rerank(query, &documents).await.map(|said| (n, said))
        }
    };
    for (n, said) in together((0..16).map(ask)).await? {
        let alone = ask(n).await?.1;
        check_eq!(said.order(), alone.order(), "the order of a call beside others");
    }
    Ok(())
}

async fn r10_requests_run_side_by_side(context: &RerankerContext) -> Verdict {
    const CALLS: usize = 16;
    let http = json!({"timeout_s": 10, "retry": {"max_retries": 0}});
    let Some(fresh) = context.harness.over_http(http).await else { skip!("this reranker asks nobody over HTTP") };
    let (reranker, server) = fresh?;
    reranker.rerank("tea", &["tea"]).await?;
    server.fail_always(Some(Fault::Together(server.seen().len() + CALLS)));
    let ask = async |n: usize| reranker.rerank("tea", &[if n.is_multiple_of(2) { "tea" } else { "chess" }]).await;
    let said = try_join_all((0..CALLS).map(ask)).await?;
    for pair in said.chunks(2) {
        let scores: Vec<f32> = pair.iter().flat_map(|said| said.scores.clone()).collect();
        check!(scores.is_sorted_by(|tea, chess| tea > chess), "a call has the answer to another: {scores:?}");
    }
    Ok(())
}

async fn r11_dropping_leaves_nothing(context: &RerankerContext) -> Verdict {
    let documents = [&STRANGERS[..], &["Ana is allergic to peanuts."]].concat();
    let due = context.reranker.rerank("What is Ana allergic to?", &documents).await?.order();
    for polls in 0..8 {
        let others: Vec<&str> = HARD_TEXTS.iter().copied().cycle().take(100).collect();
        abandon(context.reranker.rerank("What?", &others), polls).await;
        let after = judged(&*context.reranker, "What is Ana allergic to?", &documents, "the next call").await?;
        check_eq!(after.order(), due, "the order after a call that was dropped at poll {polls}");
    }
    Ok(())
}

async fn r11_dropping_ends_the_request(context: &RerankerContext) -> Verdict {
    let Some(fresh) = context.harness.over_http(json!({})).await else { skip!("this reranker asks nobody over HTTP") };
    let (reranker, server) = fresh?;
    reranker.rerank("tea", &["tea"]).await?;
    let seen = server.seen().len();
    server.fail_always(Some(Fault::Hang));
    {
        let arrived = server.until(|traffic| traffic.seen > seen && traffic.open == 1);
        let call = reranker.rerank("tea", &["tea"]);
        futures::pin_mut!(arrived, call);
        match select(arrived, call).await {
            Either::Left((arrived, _)) => {
                check!(arrived, "the request did not arrive");
            }
            Either::Right((answer, _)) => {
                check!(false, "a call that the server leaves hanging ended: {:?}", answer.map(|_| ()));
            }
        }
    }
    check!(server.until(|traffic| traffic.open == 0).await, "the request goes on although its future was dropped");
    server.fail_always(None);
    reranker.rerank("tea", &["tea"]).await?;
    Ok(())
}
