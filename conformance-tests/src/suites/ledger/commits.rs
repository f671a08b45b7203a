//! Rules 1 to 5: what a commit writes, and when it writes nothing.

use mem0_core::{Commit, ErrorKind, Idempotency, Outcome, Scope, State};

use super::LedgerContext;
use super::context::{now, one, texts};
use super::reading::{Questions, all, same};
use crate::check::{Verdict, refused};
use crate::data::changes::{add, commit, delete, message, supersede, undo, update};
use crate::data::points::id;
use crate::suite::cases;
use crate::{check, check_eq, skip};

cases! { LedgerContext:
    1 r1_commits_are_whole,
    2 r2_commits_survive_reopening,
    3 r3_revisions_count_commits,
    4 r4_wrong_revision_is_a_conflict,
    5 r5_wrong_version_is_a_conflict,
    5 r5_ids_belong_to_their_scope,
    5 r5_kinds_make_states,
}

fn questions(scopes: &[&Scope]) -> Questions {
    Questions {
        ids: (0..8).map(id).collect(),
        scopes: scopes.iter().copied().cloned().collect(),
        views: vec![now()],
        filters: vec![mem0_core::Filter::All],
        words: vec!["tea coffee".into()],
    }
}

/// A commit that leaves a trace everywhere that a commit can.
fn rich(scope: &Scope, seconds: i64, n: u64, text: &str) -> Commit {
    let mut commit = commit(scope, seconds, vec![add(id(n), text)]);
    commit.messages = vec![message(&format!("m{n}"), seconds, text)];
    commit.idempotency = Some(Idempotency { key: format!("call {n}"), digest: [7; 32] });
    commit
}

async fn r1_commits_are_whole(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let questions = questions(&[&alice, &bob]);
    let receipts = ledger.commit(vec![rich(&alice, 1, 0, "likes tea"), rich(&bob, 1, 1, "likes coffee")]).await?;
    check_eq!(receipts.len(), 2, "receipts of two commits");
    check_eq!(receipts.iter().map(|receipt| receipt.revision).collect::<Vec<_>>(), [1, 1], "revisions");
    let before = all(ledger, &questions).await?;
    let mut wrong_revision = rich(&bob, 2, 3, "never");
    wrong_revision.expected_revision = Some(9);
    let mut short = add(id(4), "never");
    short.vector = Some(vec![1.0]);
    let mut digest = rich(&bob, 2, 1, "never");
    digest.idempotency = Some(Idempotency { key: "call 1".into(), digest: [8; 32] });
    let mut forgets = rich(&alice, 2, 2, "never tea");
    forgets.forget_messages = true;
    let failing = [
        ("an unknown id", commit(&bob, 2, vec![update(id(5), 1, "never")])),
        ("a wrong version", commit(&bob, 2, vec![add(id(4), "never"), update(id(1), 7, "never")])),
        ("a known id", commit(&bob, 2, vec![add(id(4), "never"), add(id(1), "never too")])),
        ("a wrong revision", wrong_revision),
        ("a short vector", commit(&bob, 2, vec![add(id(3), "never"), short])),
        ("a used key", digest),
        ("a good change first", commit(&alice, 2, vec![update(id(0), 1, "never"), delete(id(0), 2), delete(id(0), 9)])),
    ];
    for (what, failing) in failing {
        let call = vec![forgets.clone(), rich(&alice, 3, 6, "never too"), failing];
        check!(ledger.commit(call).await.is_err(), "a call with {what} succeeds");
        same(&all(ledger, &questions).await?, &before, &format!("after a call that failed at {what}"))?;
    }
    check_eq!(ledger.commit(vec![]).await?, [], "receipts of no commit");
    same(&all(ledger, &questions).await?, &before, "after a call without commits")
}

async fn r2_commits_survive_reopening(context: &LedgerContext) -> Verdict {
    if !context.harness().persistent() {
        skip!("the ledger is in memory");
    }
    let (alice, bob) = (Scope::user("alice")?, Scope::user("bob")?);
    let questions = questions(&[&alice, &bob]);
    let ledger = context.another_named().await?;
    one(&*ledger.0, rich(&alice, 1, 0, "likes tea")).await?;
    one(&*ledger.0, rich(&bob, 2, 1, "likes coffee")).await?;
    one(&*ledger.0, commit(&alice, 3, vec![update(id(0), 1, "prefers coffee"), add(id(2), "tea at five")])).await?;
    one(&*ledger.0, commit(&alice, 4, vec![delete(id(2), 1)])).await?;
    let before = all(&*ledger.0, &questions).await?;
    let name = ledger.1;
    drop(ledger.0);
    let again = context.harness().open(&name).await?;
    same(&all(&*again, &questions).await?, &before, "after opening again")?;
    check_eq!(again.check().await?, Vec::<String>::new(), "what `check` finds after opening again");
    let receipt = one(&*again, commit(&alice, 5, vec![update(id(0), 2, "drinks water")])).await?;
    check_eq!(receipt.revision, 4, "the revision goes on after opening again");
    Ok(())
}

async fn r3_revisions_count_commits(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let run = alice.clone().with_run("7")?;
    check_eq!(ledger.revision(&alice).await?, 0, "the revision of a scope without commits");
    let several = vec![add(id(1), "one"), add(id(2), "two"), update(id(1), 1, "one more")];
    check_eq!(context.put(&alice, 1, several).await?.revision, 1, "the revision after three changes in one commit");
    check_eq!(context.put(&alice, 2, vec![delete(id(2), 1)]).await?.revision, 2, "the revision after a deletion");
    // Nothing is applied.
    let existing = context.put(&alice, 3, vec![add(id(3), "one more")]).await?;
    check_eq!(existing.outcomes, [Outcome::Existing { id: id(1) }], "the outcome of a known text");
    check_eq!(existing.revision, 2, "the revision after a commit that applied nothing");
    let mut said = commit(&alice, 4, vec![]);
    said.messages = vec![message("m", 4, "hello")];
    check_eq!(one(ledger, said).await?.revision, 2, "the revision after a commit of messages");
    // Some of it is applied.
    let mixed = context.put(&alice, 5, vec![add(id(3), "one more"), add(id(4), "four")]).await?;
    check_eq!(mixed.revision, 3, "the revision after a commit of which one change was applied");
    // Exact scopes have revisions of their own.
    check_eq!(ledger.revision(&run).await?, 0, "the revision of a narrower scope");
    let receipts =
        ledger.commit(vec![commit(&run, 6, vec![add(id(5), "a")]), commit(&run, 6, vec![add(id(6), "b")])]).await?;
    check_eq!(
        receipts.iter().map(|one| one.revision).collect::<Vec<_>>(),
        [1, 2],
        "two commits of a scope in one call"
    );
    check_eq!(ledger.revision(&alice).await?, 3, "the revision of the wider scope");
    check_eq!(context.reopen().await?.revision(&alice).await?, 3, "the revision as another handle sees it");
    Ok(())
}

async fn r4_wrong_revision_is_a_conflict(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let questions = questions(&[&alice, &bob]);
    let expecting = |scope: &Scope, n: u64, revision: u64| {
        let mut commit = rich(scope, n.cast_signed(), n, &format!("note {n}"));
        commit.expected_revision = Some(revision);
        commit
    };
    one(ledger, expecting(&alice, 1, 0)).await?;
    one(ledger, expecting(&alice, 2, 1)).await?;
    let before = all(ledger, &questions).await?;
    for wrong in [0, 1, 3, u64::MAX >> 1] {
        let call = vec![expecting(&bob, 4, 0), expecting(&alice, 3, wrong)];
        refused(ledger.commit(call).await, &[ErrorKind::Conflict], &format!("a commit on revision {wrong} of 2"))?;
        same(&all(ledger, &questions).await?, &before, "after a conflict")?;
    }
    one(ledger, expecting(&alice, 3, 2)).await?;
    Ok(())
}

async fn r5_wrong_version_is_a_conflict(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    context.put(&alice, 1, vec![add(id(1), "one")]).await?;
    context.put(&alice, 2, vec![update(id(1), 1, "two")]).await?;
    for base in [0, 1, 3] {
        for change in
            [update(id(1), base, "three"), delete(id(1), base), supersede(id(1), base), undo(id(1), base, None)]
        {
            let what = format!("{:?} on version {base} of 2", change.kind);
            // A change that builds on nothing may be refused for that already.
            let kinds: &[_] =
                if base == 0 { &[ErrorKind::Conflict, ErrorKind::InvalidInput] } else { &[ErrorKind::Conflict] };
            refused(ledger.commit(vec![commit(&alice, 3, vec![change])]).await, kinds, &what)?;
        }
    }
    check_eq!(texts(ledger, &[id(1)], &now()).await?, [Some("two".to_owned())], "the memory after the conflicts");
    // Within one commit each change builds on the one before.
    let chain = vec![update(id(1), 2, "three"), update(id(1), 3, "four"), add(id(2), "new"), delete(id(2), 1)];
    let receipt = context.put(&alice, 4, chain).await?;
    let versions: Vec<_> = receipt
        .outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Applied { version, .. } => *version,
            Outcome::Existing { .. } => 0,
        })
        .collect();
    check_eq!(versions, [3, 4, 1, 2], "the versions after a chain");
    check_eq!(
        texts(ledger, &[id(1), id(2)], &now()).await?,
        [Some("four".to_owned()), None],
        "the memories after a chain"
    );
    Ok(())
}

async fn r5_ids_belong_to_their_scope(context: &LedgerContext) -> Verdict {
    let (ledger, alice, bob) = (context.ledger(), Scope::user("alice")?, Scope::user("bob")?);
    let run = alice.clone().with_run("7")?;
    context.put(&alice, 1, vec![add(id(1), "hers"), add(id(2), "gone")]).await?;
    context.put(&alice, 2, vec![delete(id(2), 1)]).await?;
    for scope in [&bob, &run] {
        for change in [update(id(1), 1, "x"), delete(id(1), 1), supersede(id(1), 1), undo(id(1), 1, None)] {
            let what = format!("{:?} of alice's memory by {scope}", change.kind);
            refused(ledger.commit(vec![commit(scope, 3, vec![change])]).await, &[ErrorKind::NotFound], &what)?;
        }
        let again = commit(scope, 3, vec![add(id(1), "stolen")]);
        refused(
            ledger.commit(vec![again]).await,
            &[ErrorKind::AlreadyExists],
            &format!("Add of alice's id by {scope}"),
        )?;
    }
    for known in [id(1), id(2)] {
        let again = commit(&alice, 3, vec![add(known, "again")]);
        refused(ledger.commit(vec![again]).await, &[ErrorKind::AlreadyExists], "Add of a known id")?;
    }
    let unknown = commit(&alice, 3, vec![update(id(9), 1, "x")]);
    refused(ledger.commit(vec![unknown]).await, &[ErrorKind::NotFound], "Update of an unknown id")?;
    check_eq!(texts(ledger, &[id(1)], &now()).await?, [Some("hers".to_owned())], "alice's memory after all that");
    Ok(())
}

async fn r5_kinds_make_states(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let content = || Some(mem0_core::Content::new("one"));
    let steps = [
        (add(id(1), "one"), State::Live),
        (update(id(1), 1, "two"), State::Live),
        (undo(id(1), 2, content()), State::Live),
        (delete(id(1), 3), State::Deleted),
        (undo(id(1), 4, content()), State::Live),
        (supersede(id(1), 5), State::Superseded),
        (undo(id(1), 6, content()), State::Live),
        (undo(id(1), 7, None), State::Deleted),
    ];
    for ((change, due), version) in steps.into_iter().zip(1_u64..) {
        let what = format!("after {:?}", change.kind);
        context.put(&alice, version.cast_signed(), vec![change]).await?;
        let heads = ledger.heads(&[id(1), id(9)]).await?;
        let seen: Vec<_> = heads.iter().map(|head| head.as_ref().map(|head| (head.version, head.state))).collect();
        check_eq!(seen, [Some((version, due)), None], "the heads {what}");
        let shown = ledger.get(&[id(1)], &now()).await?.into_iter().flatten().count();
        check_eq!(shown, usize::from(due == State::Live), "whether the memory shows {what}");
        let vectors = ledger.vectors(&[id(1)]).await?;
        check_eq!(vectors.iter().flatten().count(), shown, "whether there is a vector {what}");
    }
    Ok(())
}
