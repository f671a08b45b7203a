//! Language models that break one rule, on a small protocol of our own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use conformance_tests::fakes::{FakeServer, Reply, Seen};
use conformance_tests::harness::{FAKE_KEY, FakeAnswer, FakeAsked, FakeLlm};
use conformance_tests::{LlmHarness, Setup};
use mem0_core::layers::layered_llm;
use mem0_core::{
    Error, ErrorKind, Finish, Llm, LlmCapabilities, LlmRequest, LlmResponse, Result, Retry, Speaker, StructuredOutput,
    check_llm_request, provider_config,
};
use mem0_http::{Client, ClientOptions, Request, Response, Secret, check_status, parse_json};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{faults, pause};

faults! {
    0 ChangesItsName,
    0 ShowsTheKey,
    0 ShowsTheText,
    0 NamesNoProvider,
    0 NeverRepeats,
    0 RepeatsTooOften,
    0 RepeatsRefusals,
    0 ForgetsTheWait,
    0 FollowsRedirects,
    0 TakesAnyAnswer,
    0 SilenceIsUnavailable,
    0 NobodyIsTimeout,
    0 EndlessIsUnavailable,
    1 SwapsSpeakers,
    1 ForgetsTheSystem,
    1 TrimsTexts,
    1 RenamesTheAssistant,
    1 CutsLongTexts,
    2 ShowsReasoning,
    2 TrimsTheAnswer,
    3 ForgetsTheSchema,
    3 AlwaysHasASchema,
    3 WrapsTheJson,
    4 LeavesTokensOut,
    5 CutIsComplete,
    5 WithheldIsAnError,
    6 DropsImages,
    6 TurnsImages,
    6 SendsWithoutVision,
    7 ConfigurationFirst,
    7 ZeroIsNotSet,
    8 SendsAnything,
    9 TooLongIsInvalid,
    10 OneAtATime,
    10 MixesAnswers,
    11 GoesOnWhenDropped,
    11 StaysBusy,
}

/// Makes models with one fault, or none.
#[derive(Debug)]
pub(crate) struct BrokenHarness {
    /// What is broken, if anything.
    pub(crate) fault: Option<Fault>,
}

#[derive(Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    max_tokens: Option<u32>,
    temperature: Option<f32>,
    vision: Option<bool>,
    http: ClientOptions,
}

#[async_trait]
impl LlmHarness for BrokenHarness {
    async fn start() -> Setup<Self> {
        Setup::Skip("made by the self-test".to_owned())
    }

    async fn open(&self, config: Value) -> Result<(Arc<dyn Llm>, Arc<dyn FakeLlm>)> {
        let mut config: Config = provider_config(config)?;
        match self.fault {
            Some(Fault::NeverRepeats) => config.http.retry.max_retries = 0,
            Some(Fault::RepeatsTooOften) => config.http.retry.max_retries += 1,
            _ => {}
        }
        let answer = Arc::new(Mutex::new(FakeAnswer::new("")));
        let told = Arc::clone(&answer);
        let server = FakeServer::start(move |seen| reply(seen, &told.lock().unwrap_or_else(PoisonError::into_inner)));
        let server = Arc::new(server.await.map_err(|e| Error::internal("no port").with_source(e))?);
        let client = Client::new(&config.http)?;
        let layers = client.layers().clone();
        let shared = Shared { fault: self.fault, url: server.url(), config, client, key: Secret::new(FAKE_KEY) };
        let llm = BrokenLlm {
            shared: Arc::new(shared),
            turn: Semaphore::new(1),
            first: Mutex::default(),
            used: Mutex::default(),
        };
        Ok((layered_llm(Arc::new(llm), &layers), Arc::new(PlainFake { server, answer })))
    }

    fn too_long(&self) -> Reply {
        Reply::json(400, &json!({"error": "context_length_exceeded"}))
    }
}

struct PlainFake {
    server: Arc<FakeServer>,
    answer: Arc<Mutex<FakeAnswer>>,
}

impl FakeLlm for PlainFake {
    fn answer(&self, answer: FakeAnswer) {
        *self.answer.lock().unwrap() = answer;
    }

    fn asked(&self) -> Vec<FakeAsked> {
        self.server.seen().iter().map(asked).collect()
    }

    fn server(&self) -> Arc<FakeServer> {
        Arc::clone(&self.server)
    }
}

fn asked(seen: &Seen) -> FakeAsked {
    let body = seen.json();
    let turns = body["turns"].as_array().into_iter().flatten().map(|turn| {
        let speaker = serde_json::from_value(turn[0].clone()).ok();
        let images = turn[2].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        (speaker, turn[1].as_str().unwrap_or_default().to_owned(), images.collect())
    });
    FakeAsked {
        system: body["system"].as_str().unwrap_or_default().to_owned(),
        turns: turns.collect(),
        schema: Some(body["schema"].clone()).filter(|schema| !schema.is_null()),
        max_tokens: body["max_tokens"].as_u64(),
        temperature: body["temperature"].as_f64(),
    }
}

fn reply(seen: &Seen, answer: &FakeAnswer) -> Reply {
    if seen.header("authorization") != Some(&format!("Bearer {FAKE_KEY}")) {
        return Reply::json(401, &Value::Null);
    }
    let finish = match answer.finish {
        Finish::Complete => "complete",
        Finish::Length => "length",
        _ => "filtered",
    };
    Reply::json(
        200,
        &json!({
            "text": answer.text,
            "reasoning": answer.reasoning,
            "finish": finish,
            "input": answer.usage.input,
            "output": answer.usage.output,
        }),
    )
}

#[derive(Debug)]
struct Shared {
    fault: Option<Fault>,
    url: String,
    config: Config,
    client: Client,
    key: Secret,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct BrokenLlm {
    shared: Arc<Shared>,
    turn: Semaphore,
    first: Mutex<Option<LlmResponse>>,
    used: Mutex<bool>,
}

#[derive(serde::Deserialize)]
struct Answer {
    text: String,
    reasoning: Option<String>,
    finish: String,
    input: u64,
    output: u64,
}

impl Shared {
    fn body(&self, request: &LlmRequest) -> Value {
        let turns = request.turns.iter().map(|turn| {
            let mut text = turn.text.clone();
            let mut speaker = turn.speaker;
            let mut images: Vec<&str> = turn.images.iter().map(|image| image.url()).collect();
            match self.fault {
                Some(Fault::SwapsSpeakers) => {
                    speaker = if speaker == Speaker::User { Speaker::Assistant } else { Speaker::User };
                }
                Some(Fault::TrimsTexts) => text = text.trim().to_owned(),
                Some(Fault::RenamesTheAssistant) => text = text.replace("assistant", "ai"),
                Some(Fault::CutsLongTexts) => text = text.chars().take(100_000).collect(),
                Some(Fault::DropsImages) => images.clear(),
                Some(Fault::TurnsImages) => images.reverse(),
                _ => {}
            }
            json!([speaker, text, images])
        });
        let schema = match self.fault {
            Some(Fault::ForgetsTheSchema) => None,
            Some(Fault::AlwaysHasASchema) => Some(json!({})),
            _ => request.schema.as_ref().map(|schema| schema.schema.clone()),
        };
        let (max_tokens, temperature) = match self.fault {
            Some(Fault::ConfigurationFirst) => {
                (self.config.max_tokens.or(request.max_tokens), self.config.temperature.or(request.temperature))
            }
            _ => (request.max_tokens.or(self.config.max_tokens), request.temperature.or(self.config.temperature)),
        };
        let zero_is_sent = self.fault != Some(Fault::ZeroIsNotSet);
        json!({
            "system": if self.fault == Some(Fault::ForgetsTheSystem) { "" } else { &request.system },
            "turns": turns.collect::<Vec<_>>(),
            "schema": schema,
            "max_tokens": max_tokens,
            "temperature": temperature.filter(|t| zero_is_sent || *t > 0.0),
        })
    }

    async fn send(&self, request: &LlmRequest) -> Result<Response> {
        let body = self.body(request);
        let ready = |url: &str| Ok::<_, Error>(Request::post_json(url, &body)?.with_bearer(&self.key));
        let response = self.client.send(ready(&self.url)?).await?;
        match response.header("location") {
            Some(there) if self.fault == Some(Fault::FollowsRedirects) => self.client.send(ready(there)?).await,
            _ => Ok(response),
        }
    }

    async fn ask(&self, request: &LlmRequest) -> Result<LlmResponse> {
        let response = self.send(request).await?;
        check_status(&response, |refusal| {
            let blunt = self.fault == Some(Fault::TooLongIsInvalid) && refusal.status == 400;
            blunt.then_some(ErrorKind::InvalidInput)
        })?;
        let answer: Result<Answer> = parse_json(&response.body);
        if self.fault == Some(Fault::TakesAnyAnswer) && answer.is_err() {
            return Ok(LlmResponse::default());
        }
        let mut answer = answer?;
        match self.fault {
            Some(Fault::ShowsReasoning) => {
                answer.text.insert_str(0, answer.reasoning.as_deref().unwrap_or_default());
            }
            Some(Fault::TrimsTheAnswer) => answer.text = answer.text.trim().to_owned(),
            Some(Fault::WrapsTheJson) if request.schema.is_some() => {
                answer.text = format!("```json\n{}\n```", answer.text);
            }
            Some(Fault::LeavesTokensOut) => answer.output = answer.text.len() as u64,
            _ => {}
        }
        let finish = match answer.finish.as_str() {
            "length" if self.fault != Some(Fault::CutIsComplete) => Finish::Length,
            "filtered" if self.fault == Some(Fault::WithheldIsAnError) => return Err(Error::invalid("withheld")),
            "filtered" => Finish::Filtered,
            _ => Finish::Complete,
        };
        Ok(LlmResponse::new(answer.text).with_finish(finish).with_usage(answer.input, answer.output))
    }

    fn error(&self, error: Error, request: &LlmRequest) -> Error {
        let error = match self.fault {
            Some(Fault::ShowsTheKey) => error.with_source(format!("with the key {}", self.key.expose())),
            Some(Fault::ShowsTheText) => error.with_context("text", &request.turns[0].text),
            Some(Fault::RepeatsRefusals) => error.with_retry(Retry::Safe),
            Some(Fault::ForgetsTheWait) => Error::new(error.kind(), "refused"),
            Some(Fault::SilenceIsUnavailable) if error.kind() == ErrorKind::Timeout => {
                Error::new(ErrorKind::Unavailable, "silence")
            }
            Some(Fault::EndlessIsUnavailable) if error.context().iter().any(|(key, _)| *key == "limit") => {
                Error::new(ErrorKind::Unavailable, "too much")
            }
            Some(Fault::NobodyIsTimeout) if error.kind() == ErrorKind::Unavailable => {
                Error::new(ErrorKind::Timeout, "nobody")
            }
            _ => error,
        };
        if self.fault == Some(Fault::NamesNoProvider) { error } else { error.with_provider("plain") }
    }
}

#[async_trait]
impl Llm for BrokenLlm {
    fn provider(&self) -> &'static str {
        "plain"
    }

    fn model(&self) -> &str {
        let changed = self.shared.fault == Some(Fault::ChangesItsName) && *self.used.lock().unwrap();
        if changed { "other" } else { "one" }
    }

    fn capabilities(&self) -> LlmCapabilities {
        let vision = self.shared.config.vision.unwrap_or(true);
        LlmCapabilities::new(StructuredOutput::Schema).with_vision(vision)
    }

    async fn generate(&self, request: &LlmRequest) -> Result<LlmResponse> {
        *self.used.lock().unwrap() = true;
        let fault = self.shared.fault;
        let checked = match fault {
            Some(Fault::SendsAnything) => Ok(()),
            Some(Fault::SendsWithoutVision) => check_llm_request(request, self.capabilities().with_vision(true)),
            _ => check_llm_request(request, self.capabilities()),
        };
        checked?;
        let place = if fault == Some(Fault::OneAtATime) { self.turn.acquire().await.ok() } else { None };
        if fault == Some(Fault::StaysBusy) {
            let place = self.turn.try_acquire().map_err(|_| Error::internal("busy"))?;
            place.forget();
            pause().await;
        }
        let answer = if fault == Some(Fault::GoesOnWhenDropped) {
            let (shared, request) = (Arc::clone(&self.shared), request.clone());
            tokio::spawn(async move { shared.ask(&request).await }).await.map_err(|e| Error::internal(e.to_string()))?
        } else {
            self.shared.ask(request).await
        };
        drop(place);
        if fault == Some(Fault::StaysBusy) {
            self.turn.add_permits(1);
        }
        let response = answer.map_err(|error| self.shared.error(error, request))?;
        if fault == Some(Fault::MixesAnswers) && request.turns[0].text.contains("mark-") {
            return Ok(self.first.lock().unwrap().get_or_insert(response).clone());
        }
        Ok(response)
    }
}
