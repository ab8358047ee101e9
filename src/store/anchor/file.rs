//! The anchor in a file: on another disk than the journal's, or shared by replicas on a mounted volume.
//!
//! A mark is written beside the file, synced, renamed over it, and the folder
//! synced: the file is one mark or the next, whenever the machine stops.
//!
//! A process that is stopped while it holds the file's lock holds its fellows
//! too: they send nothing until it goes on or dies. A database ends such a
//! transaction by itself, which is why it is the better anchor of many replicas.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::{Anchor, AnchorError, Held, Move};
use crate::domain::anchor::{Head, JournalId, Link, Mark};

/// More than any mark is long.
const MAX_BYTES: u64 = 4 * 1024;
/// How long another process may hold the lock; it does for two writes of a disk.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// How often the lock is tried.
const LOCK_INTERVAL: Duration = Duration::from_millis(2);

/// The anchor in a file.
#[derive(Debug, Clone)]
pub struct FileAnchor {
    path: PathBuf,
    /// One at a time: a disk that hangs holds one thread and not all.
    turn: Arc<Mutex<()>>,
}

/// The file's contents.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    journal_id: String,
    epoch: u64,
    sequence: u64,
    link: String,
    at: String,
}

impl FileAnchor {
    /// The anchor in this file, which need not exist yet. Its folder is made when the first mark is written, the one above it
    /// never: a volume that is not mounted is no anchor.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, turn: Arc::default() }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, AnchorError> + Send + 'static,
    ) -> Result<T, AnchorError> {
        let (turn, path) = (Arc::clone(&self.turn).lock_owned().await, self.path.clone());
        let working = tokio::task::spawn_blocking(move || {
            let done = work(&path);
            drop(turn);
            done
        });
        working.await.map_err(AnchorError::unavailable)?
    }
}

#[async_trait]
impl Anchor for FileAnchor {
    async fn read(&self) -> Result<Option<Mark>, AnchorError> {
        self.blocking(|path| read(path).map_err(AnchorError::unavailable)?.mark()).await
    }

    async fn advance(&self, from: &Head, to: &Mark) -> Result<Mark, AnchorError> {
        let (to, asked) = (*to, Move::Advance { from: *from, to: *to });
        Ok(self.blocking(move |path| carry_out(path, &asked)).await?.unwrap_or(to))
    }

    async fn begin(&self, from: Option<&Mark>, to: &Mark) -> Result<bool, AnchorError> {
        let asked = Move::Begin { from: from.copied(), to: *to };
        Ok(self.blocking(move |path| carry_out(path, &asked)).await?.is_some())
    }
}

/// Carries out what is asked while nobody else touches the file, and answers what stands there then.
fn carry_out(path: &Path, asked: &Move) -> Result<Option<Mark>, AnchorError> {
    if matches!(asked, Move::Begin { .. }) {
        make_folder(path).map_err(AnchorError::unavailable)?;
    }
    let lock = match open(&beside(path, ".lock"), false) {
        // Without its folder there is no anchor either.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return asked.decide(Held::Nothing),
        lock => lock.map_err(AnchorError::unavailable)?,
    };
    take(&lock).map_err(AnchorError::unavailable)?;
    let held = read(path).map_err(AnchorError::unavailable)?;
    let wanted = asked.decide(held)?;
    if let Some(mark) = wanted
        && held != Held::Mark(mark)
    {
        write(path, &mark).map_err(AnchorError::unavailable)?;
    }
    Ok(wanted)
}

/// Takes the lock, unless its holder keeps it too long: one that was stopped in the middle may never let go.
fn take(lock: &File) -> io::Result<()> {
    let end = Instant::now() + LOCK_PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if Instant::now() >= end => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another process holds the anchor's lock"));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_INTERVAL),
        }
    }
}

fn read(path: &Path) -> io::Result<Held> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Held::Nothing),
        Err(error) => return Err(error),
    };
    let mut text = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut text)?;
    Ok(parse(&text).map_or(Held::Unreadable, Held::Mark))
}

fn parse(text: &[u8]) -> Option<Mark> {
    let written: Written = serde_json::from_slice(text).ok()?;
    let head = Head {
        journal: JournalId::from_text(&written.journal_id)?,
        epoch: written.epoch,
        sequence: written.sequence,
        link: Link::from_hex(&written.link)?,
    };
    Some(Mark { head, at: written.at.parse().ok()? })
}

fn write(path: &Path, mark: &Mark) -> io::Result<()> {
    let Mark { head, at } = mark;
    let written = Written {
        journal_id: head.journal.to_text(),
        epoch: head.epoch,
        sequence: head.sequence,
        link: head.link.to_hex(),
        at: at.to_string(),
    };
    let fresh = beside(path, ".new");
    let mut file = open(&fresh, true)?;
    serde_json::to_writer(&mut file, &written)?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    std::fs::rename(&fresh, path)?;
    File::open(folder(path))?.sync_all()
}

/// Opens a file for its owner alone, making it where it is missing.
fn open(path: &Path, anew: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(anew);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder(path)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
