//! The session: one, shared by all calls, made when the first needs it.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use mem0_core::{Error, ErrorKind, Result, Secret};
use scylla::client::PoolSize;
use scylla::client::caching_session::{CachingSession, CachingSessionBuilder};
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session_builder::SessionBuilder;
use scylla::deserialize::row::DeserializeRow;
use scylla::frame::types::{Consistency, SerialConsistency};
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::response::query_result::QueryResult;
use scylla::response::{PagingState, PagingStateResponse};
use scylla::statement::Statement;
use scylla::statement::batch::{Batch, BatchType};
use scylla::value::CqlValue;
use tokio::sync::{OnceCell, Semaphore};

use super::config::CassandraConfig;
use super::error;
use super::tunnel::Tunnels;

/// Prepared statements that are kept.
const STATEMENTS: usize = 1_000;

/// How often it is asked whether the nodes agree on the tables.
const AGREEMENT_STEP: Duration = Duration::from_millis(20);

/// The values of one statement.
pub(super) type Values = Vec<CqlValue>;

pub(super) struct Connection {
    config: CassandraConfig,
    tunnels: Option<Arc<Tunnels>>,
    session: OnceCell<CachingSession>,
    writes: Semaphore,
}

impl Connection {
    /// No I/O yet.
    pub(super) fn new(config: CassandraConfig) -> Result<Self> {
        let writes = Semaphore::new(config.max_concurrent_writes);
        let tunnels = config.tls.then(|| Tunnels::new(&config)).transpose()?.map(Arc::new);
        Ok(Self { config, tunnels, session: OnceCell::new(), writes })
    }

    async fn session(&self) -> Result<&CachingSession> {
        self.session.get_or_try_init(|| connect(&self.config, self.tunnels.as_ref())).await
    }

    /// The rows of a statement, all at once.
    pub(super) async fn rows<R>(&self, cql: &str, values: Values, consistency: Consistency) -> Result<Vec<R>>
    where
        R: for<'r> DeserializeRow<'r, 'r>,
    {
        let session = self.session().await?;
        let statement = statement(cql, consistency);
        let answer = session.execute_unpaged(statement, values).await.map_err(|e| error::of_execution(&e))?;
        read(answer)
    }

    /// A page of the rows of a statement, and where the next one begins.
    pub(super) async fn page<R>(
        &self,
        cql: &str,
        values: Values,
        consistency: Consistency,
        from: PagingState,
    ) -> Result<(Vec<R>, Option<PagingState>)>
    where
        R: for<'r> DeserializeRow<'r, 'r>,
    {
        let session = self.session().await?;
        let statement = statement(cql, consistency);
        let (answer, next) =
            session.execute_single_page(statement, values, from).await.map_err(|e| error::of_execution(&e))?;
        let next = match next {
            PagingStateResponse::HasMorePages { state } => Some(state),
            PagingStateResponse::NoMorePages => None,
        };
        Ok((read(answer)?, next))
    }

    /// Runs a statement once for each row of values, all of one partition, and
    /// so in one step.
    pub(super) async fn write(&self, cql: &str, rows: Vec<Values>) -> Result<()> {
        let session = self.session().await?;
        let consistency = self.config.write_consistency.driver();
        let statement = statement(cql, consistency);
        let prepared = session.add_prepared_statement(&statement).await.map_err(|e| error::of_prepare(&e))?;
        let mut batch = Batch::new(BatchType::Unlogged);
        batch.set_consistency(consistency);
        // The rows carry their own timestamps.
        batch.set_is_idempotent(true);
        rows.iter().for_each(|_| batch.append_statement(prepared.clone()));
        // Never closed, so there is always a permit to wait for.
        let _permit = self.writes.acquire().await.ok();
        session.batch(&batch, rows).await.map_err(|e| error::of_execution(&e))?;
        Ok(())
    }

    /// Runs a statement on condition, so that of several who do so at once one
    /// comes first.
    pub(super) async fn on_condition(&self, cql: &str, values: Values) -> Result<()> {
        let session = self.session().await?;
        let mut statement = Statement::new(cql);
        statement.set_consistency(self.config.write_consistency.driver());
        statement.set_serial_consistency(Some(SerialConsistency::Serial));
        session.execute_unpaged(statement, values).await.map_err(|e| error::of_execution(&e))?;
        Ok(())
    }

    /// Makes or drops a table or an index, and waits until all nodes know.
    pub(super) async fn change(&self, cql: &str) -> Result<()> {
        let session = self.session().await?.get_session();
        session.query_unpaged(cql, ()).await.map_err(|e| error::of_execution(&e))?;
        Ok(())
    }
}

fn statement(cql: &str, consistency: Consistency) -> Statement {
    let mut statement = Statement::new(cql);
    statement.set_consistency(consistency);
    statement.set_is_idempotent(true);
    statement
}

fn read<R>(answer: QueryResult) -> Result<Vec<R>>
where
    R: for<'r> DeserializeRow<'r, 'r>,
{
    let rows = answer.into_rows_result().map_err(|_| error::unexpected())?;
    let rows = rows.rows::<R>().map_err(|_| error::unexpected())?;
    rows.map(|row| row.map_err(|_| error::unexpected())).collect()
}

async fn connect(config: &CassandraConfig, tunnels: Option<&Arc<Tunnels>>) -> Result<CachingSession> {
    let mut policy = DefaultPolicy::builder().token_aware(true);
    if let Some(name) = &config.local_datacenter {
        policy = policy.prefer_datacenter(name.clone());
    }
    let profile = ExecutionProfile::builder()
        .load_balancing_policy(policy.build())
        .consistency(config.consistency.driver())
        .request_timeout(Some(Duration::from_millis(config.timeout_ms)))
        .build();
    let mut builder = SessionBuilder::new()
        .connection_timeout(Duration::from_millis(config.connect_timeout_ms))
        .default_execution_profile_handle(profile.into_handle())
        .schema_agreement_interval(AGREEMENT_STEP)
        .refresh_metadata_on_auto_schema_agreement(false)
        .keyspaces_to_fetch([config.keyspace.as_str()])
        .pool_size(PoolSize::PerHost(NonZeroUsize::MIN));
    match tunnels {
        None => builder = builder.known_nodes(config.nodes()),
        Some(tunnels) => {
            builder =
                builder.known_nodes_addr(secured(config, tunnels).await?).address_translator(Arc::clone(tunnels) as _);
        }
    }
    if let (Some(username), Some(password)) = (&config.username, config.password.as_ref().map(Secret::expose)) {
        builder = builder.user(username, password);
    }
    let session = builder.build().await.map_err(|e| error::of_session(&e))?;
    Ok(CachingSessionBuilder::new(session).max_capacity(STATEMENTS).build())
}

/// Ways to the nodes that can be reached now, or else what is wrong with the
/// last.
async fn secured(config: &CassandraConfig, tunnels: &Tunnels) -> Result<Vec<SocketAddr>> {
    let (mut ways, mut wrong) = (Vec::new(), None);
    for node in config.nodes() {
        let wait = Duration::from_millis(config.connect_timeout_ms);
        let late = |_| Error::new(ErrorKind::Timeout, "the server did not answer in time");
        match tokio::time::timeout(wait, tunnels.check(&node)).await.map_err(late).flatten() {
            Ok(()) => {
                let busy = |_| Error::new(ErrorKind::Unavailable, "no port is free on this machine");
                ways.push(tunnels.to(&node).await.map_err(busy)?);
            }
            Err(error) => wrong = Some(error),
        }
    }
    match wrong {
        Some(error) if ways.is_empty() => Err(error),
        _ => Ok(ways),
    }
}
