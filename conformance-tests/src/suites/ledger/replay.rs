//! Rule 18: the log is enough to build the ledger anew.

use mem0_core::text::terms;
use mem0_core::{Commit, Filter, Ledger, LoggedChange, Result, View};

use super::LedgerContext;
use super::context::now;
use super::reading::{Questions, log, memories, same};
use super::story::{Teller, take};
use crate::check::Verdict;
use crate::check_eq;
use crate::data::changes::{commit, model, time};
use crate::settings;
use crate::suite::cases;

cases! { LedgerContext:
    18 r18_replaying_the_log_gives_the_same_reads,
}

/// The commits that the events came from.
fn commits(log: Vec<LoggedChange>) -> Vec<Commit> {
    let mut commits: Vec<Commit> = Vec::new();
    for event in log {
        let mut change = event.change;
        change.terms = change.content.as_ref().map(|content| terms(&content.text)).unwrap_or_default();
        match commits.last_mut().filter(|last| last.txn == event.txn && last.scope == event.scope) {
            Some(last) => last.changes.push(change),
            None => commits.push(Commit {
                txn: event.txn,
                at: event.at,
                identity: model(),
                ..commit(&event.scope, 0, vec![change])
            }),
        }
    }
    commits
}

async fn replay(into: &dyn Ledger, log: Vec<LoggedChange>) -> Result<()> {
    for commit in commits(log) {
        into.commit(vec![commit]).await?;
    }
    Ok(())
}

async fn r18_replaying_the_log_gives_the_same_reads(context: &LedgerContext) -> Verdict {
    let ledger = context.ledger();
    let mut teller = Teller::new(settings::rng(18), false)?;
    for step in teller.tell(70).await? {
        take(ledger, &step).await;
    }
    let mut views = vec![now(), View::current(time(20))];
    for _ in 0..6 {
        let mut view = View::current(teller.moment());
        (view.as_of, view.known_at) = (Some(teller.moment()), Some(teller.moment()));
        views.push(view);
        view.known_at = None;
        views.push(view);
        (view.known_at, view.as_of, view.include_expired) = (view.as_of, None, true);
        views.push(view);
    }
    let questions = Questions {
        ids: teller.ids(),
        scopes: teller.scopes().to_vec(),
        views,
        filters: vec![Filter::All],
        words: vec!["green tea".into(), "чай 绿茶".into()],
    };
    let due = memories(ledger, &questions).await?;
    let events = log(ledger, None, 13).await?;
    check_eq!(events.last().map(|event| event.seq), Some(ledger.last_seq().await?), "the number of the newest event");
    let copy = context.another().await?;
    replay(&*copy, events).await?;
    same(&memories(&*copy, &questions).await?, &due, "after replaying the log into an empty ledger")?;
    check_eq!(copy.check().await?, Vec::<String>::new(), "what `check` finds in the copy");
    Ok(())
}
