//! The messages that were said around what a memory comes from.

use std::collections::HashMap;

use futures::future::try_join_all;

use crate::engine::Mem0;
use crate::engine::cost::{Part, timed};
use crate::engine::results::Hit;
use crate::error::{Error, Result};
use crate::traits::ledger::StoredMessage;
use crate::types::memory::{Content, Memory, MemoryKind};
use crate::types::message::Role;
use crate::types::scope::Scope;

/// So many messages of a scope are looked at, the newest.
const REACH: usize = 1_000;

/// The most messages that come along on either side.
const WIDEST: usize = 100;

/// What was said in the exact scopes of the hits.
#[derive(Debug, Default)]
pub(super) struct Windows {
    width: usize,
    said: HashMap<Scope, Vec<StoredMessage>>,
}

/// A message that comes along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside<'w> {
    pub(super) said: &'w StoredMessage,
    /// Its place among the scope's messages.
    pub(super) place: usize,
    /// How many places it is away from the nearest source of the memory.
    pub(super) far: usize,
}

/// Refuses a window that is too wide.
pub(super) fn check(width: usize) -> Result<()> {
    if width > WIDEST {
        return Err(Error::invalid(format!("a window may have at most {WIDEST} messages on either side")));
    }
    Ok(())
}

impl Mem0 {
    /// The newest messages of the exact scopes of the hits; none for a width of
    /// 0.
    pub(super) async fn windows(&self, hits: &[Hit], width: usize) -> Result<Windows> {
        if width == 0 {
            return Ok(Windows::default());
        }
        let mut scopes: Vec<&Scope> =
            hits.iter().filter(|hit| !hit.memory.content.sources.is_empty()).map(|hit| &hit.memory.scope).collect();
        scopes.sort_unstable_by_key(|scope| scope.key());
        scopes.dedup();
        let read = scopes.into_iter().map(|scope| async move {
            let said = timed(Part::Ledger, self.inner.ledger.messages(scope, REACH)).await?;
            // Only what a person or the agent said.
            let said = said.into_iter().filter(|said| matches!(said.role, Role::User | Role::Assistant)).collect();
            Ok::<_, Error>((scope.clone(), said))
        });
        Ok(Windows { width, said: try_join_all(read).await?.into_iter().collect() })
    }

    /// Lets each hit bring along what was said around it.
    pub(super) async fn bring_windows(&self, hits: &mut [Hit], width: usize) -> Result<()> {
        let windows = self.windows(hits, width).await?;
        for hit in hits {
            hit.around = windows.around(&hit.memory).map(|beside| beside.said.clone()).collect();
        }
        Ok(())
    }
}

impl Windows {
    /// The messages around each source of a memory, in their order. The source
    /// itself is among them, unless the memory is what was said.
    pub(super) fn around(&self, memory: &Memory) -> impl Iterator<Item = Beside<'_>> {
        let said = self.said.get(&memory.scope).map_or(&[][..], Vec::as_slice);
        let Content { sources, kind, .. } = &memory.content;
        let places: Vec<usize> =
            said.iter().enumerate().filter(|(_, said)| sources.contains(&said.id)).map(|(place, _)| place).collect();
        let nearest = *kind == MemoryKind::Episode;
        said.iter().enumerate().filter_map(move |(place, said)| {
            let far = places.iter().map(|source| source.abs_diff(place)).min()?;
            (far <= self.width && far >= usize::from(nearest)).then_some(Beside { said, place, far })
        })
    }
}
