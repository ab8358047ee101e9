//! The venues' own books: balances, settlements, quotes, and what arrived.
//!
//! Every change is a record that is written (and, where an answer depends on
//! it, synced) before it is applied, and applied before the answer is sent. A
//! restart replays the records.

mod book;
mod decimal;
mod dispute;
mod journal;
mod record;
mod snapshot;
mod trade;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bigdecimal::BigDecimal;
use thiserror::Error;

pub(crate) use book::Book;
pub(crate) use dispute::{Closure, Dispute, Retraction};
pub(crate) use journal::Durability;
#[cfg(test)]
pub(crate) use record::Confirmation;
pub(crate) use record::{Account, Ended, Funding, Quote, Record, Settlement, Status, Transfer};
pub use snapshot::{DisputeEntry, LedgerSnapshot, QuoteEntry, SettlementEntry, TradeEntry, WriteEntry};
pub(crate) use trade::{Move, TradeAffirmation, TradeSettlement};

use journal::Journal;

/// Why the ledger could not do what it was asked to.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The file could not be opened, read or written.
    #[error("the sandbox's ledger file failed")]
    File(#[source] io::Error),
    /// Another sandbox has the file.
    #[error("the sandbox's ledger file is in use by another process")]
    InUse,
    /// A line that is not the last cannot be read.
    #[error("line {line} of the sandbox's ledger file is damaged")]
    Damaged {
        /// The line, counted from 1.
        line: usize,
        /// What the reader says.
        #[source]
        cause: serde_json::Error,
    },
    /// A record could not be written as JSON.
    #[error("a record of the sandbox's ledger could not be written")]
    Unwritable(#[source] serde_json::Error),
    /// An earlier write failed, so that the file's end is unknown.
    #[error("the sandbox's ledger takes no more records since a write failed")]
    Broken,
    /// The task that held the ledger ended early.
    #[error("the sandbox's ledger was interrupted")]
    Interrupted,
}

/// The books and the file under them.
pub(crate) struct Ledger {
    inner: Mutex<Writer>,
}

/// The ledger while one caller has it to itself.
pub(crate) struct Writer {
    book: Book,
    journal: Journal,
}

impl Writer {
    /// The present state.
    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    /// Writes a record, then applies it.
    ///
    /// # Errors
    /// [`LedgerError`] when it could not be written; nothing is applied then.
    pub(crate) fn commit(&mut self, record: Record, durability: Durability) -> Result<(), LedgerError> {
        self.journal.append(&record, durability)?;
        self.book.apply(record);
        Ok(())
    }
}

impl Ledger {
    /// Opens the ledger, or starts an empty one that keeps nothing where there is no directory.
    ///
    /// # Errors
    /// [`LedgerError`] when the file is in use, damaged or cannot be read.
    pub(crate) fn open(dir: Option<&Path>, defaults: HashMap<String, BigDecimal>) -> Result<Self, LedgerError> {
        let (journal, records) = match dir {
            Some(dir) => Journal::open(dir)?,
            None => (Journal::nowhere(), Vec::new()),
        };
        let mut book = Book::with_defaults(defaults);
        records.into_iter().for_each(|record| book.apply(record));
        Ok(Self { inner: Mutex::new(Writer { book, journal }) })
    }

    fn lock(&self) -> MutexGuard<'_, Writer> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the present state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Book) -> T) -> T {
        look(&self.lock().book)
    }

    /// Runs one change at a time, here and now.
    ///
    /// # Errors
    /// What the change answers.
    pub(crate) fn change_now<T>(&self, change: impl FnOnce(&mut Writer) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        change(&mut self.lock())
    }

    /// Runs one change at a time, away from the threads that serve requests, since syncing a file blocks.
    ///
    /// # Errors
    /// What the change answers, or [`LedgerError::Interrupted`].
    pub(crate) async fn change<T, F>(self: &Arc<Self>, change: F) -> Result<T, LedgerError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Writer) -> Result<T, LedgerError> + Send + 'static,
    {
        let ledger = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || ledger.change_now(change));
        task.await.unwrap_or(Err(LedgerError::Interrupted))
    }
}
