//! Who may do what with which trading account, and how much of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bigdecimal::{BigDecimal, Zero};

use crate::domain::ids::{Currency, EnterpriseId, KeyId, TradingAccountId, same_id};
use crate::domain::payload::Mismatch;
use crate::domain::policy::Denied;
use crate::domain::trade::{Basis, PartyAmounts, Trade, TradeAction, TradeAsked, read_trade_payload};
use crate::service::context::{Caller, Context};
use crate::service::error::ServiceError;
use crate::upstream::{TradeVenue, VenueFailure};

/// An enterprise's trading accounts and its access to BitGo Trade.
#[derive(Clone)]
pub struct Trading {
    /// The access.
    pub venue: Arc<dyn TradeVenue>,
    /// The accounts that trade, each with the key that signs for it.
    pub accounts: BTreeMap<TradingAccountId, KeyId>,
}

impl Context {
    /// The trading account that a caller names, with its key, once the caller may name its enterprise.
    pub(super) fn trading(
        &self,
        caller: &Caller,
        enterprise_id: &EnterpriseId,
        account_id: &TradingAccountId,
    ) -> Result<(&Trading, &KeyId), ServiceError> {
        let trading = &self.enterprise(caller, enterprise_id)?.trading;
        let key_id = trading.accounts.get(account_id).ok_or(Denied)?;
        Ok((trading, key_id))
    }
}

/// Reads from the venue, once more when it refuses the credential and there is another by now.
pub(super) async fn renewing<T, F>(venue: &dyn TradeVenue, call: impl Fn() -> F + Send) -> Result<T, VenueFailure>
where
    F: Future<Output = Result<T, VenueFailure>> + Send,
{
    let answer = call().await;
    if matches!(answer, Err(VenueFailure::Refused { status: 401, .. })) && venue.reload_credential() {
        return call().await;
    }
    answer
}

/// Holds what an account would send against the caller's limits. A trade counts towards no day, so that whoever has a limit
/// of the rolling day cannot trade.
pub(super) fn hold_limits(caller: &Caller, asked: &TradeAsked) -> Result<(), ServiceError> {
    if !asked.action.is_signed() {
        return Ok(());
    }
    let grants = &caller.grants;
    if grants.limits.values().any(|limit| limit.per_day.is_some()) {
        return Err(Denied.into());
    }
    let sent = sent(asked).map_err(ServiceError::PayloadMismatch)?;
    for limit in grants.limits_of(sent.keys())? {
        let moved = sent.get(&limit.currency).cloned().unwrap_or_default();
        limit.check(&moved, &BigDecimal::zero())?;
    }
    Ok(())
}

/// What the account would send of each currency, with the fees that it allows.
fn sent(asked: &TradeAsked) -> Result<BTreeMap<Currency, BigDecimal>, Mismatch> {
    let account = &asked.account_id;
    let (parties, max_fee): (Vec<PartyAmounts>, _) = match &asked.action {
        TradeAction::Create(creation) => {
            let parties = match &creation.basis {
                Basis::Amounts(amounts) => amounts.clone(),
                Basis::Payload(payload) => read_trade_payload(payload)?.parties(),
            };
            (parties, &creation.max_fee)
        }
        TradeAction::Affirm(affirming) if affirming.amounts.is_empty() => {
            (affirming.trades.iter().flat_map(Trade::parties).collect(), &affirming.max_fee)
        }
        TradeAction::Affirm(affirming) => (affirming.amounts.clone(), &affirming.max_fee),
        TradeAction::Reject(_) | TradeAction::Cancel(_) => return Ok(BTreeMap::new()),
    };
    let mut sent: BTreeMap<Currency, BigDecimal> = BTreeMap::new();
    // However it is spelled, it is the account's own money.
    for party in parties.iter().filter(|party| same_id(party.account_id.as_str(), account.as_str())) {
        *sent.entry(party.send_currency.clone()).or_default() += party.send_amount.value();
    }
    for moved in sent.values_mut() {
        *moved += max_fee.as_ref().map(|fee| fee.value().clone()).unwrap_or_default();
    }
    Ok(sent)
}
