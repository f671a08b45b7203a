//! Taking over a collection that was written elsewhere.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::engine::Mem0;
use crate::engine::options::AdoptOptions;
use crate::engine::plan;
use crate::engine::results::{Adopted, Skipped};
use crate::error::{Error, Result};
use crate::traits::embedder::Purpose;
use crate::traits::foreign::{ForeignCollection, ForeignEvent, ForeignPoint};
use crate::traits::ledger::{Commit, Outcome};
use crate::types::ids::MemoryId;
use crate::types::memory::{Content, EventKind, Memory};
use crate::types::message::Role;
use crate::types::payload::Payload;
use crate::types::time::Timestamp;

/// How many points are read and committed at once.
const BATCH: usize = 256;

/// Keys of the TypeScript library, and what they are called here.
const OTHER_NAMES: [(&str, &str); 3] =
    [("createdAt", "created_at"), ("updatedAt", "updated_at"), ("attributedTo", "attributed_to")];

/// What the other libraries derive from the text for their own search.
const DERIVED: [&str; 2] = ["text_lemmatized", "textLemmatized"];

/// A version of a memory that is taken over.
struct Version {
    content: Content,
    at: Timestamp,
    vector: Option<Vec<f32>>,
}

impl Mem0 {
    /// Takes over the memories of a collection that another program wrote, or
    /// this one under another model: with their ids, times, scopes and
    /// metadata, and what a history says of earlier versions. The collection
    /// itself is only read.
    ///
    /// Memories that are there already are left as they are, so that it can be
    /// repeated and goes on where it was interrupted. Dropping the future leaves
    /// each memory taken over whole or not at all.
    ///
    /// # Errors
    /// Those of the collection, the ledger and the embedder;
    /// `DimensionMismatch` if vectors are to be kept and are not as long as the
    /// embedder's. What was taken over before stays.
    pub async fn adopt(&self, from: &dyn ForeignCollection, options: AdoptOptions) -> Result<Adopted> {
        let mut done = Adopted { dry_run: options.dry_run, ..Adopted::default() };
        let mut past: HashMap<String, Vec<ForeignEvent>> = HashMap::new();
        for event in &options.history {
            past.entry(event.memory.clone()).or_default().push(event.clone());
        }
        // A walk may bring a point twice.
        let mut seen: HashSet<String> = HashSet::new();
        let mut adopted: BTreeSet<MemoryId> = BTreeSet::new();
        let mut place: Option<String> = None;
        loop {
            let mut page = from.read(place.as_deref(), BATCH).await?;
            page.points.retain(|point| seen.insert(point.id.clone()));
            adopted.extend(self.adopt_points(page.points, &mut past, &options, &mut done).await?);
            place = page.next;
            if place.is_none() {
                break;
            }
        }
        done.history_left = past.values().map(Vec::len).sum::<usize>() as u64;
        if !options.dry_run {
            self.flush().await?;
            self.bring_back(adopted).await?;
        }
        Ok(done)
    }

    /// Takes over a page, and returns the memories that were new.
    async fn adopt_points(
        &self,
        points: Vec<ForeignPoint>,
        past: &mut HashMap<String, Vec<ForeignEvent>>,
        options: &AdoptOptions,
        done: &mut Adopted,
    ) -> Result<Vec<MemoryId>> {
        let mut memories: Vec<(Memory, Vec<Version>)> = Vec::with_capacity(points.len());
        for point in points {
            done.read += 1;
            let events = past.remove(&point.id).unwrap_or_default();
            match self.read_point(&point.id, point.payload) {
                Ok(memory) => {
                    let vector = point.vector.filter(|_| options.keep_vectors);
                    let vector = vector.map(|vector| self.unit(vector)).transpose()?.flatten();
                    let versions = versions(&memory, &events, vector);
                    memories.push((memory, versions));
                }
                Err(reason) => done.skipped.push(Skipped { id: point.id, reason }),
            }
        }
        let ids: Vec<MemoryId> = memories.iter().map(|(memory, _)| memory.id).collect();
        let mut heads = self.inner.ledger.heads(&ids).await?.into_iter();
        memories.retain(|(memory, _)| {
            let Some(head) = heads.next().flatten() else { return true };
            if head.scope == memory.scope {
                done.already += 1;
            } else {
                let reason = "a memory with this id belongs to another scope".to_owned();
                done.skipped.push(Skipped { id: memory.id.to_string(), reason });
            }
            false
        });
        if options.dry_run {
            done.memories += memories.len() as u64;
            done.events += memories.iter().map(|(_, versions)| versions.len() as u64).sum::<u64>();
            return Ok(Vec::new());
        }
        let ids = memories.iter().map(|(memory, _)| memory.id).collect();
        self.embed_versions(&mut memories, done).await?;
        self.commit_versions(memories, done).await?;
        Ok(ids)
    }

    /// A memory of the payload, or why it is none.
    fn read_point(&self, id: &str, mut payload: Payload) -> std::result::Result<Memory, String> {
        let id: MemoryId = id.parse().map_err(|_| "its id is no UUID".to_owned())?;
        for (other, ours) in OTHER_NAMES {
            if let Some(value) = payload.remove(other) {
                payload.entry(ours).or_insert(value);
            }
        }
        for key in DERIVED {
            payload.remove(key);
        }
        let memory = Memory::from_payload(id, payload, self.now()).map_err(|e| e.to_string())?;
        self.inner.limits.text("its text", &memory.content.text).map_err(|e| e.message().to_owned())?;
        Ok(memory)
    }

    /// The vector at length 1; none if it has no direction.
    fn unit(&self, mut vector: Vec<f32>) -> Result<Option<Vec<f32>>> {
        let dims = self.active().projection.identity.dims;
        if vector.len() != dims {
            return Err(Error::new(
                crate::error::ErrorKind::DimensionMismatch,
                "the collection's vectors are not as long as the embedder's: have the texts embedded anew",
            )
            .with_context("collection", vector.len())
            .with_context("embedder", dims));
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        if !length.is_normal() {
            return Ok(None);
        }
        vector.iter_mut().for_each(|x| *x /= length);
        Ok(Some(vector))
    }

    /// Embeds every text that has no vector yet.
    async fn embed_versions(&self, memories: &mut [(Memory, Vec<Version>)], done: &mut Adopted) -> Result<()> {
        let mut without: Vec<&mut Version> =
            memories.iter_mut().flat_map(|(_, versions)| versions).filter(|version| version.vector.is_none()).collect();
        let texts: Vec<String> = without.iter().map(|version| version.content.text.clone()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = self.embed(&texts, Purpose::Store).await?;
        done.embedded += texts.len() as u64;
        for (version, vector) in without.iter_mut().zip(vectors) {
            version.vector = Some(vector);
        }
        Ok(())
    }

    /// Writes every version of the memories in one transaction.
    async fn commit_versions(&self, memories: Vec<(Memory, Vec<Version>)>, done: &mut Adopted) -> Result<()> {
        let mut commits: Vec<Commit> = Vec::new();
        for (memory, versions) in memories {
            let last = versions.len();
            let mut before: Option<Memory> = None;
            for (number, Version { content, at, vector }) in (1_u64..).zip(versions) {
                let mut change = match &before {
                    None => plan::addition(memory.id, content.clone(), vector.unwrap_or_default()),
                    Some(base) => plan::revision(base, content.clone(), vector, EventKind::Update, None),
                };
                if before.is_none() {
                    change.created_at = Some(memory.created_at);
                }
                // Only what is live is held against what is added later.
                if number < last as u64 {
                    change.dedup_key = None;
                }
                before = Some(Memory { version: number, updated_at: at, content, ..memory.clone() });
                let txn = self.inner.clock.txn_id();
                commits.push(Commit { changes: vec![change], ..self.empty_commit(memory.scope.clone(), at, txn) });
            }
        }
        if commits.is_empty() {
            return Ok(());
        }
        let added: Vec<_> = commits.iter().flat_map(|c| &c.changes).map(|c| (c.id, c.kind == EventKind::Add)).collect();
        let receipts = self.inner.ledger.commit(commits).await?;
        for ((id, first), outcome) in added.into_iter().zip(receipts.iter().flat_map(|receipt| &receipt.outcomes)) {
            match outcome {
                Outcome::Applied { .. } => {
                    done.events += 1;
                    done.memories += u64::from(first);
                }
                Outcome::Existing { id: other } => {
                    let reason = format!("the memory {other} of the same scope says the same");
                    done.skipped.push(Skipped { id: id.to_string(), reason });
                }
            }
        }
        Ok(())
    }
}

/// The versions of a memory, oldest first: those that its history tells of, and
/// at last what it says now. Their times never go back.
fn versions(memory: &Memory, events: &[ForeignEvent], vector: Option<Vec<f32>>) -> Vec<Version> {
    let mut versions: Vec<Version> = Vec::new();
    let mut say = |text: &Option<String>, at: Timestamp, event: &ForeignEvent| {
        let Some(text) = text.as_deref().filter(|text| !text.trim().is_empty()) else { return };
        if versions.last().is_some_and(|last| last.content.text == text) {
            return;
        }
        let floor = versions.last().map_or(memory.created_at, |last| last.at);
        let content = Content {
            kind: memory.content.kind,
            actor: event.actor.clone(),
            role: event.role.as_deref().and_then(role),
            ..Content::new(text)
        };
        versions.push(Version { content, at: at.max(floor).min(memory.updated_at), vector: None });
    };
    for event in events {
        // What was deleted and is there all the same was not deleted.
        match event.event.as_str() {
            "ADD" => say(&event.new_text, event.at.unwrap_or(memory.created_at), event),
            "UPDATE" => {
                say(&event.old_text, memory.created_at, event);
                say(&event.new_text, event.at.unwrap_or(memory.updated_at), event);
            }
            _ => {}
        }
    }
    versions.pop_if(|last| last.content.text == memory.content.text);
    versions.push(Version { content: memory.content.clone(), at: memory.updated_at, vector });
    versions
}

fn role(name: &str) -> Option<Role> {
    [Role::User, Role::Assistant, Role::System, Role::Tool].into_iter().find(|role| role.as_str() == name)
}
