//! An anchor in memory, which several gateways may share and which can be told to fail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use settlement_gateway::domain::anchor::{Head, Mark, moved};
use settlement_gateway::store::{Anchor, AnchorError};

/// The anchor.
#[derive(Default)]
pub(crate) struct MemoryAnchor {
    held: Mutex<Option<Mark>>,
    late: Mutex<Option<Option<Mark>>>,
    fails: AtomicBool,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl MemoryAnchor {
    /// What it holds.
    pub(crate) fn held(&self) -> Option<Mark> {
        *self.held.lock().unwrap()
    }

    /// Puts something else in its place, as a restored copy would.
    pub(crate) fn put(&self, mark: Option<Mark>) {
        *self.held.lock().unwrap() = mark;
    }

    /// The next answer is one that was on its way while others moved the anchor.
    pub(crate) fn answer_once_with(&self, mark: Option<Mark>) {
        *self.late.lock().unwrap() = Some(mark);
    }

    /// From now on it can, or cannot, be reached.
    pub(crate) fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    /// How often it was read.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// How often something was written.
    pub(crate) fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    fn reached(&self) -> Result<(), AnchorError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(AnchorError::Unavailable("the anchor is out of reach".into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Anchor for MemoryAnchor {
    async fn read(&self) -> Result<Option<Mark>, AnchorError> {
        self.reached()?;
        self.reads.fetch_add(1, Ordering::SeqCst);
        let late = self.late.lock().unwrap().take();
        Ok(late.unwrap_or_else(|| self.held()))
    }

    async fn advance(&self, from: &Head, to: &Mark) -> Result<Mark, AnchorError> {
        self.reached()?;
        let mut held = self.held.lock().unwrap();
        let kept = moved(held.as_ref(), from, to).map_err(AnchorError::Adrift)?;
        self.writes.fetch_add(1, Ordering::SeqCst);
        *held = Some(kept);
        Ok(kept)
    }

    async fn begin(&self, from: Option<&Mark>, to: &Mark) -> Result<bool, AnchorError> {
        self.reached()?;
        let mut held = self.held.lock().unwrap();
        let as_expected = held.as_ref() == from;
        if as_expected {
            self.writes.fetch_add(1, Ordering::SeqCst);
            *held = Some(*to);
        }
        Ok(as_expected)
    }
}
