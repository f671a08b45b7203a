//! How our values are written in columns.

use mem0_core::{EventKind, JobId, JobState, MemoryId, MentionKind, Role, State, Timestamp, TxnId};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use uuid::Uuid;

use crate::ledger::common::codec::{self, Coded};

pub(super) use crate::ledger::common::codec::{
    content_from_json, content_to_json, count, int, job_from_json, job_to_json, rows, sources_from_json,
    sources_to_json, vector_to_bytes,
};
use crate::shared::sqlite::Attempt;

/// A vector from bytes, into a buffer that is used again and again.
pub(super) fn vector_from_bytes(bytes: &[u8], into: &mut Vec<f32>) -> Attempt<()> {
    Ok(codec::vector_from_bytes(bytes, into)?)
}

/// A column of a value that is ours.
#[derive(Clone, Copy)]
pub(super) struct Col<T>(pub(super) T);

macro_rules! id_column {
    ($id:ty) => {
        impl ToSql for Col<$id> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.as_bytes())))
            }
        }

        impl FromSql for Col<$id> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                <[u8; 16]>::column_result(value).map(|bytes| Self(<$id>::from_uuid(Uuid::from_bytes(bytes))))
            }
        }
    };
}

id_column!(MemoryId);
id_column!(TxnId);
id_column!(JobId);

impl ToSql for Col<Timestamp> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_micros().into())
    }
}

impl FromSql for Col<Timestamp> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let micros = i64::column_result(value)?;
        Timestamp::from_micros(micros).map(Self).map_err(|_| FromSqlError::OutOfRange(micros))
    }
}

macro_rules! coded_column {
    ($value:ty) => {
        impl ToSql for Col<$value> {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                let unknown = || rusqlite::Error::ToSqlConversionFailure("a value without a code".into());
                self.0.code().map(ToSqlOutput::from).ok_or_else(unknown)
            }
        }

        impl FromSql for Col<$value> {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let code = i64::column_result(value)?;
                <$value>::of(code).map(Self).ok_or(FromSqlError::OutOfRange(code))
            }
        }
    };
}

coded_column!(State);
coded_column!(EventKind);
coded_column!(JobState);
coded_column!(MentionKind);

impl ToSql for Col<Role> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_str().into())
    }
}

impl FromSql for Col<Role> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        codec::role(value.as_str()?).map(Self).ok_or(FromSqlError::InvalidType)
    }
}
