//! `reindex`: moving house.

use mem0::{Config, Error, ErrorKind, Mem0, ReindexTarget, Reindexed, Slot};
use serde_json::{Value, json};

use crate::cli::ReindexArgs;
use crate::exit::Failure;
use crate::output::{Out, count};
use crate::progress::Progress;
use crate::session::Session;

pub(super) async fn reindex(session: &Session, out: &mut Out, args: ReindexArgs) -> Result<(), Failure> {
    match args.to {
        Some(provider) => {
            let mut config = session.config()?;
            config.vector_store = Slot::new(provider).with_config(keys(args.with.as_deref())?);
            if let Some(name) = args.collection {
                config.collection = name;
            }
            to(session, out, &config).await
        }
        None => as_configured(session, out).await,
    }
}

fn keys(json: Option<&str>) -> Result<Value, Failure> {
    let Some(json) = json else { return Ok(Value::Null) };
    match serde_json::from_str(json) {
        Ok(keys @ Value::Object(_)) => Ok(keys),
        _ => Err(Failure::usage("--with takes the keys of the vector store as a JSON object")),
    }
}

/// To the vector store of `config`, from the one in use.
async fn to(session: &Session, out: &mut Out, config: &Config) -> Result<(), Failure> {
    let target = mem0::vector_store(config).await?;
    let target = ReindexTarget::default().store(target).collection(config.collection.clone());
    let (mem0, moved) = match session.builder().await?.open().await {
        Ok(mem0) => {
            let progress = Progress::new(out.quiet, Some(mem0.stats(None).await?.ledger.memories), "Moving");
            let moved = mem0.reindex(target, |done: Reindexed| progress.reached(done.points)).await?;
            (mem0, Some(moved))
        }
        // An earlier run was stopped after the switch: opening does the rest.
        Err(e) if matches!(e.kind(), ErrorKind::IdentityMismatch | ErrorKind::Config) => {
            match mem0::from_config(config).await {
                Ok(mem0) => (mem0, None),
                Err(_) => return Err(e.into()),
            }
        }
        Err(e) => return Err(e.into()),
    };
    said(out, &mem0, moved.is_some(), moved).await?;
    if !out.json {
        out.note(format!(
            "from now on the configuration has to say: vector_store.provider = {:?}, collection = {:?}",
            config.vector_store.provider, config.collection
        ));
    }
    Ok(())
}

/// To the vector store and the embedder of the configuration.
async fn as_configured(session: &Session, out: &mut Out) -> Result<(), Failure> {
    let builder = session.builder().await?;
    // Opens as it is where nothing has to move.
    let (mem0, moved) = match builder.clone().open().await {
        Ok(mem0) => (mem0, false),
        Err(e) if matches!(e.kind(), ErrorKind::IdentityMismatch | ErrorKind::Config) => {
            let _progress = Progress::new(out.quiet, None, "Moving");
            (builder.move_projection(true).open().await?, true)
        }
        Err(e) => return Err(e.into()),
    };
    said(out, &mem0, moved, None).await?;
    if !moved && !out.json {
        out.note("edit the configuration first, or say where with --to; `mem0 doctor --repair` mends what is there");
    }
    Ok(())
}

async fn said(out: &mut Out, mem0: &Mem0, moved: bool, done: Option<Reindexed>) -> Result<(), Failure> {
    let stats = mem0.stats(None).await?;
    if out.json {
        let mut answer = json!({ "moved": moved });
        let parts = [serde_json::to_value(done), serde_json::to_value(&stats)];
        for part in parts {
            let part = part.map_err(|e| Error::internal("an answer that is no JSON").with_source(e))?;
            if let (Value::Object(answer), Value::Object(part)) = (&mut answer, part) {
                answer.extend(part);
            }
        }
        return out.json(&answer);
    }
    let memories = count(stats.ledger.memories, "memory", "memories");
    let place = format!("{}, embedded by {}", stats.vector_store, stats.embedder);
    if !moved {
        return out.line(format!("nothing to move: {memories} in {place}"));
    }
    out.line(format!("{memories} moved to {place}"))?;
    if let Some(Reindexed { points, counted, sampled, .. }) = done {
        out.line(format!("{points} written, {counted} counted there, {sampled} of them searched for and found"))?;
    }
    Ok(())
}
