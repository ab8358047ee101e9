//! The ledger as tests and people read it.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::book::Book;

/// A copy of the ledger at one moment.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LedgerSnapshot {
    /// Every external id that arrived in a post, ordered by enterprise and external id.
    pub settlements: Vec<SettlementEntry>,
    /// Every dispute.
    pub disputes: Vec<DisputeEntry>,
    /// How far the venues' time was moved ahead of the clock that they were given.
    pub clock_moved_ms: i64,
    /// Every trade settlement, oldest first.
    pub trades: Vec<TradeEntry>,
    /// Every body that arrived to change something where the venue recognises no repeat.
    pub writes: Vec<WriteEntry>,
    /// Every quote.
    pub quotes: Vec<QuoteEntry>,
    /// How many requests were seen since the start, by `METHOD path`.
    pub requests: BTreeMap<String, u64>,
    /// What is held, by enterprise, then account (empty for the partner's own), then currency.
    pub balances: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
}

/// What the venue knows of one external id.
#[derive(Debug, Clone, Serialize)]
pub struct SettlementEntry {
    /// The partner's enterprise.
    pub enterprise_id: String,
    /// The partner's name for the settlement.
    pub external_id: String,
    /// How many settlements came to be under it.
    pub created: u64,
    /// How many posts carried it, refused ones and those met by a fault included.
    pub posts: u64,
    /// The different bodies that carried it, as SHA-256 in hex.
    pub body_digests: Vec<String>,
    /// The venue's id; absent while nothing was created.
    pub settlement_id: Option<String>,
    /// The venue's word for its state; absent while nothing was created.
    pub status: Option<String>,
    /// Whether its partner has answered the call about its final amounts.
    pub finalize_answered: bool,
}

/// What arrived to change one thing, where the venue recognises no repeat.
#[derive(Debug, Clone, Serialize)]
pub struct WriteEntry {
    /// `trade`, `affirmation` or `confirmation`.
    pub call: String,
    /// What it is called: a trade settlement's payload by its SHA-256 in hex, an affirmation or a quote by its id.
    pub name: String,
    /// How often it arrived, refused and swallowed ones included.
    pub posts: u64,
    /// The different bodies, as SHA-256 in hex.
    pub body_digests: Vec<String>,
}

/// What the venue knows of one dispute.
#[derive(Debug, Clone, Serialize)]
pub struct DisputeEntry {
    /// The venue's id.
    pub dispute_id: String,
    /// The connection whose client disputes.
    pub connection_id: String,
    /// The venue's id of the settlement that is disputed.
    pub disputed_settlement_id: String,
    /// Whether it was taken back.
    pub retracted: bool,
    /// Whether it was closed.
    pub closed: bool,
    /// The venue's id of the settlement that carries what was agreed.
    pub settled_in_settlement_id: Option<String>,
}

/// What the venue knows of one trade settlement.
#[derive(Debug, Clone, Serialize)]
pub struct TradeEntry {
    /// The venue's id.
    pub settlement_id: String,
    /// What that account signed, as SHA-256 in hex.
    pub payload_sha256: String,
    /// The account that asked for it.
    pub requester_account_id: String,
    /// The venue's word for its state.
    pub status: String,
    /// Each account's affirmation: its id, the account and the venue's word for it.
    pub affirmations: Vec<(String, String, String)>,
}

/// What Bitlipa knows of one quote.
#[derive(Debug, Clone, Serialize)]
pub struct QuoteEntry {
    /// Bitlipa's id.
    pub tx_id: String,
    /// The merchant that asked.
    pub external_merchant_id: String,
    /// The partner's id from the confirmation.
    pub external_tx_id: Option<String>,
    /// Whether it was cancelled.
    pub cancelled: bool,
    /// How often the partner was called about its end.
    pub callbacks: u32,
    /// Whether the partner answered 2xx.
    pub callback_answered: bool,
}

impl LedgerSnapshot {
    pub(super) fn of(book: &Book) -> Self {
        let settlements = book.arrivals().map(|((enterprise, external_id), arrivals)| {
            let settlement = book.settlement(enterprise, external_id);
            SettlementEntry {
                enterprise_id: enterprise.clone(),
                external_id: external_id.clone(),
                created: arrivals.created,
                posts: arrivals.posts,
                body_digests: arrivals.digests.iter().cloned().collect(),
                settlement_id: settlement.map(|found| found.id.clone()),
                status: settlement.map(|found| found.status.as_str().to_owned()),
                finalize_answered: settlement.is_some_and(|found| book.was_called(found)),
            }
        });
        let quotes = book.quotes().map(|quote| QuoteEntry {
            tx_id: quote.tx_id.clone(),
            external_merchant_id: quote.external_merchant_id.clone(),
            external_tx_id: quote.confirmed.as_ref().map(|confirmed| confirmed.external_tx_id.clone()),
            cancelled: quote.cancelled_ms.is_some(),
            callbacks: quote.confirmed.as_ref().map_or(0, |confirmed| confirmed.callbacks),
            callback_answered: quote.confirmed.as_ref().is_some_and(|confirmed| confirmed.answered),
        });
        let disputes = book.all_disputes().map(|dispute| DisputeEntry {
            dispute_id: dispute.id.clone(),
            connection_id: dispute.connection.clone(),
            disputed_settlement_id: dispute.settlement_id.clone(),
            retracted: dispute.retraction.is_some(),
            closed: dispute.closure.is_some(),
            settled_in_settlement_id: dispute.settled_in.clone(),
        });
        let trades = book.trades().map(|trade| TradeEntry {
            settlement_id: trade.id.clone(),
            payload_sha256: trade.affirmation_of(&trade.requester).map(|own| digest(&own.payload)).unwrap_or_default(),
            requester_account_id: trade.requester.clone(),
            status: trade.status.clone(),
            affirmations: trade
                .affirmations
                .iter()
                .map(|one| (one.id.clone(), one.account.clone(), one.status.clone()))
                .collect(),
        });
        let writes = book.writes().map(|((call, name), arrivals)| WriteEntry {
            call: call.clone(),
            name: name.clone(),
            posts: arrivals.posts,
            body_digests: arrivals.digests.iter().cloned().collect(),
        });
        Self {
            writes: writes.collect(),
            trades: trades.collect(),
            settlements: settlements.collect(),
            disputes: disputes.collect(),
            clock_moved_ms: book.clock_moved_ms(),
            quotes: quotes.collect(),
            requests: BTreeMap::new(),
            balances: balances(book),
        }
    }

    /// What the venue knows of an external id, if it ever arrived.
    #[must_use]
    pub fn settlement(&self, enterprise_id: &str, external_id: &str) -> Option<&SettlementEntry> {
        self.settlements.iter().find(|entry| entry.enterprise_id == enterprise_id && entry.external_id == external_id)
    }

    /// What arrived to change a thing, if it ever did.
    #[must_use]
    pub fn write(&self, call: &str, name: &str) -> Option<&WriteEntry> {
        self.writes.iter().find(|entry| entry.call == call && entry.name == name)
    }

    /// What Bitlipa knows of a quote.
    #[must_use]
    pub fn quote(&self, tx_id: &str) -> Option<&QuoteEntry> {
        self.quotes.iter().find(|entry| entry.tx_id == tx_id)
    }

    /// What an account holds, earmarked amounts included; the account is empty for the partner's own.
    #[must_use]
    pub fn balance(&self, enterprise_id: &str, account: &str, currency: &str) -> Option<&str> {
        self.balances.get(enterprise_id)?.get(account)?.get(currency).map(String::as_str)
    }

    /// How many requests were seen whose `METHOD path` contains a text.
    #[must_use]
    pub fn requests_containing(&self, text: &str) -> u64 {
        self.requests.iter().filter(|(line, _)| line.contains(text)).map(|(_, count)| count).sum()
    }
}

fn digest(payload: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(payload.as_bytes()))
}

fn balances(book: &Book) -> BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>> {
    let mut all: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>> = BTreeMap::new();
    for purse in book.all_purses() {
        let (enterprise, account, currency) = purse.clone();
        let amount = crate::domain::amount::canonical(&book.balance(purse));
        all.entry(enterprise).or_default().entry(account.unwrap_or_default()).or_default().insert(currency, amount);
    }
    all
}

impl super::Ledger {
    /// A copy of the ledger, with the requests that the caller counted.
    pub(crate) fn snapshot(&self, requests: BTreeMap<String, u64>) -> LedgerSnapshot {
        LedgerSnapshot { requests, ..self.read(LedgerSnapshot::of) }
    }
}
