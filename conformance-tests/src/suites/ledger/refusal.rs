//! Rule 22: changes that make no sense.

use mem0_core::{Change, Content, ErrorKind, Filter, Scope};

use super::LedgerContext;
use super::context::now;
use super::reading::{Questions, all, same};
use crate::check::{Verdict, refused};
use crate::data::changes::{add, commit, delete, supersede, undo, update, vector_of};
use crate::data::points::id;
use crate::suite::cases;

cases! { LedgerContext:
    22 r22_malformed_changes_are_refused,
}

fn with_vector(change: Change, vector: Option<Vec<f32>>) -> Change {
    Change { vector, ..change }
}

async fn r22_malformed_changes_are_refused(context: &LedgerContext) -> Verdict {
    let (ledger, alice) = (context.ledger(), Scope::user("alice")?);
    context.put(&alice, 1, vec![add(id(1), "one")]).await?;
    let questions = Questions {
        ids: vec![id(1), id(2), id(3)],
        scopes: vec![alice.clone()],
        views: vec![now()],
        filters: vec![Filter::All],
        words: vec!["one two".into()],
    };
    let before = all(ledger, &questions).await?;
    let content = Some(Content::new("two"));
    let (short, long) = (vec![1.0, 0.0], vec![0.3; 9]);
    let (dims, input) = (&[ErrorKind::DimensionMismatch], &[ErrorKind::InvalidInput]);
    for (what, change, kinds) in [
        ("an Add with a short vector", with_vector(add(id(2), "two"), Some(short.clone())), dims),
        ("an Add with a long vector", with_vector(add(id(2), "two"), Some(long.clone())), dims),
        ("an Add with an empty vector", with_vector(add(id(2), "two"), Some(vec![])), dims),
        ("an Update with a short vector", with_vector(update(id(1), 1, "two"), Some(short)), dims),
        ("an Undo with a long vector", with_vector(undo(id(1), 1, content.clone()), Some(long)), dims),
        ("an Add without content", Change { content: None, vector: None, terms: vec![], ..add(id(2), "two") }, input),
        ("an Add without a vector", with_vector(add(id(2), "two"), None), input),
        (
            "an Update without content",
            Change { content: None, vector: None, terms: vec![], ..update(id(1), 1, "two") },
            input,
        ),
        ("an Update to a new text without a vector", with_vector(update(id(1), 1, "two"), None), input),
        ("a Delete with content", Change { content: content.clone(), ..delete(id(1), 1) }, input),
        ("a Supersede with content", Change { content, ..supersede(id(1), 1) }, input),
        ("a Delete with a vector", with_vector(delete(id(1), 1), Some(vector_of("x"))), input),
        ("a vector with NaN", with_vector(add(id(2), "two"), Some(vec![f32::NAN; 8])), input),
    ] {
        let call = vec![commit(&alice, 2, vec![add(id(3), "good"), change])];
        refused(ledger.commit(call).await, kinds, what)?;
        same(&all(ledger, &questions).await?, &before, &format!("after {what}"))?;
    }
    Ok(())
}
