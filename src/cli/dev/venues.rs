//! The simulated venues of a development run: seed 000's connections, seed 001's settlement, seed 004's merchant.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::DevError;
use super::home::{Home, V2_KEY};
use super::recipes::{ACCOUNT_A, ACCOUNT_AGENT, ACCOUNT_B, CONNECTIONS, MERCHANT, V1_ENTERPRISE, V1_KEY, V2_ENTERPRISE};
use crate::app::SystemClock;
use crate::custody::{KeyMaterial, KeySettings, open};
use crate::domain::ids::KeyId;
use crate::sandbox::{
    BitlipaRules, ClientSettlement, SandboxConfig, SandboxConnection, SandboxEnterprise, SandboxTradingAccount,
};

/// How long clients may dispute, and how long the partner may then top up: short enough to watch.
const WINDOW_MS: i64 = 5_000;
/// What each trading account holds of each currency, in base units.
const TRADING_FUNDS: &str = "1000000000000";

/// The most Ugandan shillings that can be paid out in one quote: larger requests get partial quotes.
const SCARCE_UGX: u64 = 40_000;

/// What the venues are told.
pub(super) fn config(home: &Home, bitgo: SocketAddr, bitlipa: SocketAddr) -> Result<SandboxConfig, DevError> {
    let settles_now = enterprise(home, V1_ENTERPRISE, V1_KEY)?;
    let with_disputes = SandboxEnterprise {
        disputes: true,
        dispute_window_ms: WINDOW_MS,
        top_up_window_ms: WINDOW_MS,
        ..enterprise(home, V2_ENTERPRISE, V2_KEY)?
    };
    let mut bitlipa_rules = BitlipaRules::default();
    for rate in bitlipa_rules.rates.iter_mut().filter(|rate| rate.source == "UGX") {
        rate.liquidity_minor_units = Some(SCARCE_UGX);
    }
    let text = |name: &str| -> Result<String, DevError> { Ok(home.token(name)?.expose_text().unwrap_or_default().to_owned()) };
    Ok(SandboxConfig {
        data_dir: Some(home.sandbox_folder()),
        bitgo_listen: bitgo,
        bitlipa_listen: bitlipa,
        enterprises: vec![settles_now, with_disputes],
        merchants: vec![MERCHANT.to_owned()],
        bitlipa_api_key: text("bitlipa-key")?,
        bitlipa_secret: home.token("bitlipa-secret")?,
        bitlipa: bitlipa_rules,
        ..SandboxConfig::loopback(Arc::new(SystemClock))
    })
}

fn enterprise(home: &Home, id: &str, key: &str) -> Result<SandboxEnterprise, DevError> {
    let connection = |connection: &str| SandboxConnection {
        connection_id: connection.to_owned(),
        client_enterprise_id: Some(id.to_owned()),
        balances: funds(),
    };
    Ok(SandboxEnterprise {
        connections: CONNECTIONS.map(connection).to_vec(),
        account: funds(),
        client_settlements: vec![ClientSettlement::example()],
        trading_accounts: trading_accounts(id, public_key(home, key)?),
        ..SandboxEnterprise::new(id, home.token(id)?, public_key(home, key)?)
    })
}

/// Two accounts of the first enterprise and one of the second.
fn trading_accounts(enterprise: &str, public_key: [u8; 33]) -> Vec<SandboxTradingAccount> {
    let account = |(id, name): (&str, &str)| SandboxTradingAccount {
        account_id: id.to_owned(),
        name: name.to_owned(),
        public_key,
        fee: None,
        balances: ["ofctbtc", "ofctusd"].map(|currency| (currency.to_owned(), TRADING_FUNDS.to_owned())).into(),
    };
    let accounts: &[(&str, &str)] = if enterprise == V1_ENTERPRISE {
        &[(ACCOUNT_A, "Enterprise A Trading Account"), (ACCOUNT_AGENT, "Enterprise A Agency Account")]
    } else {
        &[(ACCOUNT_B, "Enterprise B Trading Account")]
    };
    accounts.iter().copied().map(account).collect()
}

fn funds() -> BTreeMap<String, String> {
    ["BTC", "ETH", "XRP", "USD"].map(|currency| (currency.to_owned(), "1000000".to_owned())).into()
}

fn public_key(home: &Home, key: &str) -> Result<[u8; 33], DevError> {
    let settings = KeySettings { id: KeyId::new(key)?, purposes: BTreeSet::new(), enabled: true, sign_payload_settlement: false };
    let opened = open(settings, &KeyMaterial::XprvFile(home.key_file(key)), None)?;
    Ok(*opened.public_key().as_bytes())
}
