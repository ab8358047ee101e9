//! How the journal stands to its anchor, as both are at this moment. Nothing is changed.
//!
//! The anchor is read first: the journal that is read after it must be as far.
//! Another replica may begin an epoch between the two, or a repair may, so a
//! journal is called adrift only where the anchor has stayed as it was.

use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;

use crate::domain::anchor::{Adrift, Head, Mark, Standing, judge};
use crate::store::{Anchor, AnchorError, Store, StoreError};

/// How long the anchor may take: a disk that hangs holds nobody for ever.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How often replicas may get in each other's way before a look is given up.
pub(super) const MAX_MOVES: usize = 64;

/// How the journal stands to its anchor.
#[derive(Debug, Clone, Copy)]
pub struct Diagnosis {
    /// How far the journal has come.
    pub head: Head,
    /// What the anchor holds, where that can be understood.
    pub mark: Option<Mark>,
    /// Whether the journal may be used.
    pub verdict: Result<Standing, Adrift>,
}

/// Why it cannot be told how the journal stands.
#[derive(Debug, Error)]
pub enum DiagnosisError {
    /// The journal did not answer.
    #[error("the journal did not answer")]
    Store(#[from] StoreError),
    /// The anchor did not answer.
    #[error("the anchor did not answer")]
    Anchor(#[source] AnchorError),
    /// The anchor was another one at each look.
    #[error("somebody else moves the anchor again and again")]
    Moving,
}

/// Holds the journal against its anchor.
///
/// # Errors
/// [`DiagnosisError`]: then nothing is known.
pub async fn diagnose(store: &dyn Store, anchor: &dyn Anchor) -> Result<Diagnosis, DiagnosisError> {
    let mut held = read(anchor).await?;
    for _ in 0..MAX_MOVES {
        let mark = held.ok().flatten();
        let head = store.head().await?;
        let link = store.link_at(mark.map_or(0, |mark| mark.head.sequence)).await?;
        let verdict = held.and_then(|mark| judge(&head, mark.as_ref(), link));
        let again = if verdict.is_ok() { held } else { read(anchor).await? };
        if again == held {
            return Ok(Diagnosis { head, mark, verdict });
        }
        held = again;
    }
    Err(DiagnosisError::Moving)
}

/// What the anchor holds, within patience.
async fn read(anchor: &dyn Anchor) -> Result<Result<Option<Mark>, Adrift>, DiagnosisError> {
    match timeout(PATIENCE, anchor.read()).await {
        Ok(Ok(mark)) => Ok(Ok(mark)),
        Ok(Err(AnchorError::Adrift(adrift))) => Ok(Err(adrift)),
        Ok(Err(error)) => Err(DiagnosisError::Anchor(error)),
        Err(elapsed) => Err(DiagnosisError::Anchor(AnchorError::Unavailable(Box::new(elapsed)))),
    }
}
