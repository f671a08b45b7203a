//! Ledgers that break one rule.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use conformance_tests::{LedgerHarness, Setup};
use mem0_core::reference::MemoryLedger;
use mem0_core::{
    Around, Claim, Commit, EmbedderIdentity, Entity, EntityQuery, Erased, Error, ErrorKind, EventKind, Filter, Head,
    Job, JobCursor, JobEnd, JobId, JobQuery, JobState, KeywordHits, KeywordQuery, Ledger, LedgerStats, ListQuery,
    LoggedChange, Memory, MemoryId, MentionHits, MentionQuery, NearestQuery, Outcome, Page, Pending, PendingQuery,
    Place, Projection, Receipt, Result, Scope, ScopeInfo, ScopeKey, ScoredPoint, Spend, SpendOutcome, Standing, State,
    StoredMessage, Timestamp, TxnId, Use, View,
};

use super::{faults, pause};

faults! {
    0 CountsDeletedAsLive,
    0 FindsDamage,
    1 CommitsOneByOne,
    2 ForgetsWhenClosed,
    3 RevisionIsSeq,
    3 RevisionCountsEverything,
    4 IgnoresExpectedRevision,
    5 IgnoresBaseVersion,
    5 ReachesIntoOtherScopes,
    5 AddReplaces,
    6 KnowsNoKeys,
    6 LooksForKeysTooEarly,
    6 ExpiredKeepTheirKey,
    7 KnowsNoCalls,
    7 IgnoresDigests,
    8 ListIgnoresAsOf,
    8 GetShowsExpired,
    8 NearestIgnoresKnownAt,
    8 KeywordIgnoresThePast,
    8 CountIgnoresTheView,
    9 ListsExactScopeOnly,
    9 NearestIgnoresScope,
    9 MessagesOfOthers,
    9 CountsByPrefix,
    10 ListSkipsOne,
    10 ListBreaksTiesBackwards,
    10 ListFiltersAfterTheLimit,
    10 ListNeverEnds,
    11 ForgetsHistoryOfDeleted,
    11 HistoryNewestFirst,
    11 HistoryLosesReasons,
    11 HistoryLosesSources,
    12 OtherFormula,
    12 WorstFirst,
    12 FiltersWordsAfterTheLimit,
    12 LowCeiling,
    13 LeavesOutSome,
    13 BreaksTiesBackwards,
    14 MarksTheLatest,
    14 ForgetsDeletions,
    14 PendingByVersionOnly,
    15 IgnoresClaims,
    15 IgnoresClaimsOfCommits,
    15 CommitsTakeClaimsOver,
    16 NewestFirst,
    16 KeepsRepeated,
    16 NeverForgets,
    17 ErasesNothing,
    17 EraseForgetsWhatIsPending,
    17 EraseKeepsMessages,
    17 LeavesTraces,
    17 EraseKeepsJobs,
    17 EraseKeepsSpending,
    17 EraseCountsNoNames,
    18 LogWithoutVectors,
    18 LogLosesDeletions,
    19 TrimsTexts,
    19 CutsLongTexts,
    20 ChecksBeforeItLocks,
    21 TakesAnyModel,
    21 TakesAnyModelAtFirst,
    22 PadsVectors,
    22 TakesAnyShape,
    23 UnknownFails,
    24 CommitsWithPauses,
    25 QueuesOneByOne,
    25 QueuesWhatHasBegun,
    25 KnownJobsFail,
    26 PutsNothingOff,
    26 LeasesTwice,
    26 LooksBeforeItLeases,
    27 JumpsTheQueue,
    28 AnybodyEnds,
    28 LeasesForever,
    28 ExtendsNothing,
    29 KeepsPayloads,
    29 CancelsWhatRuns,
    30 JobsOfExactScopeOnly,
    30 PagesRepeatTies,
    30 ForgetsEverythingThatEnded,
    31 LooksBeforeItSpends,
    31 CountsWhatIsRefused,
    32 SpendsForTheUser,
    32 KnowsOnePeriod,
    32 RefundsNothing,
    33 NumbersByTime,
    33 NumbersOverAllScopes,
    33 NumbersWhatIsSeen,
    34 AroundIgnoresTheView,
    34 AroundWithItself,
    34 AroundReachesIntoOtherScopes,
    35 EntitiesOfExactScopeOnly,
    35 EntitiesWorstFirst,
    35 SpeakersAreNobody,
    36 KnowsNoAliases,
    36 FindsByTheWholeNameOnly,
    37 WeighsAllTheSame,
    37 FiltersMentionsAfterTheLimit,
    37 MentionsOfOthers,
    38 MentionsIgnoreThePast,
    38 MentionsOfExpired,
    39 CountsRepeatedNames,
    39 LatestIsTheLastTold,
    40 UsesOutliveErasures,
    41 StandsWithoutPending,
    41 ReadsTheRevisionLast,
    42 SpeakersByTheWholeName,
    42 EverybodySpeaks,
}

/// Makes ledgers with one fault, or none.
#[derive(Debug)]
pub(crate) struct BrokenHarness {
    fault: Option<Fault>,
    ledgers: Mutex<HashMap<String, Arc<BrokenLedger>>>,
}

impl BrokenHarness {
    /// For this fault.
    pub(crate) fn new(fault: Option<Fault>) -> Self {
        Self { fault, ledgers: Mutex::default() }
    }
}

#[async_trait]
impl LedgerHarness for BrokenHarness {
    async fn start() -> Setup<Self> {
        Setup::Skip("made by the self-test".to_owned())
    }

    async fn open(&self, name: &str) -> Result<Arc<dyn Ledger>> {
        let new = || {
            Arc::new(BrokenLedger {
                fault: self.fault,
                inner: MemoryLedger::new(),
                first: Mutex::default(),
                work: Mutex::default(),
            })
        };
        if self.fault == Some(Fault::ForgetsWhenClosed) {
            return Ok(new());
        }
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(ledgers.entry(name.to_owned()).or_insert_with(new).clone())
    }

    async fn remove(&self, name: &str) {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    async fn bytes_on_disk(&self, _: &str) -> Option<Vec<u8>> {
        (self.fault == Some(Fault::LeavesTraces)).then(|| b"a xylophagous trace".to_vec())
    }
}

#[derive(Debug)]
struct BrokenLedger {
    fault: Option<Fault>,
    inner: MemoryLedger,
    /// The model of the first commit.
    first: Mutex<Option<EmbedderIdentity>>,
    work: Mutex<Work>,
}

/// What the faults of the queue have to know.
#[derive(Debug, Default)]
struct Work {
    queued: HashMap<JobId, Job>,
    owners: HashMap<JobId, String>,
    spent: BTreeSet<(Scope, Timestamp)>,
    used: HashMap<MemoryId, Use>,
}

impl BrokenLedger {
    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// The model of whatever there is.
    fn first_model(&self) -> EmbedderIdentity {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.clone().unwrap_or_else(|| EmbedderIdentity { model: "any".to_owned(), dims: 1, digest: String::new() })
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn jobs_that_are(&self, state: JobState) -> Result<Vec<Job>> {
        let query = JobQuery { state: Some(state), limit: 10_000, ..JobQuery::default() };
        self.inner.jobs(&query).await
    }

    /// Whose spending this ledger counts, and when.
    fn budget(&self, scope: &Scope, period: Timestamp) -> (Scope, Timestamp) {
        let user = scope.get(ScopeKey::UserId).filter(|_| self.is(Fault::SpendsForTheUser));
        let scope = user.and_then(|user| Scope::user(user).ok()).unwrap_or_else(|| scope.clone());
        (scope, if self.is(Fault::KnowsOnePeriod) { Timestamp::from_micros_clamped(0) } else { period })
    }

    async fn head(&self, id: MemoryId) -> Result<Option<Head>> {
        Ok(self.inner.heads(&[id]).await?.pop().flatten())
    }

    /// The commit as this ledger takes it.
    async fn misread(&self, mut commit: Commit) -> Result<Commit> {
        match self.fault {
            Some(Fault::IgnoresExpectedRevision) => commit.expected_revision = None,
            Some(Fault::KnowsNoCalls) => commit.idempotency = None,
            Some(Fault::IgnoresDigests) => {
                commit.idempotency.iter_mut().for_each(|used| used.digest = [0; 32]);
            }
            Some(Fault::NeverForgets) => commit.forget_messages = false,
            Some(Fault::IgnoresClaimsOfCommits) => commit.claim = None,
            Some(Fault::KeepsRepeated) => {
                let seq = self.inner.last_seq().await?;
                let many = self.inner.stats(None).await?.messages;
                for (message, n) in commit.messages.iter_mut().zip(0..) {
                    message.id = format!("{}#{seq}.{many}.{n}", message.id);
                }
            }
            Some(Fault::TakesAnyModel) => {
                if let Some(projection) = self.inner.projection().await? {
                    commit.identity = projection.identity;
                }
            }
            Some(Fault::TakesAnyModelAtFirst) if self.inner.projection().await?.is_none() => {
                let first = self.first_model();
                commit.changes.iter_mut().filter_map(|change| change.vector.as_mut()).for_each(|vector| {
                    vector.resize(first.dims, 0.1);
                });
                commit.identity = first;
            }
            Some(Fault::CommitsTakeClaimsOver) if commit.claim.is_some() => {
                let everything = PendingQuery { limit: 10_000, ..PendingQuery::default() };
                let held = self.inner.pending(&everything).await?;
                let held: Vec<_> = held.iter().map(|one| (one.id, one.seq)).collect();
                self.inner.mark_failed(&held, commit.at).await?;
            }
            Some(Fault::ReachesIntoOtherScopes) => {
                if let Some(first) = commit.changes.first() {
                    let head = self.head(first.id).await?;
                    commit.scope = head.map_or(commit.scope, |head| head.scope);
                }
            }
            _ => {}
        }
        let dims = commit.identity.dims;
        for change in &mut commit.changes {
            match self.fault {
                Some(Fault::IgnoresBaseVersion) if change.kind != EventKind::Add => {
                    change.base_version = self.head(change.id).await?.map_or(change.base_version, |head| head.version);
                }
                Some(Fault::AddReplaces) if change.kind == EventKind::Add => {
                    if let Some(head) = self.head(change.id).await?.filter(|head| head.scope == commit.scope) {
                        change.kind = EventKind::Update;
                        change.base_version = head.version;
                    }
                }
                Some(Fault::KnowsNoKeys) => change.dedup_key = None,
                Some(Fault::ExpiredKeepTheirKey) => {
                    change.content.iter_mut().for_each(|content| content.expires_at = None);
                }
                Some(Fault::PadsVectors) => change.vector.iter_mut().for_each(|vector| vector.resize(dims, 0.1)),
                Some(Fault::TakesAnyShape) => {
                    if matches!(change.kind, EventKind::Delete | EventKind::Supersede) {
                        (change.content, change.vector) = (None, None);
                    }
                }
                _ => {}
            }
            if let Some(content) = &mut change.content {
                match self.fault {
                    Some(Fault::TrimsTexts) => content.text = content.text.trim().to_owned(),
                    Some(Fault::CutsLongTexts) => content.text = content.text.chars().take(65_535).collect(),
                    _ => {}
                }
            }
        }
        Ok(commit)
    }

    /// Looks for a holder of each key, and only then writes.
    async fn look_then_write(&self, mut commit: Commit) -> Result<Commit> {
        let live = ListQuery::new(commit.scope.clone(), View::current(commit.at), 10_000);
        let mut kept = Vec::new();
        for memory in self.inner.list(&live).await?.items {
            kept.extend(self.inner.history(memory.id).await?.pop().and_then(|event| event.change.dedup_key));
        }
        pause().await;
        commit.changes.iter_mut().for_each(|change| {
            change.dedup_key = change.dedup_key.filter(|key| kept.contains(key));
        });
        Ok(commit)
    }

    /// Looks whether the versions are right, and only then writes.
    async fn check_then_write(&self, mut commit: Commit) -> Result<Commit> {
        let conflict = || Error::new(mem0_core::ErrorKind::Conflict, "changed");
        if let Some(expected) = commit.expected_revision.take()
            && self.inner.revision(&commit.scope).await? != expected
        {
            return Err(conflict());
        }
        for change in &commit.changes {
            if self.head(change.id).await?.is_some_and(|head| head.version != change.base_version) {
                return Err(conflict());
            }
        }
        pause().await;
        for change in &mut commit.changes {
            change.base_version = self.head(change.id).await?.map_or(0, |head| head.version);
        }
        Ok(commit)
    }

    fn view(&self, view: &View) -> View {
        let mut view = *view;
        match self.fault {
            Some(Fault::ListIgnoresAsOf) => view.as_of = None,
            Some(Fault::NearestIgnoresKnownAt) => view.known_at = None,
            Some(Fault::KeywordIgnoresThePast) => (view.as_of, view.known_at) = (None, None),
            Some(Fault::CountIgnoresTheView) => view = View::current(view.now),
            Some(Fault::GetShowsExpired) => view.include_expired = true,
            _ => {}
        }
        view
    }
}

#[async_trait]
impl Ledger for BrokenLedger {
    fn name(&self) -> &'static str {
        "broken"
    }

    async fn revision(&self, scope: &Scope) -> Result<u64> {
        match self.fault {
            Some(Fault::RevisionIsSeq) => self.inner.last_seq().await,
            Some(Fault::RevisionCountsEverything) => {
                let messages = self.inner.messages(scope, 99).await?.len() as u64;
                Ok(self.inner.revision(scope).await? + messages)
            }
            _ => self.inner.revision(scope).await,
        }
    }

    async fn standing(&self, scope: &Scope, recent: usize, pending: usize) -> Result<Standing> {
        let revision = self.revision(scope).await?;
        let recent = self.messages(scope, recent).await?;
        let query = PendingQuery { scope: Some(scope.clone()), limit: pending, ..PendingQuery::default() };
        let mut standing = Standing { revision, recent, pending: self.pending(&query).await? };
        match self.fault {
            Some(Fault::StandsWithoutPending) => standing.pending.clear(),
            Some(Fault::ReadsTheRevisionLast) => {
                pause().await;
                standing.revision = self.revision(scope).await?;
            }
            _ => {}
        }
        Ok(standing)
    }

    async fn commit(&self, commits: Vec<Commit>) -> Result<Vec<Receipt>> {
        let mut read = Vec::new();
        for commit in commits {
            self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| commit.identity.clone());
            let commit = self.misread(commit).await?;
            read.push(match self.fault {
                Some(Fault::LooksForKeysTooEarly) => self.look_then_write(commit).await?,
                Some(Fault::ChecksBeforeItLocks) => self.check_then_write(commit).await?,
                _ => commit,
            });
        }
        let mut receipts = Vec::new();
        if matches!(self.fault, Some(Fault::CommitsOneByOne | Fault::CommitsWithPauses)) {
            for commit in read {
                receipts.extend(self.inner.commit(vec![commit]).await?);
                pause().await;
            }
        } else {
            receipts = self.inner.commit(read).await?;
        }
        if self.is(Fault::RevisionIsSeq) {
            let seq = self.inner.last_seq().await?;
            receipts.iter_mut().for_each(|receipt| receipt.revision = seq);
        }
        if self.is(Fault::ForgetsDeletions) {
            let gone = self.inner.pending(&PendingQuery { limit: 10_000, ..PendingQuery::default() }).await?;
            let gone: Vec<_> = gone.iter().filter(|one| one.head.is_none()).map(|one| (one.id, one.seq)).collect();
            self.inner.mark_projected(&gone).await?;
        }
        if self.is(Fault::PendingByVersionOnly) {
            let again: Vec<_> = receipts
                .iter()
                .flat_map(|receipt| &receipt.outcomes)
                .filter_map(|outcome| match outcome {
                    Outcome::Applied { id, version: 2.., seq } => Some((*id, *seq)),
                    _ => None,
                })
                .collect();
            self.inner.mark_projected(&again).await?;
        }
        Ok(receipts)
    }

    async fn heads(&self, ids: &[MemoryId]) -> Result<Vec<Option<Head>>> {
        let heads = self.inner.heads(ids).await?;
        if self.is(Fault::UnknownFails) && heads.contains(&None) {
            return Err(Error::not_found("no such memory"));
        }
        Ok(heads)
    }

    async fn get(&self, ids: &[MemoryId], view: &View) -> Result<Vec<Option<Memory>>> {
        let view = if self.is(Fault::GetShowsExpired) { self.view(view) } else { *view };
        self.inner.get(ids, &view).await
    }

    async fn list(&self, query: &ListQuery) -> Result<Page<Memory>> {
        let mut query = query.clone();
        match self.fault {
            Some(Fault::ListIgnoresAsOf) => query.view = self.view(&query.view),
            Some(Fault::ListFiltersAfterTheLimit) => {
                let filter = std::mem::take(&mut query.filter);
                let mut page = self.inner.list(&query).await?;
                page.items.retain(|memory| filter.matches(&memory.to_payload()));
                return Ok(page);
            }
            _ => {}
        }
        let mut page = self.inner.list(&query).await?;
        match self.fault {
            Some(Fault::ListsExactScopeOnly) => page.items.retain(|memory| memory.scope == query.scope),
            Some(Fault::ListSkipsOne) if query.after.is_some() && !page.items.is_empty() => {
                page.items.remove(0);
            }
            Some(Fault::ListBreaksTiesBackwards) => {
                page.items.sort_by(|a, b| a.created_at.cmp(&b.created_at).then(b.id.cmp(&a.id)));
            }
            Some(Fault::ListNeverEnds) if page.next.is_none() && page.items.len() > 3 => {
                let last = page.items.last();
                page.next = last.map(|last| mem0_core::Cursor { at: last.created_at, id: last.id });
            }
            _ => {}
        }
        Ok(page)
    }

    async fn count(&self, scope: &Scope, filter: &Filter, view: &View) -> Result<u64> {
        let view = if self.is(Fault::CountIgnoresTheView) { self.view(view) } else { *view };
        if self.is(Fault::CountsByPrefix) {
            let mut count = 0;
            for info in self.inner.scopes(None, None, 10_000).await? {
                if info.scope.key().starts_with(&scope.key()) {
                    count += info.memories;
                }
            }
            return Ok(count);
        }
        self.inner.count(scope, filter, &view).await
    }

    async fn history(&self, id: MemoryId) -> Result<Vec<LoggedChange>> {
        let mut history = self.inner.history(id).await?;
        let ended = self.head(id).await?.is_some_and(|head| head.state != State::Live);
        match self.fault {
            Some(Fault::ForgetsHistoryOfDeleted) if ended => history.clear(),
            Some(Fault::HistoryNewestFirst) => history.reverse(),
            Some(Fault::HistoryLosesReasons) => history.iter_mut().for_each(|event| event.change.reason = None),
            Some(Fault::HistoryLosesSources) => history.iter_mut().for_each(|event| event.change.sources.clear()),
            _ => {}
        }
        Ok(history)
    }

    async fn transaction(&self, txn: TxnId) -> Result<Vec<LoggedChange>> {
        self.inner.transaction(txn).await
    }

    async fn log(&self, scope: Option<&Scope>, after: u64, limit: usize) -> Result<Vec<LoggedChange>> {
        let mut log = self.inner.log(scope, after, limit).await?;
        match self.fault {
            Some(Fault::LogWithoutVectors) => log.iter_mut().for_each(|event| event.change.vector = None),
            Some(Fault::LogLosesDeletions) => log.retain(|event| event.change.kind != EventKind::Delete),
            _ => {}
        }
        Ok(log)
    }

    async fn keyword(&self, query: &KeywordQuery) -> Result<KeywordHits> {
        let mut query = query.clone();
        match self.fault {
            Some(Fault::KeywordIgnoresThePast) => query.view = self.view(&query.view),
            Some(Fault::OtherFormula) => query.bm25.k1 = 2.0,
            Some(Fault::FiltersWordsAfterTheLimit) => {
                let filter = std::mem::take(&mut query.filter);
                let mut found = self.inner.keyword(&query).await?;
                let ids: Vec<_> = found.hits.iter().map(|(id, _, _)| *id).collect();
                let memories = self.inner.get(&ids, &query.view).await?;
                let met: Vec<_> = memories
                    .into_iter()
                    .flatten()
                    .filter(|memory| filter.matches(&memory.to_payload()))
                    .map(|memory| memory.id)
                    .collect();
                (found.hits, found.held) =
                    found.hits.into_iter().zip(found.held).filter(|((id, ..), _)| met.contains(id)).unzip();
                return Ok(found);
            }
            _ => {}
        }
        let mut found = self.inner.keyword(&query).await?;
        match self.fault {
            Some(Fault::WorstFirst) => found.hits.reverse(),
            Some(Fault::LowCeiling) => found.ceiling /= 3.0,
            _ => {}
        }
        Ok(found)
    }

    async fn entities(&self, query: &EntityQuery) -> Result<Vec<Entity>> {
        let mut found = self.inner.entities(query).await?;
        let scopes = self.inner.scopes(Some(&query.scope), None, 10_000).await?.len();
        match self.fault {
            Some(Fault::EntitiesOfExactScopeOnly) if scopes > 1 => found.retain(|one| one.mentions > 1),
            Some(Fault::EntitiesWorstFirst) => found.reverse(),
            Some(Fault::SpeakersAreNobody) => found.iter_mut().for_each(|one| one.is_speaker = false),
            Some(Fault::KnowsNoAliases) => found.iter_mut().for_each(|one| one.aliases.clear()),
            _ => {}
        }
        Ok(found)
    }

    async fn speakers(&self, scope: &Scope, names: &[String]) -> Result<Vec<String>> {
        let mut found = self.inner.speakers(scope, names).await?;
        match self.fault {
            Some(Fault::SpeakersByTheWholeName) => found.retain(|name| !name.contains(' ')),
            Some(Fault::EverybodySpeaks) => found = names.to_vec(),
            _ => {}
        }
        Ok(found)
    }

    async fn mentioned(&self, query: &MentionQuery) -> Result<MentionHits> {
        let mut query = query.clone();
        let mut filter = Filter::All;
        match self.fault {
            Some(Fault::MentionsIgnoreThePast) => (query.view.as_of, query.view.known_at) = (None, None),
            Some(Fault::MentionsOfExpired) => query.view.include_expired = true,
            Some(Fault::FindsByTheWholeNameOnly) => query.names.retain(|name| name.contains(' ')),
            Some(Fault::FiltersMentionsAfterTheLimit) => filter = std::mem::take(&mut query.filter),
            _ => {}
        }
        let mut found = self.inner.mentioned(&query).await?;
        match self.fault {
            Some(Fault::WeighsAllTheSame) => found.hits.iter_mut().for_each(|(_, _, weight)| *weight = 1.0),
            Some(Fault::MentionsOfOthers) => {
                for info in self.inner.scopes(None, None, 10_000).await? {
                    if !query.scope.covers(&info.scope) {
                        let others = MentionQuery { scope: info.scope, ..query.clone() };
                        found.hits.extend(self.inner.mentioned(&others).await?.hits);
                    }
                }
            }
            Some(Fault::FiltersMentionsAfterTheLimit) => {
                let ids: Vec<_> = found.hits.iter().map(|(id, _, _)| *id).collect();
                let memories = self.inner.get(&ids, &query.view).await?;
                let met: Vec<_> = memories
                    .into_iter()
                    .flatten()
                    .filter(|memory| filter.matches(&memory.to_payload()))
                    .map(|memory| memory.id)
                    .collect();
                found.hits.retain(|(id, _, _)| met.contains(id));
            }
            _ => {}
        }
        Ok(found)
    }

    async fn nearest(&self, query: &NearestQuery) -> Result<Vec<ScoredPoint>> {
        let mut query = query.clone();
        if self.is(Fault::NearestIgnoresKnownAt) {
            query.view = self.view(&query.view);
        }
        let mut hits = Vec::new();
        if self.is(Fault::NearestIgnoresScope) {
            for info in self.inner.scopes(None, None, 10_000).await? {
                query.scope = info.scope;
                hits.extend(self.inner.nearest(&query).await?);
            }
            return Ok(hits);
        }
        hits = self.inner.nearest(&query).await?;
        match self.fault {
            Some(Fault::LeavesOutSome) if hits.len() > 9 => {
                hits.remove(4);
            }
            Some(Fault::BreaksTiesBackwards) => {
                hits.sort_by(|a, b| b.raw.total_cmp(&a.raw).then(b.id.cmp(&a.id)));
            }
            _ => {}
        }
        Ok(hits)
    }

    async fn vectors(&self, ids: &[MemoryId]) -> Result<Vec<Option<Vec<f32>>>> {
        self.inner.vectors(ids).await
    }

    async fn places(&self, ids: &[MemoryId]) -> Result<Vec<Option<Place>>> {
        let mut places = self.inner.places(ids).await?;
        match self.fault {
            Some(Fault::NumbersOverAllScopes) => {
                places.iter_mut().flatten().for_each(|place| (place.scope, place.nth) = (0, place.nth + place.scope));
            }
            Some(Fault::NumbersByTime) => {
                // The latest change counts, as it would for one who sorts rows.
                for (place, id) in places.iter_mut().zip(ids) {
                    if let (Some(place), Some(head)) = (place, self.head(*id).await?) {
                        place.nth += head.version - 1;
                    }
                }
            }
            Some(Fault::NumbersWhatIsSeen) => {
                for (place, id) in places.iter_mut().zip(ids) {
                    if self.head(*id).await?.is_some_and(|head| head.state != State::Live) {
                        *place = None;
                    }
                }
            }
            _ => {}
        }
        Ok(places)
    }

    async fn around(&self, of: &[Around], view: &View) -> Result<Vec<Vec<(i64, Memory)>>> {
        let view = if self.is(Fault::AroundIgnoresTheView) { View::current(view.now) } else { *view };
        let mut found = self.inner.around(of, &view).await?;
        for (of, found) in of.iter().zip(&mut found) {
            match self.fault {
                Some(Fault::AroundWithItself) => {
                    found.extend(self.inner.get(&[of.id], &view).await?.into_iter().flatten().map(|one| (0, one)));
                }
                Some(Fault::AroundReachesIntoOtherScopes) => {
                    let Some(head) = self.head(of.id).await? else { continue };
                    let covered = ListQuery::new(head.scope, view, 10_000);
                    let others = self.inner.list(&covered).await?.items;
                    found.extend(
                        others.into_iter().filter(|other| other.id != of.id).map(|other| (1, other)).take(of.after),
                    );
                }
                _ => {}
            }
        }
        Ok(found)
    }

    async fn pending(&self, query: &PendingQuery) -> Result<Vec<Pending>> {
        let mut query = query.clone();
        if self.is(Fault::IgnoresClaims) && query.claim.is_some() {
            query.claim = Some(Claim {
                owner: "everybody".to_owned(),
                until: query.due.unwrap_or(Timestamp::from_micros_clamped(0)),
            });
        }
        self.inner.pending(&query).await
    }

    async fn mark_projected(&self, done: &[(MemoryId, u64)]) -> Result<()> {
        if !self.is(Fault::MarksTheLatest) {
            return self.inner.mark_projected(done).await;
        }
        let all = self.inner.pending(&PendingQuery { limit: 10_000, ..PendingQuery::default() }).await?;
        let latest: Vec<_> =
            all.iter().filter(|one| done.iter().any(|(id, _)| *id == one.id)).map(|one| (one.id, one.seq)).collect();
        self.inner.mark_projected(&latest).await
    }

    async fn mark_failed(&self, failed: &[(MemoryId, u64)], not_before: Timestamp) -> Result<()> {
        self.inner.mark_failed(failed, not_before).await
    }

    async fn projection(&self) -> Result<Option<Projection>> {
        self.inner.projection().await
    }

    async fn set_projection(&self, expected: Option<&Projection>, new: &Projection, since: u64) -> Result<()> {
        self.inner.set_projection(expected, new, since).await
    }

    async fn missing_vectors(&self, identity: &EmbedderIdentity, limit: usize) -> Result<Vec<(MemoryId, u64, String)>> {
        self.inner.missing_vectors(identity, limit).await
    }

    async fn put_vectors(&self, identity: &EmbedderIdentity, vectors: &[(MemoryId, u64, Vec<f32>)]) -> Result<()> {
        self.inner.put_vectors(identity, vectors).await
    }

    async fn last_seq(&self) -> Result<u64> {
        self.inner.last_seq().await
    }

    async fn messages(&self, scope: &Scope, limit: usize) -> Result<Vec<StoredMessage>> {
        let mut messages = self.inner.messages(scope, limit).await?;
        match self.fault {
            Some(Fault::NewestFirst) => messages.reverse(),
            Some(Fault::MessagesOfOthers) => {
                for info in self.inner.scopes(Some(scope), None, 99).await? {
                    if info.scope != *scope {
                        messages.extend(self.inner.messages(&info.scope, limit).await?);
                    }
                }
            }
            _ => {}
        }
        Ok(messages)
    }

    async fn scopes(&self, covering: Option<&Scope>, after: Option<&Scope>, limit: usize) -> Result<Vec<ScopeInfo>> {
        self.inner.scopes(covering, after, limit).await
    }

    async fn erase(&self, scope: &Scope) -> Result<Erased> {
        match self.fault {
            Some(Fault::ErasesNothing) => Ok(Erased::default()),
            Some(Fault::EraseCountsNoNames) => Ok(Erased { mentions: 0, ..self.inner.erase(scope).await? }),
            Some(Fault::EraseForgetsWhatIsPending) => {
                let erased = self.inner.erase(scope).await?;
                let scope = Some(scope.clone());
                let left =
                    self.inner.pending(&PendingQuery { scope, limit: 10_000, ..PendingQuery::default() }).await?;
                self.inner.mark_projected(&left.iter().map(|one| (one.id, one.seq)).collect::<Vec<_>>()).await?;
                Ok(erased)
            }
            Some(Fault::EraseKeepsMessages) => {
                let messages = self.inner.messages(scope, 10_000).await?;
                let identity = self.first_model();
                let again = Commit {
                    scope: scope.clone(),
                    txn: TxnId::from_uuid(uuid::Uuid::new_v4()),
                    at: Timestamp::from_micros_clamped(0),
                    identity,
                    expected_revision: None,
                    changes: Vec::new(),
                    messages,
                    forget_messages: false,
                    idempotency: None,
                    claim: None,
                };
                let erased = self.inner.erase(scope).await?;
                self.inner.commit(vec![again]).await?;
                Ok(erased)
            }
            Some(Fault::EraseKeepsJobs) => {
                let query = JobQuery { scope: Some(scope.clone()), limit: 10_000, ..JobQuery::default() };
                let anew = |job: Job| Job::new(job.id, job.scope, job.payload, job.created_at);
                let kept = self.inner.jobs(&query).await?.into_iter().map(anew).collect();
                let erased = self.inner.erase(scope).await?;
                self.inner.enqueue(kept).await?;
                Ok(erased)
            }
            Some(Fault::EraseKeepsSpending) => {
                let mut kept = Vec::new();
                let spent: Vec<_> = self.work().spent.iter().filter(|(of, _)| scope.covers(of)).cloned().collect();
                for (of, period) in spent {
                    kept.push((self.inner.spent(&of, period).await?, of, period));
                }
                let erased = self.inner.erase(scope).await?;
                for (amount, of, period) in kept {
                    self.inner.spend(&of, period, amount, None).await?;
                }
                Ok(erased)
            }
            _ => self.inner.erase(scope).await,
        }
    }

    async fn enqueue(&self, mut jobs: Vec<Job>) -> Result<()> {
        self.work().queued.extend(jobs.iter().map(|job| (job.id, job.clone())));
        match self.fault {
            Some(Fault::QueuesWhatHasBegun) => {
                let anew = |job: &Job| Job {
                    not_before: job.not_before,
                    ..Job::new(job.id, job.scope.clone(), job.payload.clone(), job.created_at)
                };
                jobs = jobs.iter().map(anew).collect();
            }
            Some(Fault::QueuesOneByOne) => {
                for job in jobs {
                    self.inner.enqueue(vec![job]).await?;
                }
                return Ok(());
            }
            Some(Fault::KnownJobsFail) => {
                for job in &jobs {
                    if self.inner.job(job.id).await?.is_some() {
                        return Err(Error::new(ErrorKind::AlreadyExists, "the job is queued"));
                    }
                }
            }
            _ => {}
        }
        self.inner.enqueue(jobs).await
    }

    async fn lease_job(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Option<Job>> {
        let mut leased = match self.fault {
            Some(Fault::LeasesForever) => {
                let mut leased = self.inner.lease_job(owner, now, now.plus_micros(i64::MAX)).await?;
                leased.iter_mut().for_each(|job| job.lease_until = Some(until));
                leased
            }
            Some(Fault::PutsNothingOff) => {
                let soon =
                    self.jobs_that_are(JobState::Queued).await?.into_iter().filter_map(|job| job.not_before).max();
                self.inner.lease_job(owner, soon.map_or(now, |soon| soon.max(now)), until).await?
            }
            Some(Fault::LooksBeforeItLeases) => {
                // The one that it saw, whatever the others did meanwhile.
                let seen = self.jobs_that_are(JobState::Queued).await?.into_iter().find(|job| job.not_before.is_none());
                pause().await;
                let leased = self.inner.lease_job(owner, now, until).await?;
                leased.or(seen.map(|job| Job { state: JobState::Running, attempts: job.attempts + 1, ..job }))
            }
            _ => self.inner.lease_job(owner, now, until).await?,
        };
        if leased.is_none() && self.is(Fault::LeasesTwice) {
            leased = self.jobs_that_are(JobState::Running).await?.pop();
        }
        if leased.is_none() && self.is(Fault::JumpsTheQueue) {
            let waiting = self.jobs_that_are(JobState::Queued).await?;
            leased = waiting.into_iter().find(|job| job.not_before.is_none_or(|at| at <= now));
        }
        if let Some(job) = &leased {
            self.work().owners.insert(job.id, owner.to_owned());
        }
        Ok(leased)
    }

    async fn end_job(&self, id: JobId, owner: &str, end: JobEnd, at: Timestamp) -> Result<bool> {
        let owners = if self.is(Fault::AnybodyEnds) { self.work().owners.get(&id).cloned() } else { None };
        self.inner.end_job(id, owners.as_deref().unwrap_or(owner), end, at).await
    }

    async fn extend_job(&self, id: JobId, owner: &str, until: Timestamp) -> Result<bool> {
        if self.is(Fault::ExtendsNothing) {
            return Ok(self.work().owners.get(&id).is_some_and(|held| held == owner));
        }
        self.inner.extend_job(id, owner, until).await
    }

    async fn job(&self, id: JobId) -> Result<Option<Job>> {
        let mut job = self.inner.job(id).await?;
        if self.is(Fault::KeepsPayloads)
            && let (Some(job), Some(queued)) = (&mut job, self.work().queued.get(&id))
        {
            job.payload = queued.payload.clone();
        }
        Ok(job)
    }

    async fn jobs(&self, query: &JobQuery) -> Result<Vec<Job>> {
        let mut query = query.clone();
        if self.is(Fault::PagesRepeatTies) {
            let first = JobId::from_uuid(uuid::Uuid::nil());
            query.after = query.after.map(|after| JobCursor { id: first, ..after });
        }
        let mut jobs = self.inner.jobs(&query).await?;
        if self.is(Fault::JobsOfExactScopeOnly) {
            jobs.retain(|job| query.scope.as_ref().is_none_or(|scope| *scope == job.scope));
        }
        Ok(jobs)
    }

    async fn cancel_job(&self, id: JobId, at: Timestamp) -> Result<bool> {
        let owner = if self.is(Fault::CancelsWhatRuns) { self.work().owners.get(&id).cloned() } else { None };
        match owner {
            Some(owner) => self.inner.end_job(id, &owner, JobEnd::Cancelled, at).await,
            None => self.inner.cancel_job(id, at).await,
        }
    }

    async fn prune_jobs(&self, ended_before: Timestamp) -> Result<u64> {
        let everything = self.is(Fault::ForgetsEverythingThatEnded);
        self.inner.prune_jobs(if everything { ended_before.plus_micros(i64::MAX) } else { ended_before }).await
    }

    async fn spend(
        &self,
        scope: &Scope,
        period: Timestamp,
        amount: Spend,
        limit: Option<Spend>,
    ) -> Result<SpendOutcome> {
        let (scope, period) = self.budget(scope, period);
        self.work().spent.insert((scope.clone(), period));
        if self.is(Fault::LooksBeforeItSpends) {
            let total = self.inner.spent(&scope, period).await?;
            if limit.is_some_and(|limit| !(total + amount).within(limit)) {
                return Ok(SpendOutcome::Refused { total });
            }
            pause().await;
            return self.inner.spend(&scope, period, amount, None).await;
        }
        let outcome = self.inner.spend(&scope, period, amount, limit).await?;
        if self.is(Fault::CountsWhatIsRefused) && matches!(outcome, SpendOutcome::Refused { .. }) {
            self.inner.spend(&scope, period, amount, None).await?;
        }
        Ok(outcome)
    }

    async fn refund(&self, scope: &Scope, period: Timestamp, amount: Spend) -> Result<()> {
        if self.is(Fault::RefundsNothing) {
            return Ok(());
        }
        let (scope, period) = self.budget(scope, period);
        self.inner.refund(&scope, period, amount).await
    }

    async fn spent(&self, scope: &Scope, period: Timestamp) -> Result<Spend> {
        let (scope, period) = self.budget(scope, period);
        self.inner.spent(&scope, period).await
    }

    async fn note_uses(&self, ids: &[MemoryId], at: Timestamp) -> Result<()> {
        if self.is(Fault::CountsRepeatedNames) {
            for id in ids {
                self.inner.note_uses(&[*id], at).await?;
            }
            return Ok(());
        }
        self.inner.note_uses(ids, at).await?;
        let found = self.inner.uses(ids).await?;
        let mut work = self.work();
        for (id, used) in ids.iter().zip(found) {
            work.used.extend(used.map(|used| (*id, Use { last: at, ..used })));
        }
        Ok(())
    }

    async fn uses(&self, ids: &[MemoryId]) -> Result<Vec<Option<Use>>> {
        let told = ids.iter().map(|id| self.work().used.get(id).copied()).collect::<Vec<_>>();
        let found = self.inner.uses(ids).await?;
        Ok(found
            .into_iter()
            .zip(told)
            .map(|(found, told)| match self.fault {
                Some(Fault::LatestIsTheLastTold) => told,
                Some(Fault::UsesOutliveErasures) => found.or(told),
                _ => found,
            })
            .collect())
    }

    async fn stats(&self, scope: Option<&Scope>) -> Result<LedgerStats> {
        let mut stats = self.inner.stats(scope).await?;
        if self.is(Fault::CountsDeletedAsLive) {
            stats.memories += stats.deleted;
        }
        Ok(stats)
    }

    async fn check(&self) -> Result<Vec<String>> {
        if self.is(Fault::FindsDamage) { Ok(vec!["something".to_owned()]) } else { self.inner.check().await }
    }
}
