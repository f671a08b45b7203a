//! Rule 16: messages.

use mem0_core::{Ledger, Role, Scope, StoredMessage};

use super::LedgerContext;
use super::context::one;
use crate::check::Verdict;
use crate::check_eq;
use crate::data::changes::{commit, message};
use crate::suite::cases;

cases! { LedgerContext:
    16 r16_messages_in_the_order_they_were_said,
    16 r16_repeated_and_forgotten_messages,
}

async fn say(ledger: &dyn Ledger, scope: &Scope, messages: &[StoredMessage], forget: bool) -> Verdict {
    let mut commit = commit(scope, 1, vec![]);
    (commit.messages, commit.forget_messages) = (messages.to_vec(), forget);
    one(ledger, commit).await?;
    Ok(())
}

async fn ids(ledger: &dyn Ledger, scope: &Scope, limit: usize) -> Verdict<String> {
    let messages = ledger.messages(scope, limit).await?;
    Ok(messages.into_iter().map(|message| message.id).collect::<Vec<_>>().join(" "))
}

async fn r16_messages_in_the_order_they_were_said(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let run = alice.clone().with_run("7")?;
    say(ledger, &alice, &[message("z", 10, "1"), message("c", 30, "2"), message("b", 20, "3")], false).await?;
    // Late, at the time of another one, and in a narrower scope.
    say(ledger, &alice, &[message("a", 20, "4"), message("d", 5, "5"), message("0", 20, "6")], false).await?;
    say(ledger, &run, &[message("r", 15, "7")], false).await?;
    check_eq!(ids(ledger, &alice, 100).await?, "d z b a 0 c", "all messages");
    check_eq!(ids(ledger, &alice, 3).await?, "a 0 c", "the newest three");
    check_eq!(ids(ledger, &alice, 0).await?, "", "no message");
    check_eq!(ids(ledger, &run, 100).await?, "r", "messages of the run");
    check_eq!(ids(&*context.reopen().await?, &alice, 100).await?, "d z b a 0 c", "as another handle sees them");
    let full = StoredMessage { role: Role::Assistant, name: Some("Ana".into()), ..message("full", 40, "said") };
    say(ledger, &alice, std::slice::from_ref(&full), false).await?;
    check_eq!(ledger.messages(&alice, 1).await?.as_slice(), [full].as_slice(), "a message with role and name");
    Ok(())
}

async fn r16_repeated_and_forgotten_messages(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    say(ledger, &alice, &[message("a", 1, "first"), message("b", 2, "b"), message("a", 3, "second")], false).await?;
    say(ledger, &alice, &[message("a", 9, "third")], false).await?;
    say(ledger, &bob, &[message("a", 1, "his")], false).await?;
    let kept: Vec<_> = ledger.messages(&alice, 9).await?.into_iter().map(|message| message.content).collect();
    check_eq!(kept, ["first", "b"], "messages of which one was repeated");
    say(ledger, &alice, &[message("c", 5, "c"), message("b", 6, "again")], true).await?;
    check_eq!(ids(ledger, &alice, 9).await?, "c b", "messages after the others were forgotten");
    check_eq!(ids(ledger, &bob, 9).await?, "a", "bob's messages after alice's were forgotten");
    check_eq!(ledger.stats(None).await?.messages, 3, "how many messages there are");
    Ok(())
}
