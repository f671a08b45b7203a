//! `bench`: how well this configuration remembers.

use std::path::Path;
use std::sync::Arc;

use benches::qa::{self, Journal, Models, Options, load};
use mem0::{BuildContext, Config, Llm, Slot};
use serde_json::json;

use crate::cli::{BenchArgs, Dataset, Mode};
use crate::exit::Failure;
use crate::output::Out;
use crate::progress::Progress;
use crate::session::{self, Session};

pub(super) async fn bench(session: &Session, out: &mut Out, args: BenchArgs) -> Result<(), Failure> {
    let mut config = session.config()?;
    let options = options(&args, &config);
    let models = models(&args, &config).await?;
    if config.llm.is_none() && (args.mode == Mode::Llm || args.judge.is_some()) {
        return Err(Failure::usage("there is no language model to extract or to answer").hint("name one with --llm"));
    }
    let dataset = match args.dataset {
        Dataset::Locomo => load::locomo(&args.file),
        Dataset::Longmemeval => load::longmemeval(&args.file),
        Dataset::Beam => load::beam(&args.file),
    };
    let dataset = dataset.and_then(|dataset| dataset.keep(&args.conversations, &args.categories))?;
    let temporary;
    let (folder, mut journal): (&Path, Journal) = match &args.resume {
        Some(folder) => (folder, Journal::open(folder)?),
        None => {
            temporary = tempfile::tempdir()?;
            (temporary.path(), Journal::none())
        }
    };
    qa::apart(&mut config, folder)?;
    let memory = mem0::from_config(&config).await?;
    let progress = Progress::new(out.quiet, Some(dataset.questions() as u64), "Measuring");
    let show = |what: &'static str, done: usize, total: usize| progress.stage(what, done as u64, total as u64);
    let report = Box::pin(qa::run(&memory, &dataset, &options, models.as_ref(), &mut journal, &show)).await;
    let cleaned = match args.resume {
        Some(_) => Ok(()),
        None => qa::clean_up(&memory, &config, &dataset).await,
    };
    drop(progress);
    let report = report?;
    cleaned?;
    if let Some(path) = &args.out {
        let text = serde_json::to_string_pretty(&report).map_err(std::io::Error::from)?;
        std::fs::write(path, text + "\n")
            .map_err(|e| Failure::usage(format!("{} cannot be written: {e}", path.display())))?;
    }
    if out.json { out.json(&report) } else { out.line(report.to_string().trim_end()) }
}

fn options(args: &BenchArgs, config: &Config) -> Options {
    let mut options = Options::default();
    options.mode = match args.mode {
        Mode::Said => qa::Mode::Said,
        Mode::Rules => qa::Mode::Rules,
        Mode::Llm => qa::Mode::Llm,
    };
    options.policy.clone_from(&args.policy);
    if args.mode == Mode::Llm && args.policy.is_none() {
        let configured = config.policy.as_ref().map(|slot| slot.provider.clone());
        options.policy = configured.filter(|name| name != "rules");
    }
    options.limit = args.limit;
    options.threshold = args.threshold.unwrap_or(options.threshold);
    options.context = args.context;
    options.concurrency = args.concurrency;
    options.seed = args.seed;
    options.configuration = json!({
        "fusion": config.fusion,
        "policy": config.policy.as_ref().map(|slot| &slot.provider),
        "llm": config.llm.as_ref().map(|slot| &slot.provider),
    });
    options
}

/// The configured model, and the one that judges.
async fn models(args: &BenchArgs, config: &Config) -> Result<Option<Models>, Failure> {
    let Some(slot) = config.llm.as_ref().filter(|_| !args.retrieval_only) else { return Ok(None) };
    let answers = model(slot, config).await?;
    let judges = match &args.judge {
        Some(name) => model(&session::llm(name, config.llm.clone())?, config).await?,
        None => Arc::clone(&answers),
    };
    Ok(Some(Models { answers, judges }))
}

async fn model(slot: &Slot, config: &Config) -> Result<Arc<dyn Llm>, Failure> {
    let context = BuildContext::new(config.data_dir.clone().unwrap_or_default());
    Ok(mem0::registry().make_llm(&slot.provider, slot.config.clone(), &context).await?)
}
