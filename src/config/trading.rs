//! `[[enterprises.trading_accounts]]`: accounts at BitGo Trade, each with the key that signs for it.

use super::keys::ConfiguredKey;
use super::named::Named;
use super::section::Section;
use crate::domain::ids::{KeyId, TradingAccountId};
use crate::domain::signing::Purpose;

/// A trading account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradingAccount {
    /// Its id at BitGo.
    pub id: TradingAccountId,
    /// The key that signs for it.
    pub signing_key: KeyId,
}

pub(super) fn read_all(section: &mut Section<'_>, keys: &Named<KeyId, ConfiguredKey>) -> Vec<TradingAccount> {
    let accounts = Named::read(section, "trading_accounts", str::parse::<TradingAccountId>, |section, id| {
        let signing_key = section.required("signing_key", str::parse::<KeyId>);
        if let Some(key) = &signing_key {
            check_key(section, key, keys);
        }
        Some(TradingAccount { id: id?, signing_key: signing_key? })
    });
    accounts.into_values()
}

fn check_key(section: &Section<'_>, key: &KeyId, keys: &Named<KeyId, ConfiguredKey>) {
    if !keys.contains(key) {
        section.mistake("signing_key", "names no key of [[keys]]");
    }
    if keys.get(key).is_some_and(|configured| !configured.settings.purposes.contains(&Purpose::Trade)) {
        section.mistake("signing_key", format_args!("the key {key} lacks the purpose trade"));
    }
}
