//! A statement with its values.

use std::fmt::Write as _;

use mem0_core::{Error, Result};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{GenericClient, Row};

use super::refusal;

/// The most values that the protocol takes in one statement.
const MAX_VALUES: usize = 65_535;

/// A text as it stands in a statement, for the few places that take no values.
pub(crate) fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A statement that is being written. Values are bound, never written into the
/// text.
///
/// Neither its values nor its answer should be of an extension's types, about
/// which the driver would ask by a statement that it prepares: so it can be run
/// behind a pooler that hands each transaction to another connection.
#[derive(Debug, Default)]
pub(crate) struct Sql {
    text: String,
    values: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Sql {
    /// Adds text of the program's own.
    pub(crate) fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Binds a value and returns its place, `$7`.
    pub(crate) fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, kind: Type) -> String {
        self.values.push((Box::new(value), kind));
        let mut place = String::new();
        // Writing to a text cannot fail.
        let _ = write!(place, "${}", self.values.len());
        place
    }

    /// How many values are bound.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The values, in the order of their places.
    pub(crate) fn values(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.values.iter().map(|(value, _)| &**value as &(dyn ToSql + Sync)).collect()
    }

    /// The types of the values.
    pub(crate) fn types(&self) -> Vec<Type> {
        self.values.iter().map(|(_, kind)| kind.clone()).collect()
    }

    /// Runs it in one round trip, without a name and planned for these very
    /// values.
    ///
    /// # Errors
    /// `InvalidInput` for too many values, else what the server says.
    pub(crate) async fn query(&self, client: &impl GenericClient) -> Result<Vec<Row>> {
        if self.values.len() > MAX_VALUES {
            return Err(Error::invalid("a filter with too many conditions for one statement"));
        }
        let values: Vec<_> = self.values().into_iter().zip(self.types()).collect();
        client.query_typed(&self.text, &values).await.map_err(|error| refusal(&error))
    }

    /// The same for a statement whose answer is one row.
    ///
    /// # Errors
    /// As `query`; `Internal` for an answer without a row.
    pub(crate) async fn one(&self, client: &impl GenericClient) -> Result<Row> {
        Self::first(self.query(client).await?)
    }

    pub(crate) fn first(rows: Vec<Row>) -> Result<Row> {
        rows.into_iter().next().ok_or_else(|| Error::internal("an answer of PostgreSQL without a row"))
    }
}
