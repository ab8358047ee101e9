//! A copy of the journal made while a process works on it, and the way back.
//!
//! SQLite writes the copy itself (`VACUUM INTO`): one consistent state, with
//! everything that was committed before it began. It is read through a
//! connection that cannot write, so the lock of the process that serves stays
//! where it is, and no commit waits. A copy appears under its name only once
//! it is whole, on the disk and found good; a journal is never replaced.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};
use thiserror::Error;

use super::open::connection;
use super::{files, migrate};
use crate::store::sql::{OpenError, SchemaStatus};

/// What the first sixteen bytes of every SQLite database are.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Where the two bytes stand that say how it is written, and what they are where nothing else belongs to it.
const FORMAT: std::ops::Range<usize> = 18..20;
const WHOLE: [u8; 2] = [1, 1];

/// What a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Its schema.
    pub schema: SchemaStatus,
    /// How many settlements.
    pub settlements: u64,
    /// The place of its newest signature.
    pub signatures: u64,
    /// Its size.
    pub bytes: u64,
}

/// Why nothing was copied. What was there before is as it was.
#[derive(Debug, Error)]
pub enum CopyError {
    /// The journal that is read, or the place of the one that is made, cannot be used.
    #[error("the journal cannot be used")]
    Journal(#[from] OpenError),
    /// Something has the name already, and is never replaced.
    #[error("{} exists already and is left as it is", path.display())]
    Exists {
        /// What has the name.
        path: PathBuf,
    },
    /// It was not written by `backup`: a file that was copied while a process had it lacks what lay beside it.
    #[error("{} is no backup of a journal, or not a whole one", path.display())]
    NoBackup {
        /// The file.
        path: PathBuf,
    },
    /// SQLite finds the copy damaged.
    #[error("the copy of the journal is damaged: {} does not pass the integrity check", path.display())]
    Damaged {
        /// What was checked.
        path: PathBuf,
    },
    /// A file cannot be read or written.
    #[error("{} cannot be read or written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The database did not do what it must.
    #[error("the journal cannot be copied")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> CopyError {
    CopyError::Database(Box::new(cause))
}

/// Writes a copy of a journal, which a process may be working on, to a file that must not exist yet.
///
/// # Errors
/// [`CopyError`]; there is no file of that name then.
pub async fn backup(journal: &Path, to: &Path) -> Result<Copied, CopyError> {
    migrate::schema(journal).await?.must_be_known()?;
    refuse_existing(to)?;
    let part = beside(to, ".part");
    let made = files::fresh_file(&part).map_err(|source| CopyError::File { path: part.clone(), source })?;
    drop(made);
    let copied = match write(journal, &part).await {
        Ok(()) => look(&part).await,
        Err(error) => Err(error),
    };
    finish(part, to.to_owned(), copied).await
}

/// Puts a copy in the place of a journal that does not exist.
///
/// # Errors
/// [`CopyError`]; there is no journal then, as before.
pub async fn restore(from: &Path, journal: &Path) -> Result<Copied, CopyError> {
    let lock = files::lock(journal)?;
    for name in [journal.to_owned(), beside(journal, "-wal"), beside(journal, "-shm")] {
        refuse_existing(&name)?;
    }
    let (source, part) = (from.to_owned(), beside(journal, ".part"));
    let target = part.clone();
    tokio::task::spawn_blocking(move || copy(&source, &target)).await.map_err(failed)??;
    let copied = look(&part).await;
    let copied = finish(part, journal.to_owned(), copied).await;
    lock.release().map_err(|source| CopyError::File { path: journal.to_owned(), source })?;
    copied
}

async fn write(journal: &Path, part: &Path) -> Result<(), CopyError> {
    let name = part.to_str().ok_or_else(|| file_error(part, io::Error::from(io::ErrorKind::InvalidFilename)))?;
    let mut on = connection(journal).read_only(true).connect().await.map_err(failed)?;
    sqlx::query("VACUUM INTO ?1").bind(name).execute(&mut on).await.map_err(failed)?;
    on.close().await.map_err(failed)
}

/// Copies a file's bytes, once its first ones say that it is whole without anything beside it.
fn copy(from: &Path, part: &Path) -> Result<(), CopyError> {
    let no_backup = || CopyError::NoBackup { path: from.to_owned() };
    let mut source = File::open(from).map_err(|source| file_error(from, source))?;
    let mut head = [0; FORMAT.end];
    source.read_exact(&mut head).map_err(|_| no_backup())?;
    if !head.starts_with(MAGIC) || head[FORMAT] != WHOLE {
        return Err(no_backup());
    }
    let mut target = files::fresh_file(part).map_err(|source| file_error(part, source))?;
    let copied = io::Write::write_all(&mut target, &head).and_then(|()| io::copy(&mut source, &mut target));
    copied.map(|_| ()).map_err(|source| file_error(part, source))
}

/// Looks whether a copy is a whole journal that this version can read, and says what it holds. Nothing is written, but the copy is
/// opened as if it were: SQLite holds rows against their constraints only where it could write.
async fn look(path: &Path) -> Result<Copied, CopyError> {
    let schema = migrate::schema(path).await?;
    if schema.found == 0 {
        return Err(CopyError::NoBackup { path: path.to_owned() });
    }
    schema.is_behind()?;
    let mut on = connection(path).connect().await.map_err(failed)?;
    let found = check(&mut on).await.map_err(failed)?;
    on.close().await.map_err(failed)?;
    let (settlements, signatures) = found.ok_or_else(|| CopyError::Damaged { path: path.to_owned() })?;
    let bytes = fs::metadata(path).map_err(|source| file_error(path, source))?.len();
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(Copied { schema, settlements: count(settlements), signatures: count(signatures), bytes })
}

/// How many settlements and signatures a sound database holds; `None` for one that is not.
async fn check(on: &mut SqliteConnection) -> Result<Option<(i64, i64)>, sqlx::Error> {
    const COUNT: &str = "SELECT (SELECT COUNT(*) FROM settlement), (SELECT COUNT(journal_sequence) FROM signing_reservation)";
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut *on).await?;
    let orphan = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut *on).await?;
    if verdict != "ok" || orphan.is_some() {
        return Ok(None);
    }
    sqlx::query_as(COUNT).fetch_one(on).await.map(Some)
}

/// Gives a good copy its name, once it is on the disk; takes away one that is not good.
async fn finish(part: PathBuf, name: PathBuf, copied: Result<Copied, CopyError>) -> Result<Copied, CopyError> {
    let finished = tokio::task::spawn_blocking(move || {
        let kept = copied.and_then(|copied| keep(&part, &name).map(|()| copied));
        if kept.is_err() {
            // What is left of it is overwritten by the next try in any case.
            let _ = fs::remove_file(&part);
        }
        kept
    });
    finished.await.map_err(failed)?
}

/// A second name is given and the first taken away, since a renaming would replace what has the name by now.
fn keep(part: &Path, name: &Path) -> Result<(), CopyError> {
    let synced = File::open(part).and_then(|file| file.sync_all());
    synced.map_err(|source| file_error(part, source))?;
    match fs::hard_link(part, name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(CopyError::Exists { path: name.to_owned() }),
        linked => linked.map_err(|source| file_error(name, source))?,
    }
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let settled = fs::remove_file(part).and_then(|()| File::open(folder)).and_then(|folder| folder.sync_all());
    settled.map_err(|source| file_error(name, source))
}

fn refuse_existing(path: &Path) -> Result<(), CopyError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(CopyError::Exists { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(file_error(path, source)),
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    path.into()
}

fn file_error(path: &Path, source: io::Error) -> CopyError {
    CopyError::File { path: path.to_owned(), source }
}
