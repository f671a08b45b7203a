//! Rules 31 and 32: budgets.

use futures::future::try_join_all;
use mem0_core::{Erased, Scope, Spend, SpendOutcome};

use super::LedgerContext;
use crate::check::{Stop, Verdict};
use crate::check_eq;
use crate::data::changes::time;
use crate::data::scopes::tricky;
use crate::suite::cases;

cases! { LedgerContext:
    31 r31_the_sum_stays_within_the_limit,
    31 r31_many_stay_within_the_limit,
    32 r32_spending_is_of_one_scope_and_period,
    32 r32_refunds_end_at_zero,
}

const fn of(calls: u64, tokens: u64) -> Spend {
    Spend { calls, tokens }
}

async fn r31_the_sum_stays_within_the_limit(context: &LedgerContext) -> Verdict {
    use SpendOutcome::{Granted, Refused};
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    check_eq!(ledger.spent(&alice, time(0)).await?, of(0, 0), "what was spent before anything was");
    let many = u64::MAX;
    for (amount, limit, due) in [
        (of(2, 11), Some(of(9, 10)), Refused { total: of(0, 0) }),
        (of(2, 10), Some(of(9, 10)), Granted { total: of(2, 10) }),
        (of(0, 1), Some(of(9, 10)), Refused { total: of(2, 10) }),
        (of(1, 0), Some(of(3, 10)), Granted { total: of(3, 10) }),
        (of(1, 0), Some(of(3, many)), Refused { total: of(3, 10) }),
        (of(0, 5), Some(of(3, many)), Granted { total: of(3, 15) }),
        // The limit was lowered.
        (of(0, 0), Some(of(3, 10)), Refused { total: of(3, 15) }),
        (of(100, 100), None, Granted { total: of(103, 115) }),
        (of(many, 1), Some(of(many, many)), Granted { total: of(Spend::MAX, 116) }),
        (of(1, many), Some(of(Spend::MAX, 116)), Refused { total: of(Spend::MAX, 116) }),
        (of(many, many), None, Granted { total: of(Spend::MAX, Spend::MAX) }),
    ] {
        let what = format!("{amount:?} within {limit:?}");
        let (Granted { total } | Refused { total }) = due;
        check_eq!(ledger.spend(&alice, time(0), amount, limit).await?, due, "{what}");
        let seen = context.reopen().await?.spent(&alice, time(0)).await?;
        check_eq!(seen, total, "what was spent after {what}, as another handle sees it");
    }
    Ok(())
}

async fn r31_many_stay_within_the_limit(context: &LedgerContext) -> Verdict {
    const SPENDERS: usize = 16;
    let alice = Scope::user("alice")?;
    let mut tasks = Vec::new();
    for _ in 0..SPENDERS {
        let (ledger, alice) = (context.reopen().await?, alice.clone());
        tasks.push(tokio::spawn(async move {
            let mut granted = 0;
            for _ in 0..6 {
                let outcome = ledger.spend(&alice, time(0), of(1, 7), Some(of(90, 300))).await?;
                granted += u64::from(matches!(outcome, SpendOutcome::Granted { .. }));
                tokio::task::yield_now().await;
            }
            Ok::<_, mem0_core::Error>(granted)
        }));
    }
    let mut granted = 0;
    for task in try_join_all(tasks).await.map_err(|error| Stop::Failed(error.to_string()))? {
        granted += task?;
    }
    check_eq!(granted, 42, "calls of 7 tokens that were granted within 300");
    check_eq!(context.ledger().spent(&alice, time(0)).await?, of(42, 294), "what was spent");
    Ok(())
}

async fn r32_spending_is_of_one_scope_and_period(context: &LedgerContext) -> Verdict {
    let (ledger, scopes) = (context.ledger(), tricky()?);
    for (scope, n) in scopes.iter().zip(1..) {
        for (period, calls) in [(0, n), (86_400, n + 1_000)] {
            let outcome = ledger.spend(scope, time(period), of(calls, 1), None).await?;
            check_eq!(outcome, SpendOutcome::Granted { total: of(calls, 1) }, "the first that {scope} spends");
        }
    }
    for (scope, n) in scopes.iter().zip(1..) {
        check_eq!(ledger.spent(scope, time(0)).await?, of(n, 1), "what {scope} spent");
        check_eq!(ledger.spent(scope, time(86_400)).await?, of(n + 1_000, 1), "what {scope} spent the next day");
        check_eq!(ledger.spent(scope, time(1)).await?, of(0, 0), "what {scope} spent in no period");
    }
    check_eq!(ledger.spent(&Scope::user("nobody")?, time(0)).await?, of(0, 0), "what nobody spent");
    Ok(())
}

async fn r32_refunds_end_at_zero(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    ledger.refund(&alice, time(0), of(1, 1)).await?;
    check_eq!(ledger.scopes(None, None, 9).await?, [], "scopes after a refund of nothing");
    ledger.spend(&alice, time(0), of(5, 50), None).await?;
    ledger.spend(&alice, time(60), of(5, 50), None).await?;
    for (amount, due) in
        [(of(1, 20), of(4, 30)), (of(0, 0), of(4, 30)), (of(9, 1), of(0, 29)), (of(u64::MAX, u64::MAX), of(0, 0))]
    {
        ledger.refund(&alice, time(0), amount).await?;
        check_eq!(ledger.spent(&alice, time(0)).await?, due, "what was spent after a refund of {amount:?}");
    }
    check_eq!(ledger.spent(&alice, time(60)).await?, of(5, 50), "what was spent in another period");
    // What was given back can be spent.
    let again = ledger.spend(&alice, time(0), of(5, 50), Some(of(5, 50))).await?;
    check_eq!(again, SpendOutcome::Granted { total: of(5, 50) }, "spending what was given back");
    let erased = ledger.erase(&alice).await?;
    check_eq!(erased, Erased { spending: 2, ..Erased::default() }, "what goes with a scope that only spent");
    check_eq!(ledger.spent(&alice, time(0)).await?, of(0, 0), "what was spent after the erasure");
    Ok(())
}
