//! Rules 19 and 20: what a similarity says.

use mem0_core::Scope;
use serde_json::json;

use super::VectorContext;
use crate::check::Verdict;
use crate::data::points::{at, axis, id, point};
use crate::suite::cases;
use crate::{check, check_eq};

cases! { VectorContext:
    19 r19_similarity_is_the_clamped_cosine,
    20 r20_similarity_is_the_rows_own,
}

const COSINES: [f32; 9] = [1.0, 0.999, 0.75, 0.5, 0.1, 0.0, -0.1, -0.5, -1.0];

async fn r19_similarity_is_the_clamped_cosine(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let points: Vec<_> = (0..).zip(COSINES).map(|(n, cosine)| point(id(n), &alice, at(cosine), json!({}))).collect();
    shelf.put(&points).await?;
    let hits = shelf.nearest(&alice, &axis(0), 20).await?;
    check_eq!(hits.len(), COSINES.len(), "hits; also what is opposite is one");
    for (n, cosine) in (0..).zip(COSINES) {
        let Some(hit) = hits.iter().find(|hit| hit.id == id(n)) else {
            return Err(crate::Stop::Failed(format!("the vector with cosine {cosine} is not found")));
        };
        let due = cosine.max(0.0);
        check!((hit.similarity - due).abs() <= 1e-3, "similarity {} at cosine {cosine}", hit.similarity);
        check!((0.0..=1.0).contains(&hit.similarity), "similarity {} lies outside 0..1", hit.similarity);
        // `raw` may be any number of the metric; its sign says which side.
        let sign = if cosine.abs() < 0.05 { 0.0 } else { cosine.signum() };
        let kept = if sign == 0.0 { hit.raw.abs() <= 1e-3 } else { hit.raw * sign > 0.0 };
        check!(kept, "raw {} at cosine {cosine}", hit.raw);
    }
    Ok(())
}

async fn r20_similarity_is_the_rows_own(context: &VectorContext) -> Verdict {
    let shelf = context.shelf().await?;
    let alice = Scope::user("alice")?;
    let watched: Vec<_> =
        (0..).zip([0.9, 0.5, 0.3]).map(|(n, cosine)| point(id(n), &alice, at(cosine), json!({}))).collect();
    shelf.put(&watched).await?;
    let before = shelf.nearest(&alice, &axis(0), 3).await?;
    // Nearer, farther and opposite ones, here and elsewhere.
    let bob = Scope::user("bob")?;
    let others: Vec<_> = (10..)
        .zip([1.0, 0.95, 0.4, 0.01, -1.0].into_iter().cycle())
        .zip([&alice, &bob].into_iter().cycle())
        .take(40)
        .map(|((n, cosine), scope)| point(id(n), scope, at(cosine), json!({"data": "other"})))
        .collect();
    shelf.put(&others).await?;
    let after = shelf.nearest(&alice, &axis(0), 100).await?;
    for hit in &before {
        let Some(again) = after.iter().find(|again| again.id == hit.id) else {
            return Err(crate::Stop::Failed(format!("{} is no longer found", hit.id)));
        };
        let same = (again.similarity - hit.similarity).abs() <= 1e-5 && (again.raw - hit.raw).abs() <= 1e-5;
        check!(same, "similarity {} became {} when others came", hit.similarity, again.similarity);
    }
    check_eq!(before.len(), 3, "hits at first");
    Ok(())
}
