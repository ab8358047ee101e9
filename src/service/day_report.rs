//! What an enterprise settled on a day, as the journal has it: for the partner's own books.

use std::collections::{BTreeMap, BTreeSet};

use bigdecimal::BigDecimal;
use jiff::Timestamp;

use crate::domain::amount::canonical;
use crate::domain::ids::EnterpriseId;
use crate::domain::settlement::{Leg, LegKey, Reconciliation, Settlement, State};
use crate::store::{ListQuery, Store, StoreError};

/// Settlements that are listed at once.
const PAGE_SIZE: u32 = 200;

/// Which settlements are told: those that were recorded in this time.
#[derive(Debug, Clone)]
pub struct Day {
    /// Whose.
    pub enterprise_id: EnterpriseId,
    /// Recorded at or after.
    pub from: Timestamp,
    /// Recorded before.
    pub before: Timestamp,
}

/// One settlement of a day.
#[derive(Debug, Clone)]
pub struct DaysSettlement {
    /// The settlement.
    pub settlement: Settlement,
    /// What was posted, or was to be.
    pub posted: Vec<Leg>,
    /// What the venue settles, as far as it has told.
    pub settled: Vec<Leg>,
    /// What came of comparing the two.
    pub reconciliation: Option<Reconciliation>,
}

/// One line of a settlement: what was posted and what is settled between the same accounts in a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaysLine<'a> {
    /// Between whom, in which currency.
    pub key: LegKey<'a>,
    /// As posted; `None` where nothing was.
    pub posted: Option<&'a str>,
    /// As settled; `None` where nothing is, as far as the venue has told.
    pub settled: Option<&'a str>,
}

impl DaysSettlement {
    /// The lines, by accounts and currency.
    #[must_use]
    pub fn lines(&self) -> Vec<DaysLine<'_>> {
        let (posted, settled) = (by_key(&self.posted), by_key(&self.settled));
        let keys: BTreeSet<&LegKey<'_>> = posted.keys().chain(settled.keys()).collect();
        keys.into_iter()
            .map(|key| DaysLine { key: key.clone(), posted: posted.get(key).copied(), settled: settled.get(key).copied() })
            .collect()
    }
}

fn by_key(legs: &[Leg]) -> BTreeMap<LegKey<'_>, &str> {
    legs.iter().map(|leg| (LegKey::of(leg), leg.amount.as_str())).collect()
}

/// What a currency comes to in one state: what the books are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlTotals {
    /// The state.
    pub state: State,
    /// The currency.
    pub currency: String,
    /// How many settlements in this state have the currency.
    pub settlements: usize,
    /// How many posted legs.
    pub posted_legs: usize,
    /// Their signed sum, exact.
    pub posted_sum: String,
    /// How many settled legs.
    pub settled_legs: usize,
    /// Their signed sum, exact.
    pub settled_sum: String,
}

/// What is added up while a day's settlements pass by.
#[derive(Debug, Default)]
pub struct Totals {
    settlements: usize,
    sums: BTreeMap<(&'static str, String), Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    settlements: usize,
    posted: (usize, BigDecimal),
    settled: (usize, BigDecimal),
}

impl Totals {
    /// Adds a settlement.
    pub fn add(&mut self, one: &DaysSettlement) {
        self.settlements += 1;
        let state = one.settlement.progress.state.as_str();
        let currencies: BTreeSet<&str> = one.posted.iter().chain(&one.settled).map(|leg| leg.currency.as_str()).collect();
        for currency in currencies {
            self.sums.entry((state, currency.to_owned())).or_default().settlements += 1;
        }
        for (legs, is_posted) in [(&one.posted, true), (&one.settled, false)] {
            for leg in legs {
                let sums = self.sums.entry((state, leg.currency.as_str().to_owned())).or_default();
                let (count, sum) = if is_posted { &mut sums.posted } else { &mut sums.settled };
                *count += 1;
                *sum += leg.amount.value();
            }
        }
    }

    /// How many settlements there were.
    #[must_use]
    pub fn settlements(&self) -> usize {
        self.settlements
    }

    /// The totals, by state and currency.
    #[must_use]
    pub fn control_totals(&self) -> Vec<ControlTotals> {
        let total = |((state, currency), sums): (&(&'static str, String), &Sums)| {
            Some(ControlTotals {
                state: State::from_name(state)?,
                currency: currency.clone(),
                settlements: sums.settlements,
                posted_legs: sums.posted.0,
                posted_sum: canonical(&sums.posted.1),
                settled_legs: sums.settled.0,
                settled_sum: canonical(&sums.settled.1),
            })
        };
        self.sums.iter().filter_map(total).collect()
    }
}

/// The settlements of a day, the oldest first, without their amounts.
///
/// # Errors
/// [`StoreError`] when the journal does not answer.
pub async fn settlements_of_day(store: &dyn Store, day: &Day) -> Result<Vec<Settlement>, StoreError> {
    let mut found: Vec<Settlement> = Vec::new();
    loop {
        let query = ListQuery {
            enterprise_id: day.enterprise_id.clone(),
            states: Vec::new(),
            created_from: Some(day.from),
            created_before: Some(day.before),
            after: found.last().map(|last| last.id),
            limit: PAGE_SIZE,
        };
        let page = store.list(&query).await?;
        if page.is_empty() {
            found.reverse();
            return Ok(found);
        }
        found.extend(page);
    }
}

/// A settlement with its amounts.
///
/// # Errors
/// [`StoreError`] when the journal does not answer.
pub async fn with_amounts(store: &dyn Store, settlement: Settlement) -> Result<DaysSettlement, StoreError> {
    let posted = store.intent(settlement.id).await?.asked.amounts.legs().to_vec();
    let standing = store.standing(settlement.id).await?.unwrap_or_default();
    Ok(DaysSettlement { settlement, posted, settled: standing.final_amounts, reconciliation: standing.reconciliation })
}
