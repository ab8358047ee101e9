//! The census: what is open in the journal, told as metrics.
//!
//! Each replica takes its own, so that no metric is missing where one of them
//! is: whoever reads the metrics of several takes the greatest value and never
//! the sum. One census is a fixed number of reads along indexes, each bounded,
//! and the next one begins an interval after it has ended.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use metrics::{counter, gauge, histogram};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::context::Context;
use crate::causes::with_causes;
use crate::domain::ids::EnterpriseId;
use crate::domain::quote::ConfirmationState;
use crate::domain::settlement::State;
use crate::domain::time::{Clock, later};
use crate::domain::trade::TradeState;
use crate::store::{Census, CensusQuery, ErrandKind, Store, Tally};

/// What stands for enterprises that the journal knows and the configuration does not: labels are bounded by the configuration.
const OTHERS: &str = "not-configured";

/// What an outcome can be unknown of, and what can wait for a person.
const KINDS: [&str; 3] = ["SETTLEMENT", "TRADE", "QUOTE"];

/// The census's tunables; the configuration's section `[telemetry]` says what goes wrong either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CensusSettings {
    /// The wait between two.
    pub interval: Duration,
    /// How long before its end a window is told of whose settlement lacks funds.
    pub window_warning: Duration,
}

impl Default for CensusSettings {
    fn default() -> Self {
        Self { interval: Duration::from_secs(15), window_warning: Duration::from_secs(1_800) }
    }
}

/// Who takes it.
pub struct CensusTaker {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    enterprises: Vec<EnterpriseId>,
    settings: CensusSettings,
}

impl CensusTaker {
    /// Counts for the enterprises that settle.
    #[must_use]
    pub fn new(context: &Context, settings: CensusSettings) -> Self {
        let settling = context.directory.enterprises().filter(|enterprise| enterprise.settles.is_some());
        let enterprises = settling.map(|enterprise| enterprise.id.clone()).collect();
        Self { store: context.store.clone(), clock: context.clock.clone(), enterprises, settings }
    }

    /// Takes one after the other until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        while stop.run_until_cancelled(self.take()).await.is_some() {
            if stop.run_until_cancelled(tokio::time::sleep(self.settings.interval)).await.is_none() {
                return;
            }
        }
    }

    /// Takes one, and tells it.
    pub async fn take(&self) {
        let (began, now) = (Instant::now(), self.clock.now());
        let query = CensusQuery {
            enterprises: self.enterprises.clone(),
            windows_end_after: now,
            windows_end_by: later(now, self.settings.window_warning),
        };
        match self.store.census(query).await {
            Ok(census) => {
                histogram!("settlement_gateway_census_duration_seconds").record(began.elapsed());
                Telling { enterprises: &self.enterprises, now }.tell(&census);
                gauge!("settlement_gateway_census_timestamp_seconds").set(since_epoch(now));
            }
            Err(error) => {
                counter!("settlement_gateway_census_failures_total").increment(1);
                warn!(error = with_causes(&error), "the journal could not be counted; its gauges stay as they were");
            }
        }
    }
}

/// One census on its way into the metrics. Every series is set each time: what is there no more falls to zero.
struct Telling<'c> {
    enterprises: &'c [EnterpriseId],
    now: Timestamp,
}

impl Telling<'_> {
    fn tell(&self, census: &Census) {
        self.settlements(&census.settlements);
        for (enterprise, at) in &census.completed {
            let enterprise = enterprise.as_str().to_owned();
            gauge!("settlement_gateway_last_completed_timestamp_seconds", "enterprise" => enterprise).set(since_epoch(*at));
        }
        self.windows(&census.unfunded);
        self.unknown(census);
        self.errands(&census.errands);
    }

    fn settlements(&self, tallies: &[Tally<(EnterpriseId, State)>]) {
        let mut open: HashMap<(&str, State), (u32, u32)> = HashMap::new();
        for tally in tallies {
            let (enterprise, state) = &tally.of;
            let told = open.entry((self.label(enterprise), *state)).or_default();
            *told = (told.0.saturating_add(tally.count), told.1.max(self.age(tally.oldest)));
        }
        let states = State::ALL.into_iter().filter(|state| !state.is_terminal());
        for (enterprise, state) in states.flat_map(|state| self.labels().into_iter().map(move |label| (label, state))) {
            let (count, age) = open.get(&(enterprise, state)).copied().unwrap_or_default();
            let (enterprise, state) = (enterprise.to_owned(), state.as_str());
            gauge!("settlement_gateway_settlements_open", "enterprise" => enterprise.clone(), "state" => state).set(count);
            gauge!("settlement_gateway_settlements_open_age_seconds", "enterprise" => enterprise, "state" => state).set(age);
        }
    }

    fn windows(&self, tallies: &[Tally<EnterpriseId>]) {
        for enterprise in self.labels() {
            let of = tallies.iter().filter(|tally| self.label(&tally.of) == enterprise);
            let count = of.fold(0_u32, |sum, tally| sum.saturating_add(tally.count));
            gauge!("settlement_gateway_windows_ending_unfunded", "enterprise" => enterprise.to_owned()).set(count);
        }
    }

    fn unknown(&self, census: &Census) {
        let mut unknown: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        let mut waiting: BTreeMap<&str, u32> = BTreeMap::new();
        let mut add = |kind, count: u32, oldest, is_unknown, needs_operator| {
            if is_unknown {
                let told: &mut (u32, u32) = unknown.entry(kind).or_default();
                *told = (told.0.saturating_add(count), told.1.max(self.age(oldest)));
            }
            if needs_operator {
                let told: &mut u32 = waiting.entry(kind).or_default();
                *told = told.saturating_add(count);
            }
        };
        for tally in &census.settlements {
            let (is_unknown, needs_operator) = (tally.of.1 == State::OutcomeUnknown, tally.of.1 == State::NeedsOperator);
            add("SETTLEMENT", tally.count, tally.oldest, is_unknown, needs_operator);
        }
        for tally in &census.trades {
            let (is_unknown, needs_operator) = (tally.of == TradeState::OutcomeUnknown, tally.of == TradeState::NeedsOperator);
            add("TRADE", tally.count, tally.oldest, is_unknown, needs_operator);
        }
        for tally in &census.confirmations {
            let is_unknown = tally.of == ConfirmationState::Unknown;
            add("QUOTE", tally.count, tally.oldest, is_unknown, tally.of == ConfirmationState::NeedsOperator);
        }
        for kind in KINDS {
            let (count, age) = unknown.get(kind).copied().unwrap_or_default();
            gauge!("settlement_gateway_outcomes_unknown", "kind" => kind).set(count);
            gauge!("settlement_gateway_outcomes_unknown_age_seconds", "kind" => kind).set(age);
            let waits = waiting.get(kind).copied().unwrap_or_default();
            gauge!("settlement_gateway_operator_needed", "kind" => kind).set(waits);
        }
    }

    fn errands(&self, tallies: &[Tally<ErrandKind>]) {
        for kind in ErrandKind::ALL {
            let tally = tallies.iter().find(|tally| tally.of == kind);
            let overdue = tally.map(|tally| self.age(tally.oldest)).unwrap_or_default();
            let count = tally.map(|tally| tally.count).unwrap_or_default();
            gauge!("settlement_gateway_errands_open", "kind" => kind.as_str()).set(count);
            gauge!("settlement_gateway_errands_overdue_seconds", "kind" => kind.as_str()).set(overdue);
        }
    }

    /// Every label of an enterprise that there can be.
    fn labels(&self) -> BTreeSet<&str> {
        self.enterprises.iter().map(EnterpriseId::as_str).chain([OTHERS]).collect()
    }

    fn label<'e>(&'e self, enterprise: &'e EnterpriseId) -> &'e str {
        if self.enterprises.contains(enterprise) { enterprise.as_str() } else { OTHERS }
    }

    /// Whole seconds since an instant; none where it lies ahead.
    fn age(&self, since: Option<Timestamp>) -> u32 {
        let age = since.map_or(SignedDuration::ZERO, |since| self.now.duration_since(since));
        u32::try_from(age.as_secs().max(0)).unwrap_or(u32::MAX)
    }
}

fn since_epoch(at: Timestamp) -> Duration {
    Duration::from_secs(u64::try_from(at.as_second()).unwrap_or_default())
}
