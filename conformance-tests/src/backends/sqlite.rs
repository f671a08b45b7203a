//! The embedded stores, each in a file of its own below a temporary folder.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{Error, ErrorKind, Ledger, Result, VectorStore};
use mem0_stores::ledger::sqlite::SqliteLedger;
use mem0_stores::vector::sqlite::{SqliteVectorConfig, SqliteVectorStore};
use mem0_stores::{SqliteDb, SqliteOptions, Synchronous};
use tempfile::TempDir;

use crate::harness::{LedgerHarness, Setup, VectorHarness};

/// A folder that goes with the harness.
#[derive(Debug)]
pub struct SqliteHarness {
    folder: TempDir,
}

impl SqliteHarness {
    fn new() -> Setup<Self> {
        match tempfile::tempdir() {
            Ok(folder) => Setup::Ready(Self { folder }),
            Err(error) => Setup::Skip(format!("no temporary folder: {error}")),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    /// The file, the log of what is not in it yet, and the log's index.
    fn files(&self, name: &str) -> [PathBuf; 3] {
        ["", "-wal", "-shm"].map(|suffix| {
            let mut path = self.file(name).into_os_string();
            path.push(suffix);
            path.into()
        })
    }

    fn db(&self, name: &str) -> Result<SqliteDb> {
        // Whether a loss of power can be survived is not asked here, and many
        // cases write at once.
        let options = SqliteOptions::default().with_synchronous(Synchronous::Normal);
        SqliteDb::open(self.file(name), &options)
    }
}

fn vectors(db: SqliteDb) -> Result<SqliteVectorStore> {
    SqliteVectorStore::new(db, &SqliteVectorConfig::default())
}

#[async_trait]
impl VectorHarness for SqliteHarness {
    async fn start() -> Setup<Self> {
        Self::new()
    }

    async fn connect(&self) -> Result<Arc<dyn VectorStore>> {
        Ok(Arc::new(vectors(self.db("vectors")?)?))
    }

    async fn connect_to_nothing(&self) -> Option<Result<Arc<dyn VectorStore>>> {
        // A file that is no database is the nearest thing to a server that is
        // down.
        let path = self.file("damaged");
        if let Err(error) = std::fs::write(&path, "this is no database".repeat(1_000)) {
            return Some(Err(Error::new(ErrorKind::Internal, "no file").with_source(error)));
        }
        let db = SqliteDb::open(path, &SqliteOptions::default());
        Some(db.and_then(vectors).map(|store| Arc::new(store) as _))
    }
}

#[async_trait]
impl LedgerHarness for SqliteHarness {
    async fn start() -> Setup<Self> {
        Self::new()
    }

    async fn open(&self, name: &str) -> Result<Arc<dyn Ledger>> {
        Ok(Arc::new(SqliteLedger::open(self.db(name)?)?))
    }

    async fn remove(&self, name: &str) {
        for path in self.files(name) {
            // The folder goes at the end in any case.
            let _ = std::fs::remove_file(path);
        }
    }

    async fn bytes_on_disk(&self, name: &str) -> Option<Vec<u8>> {
        let files = self.files(name);
        let bytes: Vec<_> = files.iter().filter_map(|path| std::fs::read(path).ok()).collect();
        (!bytes.is_empty()).then(|| bytes.concat())
    }
}
