//! `[bitlipa]`: quotes, for which merchants, on which chains, to which wallets.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::base_url::BaseUrl;
use super::enterprises::read_base_url;
use super::named::Named;
use super::secrets::{self, SecretKeys, SecretSource};
use super::section::Section;
use super::tls;
use crate::domain::ids::{Currency, MerchantId};
use crate::domain::quote::{Chain, WalletAddress};

const API_KEY: SecretKeys = SecretKeys { file: "api_key_file", variable: "api_key_env" };
const API_SECRET: SecretKeys = SecretKeys { file: "api_secret_file", variable: "api_secret_env" };

/// Access to Bitlipa.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitlipa {
    /// Where it answers.
    pub base_url: BaseUrl,
    /// Where the API key stands.
    pub api_key: SecretSource,
    /// Where the secret stands that requests are signed with.
    pub api_secret: SecretSource,
    /// The authority of the venue's certificate, where it is not a public one.
    pub ca_file: Option<PathBuf>,
    /// The chains that quotes may name.
    pub chains: Vec<Chain>,
    /// The currencies that may be paid in.
    pub source_currencies: Vec<Currency>,
    /// The currencies that may be paid out.
    pub destination_currencies: Vec<Currency>,
    /// The merchants, in the order of their ids.
    pub merchants: Vec<Merchant>,
}

/// A merchant and where it may be paid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// Bitlipa's id of it.
    pub id: MerchantId,
    /// The only wallets that quotes for it may name, on any of the chains.
    pub payout_wallets: Vec<WalletAddress>,
}

/// The section, where there is one without mistakes, and the ids of all its merchants.
pub(super) fn read(root: &mut Section<'_>) -> (Option<Bitlipa>, BTreeSet<MerchantId>) {
    let mut ids = BTreeSet::new();
    let bitlipa = root.optional_section("bitlipa", |section| read_section(section, &mut ids));
    (bitlipa, ids)
}

fn read_section(section: &mut Section<'_>, ids: &mut BTreeSet<MerchantId>) -> Option<Bitlipa> {
    let base_url = read_base_url(section);
    let api_key = secrets::credential(section, API_KEY);
    let api_secret = secrets::credential(section, API_SECRET);
    let ca_file = tls::certificates(section, "ca_file", false);
    let chains = section.full_list("chains", parse_chain);
    let source_currencies = section.full_list("source_currencies", str::parse::<Currency>);
    let destination_currencies = section.full_list("destination_currencies", str::parse::<Currency>);
    let merchants = read_merchants(section, chains.first());
    *ids = merchants.ids();
    Some(Bitlipa {
        base_url: base_url?,
        api_key: api_key?.0,
        api_secret: api_secret?.0,
        ca_file,
        chains,
        source_currencies,
        destination_currencies,
        merchants: merchants.into_values(),
    })
}

/// All chains are of one kind (see [`parse_chain`]), so that a wallet is checked on any of them.
fn read_merchants(section: &mut Section<'_>, chain: Option<&Chain>) -> Named<MerchantId, Merchant> {
    Named::read(section, "merchants", str::parse, |section, id| {
        let wallet = |text: &str| match chain {
            Some(chain) => WalletAddress::new(text, chain).map(Some).map_err(|error| error.to_string()),
            None => Ok(None),
        };
        let payout_wallets = section.full_list("payout_wallets", wallet);
        Some(Merchant { id: id?, payout_wallets: payout_wallets.into_iter().flatten().collect() })
    })
}

/// A chain whose addresses this version can check.
fn parse_chain(text: &str) -> Result<Chain, &'static str> {
    let chain = Chain::new(text).map_err(|_| "must be a CAIP-2 name such as eip155:137")?;
    if chain.is_evm() { Ok(chain) } else { Err("must be a chain of eip155: wallets on others cannot be checked") }
}
