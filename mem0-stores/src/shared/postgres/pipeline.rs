//! Several statements in one round trip.

use std::borrow::Cow;

use futures::future::{try_join, try_join_all};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, Statement};

use super::Client;

/// A statement with its values. It is prepared once on each connection, so its
/// text must not depend on values.
pub(crate) struct Step {
    sql: Cow<'static, str>,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Step {
    pub(crate) fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), values: Vec::new() }
    }

    /// Binds the next value.
    pub(crate) fn bind(mut self, value: impl ToSql + Sync + Send + 'static) -> Self {
        self.values.push(Box::new(value));
        self
    }

    /// The text.
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// The values, in order.
    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &(dyn ToSql + Sync)> {
        self.values.iter().map(|value| &**value as &(dyn ToSql + Sync))
    }
}

/// Sends all of them before it waits for the first answer, and returns the rows
/// of each. Outside of a transaction each is one of its own.
///
/// Dropping the future leaves either all of them sent or none.
///
/// # Errors
/// Of the first that fails.
pub(crate) async fn send(client: &Client, steps: &[Step]) -> Result<Vec<Vec<Row>>, Error> {
    let statements = prepare(client, steps).await?;
    query(client, steps, &statements).await
}

/// As [`send`], after some statements of the program's own that have no values,
/// such as those that begin a transaction.
///
/// # Errors
/// Of the first that fails.
pub(crate) async fn send_after(client: &Client, first: &str, steps: &[Step]) -> Result<Vec<Vec<Row>>, Error> {
    let statements = prepare(client, steps).await?;
    // In the order in which they are first polled.
    let (_, answers) = try_join(client.batch_execute(first), query(client, steps, &statements)).await?;
    Ok(answers)
}

async fn prepare(client: &Client, steps: &[Step]) -> Result<Vec<Statement>, Error> {
    try_join_all(steps.iter().map(|step| client.prepare_cached(&step.sql))).await
}

async fn query(client: &Client, steps: &[Step], statements: &[Statement]) -> Result<Vec<Vec<Row>>, Error> {
    let answers = steps.iter().zip(statements).map(|(step, statement)| async move {
        // A request is on its way when it is first polled, so they go in order.
        let values: Vec<_> = step.values().collect();
        client.query(statement, &values).await
    });
    try_join_all(answers).await
}
