//! Vector stores that break one rule.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use conformance_tests::{Setup, VectorHarness};
use mem0_core::filter::{CompareOp, FilterOp, Kinds};
use mem0_core::reference::MemoryVectorStore;
use mem0_core::{
    CollectionSpec, Error, ErrorKind, Filter, FilterCapabilities, MemoryId, Point, Result, Scope, ScoredPoint,
    ScrollQuery, Selector, TextHit, TextQuery, VectorCapabilities, VectorCollection, VectorQuery, VectorStore,
};
use serde_json::Value;

use super::{faults, pause};

faults! {
    0 TakesMoreThanItsMaxLimit,
    0 RefusesMoreThanItsMaxBatch,
    0 CountsWhatWasAskedToGo,
    1 OpenWipes,
    2 IgnoresIdentity,
    2 IgnoresDigest,
    3 TakesAnyName,
    3 TakesNoDimensions,
    4 DropsByPrefix,
    4 SharesBySuffix,
    5 DropDoesNothing,
    5 DropOfUnknownFails,
    6 ForgetsWhenClosed,
    10 MergesPayloads,
    10 KeepsOldVectors,
    10 LagsInSilence,
    11 RefusesEmptyBatches,
    12 FirstOfBatchWins,
    13 TakesNan,
    13 WritesBeforeItChecks,
    13 TakesAnyQueryVector,
    14 IgnoresVersions,
    14 ForgetsDeletions,
    15 GetLeavesOutMissing,
    15 GetIgnoresScope,
    16 RoundsIntegers,
    16 DropsNulls,
    16 CutsLongTexts,
    17 FiltersAfterTheLimit,
    17 ScopesAfterTheLimit,
    18 BreaksTiesBackwards,
    18 AscendingOrder,
    18 ClampsBeforeItSorts,
    19 ReturnsDistance,
    19 ShiftsCosine,
    19 LosesTheSign,
    20 RelativeScores,
    21 MixesUpBatches,
    21 LimitZeroIsTen,
    22 NeNeedsTheField,
    22 ContainsIgnoresCase,
    22 TextIsNumber,
    22 DropsSecondCondition,
    23 AnswersUndeclared,
    23 SwallowsUndeclared,
    24 SearchIgnoresScope,
    24 ScrollIgnoresScope,
    24 CountIgnoresScope,
    24 ScopesByPrefix,
    24 ScopesIgnoreCase,
    24 DeletesOnlyByUser,
    25 ScrollsBackwards,
    25 ScrollSkipsOne,
    25 ScrollEndsEarly,
    26 CountsOneTooMany,
    26 CountsToAHundred,
    27 DeleteIgnoresVersions,
    27 DeleteOfUnknownFails,
    27 DeleteTakesNeighbour,
    28 DeletesOnePage,
    28 DeletesExactScope,
    29 LosesConcurrentWrites,
    29 TearsWrites,
    30 FailsAtQuotes,
    30 WildcardsWork,
    31 RefusesTenThousand,
    31 ForgetsTheTail,
    32 TrimsTexts,
    32 DropsAccents,
    33 DownIsEmpty,
    34 TearsWritesWhenDropped,
    35 FindsPartsOfWords,
    35 WantsEveryWord,
    35 AnswersWordsUndeclared,
    36 ScoresWordsAlike,
    36 OrdersWordsBackwards,
    36 NoWordsFindAll,
    37 WordsIgnoreScope,
    37 WordsIgnoreFilter,
    37 WordsFilterAfterTheLimit,
    37 WordsOfOldTexts,
    37 ExpandsWildcards,
    37 FailsAtOperators,
    37 MixesUpQuestions,
}

/// Honest differences, which must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    /// Everything.
    Full,
    /// Few filters.
    Narrow,
    /// Two conditions at most, and supersets.
    Superset,
    /// Does not order writes.
    Unversioned,
    /// Searches see writes late, and says so.
    Late,
    /// Small limits.
    Small,
    /// No words.
    Wordless,
}

/// Every honest difference.
pub(crate) const VARIANTS: &[Variant] = &[
    Variant::Full,
    Variant::Narrow,
    Variant::Superset,
    Variant::Unversioned,
    Variant::Late,
    Variant::Small,
    Variant::Wordless,
];

/// What a run is on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// What is different.
    pub(crate) variant: Variant,
    /// What is broken, if anything.
    pub(crate) fault: Option<Fault>,
}

const NARROW: FilterCapabilities =
    FilterCapabilities::NONE.exact(&[FilterOp::Eq, FilterOp::In], Kinds::TEXT).exact(&[FilterOp::Gt], Kinds::FLOAT64);

const SUPERSET: FilterCapabilities = FilterCapabilities::NONE
    .exact(&[FilterOp::Eq, FilterOp::Exists], Kinds::TEXT.and(Kinds::FLOAT64))
    .superset(&[FilterOp::Contains, FilterOp::IContains], Kinds::TEXT)
    .with_or(true)
    .max_conditions(2);

/// Makes stores of one kind.
#[derive(Debug)]
pub(crate) struct BrokenHarness {
    kind: Kind,
    inner: Arc<MemoryVectorStore>,
    specs: Arc<Mutex<HashMap<String, CollectionSpec>>>,
}

impl BrokenHarness {
    /// For this kind.
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, inner: Arc::new(inner(kind)), specs: Arc::default() }
    }

    fn store(&self, inner: Arc<MemoryVectorStore>) -> Arc<dyn VectorStore> {
        let mut capabilities = inner.capabilities().clone();
        match self.kind.variant {
            Variant::Narrow => capabilities.filter = NARROW,
            Variant::Superset => capabilities.filter = SUPERSET,
            Variant::Late => capabilities.immediate = false,
            Variant::Small => {
                capabilities.max_limit = Some(3_000);
                capabilities.max_batch = Some(100);
                capabilities.max_dims = Some(64);
            }
            Variant::Wordless => capabilities.keyword = false,
            Variant::Full | Variant::Unversioned => {}
        }
        match self.kind.fault {
            Some(Fault::IgnoresVersions | Fault::ForgetsDeletions) => capabilities.versioned = true,
            Some(Fault::TearsWrites | Fault::TearsWritesWhenDropped) => capabilities.versioned = false,
            Some(Fault::AnswersUndeclared | Fault::SwallowsUndeclared) => capabilities.filter = NARROW,
            Some(Fault::AnswersWordsUndeclared) => capabilities.keyword = false,
            Some(Fault::TakesMoreThanItsMaxLimit) => capabilities.max_limit = Some(50),
            Some(Fault::RefusesMoreThanItsMaxBatch) => capabilities.max_batch = Some(100),
            _ => {}
        }
        Arc::new(BrokenStore { kind: self.kind, inner, capabilities, specs: Arc::clone(&self.specs) })
    }
}

fn inner(kind: Kind) -> MemoryVectorStore {
    let unversioned = [
        Fault::IgnoresVersions,
        Fault::ForgetsDeletions,
        Fault::TearsWrites,
        Fault::TearsWritesWhenDropped,
        Fault::DeleteIgnoresVersions,
    ];
    if kind.variant == Variant::Unversioned || kind.fault.is_some_and(|fault| unversioned.contains(&fault)) {
        MemoryVectorStore::unversioned()
    } else {
        MemoryVectorStore::new()
    }
}

#[async_trait]
impl VectorHarness for BrokenHarness {
    async fn start() -> Setup<Self> {
        Setup::Skip("made by the self-test".to_owned())
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        let forgets = self.kind.fault == Some(Fault::ForgetsWhenClosed);
        Ok(self.store(if forgets { Arc::new(inner(self.kind)) } else { Arc::clone(&self.inner) }))
    }

    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        let empty = self.kind.fault == Some(Fault::DownIsEmpty);
        Some(if empty {
            self.connect().await
        } else {
            Ok(Arc::new(Down { capabilities: self.inner.capabilities().clone() }))
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(2)
    }
}

#[derive(Debug)]
struct Down {
    capabilities: VectorCapabilities,
}

#[async_trait]
impl VectorStore for Down {
    fn name(&self) -> &'static str {
        "down"
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, _: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        Err(Error::new(ErrorKind::Unavailable, "down"))
    }

    async fn drop_collection(&self, _: &str) -> Result<()> {
        Err(Error::new(ErrorKind::Unavailable, "down"))
    }
}

#[derive(Debug)]
struct BrokenStore {
    kind: Kind,
    inner: Arc<MemoryVectorStore>,
    capabilities: VectorCapabilities,
    specs: Arc<Mutex<HashMap<String, CollectionSpec>>>,
}

#[async_trait]
impl VectorStore for BrokenStore {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn capabilities(&self) -> &VectorCapabilities {
        &self.capabilities
    }

    async fn open(&self, spec: &CollectionSpec) -> Result<Arc<dyn VectorCollection>> {
        let mut spec = spec.clone();
        if self.capabilities.max_dims.is_some_and(|max| spec.identity.dims > max) {
            return Err(Error::invalid("too many dimensions"));
        }
        match self.kind.fault {
            Some(Fault::OpenWipes) => self.inner.drop_collection(&spec.name).await?,
            Some(Fault::TakesAnyName) if self.inner.open(&spec).await.is_err() => spec.name = "other".to_owned(),
            Some(Fault::TakesNoDimensions) => spec.identity.dims = spec.identity.dims.max(1),
            Some(Fault::SharesBySuffix) => spec.name = spec.name.trim_end_matches("_entities").to_owned(),
            _ => {}
        }
        {
            let mut specs = self.specs.lock().unwrap_or_else(PoisonError::into_inner);
            let first = specs.entry(spec.name.clone()).or_insert_with(|| spec.clone());
            match self.kind.fault {
                Some(Fault::IgnoresIdentity) => spec.identity = first.identity.clone(),
                Some(Fault::IgnoresDigest) => spec.identity.digest.clone_from(&first.identity.digest),
                _ => {}
            }
        }
        let inner = self.inner.open(&spec).await?;
        Ok(Arc::new(BrokenCollection {
            kind: self.kind,
            inner,
            capabilities: self.capabilities.clone(),
            busy: AtomicUsize::new(0),
            late: Mutex::default(),
            written: Mutex::default(),
        }))
    }

    async fn drop_collection(&self, name: &str) -> Result<()> {
        let known: Vec<String> = self.specs.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        match self.kind.fault {
            Some(Fault::DropDoesNothing) => return Ok(()),
            Some(Fault::DropOfUnknownFails) if !known.iter().any(|known| known == name) => {
                return Err(Error::not_found("no such collection"));
            }
            Some(Fault::DropsByPrefix) => {
                for other in known.iter().filter(|known| known.starts_with(name)) {
                    self.inner.drop_collection(other).await?;
                }
            }
            _ => {}
        }
        if self.kind.fault != Some(Fault::IgnoresIdentity) {
            self.specs.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        }
        self.inner.drop_collection(name).await
    }
}

#[derive(Debug)]
struct BrokenCollection {
    kind: Kind,
    inner: Arc<dyn VectorCollection>,
    capabilities: VectorCapabilities,
    busy: AtomicUsize,
    /// How many searches do not see the id yet.
    late: Mutex<HashMap<MemoryId, u8>>,
    /// Every text that was ever written.
    written: Mutex<Vec<(MemoryId, String)>>,
}

impl BrokenCollection {
    fn is(&self, fault: Fault) -> bool {
        self.kind.fault == Some(fault)
    }

    fn covers(&self, scope: &Scope, owner: &Scope) -> bool {
        let same = |a: &str, b: &str| match self.kind.fault {
            Some(Fault::ScopesByPrefix) => b.starts_with(a),
            Some(Fault::ScopesIgnoreCase) => a.eq_ignore_ascii_case(b),
            _ => a == b,
        };
        scope.ids().all(|(key, id)| owner.get(key).is_some_and(|other| same(id, other)))
    }

    async fn all(&self) -> Result<Vec<Point>> {
        self.inner.scroll(&ScrollQuery::new(None, usize::MAX)).await
    }

    /// Whether the inner store reads as this one does, once it has the filter.
    fn reads_well(&self) -> bool {
        let own = [
            Fault::ReturnsDistance,
            Fault::ShiftsCosine,
            Fault::LosesTheSign,
            Fault::BreaksTiesBackwards,
            Fault::AscendingOrder,
            Fault::ClampsBeforeItSorts,
            Fault::ScopesByPrefix,
            Fault::ScopesIgnoreCase,
        ];
        self.kind.fault.is_none_or(|fault| !own.contains(&fault))
    }

    async fn rows(&self, scope: Option<&Scope>, filter: &Filter) -> Result<Vec<Point>> {
        let filter = self.accept(filter)?;
        if self.reads_well() {
            return self.inner.scroll(&ScrollQuery::new(scope.cloned(), usize::MAX).with_filter(filter)).await;
        }
        let mut rows = self.all().await?;
        rows.retain(|row| scope.is_none_or(|scope| self.covers(scope, &row.scope)) && filter.matches(&row.payload));
        Ok(rows)
    }

    /// The filter as this store understands it.
    fn accept(&self, filter: &Filter) -> Result<Filter> {
        let plan = filter.plan(&self.capabilities.filter);
        let inside =
            plan.is_exact() || plan.matches_nothing() || plan.pushed == *filter || plan.pushed == filter.normalise();
        if !inside {
            return match self.kind.fault {
                Some(Fault::AnswersUndeclared) => Ok(filter.clone()),
                Some(Fault::SwallowsUndeclared) => Ok(Filter::All),
                _ => Err(Error::new(ErrorKind::Unsupported, "not declared")),
            };
        }
        if self.is(Fault::FailsAtQuotes) && filter.to_json().is_ok_and(|json| json.to_string().contains('\'')) {
            return Err(Error::new(ErrorKind::Unavailable, "syntax error at '"));
        }
        Ok(self.misread(filter))
    }

    fn misread(&self, filter: &Filter) -> Filter {
        match filter {
            Filter::And(members) if self.is(Fault::DropsSecondCondition) && members.len() > 1 => {
                members.first().map(|first| self.misread(first)).unwrap_or_default()
            }
            Filter::And(members) => Filter::And(members.iter().map(|one| self.misread(one)).collect()),
            Filter::Or(members) => Filter::Or(members.iter().map(|one| self.misread(one)).collect()),
            Filter::Not(inner) => Filter::Not(Box::new(self.misread(inner))),
            Filter::Compare { field, op: CompareOp::Ne, .. } if self.is(Fault::NeNeedsTheField) => {
                filter.clone().and(Filter::exists(field.as_str()))
            }
            Filter::Compare { field, op: CompareOp::Eq, value: mem0_core::filter::Scalar::Str(text) }
                if self.is(Fault::TextIsNumber) =>
            {
                let number = text.parse::<i64>().ok().map(|number| Filter::eq(field.as_str(), number));
                filter.clone().or(number.unwrap_or(Filter::Nothing))
            }
            Filter::Contains { field, text, .. } if self.is(Fault::ContainsIgnoresCase) => {
                Filter::icontains(field.as_str(), text.as_str())
            }
            Filter::Contains { .. } if self.kind.variant == Variant::Superset => Filter::All,
            Filter::Contains { field, text, .. } if self.is(Fault::WildcardsWork) && text == "%" => {
                Filter::exists(field.as_str())
            }
            other => other.clone(),
        }
    }

    fn hits(&self, query: &VectorQuery, rows: Vec<Point>) -> Vec<ScoredPoint> {
        let mut hits: Vec<_> = rows
            .into_iter()
            .map(|row| {
                let raw = row.vector.iter().zip(&query.vector).map(|(x, y)| x * y).sum::<f32>();
                let similarity = match self.kind.fault {
                    Some(Fault::ReturnsDistance) => 1.0 - raw.clamp(0.0, 1.0),
                    Some(Fault::ShiftsCosine) => f32::midpoint(1.0, raw),
                    _ => raw.clamp(0.0, 1.0),
                };
                let raw = if self.is(Fault::LosesTheSign) { raw.abs() } else { raw };
                ScoredPoint { id: row.id, version: row.version, similarity, raw }
            })
            .collect();
        let backwards = self.is(Fault::BreaksTiesBackwards);
        hits.sort_by(|a, b| {
            let ties = if backwards { b.id.cmp(&a.id) } else { a.id.cmp(&b.id) };
            let order = if self.is(Fault::ClampsBeforeItSorts) {
                b.similarity.total_cmp(&a.similarity)
            } else {
                b.raw.total_cmp(&a.raw)
            };
            if self.is(Fault::AscendingOrder) { order.reverse().then(ties) } else { order.then(ties) }
        });
        hits
    }

    async fn one(&self, query: &VectorQuery) -> Result<Vec<ScoredPoint>> {
        let mut query = query.clone();
        if self.is(Fault::TakesAnyQueryVector) {
            query.vector.resize(self.inner.spec().identity.dims, 0.0);
            query.vector.iter_mut().for_each(|x| *x = if x.is_finite() { *x } else { 0.0 });
            if query.vector.iter().all(|x| *x == 0.0) {
                query.vector.iter_mut().take(1).for_each(|x| *x = 1.0);
            }
        }
        // Looks at the vector only.
        self.inner.search(&[VectorQuery::new(query.scope.clone(), query.vector.clone(), 0)]).await?;
        if self.capabilities.max_limit.is_some_and(|max| query.limit > max) && !self.is(Fault::TakesMoreThanItsMaxLimit)
        {
            return Err(Error::invalid("limit above the maximum"));
        }
        if self.is(Fault::LimitZeroIsTen) && query.limit == 0 {
            query.limit = 10;
        }
        let filter = self.accept(&query.filter)?;
        let mut hits = match self.kind.fault {
            Some(Fault::FiltersAfterTheLimit) => {
                let mut hits = self.hits(&query, self.rows(Some(&query.scope), &Filter::All).await?);
                hits.truncate(query.limit.max(100));
                let met = self.rows(Some(&query.scope), &query.filter).await?;
                hits.retain(|hit| met.iter().any(|row| row.id == hit.id));
                hits
            }
            Some(Fault::ScopesAfterTheLimit) => {
                let mut hits = self.hits(&query, self.rows(None, &query.filter).await?);
                hits.truncate(query.limit * 2);
                let met = self.rows(Some(&query.scope), &Filter::All).await?;
                hits.retain(|hit| met.iter().any(|row| row.id == hit.id));
                hits
            }
            Some(Fault::SearchIgnoresScope) => self.hits(&query, self.rows(None, &query.filter).await?),
            _ if self.reads_well() => {
                let inner = query.clone().with_filter(filter);
                self.inner.search(&[inner]).await?.pop().unwrap_or_default()
            }
            _ => {
                let mut rows = self.all().await?;
                rows.retain(|row| self.covers(&query.scope, &row.scope) && filter.matches(&row.payload));
                self.hits(&query, rows)
            }
        };
        hits.truncate(query.limit);
        if self.is(Fault::RelativeScores) {
            let best = hits.first().map_or(1.0, |hit| hit.similarity).max(0.01);
            hits.iter_mut().for_each(|hit| hit.similarity /= best);
        }
        if self.kind.variant == Variant::Late || self.is(Fault::LagsInSilence) {
            let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
            hits.retain(|hit| !late.contains_key(&hit.id));
            late.values_mut().for_each(|left| *left -= 1);
            late.retain(|_, left| *left > 0);
        }
        Ok(hits)
    }

    async fn words(&self, query: &TextQuery) -> Result<Vec<TextHit>> {
        if !self.capabilities.keyword && !self.is(Fault::AnswersWordsUndeclared) {
            return Err(Error::new(ErrorKind::Unsupported, "not declared"));
        }
        let mut query = query.clone().with_filter(self.accept(&query.filter)?);
        let (limit, filter) = (query.limit, query.filter.clone());
        if self.is(Fault::FailsAtOperators) && query.text.contains('\\') {
            return Err(Error::new(ErrorKind::Unavailable, "syntax error"));
        }
        if self.is(Fault::WordsFilterAfterTheLimit) {
            query.filter = Filter::All;
        }
        let mut hits = match self.kind.fault {
            Some(Fault::WordsIgnoreScope) => {
                let scopes: Vec<Scope> = self.all().await?.into_iter().map(|row| row.scope).collect();
                let mut hits = Vec::new();
                for (n, scope) in scopes.iter().enumerate() {
                    if scopes.iter().position(|other| other == scope) == Some(n) {
                        hits.extend(
                            self.inner_words(
                                TextQuery::new(scope.clone(), &*query.text, limit).with_filter(query.filter.clone()),
                            )
                            .await?,
                        );
                    }
                }
                hits
            }
            Some(Fault::WordsIgnoreFilter) => self.inner_words(query.clone().with_filter(Filter::All)).await?,
            Some(Fault::FindsPartsOfWords) => {
                self.rows_with(&query, |text| query.text.split(' ').any(|word| text.contains(word))).await?
            }
            Some(Fault::WantsEveryWord) => {
                let mut hits = self.inner_words(query.clone()).await?;
                for word in query.text.split(' ') {
                    let with_it = self
                        .inner_words(TextQuery::new(query.scope.clone(), word, limit).with_filter(query.filter.clone()))
                        .await?;
                    hits.retain(|hit| with_it.iter().any(|other| other.id == hit.id));
                }
                hits
            }
            Some(Fault::NoWordsFindAll) if !query.text.contains(char::is_alphanumeric) => {
                self.rows_with(&query, |_| true).await?
            }
            Some(Fault::WordsOfOldTexts) => {
                let written = self.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let asked: Vec<&str> = query.text.split(' ').collect();
                let old = written.iter().filter(|(_, text)| asked.iter().any(|word| text.contains(*word)));
                let ids: Vec<_> = old.map(|(id, _)| *id).collect();
                let rows = self.rows(Some(&query.scope), &query.filter).await?;
                let rows = rows.iter().filter(|row| ids.contains(&row.id));
                rows.map(|row| TextHit { id: row.id, version: row.version, score: 1.0 }).collect()
            }
            Some(Fault::ExpandsWildcards) if query.text.ends_with('*') => {
                let start = query.text.trim_end_matches('*');
                self.rows_with(&query, |text| text.starts_with(start)).await?
            }
            _ => self.inner_words(query.clone()).await?,
        };
        if self.is(Fault::WordsFilterAfterTheLimit) {
            hits.truncate(limit);
            let met = self.rows(Some(&query.scope), &filter).await?;
            hits.retain(|hit| met.iter().any(|row| row.id == hit.id));
        }
        match self.kind.fault {
            Some(Fault::ScoresWordsAlike) => hits.iter_mut().for_each(|hit| hit.score = 1.0),
            Some(Fault::OrdersWordsBackwards) => hits.reverse(),
            _ => {}
        }
        hits.truncate(limit);
        Ok(hits)
    }

    async fn inner_words(&self, query: TextQuery) -> Result<Vec<TextHit>> {
        Ok(self.inner.search_text(&[query]).await?.pop().unwrap_or_default())
    }

    async fn rows_with(&self, query: &TextQuery, keep: impl Fn(&str) -> bool) -> Result<Vec<TextHit>> {
        let mut rows = self.rows(Some(&query.scope), &query.filter).await?;
        rows.retain(|row| keep(row.payload.get("data").and_then(Value::as_str).unwrap_or_default()));
        Ok(rows.iter().map(|row| TextHit { id: row.id, version: row.version, score: 1.0 }).collect())
    }

    fn damage(&self, payload: &mut mem0_core::Payload) {
        match self.kind.fault {
            Some(Fault::DropsNulls) => payload.retain(|_, value| !value.is_null()),
            Some(Fault::RoundsIntegers) => payload.values_mut().for_each(round),
            Some(Fault::CutsLongTexts) => {
                for value in payload.values_mut() {
                    if let Value::String(text) = value {
                        *text = text.chars().take(30_000).collect();
                    }
                }
            }
            Some(Fault::TrimsTexts) => {
                for value in payload.values_mut() {
                    if let Value::String(text) = value {
                        *text = text.trim().to_owned();
                    }
                }
            }
            Some(Fault::DropsAccents) => {
                for value in payload.values_mut() {
                    if let Value::String(text) = value {
                        text.retain(|c| c != '\u{301}');
                    }
                }
            }
            _ => {}
        }
    }
}

fn round(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(round),
        Value::Object(members) => members.values_mut().for_each(round),
        Value::Number(number) => {
            let rounded = number.as_f64().and_then(serde_json::Number::from_f64);
            if let Some(rounded) = rounded.filter(|_| number.as_i64().is_some_and(|int| int.unsigned_abs() > 1 << 53)) {
                *number = rounded;
            }
        }
        _ => {}
    }
}

#[async_trait]
impl VectorCollection for BrokenCollection {
    fn spec(&self) -> &CollectionSpec {
        self.inner.spec()
    }

    async fn upsert(&self, points: &[Point]) -> Result<()> {
        let mut points = points.to_vec();
        if self.is(Fault::WordsOfOldTexts) {
            let text = |point: &Point| point.payload.get("data").and_then(Value::as_str).map(str::to_owned);
            let texts = points.iter().filter_map(|point| Some((point.id, text(point)?)));
            self.written.lock().unwrap_or_else(PoisonError::into_inner).extend(texts);
        }
        for point in &mut points {
            self.damage(&mut point.payload);
        }
        match self.kind.fault {
            Some(Fault::RefusesEmptyBatches) if points.is_empty() => return Err(Error::invalid("an empty batch")),
            Some(Fault::RefusesMoreThanItsMaxBatch) if points.len() > 100 => return Err(Error::invalid("too many")),
            Some(Fault::RefusesTenThousand) if points.len() > 10_000 => return Err(Error::invalid("too many")),
            Some(Fault::ForgetsTheTail) => points.truncate(10_000),
            Some(Fault::FirstOfBatchWins) => points.reverse(),
            Some(Fault::TakesNan) => points
                .iter_mut()
                .for_each(|point| point.vector.iter_mut().for_each(|x| *x = if x.is_nan() { 0.5 } else { *x })),
            _ => {}
        }
        match self.kind.fault {
            Some(Fault::FirstOfBatchWins) => {
                points.iter_mut().for_each(|point| point.version = point.version.min(1));
            }
            Some(Fault::WritesBeforeItChecks) => {
                for point in &points {
                    self.inner.upsert(std::slice::from_ref(point)).await?;
                }
            }
            Some(Fault::MergesPayloads | Fault::KeepsOldVectors | Fault::ForgetsDeletions) => {
                let ids: Vec<_> = points.iter().map(|point| point.id).collect();
                let stored = self.inner.get(None, &ids).await?;
                let versions: Vec<_> = stored.iter().map(|old| old.as_ref().map_or(0, |old| old.version)).collect();
                if self.is(Fault::ForgetsDeletions) {
                    let mut versions = versions.into_iter();
                    points.retain(|point| versions.next().is_none_or(|version| point.version >= version));
                } else {
                    for (point, old) in points.iter_mut().zip(stored) {
                        let Some(old) = old else { continue };
                        if self.is(Fault::KeepsOldVectors) {
                            point.vector = old.vector;
                        } else {
                            let new = std::mem::replace(&mut point.payload, old.payload);
                            point.payload.extend(new);
                        }
                    }
                }
            }
            Some(Fault::LosesConcurrentWrites) => {
                let others = self.busy.fetch_add(1, Ordering::SeqCst);
                pause().await;
                self.busy.fetch_sub(1, Ordering::SeqCst);
                if others > 0 {
                    return Ok(());
                }
            }
            Some(Fault::TearsWrites | Fault::TearsWritesWhenDropped) => {
                for mut point in points {
                    let text = point.payload.clone();
                    if let Some(old) = self.inner.get(None, &[point.id]).await?.pop().flatten() {
                        point.payload = old.payload;
                    }
                    self.inner.upsert(std::slice::from_ref(&point)).await?;
                    pause().await;
                    if let Some(mut stored) = self.inner.get(None, &[point.id]).await?.pop().flatten() {
                        stored.payload = text;
                        self.inner.upsert(&[stored]).await?;
                    }
                }
                return Ok(());
            }
            _ => {}
        }
        if self.kind.variant == Variant::Late || self.is(Fault::LagsInSilence) {
            let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
            late.extend(points.iter().map(|point| (point.id, 2)));
        }
        self.inner.upsert(&points).await
    }

    async fn get(&self, scope: Option<&Scope>, ids: &[MemoryId]) -> Result<Vec<Option<Point>>> {
        let scope = scope.filter(|_| !self.is(Fault::GetIgnoresScope));
        let mut got = self.inner.get(None, ids).await?;
        for point in &mut got {
            *point = point.take().filter(|point| scope.is_none_or(|scope| self.covers(scope, &point.scope)));
        }
        if self.is(Fault::GetLeavesOutMissing) {
            got.retain(Option::is_some);
        }
        Ok(got)
    }

    async fn search(&self, queries: &[VectorQuery]) -> Result<Vec<Vec<ScoredPoint>>> {
        let mut answers = Vec::new();
        for query in queries {
            answers.push(self.one(query).await?);
        }
        if self.is(Fault::MixesUpBatches) {
            answers.reverse();
        }
        Ok(answers)
    }

    async fn search_text(&self, queries: &[TextQuery]) -> Result<Vec<Vec<TextHit>>> {
        let mut answers = Vec::new();
        for query in queries {
            answers.push(self.words(query).await?);
        }
        if self.is(Fault::MixesUpQuestions) {
            answers.reverse();
        }
        Ok(answers)
    }

    async fn scroll(&self, query: &ScrollQuery) -> Result<Vec<Point>> {
        let scope = query.scope.as_ref().filter(|_| !self.is(Fault::ScrollIgnoresScope));
        let mut rows = if self.reads_well() {
            let all = ScrollQuery::new(scope.cloned(), query.limit.saturating_add(2)).after(query.after);
            self.inner.scroll(&all.with_filter(self.accept(&query.filter)?)).await?
        } else {
            self.rows(scope, &query.filter).await?
        };
        rows.retain(|row| query.after.is_none_or(|after| row.id > after));
        match self.kind.fault {
            Some(Fault::ScrollsBackwards) => rows.reverse(),
            Some(Fault::ScrollSkipsOne) if query.after.is_some() && !rows.is_empty() => {
                rows.remove(0);
            }
            Some(Fault::ScrollEndsEarly) if rows.len() > query.limit => {
                rows.truncate(query.limit.saturating_sub(1));
            }
            _ => {}
        }
        rows.truncate(query.limit);
        Ok(rows)
    }

    async fn count(&self, scope: Option<&Scope>, filter: &Filter) -> Result<u64> {
        let scope = scope.filter(|_| !self.is(Fault::CountIgnoresScope));
        let count = if self.reads_well() {
            self.inner.count(scope, &self.accept(filter)?).await?
        } else {
            self.rows(scope, filter).await?.len() as u64
        };
        Ok(match self.kind.fault {
            Some(Fault::CountsOneTooMany) => count + 1,
            Some(Fault::CountsToAHundred) => count.min(100),
            _ => count,
        })
    }

    async fn delete(&self, selector: &Selector) -> Result<u64> {
        let targets = match selector {
            Selector::Ids(ids) => {
                let mut ids = ids.clone();
                match self.kind.fault {
                    Some(Fault::CountsWhatWasAskedToGo) => {
                        self.inner.delete(selector).await?;
                        return Ok(ids.len() as u64);
                    }
                    Some(Fault::DeleteIgnoresVersions) => ids.iter_mut().for_each(|(_, version)| *version = u64::MAX),
                    Some(Fault::DeleteOfUnknownFails) => {
                        let all: Vec<_> = ids.iter().map(|(id, _)| *id).collect();
                        if self.inner.get(None, &all).await?.contains(&None) {
                            return Err(Error::not_found("no such point"));
                        }
                    }
                    Some(Fault::DeleteTakesNeighbour) if ids.len() > 1 => {
                        let all = self.all().await?;
                        ids.extend(all.first().map(|point| (point.id, u64::MAX)));
                    }
                    _ => {}
                }
                ids
            }
            Selector::Scope(scope) => {
                let mut rows = self.rows(Some(scope), &Filter::All).await?;
                match self.kind.fault {
                    Some(Fault::DeletesOnePage) => rows.truncate(1_000),
                    Some(Fault::DeletesExactScope) => rows.retain(|row| row.scope == *scope),
                    Some(Fault::DeletesOnlyByUser) => {
                        let user = |scope: &Scope| scope.get(mem0_core::ScopeKey::UserId).map(str::to_owned);
                        rows = self.all().await?;
                        rows.retain(|row| user(&row.scope) == user(scope));
                    }
                    _ => {}
                }
                rows.iter().map(|row| (row.id, row.version)).collect()
            }
            _ => return self.inner.delete(selector).await,
        };
        self.inner.delete(&Selector::Ids(targets)).await
    }
}
