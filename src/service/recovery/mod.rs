//! What is done by hand when the journal and the venues may not agree: repair after rows were lost, adopt before a first use,
//! and hand out signed bodies while the gateway cannot send them.
//!
//! Nothing here is signed or sent. Whatever is written may be written again: a
//! run that was killed anywhere is run once more.

mod adopt;
mod export_signed;
mod expose;
mod repair;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use super::anchor::Unanchored;
use super::created_since::created_since;
use super::diagnosis::{Diagnosis, DiagnosisError, diagnose};
use super::directory::{Directory, Enterprise};
use crate::domain::anchor::Adrift;
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::{AdoptedBy, AdoptedSettlement, VenueSettlement};
use crate::domain::time::Clock;
use crate::store::{Anchor, AnchorError, Store, StoreError};
use crate::upstream::VenueFailure;
pub use export_signed::{SignedBody, SignedFilter};
pub use repair::{RepairOptions, RepairReport, Unfinished, UnknownTrade};

/// How many settlements are adopted in one transaction.
const ADOPTED_AT_ONCE: usize = 200;

/// The ports behind what is done by hand.
pub struct Recovery {
    store: Arc<dyn Store>,
    anchor: Arc<dyn Anchor>,
    directory: Arc<Directory>,
    clock: Arc<dyn Clock>,
    /// How long a worker's lease lasts: so long one is waited for.
    lease: Duration,
}

/// Why something was not done, or not to its end. It may be run again.
#[derive(Debug, Error)]
pub enum RecoveryError {
    /// The journal did not answer.
    #[error("the journal did not answer")]
    Store(#[from] StoreError),
    /// The anchor did not answer.
    #[error("the anchor did not answer")]
    Anchor(#[source] AnchorError),
    /// The venue did not tell what it has.
    #[error("the venue did not tell what {enterprise} has there")]
    Venue {
        /// Whose settlements were asked for.
        enterprise: EnterpriseId,
        /// Why.
        #[source]
        failure: VenueFailure,
    },
    /// The journal may have forgotten what was signed.
    #[error("the journal must be repaired first")]
    Adrift(#[source] Adrift),
    /// The anchor is another journal's, and nobody said that this is meant.
    #[error(
        "the anchor is another journal's: the database may be the wrong one; say so where it is meant to take that one's place"
    )]
    OtherJournal,
    /// What is handed out must be anchored first.
    #[error("nothing is handed out")]
    Unanchored(#[source] Unanchored),
    /// A worker holds a settlement and does not give it back.
    #[error("settlement {0} is held by a worker; stop every gateway over this journal, or run this again later")]
    Held(ExternalId),
    /// The anchor or the journal was moved by somebody else meanwhile.
    #[error("somebody else has moved the journal or its anchor meanwhile; run this again")]
    Moved,
}

/// What an enterprise has at the venue.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Whose.
    pub enterprise_id: EnterpriseId,
    /// How many settlements the venue showed.
    pub shown: usize,
    /// Those that were adopted now.
    pub adopted: Vec<AdoptedSettlement>,
    /// Those whose external ids are none that anybody could ask for here.
    pub unnamed: Vec<VenueSettlement>,
}

impl Recovery {
    /// Over these ports.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        anchor: Arc<dyn Anchor>,
        directory: Arc<Directory>,
        clock: Arc<dyn Clock>,
        lease: Duration,
    ) -> Self {
        Self { store, anchor, directory, clock, lease }
    }

    /// How the journal stands to its anchor now; nothing is changed.
    ///
    /// # Errors
    /// [`RecoveryError::Anchor`] or [`RecoveryError::Store`] when one of the two does not answer, [`RecoveryError::Moved`].
    pub async fn diagnose(&self) -> Result<Diagnosis, RecoveryError> {
        diagnose(self.store.as_ref(), self.anchor.as_ref()).await.map_err(|error| match error {
            DiagnosisError::Store(error) => RecoveryError::Store(error),
            DiagnosisError::Anchor(error) => RecoveryError::Anchor(error),
            DiagnosisError::Moving => RecoveryError::Moved,
        })
    }

    /// Closes the journal.
    ///
    /// # Errors
    /// [`StoreError`] when it does not close in order.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.store.close().await
    }

    /// Lists what each enterprise that settles has at the venue since then, and adopts what the journal does not hold.
    async fn adopt_since(&self, since: Option<Timestamp>, by: AdoptedBy) -> Result<Vec<Listed>, RecoveryError> {
        let mut listed = Vec::new();
        for enterprise in self.directory.enterprises().filter(|enterprise| enterprise.settles.is_some()) {
            listed.push(self.adopt_of(enterprise, since, by).await?);
        }
        Ok(listed)
    }

    async fn adopt_of(&self, enterprise: &Enterprise, since: Option<Timestamp>, by: AdoptedBy) -> Result<Listed, RecoveryError> {
        let failed = |failure| RecoveryError::Venue { enterprise: enterprise.id.clone(), failure };
        let shown = created_since(enterprise, since).await.map_err(failed)?;
        let (count, now) = (shown.len(), self.clock.now());
        let (mut named, mut unnamed) = (Vec::new(), Vec::new());
        for venue in shown {
            match AdoptedSettlement::of(&enterprise.id, venue.clone(), by, now) {
                Some(found) => named.push(found),
                None => unnamed.push(venue),
            }
        }
        let mut adopted = Vec::new();
        for page in named.chunks(ADOPTED_AT_ONCE) {
            adopted.extend(self.store.adopt(page).await?);
        }
        Ok(Listed { enterprise_id: enterprise.id.clone(), shown: count, adopted, unnamed })
    }
}
