//! A random life of a ledger, told by the reference ledger: it knows at every
//! step where each memory stands, so that most steps are ones that succeed.

use mem0_core::reference::MemoryLedger;
use mem0_core::{
    Change, Claim, Commit, Content, ErrorKind, Idempotency, Ledger, MemoryId, Outcome, PendingQuery, Result, Scope,
    State, Timestamp,
};
use serde_json::json;

use super::fold::Folded;
use crate::data::changes::{
    add_content, commit, delete, key_of, message, supersede, time, undo, update_content, vector_of,
};
use crate::data::points::id;
use crate::random::Rng;

/// What happens to a ledger.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A call of `commit`.
    Commit(Vec<Commit>),
    /// Some of what is due is claimed, then projected or given up.
    Project { at: Timestamp, owner: u8, limit: usize, fails: bool },
    /// A scope is erased.
    Erase(Scope),
}

const WORDS: [&str; 16] = [
    "tea", "coffee", "green", "likes", "Lisbon", "train", "peanut", "paints", "чай", "绿茶", "sleeps", "late", "Ann",
    "Ann Lee", "Lee's", "5 km",
];

/// How many scopes there are; the scope of a memory follows from its id.
const HOMES: usize = 4;

/// How many ids there are at a time.
const IDS: u64 = 12;

/// Tells stories.
pub(super) struct Teller {
    rng: Rng,
    first: Scope,
    scopes: Vec<Scope>,
    ledger: MemoryLedger,
    second: i64,
    /// Counts erasures; ids are new ones afterwards.
    era: u64,
    erases: bool,
}

impl Teller {
    pub(super) fn new(rng: Rng, erases: bool) -> Result<Self> {
        let alice = Scope::user("alice")?;
        let run = alice.clone().with_run("1")?;
        let scopes = vec![alice.clone(), Scope::user("bob")?, run, Scope::agent("alice")?];
        Ok(Self { rng, first: alice, scopes, ledger: MemoryLedger::new(), second: 0, era: 0, erases })
    }

    /// So many steps.
    pub(super) async fn tell(&mut self, steps: usize) -> Result<Vec<Step>> {
        let mut story = Vec::new();
        for _ in 0..steps {
            // Sometimes two things happen at one time.
            self.second += self.seconds(4);
            let step = match self.rng.below(20) {
                0 if self.erases => {
                    self.era += 1;
                    Step::Erase(self.scope())
                }
                1..=3 => Step::Project {
                    at: time(self.second),
                    owner: u8::from(self.rng.one_in(2)),
                    // What was erased has no place in the order.
                    limit: if self.era > 0 { 1_000 } else { 1 + self.rng.below(6) },
                    fails: self.rng.one_in(3),
                },
                _ => self.call().await?,
            };
            // What fails is part of the story.
            let _ = take(&self.ledger, &step).await;
            story.push(step);
        }
        Ok(story)
    }

    /// Every id that the story may have used.
    pub(super) fn ids(&self) -> Vec<MemoryId> {
        (0..=self.era).flat_map(|era| (0..IDS).map(move |n| id(era * 100 + n))).collect()
    }

    /// The scopes of the story.
    pub(super) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Some second of the story or just before or after it.
    pub(super) fn moment(&mut self) -> Timestamp {
        let end = usize::try_from(self.second).unwrap_or(0) + 4;
        time(self.seconds(end) - 1)
    }

    fn seconds(&mut self, end: usize) -> i64 {
        i64::try_from(self.rng.below(end)).unwrap_or(0)
    }

    fn scope(&mut self) -> Scope {
        let n = self.rng.below(HOMES);
        self.scope_of(n)
    }

    fn scope_of(&self, n: usize) -> Scope {
        self.scopes.get(n % HOMES).unwrap_or(&self.first).clone()
    }

    async fn call(&mut self) -> Result<Step> {
        let first = self.rng.below(HOMES);
        let mut commits = vec![self.commit(first).await?];
        if self.rng.one_in(5) {
            commits.push(self.commit(first + 1).await?);
        }
        Ok(Step::Commit(commits))
    }

    async fn commit(&mut self, home: usize) -> Result<Commit> {
        let scope = self.scope_of(home);
        let mut changes: Vec<Change> = Vec::new();
        for _ in 0..self.rng.below(4) {
            let id = id(self.era * 100 + self.rng.below(3) as u64 * 4 + home as u64 % 4);
            if changes.iter().all(|change| change.id != id) {
                changes.extend(self.change(id).await?);
            }
        }
        let mut commit = commit(&scope, self.second, changes);
        for _ in 0..self.rng.below(3) {
            let said = self.second - self.seconds(5);
            commit.messages.push(message(&format!("m{}", self.rng.below(30)), said, &self.text()));
        }
        commit.forget_messages = self.rng.one_in(12);
        if self.rng.one_in(5) {
            commit.expected_revision = Some(self.ledger.revision(&scope).await? + u64::from(self.rng.one_in(6)));
        }
        if self.rng.one_in(6) {
            let digest = [self.rng.below(2) as u8; 32];
            commit.idempotency = Some(Idempotency { key: format!("call {}", self.rng.below(4)), digest });
        }
        if self.rng.one_in(6) {
            let until = time(self.second + 1 + self.seconds(9));
            commit.claim = Some(Claim { owner: format!("owner {}", self.rng.below(2)), until });
        }
        Ok(commit)
    }

    async fn change(&mut self, id: MemoryId) -> Result<Option<Change>> {
        let Some(folded) = Folded::of(&self.ledger.history(id).await?) else {
            let mut content = self.content();
            if self.rng.one_in(4) {
                content.valid_from = Some(time(self.second - self.seconds(9)));
            }
            let mut add = add_content(id, content);
            if self.rng.one_in(5) {
                add.created_at = Some(time(self.second - self.seconds(20)));
            }
            return Ok(Some(add));
        };
        // A wrong version now and then.
        let base = folded.version + u64::from(self.rng.one_in(25));
        let mut change = match (folded.state, self.rng.below(6)) {
            (State::Live, 0..=2) => update_content(id, base, self.content()),
            (State::Live, 3) => delete(id, base),
            (State::Live, 4) => supersede(id, base),
            (State::Live, _) => {
                let before = folded.versions.iter().rev().nth(1);
                undo(id, base, before.map(|memory| memory.content.clone()))
            }
            (_, 0..=3) => undo(id, base, folded.versions.last().map(|memory| memory.content.clone())),
            _ => return Ok(None),
        };
        let last = folded.versions.last().map(|memory| memory.content.text.as_str());
        if let Some(content) = &change.content {
            let stays = last == Some(content.text.as_str());
            change.vector = (!stays || self.rng.one_in(2)).then(|| vector_of(&content.text));
            change.dedup_key = Some(key_of(&content.text));
            // Only the first version of a story says since when it is true.
            if let Some(content) = &mut change.content {
                content.valid_from = None;
            }
        }
        if self.rng.one_in(4) {
            change.ended_at = Some(time(self.second - self.seconds(6)));
        }
        change.reason = self.rng.one_in(3).then(|| "said so".to_owned());
        if change.content.is_none() {
            change.sources = (0..self.rng.below(3)).map(|n| format!("m{n}")).collect();
        }
        Ok(Some(change))
    }

    fn text(&mut self) -> String {
        (0..=self.rng.below(4)).filter_map(|_| self.rng.pick(&WORDS).copied()).collect::<Vec<_>>().join(" ")
    }

    fn content(&mut self) -> Content {
        let mut content = Content::new(self.text());
        if self.rng.one_in(3) {
            content.actor = self.rng.pick(&["Ann", "Bob Lee"]).map(|name| (*name).to_owned());
        }
        if self.rng.one_in(4) {
            content.expires_at = Some(time(self.second + self.seconds(12)));
        }
        if self.rng.one_in(6) {
            content.valid_to = Some(time(self.second + self.seconds(12)));
        }
        if self.rng.one_in(2) {
            content.metadata.insert("mood".into(), json!(["good", "bad"].get(self.rng.below(2))));
            content.metadata.insert("n".into(), json!(self.rng.below(5)));
        }
        if self.rng.one_in(3) {
            content.categories = vec!["food".into()];
        }
        content
    }
}

/// Revision, whether it was repeated, and what became of each change.
type PlainReceipt = (u64, bool, Vec<(MemoryId, u64)>);

/// What came of a step, without the numbers of events.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Came {
    /// One entry for each commit: revision, whether it was repeated, and what
    /// became of each change, with 0 for what was known already.
    Receipts(Vec<PlainReceipt>),
    /// What was claimed: memory, version, failures so far.
    Claimed(Vec<(MemoryId, u64, u32)>),
    /// Memories, events, messages and keys that went.
    Erased(u64, u64, u64, u64),
    /// It was refused.
    Refused(ErrorKind),
}

/// Does one step.
pub(super) async fn take(ledger: &dyn Ledger, step: &Step) -> Came {
    match attempt(ledger, step).await {
        Ok(came) => came,
        Err(error) => Came::Refused(error.kind()),
    }
}

async fn attempt(ledger: &dyn Ledger, step: &Step) -> Result<Came> {
    match step {
        Step::Commit(commits) => {
            let receipts = ledger.commit(commits.clone()).await?;
            let outcome = |outcome: &Outcome| match outcome {
                Outcome::Applied { id, version, .. } => (*id, *version),
                Outcome::Existing { id } => (*id, 0),
            };
            let plain = receipts
                .iter()
                .map(|one| (one.revision, one.replayed, one.outcomes.iter().map(outcome).collect()))
                .collect();
            Ok(Came::Receipts(plain))
        }
        Step::Project { at, owner, limit, fails } => {
            let claim = Claim { owner: format!("owner {owner}"), until: at.plus_micros(3_000_000) };
            let query = PendingQuery { scope: None, due: Some(*at), claim: Some(claim), limit: *limit };
            let pending = ledger.pending(&query).await?;
            let done: Vec<_> = pending.iter().map(|one| (one.id, one.seq)).collect();
            if *fails {
                ledger.mark_failed(&done, at.plus_micros(2_000_000)).await?;
            } else {
                ledger.mark_projected(&done).await?;
            }
            let mut claimed: Vec<_> = pending.iter().map(|one| (one.id, one.version, one.attempts)).collect();
            claimed.sort_unstable();
            Ok(Came::Claimed(claimed))
        }
        Step::Erase(scope) => {
            let gone = ledger.erase(scope).await?;
            Ok(Came::Erased(gone.memories, gone.events, gone.messages, gone.idempotency_keys))
        }
    }
}
