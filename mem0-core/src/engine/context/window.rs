//! The messages that were said around what a memory comes from.

use std::collections::HashMap;

use futures::future::try_join_all;

use crate::engine::Mem0;
use crate::engine::cost::{Part, timed};
use crate::engine::results::Hit;
use crate::error::Result;
use crate::fence::{inline, unfence};
use crate::traits::ledger::StoredMessage;
use crate::types::memory::{Memory, MemoryKind};
use crate::types::message::Role;
use crate::types::scope::Scope;

/// So many messages of a scope are looked at, the newest.
const REACH: usize = 1_000;

/// What was said in the exact scopes of the hits.
#[derive(Debug, Default)]
pub(super) struct Windows {
    width: usize,
    said: HashMap<Scope, Vec<StoredMessage>>,
}

/// A message that comes along.
#[derive(Clone, Debug)]
pub(super) struct Beside {
    pub(super) scope: Scope,
    pub(super) id: String,
    /// Its place among the scope's messages.
    pub(super) place: usize,
    pub(super) line: String,
}

impl Mem0 {
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
            Ok::<_, crate::Error>((scope.clone(), said))
        });
        Ok(Windows { width, said: try_join_all(read).await?.into_iter().collect() })
    }
}

impl Windows {
    /// The messages around each source of a memory, nearest first. The source
    /// itself is among them, unless the memory is what was said.
    pub(super) fn around(&self, memory: &Memory) -> Vec<Beside> {
        let Some(said) = self.said.get(&memory.scope) else { return Vec::new() };
        let sources = &memory.content.sources;
        let places: Vec<usize> =
            said.iter().enumerate().filter(|(_, said)| sources.contains(&said.id)).map(|(place, _)| place).collect();
        let mut around: Vec<(usize, Beside)> = Vec::new();
        for (place, said) in said.iter().enumerate() {
            let Some(far) = places.iter().map(|source| source.abs_diff(place)).min() else { continue };
            if far > self.width || (far == 0 && memory.content.kind == MemoryKind::Episode) {
                continue;
            }
            // What had been recalled then is not told again.
            let (text, _) = unfence(&said.content);
            let text = inline(&text);
            if text.is_empty() {
                continue;
            }
            let who = said.name.as_deref().map_or_else(|| said.role.to_string(), inline);
            let at = said.at.to_string();
            let at = at.get(..16).unwrap_or(&at).replace('T', " ");
            let line = format!("  > [{at}] {who}: {text}");
            around.push((far, Beside { scope: memory.scope.clone(), id: said.id.clone(), place, line }));
        }
        around.sort_by_key(|(far, _)| *far);
        around.into_iter().map(|(_, beside)| beside).collect()
    }
}
