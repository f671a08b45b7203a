//! What a commit writes, decided before anything is written.

use std::collections::{BTreeMap, HashMap, HashSet};

use mem0_core::text::{NameRow, TermId};
use mem0_core::{
    Change, Claim, Commit, Content, EmbedderIdentity, Error, ErrorKind, EventKind, MemoryId, Outcome, Receipt, State,
    StoredMessage, Timestamp, TxnId,
};

use super::BLOCK;
use super::load::{Call, Loaded, Slot, Standing, is_nothing};
use crate::ledger::common::change::{
    check_base, check_revision, counted, ended_at, expired, length, no_vector, state_after,
};
use crate::ledger::common::codec::{count, rows, vector_to_bytes};
use crate::ledger::postgres::identity;
use crate::ledger::postgres::scope::{self, ScopeRow};
use crate::ledger::postgres::session::{Attempt, Fault};

/// A memory that changes: as it was, as it is now.
pub(super) struct Touched {
    pub(super) id: MemoryId,
    /// None for a new one.
    pub(super) was: Option<Standing>,
    pub(super) now: Standing,
    pub(super) head: i64,
    pub(super) updated_at: i64,
    /// Of a new one: its number among all that were ever added to its scope.
    pub(super) nth: i64,
    /// The words of a text that is new to the keyword index.
    words: Option<Vec<(TermId, u32)>>,
}

impl Touched {
    fn new(id: MemoryId, was: Option<Standing>, now: Standing) -> Self {
        Self { id, was, now, head: 0, updated_at: 0, nth: 0, words: None }
    }

    /// As it was, if its words are in the index.
    pub(super) fn indexed(&self) -> Option<&Standing> {
        self.was.as_ref().filter(|was| was.state == State::Live)
    }

    /// Whether its words stay as they are.
    fn keeps_words(&self) -> bool {
        self.now.state == State::Live && self.indexed().is_some_and(|was| was.latest.text == self.now.latest.text)
    }
}

/// An event to be written.
pub(super) struct Event {
    pub(super) seq: i64,
    pub(super) mem_no: i64,
    pub(super) version: i64,
    pub(super) scope_no: i64,
    pub(super) vector_seq: i64,
    pub(super) at: i64,
    /// When it was superseded, and when what it said ended.
    pub(super) end: Option<(i64, i64)>,
    pub(super) txn: TxnId,
    pub(super) change: Change,
}

/// A version that was there and ends.
pub(super) struct Ending {
    pub(super) mem_no: i64,
    pub(super) version: i64,
    pub(super) superseded_at: i64,
    pub(super) ended_at: i64,
}

/// Memories that become pending at one time, each once.
pub(super) struct Wave {
    pub(super) at: i64,
    pub(super) queued: Vec<Queued>,
}

/// A memory that becomes pending.
pub(super) struct Queued {
    pub(super) id: MemoryId,
    pub(super) seq: i64,
    pub(super) scope_no: i64,
    pub(super) version: i64,
    pub(super) claim: Option<Claim>,
}

/// The words of a text that come into the index or leave it.
pub(super) struct Words {
    pub(super) owner: i64,
    pub(super) scope_no: i64,
    pub(super) mem_no: i64,
    pub(super) terms: Vec<(TermId, u32)>,
    /// How many terms the text has, of words that come; how many postings there
    /// should be, of words that leave.
    pub(super) length: i64,
}

/// A row of the index of names.
pub(in crate::ledger::postgres) struct NamedRow {
    pub(in crate::ledger::postgres) scope_no: i64,
    pub(in crate::ledger::postgres) mem_no: i64,
    pub(in crate::ledger::postgres) name: NameRow,
}

/// What is written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) identity: Option<EmbedderIdentity>,
    pub(super) forgotten: Vec<i64>,
    pub(super) messages: Vec<(i64, StoredMessage)>,
    pub(super) calls: Vec<(i64, Vec<u8>, Call)>,
    pub(super) scopes: Vec<ScopeRow>,
    pub(super) touched: Vec<Touched>,
    pub(super) events: Vec<Event>,
    pub(super) endings: Vec<Ending>,
    pub(super) vectors: BTreeMap<i64, Vec<u8>>,
    pub(super) gone: Vec<Words>,
    pub(super) come: Vec<Words>,
    /// Memories whose names leave the index.
    pub(super) unnamed: Vec<i64>,
    pub(super) named: Vec<NamedRow>,
    pub(super) waves: Vec<Wave>,
}

/// The tables with what the commits so far do to them.
pub(super) struct Draft {
    tables: Loaded,
    alone: bool,
    touched: HashMap<MemoryId, Touched>,
    /// The order in which they were first touched.
    order: Vec<MemoryId>,
    /// Who has a key, of those that are live.
    holders: HashMap<Slot, MemoryId>,
    numbers: Vec<i64>,
    /// Where the events of this call are, by memory and version.
    drafted: HashMap<(i64, i64), usize>,
    /// Where the memories of the last wave are in it.
    in_wave: HashMap<MemoryId, usize>,
    out: Written,
}

/// What the changes of one commit share.
struct Context<'a> {
    commit: &'a Commit,
    scope_no: i64,
}

impl Draft {
    pub(super) fn new(tables: Loaded, alone: bool) -> Self {
        let live = tables.standings.iter().filter(|(_, standing)| standing.state == State::Live);
        let holders = live.filter_map(|(id, standing)| Some(((standing.scope_no, standing.dedup_key?), *id))).collect();
        // The last number first, to be taken from the end.
        let mut numbers: Vec<i64> = tables.blocks.iter().flat_map(|block| *block..block + BLOCK).collect();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            tables,
            alone,
            touched: HashMap::new(),
            order: Vec::new(),
            holders,
            numbers,
            drafted: HashMap::new(),
            in_wave: HashMap::new(),
            out: Written::default(),
        }
    }

    pub(super) fn commit(&mut self, commit: &Commit) -> Attempt<Receipt> {
        let key = scope::key(&commit.scope);
        let known = self.tables.scopes.get(&key).cloned();
        let revision = known.as_ref().map_or(0, |row| row.revision);
        if let Some((txn, outcomes)) = self.replayed(known.as_ref(), commit)? {
            return Ok(Receipt { revision: count(revision)?, txn, outcomes, replayed: true });
        }
        self.require(&commit.identity, !commit.changes.is_empty())?;
        check_revision(commit.expected_revision, revision)?;
        if let Some(row) = known.as_ref().filter(|_| commit.forget_messages) {
            self.out.forgotten.push(row.no);
            self.out.messages.retain(|(scope_no, _)| *scope_no != row.no);
        }
        if is_nothing(commit) {
            return Ok(Receipt { revision: count(revision)?, txn: commit.txn, outcomes: Vec::new(), replayed: false });
        }
        let mut row = known.ok_or_else(scope::erased_meanwhile)?;
        self.out.messages.extend(commit.messages.iter().map(|message| (row.no, message.clone())));
        let outcomes = self.changes(&mut row, commit)?;
        if let Some(used) = &commit.idempotency {
            let call = Call { digest: used.digest.to_vec(), txn: commit.txn, outcomes: outcomes.clone() };
            let key = used.key.clone().into_bytes();
            self.out.calls.push((row.no, key.clone(), call.clone()));
            self.tables.calls.insert((row.no, key), call);
        }
        let revision = count(row.revision)?;
        self.tables.scopes.insert(key, row);
        Ok(Receipt { revision, txn: commit.txn, outcomes, replayed: false })
    }

    /// What the key did when it was used first.
    fn replayed(&self, row: Option<&ScopeRow>, commit: &Commit) -> Attempt<Option<(TxnId, Vec<Outcome>)>> {
        let (Some(row), Some(used)) = (row, &commit.idempotency) else { return Ok(None) };
        let Some(call) = self.tables.calls.get(&(row.no, used.key.clone().into_bytes())) else { return Ok(None) };
        if call.digest != used.digest {
            let message = "the idempotency key was used for another input; use a new key";
            return Err(Error::new(ErrorKind::AlreadyExists, message).into());
        }
        Ok(Some((call.txn, call.outcomes.clone())))
    }

    /// Refuses vectors of another model than the current one. The first that
    /// comes becomes the current one.
    fn require(&mut self, given: &EmbedderIdentity, has_changes: bool) -> Attempt<()> {
        match &self.tables.identity {
            Some(current) => Ok(identity::check(current, given)?),
            None if !has_changes => Ok(()),
            None if !self.alone => Err(Fault::Alone),
            None => {
                self.tables.identity = Some(given.clone());
                self.out.identity = Some(given.clone());
                Ok(())
            }
        }
    }

    /// Applies the changes and moves the scope's revision if any is applied.
    fn changes(&mut self, row: &mut ScopeRow, commit: &Commit) -> Attempt<Vec<Outcome>> {
        let before = self.out.events.len();
        let context = Context { commit, scope_no: row.no };
        let outcomes =
            commit.changes.iter().map(|change| self.change(&context, change)).collect::<Attempt<Vec<_>>>()?;
        let new = self.out.events.len() - before;
        if new > 0 {
            row.revision += 1;
            row.events += rows(new);
        }
        Ok(outcomes)
    }

    /// Where a memory stands now.
    fn standing(&self, id: MemoryId) -> Option<&Standing> {
        let touched = self.touched.get(&id).map(|touched| &touched.now);
        touched.or_else(|| self.tables.standings.get(&id))
    }

    /// Applies one change, unless the scope has that memory already.
    fn change(&mut self, context: &Context<'_>, change: &Change) -> Attempt<Outcome> {
        let before = self.standing(change.id).cloned();
        let place = before.as_ref().map(|before| (before.scope_no == context.scope_no, before.version));
        check_base(change, place)?;
        let same_text = match (&before, &change.content) {
            (Some(before), Some(content)) => before.latest.text == content.text,
            _ => false,
        };
        // A key belongs to the text; it stays with it.
        let kept = before.as_ref().filter(|_| same_text).and_then(|before| before.dedup_key);
        let mut dedup_key = change.dedup_key.or(kept).filter(|_| change.content.is_some());
        let slot = dedup_key.map(|key| (context.scope_no, key));
        let holder = slot.and_then(|slot| self.holders.get(&slot)).copied().filter(|holder| *holder != change.id);
        if let Some((holder, standing)) = holder.and_then(|holder| Some((holder, self.standing(holder)?))) {
            if standing.expires_at.is_some_and(|end| end <= context.commit.at.as_micros()) {
                let ending = expired(holder, count(standing.version)?);
                self.change(context, &ending)?;
            } else if change.kind == EventKind::Add {
                return Ok(Outcome::Existing { id: holder });
            } else {
                dedup_key = None;
            }
        }
        self.append(context, change, before, same_text, dedup_key)
    }

    /// Adds the event, and brings everything that depends on it up to date.
    fn append(
        &mut self,
        context: &Context<'_>,
        change: &Change,
        before: Option<Standing>,
        same_text: bool,
        dedup_key: Option<[u8; 16]>,
    ) -> Attempt<Outcome> {
        let at = context.commit.at;
        let seq = self.numbers.pop().ok_or_else(|| Error::internal("a commit with more events than it may have"))?;
        let vector_seq = self.vector_seq(change, before.as_ref(), same_text, seq)?;
        let version = before.as_ref().map_or(1, |before| before.version + 1);
        let mem_no = before.as_ref().map_or(seq, |before| before.mem_no);
        if let Some(before) = &before {
            self.end(before, change, at);
        }
        if let Some(vector) = change.vector.as_ref().filter(|_| vector_seq == seq) {
            self.out.vectors.insert(seq, vector_to_bytes(vector));
        }
        let mut recorded = change.clone();
        (recorded.vector, recorded.terms) = (None, Vec::new());
        self.drafted.insert((mem_no, version), self.out.events.len());
        self.out.events.push(Event {
            seq,
            mem_no,
            version,
            scope_no: context.scope_no,
            vector_seq,
            at: at.as_micros(),
            end: None,
            txn: context.commit.txn,
            change: recorded,
        });
        let after = Standing {
            mem_no,
            scope_no: context.scope_no,
            version,
            state: state_after(change),
            vector_seq,
            // What has ended keeps its key, in case it is brought back.
            dedup_key: match (&change.content, &before) {
                (None, Some(before)) => before.dedup_key,
                _ => dedup_key,
            },
            expires_at: change.content.as_ref().and_then(|content| content.expires_at).map(Timestamp::as_micros),
            created_at: match &before {
                Some(before) => before.created_at,
                None => change.created_at.unwrap_or(at).as_micros(),
            },
            terms: 0,
            postings: 0,
            latest: latest(change, before.as_ref()),
            latest_version: match (&change.content, &before) {
                (None, Some(before)) => before.latest_version,
                _ => version,
            },
            latest_at: match (&change.content, &before) {
                (None, Some(before)) => before.latest_at,
                _ => at,
            },
        };
        self.touch(change, after, same_text, seq, at);
        self.queue(context, change.id, seq, version);
        Ok(Outcome::Applied { id: change.id, version: count(version)?, seq: count(seq)? })
    }

    /// The version before ends, if it says something.
    fn end(&mut self, before: &Standing, change: &Change, at: Timestamp) {
        if before.latest_version != before.version {
            return;
        }
        let (mem_no, version) = (before.mem_no, before.version);
        let superseded_at = at.as_micros();
        let ended_at = ended_at(&before.latest, before.latest_at, change, at).as_micros();
        let own = self.drafted.get(&(mem_no, version)).copied();
        match own.and_then(|place| self.out.events.get_mut(place)) {
            Some(event) => event.end = Some((superseded_at, ended_at)),
            None => self.out.endings.push(Ending { mem_no, version, superseded_at, ended_at }),
        }
    }

    fn touch(&mut self, change: &Change, now: Standing, same_text: bool, seq: i64, at: Timestamp) {
        let id = change.id;
        if let Some(key) = self.standing(id).filter(|was| was.state == State::Live).and_then(|was| was.dedup_key) {
            self.holders.remove(&(now.scope_no, key));
        }
        if let Some(key) = now.dedup_key.filter(|_| now.state == State::Live) {
            self.holders.insert((now.scope_no, key), id);
        }
        let order = &mut self.order;
        let was = &self.tables.standings;
        let touched = self.touched.entry(id).or_insert_with(|| {
            order.push(id);
            Touched::new(id, was.get(&id).cloned(), now.clone())
        });
        if let Some(content) = &change.content
            && (!same_text || !change.terms.is_empty() || touched.words.is_none())
        {
            touched.words = Some(merged(counted(change, content).into_owned()));
        }
        touched.now = now;
        touched.head = seq;
        touched.updated_at = at.as_micros();
    }

    /// The event whose vector is that of the text: this one if it brings
    /// another, else the one that brought it.
    fn vector_seq(&self, change: &Change, before: Option<&Standing>, same_text: bool, seq: i64) -> Attempt<i64> {
        match (before, &change.content, &change.vector) {
            (Some(before), None, _) => Ok(before.vector_seq),
            (Some(before), Some(_), None) if same_text => Ok(before.vector_seq),
            (Some(before), Some(_), Some(vector)) if same_text => {
                let drafted = self.out.vectors.get(&before.vector_seq);
                let stored = drafted.or_else(|| self.tables.vectors.get(&before.vector_seq));
                let same = stored.is_some_and(|stored| *stored == vector_to_bytes(vector));
                Ok(if same { before.vector_seq } else { seq })
            }
            (_, _, Some(_)) => Ok(seq),
            (Some(before), Some(content), None) if change.kind == EventKind::Undo => {
                self.vector_of_text(before.mem_no, content).ok_or_else(|| no_vector(change).into())
            }
            _ => Err(no_vector(change).into()),
        }
    }

    /// The vector of an earlier version with this text.
    fn vector_of_text(&self, mem_no: i64, wanted: &Content) -> Option<i64> {
        let drafted = self.out.events.iter().rev().filter(|event| event.mem_no == mem_no);
        let drafted = drafted.filter_map(|event| Some((&event.change.content.as_ref()?.text, event.vector_seq)));
        let stored = self.tables.texts.get(&mem_no).into_iter().flatten().map(|(text, seq)| (text, *seq));
        drafted.chain(stored).find(|(text, _)| **text == wanted.text).map(|(_, seq)| seq)
    }

    /// Makes the memory pending, once for each commit: a claim that somebody
    /// else holds is held against each claim by itself.
    fn queue(&mut self, context: &Context<'_>, id: MemoryId, seq: i64, version: i64) {
        let (claim, at) = (context.commit.claim.clone(), context.commit.at.as_micros());
        let queued = Queued { id, seq, scope_no: context.scope_no, version, claim };
        if let Some(wave) = self.out.waves.last_mut().filter(|wave| wave.at == at) {
            match self.in_wave.get(&id).and_then(|place| wave.queued.get_mut(*place)) {
                Some(other) if other.claim == queued.claim => return *other = queued,
                Some(_) => {}
                None => {
                    self.in_wave.insert(id, wave.queued.len());
                    return wave.queued.push(queued);
                }
            }
        }
        self.in_wave = HashMap::from([(id, 0)]);
        self.out.waves.push(Wave { at, queued: vec![queued] });
    }

    /// What is to be written.
    pub(super) fn done(mut self) -> Written {
        let mut scopes: HashMap<i64, ScopeRow> = self.tables.scopes.into_values().map(|row| (row.no, row)).collect();
        for id in self.order {
            let Some(mut touched) = self.touched.remove(&id) else { continue };
            let Some(row) = scopes.get_mut(&touched.now.scope_no) else { continue };
            words(&mut touched, row.owner, &mut self.out);
            names(&touched, &mut self.out);
            match &touched.was {
                Some(was) => tally(row, was, -1),
                None => touched.nth = row.added() + 1,
            }
            tally(row, &touched.now, 1);
            self.out.touched.push(touched);
        }
        let changed = self.out.events.iter().map(|event| event.scope_no).collect::<HashSet<_>>();
        self.out.scopes = scopes.into_values().filter(|row| changed.contains(&row.no)).collect();
        self.out
    }
}

/// What the memory says from now on, or said last.
fn latest(change: &Change, before: Option<&Standing>) -> Content {
    match (&change.content, before) {
        (None, Some(before)) => before.latest.clone(),
        (content, _) => content.clone().unwrap_or_else(|| Content::new("")),
    }
}

/// Counts a memory in its scope, or takes it out again.
fn tally(row: &mut ScopeRow, standing: &Standing, by: i64) {
    match standing.state {
        State::Deleted => row.deleted += by,
        State::Superseded => row.superseded += by,
        _ => {
            row.live += by;
            row.terms += by * standing.terms;
        }
    }
}

/// Which words leave the index, and which come.
fn words(touched: &mut Touched, owner: i64, out: &mut Written) {
    if touched.keeps_words() {
        if let Some(was) = &touched.was {
            (touched.now.terms, touched.now.postings) = (was.terms, was.postings);
        }
        return;
    }
    let (scope_no, mem_no) = (touched.now.scope_no, touched.now.mem_no);
    if let Some(was) = touched.indexed() {
        let terms = mem0_core::text::terms(&was.latest.text);
        out.gone.push(Words { owner, scope_no, mem_no, terms, length: was.postings });
    }
    if touched.now.state == State::Live {
        let terms = touched.words.take().unwrap_or_default();
        touched.now.terms = length(&terms);
        touched.now.postings = rows(terms.len());
        out.come.push(Words { owner, scope_no, mem_no, length: touched.now.terms, terms });
    }
}

/// Which names leave the index, and which come.
fn names(touched: &Touched, out: &mut Written) {
    let (before, now) = (touched.indexed(), Some(&touched.now).filter(|now| now.state == State::Live));
    if let (Some(before), Some(now)) = (before, now)
        && NameRow::stay(&before.latest, &now.latest)
    {
        return;
    }
    let (scope_no, mem_no) = (touched.now.scope_no, touched.now.mem_no);
    out.unnamed.extend(before.map(|_| mem_no));
    let rows = now.map(|now| NameRow::of(&now.latest)).unwrap_or_default();
    out.named.extend(rows.into_iter().map(|name| NamedRow { scope_no, mem_no, name }));
}

/// Each term once.
fn merged(mut terms: Vec<(TermId, u32)>) -> Vec<(TermId, u32)> {
    terms.sort_unstable();
    terms.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1);
        }
        same
    });
    terms
}
