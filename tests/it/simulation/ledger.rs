//! What the venue has, and what was sent and signed on the way there: two recorders that no gateway can reach.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;
use settlement_gateway::custody::message_digest;
use settlement_gateway::domain::network::{Connection, PartnerSettlement};
use settlement_gateway::domain::settlement::{VenueSettlement, VenueStatus};
use settlement_gateway::domain::time::later;
use settlement_gateway::domain::transfer::{Transfer, TransferParty, TransferStatus};
use sha2::{Digest, Sha256};

use super::dice::Dice;

/// A settlement's name: its enterprise's and its own.
pub(crate) type Name = (String, String);

/// A settlement at the venue.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) external_id: String,
    pub(crate) body: [u8; 32],
    /// Connection, currency and amount of each leg, as posted.
    pub(crate) legs: Vec<(String, String, String)>,
    cutoff_at: Option<Timestamp>,
    /// Its statuses, each with the instant from which it holds; the first is its creation's.
    statuses: Vec<(Timestamp, VenueStatus)>,
}

/// What came of a body that reached the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    Created,
    /// The same bytes as before.
    Known,
    /// Other bytes than before.
    Conflict,
}

/// Everything that the two recorders have.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) entries: BTreeMap<Name, Entry>,
    /// Every different body that was handed to the network, by its hash.
    pub(crate) sent: BTreeMap<Name, BTreeSet<[u8; 32]>>,
    /// How often.
    pub(crate) sends: BTreeMap<Name, u32>,
    /// Whose payload each digest is that the venue gave for signing.
    pub(crate) payloads: BTreeMap<[u8; 32], Name>,
    /// Every different digest that the key was asked to sign.
    pub(crate) signed: BTreeMap<Name, BTreeSet<[u8; 32]>>,
    /// What the venue had when the journal was repaired: nothing may be signed for it any more.
    pub(crate) closed: BTreeSet<Name>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The hash by which bodies are compared.
pub(crate) fn hash(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// Whose body it is.
pub(crate) fn name_of(enterprise: &str, body: &[u8]) -> Name {
    let body: Value = serde_json::from_slice(body).unwrap();
    (enterprise.to_owned(), text(&body["externalId"]))
}

impl Ledger {
    /// Notes whose payload this is.
    pub(crate) fn gives(&mut self, name: Name, payload: &str) {
        self.payloads.insert(message_digest(payload), name);
    }

    /// Takes a body that has reached the venue: once for each name, and the same bytes change nothing.
    pub(crate) fn arrives(&mut self, enterprise: &str, body: &[u8], now: Timestamp, dice: &Dice) -> Arrival {
        let name = name_of(enterprise, body);
        let hash = hash(body);
        if let Some(entry) = self.entries.get(&name) {
            return if entry.body == hash { Arrival::Known } else { Arrival::Conflict };
        }
        let body: Value = serde_json::from_slice(body).unwrap();
        let amounts = body["settlementAmounts"].as_object().unwrap().iter();
        let legs = amounts.flat_map(|(connection, currencies)| {
            let currencies = currencies.as_object().unwrap().iter();
            currencies.map(|(currency, amount)| (connection.clone(), currency.clone(), text(amount)))
        });
        let entry = Entry {
            id: format!("venue-{}", self.entries.len()),
            external_id: name.1.clone(),
            body: hash,
            legs: legs.collect(),
            cutoff_at: body["cutoffAt"].as_str().map(|at| at.parse().unwrap()),
            statuses: life(now, dice),
        };
        self.entries.insert(name, entry);
        Arrival::Created
    }

    /// What the venue shows as of an instant.
    pub(crate) fn shown(&self, name: &Name, as_of: Timestamp) -> Option<VenueSettlement> {
        self.entries.get(name)?.shown(as_of)
    }

    /// What the venue lists of an enterprise: created at or after an instant, as of another.
    pub(crate) fn listed(&self, enterprise: &str, from: Option<Timestamp>, as_of: Timestamp) -> Vec<VenueSettlement> {
        let of_enterprise = self.entries.iter().filter(|(name, _)| name.0 == enterprise);
        let shown = of_enterprise.filter_map(|(_, entry)| entry.shown(as_of));
        shown.filter(|shown| from.is_none_or(|from| shown.created_at >= Some(from))).collect()
    }

    /// What has not arrived by now never will, and what has must never be signed or sent in another form: after a repair the
    /// journal may have forgotten the one, and not the other.
    pub(crate) fn forget_what_never_arrived(&mut self) {
        self.sent.retain(|name, _| self.entries.contains_key(name));
        self.closed = self.entries.keys().cloned().collect();
        self.signed.clear();
        self.sends.clear();
    }

    /// The settlement of an id with its transfers, as of an instant.
    pub(crate) fn details(&self, id: &str, as_of: Timestamp) -> Option<PartnerSettlement> {
        let entry = self.entries.values().find(|entry| entry.id == id)?;
        let settlement = entry.shown(as_of)?;
        let transfers = entry.legs.iter().enumerate().map(|(n, leg)| transfer(n, leg, &settlement)).collect();
        Some(PartnerSettlement { settlement, transfers, settling_disputes: Vec::new(), settlement_disputes: Vec::new() })
    }
}

impl Entry {
    fn shown(&self, as_of: Timestamp) -> Option<VenueSettlement> {
        let (since, status) = *self.statuses.iter().rev().find(|(since, _)| *since <= as_of)?;
        let reason = matches!(status, VenueStatus::Failed | VenueStatus::Rejected).then(|| "as the venue says".to_owned());
        Some(VenueSettlement {
            settlement_id: self.id.clone(),
            partner_id: "partner-1".to_owned(),
            external_id: self.external_id.clone(),
            status,
            status_text: status.as_str().to_owned(),
            settlement_type: "offchain".to_owned(),
            reconciled: None,
            disputed: None,
            initiated_by: "user-1".to_owned(),
            notes: None,
            rt_id: None,
            loss_sla_alert_sent: None,
            gain_sla_alert_sent: None,
            reason,
            created_at: self.statuses.first().map(|(at, _)| *at),
            updated_at: Some(since),
            finalized_at: None,
            cutoff_at: self.cutoff_at,
        })
    }
}

/// What the venue makes of a settlement in time: most are settled, a few are rejected.
fn life(now: Timestamp, dice: &Dice) -> Vec<(Timestamp, VenueStatus)> {
    let end = if dice.chance(100) { VenueStatus::Rejected } else { VenueStatus::Completed };
    let first = *dice.pick(&[VenueStatus::Pending, VenueStatus::Failed, VenueStatus::Pending, end]);
    let mut statuses = vec![(now, first)];
    if first == VenueStatus::Pending && dice.chance(300) {
        statuses.push((later(now, dice.seconds(1, 60)), VenueStatus::Failed));
    }
    if first != end {
        statuses.push((later(now, dice.seconds(61, 240)), end));
    }
    statuses
}

fn transfer(n: usize, (connection, currency, amount): &(String, String, String), of: &VenueSettlement) -> Transfer {
    let account = |id: String| TransferParty { network_account_id: Some(id), ..TransferParty::default() };
    let status = match of.status {
        VenueStatus::Completed => TransferStatus::Completed,
        VenueStatus::Rejected => TransferStatus::Rejected,
        _ => TransferStatus::Pending,
    };
    Transfer {
        id: format!("{}-{n}", of.settlement_id),
        settlement_id: Some(of.settlement_id.clone()),
        source: account("the-partners-own".to_owned()),
        destination: account(format!("account-of-{connection}")),
        currency: currency.clone(),
        quantity: amount.clone(),
        tx_ids: Vec::new(),
        status,
        status_text: status.as_str().to_owned(),
        usd_value_cents: None,
        dispute_closure_id: None,
        settlement_status: of.status,
        settlement_status_text: of.status_text.clone(),
        settlement_notes: None,
        created_at: of.created_at,
        updated_at: of.updated_at,
    }
}

/// The connections of every partner.
pub(crate) fn connections() -> Vec<Connection> {
    let connection = |id: &str| Connection {
        id: id.to_owned(),
        name: id.to_owned(),
        client_id: "client-1".to_owned(),
        partner_id: "partner-1".to_owned(),
        network_account_id: format!("account-of-{id}"),
        active: true,
        initialized: None,
        partners_connection_id: None,
        partners_client_id: None,
        policy_result: None,
        created_at: None,
        updated_at: None,
    };
    ["connection-1", "connection-2"].map(connection).to_vec()
}
