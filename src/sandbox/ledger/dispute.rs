//! Disputes in the ledger: what was raised on a settlement, and how it was closed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::book::Book;
use super::record::{Settlement, Transfer};

/// A client's dispute of what a settlement says of one connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Dispute {
    /// The venue's id, a UUID.
    pub(crate) id: String,
    /// The partner's enterprise.
    pub(crate) enterprise: String,
    /// The connection whose client disputes.
    pub(crate) connection: String,
    /// The venue's id of the settlement that is disputed.
    pub(crate) settlement_id: String,
    /// What the client expected, by currency: positive amounts to receive.
    pub(crate) expected: BTreeMap<String, String>,
    /// Why.
    pub(crate) reason: Option<String>,
    /// When it was raised.
    pub(crate) created_ms: i64,
    /// When it last changed.
    pub(crate) updated_ms: i64,
    /// When and why it was taken back.
    pub(crate) retraction: Option<Retraction>,
    /// How it was closed.
    pub(crate) closure: Option<Closure>,
    /// The venue's id of the settlement that carries what was agreed.
    pub(crate) settled_in: Option<String>,
}

/// A client's taking a dispute back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Retraction {
    /// When.
    pub(crate) at_ms: i64,
    /// Why.
    pub(crate) reason: Option<String>,
}

/// How a dispute was closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Closure {
    /// The venue's id, a UUID.
    pub(crate) id: String,
    /// `client` where the original transfers hold after all, `admin` where others were agreed.
    pub(crate) closed_by: String,
    /// Why.
    pub(crate) notes: String,
    /// When.
    pub(crate) at_ms: i64,
    /// What was agreed, by currency: positive amounts for the client to receive.
    pub(crate) adjusted: BTreeMap<String, String>,
    /// The movements of money that carry it.
    pub(crate) transfers: Vec<Transfer>,
}

impl Dispute {
    /// Whether the disputed transfers stay out of their settlement.
    pub(crate) fn stands(&self) -> bool {
        self.retraction.is_none()
    }

    /// Whether it waits for a settlement to carry what was agreed.
    fn waits(&self) -> bool {
        self.stands() && self.closure.is_some() && self.settled_in.is_none()
    }
}

impl Book {
    /// A dispute by its id.
    pub(crate) fn dispute(&self, id: &str) -> Option<&Dispute> {
        self.disputes.get(id)
    }

    /// All disputes of a partner's settlements, oldest first.
    pub(crate) fn disputes(&self, enterprise: &str) -> Vec<&Dispute> {
        let mut found: Vec<&Dispute> = self.disputes.values().filter(|dispute| dispute.enterprise == enterprise).collect();
        found.sort_by_key(|dispute| (dispute.created_ms, &dispute.id));
        found
    }

    /// All disputes of all partners' settlements.
    pub(crate) fn all_disputes(&self) -> impl Iterator<Item = &Dispute> {
        self.disputes.values()
    }

    /// The closed disputes that no settlement has taken in, oldest first.
    pub(crate) fn unassigned_disputes(&self, enterprise: &str) -> Vec<&Dispute> {
        self.disputes(enterprise).into_iter().filter(|dispute| dispute.waits()).collect()
    }

    /// Whether a dispute was ever raised on a settlement.
    pub(crate) fn is_disputed(&self, settlement_id: &str) -> bool {
        self.disputes.values().any(|dispute| dispute.settlement_id == settlement_id)
    }

    pub(super) fn raise(&mut self, dispute: Dispute) {
        self.dispute_transfers(&dispute, true, &[]);
        self.disputes.insert(dispute.id.clone(), dispute);
    }

    pub(super) fn retract(&mut self, id: &str, retraction: Retraction) {
        let Some(mut dispute) = self.disputes.remove(id) else { return };
        self.dispute_transfers(&dispute, false, &[]);
        dispute.updated_ms = retraction.at_ms;
        dispute.retraction = Some(retraction);
        self.disputes.insert(dispute.id.clone(), dispute);
    }

    pub(super) fn close(&mut self, id: &str, closure: Closure, settled_in: Option<String>) {
        let Some(mut dispute) = self.disputes.remove(id) else { return };
        if settled_in.is_some() {
            self.dispute_transfers(&dispute, true, &closure.transfers);
        }
        dispute.updated_ms = closure.at_ms;
        dispute.closure = Some(closure);
        dispute.settled_in = settled_in;
        self.disputes.insert(dispute.id.clone(), dispute);
    }

    /// Assigns disputes to a settlement, or frees them.
    pub(super) fn assign_disputes(&mut self, ids: &[String], settlement_id: Option<&str>) {
        for id in ids {
            if let Some(dispute) = self.disputes.get_mut(id) {
                dispute.settled_in = settlement_id.map(str::to_owned);
            }
        }
    }

    /// Keeps what a dispute is about out of its settlement, or lets it in again, and adds what was agreed instead.
    fn dispute_transfers(&mut self, dispute: &Dispute, disputed: bool, agreed: &[Transfer]) {
        let change = |settlement: &mut Settlement| {
            let own = settlement.transfers.iter_mut().filter(|one| one.concerns(&dispute.connection));
            own.filter(|one| one.dispute_closure_id.is_none()).for_each(|one| one.disputed = disputed);
            settlement.transfers.extend_from_slice(agreed);
            if !agreed.is_empty() {
                settlement.settling_disputes.push(dispute.id.clone());
            }
        };
        self.change_settlement(&dispute.settlement_id, change);
    }
}
