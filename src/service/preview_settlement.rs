//! `validate_only`: what InitiateSettlement would do, without a row, a reservation or a signature.

use std::collections::{BTreeMap, HashMap};

use bigdecimal::{BigDecimal, Signed};
use jiff::Timestamp;

use super::context::{Caller, Context};
use super::directory::SettlementTerms;
use super::error::{ServiceError, VenueCall};
use super::initiate_settlement::{InitiateSettlement, hold_against_clock, hold_assertions, hold_superseded, pin};
use crate::domain::amount::{Amount, canonical};
use crate::domain::payload::hold_settlement;
use crate::domain::settlement::{Asked, Intent, NetTotal, NetworkBalance, SettlementAmounts};
use crate::store::SettlementName;
use crate::upstream::{GoNetwork, VenueFailure};

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

/// Does everything that InitiateSettlement does before it records anything, and reads the balances. Under an id that is
/// recorded already it shows what was recorded. Of the limits it holds those of one settlement, not the day's so far.
///
/// # Errors
/// [`ServiceError`]: the same refusals as InitiateSettlement, and [`ServiceError::Venue`] when the venue cannot be asked.
pub async fn preview_settlement(
    context: &Context,
    caller: &Caller,
    request: InitiateSettlement,
) -> Result<Preview, ServiceError> {
    let (enterprise, terms) = context.settling(caller, &request.asked.enterprise_id)?;
    caller.grants.limits_for(&request.asked.amounts)?;
    hold_assertions(terms, &request)?;
    let intent = match stored_intent(context, &request.asked).await? {
        Some(intent) => intent,
        None => new_intent(context, caller, request, terms).await?,
    };
    let venue = enterprise.venue.as_ref();
    let payload = read(venue, || venue.signing_payload(&intent)).await?;
    hold_settlement(&payload, &intent).map_err(ServiceError::PayloadMismatch)?;
    let balances = read(venue, || venue.network_balances(&enterprise.id)).await?;
    Ok(Preview {
        net_totals: intent.asked.amounts.net_totals(),
        shortfalls: shortfalls(&intent.asked.amounts, &balances),
        balances_read_at: context.clock.now(),
        payload,
        intent,
    })
}

/// What is recorded under the external id: a repeat sends that, with its own nonce, and holds nothing against it again.
async fn stored_intent(context: &Context, again: &Asked) -> Result<Option<Intent>, ServiceError> {
    let name = SettlementName::External(again.external_id.clone());
    let Some(stored) = context.store.settlement(&again.enterprise_id, &name).await? else { return Ok(None) };
    let intent = context.store.intent(stored.id).await?;
    let fields = intent.differences(again);
    if fields.is_empty() {
        return Ok(Some(intent));
    }
    Err(ServiceError::ExternalIdReused { settlement: Box::new(stored), fields })
}

/// What would be recorded, once it may be.
async fn new_intent(
    context: &Context,
    caller: &Caller,
    request: InitiateSettlement,
    terms: &SettlementTerms,
) -> Result<Intent, ServiceError> {
    hold_against_clock(context, terms, &request)?;
    caller.hold_limits(&request.asked.amounts)?;
    hold_superseded(context, &request.asked).await?;
    pin(context, caller, request, terms)
}

/// Reads from the venue, once more when it refuses the credential and there is another by now.
async fn read<T, F>(venue: &dyn GoNetwork, call: impl Fn() -> F + Send) -> Result<T, ServiceError>
where
    F: Future<Output = Result<T, VenueFailure>> + Send,
{
    let mut answer = call().await;
    if matches!(answer, Err(VenueFailure::Refused { status: 401, .. })) && venue.reload_credential() {
        answer = call().await;
    }
    answer.map_err(|failure| ServiceError::Venue { call: VenueCall::Read, failure })
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
