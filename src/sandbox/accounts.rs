//! What accounts hold when the sandbox meets them first.

use std::collections::HashMap;

use bigdecimal::BigDecimal;

use crate::domain::amount::Amount;

use super::SandboxError;
use super::config::SandboxConfig;
use super::ledger::{Account, Durability, Funding, LedgerError, Record, Writer};

/// Reads a configured amount.
///
/// # Errors
/// [`SandboxError::Balance`] when it is none.
pub(super) fn decimal(currency: &str, text: &str) -> Result<BigDecimal, SandboxError> {
    let amount = Amount::parse(text).map_err(|cause| SandboxError::Balance { currency: currency.to_owned(), cause })?;
    Ok(amount.value().clone())
}

/// What unlisted purses hold, by enterprise.
///
/// # Errors
/// [`SandboxError::Balance`] when a default is no amount.
pub(super) fn default_balances(config: &SandboxConfig) -> Result<HashMap<String, BigDecimal>, SandboxError> {
    let with_default = config.enterprises.iter().filter_map(|one| one.default_balance.as_ref().map(|text| (one, text)));
    with_default.map(|(one, text)| Ok((one.enterprise_id.clone(), decimal("any currency", text)?))).collect()
}

/// What the configured accounts hold at first.
///
/// # Errors
/// [`SandboxError::Balance`] when a balance is no amount.
pub(super) fn openings(config: &SandboxConfig) -> Result<Vec<Funding>, SandboxError> {
    let mut openings = Vec::new();
    for enterprise in &config.enterprises {
        let own = enterprise.account.iter().map(|entry| (None, entry));
        let connections = enterprise.connections.iter();
        let theirs = connections.flat_map(|one| one.balances.iter().map(|entry| (Some(one.connection_id.clone()), entry)));
        let trading = enterprise.trading_accounts.iter();
        let trading = trading.flat_map(|one| one.balances.iter().map(|entry| (Some(one.account_id.clone()), entry)));
        for (account, (currency, amount)) in own.chain(theirs).chain(trading) {
            openings.push(opening(&enterprise.enterprise_id, account, currency, amount)?);
        }
    }
    Ok(openings)
}

fn opening(enterprise: &str, account: Account, currency: &str, amount: &str) -> Result<Funding, SandboxError> {
    let amount = decimal(currency, amount)?;
    Ok(Funding { enterprise: enterprise.to_owned(), account, currency: currency.to_owned(), amount })
}

/// Holds the amounts of closed disputes to what an amount is.
///
/// # Errors
/// [`SandboxError::Balance`] when one is none.
pub(super) fn check_disputes(config: &SandboxConfig) -> Result<(), SandboxError> {
    let disputes = config.enterprises.iter().flat_map(|enterprise| &enterprise.closed_disputes);
    disputes.flat_map(|dispute| &dispute.adjusted_transfers).try_for_each(|(currency, text)| decimal(currency, text).map(drop))
}

/// Opens what the ledger does not know; what it knows from an earlier run stays as it is.
///
/// # Errors
/// [`LedgerError`] when the ledger cannot be written.
pub(super) fn open(ledger: &mut Writer, openings: Vec<Funding>) -> Result<(), LedgerError> {
    for opening in openings {
        let purse = (opening.enterprise.clone(), opening.account.clone(), opening.currency.clone());
        if !ledger.book().knows(&purse) {
            ledger.commit(Record::Funded(opening), Durability::Written)?;
        }
    }
    Ok(())
}
