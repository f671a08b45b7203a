//! Every live memory, page by page.

use std::collections::VecDeque;

use crate::engine::Mem0;
use crate::error::Result;
use crate::traits::ledger::{ListQuery, View};
use crate::types::memory::Memory;
use crate::types::scope::Scope;

/// How many scopes, and how many memories of one, are read at once.
const BATCH: usize = 512;

/// A walk through the ledger: scope by scope, oldest first, expired memories
/// too. What is added or removed meanwhile may be missed or seen.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The scopes that are known and not read yet.
    ahead: VecDeque<Scope>,
    /// The last scope that is known.
    last: Option<Scope>,
    /// The scope that is being read.
    open: Option<ListQuery>,
}

impl Walk {
    /// The next memories, all of one exact scope; none at the end.
    pub(super) async fn next(&mut self, mem0: &Mem0) -> Result<Option<Vec<Memory>>> {
        loop {
            if let Some(query) = &mut self.open {
                let page = mem0.inner.ledger.list(query).await?;
                // The list covers narrower scopes, which come by themselves.
                let own: Vec<Memory> = page.items.into_iter().filter(|memory| memory.scope == query.scope).collect();
                query.after = page.next;
                if query.after.is_none() {
                    self.open = None;
                }
                if !own.is_empty() {
                    return Ok(Some(own));
                }
            } else if let Some(scope) = self.ahead.pop_front() {
                let view = View { include_expired: true, ..View::current(mem0.now()) };
                self.open = Some(ListQuery::new(scope, view, BATCH));
            } else {
                let scopes = mem0.inner.ledger.scopes(None, self.last.as_ref(), BATCH).await?;
                self.ahead.extend(scopes.into_iter().map(|info| info.scope));
                let Some(last) = self.ahead.back() else { return Ok(None) };
                self.last = Some(last.clone());
            }
        }
    }
}
