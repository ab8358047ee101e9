//! The anchor: how far the signing journal had come, kept outside its database.
//!
//! It is one small record. Whoever moves it on does so in one step that
//! compares first: replicas share it, and none ever takes it back.

mod file;

use async_trait::async_trait;
use thiserror::Error;

use crate::domain::anchor::{Adrift, Head, Mark, moved};
pub use file::FileAnchor;

/// The anchor could not be read or moved.
#[derive(Debug, Error)]
pub enum AnchorError {
    /// It cannot be reached, read or written; it may have moved all the same.
    #[error("the anchor cannot be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What it holds is not the journal's that asked.
    #[error("the anchor does not stand where the journal does")]
    Adrift(#[source] Adrift),
}

impl AnchorError {
    pub(in crate::store) fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Box::new(cause))
    }
}

/// Where the mark is kept. Whatever is answered is durable.
#[async_trait]
pub trait Anchor: Send + Sync {
    /// Reads the mark; `None` where none was ever written.
    async fn read(&self) -> Result<Option<Mark>, AnchorError>;

    /// Moves the mark on where it stands at `from`, and answers what it is then: another one where another replica has moved it.
    async fn advance(&self, from: &Head, to: &Mark) -> Result<Mark, AnchorError>;

    /// Writes the first mark of an epoch in the place of `from`; one that cannot be read counts as none. Whether it did: not
    /// where something else stands there.
    async fn begin(&self, from: Option<&Mark>, to: &Mark) -> Result<bool, AnchorError>;
}

/// What is asked of an anchor.
#[derive(Debug, Clone)]
pub(in crate::store) enum Move {
    Advance { from: Head, to: Mark },
    Begin { from: Option<Mark>, to: Mark },
}

/// What stands in an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Held {
    Nothing,
    Unreadable,
    Mark(Mark),
}

impl Held {
    /// The mark, where that is what stands there.
    pub(in crate::store) fn mark(self) -> Result<Option<Mark>, AnchorError> {
        match self {
            Self::Nothing => Ok(None),
            Self::Unreadable => Err(AnchorError::Adrift(Adrift::Unreadable)),
            Self::Mark(mark) => Ok(Some(mark)),
        }
    }
}

impl Move {
    /// What is to stand there afterwards; `None` where something else than expected does.
    pub(in crate::store) fn decide(&self, held: Held) -> Result<Option<Mark>, AnchorError> {
        match self {
            Self::Advance { from, to } => moved(held.mark()?.as_ref(), from, to).map(Some).map_err(AnchorError::Adrift),
            Self::Begin { from: None, to } => Ok((!matches!(held, Held::Mark(_))).then_some(*to)),
            Self::Begin { from: Some(from), to } => Ok((held == Held::Mark(*from)).then_some(*to)),
        }
    }
}
