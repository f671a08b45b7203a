//! Rule 15: `get`.

use mem0_core::Scope;
use serde_json::json;

use super::VectorContext;
use crate::check::Verdict;
use crate::check_eq;
use crate::data::points::{at, id, point};
use crate::suite::cases;

cases! { VectorContext:
    15 r15_get_answers_in_order,
    15 r15_get_of_many,
}

async fn r15_get_answers_in_order(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let (alice, bob) = (Scope::user("alice")?, Scope::user("bob")?);
    let run = alice.clone().with_run("7")?;
    let hers = point(id(1), &alice, at(0.9), json!({"data": "hers"}));
    let in_run = point(id(2), &run, at(0.8), json!({"data": "in a run"}));
    let his = point(id(3), &bob, at(0.7), json!({"data": "his"}));
    shelf.put(&[his.clone(), hers.clone(), in_run.clone()]).await?;
    let (hers, in_run, his) = (Some(hers), Some(in_run), Some(his));
    let asked = [id(3), id(9), id(1), id(2), id(1)];
    let all = shelf.get(None, &asked).await?;
    check_eq!(all, [his, None, hers.clone(), in_run.clone(), hers.clone()], "get without a scope");
    let covered = shelf.get(Some(&alice), &asked).await?;
    check_eq!(covered, [None, None, hers.clone(), in_run.clone(), hers], "get as alice");
    let narrow = shelf.get(Some(&run), &asked).await?;
    check_eq!(narrow, [None, None, None, in_run, None], "get as alice's run");
    check_eq!(shelf.get(Some(&alice), &[]).await?.len(), 0, "answers to no id");
    Ok(())
}

async fn r15_get_of_many(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let points: Vec<_> = (0..1_200).map(|n| point(id(n), &alice, at(0.5), json!({"n": n}))).collect();
    shelf.put(&points).await?;
    let asked: Vec<_> = (0..2_400).rev().map(id).collect();
    let seen = shelf.get(Some(&alice), &asked).await?;
    let due: Vec<_> = (0..2_400_usize).rev().map(|n| points.get(n).cloned()).collect();
    check_eq!(seen.len(), due.len(), "answers to 2,400 ids");
    for (seen, due) in seen.iter().zip(&due) {
        check_eq!(seen, due, "one of 2,400");
    }
    Ok(())
}
