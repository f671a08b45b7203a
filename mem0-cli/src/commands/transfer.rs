//! `export` and `import`.

use std::io::{self, BufReader, BufWriter, Read};
use std::path::Path;

use mem0::{Error, ErrorKind, Transferred};

use crate::cli::{ExportArgs, ImportArgs};
use crate::exit::Failure;
use crate::output::{Out, count};
use crate::progress::Progress;
use crate::session::Session;

pub(super) async fn export(session: &Session, out: &mut Out, args: ExportArgs) -> Result<(), Failure> {
    let scope = session.given_scope()?;
    let mem0 = session.open().await?;
    let stats = mem0.stats(scope.as_ref()).await?.ledger;
    let quiet = out.quiet;
    let progress = Progress::new(quiet, Some(stats.events + stats.messages + 1), "Exporting");
    let Some(file) = &args.file else {
        let done = mem0.export(scope.as_ref(), &mut progress.lines(out.raw())).await?;
        drop(progress);
        out.note(summary(&done, "written"));
        return Ok(());
    };
    if file.exists() && !args.force {
        return Err(Failure::from(exists(file)).hint("--force replaces it"));
    }
    // Written beside its place and then moved, so that there is never half an
    // export; readable by its owner only, since it holds memories.
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut part = tempfile::NamedTempFile::new_in(folder).map_err(|e| cannot(file, e))?;
    let mut writer = BufWriter::new(&mut part);
    let done = mem0.export(scope.as_ref(), &mut progress.lines(&mut writer)).await?;
    drop(writer);
    part.as_file().sync_all().map_err(|e| cannot(file, e))?;
    if args.force {
        part.persist(file).map_err(|e| cannot(file, e.error))?;
    } else {
        part.persist_noclobber(file).map_err(|e| match e.error.kind() {
            io::ErrorKind::AlreadyExists => exists(file),
            _ => cannot(file, e.error),
        })?;
    }
    drop(progress);
    tell(out, &done, "written")
}

pub(super) async fn import(session: &Session, out: &mut Out, args: ImportArgs) -> Result<(), Failure> {
    let input: Box<dyn Read + Send> = match args.file.as_deref().filter(|file| *file != Path::new("-")) {
        Some(file) => Box::new(
            std::fs::File::open(file).map_err(|e| Failure::usage(format!("{} cannot be read: {e}", file.display())))?,
        ),
        None if crate::input::nothing_piped() => {
            return Err(Failure::usage("import what? There is no file and no input"));
        }
        None => Box::new(io::stdin()),
    };
    let mem0 = session.open().await?;
    let progress = Progress::new(out.quiet, None, "Importing");
    let done = mem0.import(&mut BufReader::with_capacity(1 << 16, input)).await?;
    drop(progress);
    tell(out, &done, "read")
}

fn tell(out: &mut Out, done: &Transferred, verb: &str) -> Result<(), Failure> {
    if out.json { out.json(done) } else { out.line(summary(done, verb)) }
}

fn summary(done: &Transferred, verb: &str) -> String {
    let events = count(done.events, "event", "events");
    let messages = count(done.messages, "message", "messages");
    let mut text = format!("{events} and {messages} {verb}");
    if done.skipped > 0 {
        text.push_str(&format!(", {} there already", done.skipped));
    }
    if done.embedded > 0 {
        text.push_str(&format!(", {} embedded anew", count(done.embedded, "text", "texts")));
    }
    text
}

fn exists(file: &Path) -> Error {
    Error::new(ErrorKind::AlreadyExists, "the file exists").with_context("path", file.display())
}

fn cannot(file: &Path, e: io::Error) -> Error {
    let kind = match e.kind() {
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::QuotaExceeded,
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("the file cannot be written: {e}")).with_context("path", file.display())
}
