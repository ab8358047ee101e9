//! What a caller asks of BitGo Trade.

use super::amounts::{BaseUnits, PartyAmounts, Trade};
use super::payload::Expectation;
use crate::domain::ids::{AffirmationId, EnterpriseId, RequestId, TradingAccountId};

/// Where a settlement's payload comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The venue is asked for one that says these amounts.
    Amounts(Vec<PartyAmounts>),
    /// The caller has one from the venue already; it is signed verbatim.
    Payload(String),
}

/// A settlement that is to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// The trades that it settles.
    pub trades: Vec<Trade>,
    /// Where its payload comes from.
    pub basis: Basis,
    /// The most that the account may send beyond its amounts, as fees; `None` is none.
    pub max_fee: Option<BaseUnits>,
}

/// An affirmation that is to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affirming {
    /// Which.
    pub affirmation_id: AffirmationId,
    /// What the account expects to send and receive; empty where the trades say it.
    pub amounts: Vec<PartyAmounts>,
    /// The trades that it believes to settle; empty where the amounts say it.
    pub trades: Vec<Trade>,
    /// The most that the account may send beyond its amounts, as fees; `None` is none.
    pub max_fee: Option<BaseUnits>,
}

/// One of the four writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TradeAction {
    /// Create a settlement.
    Create(Creation),
    /// Agree to one.
    Affirm(Affirming),
    /// Turn one down.
    Reject(AffirmationId),
    /// Withdraw from one.
    Cancel(AffirmationId),
}

impl TradeAction {
    /// The name that the journal uses.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => "CREATE",
            Self::Affirm(_) => "AFFIRM",
            Self::Reject(_) => "REJECT",
            Self::Cancel(_) => "CANCEL",
        }
    }

    /// Whether a payload is signed for it.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        matches!(self, Self::Create(_) | Self::Affirm(_))
    }

    /// The affirmation that it is about, where there is one already.
    #[must_use]
    pub fn affirmation_id(&self) -> Option<&AffirmationId> {
        match self {
            Self::Create(_) => None,
            Self::Affirm(affirming) => Some(&affirming.affirmation_id),
            Self::Reject(id) | Self::Cancel(id) => Some(id),
        }
    }
}

/// A request, converted and bounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeAsked {
    /// Whose account.
    pub enterprise_id: EnterpriseId,
    /// The account that asks.
    pub account_id: TradingAccountId,
    /// The caller's name for the request: it belongs to its first meaning for ever.
    pub request_id: RequestId,
    /// What is asked.
    pub action: TradeAction,
}

impl TradeAsked {
    /// What the payload is held against; `None` where nothing is signed.
    #[must_use]
    pub fn expectation(&self) -> Option<Expectation<'_>> {
        let account_id = &self.account_id;
        match &self.action {
            TradeAction::Create(Creation { trades, basis, max_fee }) => {
                let amounts = match basis {
                    Basis::Amounts(amounts) => amounts.as_slice(),
                    Basis::Payload(_) => &[],
                };
                Some(Expectation { account_id, amounts, trades, max_fee: max_fee.as_ref(), is_requester: true })
            }
            TradeAction::Affirm(Affirming { amounts, trades, max_fee, .. }) => {
                Some(Expectation { account_id, amounts, trades, max_fee: max_fee.as_ref(), is_requester: false })
            }
            TradeAction::Reject(_) | TradeAction::Cancel(_) => None,
        }
    }

    /// The fields in which another request under the same id differs.
    #[must_use]
    pub fn differences(&self, again: &Self) -> Vec<&'static str> {
        let mut fields = Vec::new();
        let mut differs = |field, same: bool| {
            if !same {
                fields.push(field);
            }
        };
        differs("account_id", self.account_id == again.account_id);
        match (&self.action, &again.action) {
            (TradeAction::Create(one), TradeAction::Create(other)) => {
                differs("trades", one.trades == other.trades);
                differs("basis", one.basis == other.basis);
                differs("max_fee_amount", one.max_fee == other.max_fee);
            }
            (TradeAction::Affirm(one), TradeAction::Affirm(other)) => {
                differs("affirmation_id", one.affirmation_id == other.affirmation_id);
                differs("amounts", one.amounts == other.amounts);
                differs("trades", one.trades == other.trades);
                differs("max_fee_amount", one.max_fee == other.max_fee);
            }
            (TradeAction::Reject(one), TradeAction::Reject(other)) | (TradeAction::Cancel(one), TradeAction::Cancel(other)) => {
                differs("affirmation_id", one == other);
            }
            _ => differs("request_id", false),
        }
        fields
    }
}
