//! Trade settlements in the ledger: who sends what, and how each account answered.

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::book::{Book, Purse};
use super::decimal;

/// A trade settlement as the venue keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TradeSettlement {
    /// The venue's id, a UUID.
    pub(crate) id: String,
    /// The account that asked for it.
    pub(crate) requester: String,
    /// `direct` or `agency`.
    pub(crate) kind: String,
    /// `pending`, `settled`, `rejected`, `failed` or `canceled`.
    pub(crate) status: String,
    /// The trades, as posted, with their ids.
    pub(crate) trades: Vec<Value>,
    /// Each account's part.
    pub(crate) affirmations: Vec<TradeAffirmation>,
    /// When it was created.
    pub(crate) created_ms: i64,
    /// Until when affirmations are awaited.
    pub(crate) expire_ms: i64,
    /// When it ended.
    pub(crate) finalized_ms: Option<i64>,
}

/// An account's part in a settlement.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct TradeAffirmation {
    /// The venue's id.
    pub(crate) id: String,
    /// The account's enterprise.
    pub(crate) enterprise: String,
    /// The account.
    pub(crate) account: String,
    /// The account on the other side.
    pub(crate) counterparty: String,
    /// `pending`, `affirmed`, `rejected`, `failed` or `canceled`.
    pub(crate) status: String,
    /// What the account signs.
    pub(crate) payload: String,
    /// The signature, once it affirmed.
    pub(crate) signature: Option<String>,
    /// What it sends, fees included.
    pub(crate) sends: Vec<Move>,
    /// What it receives.
    pub(crate) receives: Vec<Move>,
}

/// Money of one currency.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Move {
    /// The currency.
    pub(crate) currency: String,
    /// How much, in base units.
    #[serde(with = "decimal")]
    pub(crate) amount: BigDecimal,
}

impl TradeSettlement {
    /// Whether affirmations are still awaited.
    pub(crate) fn is_pending(&self) -> bool {
        self.status == "pending"
    }

    /// An account's part.
    pub(crate) fn affirmation_of(&self, account: &str) -> Option<&TradeAffirmation> {
        self.affirmations.iter().find(|affirmation| affirmation.account == account)
    }
}

impl TradeAffirmation {
    /// The purse of a currency.
    fn purse(&self, currency: &str) -> Purse {
        (self.enterprise.clone(), Some(self.account.clone()), currency.to_owned())
    }
}

impl Book {
    /// All trade settlements, oldest first.
    pub(crate) fn trades(&self) -> impl Iterator<Item = &TradeSettlement> {
        self.trades.iter()
    }

    /// A trade settlement by its id.
    pub(crate) fn trade(&self, id: &str) -> Option<&TradeSettlement> {
        self.trades.iter().find(|trade| trade.id == id)
    }

    /// Whether an account can lock what it would send beside what it has locked already.
    pub(crate) fn can_lock(&self, affirmation: &TradeAffirmation) -> bool {
        let locked = |currency: &str| -> BigDecimal {
            let open = self.trades.iter().filter(|trade| trade.is_pending()).flat_map(|trade| &trade.affirmations);
            let own = open.filter(|one| one.account == affirmation.account && one.status == "affirmed");
            own.flat_map(|one| &one.sends).filter(|sent| sent.currency == currency).map(|sent| &sent.amount).sum()
        };
        let covers = |sent: &Move| self.balance(&affirmation.purse(&sent.currency)) >= locked(&sent.currency) + &sent.amount;
        affirmation.sends.iter().all(covers)
    }

    /// Takes a trade settlement in as it is now; money moves when it settles.
    pub(super) fn take_trade(&mut self, trade: TradeSettlement) {
        if trade.status == "settled" {
            for affirmation in &trade.affirmations {
                for sent in &affirmation.sends {
                    self.move_by(affirmation.purse(&sent.currency), -&sent.amount);
                }
                for received in &affirmation.receives {
                    self.move_by(affirmation.purse(&received.currency), received.amount.clone());
                }
            }
        }
        match self.trades.iter_mut().find(|one| one.id == trade.id) {
            Some(place) => *place = trade,
            None => self.trades.push(trade),
        }
    }

    fn move_by(&mut self, purse: Purse, change: BigDecimal) {
        let moved = self.balance(&purse) + change;
        self.balances.insert(purse, moved);
    }
}
