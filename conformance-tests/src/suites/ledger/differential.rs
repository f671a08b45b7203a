//! Random lives of a ledger and of the reference ledger side by side.

use mem0_core::reference::MemoryLedger;
use mem0_core::{Filter, View};

use super::LedgerContext;
use super::reading::{Questions, all, same};
use super::story::{Step, Teller, take};
use crate::check::Verdict;
use crate::check_eq;
use crate::data::changes::time;
use crate::settings;
use crate::shrink::run_and_shrink;
use crate::suite::cases;

cases! { LedgerContext:
    0 all_random_lives_agree_with_the_reference,
}

async fn run(context: &LedgerContext, questions: &Questions, steps: Vec<Step>) -> Verdict {
    let ledger = context.another().await?;
    let reference = MemoryLedger::new();
    for (number, step) in steps.iter().enumerate() {
        let due = take(&reference, step).await;
        check_eq!(take(&*ledger, step).await, due, "what came of step {number}");
    }
    same(&all(&*ledger, questions).await?, &all(&reference, questions).await?, "at the end")?;
    check_eq!(ledger.check().await?, Vec::<String>::new(), "what `check` finds at the end");
    Ok(())
}

async fn all_random_lives_agree_with_the_reference(context: &LedgerContext) -> Verdict {
    for round in 0..settings::random_cases(6) {
        let mut teller = Teller::new(settings::rng(5_000 + round), true)?;
        let steps = teller.tell(60).await?;
        let mut views = vec![View::current(time(1_000))];
        for n in 0..8 {
            let mut view = View::current(teller.moment());
            view.as_of = (n % 2 == 0).then(|| teller.moment());
            view.known_at = (n % 3 == 0).then(|| teller.moment());
            view.include_expired = n % 4 == 1;
            views.push(view);
        }
        let questions = Questions {
            ids: teller.ids(),
            scopes: teller.scopes().to_vec(),
            views,
            filters: vec![
                Filter::All,
                Filter::eq("mood", "good"),
                Filter::gt("n", 2).or(Filter::eq("categories", "food")),
            ],
            words: vec!["green tea".into()],
        };
        let origin = format!("seed {}, round {round}", settings::seed());
        run_and_shrink(&origin, steps, |steps| Box::pin(run(context, &questions, steps))).await?;
    }
    Ok(())
}
