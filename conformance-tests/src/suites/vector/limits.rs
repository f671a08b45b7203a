//! The declared numbers, each at its edge and one beyond.

use mem0_core::{Filter, Scope};
use serde_json::json;

use super::VectorContext;
use crate::check::Verdict;
use crate::data::points::{at, id, point};
use crate::suite::cases;
use crate::{check, check_eq};

cases! { VectorContext:
    0 all_max_limit_is_where_it_says,
    0 all_max_batch_is_split_inside,
}

async fn all_max_limit_is_where_it_says(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    shelf.put(&[point(id(1), &alice, at(0.5), json!({}))]).await?;
    match context.capabilities().max_limit {
        Some(max) => {
            check_eq!(shelf.nearest(&alice, &at(0.5), max).await?.len(), 1, "hits with the largest limit");
            let beyond = shelf.nearest(&alice, &at(0.5), max + 1).await;
            check!(beyond.is_err(), "a limit of {} is taken, although {max} is the declared maximum", max + 1);
        }
        None => {
            check_eq!(shelf.nearest(&alice, &at(0.5), 100_000).await?.len(), 1, "hits with a limit of 100,000");
        }
    }
    Ok(())
}

async fn all_max_batch_is_split_inside(context: &VectorContext) -> Verdict {
    let Some(max) = context.capabilities().max_batch else {
        crate::skip!("`max_batch` is not declared");
    };
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let many = 2 * max as u64 + 1;
    let points: Vec<_> = (0..many).map(|n| point(id(n), &alice, at(0.5), json!({"n": n}))).collect();
    shelf.put(&points).await?;
    check_eq!(shelf.count(None, &Filter::All).await?, many, "points after a batch of {many}");
    Ok(())
}
