//! `validate_only`: what InitiateSettlement would do, without a row, a reservation or a signature.

use std::collections::{BTreeMap, HashMap};

use bigdecimal::{BigDecimal, Signed};
use jiff::Timestamp;

use super::context::{Caller, Context};
use super::error::{ServiceError, VenueCall};
use super::initiate_settlement::{InitiateSettlement, hold_against_clock, hold_assertions, hold_superseded, pin};
use crate::domain::amount::{Amount, canonical};
use crate::domain::payload::hold_settlement;
use crate::domain::settlement::{Intent, NetTotal, NetworkBalance, SettlementAmounts};
use crate::store::SettlementName;

/// A connection that owes more than it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// The connection.
    pub connection_id: String,
    /// The currency.
    pub currency: String,
    /// What its negative legs add up to: a positive decimal.
    pub required: String,
    /// What it has available; zero when the venue lists none.
    pub available: String,
}

/// What InitiateSettlement would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The request with everything pinned as it would be.
    pub intent: Intent,
    /// The venue's signing payload; it says what was asked.
    pub payload: String,
    /// What each currency adds up to.
    pub net_totals: Vec<NetTotal>,
    /// The connections that owe more than they have, by connection and currency.
    pub shortfalls: Vec<Shortfall>,
    /// When the balances were read.
    pub balances_read_at: Timestamp,
}

/// Does everything that InitiateSettlement does before it records anything, and reads the balances.
///
/// # Errors
/// [`ServiceError`]: the same refusals as InitiateSettlement, and [`ServiceError::Venue`] when the venue cannot be asked.
pub async fn preview_settlement(
    context: &Context,
    caller: &Caller,
    request: InitiateSettlement,
) -> Result<Preview, ServiceError> {
    let (enterprise, terms) = context.settling(caller, &request.asked.enterprise_id)?;
    let name = SettlementName::External(request.asked.external_id.clone());
    if let Some(stored) = context.store.settlement(&enterprise.id, &name).await? {
        let fields = context.store.intent(stored.id).await?.differences(&request.asked);
        if !fields.is_empty() {
            return Err(ServiceError::ExternalIdReused { settlement: Box::new(stored), fields });
        }
    }
    hold_assertions(terms, &request)?;
    hold_against_clock(context, terms, &request)?;
    caller.grants.limits_for(&request.asked.amounts)?;
    hold_superseded(context, &request.asked).await?;
    let intent = pin(context, caller, request, terms)?;
    let read = |failure| ServiceError::Venue { call: VenueCall::Read, failure };
    let payload = enterprise.venue.signing_payload(&intent).await.map_err(read)?;
    hold_settlement(&payload, &intent).map_err(ServiceError::PayloadMismatch)?;
    let balances = enterprise.venue.network_balances(&enterprise.id).await.map_err(read)?;
    Ok(Preview {
        net_totals: intent.asked.amounts.net_totals(),
        shortfalls: shortfalls(&intent.asked.amounts, &balances),
        balances_read_at: context.clock.now(),
        payload,
        intent,
    })
}

/// Negative legs are what a connection owes; they are paid from what it has available.
fn shortfalls(amounts: &SettlementAmounts, balances: &[NetworkBalance]) -> Vec<Shortfall> {
    let mut owed: BTreeMap<(&str, &str), BigDecimal> = BTreeMap::new();
    for leg in amounts.legs().iter().filter(|leg| leg.amount.value().is_negative()) {
        // A negative leg is paid by the client; with brokers that is the counterparty.
        let payer = leg.counterparty_connection_id.as_ref().unwrap_or(&leg.connection_id);
        *owed.entry((payer.as_str(), leg.currency.as_str())).or_default() += leg.amount.value().abs();
    }
    let has: HashMap<(&str, &str), &str> = balances
        .iter()
        .map(|balance| ((balance.connection_id.as_str(), balance.currency.as_str()), balance.available.as_str()))
        .collect();
    let available = |account: (&str, &str)| {
        let text = has.get(&account).copied().unwrap_or("0");
        Amount::parse(text).map(|amount| amount.value().clone()).unwrap_or_default()
    };
    let short = |((connection, currency), required): ((&str, &str), BigDecimal)| {
        let available = available((connection, currency));
        (available < required).then(|| Shortfall {
            connection_id: connection.to_owned(),
            currency: currency.to_owned(),
            required: canonical(&required),
            available: canonical(&available),
        })
    };
    owed.into_iter().filter_map(short).collect()
}
