//! A server is killed in the middle of its work and started again: every write
//! that returned is there, and no write is there in part.
//!
//! The server is this test's own. `MEM0_TEST_<NAME>_START` is the shell command
//! that runs one in the foreground, with its data in the folder `$DATA` and on
//! `$PORT` of 127.0.0.1; it has to promise what it acknowledges:
//!
//! - redis: `exec redis-server --port $PORT --dir $DATA --save '' --appendonly yes --appendfsync always
//!   --loadmodule redisearch.so`
//! - pgvector: `[ -d $DATA/pg ] || initdb -D $DATA/pg -U postgres -A trust; exec postgres -D $DATA/pg -p $PORT -k ''`
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first error")]

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use conformance_tests::random::Rng;
use conformance_tests::settings::{rng, server_setting};
use libtest_mimic::{Arguments, Trial};
use mem0_core::{
    CollectionSpec, EmbedderIdentity, Filter, Payload, Point, Result, Scope, VectorCollection, VectorStore,
};
use mem0_stores::vector::pgvector::{PgvectorConfig, PgvectorStore};
use mem0_stores::vector::redis::{RedisVectorConfig, RedisVectorStore};
use serde_json::json;
use tokio::sync::mpsc;

const DIMS: usize = 8;
const ROUNDS: usize = 8;
const BATCHES: usize = 4;
const BATCH: usize = 50;

type Make = fn(u16) -> Result<Arc<dyn VectorStore>>;

fn pgvector(port: u16) -> Result<Arc<dyn VectorStore>> {
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    Ok(Arc::new(PgvectorStore::new(PgvectorConfig::default().with_connection_string(url))?))
}

fn redis(port: u16) -> Result<Arc<dyn VectorStore>> {
    let config = RedisVectorConfig::default().with_url(format!("redis://127.0.0.1:{port}"));
    Ok(Arc::new(RedisVectorStore::redis(config)?))
}

/// A server with all its processes.
struct Running(Child);

impl Running {
    fn start(command: &str, data: &Path, port: u16) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).env("DATA", data).env("PORT", port.to_string()).process_group(0);
        Self(shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn kill(&mut self) {
        let group = format!("-{}", self.0.id());
        Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The server and its collection, as soon as it answers. One that ends at once,
/// since the killed one still holds something, is started again.
async fn up(
    command: &str,
    data: &Path,
    port: u16,
    make: Make,
    spec: &CollectionSpec,
) -> (Running, Arc<dyn VectorCollection>) {
    let until = Instant::now() + Duration::from_secs(60);
    let mut server = Running::start(command, data, port);
    let store = make(port).unwrap();
    loop {
        match store.open(spec).await {
            Ok(collection) => return (server, collection),
            Err(error) => assert!(Instant::now() < until, "the server does not answer: {error}"),
        }
        if server.0.try_wait().unwrap().is_some() {
            server = Running::start(command, data, port);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn spec() -> CollectionSpec {
    CollectionSpec::new("mem0", EmbedderIdentity { model: "test/model".into(), dims: DIMS, digest: "d".into() })
}

fn points() -> Vec<Point> {
    let (mut rng, scope) = (rng(80), Scope::user("alice").unwrap());
    let point = |rng: &mut Rng| Point {
        id: rng.id(),
        version: 0,
        scope: scope.clone(),
        vector: rng.unit(DIMS),
        payload: Payload::new(),
    };
    (0..BATCHES * BATCH).map(|_| point(&mut rng)).collect()
}

/// A batch as of a version, no two alike.
fn batch(points: &[Point], version: u64) -> Vec<Point> {
    let at = |point: &Point| {
        let mut point = Point { version, ..point.clone() };
        let turns = usize::try_from(version).unwrap() % point.vector.len();
        point.vector.rotate_left(turns);
        point.payload.insert("n".to_owned(), json!(version));
        point
    };
    points.iter().map(at).collect()
}

async fn what_returned_outlives_the_server(command: String, make: Make) {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (spec, mut rng) = (spec(), rng(79));
    let batches: Vec<Vec<Point>> = points().chunks(BATCH).map(<[Point]>::to_vec).collect();
    let (mut server, mut collection) = up(&command, folder.path(), port, make, &spec).await;
    let mut next = 1;
    let mut done = [0; BATCHES];
    for round in 0..ROUNDS {
        let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
        let (writing, source) = (Arc::clone(&collection), batches.clone());
        let writer = tokio::spawn(async move {
            for version in next.. {
                let number = usize::try_from(version).unwrap() % BATCHES;
                if writing.upsert(&batch(&source[number], version)).await.is_err() {
                    return version;
                }
                acknowledge.send((number, version)).unwrap();
            }
            unreachable!()
        });
        // While it is at the write after this many.
        for _ in 0..=rng.below(20) {
            let (number, version) = acknowledged.recv().await.unwrap();
            done[number] = version;
        }
        server.kill();
        let last = writer.await.unwrap();
        while let Some((number, version)) = acknowledged.recv().await {
            done[number] = version;
        }
        next = last + 1;
        (server, collection) = up(&command, folder.path(), port, make, &spec).await;
        let mut there = 0;
        for (number, source) in batches.iter().enumerate() {
            let ids: Vec<_> = source.iter().map(|point| point.id).collect();
            let seen: Vec<Point> = collection.get(None, &ids).await.unwrap().into_iter().flatten().collect();
            let version = seen.first().map_or(0, |point| point.version);
            let due = if version == 0 { Vec::new() } else { batch(source, version) };
            assert_eq!(seen, due, "round {round}: batch {number} is there in part");
            assert!((done[number]..=last).contains(&version), "round {round}: {version} for {}", done[number]);
            there += seen.len() as u64;
        }
        assert_eq!(collection.count(None, &Filter::All).await.unwrap(), there, "round {round}");
    }
}

/// A server may run as another user.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
}

fn main() -> ExitCode {
    let servers: [(&str, Make); 2] = [("pgvector", pgvector), ("redis", redis)];
    let trials = servers.map(|(name, make)| match server_setting(name, "START") {
        Some(command) => Trial::test(name, move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(what_returned_outlives_the_server(command, make));
            Ok(())
        }),
        None => Trial::test(format!("{name} (set MEM0_TEST_{}_START)", name.to_uppercase()), || Ok(()))
            .with_ignored_flag(true),
    });
    libtest_mimic::run(&Arguments::from_args(), trials.into()).exit_code()
}
