//! Whom this gateway serves: enterprises and merchants, each with its venue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::confirming::QuotePace;
use super::terms::TermsCache;
use super::trade::Trading;
use super::turns::Turns;
use crate::domain::ids::{Currency, EnterpriseId, KeyId, MerchantId};
use crate::domain::policy::CheckBefore;
use crate::domain::quote::{Chain, QuoteRequest, WalletAddress};
use crate::domain::settlement::{AmountUnit, OnceRules, Route};
use crate::upstream::{GoNetwork, NetworkReads, QuoteVenue};

/// How an enterprise settles, where it does.
#[derive(Debug, Clone)]
pub struct SettlementTerms {
    /// The endpoint; pinned into each settlement when it is recorded.
    pub route: Route,
    /// The unit that was agreed with the venue.
    pub amount_unit: AmountUnit,
    /// The key that signs; no other enterprise has it.
    pub key_id: KeyId,
    /// How far ahead of now a cutoff may lie, for clocks that differ.
    pub max_cutoff_ahead: Duration,
    /// What keeps the same day from being settled twice.
    pub once: OnceRules,
    /// What happens when the venue is about to settle something else.
    pub on_changed_amounts: OnChangedAmounts,
    /// Whether accounts are looked at before a settlement is recorded.
    pub check_before: CheckBefore,
}

/// What happens when the venue is about to settle something else than was posted with the disputes that it settles with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnChangedAmounts {
    /// It is recorded and alarmed.
    Record,
    /// The same, and the settlement waits for a person: it is followed no further.
    NeedsOperator,
}

/// An enterprise.
#[derive(Clone)]
pub struct Enterprise {
    /// The venue's name for it.
    pub id: EnterpriseId,
    /// How it settles; `None` for an enterprise that only reads as a client.
    pub settles: Option<SettlementTerms>,
    /// Its access to the venue.
    pub venue: Arc<dyn GoNetwork>,
    /// What else it reads there, through the same access.
    pub reads: Arc<dyn NetworkReads>,
    /// Its terms there, as they were last read; empty at first.
    pub terms: TermsCache,
    /// Its trading accounts; most enterprises have none.
    pub trading: Trading,
}

/// Where quotes are had.
#[derive(Clone)]
pub struct QuoteDesk {
    /// The access to the venue.
    pub venue: Arc<dyn QuoteVenue>,
    /// The chains that are paid out on.
    pub chains: BTreeSet<Chain>,
    /// The currencies that are paid in.
    pub source_currencies: BTreeSet<Currency>,
    /// The currencies that are paid out.
    pub destination_currencies: BTreeSet<Currency>,
    /// The merchants and the wallets that each may be paid out to.
    pub merchants: BTreeMap<MerchantId, Vec<WalletAddress>>,
    /// Who is at which request id; empty at first.
    pub turns: Turns,
    /// Where the venue can call back, without the token that ends the URL; without it nothing is confirmed.
    pub callback_url: Option<String>,
    /// When what is being confirmed, or paid out, is looked at again.
    pub pace: QuotePace,
}

impl QuoteDesk {
    /// Whether a request's wallet is one of its merchant's.
    #[must_use]
    pub fn pays_out_to(&self, request: &QuoteRequest) -> bool {
        let wallets = self.merchants.get(&request.merchant_id);
        wallets.is_some_and(|wallets| wallets.iter().any(|wallet| wallet.is_same_account(&request.wallet)))
    }
}

/// Two enterprises that cannot both be served.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DirectoryError {
    /// The same id twice.
    #[error("enterprise {0} is there twice")]
    Twice(EnterpriseId),
    /// A signing reference is key, enterprise and external id, and a payload names no enterprise: so a key has one.
    #[error("key {0} signs for more than one enterprise")]
    SharedKey(KeyId),
}

/// Everybody whom this gateway serves.
#[derive(Clone)]
pub struct Directory {
    enterprises: BTreeMap<EnterpriseId, Enterprise>,
    by_key: BTreeMap<KeyId, EnterpriseId>,
    /// Where quotes are had, where they are.
    pub quotes: Option<QuoteDesk>,
}

impl Directory {
    /// Enters everybody.
    ///
    /// # Errors
    /// [`DirectoryError`] when two entries cannot both be served.
    pub fn new(enterprises: Vec<Enterprise>, quotes: Option<QuoteDesk>) -> Result<Self, DirectoryError> {
        let mut directory = Self { enterprises: BTreeMap::new(), by_key: BTreeMap::new(), quotes };
        for enterprise in enterprises {
            if let Some(terms) = &enterprise.settles
                && directory.by_key.insert(terms.key_id.clone(), enterprise.id.clone()).is_some()
            {
                return Err(DirectoryError::SharedKey(terms.key_id.clone()));
            }
            let id = enterprise.id.clone();
            if directory.enterprises.insert(id.clone(), enterprise).is_some() {
                return Err(DirectoryError::Twice(id));
            }
        }
        Ok(directory)
    }

    /// All enterprises.
    pub fn enterprises(&self) -> impl Iterator<Item = &Enterprise> {
        self.enterprises.values()
    }

    /// An enterprise by its id.
    #[must_use]
    pub fn enterprise(&self, id: &EnterpriseId) -> Option<&Enterprise> {
        self.enterprises.get(id)
    }

    /// The enterprise whose settlements a key signs.
    #[must_use]
    pub fn enterprise_of_key(&self, key: &KeyId) -> Option<&EnterpriseId> {
        self.by_key.get(key)
    }
}
