//! Rule 19: texts come back byte for byte.

use mem0_core::{Content, Idempotency, ListQuery, Role, Scope, StoredMessage};
use serde_json::json;

use super::LedgerContext;
use super::context::{now, one};
use super::reading::walk;
use crate::check::Verdict;
use crate::data::changes::{add_content, commit, message};
use crate::data::points::id;
use crate::data::scopes::tricky;
use crate::data::texts::{HARD_TEXTS, long};
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    19 r19_every_script_comes_back,
    19 r19_a_megabyte_comes_back,
}

fn content(text: &str) -> Content {
    let mut content = Content::new(text);
    content.actor = Some(text.to_owned());
    content.role = Some(Role::Assistant);
    content
        .metadata
        .insert(format!("key {text}"), json!({"value": text, "list": [text, null, 1.5, i64::MIN, u64::MAX]}));
    content.categories = vec![text.to_owned()];
    content.sources = vec![text.to_owned()];
    content
}

async fn r19_every_script_comes_back(context: &LedgerContext) -> Verdict {
    let (ledger, scopes) = (context.ledger(), tricky()?);
    let texts: Vec<&str> = HARD_TEXTS.iter().copied().filter(|text| !text.is_empty()).collect();
    for (n, (text, scope)) in (0_u64..).zip(texts.iter().zip(scopes.iter().cycle())) {
        let due = content(text);
        let mut change = add_content(id(n), due.clone());
        change.reason = Some((*text).to_owned());
        let mut commit = commit(scope, n.cast_signed(), vec![change]);
        let said = StoredMessage { name: Some((*text).to_owned()), ..message(text, n.cast_signed(), text) };
        commit.messages = vec![said.clone()];
        commit.idempotency = Some(Idempotency { key: (*text).to_owned(), digest: [3; 32] });
        let receipt = one(ledger, commit.clone()).await?;
        check!(!receipt.replayed, "the key {text:?} counts as used");
        let got = ledger.get(&[id(n)], &now()).await?.pop().flatten();
        check_eq!(got.as_ref().map(|memory| &memory.scope), Some(scope), "the scope of {text:?}");
        let got = got.map(|memory| memory.content);
        check!(got == Some(due.clone()), "get of {text:?} gives another content: {:?}", got.map(|got| got.text));
        let logged = ledger.history(id(n)).await?.pop().map(|event| event.change);
        let logged = logged.map(|change| (change.content, change.reason));
        check!(logged == Some((Some(due), Some((*text).to_owned()))), "history of {text:?} gives another text");
        let said_then = ledger.messages(scope, 99).await?;
        check!(said_then.contains(&said), "the message {text:?} does not come back");
        commit.changes.clear();
        check!(one(ledger, commit).await?.replayed, "the key {text:?} is not known again");
    }
    Ok(())
}

async fn r19_a_megabyte_comes_back(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let text = long(1_000_000);
    let mut commit = commit(&alice, 1, vec![add_content(id(1), Content::new(text.as_str()))]);
    commit.messages = vec![message("long", 1, &text)];
    one(ledger, commit).await?;
    let listed = walk(ledger, ListQuery::new(alice.clone(), now(), 10)).await?;
    check!(listed.iter().map(|memory| &memory.content.text).eq([&text]), "a text of 1 MB does not come back");
    let said = ledger.messages(&alice, 1).await?;
    check!(said.iter().map(|message| &message.content).eq([&text]), "a message of 1 MB does not come back");
    Ok(())
}
