//! What the venue settles, held against what was asked and the disputes that were settled with it.
//!
//! All comparing is by connection, counterparty and currency, on exact sums.
//! What is not provably explained is a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bigdecimal::{BigDecimal, Zero};
use jiff::Timestamp;

use super::amounts::{Leg, Shape};
use super::intent::names;
use super::movements::{Accounts, Between, Effect, Movement, Sums, UnreadableTransfer, movements};
use crate::domain::amount::{Amount, canonical};
use crate::domain::dispute::{ClosureStatus, Dispute};
use crate::domain::transfer::Transfer;

/// The most differences that are kept and shown.
pub const MAX_DIFFERENCES: usize = 100;

/// What came of comparing a completed settlement with what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconciled {
    /// What moved is what was posted.
    Matched,
    /// It is what was posted with the disputes that were settled with it, less what disputes of it hold back.
    Adjusted,
    /// It is something else.
    Mismatch,
}

names!(Reconciled { Matched => "MATCHED", Adjusted => "ADJUSTED", Mismatch => "MISMATCH" });

/// The comparison at a settlement's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// What came of it.
    pub status: Reconciled,
    /// Where what moved is not what was to move; the first [`MAX_DIFFERENCES`].
    pub differences: Vec<Difference>,
    /// How many there are.
    pub difference_count: usize,
    /// Transfers that the venue calls open although it calls the settlement completed.
    pub open_transfers: usize,
    /// When it was made.
    pub at: Timestamp,
}

/// The mismatch in a sentence.
impl fmt::Display for Reconciliation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} differences, {} open transfers", self.difference_count, self.open_transfers)?;
        self.differences.first().map_or(Ok(()), |first| write!(f, "; first: {first}"))
    }
}

/// Where the venue settles something else than was to be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The connection, or the id of an account that belongs to none.
    pub connection_id: String,
    /// The counterparty: brokers only.
    pub counterparty_connection_id: Option<String>,
    /// The currency.
    pub currency: String,
    /// What was to be settled: a decimal, signed as a leg is.
    pub expected: String,
    /// What the venue settles.
    pub settled: String,
}

impl Difference {
    /// What the venue settles less what was to be settled: a decimal.
    #[must_use]
    pub fn difference(&self) -> String {
        let value = |text: &str| text.parse::<BigDecimal>().unwrap_or_default();
        canonical(&(value(&self.settled) - value(&self.expected)))
    }
}

/// The difference in a sentence.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "connection {}", self.connection_id)?;
        if let Some(counterparty) = &self.counterparty_connection_id {
            write!(f, " with {counterparty}")?;
        }
        write!(f, ", {}: expected {}, settled {}", self.currency, self.expected, self.settled)
    }
}

/// What the venue shows of a settlement beside its own object, all pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Its transfers.
    pub transfers: Vec<Transfer>,
    /// Disputes of earlier settlements that are settled with it.
    pub settling_disputes: Vec<Dispute>,
    /// Disputes that were raised on it.
    pub settlement_disputes: Vec<Dispute>,
}

/// What the venue settles, compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// What the venue settles, as legs.
    pub final_amounts: Vec<Leg>,
    /// Where it is not what was to be settled.
    pub differences: Vec<Difference>,
    /// Whether disputes of earlier settlements are settled with it.
    pub is_adjusted: bool,
    /// Whether a dispute of this settlement holds something back.
    pub is_held_back: bool,
    /// Transfers that have neither moved nor are held back.
    pub open_transfers: usize,
}

impl Comparison {
    /// Holds what the venue shows against the posted legs.
    ///
    /// # Errors
    /// [`UnreadableTransfer`] when a transfer cannot be read; nothing follows from such a read.
    pub fn of(posted: &[Leg], shape: Shape, details: &Details, accounts: &Accounts) -> Result<Self, UnreadableTransfer> {
        let movements = movements(&details.transfers, accounts, shape)?;
        let (mut settled, mut expected) = (Sums::default(), Sums::of_legs(posted));
        for movement in movements.iter().filter(|one| matches!(one.effect, Effect::Moved | Effect::Open)) {
            settled.add(&movement.between, &movement.value);
        }
        let is_adjusted = add_settled_disputes(&mut expected, details, &movements);
        let is_held_back = take_held_back(&mut expected, details, &movements);
        Ok(Self {
            final_amounts: settled.legs(posted)?,
            differences: differences(&expected, &settled),
            is_adjusted,
            is_held_back,
            open_transfers: movements.iter().filter(|one| one.effect == Effect::Open).count(),
        })
    }

    /// Whether the venue settles something else than was posted with the disputes that it settles with it: what a policy is asked about.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.is_held_back || !self.differences.is_empty()
    }

    /// What the comparison of a completed settlement comes to; `None` while it may be the venue's delay, which `is_final` rules out.
    #[must_use]
    pub fn reconciliation(&self, is_final: bool, at: Timestamp) -> Option<Reconciliation> {
        let agrees = self.differences.is_empty() && self.open_transfers == 0;
        if !agrees && !is_final {
            return None;
        }
        let status = match (agrees, self.is_adjusted || self.is_held_back) {
            (true, false) => Reconciled::Matched,
            (true, true) => Reconciled::Adjusted,
            (false, _) => Reconciled::Mismatch,
        };
        Some(Reconciliation {
            status,
            differences: self.differences.iter().take(MAX_DIFFERENCES).cloned().collect(),
            difference_count: self.differences.len(),
            open_transfers: self.open_transfers,
            at,
        })
    }
}

/// Expects what was agreed in the disputes that are settled with a settlement. A closure's own transfers are expected where
/// they come to what its dispute agreed; otherwise that agreement is expected, and the transfers are a difference.
fn add_settled_disputes(expected: &mut Sums, details: &Details, movements: &[Movement]) -> bool {
    let mut of_closure: BTreeMap<&str, Vec<&Movement>> = BTreeMap::new();
    for movement in movements.iter().filter(|movement| matches!(movement.effect, Effect::Moved | Effect::Open)) {
        if let Some(closure_id) = &movement.closure_id {
            of_closure.entry(closure_id).or_default().push(movement);
        }
    }
    let mut any = false;
    let mut done = BTreeSet::new();
    for dispute in settled_with(details) {
        let Some((closure_id, agreed)) = agreement(dispute) else { continue };
        if !done.insert(closure_id) {
            continue;
        }
        any = true;
        let own = of_closure.get(closure_id).map(Vec::as_slice).unwrap_or_default();
        if seen_by(own, &dispute.connection_id) == agreed {
            own.iter().for_each(|movement| expected.add(&movement.between, &movement.value));
        } else {
            for (currency, value) in &agreed {
                let connection = dispute.connection_id.clone();
                expected.add(&Between { connection, counterparty: None, currency: currency.clone() }, value);
            }
        }
    }
    any
}

/// The disputes that are settled with this settlement: those that the venue lists so, and those of its own that it settles at once.
fn settled_with(details: &Details) -> impl Iterator<Item = &Dispute> {
    let this = details.transfers.iter().find_map(|transfer| transfer.settlement_id.as_deref());
    let own = details.settlement_disputes.iter().filter(move |dispute| {
        this.is_some_and(|this| {
            dispute.settled_in_settlement_id.as_deref() == Some(this) && dispute.disputed_settlement_id == this
        })
    });
    details.settling_disputes.iter().chain(own)
}

/// What a dispute's closure agreed, by currency, as its connection sees it; `None` where it has none that holds.
fn agreement(dispute: &Dispute) -> Option<(&str, BTreeMap<String, BigDecimal>)> {
    let closure = dispute.dispute_closure.as_deref()?;
    if closure.status != ClosureStatus::Approved || dispute.retracted {
        return None;
    }
    let mut agreed: BTreeMap<String, BigDecimal> = BTreeMap::new();
    for (currency, text) in &closure.adjusted_transfers {
        // What is no amount explains nothing, and so stays a difference.
        *agreed.entry(currency.clone()).or_default() += Amount::parse(text).ok()?.value();
    }
    agreed.retain(|_, value| !value.is_zero());
    Some((&closure.id, agreed))
}

fn seen_by(movements: &[&Movement], connection: &str) -> BTreeMap<String, BigDecimal> {
    let mut seen: BTreeMap<String, BigDecimal> = BTreeMap::new();
    for movement in movements {
        *seen.entry(movement.between.currency.clone()).or_default() += movement.seen_by(connection);
    }
    seen.retain(|_, value| !value.is_zero());
    seen
}

/// No longer expects what a dispute of a side of it holds back. What is held back without one stays expected.
fn take_held_back(expected: &mut Sums, details: &Details, movements: &[Movement]) -> bool {
    let disputes: Vec<&Dispute> = details.settlement_disputes.iter().filter(|dispute| !dispute.retracted).collect();
    let is_disputed = |movement: &&Movement| disputes.iter().any(|dispute| movement.concerns(&dispute.connection_id));
    let mut any = false;
    let held = movements.iter().filter(|one| one.effect == Effect::HeldBack && one.closure_id.is_none());
    for movement in held.filter(is_disputed) {
        expected.add(&movement.between, &-movement.value.clone());
        any = true;
    }
    any
}

fn differences(expected: &Sums, settled: &Sums) -> Vec<Difference> {
    let between: BTreeSet<&Between> = expected.keys().chain(settled.keys()).collect();
    let difference = |between: &Between| {
        let (expected, settled) = (expected.get(between), settled.get(between));
        (expected != settled).then(|| Difference {
            connection_id: between.connection.clone(),
            counterparty_connection_id: between.counterparty.clone(),
            currency: between.currency.clone(),
            expected: canonical(&expected),
            settled: canonical(&settled),
        })
    };
    between.into_iter().filter_map(difference).collect()
}
