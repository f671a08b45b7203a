//! `doctor`.

use std::sync::Arc;

use mem0::{
    BuildContext, Config, DoctorReport, Embedder, Error, ErrorKind, Family, Llm, LlmRequest, Mem0, Purpose, Result,
    Slot,
};
use serde::Serialize;

use crate::cli::DoctorArgs;
use crate::exit::{self, Failure};
use crate::output::{Out, count};
use crate::progress::Progress;
use crate::session::Session;

/// Room for a word, and for a model that thinks first to say that there was
/// not enough.
const TOKENS: u32 = 64;

/// What was found out about a model.
#[derive(Debug, Serialize)]
struct Check {
    family: &'static str,
    provider: String,
    /// The model's name, or the identity of an embedder.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// `answers`, `configured` (not asked) or `failed`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// The answer as JSON.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    models: &'a [Check],
    #[serde(skip_serializing_if = "Option::is_none")]
    checked: Option<u64>,
    findings: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remaining: Option<&'a [String]>,
}

pub(super) async fn doctor(session: &Session, out: &mut Out, args: DoctorArgs) -> Result<u8, Failure> {
    let config = session.config()?;
    let progress = Progress::new(out.quiet, None, "Checking");
    let (models, embedder) = models(&config, args.offline).await;
    // Without an embedder there is no engine; without a language model there
    // is one that checks as well.
    let (report, left) = if embedder { memories(config, args.repair).await? } else { (None, None) };
    drop(progress);
    let healthy = left.as_ref().or(report.as_ref()).is_some_and(DoctorReport::is_healthy);
    let failed = models.iter().any(|check| check.state == "failed");
    if out.json {
        let answer = Answer {
            models: &models,
            checked: report.as_ref().map(|report| report.checked),
            findings: report.as_ref().map_or(&[], |report| &report.findings),
            repaired: report.as_ref().map(|report| report.repaired),
            remaining: left.as_ref().map(|left| left.findings.as_slice()),
        };
        out.json(&answer)?;
    } else {
        for check in &models {
            out.line(line(check))?;
        }
        told(out, report.as_ref(), left.as_ref())?;
        if !healthy && report.is_some() && !args.repair {
            out.note("`mem0 doctor --repair` mends the vector store; a damaged ledger needs a copy or an export");
        }
    }
    Ok(if healthy && !failed { exit::OK } else { exit::FINDINGS })
}

type Reports = (Option<DoctorReport>, Option<DoctorReport>);

/// What is wrong with the memories, and what is left after mending it.
async fn memories(mut config: Config, repair: bool) -> Result<Reports, Failure> {
    config.llm = None;
    config.policy = None;
    config.reranker = None;
    let mem0: Mem0 = mem0::from_config(&config).await?;
    let report = mem0.doctor(repair).await?;
    let left = if repair && !report.is_healthy() { Some(mem0.doctor(false).await?) } else { None };
    Ok((Some(report), left))
}

fn told(out: &mut Out, report: Option<&DoctorReport>, left: Option<&DoctorReport>) -> Result<(), Failure> {
    let Some(report) = report else {
        return out.line("memories not checked: they need the embedder that they were embedded with");
    };
    for finding in &report.findings {
        out.line(finding)?;
    }
    let checked = format!("{} checked", count(report.checked, "memory", "memories"));
    let found = report.findings.len() as u64;
    out.line(match (left, found) {
        (_, 0) => format!("{checked}: all is well"),
        (None, _) => format!("{checked}: {}", count(found, "problem", "problems")),
        (Some(left), _) => format!("{checked}: {} mended, {} left", report.repaired, left.findings.len()),
    })
}

/// The checks of the embedder, the language model and the reranker, and whether
/// there is an embedder to open with.
async fn models(config: &Config, offline: bool) -> (Vec<Check>, bool) {
    let registry = mem0::registry();
    let mut context = BuildContext::new(config.data_dir.clone().unwrap_or_default());
    let slot = &config.embedder;
    let made = registry.make_embedder(&slot.provider, slot.config.clone(), &context).await;
    let built = made.is_ok();
    let model = made.as_ref().ok().map(|embedder| embedder.identity().to_string());
    if let Ok(embedder) = &made {
        context = context.with_embedder(Arc::clone(embedder));
    }
    let answer = match made {
        Ok(embedder) if !offline => embed(&*embedder).await.map(|()| true),
        made => made.map(|_: Arc<dyn Embedder>| false),
    };
    let mut checks = vec![check(Family::Embedder, slot, model, answer)];
    if let Some(slot) = &config.llm {
        let made = registry.make_llm(&slot.provider, slot.config.clone(), &context).await;
        let model = made.as_ref().ok().map(|llm| llm.model().to_owned());
        context = context.with_llm(made.as_ref().ok().map(Arc::clone));
        let answer = match made {
            Ok(llm) if !offline => ask(&*llm).await.map(|()| true),
            made => made.map(|_: Arc<dyn Llm>| false),
        };
        checks.push(check(Family::Llm, slot, model, answer));
    }
    if let Some(slot) = &config.reranker {
        let made = config.make_reranker(&registry, &context).await;
        let model = made.as_ref().ok().and_then(|made| Some(made.as_ref()?.model().to_owned()));
        let answer = match made {
            Ok(Some(reranker)) if !offline => reranker.rerank("ok", &["ok"]).await.map(|_| true),
            made => made.map(|_| false),
        };
        checks.push(check(Family::Reranker, slot, model, answer));
    }
    (checks, built)
}

async fn embed(embedder: &dyn Embedder) -> Result<()> {
    embedder.embed(&["ok"], Purpose::Query).await.map(|_| ())
}

async fn ask(llm: &dyn Llm) -> Result<()> {
    let request = LlmRequest::new("", "Answer with the word ok.").with_max_tokens(TOKENS);
    llm.generate(&request).await.map(|_| ())
}

fn check(family: Family, slot: &Slot, model: Option<String>, answer: Result<bool>) -> Check {
    let (state, error) = match answer {
        Ok(true) => ("answers", None),
        Ok(false) => ("configured", None),
        Err(e) => ("failed", Some(e)),
    };
    Check {
        family: family.as_str(),
        provider: slot.provider.clone(),
        model,
        state,
        hint: error.as_ref().map(|e| hint(family, &slot.provider, e)),
        error: error.map(|e| e.to_string()),
    }
}

/// What to do about it.
fn hint(family: Family, provider: &str, e: &Error) -> String {
    let known = mem0::provider(family, provider);
    let variables = known.map(|known| known.needs.join(" or ")).filter(|names| !names.is_empty());
    match e.kind() {
        ErrorKind::Unauthenticated => match variables {
            Some(names) => format!("set {names}, or `{family}.config.api_key`, to a key that is valid"),
            None => format!("set `{family}.config.api_key` to a key that is valid"),
        },
        ErrorKind::PermissionDenied => "the key may not use this model: choose another, or ask for access".to_owned(),
        ErrorKind::UnknownProvider => match known.and_then(|known| known.feature) {
            Some(feature) => format!("build with the feature \"{feature}\", or choose another provider"),
            None => "`mem0 providers` lists what there is".to_owned(),
        },
        ErrorKind::NotFound => format!("is `{family}.config.model` a model of this provider, and the address right?"),
        ErrorKind::Unavailable | ErrorKind::Timeout => {
            format!("is the server up, and `{family}.config.base_url` right?")
        }
        ErrorKind::RateLimited => "the provider is asked too often: wait, or raise its limit".to_owned(),
        ErrorKind::QuotaExceeded => "the account has nothing left: see the provider's billing".to_owned(),
        _ => format!("look at `{family}` in `mem0 config show`"),
    }
}

fn line(check: &Check) -> String {
    let Check { family, provider, model, state, error, hint } = check;
    let model = model.as_ref().map(|model| format!(" {model}")).unwrap_or_default();
    let told = match (error, hint) {
        (Some(error), Some(hint)) => format!("{error}; {hint}"),
        _ => (*state).to_owned(),
    };
    format!("{family} {provider}{model}: {told}")
}
