//! `search`, `list`, `get`, `history`, `messages`, `entities`, `scopes`.

use mem0::{ContextOptions, Error, ListOptions, Memory, MentionKind, ScopeKey, StoredMessage, When, memory_json};
use serde_json::json;

use crate::cli::{EntitiesArgs, GetArgs, HistoryArgs, ListArgs, MessagesArgs, ScopesArgs, SearchArgs};
use crate::exit::Failure;
use crate::output::{Out, Results, Table, count, minute};
use crate::session::Session;

pub(super) async fn search(session: &Session, out: &mut Out, args: SearchArgs) -> Result<(), Failure> {
    let (scope, mut options) = session.scope_and_search(&args.which, args.limit)?;
    options.explain = args.explain;
    // Whichever flag comes last counts; without one the configuration does.
    options.rerank = (args.rerank || args.no_rerank).then_some(args.rerank);
    options.rerank_pool = args.rerank_pool;
    options.context_window = args.context_window;
    let mem0 = session.open().await?;
    let found = mem0.search(&args.query.join(" "), &scope, options).await?;
    if out.json {
        return out.json(&found);
    }
    let reranked = found.results.iter().any(|hit| hit.rerank.is_some());
    let titles = ["SCORE", "RERANK", "ID", "SINCE", "MEMORY"];
    let mut table = Table::new(&titles.into_iter().filter(|title| reranked || *title != "RERANK").collect::<Vec<_>>());
    for hit in &found.results {
        let why = hit.breakdown.map(|parts| format!("\n{}", parts.in_words())).unwrap_or_default();
        let mut scores = vec![format!(" {:.2}", hit.score)];
        if reranked {
            scores.push(hit.rerank.map_or("-".to_owned(), |score| format!("{score:.2}")));
        }
        scores.extend([
            hit.memory.id.to_string(),
            hit.memory.valid_from().date(),
            format!("{}{why}{}", text(&hit.memory), around(&hit.around)),
        ]);
        table.row(scores);
    }
    if !found.results.is_empty() {
        out.table(&table)?;
    }
    if found.results.is_empty() {
        out.note("nothing found");
    } else if found.confidence < ContextOptions::default().abstain_below {
        out.note(format!("too little to answer from (confidence {:.2})", found.confidence));
    }
    out.degraded(&found.degraded);
    Ok(())
}

/// Each message on a line of its own.
fn around(messages: &[StoredMessage]) -> String {
    let line = |message: &StoredMessage| {
        let who = message.name.clone().unwrap_or_else(|| message.role.to_string());
        format!("\n> [{}] {who}: {}", minute(message.at), message.content.replace('\n', " "))
    };
    messages.iter().map(line).collect()
}

pub(super) async fn list(session: &Session, out: &mut Out, args: ListArgs) -> Result<(), Failure> {
    let (scope, filter) = session.scope_and_filter(args.filter.as_deref())?;
    let when = args.when.when();
    let mem0 = session.open().await?;
    if args.count {
        let number = mem0.count(&scope, &filter, when).await?;
        return if out.json { out.json(&json!({ "count": number })) } else { out.line(number) };
    }
    let mut options = ListOptions::default().limit(args.limit).filter(filter).when(when).order(args.order.into());
    options.descending = !args.ascending;
    options.after = args.after;
    let mut page = mem0.get_all(&scope, options.clone()).await?;
    while args.all && page.next.is_some() {
        let next = mem0.get_all(&scope, options.clone().after(page.next)).await?;
        page.results.extend(next.results);
        page.next = next.next;
    }
    if out.json {
        return out.json(&page);
    }
    if page.results.is_empty() {
        out.note("no memories");
        return Ok(());
    }
    let mut table = Table::new(&["ID", "SINCE", "MEMORY"]);
    for memory in &page.results {
        table.row(vec![memory.id.to_string(), memory.valid_from().date(), text(memory)]);
    }
    out.table(&table)?;
    if let Some(next) = page.next {
        out.note(format!("there are more: --after {next}"));
    }
    Ok(())
}

/// What it says, who said it, and its labels.
fn text(memory: &Memory) -> String {
    let content = &memory.content;
    let who = content.actor.as_ref().map(|who| format!("{who}: ")).unwrap_or_default();
    let labels = &content.categories;
    let labels = if labels.is_empty() { String::new() } else { format!(" [{}]", labels.join(", ")) };
    format!("{who}{}{labels}", content.text)
}

pub(super) async fn get(session: &Session, out: &mut Out, args: GetArgs) -> Result<(), Failure> {
    let scope = session.scope()?;
    let mem0 = session.open().await?;
    let mut when = When::with_expired();
    when.as_of = args.as_of;
    when.known_at = args.known_at;
    let memory = mem0.get_when(args.id, scope.as_ref(), when).await?;
    let memory = memory.ok_or_else(|| Error::not_found("no such memory in this scope").with_context("id", args.id))?;
    if out.json {
        return out.json(&memory_json(&memory));
    }
    let content = &memory.content;
    let mut fields = vec![
        ("id", memory.id.to_string()),
        ("memory", content.text.clone()),
        ("whose", memory.scope.to_string()),
        ("kind", content.kind.as_str().to_owned()),
        ("version", memory.version.to_string()),
        ("created", minute(memory.created_at)),
        ("updated", minute(memory.updated_at)),
        ("true since", minute(memory.valid_from())),
    ];
    let optional = [
        ("true until", memory.valid_to().map(minute)),
        ("expires", content.expires_at.map(minute)),
        ("superseded", memory.superseded_at.map(minute)),
        ("said by", content.actor.clone().or_else(|| content.role.map(|role| role.to_string()))),
        ("categories", (!content.categories.is_empty()).then(|| content.categories.join(", "))),
        ("metadata", (!content.metadata.is_empty()).then(|| json!(content.metadata).to_string())),
        ("sources", (!content.sources.is_empty()).then(|| content.sources.join(", "))),
    ];
    fields.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    out.fields(&fields)
}

pub(super) async fn history(session: &Session, out: &mut Out, args: HistoryArgs) -> Result<(), Failure> {
    let scope = session.scope()?;
    let mem0 = session.open().await?;
    let entries = mem0.history(args.id, scope.as_ref()).await?;
    if out.json {
        return out.json(&Results { results: &entries });
    }
    let mut table = Table::new(&["V", "EVENT", "WHEN", "MEMORY"]);
    for entry in &entries {
        let why = entry.reason.as_ref().map(|why| format!("\n({why})")).unwrap_or_default();
        table.row(vec![
            entry.version.to_string(),
            entry.event.as_str().to_owned(),
            minute(entry.updated_at),
            format!("{}{why}", entry.new_memory.as_deref().unwrap_or("-")),
        ]);
    }
    out.table(&table)
}

pub(super) async fn messages(session: &Session, out: &mut Out, args: MessagesArgs) -> Result<(), Failure> {
    let scope = session.needed_scope()?;
    let mem0 = session.open().await?;
    let messages = mem0.messages(&scope, args.limit).await?;
    if out.json {
        return out.json(&Results { results: &messages });
    }
    if messages.is_empty() {
        out.note("no messages of exactly this scope");
        return Ok(());
    }
    let mut table = Table::new(&["WHEN", "WHO", "MESSAGE"]);
    for message in &messages {
        let who = message.name.clone().unwrap_or_else(|| message.role.to_string());
        table.row(vec![minute(message.at), who, message.content.clone()]);
    }
    out.table(&table)
}

pub(super) async fn entities(session: &Session, out: &mut Out, args: EntitiesArgs) -> Result<(), Failure> {
    let scope = session.needed_scope()?;
    let mem0 = session.open().await?;
    let entities = mem0.entities(&scope, args.prefix.as_deref(), args.limit).await?;
    if out.json {
        return out.json(&Results { results: &entities });
    }
    if entities.is_empty() {
        out.note("the memories name nobody");
        return Ok(());
    }
    let mut table = Table::new(&["NAME", "ALSO", "KIND", "MENTIONS"]);
    for entity in entities {
        let kind = match (entity.is_speaker, entity.kind) {
            (true, _) => "speaker",
            (_, MentionKind::Quote) => "title",
            (_, MentionKind::Quantity) => "amount",
            (_, MentionKind::Tag) => "tag",
            _ => "name",
        };
        let also = if entity.aliases.is_empty() { "-".to_owned() } else { entity.aliases.join(", ") };
        table.row(vec![entity.name, also, kind.to_owned(), entity.mentions.to_string()]);
    }
    out.table(&table)
}

pub(super) async fn scopes(session: &Session, out: &mut Out, args: ScopesArgs) -> Result<(), Failure> {
    let covering = session.given_scope()?;
    let mem0 = session.open().await?;
    let scopes = mem0.scopes(covering.as_ref(), None, args.limit).await?;
    if out.json {
        return out.json(&Results { results: &scopes });
    }
    if scopes.is_empty() {
        out.note("nobody has memories");
        return Ok(());
    }
    let used: Vec<ScopeKey> =
        ScopeKey::ALL.into_iter().filter(|key| scopes.iter().any(|info| info.scope.get(*key).is_some())).collect();
    let titles: Vec<String> = used.iter().map(|key| key.as_str().trim_end_matches("_id").to_uppercase()).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).chain(["MEMORIES"]).collect();
    let mut table = Table::new(&titles);
    for info in &scopes {
        let ids = used.iter().map(|key| info.scope.get(*key).unwrap_or("-").to_owned());
        table.row(ids.chain([info.memories.to_string()]).collect());
    }
    out.table(&table)?;
    if scopes.len() == args.limit {
        out.note(format!("the first {}; there may be more", count(args.limit as u64, "scope", "scopes")));
    }
    Ok(())
}
