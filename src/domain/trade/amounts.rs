//! Amounts of trades: whole base units, who sends what and receives what.

use std::collections::{BTreeMap, BTreeSet};

use bigdecimal::{BigDecimal, Zero};
use jiff::Timestamp;

use super::status::TradeStatus;
use crate::domain::amount::{Amount, AmountError};
use crate::domain::ids::{Currency, ExternalId, TradeId, TradingAccountId};

/// A whole number of base units (cents, satoshi, wei), never negative, with the text it was written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUnits(Amount);

impl BaseUnits {
    /// Reads digits and nothing else.
    ///
    /// # Errors
    /// [`AmountError`] for signs, points and more than [`Amount::MAX_DIGITS`] digits.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let amount = Amount::parse(text)?;
        if text.bytes().all(|byte| byte.is_ascii_digit()) { Ok(Self(amount)) } else { Err(AmountError::NotDecimal) }
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The exact value.
    #[must_use]
    pub fn value(&self) -> &BigDecimal {
        self.0.value()
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }
}

/// What one account sends and receives (an entry of the payload's `amounts`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyAmounts {
    /// The account.
    pub account_id: TradingAccountId,
    /// What it sends, before fees.
    pub send_amount: BaseUnits,
    /// The currency that it sends.
    pub send_currency: Currency,
    /// What it receives.
    pub receive_amount: BaseUnits,
    /// The currency that it receives.
    pub receive_currency: Currency,
}

/// One trade that is settled (seed 003).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trade {
    /// `id`
    pub id: Option<TradeId>,
    /// The account that sends base currency.
    pub base_account_id: TradingAccountId,
    /// The account that sends quote currency.
    pub quote_account_id: TradingAccountId,
    /// `status`, as the caller gives it.
    pub status: TradeStatus,
    /// When it was made.
    pub timestamp: Timestamp,
    /// What the base account sends; not zero.
    pub base_amount: BaseUnits,
    /// What the quote account sends; not zero.
    pub quote_amount: BaseUnits,
    /// The currency that the base account sends.
    pub base_currency: Currency,
    /// The currency that the quote account sends.
    pub quote_currency: Currency,
    /// What the base account receives, where that is not what the quote account sends: agency settlements.
    pub base_receive: Option<(BaseUnits, Currency)>,
    /// What the quote account receives, where that is not what the base account sends.
    pub quote_receive: Option<(BaseUnits, Currency)>,
    /// The customer's own price.
    pub cost_basis: Option<Amount>,
    /// The currency of that price.
    pub cost_basis_currency: Option<Currency>,
    /// The customer's name for the trade.
    pub external_id: Option<ExternalId>,
}

impl Trade {
    /// What the base account receives.
    fn base_received(&self) -> (&BaseUnits, &Currency) {
        self.base_receive.as_ref().map_or((&self.quote_amount, &self.quote_currency), |(amount, currency)| (amount, currency))
    }

    /// What the quote account receives.
    fn quote_received(&self) -> (&BaseUnits, &Currency) {
        self.quote_receive.as_ref().map_or((&self.base_amount, &self.base_currency), |(amount, currency)| (amount, currency))
    }

    /// The two accounts' amounts.
    #[must_use]
    pub fn parties(&self) -> [PartyAmounts; 2] {
        let party = |account: &TradingAccountId, send: (&BaseUnits, &Currency), receive: (&BaseUnits, &Currency)| PartyAmounts {
            account_id: account.clone(),
            send_amount: send.0.clone(),
            send_currency: send.1.clone(),
            receive_amount: receive.0.clone(),
            receive_currency: receive.1.clone(),
        };
        [
            party(&self.base_account_id, (&self.base_amount, &self.base_currency), self.base_received()),
            party(&self.quote_account_id, (&self.quote_amount, &self.quote_currency), self.quote_received()),
        ]
    }
}

/// Whose amounts must agree.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// Everybody's, as the account that asks for the settlement knows them.
    Everybody {
        /// Who asks: it may stand between the parties and keep what is left.
        requester: &'a TradingAccountId,
    },
    /// One account's: what others do among themselves is not its to authorise.
    Account(&'a TradingAccountId),
}

/// What an account sent and received of a currency, each summed and not set off.
type Flows<'a> = BTreeMap<(&'a str, &'a str), (BigDecimal, BigDecimal)>;

fn flows(parties: &[PartyAmounts]) -> Flows<'_> {
    let mut flows = Flows::new();
    for party in parties {
        let account = party.account_id.as_str();
        flows.entry((account, party.send_currency.as_str())).or_default().0 += party.send_amount.value();
        flows.entry((account, party.receive_currency.as_str())).or_default().1 += party.receive_amount.value();
    }
    // Nothing of a currency is as good as no word of it.
    flows.retain(|_, (sent, received)| !sent.is_zero() || !received.is_zero());
    flows
}

/// The first account and currency in which amounts do not come to the trades; `None` when they do.
#[must_use]
pub fn disagreement(parties: &[PartyAmounts], trades: &[Trade], scope: Scope<'_>) -> Option<(String, String)> {
    let traded: Vec<PartyAmounts> = trades.iter().flat_map(Trade::parties).collect();
    let (expected, found) = (flows(&traded), flows(parties));
    let concerned: BTreeSet<&str> = match scope {
        Scope::Everybody { .. } => expected.keys().map(|(account, _)| *account).collect(),
        Scope::Account(account) => BTreeSet::from([account.as_str()]),
    };
    let places: BTreeSet<&(&str, &str)> = expected.keys().chain(found.keys()).collect();
    let differs = |place: &&&(&str, &str)| concerned.contains(place.0) && expected.get(**place) != found.get(**place);
    let named = |(account, currency): (&str, &str)| (account.to_owned(), currency.to_owned());
    if let Some(place) = places.iter().find(differs) {
        return Some(named(**place));
    }
    match scope {
        Scope::Everybody { requester } => rest_differs(&expected, &found, &concerned, requester.as_str()).map(named),
        Scope::Account(account) => {
            let has_none = !expected.keys().any(|(named, _)| *named == account.as_str());
            has_none.then(|| (account.as_str().to_owned(), String::new()))
        }
    }
}

/// What the parties of the trades leave must be what the requester between them gets, and nobody else takes part.
fn rest_differs<'a>(
    expected: &Flows<'a>,
    found: &Flows<'a>,
    parties: &BTreeSet<&str>,
    requester: &'a str,
) -> Option<(&'a str, &'a str)> {
    let mut left: BTreeMap<&str, BigDecimal> = BTreeMap::new();
    for ((_, currency), (sent, received)) in expected {
        *left.entry(currency).or_default() += sent - received;
    }
    let others = found.iter().filter(|((account, _), _)| !parties.contains(account));
    let mut has_part = false;
    for ((account, currency), (sent, received)) in others {
        if *account != requester {
            return Some((account, currency));
        }
        has_part = true;
        *left.entry(currency).or_default() += sent - received;
    }
    // A requester between the parties that is not shown may keep something, and pays nothing that it does not sign for.
    let may_keep = !has_part && !parties.contains(requester);
    let is_wrong = |rest: &BigDecimal| if may_keep { *rest < BigDecimal::zero() } else { !rest.is_zero() };
    left.into_iter().find(|(_, rest)| is_wrong(rest)).map(|(currency, _)| (requester, currency))
}

#[cfg(test)]
#[path = "amounts_tests.rs"]
pub(super) mod tests;
