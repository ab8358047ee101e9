//! A settlement's transfers as movements between connections.
//!
//! The venue's transfers name network accounts; what was asked names
//! connections. A transfer may be written either way round, with its sign
//! turned: both are the same movement.

use std::collections::{BTreeMap, HashMap};

use bigdecimal::{BigDecimal, Zero};

use super::amounts::{Leg, Shape};
use crate::domain::amount::{Amount, canonical};
use crate::domain::ids::{ConnectionId, Currency};
use crate::domain::network::Connection;
use crate::domain::transfer::{Transfer, TransferParty, TransferStatus};

/// A transfer that cannot be read as a movement: in a few words, what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableTransfer(pub &'static str);

/// Whose each network account is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts(HashMap<String, String>);

impl Accounts {
    /// The accounts of these connections.
    #[must_use]
    pub fn of(connections: &[Connection]) -> Self {
        Self(connections.iter().map(|one| (one.network_account_id.clone(), one.id.clone())).collect())
    }

    /// Whether each transfer's client can be told: with brokers both sides are clients.
    #[must_use]
    pub fn explain(&self, transfers: &[Transfer], shape: Shape) -> bool {
        let known = |party: &TransferParty| party.network_account_id.as_ref().is_some_and(|account| self.0.contains_key(account));
        transfers.iter().all(|transfer| match shape {
            Shape::Exchange => known(&transfer.source) || known(&transfer.destination),
            Shape::Broker => known(&transfer.source) && known(&transfer.destination),
        })
    }

    /// A side's connection and whether it is one: an account that has none stands under its own id.
    fn name(&self, party: &TransferParty) -> Option<(String, bool)> {
        let account = party.network_account_id.as_ref()?;
        Some(self.0.get(account).map_or_else(|| (account.clone(), false), |connection| (connection.clone(), true)))
    }
}

/// Between whom, in which currency: the connection, the counterparty where it is another connection, the currency.
///
/// Without a counterparty it is the partner, who pays where the amount is positive, as in a leg.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Between {
    pub(super) connection: String,
    pub(super) counterparty: Option<String>,
    pub(super) currency: String,
}

/// What of a transfer takes effect with its settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It has moved.
    Moved,
    /// It will move, or nobody can tell yet.
    Open,
    /// A client's dispute holds it back.
    HeldBack,
    /// It will not.
    Void,
}

/// One transfer, read.
#[derive(Debug, Clone)]
pub(super) struct Movement {
    pub(super) between: Between,
    pub(super) value: BigDecimal,
    pub(super) effect: Effect,
    pub(super) closure_id: Option<String>,
}

impl Movement {
    /// The movement as one connection sees it: positive where it receives.
    pub(super) fn seen_by(&self, connection: &str) -> BigDecimal {
        match &self.between.counterparty {
            None if self.between.connection == connection => self.value.clone(),
            Some(counterparty) if counterparty == connection => self.value.clone(),
            Some(_) if self.between.connection == connection => -self.value.clone(),
            _ => BigDecimal::zero(),
        }
    }

    /// Whether a connection is a side of it.
    pub(super) fn concerns(&self, connection: &str) -> bool {
        self.between.connection == connection || self.between.counterparty.as_deref() == Some(connection)
    }
}

/// Reads transfers.
pub(super) fn movements(transfers: &[Transfer], accounts: &Accounts, shape: Shape) -> Result<Vec<Movement>, UnreadableTransfer> {
    transfers.iter().map(|transfer| movement(transfer, accounts, shape)).collect()
}

/// Transfers as the legs that move as much the same way. An account of no connection stands under its own id, so that nothing
/// that moves is left out.
///
/// # Errors
/// [`UnreadableTransfer`] when one cannot be read; nothing follows from the others then.
pub fn legs_of(transfers: &[Transfer], accounts: &Accounts, shape: Shape) -> Result<Vec<Leg>, UnreadableTransfer> {
    let moved = movements(transfers, accounts, shape)?;
    let as_leg = |one: &Movement| {
        let Between { connection, counterparty, currency } = &one.between;
        leg(connection, counterparty.as_deref(), currency, &one.value)
    };
    moved.iter().map(as_leg).collect()
}

fn movement(transfer: &Transfer, accounts: &Accounts, shape: Shape) -> Result<Movement, UnreadableTransfer> {
    let amount = Amount::parse(&transfer.quantity).map_err(|_| UnreadableTransfer("a transfer's quantity is no amount"))?;
    let (source, destination) = (accounts.name(&transfer.source), accounts.name(&transfer.destination));
    let exchange = shape == Shape::Exchange;
    let value = amount.value().clone();
    let (connection, counterparty, value) = match (source, destination) {
        // What is no connection is the exchange itself.
        (Some((client, true)), Some((_, false)) | None) if exchange => (client, None, -value),
        (Some((_, false)) | None, Some((client, _))) if exchange => (client, None, value),
        (Some((source, _)), Some((destination, _))) => (source, Some(destination), value),
        (None, Some((destination, _))) => (destination, None, value),
        (Some((source, _)), None) => (source, None, -value),
        (None, None) => return Err(UnreadableTransfer("a transfer names no network account")),
    };
    Ok(Movement {
        between: Between { connection, counterparty, currency: transfer.currency.clone() },
        value,
        effect: effect(transfer.status),
        closure_id: transfer.dispute_closure_id.clone(),
    })
}

fn effect(status: TransferStatus) -> Effect {
    match status {
        TransferStatus::Completed => Effect::Moved,
        TransferStatus::Disputed => Effect::HeldBack,
        TransferStatus::Rejected | TransferStatus::PendingSettlementAssignment => Effect::Void,
        TransferStatus::Pending
        | TransferStatus::PendingOnchain
        | TransferStatus::OnchainInitiated
        | TransferStatus::OnchainFailed
        | TransferStatus::Failed
        | TransferStatus::Unrecognised => Effect::Open,
    }
}

/// Sums of movements, whichever way round each was written.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums(BTreeMap<Between, BigDecimal>);

impl Sums {
    /// What was asked.
    pub(super) fn of_legs(legs: &[Leg]) -> Self {
        let mut sums = Self::default();
        for leg in legs {
            let between = Between {
                connection: leg.connection_id.as_str().to_owned(),
                counterparty: leg.counterparty_connection_id.as_ref().map(|id| id.as_str().to_owned()),
                currency: leg.currency.as_str().to_owned(),
            };
            sums.add(&between, leg.amount.value());
        }
        sums
    }

    /// Adds a movement; a pair's sum stands under the smaller name.
    pub(super) fn add(&mut self, between: &Between, value: &BigDecimal) {
        let (between, value) = match &between.counterparty {
            Some(counterparty) if *counterparty < between.connection => {
                let turned = Between {
                    connection: counterparty.clone(),
                    counterparty: Some(between.connection.clone()),
                    currency: between.currency.clone(),
                };
                (turned, -value)
            }
            _ => (between.clone(), value.clone()),
        };
        *self.0.entry(between).or_default() += value;
    }

    /// The sum between two, zero where nothing moves.
    pub(super) fn get(&self, between: &Between) -> BigDecimal {
        self.0.get(between).cloned().unwrap_or_default()
    }

    /// Between whom something moves.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Between> {
        self.0.keys()
    }

    /// The sums as legs, without those that come to nothing. A pair is written the way round that the posted legs have it.
    pub(super) fn legs(&self, posted: &[Leg]) -> Result<Vec<Leg>, UnreadableTransfer> {
        let turned: std::collections::HashSet<(&str, &str)> = posted
            .iter()
            .filter_map(|leg| Some((leg.counterparty_connection_id.as_ref()?.as_str(), leg.connection_id.as_str())))
            .filter(|(counterparty, party)| counterparty < party)
            .collect();
        let mut legs = Vec::with_capacity(self.0.len());
        for (between, value) in self.0.iter().filter(|(_, value)| !value.is_zero()) {
            let pair = (between.connection.as_str(), between.counterparty.as_deref());
            let (party, counterparty, value) = match pair {
                (one, Some(other)) if turned.contains(&(one, other)) => (other, Some(one), -value),
                _ => (pair.0, pair.1, value.clone()),
            };
            legs.push(leg(party, counterparty, &between.currency, &value)?);
        }
        Ok(legs)
    }
}

fn leg(connection: &str, counterparty: Option<&str>, currency: &str, value: &BigDecimal) -> Result<Leg, UnreadableTransfer> {
    let id = |text: &str| ConnectionId::new(text).map_err(|_| UnreadableTransfer("a network account's id is too long"));
    Ok(Leg {
        connection_id: id(connection)?,
        counterparty_connection_id: counterparty.map(id).transpose()?,
        currency: Currency::new(currency).map_err(|_| UnreadableTransfer("a transfer's currency is none"))?,
        amount: Amount::parse(&canonical(value)).map_err(|_| UnreadableTransfer("transfers add up to too many digits"))?,
    })
}
