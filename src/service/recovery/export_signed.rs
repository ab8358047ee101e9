//! Handing out signed bodies, to be posted by hand while the gateway cannot send them.

use super::{Recovery, RecoveryError};
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::domain::settlement::{Change, Reason, Route, Settlement, State};
use crate::domain::signing::PayloadDigest;
use crate::service::anchor::AnchorKeeper;
use crate::store::StoreError;

/// How many rows are read at once.
const PAGE: u32 = 200;

/// Which settlements are handed out.
#[derive(Debug, Clone, Default)]
pub struct SignedFilter {
    /// Of this enterprise alone.
    pub enterprise_id: Option<EnterpriseId>,
    /// This one alone.
    pub external_id: Option<ExternalId>,
}

/// A signed body, exactly as the gateway sends it.
#[derive(Debug, Clone)]
pub struct SignedBody {
    /// The settlement, as it stands now.
    pub settlement: Settlement,
    /// Its route at the venue.
    pub route: Route,
    /// The bytes.
    pub body: Vec<u8>,
    /// The digest of the payload that is signed in it.
    pub payload_digest: Option<PayloadDigest>,
}

impl SignedFilter {
    fn takes(&self, settlement: &Settlement) -> bool {
        let header = &settlement.header;
        self.enterprise_id.as_ref().is_none_or(|id| *id == header.enterprise_id)
            && self.external_id.as_ref().is_none_or(|id| *id == header.external_id)
    }
}

impl Recovery {
    /// The stored bodies of settlements that are signed and unfinished. From then on such a settlement may be at the venue by
    /// way of a person: that is recorded before its body is handed out, so that it is read back, and neither cancelled nor
    /// expired.
    ///
    /// # Errors
    /// [`RecoveryError::Unanchored`] where what was signed, or that it is handed out, does not stand in the anchor; what the journal may fail with.
    pub async fn export_signed(&self, filter: &SignedFilter) -> Result<Vec<SignedBody>, RecoveryError> {
        let keeper = AnchorKeeper::new(self.store.clone(), self.anchor.clone(), self.clock.clone());
        keeper.look().await.map_err(RecoveryError::Unanchored)?;
        let (mut bodies, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.unfinished(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for settlement in page.into_iter().filter(|settlement| filter.takes(settlement)) {
                if can_be_posted(&settlement) {
                    bodies.push(self.handed_out(settlement).await?);
                }
            }
        }
        keeper.cover().await.map_err(RecoveryError::Unanchored)?;
        Ok(bodies)
    }

    async fn handed_out(&self, settlement: Settlement) -> Result<SignedBody, RecoveryError> {
        let material = self.store.material(settlement.id).await?;
        let body = material.body.ok_or_else(|| StoreError::Damaged("a signed settlement has no body".into()))?;
        let settlement = if settlement.progress.never_sent() {
            let detail = "its signed body was handed out, to be posted by hand".to_owned();
            let change = Change::Exposed { refusal: None, reason: Reason::ExportedByOperator, detail };
            self.expose(&settlement, &change).await?.unwrap_or(settlement)
        } else {
            settlement
        };
        let (route, payload_digest) = (settlement.header.route, settlement.progress.payload_digest);
        Ok(SignedBody { settlement, route, body, payload_digest })
    }
}

/// Whether the identical call may be made: it is signed and on its way, or the venue waits for it again (v1).
fn can_be_posted(settlement: &Settlement) -> bool {
    let progress = &settlement.progress;
    let on_its_way = matches!(progress.state, State::Signed | State::Submitting | State::OutcomeUnknown);
    let waits_for_it = matches!(progress.state, State::Pending | State::AwaitingFunds) && settlement.header.route == Route::V1;
    progress.signature.is_some() && (on_its_way || waits_for_it)
}
