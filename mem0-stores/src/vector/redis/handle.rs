//! What an open collection has in common, whichever way it searches.

use std::fmt;

use mem0_core::{CollectionSpec, Error, MemoryId, Point, Result, Scope};
use redis::{Script, ScriptInvocation, Value};

use super::config::Layout;
use super::connection::Connection;
use super::keys::Keys;
use super::scripts::{self, OfPoints};
use super::wire::{self, Entry};
use super::{MAX_LIMIT, terms};
use crate::shared::collection::{check_vector, latest};

/// About how many bytes one script takes.
const PAGE_BYTES: usize = 4 << 20;

/// Points that one script reads.
const READ_PAGE: usize = 500;

/// Where an open collection is.
pub(super) struct Handle {
    pub(super) name: &'static str,
    pub(super) connection: Connection,
    pub(super) spec: CollectionSpec,
    pub(super) keys: Keys,
    pub(super) layout: Layout,
}

impl Handle {
    pub(super) fn check(&self, vector: &[f32]) -> Result<()> {
        check_vector(self.spec.identity.dims, vector)
    }

    /// Refuses a limit that is too large.
    pub(super) fn check_limit(limit: usize) -> Result<()> {
        if limit > MAX_LIMIT {
            return Err(Error::invalid("a search has a limit of at most 100000"));
        }
        Ok(())
    }

    /// An error with what was done, and where.
    pub(super) fn said<T>(&self, result: Result<T>, operation: &'static str) -> Result<T> {
        result.map_err(|e| {
            e.with_operation(operation).with_provider(self.name).with_context("collection", &self.spec.name)
        })
    }

    /// The keys and the first arguments of a script of this collection.
    pub(super) fn address<'a>(&self, script: &'a Script) -> ScriptInvocation<'a> {
        self.call(script, &self.keys.base)
    }

    /// The same of a script that needs no other keys than those of points.
    pub(super) fn address_points<'a>(&self, script: &'a Script) -> ScriptInvocation<'a> {
        self.call(script, &self.keys.points)
    }

    fn call<'a>(&self, script: &'a Script, root: &str) -> ScriptInvocation<'a> {
        let mut call = script.prepare_invoke();
        let keys = &self.keys;
        call.key(&keys.meta).key(&keys.ids).key(&keys.deleted).arg(&keys.generation).arg(root);
        call
    }

    pub(super) fn scripts(&self) -> OfPoints {
        scripts::of_points(self.layout)
    }

    /// Writes points by a script, at most `page` in each, since while it runs
    /// nothing else does. `extra` is what the script needs of a point besides.
    pub(super) async fn write(
        &self,
        points: &[Point],
        page: usize,
        script: impl Fn() -> ScriptInvocation<'static>,
        extra: impl Fn(&Point, &str) -> Result<String>,
    ) -> Result<()> {
        points.iter().try_for_each(|point| self.check(&point.vector))?;
        let (mut call, mut count, mut bytes) = (script(), 0, 0);
        for point in latest(points) {
            let entry = Entry::new(point, &extra)?;
            if count == page || (bytes + entry.size() > PAGE_BYTES && count > 0) {
                self.connection.call::<()>(&call).await?;
                (call, count, bytes) = (script(), 0, 0);
            }
            (count, bytes) = (count + 1, bytes + entry.size());
            entry.add_to(&mut call);
        }
        if count == 0 { Ok(()) } else { self.connection.call(&call).await }
    }

    pub(super) async fn read(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let mut points = Vec::with_capacity(ids.len());
        // Another embedder may have rewritten a vector in a layout that is shared.
        let dims = (self.layout == Layout::Own).then_some(self.spec.identity.dims);
        for page in ids.chunks(READ_PAGE) {
            let mut call = self.address_points(self.scripts().get);
            add_scope(&mut call, scope);
            page.iter().for_each(|id| _ = call.arg(id.to_string()));
            let reply: Vec<Value> = self.connection.call(&call).await?;
            if reply.len() != page.len() {
                return Err(wire::unexpected());
            }
            for value in &reply {
                points.push(wire::point(value, dims)?);
            }
        }
        Ok(points)
    }

    /// Deletes by id, each as of a version, by a script.
    pub(super) async fn delete_ids(
        &self,
        ids: &[(MemoryId, u64)],
        page: usize,
        script: impl Fn() -> ScriptInvocation<'static>,
    ) -> Result<u64> {
        let mut gone = 0;
        for page in ids.chunks(page) {
            let mut call = script();
            for (id, version) in page {
                call.arg(id.to_string()).arg(wire::version(*version));
            }
            gone += self.connection.call::<u64>(&call).await?;
        }
        Ok(gone)
    }
}

/// A scope as arguments of a script: how many ids it has, then name and value
/// of each.
pub(super) fn add_scope(call: &mut ScriptInvocation<'_>, scope: Option<&Scope>) {
    let ids: Vec<_> = scope.map(|scope| terms::of_scope(scope).collect()).unwrap_or_default();
    call.arg(ids.len());
    for (field, term) in ids {
        call.arg(field).arg(term);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCollection")
            .field("provider", &self.name)
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}
