//! `context`, `explain`.

use mem0::ContextOptions;

use crate::cli::{ContextArgs, ExplainArgs};
use crate::exit::Failure;
use crate::output::{Out, count};
use crate::session::Session;

pub(super) async fn context(session: &Session, out: &mut Out, args: ContextArgs) -> Result<(), Failure> {
    let (scope, search) = session.scope_and_search(&args.which, args.limit)?;
    let mut options = ContextOptions::default().budget_tokens(args.budget).search(search).window(args.window);
    options.provenance = args.provenance;
    let mem0 = session.open().await?;
    let context = mem0.context(&args.query.join(" "), &scope, options).await?;
    if out.json {
        return out.json(&context);
    }
    if !context.text.is_empty() {
        out.line(crate::output::clean(&context.text))?;
    }
    let memories = count(context.memories.len() as u64, "memory", "memories");
    out.note(format!("{memories}, {} tokens by {}", context.tokens, context.tokenizer));
    if context.left_out > 0 {
        out.note(format!("{} more did not fit", context.left_out));
    }
    if context.abstain {
        out.note(format!("too little to answer from (confidence {:.2})", context.confidence));
    }
    out.degraded(&context.degraded);
    Ok(())
}

pub(super) async fn explain(session: &Session, out: &mut Out, args: ExplainArgs) -> Result<(), Failure> {
    let (scope, options) = session.scope_and_search(&args.which, args.limit)?;
    let mem0 = session.open().await?;
    let explanation = mem0.explain(&args.query, &scope, args.id, options).await?;
    if out.json {
        return out.json(&explanation);
    }
    out.line(crate::output::clean(&explanation.explanation))?;
    out.degraded(&explanation.degraded);
    Ok(())
}
