//! A settlement's life: what was asked, where it stands, and what each answer means.

mod adopted;
mod amounts;
mod change;
mod doubt;
mod event;
mod foreign;
mod intent;
mod movements;
mod once;
mod progress;
mod reason;
mod reconciliation;
#[cfg(test)]
mod reconciliation_tests;
mod shortfall;
mod standing;
#[cfg(test)]
mod standing_tests;
mod state;
#[cfg(test)]
mod tests;
mod venue;
mod verdict;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::ids::{CallerId, EnterpriseId, ExternalId, KeyId, Nonce, Notes};
use crate::domain::time::Cutoff;

pub use adopted::{AdoptedBy, AdoptedSettlement};
pub use amounts::{Leg, LegKey, LegsError, NetTotal, SettlementAmounts, Shape};
pub use change::{Change, Concern, Decision, IllegalChange, OBSERVED};
pub use doubt::{Absence, Doubt, Windows};
pub use event::{Meaning, SettlementEvent, VenueWord};
pub use foreign::{ForeignOrigin, ForeignSettlement, RecordedSettlement, is_foreign, origin};
pub(crate) use intent::names;
pub use intent::{AmountUnit, Asked, Intent, Route, body_digest};
pub use movements::{Accounts, UnreadableTransfer, legs_of};
pub use once::{Money, OnceRules, Twice};
pub use progress::Progress;
pub use reason::Reason;
pub use reconciliation::{Comparison, Details, Difference, MAX_DIFFERENCES, Reconciled, Reconciliation};
pub use shortfall::{Shortfall, shortfalls};
pub use standing::{Standing, WindowEnds};
pub use state::{NextAction, Outcome, State, next_action};
pub use venue::{DispatchAnswer, NetworkBalance, VenueError, VenueSettlement, VenueStatus};
pub use verdict::{bad_request, describe, forbidden, verdict};

/// A settlement as the journal holds it, without its large texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The journal's own id: a UUID of version 7, so that rows lie in the order of time.
    pub id: Uuid,
    /// What never changes, without the legs.
    pub header: Header,
    /// What does.
    pub progress: Progress,
    /// The file of the archive that its legs, large texts and changes have left to; `None` while the journal has them.
    pub archived_in: Option<String>,
}

impl Settlement {
    /// A settlement that is recorded now.
    #[must_use]
    pub fn received(id: Uuid, intent: &Intent, now: Timestamp) -> Self {
        Self { id, header: Header::of(intent, now), progress: Progress::received(now), archived_in: None }
    }

    /// This settlement with a change made.
    ///
    /// # Errors
    /// [`IllegalChange`] when its state does not allow the change.
    pub fn after(&self, change: &Change, now: Timestamp) -> Result<Self, IllegalChange> {
        let progress = self.progress.apply(change, self.header.route, now)?;
        Ok(Self { progress, ..self.clone() })
    }
}

/// What is fixed when a settlement is recorded: the [`Intent`] without its legs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Whose settlement.
    pub enterprise_id: EnterpriseId,
    /// The caller's name for it.
    pub external_id: ExternalId,
    /// The newest trade's time.
    pub cutoff: Option<Cutoff>,
    /// Free text.
    pub notes: Option<Notes>,
    /// The settlement that this one corrects.
    pub supersedes: Option<ExternalId>,
    /// The nonce that is signed.
    pub nonce: Nonce,
    /// The endpoint.
    pub route: Route,
    /// The unit of the amounts.
    pub amount_unit: AmountUnit,
    /// The key that signs.
    pub key_id: KeyId,
    /// Who asked.
    pub caller: CallerId,
    /// After this instant, what was never dispatched is never sent.
    pub submit_before: Option<Timestamp>,
    /// SHA-256 of the request's meaning.
    pub request_digest: [u8; 32],
    /// How many legs it has.
    pub leg_count: usize,
    /// When it was recorded.
    pub created_at: Timestamp,
}

impl Header {
    /// The paths of the fields in which a later request under the same id differs in meaning.
    ///
    /// The digest stands for the legs, so that this is told without them. A repeat without a nonce compares equal, since it asks
    /// for whichever nonce was drawn.
    #[must_use]
    pub fn differences(&self, again: &Asked) -> Vec<&'static str> {
        let same_legs = Asked {
            enterprise_id: self.enterprise_id.clone(),
            external_id: self.external_id.clone(),
            amounts: again.amounts.clone(),
            cutoff: self.cutoff,
            notes: self.notes.clone(),
            nonce: None,
            supersedes: self.supersedes.clone(),
        };
        let checks = [
            ("settlement_amounts", same_legs.digest() != self.request_digest),
            ("cutoff_at", self.cutoff != again.cutoff),
            ("notes", self.notes != again.notes),
            ("nonce", again.nonce.as_ref().is_some_and(|nonce| *nonce != self.nonce)),
            ("supersedes", self.supersedes != again.supersedes),
        ];
        checks.into_iter().filter(|(_, differs)| *differs).map(|(path, _)| path).collect()
    }

    /// The header of an intent that is recorded now.
    #[must_use]
    pub fn of(intent: &Intent, now: Timestamp) -> Self {
        Self {
            enterprise_id: intent.asked.enterprise_id.clone(),
            external_id: intent.asked.external_id.clone(),
            cutoff: intent.asked.cutoff,
            notes: intent.asked.notes.clone(),
            supersedes: intent.asked.supersedes.clone(),
            nonce: intent.nonce.clone(),
            route: intent.route,
            amount_unit: intent.amount_unit,
            key_id: intent.key_id.clone(),
            caller: intent.caller.clone(),
            submit_before: intent.submit_before,
            request_digest: intent.asked.digest(),
            leg_count: intent.asked.amounts.legs().len(),
            created_at: now,
        }
    }
}

/// One line of a settlement's timeline: a change, as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineEntry {
    /// The settlement's sequence after the change.
    pub sequence: u64,
    /// The change's name; `RECEIVED` for the first.
    pub change: String,
    /// The state after it.
    pub state: State,
    /// Why.
    pub reason: Option<Reason>,
    /// The same in a sentence.
    pub detail: Option<String>,
    /// How often the body had been handed to the network by then.
    pub attempts: u32,
    /// When.
    pub at: Timestamp,
}
