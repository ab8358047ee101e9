//! What a post does to the ledger: idempotency, balances and windows.

use uuid::Uuid;

use crate::sandbox::config::{SandboxEnterprise, UnfundedV2};
use crate::sandbox::ledger::{Durability, LedgerError, Record, Settlement, Status, Transfer, Writer};

use super::content::Content;

/// Why a settlement failed, in the venue's words.
const SHORT: &str = "insufficient funds";

/// A checked and signed post.
pub(crate) struct Posting {
    enterprise: String,
    external_id: String,
    body_sha256: String,
    notes: Option<String>,
    cutoff_at: Option<String>,
    transfers: Vec<Transfer>,
    /// When its clients can dispute no more; `None` for v1, which settles at once.
    dispute_ends_ms: Option<i64>,
    /// When its windows end; `None` for v1.
    due_ms: Option<i64>,
    unfunded: UnfundedV2,
    /// The closed disputes that it pulls in.
    settling_disputes: Vec<String>,
}

/// What became of a post.
pub(crate) enum Posted {
    /// The settlement as it is now, new or found.
    Settlement(Box<Settlement>),
    /// Another body holds the external id.
    Conflict,
    /// The liabilities of a connection exceed its balance.
    Unfunded,
}

impl Posting {
    /// A post to v1.
    pub(crate) fn v1(enterprise: &SandboxEnterprise, content: &Content, body_sha256: String) -> Self {
        let transfer = |leg: &super::amounts::Leg| Transfer {
            id: Uuid::new_v4().to_string(),
            source: leg.party.clone(),
            destination: leg.connection.clone(),
            currency: leg.currency.clone(),
            quantity: leg.quantity.clone(),
            dispute_closure_id: None,
            disputed: false,
        };
        Self {
            enterprise: enterprise.enterprise_id.clone(),
            external_id: content.external_id().to_owned(),
            body_sha256,
            notes: content.notes().map(str::to_owned),
            cutoff_at: None,
            transfers: content.legs.iter().map(transfer).collect(),
            dispute_ends_ms: None,
            due_ms: None,
            unfunded: enterprise.unfunded,
            settling_disputes: Vec::new(),
        }
    }

    /// A post to v2: its windows start now.
    pub(crate) fn v2(enterprise: &SandboxEnterprise, content: &Content, body_sha256: String, now_ms: i64) -> Self {
        Self {
            cutoff_at: content.cutoff_at().map(str::to_owned),
            dispute_ends_ms: Some(now_ms + enterprise.dispute_window_ms),
            due_ms: Some(now_ms + enterprise.dispute_window_ms + enterprise.top_up_window_ms),
            ..Self::v1(enterprise, content, body_sha256)
        }
    }

    /// Takes effect.
    ///
    /// # Errors
    /// [`LedgerError`] when the ledger cannot be written; nothing took effect then.
    pub(crate) fn post(self, ledger: &mut Writer, now_ms: i64) -> Result<Posted, LedgerError> {
        match ledger.book().settlement(&self.enterprise, &self.external_id).cloned() {
            Some(found) if found.body_sha256 != self.body_sha256 => Ok(Posted::Conflict),
            Some(found) => repeat(ledger, found, now_ms),
            None => self.create(ledger, now_ms),
        }
    }

    fn create(mut self, ledger: &mut Writer, now_ms: i64) -> Result<Posted, LedgerError> {
        if self.due_ms.is_some() {
            let disputes = ledger.book().unassigned_disputes(&self.enterprise);
            self.settling_disputes = disputes.iter().map(|dispute| dispute.id.clone()).collect();
            let closures = disputes.iter().filter_map(|dispute| dispute.closure.as_ref());
            self.transfers.extend(closures.flat_map(|closure| closure.transfers.iter().cloned()));
        }
        let unfunded = self.due_ms.is_some() && !ledger.book().connections_cover(&self.enterprise, &self.transfers);
        if unfunded && self.unfunded == UnfundedV2::NotCreated {
            return Ok(Posted::Unfunded);
        }
        let mut settlement = self.into_settlement(now_ms);
        if settlement.due_ms.is_none() {
            let paid = ledger.book().all_cover(&settlement);
            settlement.status = if paid { Status::Completed } else { Status::Failed };
            settlement.finalized_ms = paid.then_some(now_ms);
            settlement.reason = (!paid).then(|| SHORT.to_owned());
        }
        ledger.commit(Record::Created(Box::new(settlement.clone())), Durability::Synced)?;
        Ok(if unfunded { Posted::Unfunded } else { Posted::Settlement(Box::new(settlement)) })
    }

    fn into_settlement(self, now_ms: i64) -> Settlement {
        Settlement {
            id: Uuid::new_v4().to_string(),
            enterprise: self.enterprise,
            external_id: self.external_id,
            body_sha256: self.body_sha256,
            status: Status::Pending,
            reason: None,
            notes: self.notes,
            cutoff_at: self.cutoff_at,
            created_ms: now_ms,
            updated_ms: now_ms,
            finalized_ms: None,
            dispute_ends_ms: self.dispute_ends_ms,
            due_ms: self.due_ms,
            transfers: self.transfers,
            settling_disputes: self.settling_disputes,
        }
    }
}

/// The same body again: nothing new, but a v1 settlement that failed is tried once more.
fn repeat(ledger: &mut Writer, found: Settlement, now_ms: i64) -> Result<Posted, LedgerError> {
    if found.due_ms.is_none() && found.status == Status::Failed && ledger.book().all_cover(&found) {
        ledger.commit(settled(&found, now_ms), Durability::Synced)?;
    }
    let now = ledger.book().settlement(&found.enterprise, &found.external_id).cloned();
    Ok(Posted::Settlement(Box::new(now.unwrap_or(found))))
}

/// Processes the asynchronous settlements whose windows have ended; those that are short of funds fail and are tried again later.
///
/// # Errors
/// [`LedgerError`] when the ledger cannot be written.
pub(crate) fn process_due(ledger: &mut Writer, now_ms: i64) -> Result<(), LedgerError> {
    let due: Vec<Settlement> = ledger.book().due(now_ms).into_iter().cloned().collect();
    for settlement in due {
        if ledger.book().all_cover(&settlement) {
            ledger.commit(settled(&settlement, now_ms), Durability::Written)?;
        } else if settlement.status == Status::Pending {
            let Settlement { enterprise, external_id, .. } = settlement;
            let failed = Record::Failed { enterprise, external_id, at_ms: now_ms, reason: SHORT.to_owned() };
            ledger.commit(failed, Durability::Written)?;
        }
    }
    Ok(())
}

/// Turns a settlement down for good; one whose money has moved stays as it is.
///
/// # Errors
/// [`LedgerError`] when the ledger cannot be written.
pub(crate) fn reject(ledger: &mut Writer, name: (&str, &str), reason: &str, now_ms: i64) -> Result<bool, LedgerError> {
    let (enterprise, external_id) = (name.0.to_owned(), name.1.to_owned());
    let open = [Status::Pending, Status::Failed];
    if !ledger.book().settlement(name.0, name.1).is_some_and(|found| open.contains(&found.status)) {
        return Ok(false);
    }
    let record = Record::Rejected { enterprise, external_id, at_ms: now_ms, reason: reason.to_owned() };
    ledger.commit(record, Durability::Synced)?;
    Ok(true)
}

fn settled(settlement: &Settlement, at_ms: i64) -> Record {
    Record::Settled { enterprise: settlement.enterprise.clone(), external_id: settlement.external_id.clone(), at_ms }
}
