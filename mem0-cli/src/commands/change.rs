//! `update`, `delete`, `delete-all`, `undo`, `erase`, `reset`.

use mem0::{ChangeResult, UpdateOptions, When};

use super::add::{event, labels};
use super::{confirm, deleted};
use crate::cli::{DeleteAllArgs, DeleteArgs, EraseArgs, Expiry, ResetArgs, UndoArgs, UpdateArgs, merged};
use crate::exit::Failure;
use crate::input;
use crate::output::{Out, Results, Table, count, minute};
use crate::progress::Progress;
use crate::session::Session;

pub(super) async fn update(session: &Session, out: &mut Out, args: UpdateArgs) -> Result<(), Failure> {
    let scope = session.scope()?;
    if let Some(file) = &args.batch {
        let requests = input::update_batch(&input::read(file)?, scope.as_ref())?;
        let mem0 = session.open().await?;
        return changed(out, &mem0.update_many(requests).await?);
    }
    let Some(id) = args.id else { return Err(Failure::usage("which memory? There is no id")) };
    let mut options = UpdateOptions::default();
    options.scope = scope;
    options.text = input::argument(&args.text)?.map(|text| text.trim_end_matches(['\n', '\r']).to_owned());
    options.metadata = (!args.metadata.is_empty()).then(|| merged(&args.metadata));
    let categories = labels(&args.categories);
    options.categories = (args.no_categories || !categories.is_empty()).then_some(categories);
    options.expires_at = args.expires.map(|expiry| match expiry {
        Expiry::At(time) => Some(time),
        Expiry::Never => None,
    });
    options.valid_from = args.valid_from;
    options.reason = args.reason;
    options.expected_version = args.if_version;
    let mem0 = session.open().await?;
    changed(out, &[mem0.update(id, options).await?])
}

pub(super) async fn delete(session: &Session, out: &mut Out, args: DeleteArgs) -> Result<(), Failure> {
    let ids = input::ids(&args.ids)?;
    let scope = session.scope()?;
    let mem0 = session.open().await?;
    let results = mem0.delete_many(&ids, scope.as_ref()).await?;
    changed(out, &results)?;
    if let [one] = results.as_slice() {
        out.note(format!("take it back with: mem0 undo {}", one.id));
    }
    Ok(())
}

pub(super) async fn undo(session: &Session, out: &mut Out, args: UndoArgs) -> Result<(), Failure> {
    let scope = session.scope()?;
    let mem0 = session.open().await?;
    let results = match (args.id, args.txn) {
        (_, Some(txn)) => mem0.undo_commit(txn, scope.as_ref()).await?,
        (Some(id), None) => vec![mem0.undo(id, scope.as_ref()).await?],
        (None, None) => return Err(Failure::usage("undo what? Give a memory's id, or --txn with a commit")),
    };
    changed(out, &results)
}

pub(super) async fn delete_all(session: &Session, out: &mut Out, args: DeleteAllArgs) -> Result<(), Failure> {
    let (scope, filter) = session.scope_and_filter(args.filter.as_deref())?;
    let mem0 = session.open().await?;
    let number = mem0.count(&scope, &filter, When::with_expired()).await?;
    let memories = count(number, "memory", "memories");
    if args.dry_run {
        return if out.json {
            out.json(&serde_json::json!({"deleted": 0, "would_delete": number}))
        } else {
            out.line(format!("{memories} of {scope} would be deleted"))
        };
    }
    confirm(args.yes, &format!("Delete {memories} of {scope}"))?;
    let progress = Progress::new(out.quiet, None, "Deleting");
    let result = mem0.delete_all(&scope, &filter).await?;
    drop(progress);
    if out.json {
        return out.json(&result);
    }
    out.line(format!("{} deleted", count(result.deleted, "memory", "memories")))?;
    out.degraded(&result.degraded);
    Ok(())
}

pub(super) async fn erase(session: &Session, out: &mut Out, args: EraseArgs) -> Result<(), Failure> {
    let scope = session.needed_scope()?;
    let mem0 = session.open().await?;
    let stats = mem0.stats(Some(&scope)).await?.ledger;
    let memories = count(stats.memories + stats.deleted + stats.superseded, "memory", "memories");
    let events = count(stats.events, "event", "events");
    let messages = count(stats.messages, "message", "messages");
    confirm(args.yes, &format!("Erase {memories} ({events}, {messages}) of {scope} for good"))?;
    let progress = Progress::new(out.quiet, None, "Erasing");
    let receipt = mem0.erase(&scope).await?;
    drop(progress);
    if out.json {
        return out.json(&receipt);
    }
    let ledger = &receipt.ledger;
    out.fields(&[
        ("erased", receipt.scope.to_string()),
        ("at", minute(receipt.erased_at)),
        ("memories", ledger.memories.to_string()),
        ("events", ledger.events.to_string()),
        ("messages", ledger.messages.to_string()),
        ("vectors", ledger.vectors.to_string()),
        ("index rows", (ledger.postings + ledger.mentions).to_string()),
        ("keys", ledger.idempotency_keys.to_string()),
        ("points", receipt.points.to_string()),
        ("verified", if receipt.verified { "yes: read again, nothing is left" } else { "no" }.to_owned()),
    ])?;
    out.degraded(&receipt.degraded);
    Ok(())
}

pub(super) async fn reset(session: &Session, out: &mut Out, args: ResetArgs) -> Result<(), Failure> {
    let mem0 = session.open().await?;
    let stats = mem0.stats(None).await?.ledger;
    let memories = count(stats.memories + stats.deleted + stats.superseded, "memory", "memories");
    let owners = count(stats.scopes, "scope", "scopes");
    confirm(args.yes, &format!("Remove {memories} of {owners} and every history for good"))?;
    let progress = Progress::new(out.quiet, None, "Removing everything");
    let number = mem0.reset().await?;
    drop(progress);
    if out.json { out.json(&deleted(number)) } else { out.line(format!("{number} removed; nothing is left")) }
}

fn changed(out: &mut Out, results: &[ChangeResult]) -> Result<(), Failure> {
    if out.json {
        return out.json(&Results { results });
    }
    let mut table = Table::new(&["", "", ""]);
    for result in results {
        table.row(vec![event(result.event).to_owned(), result.id.to_string(), format!("version {}", result.version)]);
    }
    out.table(&table)?;
    out.degraded(results.iter().flat_map(|result| &result.degraded));
    Ok(())
}
