//! GetBalances: what a partner and its connections have at the venue.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::context::{Caller, Context};
use super::error::{Problem, ServiceError};
use super::renewing::read_at_venue;
use crate::domain::ids::{ConnectionId, Currency, EnterpriseId};
use crate::domain::settlement::NetworkBalance;

/// The most balances that are answered: what a message holds.
const MAX_BALANCES: usize = 100_000;

/// Whose balances, in which currencies; empty lists stand for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalancesQuery {
    /// The partner's enterprise.
    pub enterprise_id: EnterpriseId,
    /// Only those of these connections; the partner's own are there always.
    pub connection_ids: Vec<ConnectionId>,
    /// Only those in these currencies.
    pub currencies: Vec<Currency>,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balances {
    /// The partner's own first, then by connection.
    pub balances: Vec<NetworkBalance>,
    /// Whether the venue told any of the partner's own, in whichever currency.
    pub own_balance_told: bool,
    /// When they were read.
    pub read_at: Timestamp,
}

/// Reads all balances from the venue and answers those that are asked for; nothing is kept of them.
///
/// # Errors
/// [`ServiceError::Denied`], [`ServiceError::Venue`], or [`ServiceError::Invalid`] where more is asked for than can be answered.
pub async fn get_balances(context: &Context, caller: &Caller, query: &BalancesQuery) -> Result<Balances, ServiceError> {
    let enterprise = context.enterprise(caller, &query.enterprise_id)?;
    let mut balances = read_at_venue(enterprise, || enterprise.venue.network_balances(&query.enterprise_id)).await?;
    let read_at = context.clock.now();
    let own_balance_told = balances.iter().any(|balance| balance.connection_id.is_none());
    let connections: BTreeSet<_> = query.connection_ids.iter().map(ConnectionId::as_str).collect();
    let currencies: BTreeSet<_> = query.currencies.iter().map(Currency::as_str).collect();
    balances.retain(|balance| {
        let is_theirs = |id: &str| connections.is_empty() || connections.contains(id);
        let is_in = currencies.is_empty() || currencies.contains(balance.currency.as_str());
        is_in && balance.connection_id.as_deref().is_none_or(is_theirs)
    });
    if balances.len() > MAX_BALANCES {
        return Err(ServiceError::invalid("connection_ids", Problem::TooMuchToAnswer));
    }
    Ok(Balances { balances, own_balance_told, read_at })
}
