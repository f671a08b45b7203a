//! Rules 8 and 11: what each view sees, and that it follows from the events.

use mem0_core::text::{Bm25, query_terms, terms};
use mem0_core::{Filter, KeywordQuery, Ledger, ListQuery, MemoryId, NearestQuery, Scope, View};

use super::LedgerContext;
use super::context::{now, texts};
use super::fold::Folded;
use super::reading::walk;
use super::story::{Step, Teller, take};
use crate::check::{Stop, Verdict};
use crate::data::changes::{add, delete, supersede, time, undo, update};
use crate::data::points::{grid, id};
use crate::settings;
use crate::suite::cases;
use crate::{check, check_eq};

cases! { LedgerContext:
    8 r8_views_of_one_life,
    8 r8_views_of_random_lives,
    11 r11_history_is_every_event,
    11 r11_histories_fold_to_what_get_returns,
}

async fn r8_views_of_one_life(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    // Lives in Oslo from second 10, in Rome from 20 as was learnt at 30, and
    // asks at 40 to forget it.
    let mut rome = update(id(1), 1, "lives in Rome");
    rome.ended_at = Some(time(20));
    context.put(&alice, 10, vec![add(id(1), "lives in Oslo"), add(id(2), "likes tea")]).await?;
    context.put(&alice, 30, vec![rome]).await?;
    context.put(&alice, 40, vec![delete(id(1), 2), supersede(id(2), 1)]).await?;
    let view = |as_of: Option<i64>, known_at: Option<i64>| {
        let mut view = now();
        (view.as_of, view.known_at) = (as_of.map(time), known_at.map(time));
        view
    };
    let (oslo, rome, tea) = (Some("lives in Oslo"), Some("lives in Rome"), Some("likes tea"));
    for (as_of, known_at, due) in [
        (None, None, [None, None]),
        // What was true: not what the caller has deleted, but what has ended.
        (Some(9), None, [None, None]),
        (Some(10), None, [None, tea]),
        (Some(39), None, [None, tea]),
        (Some(40), None, [None, None]),
        // What was known, whatever became of it.
        (None, Some(9), [None, None]),
        (None, Some(10), [oslo, tea]),
        (None, Some(29), [oslo, tea]),
        (None, Some(30), [rome, tea]),
        (None, Some(39), [rome, tea]),
        (None, Some(40), [None, None]),
        // What was known then to be true then.
        (Some(25), Some(29), [oslo, tea]),
        (Some(15), Some(35), [None, tea]),
        (Some(32), Some(35), [rome, tea]),
    ] {
        let view = view(as_of, known_at);
        let seen = texts(ledger, &[id(1), id(2)], &view).await?;
        check_eq!(seen, due.map(|text| text.map(str::to_owned)), "as of {as_of:?}, as known at {known_at:?}");
        let count = ledger.count(&alice, &Filter::All, &view).await?;
        check_eq!(count, due.iter().flatten().count() as u64, "count as of {as_of:?}, as known at {known_at:?}");
    }
    Ok(())
}

async fn live(context: &LedgerContext, teller: &mut Teller, steps: usize) -> Verdict {
    for step in teller.tell(steps).await? {
        if !matches!(step, Step::Project { .. }) {
            take(context.ledger(), &step).await;
        }
    }
    Ok(())
}

/// Every memory that a scope covers as the view sees it, by the events alone.
fn due<'a>(lives: &'a [Folded], scope: &Scope, view: &View) -> Vec<(&'a mem0_core::Memory, &'a [f32])> {
    let covered = lives.iter().filter(|life| life.versions.iter().all(|version| scope.covers(&version.scope)));
    covered.filter_map(|life| life.seen(view)).collect()
}

async fn compare(ledger: &dyn Ledger, lives: &[Folded], scope: &Scope, view: View) -> Verdict {
    let due = due(lives, scope, &view);
    let what = format!("{scope}, {view:?}");
    let ids = |memories: &[(&mem0_core::Memory, &[f32])]| -> Vec<(MemoryId, u64)> {
        memories.iter().map(|(memory, _)| (memory.id, memory.version)).collect()
    };
    let mut by_time = due.clone();
    by_time.sort_by_key(|(memory, _)| (memory.created_at, memory.id));
    let listed = walk(ledger, ListQuery::new(scope.clone(), view, 4)).await?;
    let by_time: Vec<_> = by_time.into_iter().map(|(memory, _)| memory.clone()).collect();
    check_eq!(listed, by_time, "list of {what}");
    check_eq!(ledger.count(scope, &Filter::All, &view).await?, due.len() as u64, "count of {what}");

    let wanted = query_terms("tea Lisbon");
    let with =
        |text: &str| terms(text).iter().any(|(term, _)| wanted.iter().any(|word| word.ids().any(|own| own == *term)));
    let mut words = ids(&due.iter().copied().filter(|(memory, _)| with(&memory.content.text)).collect::<Vec<_>>());
    words.sort_unstable();
    let (filter, bm25) = (Filter::All, Bm25::default());
    let query = KeywordQuery { scope: scope.clone(), terms: wanted, filter, view, limit: 100, bm25 };
    let hits = ledger.keyword(&query).await?.hits;
    let mut found: Vec<_> = hits.iter().map(|(id, version, _)| (*id, *version)).collect();
    found.sort_unstable();
    check_eq!(found, words, "what keyword finds of {what}");

    let asked = grid(3);
    let cosine = |vector: &[f32]| vector.iter().zip(&asked).map(|(x, y)| x * y).sum::<f32>();
    let mut near = due.clone();
    near.sort_by(|a, b| cosine(b.1).total_cmp(&cosine(a.1)).then(a.0.id.cmp(&b.0.id)));
    let query = NearestQuery { scope: scope.clone(), vector: asked.clone(), filter: Filter::All, view, limit: 100 };
    let hits = ledger.nearest(&query).await?;
    let found: Vec<_> = hits.iter().map(|hit| (hit.id, hit.version)).collect();
    check_eq!(found, ids(&near), "what is nearest of {what}");
    Ok(())
}

async fn r8_views_of_random_lives(context: &LedgerContext) -> Verdict {
    let mut teller = Teller::new(settings::rng(8), false)?;
    live(context, &mut teller, 60).await?;
    let ledger = context.ledger();
    let mut lives = Vec::new();
    let ids = teller.ids();
    for id in &ids {
        lives.extend(Folded::of(&ledger.history(*id).await?));
    }
    check!(lives.len() > 6, "a random life has only {} memories", lives.len());
    for _ in 0..60 {
        let mut view = View::current(teller.moment());
        let n = teller.moment().as_micros() / 1_000_000 % 8;
        view.as_of = (n % 2 == 0).then(|| teller.moment());
        view.known_at = (n % 3 == 0).then(|| teller.moment());
        view.include_expired = n > 4;
        let got = ledger.get(&ids, &view).await?;
        for (id, got) in ids.iter().zip(got) {
            let life = lives.iter().find(|life| life.versions.first().is_some_and(|first| first.id == *id));
            let due = life.and_then(|life| life.seen(&view)).map(|(memory, _)| memory.clone());
            check_eq!(got, due, "get of {id}, {view:?}, seed {}", settings::seed());
        }
        for scope in teller.scopes().to_vec() {
            compare(ledger, &lives, &scope, view).await?;
        }
    }
    Ok(())
}

async fn r11_history_is_every_event(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    let mut changed = update(id(1), 1, "two");
    (changed.reason, changed.ended_at) = (Some("a reason".into()), Some(time(1)));
    let mut kept = update(id(1), 2, "two");
    kept.vector = None;
    kept.terms = Vec::new();
    let back = undo(id(1), 4, Some(mem0_core::Content::new("two")));
    let mut ended = supersede(id(1), 5);
    (ended.reason, ended.sources) = (Some("a better one".into()), vec!["m 2".into(), "m\"1".into()]);
    let steps = [add(id(1), "one"), changed, kept, delete(id(1), 3), back, ended];
    let mut txns = Vec::new();
    for (second, step) in (1..).zip(&steps) {
        txns.push(
            context
                .put(
                    &alice,
                    second,
                    vec![step.clone(), add(id(100 + second.cast_unsigned()), format!("other {second}"))],
                )
                .await?
                .txn,
        );
    }
    let history = ledger.history(id(1)).await?;
    check_eq!(history.len(), steps.len(), "events of a memory that was superseded in the end");
    check!(history.is_sorted_by(|a, b| a.seq < b.seq), "the numbers of a history do not rise");
    for (((event, step), txn), second) in history.iter().zip(&steps).zip(&txns).zip(1..) {
        let what = format!("event {second}, {:?}", step.kind);
        check_eq!((event.txn, event.at, &event.scope), (*txn, time(second), &alice), "{what}: commit, time and scope");
        // The words of the keyword index are in no event; the key is gone
        // where it would have been taken from somebody.
        let mut due = step.clone();
        due.terms = Vec::new();
        let mut seen = event.change.clone();
        if due.vector.is_none() || seen.vector.is_none() {
            (due.vector, seen.vector) = (None, None);
        }
        (due.dedup_key, seen.dedup_key) = (None, None);
        check_eq!(seen, due, "{what}: the change");
        let whole = ledger.transaction(*txn).await?;
        check_eq!(whole.len(), 2, "{what}: events of its commit");
        check!(whole.first().is_some_and(|first| first == event), "{what}: the first event of its commit is another");
    }
    Ok(())
}

async fn r11_histories_fold_to_what_get_returns(context: &LedgerContext) -> Verdict {
    let ledger = context.ledger();
    let mut teller = Teller::new(settings::rng(11), false)?;
    live(context, &mut teller, 60).await?;
    let mut everything = now();
    everything.include_expired = true;
    for id in teller.ids() {
        let history = ledger.history(id).await?;
        if history.is_empty() {
            continue;
        }
        let Some(folded) = Folded::of(&history) else {
            return Err(Stop::Failed(format!("the events of {id} do not follow from one another: {history:?}")));
        };
        let head = ledger.heads(&[id]).await?.pop().flatten().map(|head| (head.version, head.state));
        check_eq!(head, Some((folded.version, folded.state)), "the head of {id}");
        let due = folded.seen(&everything).map(|(memory, _)| memory.clone());
        check_eq!(ledger.get(&[id], &everything).await?, [due], "get of {id} against the fold of its history");
    }
    Ok(())
}
