//! What can be refused without looking at the ledger.

use mem0_core::{Change, Commit, EmbedderIdentity, Error, ErrorKind, EventKind, PendingQuery, Result};

/// Refuses changes whose content or vector does not fit their kind.
pub(in crate::ledger) fn validate(commits: &[Commit]) -> Result<()> {
    commits.iter().try_for_each(|commit| {
        commit.changes.iter().try_for_each(|change| {
            one(change).map_err(|e| e.with_context("id", change.id))?;
            match &change.vector {
                Some(vector) => check_vector(vector, &commit.identity),
                None => Ok(()),
            }
        })
    })
}

fn one(change: &Change) -> Result<()> {
    let Change { kind, content, vector, .. } = change;
    let name = kind.as_str();
    match (kind, content) {
        (EventKind::Add | EventKind::Update, None) => {
            return Err(Error::invalid(format!("a change of kind {name} needs a content")));
        }
        (EventKind::Delete | EventKind::Supersede, Some(_)) => {
            return Err(Error::invalid(format!("a change of kind {name} has no content")));
        }
        (_, None) if vector.is_some() => return Err(Error::invalid("a vector without a content")),
        (EventKind::Add, Some(_)) if vector.is_none() => return Err(Error::invalid("a new memory needs a vector")),
        _ => {}
    }
    Ok(())
}

/// Refuses a vector that this model cannot have made.
pub(in crate::ledger) fn check_vector(vector: &[f32], identity: &EmbedderIdentity) -> Result<()> {
    if vector.len() != identity.dims {
        return Err(Error::new(ErrorKind::DimensionMismatch, "a vector is not as long as the model's vectors are")
            .with_context("length", vector.len())
            .with_context("dims", identity.dims));
    }
    if vector.iter().any(|x| !x.is_finite()) {
        return Err(Error::invalid("a vector holds NaN or infinity"));
    }
    Ok(())
}

/// Refuses a claim without the time that it begins at.
pub(in crate::ledger) fn check_pending(query: &PendingQuery) -> Result<()> {
    if query.claim.is_some() && query.due.is_none() {
        return Err(Error::invalid("a claim on what is pending needs `due`, the time of the call"));
    }
    Ok(())
}
