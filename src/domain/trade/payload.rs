//! The payload of a trade settlement (version 1.2.0), read strictly and held against what was asked.
//!
//! The venue writes it and the account's key signs it, so nothing is signed
//! that is not wholly understood: every key is a documented one, the account
//! is the signer, and what it sends beyond what was asked is the fees that are
//! listed, within what the caller allows.

use bigdecimal::BigDecimal;

use super::amounts::{BaseUnits, PartyAmounts, Scope, Trade, disagreement};
use crate::domain::ids::{Currency, TradingAccountId, same_id};
use crate::domain::payload::{Json, Mismatch, read_strict};

/// The version that is understood.
pub const PAYLOAD_VERSION: &str = "1.2.0";
/// The most bytes of a nonce; the venue's are base64 of 16 bytes.
const MAX_NONCE_BYTES: usize = 256;
/// The most entries of `amounts`, as of a request's.
pub const MAX_PARTIES: usize = 100;

/// The two nonces that the venue drew for a payload: what it is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonces {
    /// `nonceHold`
    pub hold: String,
    /// `nonceSettle`
    pub settle: String,
}

impl Nonces {
    /// One text for both, unambiguous since the first carries its length.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}:{} {}", self.hold.len(), self.hold, self.settle)
    }

    /// Reads what [`Nonces::to_text`] writes.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let (length, rest) = text.split_once(':')?;
        let (hold, settle) = rest.split_at_checked(length.parse().ok()?)?;
        Some(Self { hold: hold.to_owned(), settle: settle.strip_prefix(' ')?.to_owned() })
    }
}

/// An entry of `amounts`, with the fees that stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    party: PartyAmounts,
    /// What is sent with fees: `sendAmount`.
    sent: BaseUnits,
    fees: BigDecimal,
}

/// A payload, as far as it commits its signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradePayload {
    /// The account that signs.
    pub account_id: TradingAccountId,
    /// Its nonces.
    pub nonces: Nonces,
    entries: Vec<Entry>,
}

/// What a payload is held against.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    /// The account whose key signs.
    pub account_id: &'a TradingAccountId,
    /// The amounts that were asked for; empty where only trades are known.
    pub amounts: &'a [PartyAmounts],
    /// The trades that are settled; empty where only amounts are known.
    pub trades: &'a [Trade],
    /// The most that the signer may send beyond what was asked, as fees.
    pub max_fee: Option<&'a BaseUnits>,
    /// Whether the account asks for the settlement, and so answers for every amount of it.
    pub is_requester: bool,
}

fn mismatch<T>(path: impl Into<String>, problem: &'static str) -> Result<T, Mismatch> {
    Err(Mismatch { path: path.into(), problem })
}

/// Reads a payload.
///
/// # Errors
/// [`Mismatch`] naming the first place that is not as documented.
pub fn read_trade_payload(payload: &str) -> Result<TradePayload, Mismatch> {
    let json = read_strict(payload).or_else(|error| mismatch("$", error.problem()))?;
    let keys = Keys { json: &json, path: "" };
    keys.only(&["version", "accountId", "amounts", "nonceHold", "nonceSettle"])?;
    if keys.text("version")? != PAYLOAD_VERSION {
        return mismatch("version", "has a version that is not known");
    }
    let account_id = keys.read("accountId", |text| TradingAccountId::new(text).ok())?;
    let nonce = |name| keys.read(name, |text| (!text.is_empty() && text.len() <= MAX_NONCE_BYTES).then(|| text.to_owned()));
    let nonces = Nonces { hold: nonce("nonceHold")?, settle: nonce("nonceSettle")? };
    let entries = match json.get("amounts") {
        Some(Json::Array(entries)) if !entries.is_empty() && entries.len() <= MAX_PARTIES => entries,
        _ => return mismatch("amounts", "is not a list of at least one and not too many"),
    };
    let read = |(place, entry)| read_entry(entry, &format!("amounts[{place}]."), &account_id);
    let entries = entries.iter().enumerate().map(read).collect::<Result<_, _>>()?;
    Ok(TradePayload { account_id, nonces, entries })
}

fn read_entry(json: &Json, path: &str, signer: &TradingAccountId) -> Result<Entry, Mismatch> {
    const KEYS: [&str; 7] =
        ["accountId", "sendSubtotal", "sendAmount", "sendCurrency", "receiveAmount", "receiveCurrency", "fees"];
    let keys = Keys { json, path };
    keys.only(&KEYS)?;
    let units = |name| keys.read(name, |text| BaseUnits::parse(text).ok());
    let currency = |name| keys.read(name, |text| Currency::new(text).ok());
    let party = PartyAmounts {
        account_id: keys.read("accountId", |text| TradingAccountId::new(text).ok())?,
        send_amount: units("sendSubtotal")?,
        send_currency: currency("sendCurrency")?,
        receive_amount: units("receiveAmount")?,
        receive_currency: currency("receiveCurrency")?,
    };
    let (sent, fees) = (units("sendAmount")?, read_fees(json.get("fees"), path, &party.send_currency)?);
    let total = party.send_amount.value() + &fees;
    // The venue shows the signer its own fees and nobody else's.
    let is_sum = if party.account_id == *signer { *sent.value() == total } else { *sent.value() >= total };
    if !is_sum {
        return mismatch(format!("{path}sendAmount"), "is not the subtotal and the fees");
    }
    Ok(Entry { party, sent, fees })
}

fn read_fees(json: Option<&Json>, path: &str, currency: &Currency) -> Result<BigDecimal, Mismatch> {
    let fees = match json {
        None | Some(Json::Null) => return Ok(BigDecimal::default()),
        Some(Json::Array(fees)) if fees.len() <= MAX_PARTIES => fees,
        Some(_) => return mismatch(format!("{path}fees"), "is not a list, or too long a one"),
    };
    let mut sum = BigDecimal::default();
    for (place, fee) in fees.iter().enumerate() {
        let path = format!("{path}fees[{place}].");
        let keys = Keys { json: fee, path: &path };
        keys.only(&["feeType", "feeAmount", "feeCurrency", "feeRate"])?;
        if fee.get("feeCurrency").is_some() && keys.text("feeCurrency")? != currency.as_str() {
            return mismatch(format!("{path}feeCurrency"), "is not the currency that is sent");
        }
        sum += keys.read("feeAmount", |text| BaseUnits::parse(text).ok())?.value();
    }
    Ok(sum)
}

/// An object whose keys are read by name, with the path that leads to it.
struct Keys<'a> {
    json: &'a Json,
    path: &'a str,
}

impl<'a> Keys<'a> {
    fn only(&self, known: &[&str]) -> Result<(), Mismatch> {
        if !matches!(self.json, Json::Object(_)) {
            return mismatch(self.path.trim_end_matches('.'), "is not an object");
        }
        match self.json.members().iter().find(|(key, _)| !known.contains(&key.as_str())) {
            Some((key, _)) => mismatch(format!("{}{key}", self.path), "has a key that is not known"),
            None => Ok(()),
        }
    }

    fn text(&self, name: &str) -> Result<&'a str, Mismatch> {
        match self.json.get(name) {
            Some(Json::String(text)) => Ok(text),
            Some(_) => mismatch(format!("{}{name}", self.path), "is not a text"),
            None => mismatch(format!("{}{name}", self.path), "is missing"),
        }
    }

    fn read<T>(&self, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Mismatch> {
        read(self.text(name)?).map_or_else(|| mismatch(format!("{}{name}", self.path), "cannot be read"), Ok)
    }
}

impl TradePayload {
    /// What each account sends, before fees, and receives.
    #[must_use]
    pub fn parties(&self) -> Vec<PartyAmounts> {
        self.entries.iter().map(|entry| entry.party.clone()).collect()
    }

    /// What an account sends of each currency, fees included: what its owner's limits are held against.
    pub fn sent_by<'a>(&'a self, account: &'a TradingAccountId) -> impl Iterator<Item = (&'a Currency, &'a BigDecimal)> {
        let own = self.entries.iter().filter(move |entry| entry.party.account_id == *account);
        own.map(|entry| (&entry.party.send_currency, entry.sent.value()))
    }

    /// Holds the payload against what was asked.
    ///
    /// # Errors
    /// [`Mismatch`] for the first disagreement; such a payload must never be signed.
    pub fn hold(&self, expected: Expectation<'_>) -> Result<(), Mismatch> {
        if self.account_id != *expected.account_id {
            return mismatch("accountId", "is another account");
        }
        // Spelled otherwise, the signer's own part would pass for somebody else's, whose amounts and fees are not held so.
        let account = self.account_id.as_str();
        let is_respelled = |other: &str| other != account && same_id(other, account);
        if let Some(place) = self.entries.iter().position(|entry| is_respelled(entry.party.account_id.as_str())) {
            return mismatch(format!("amounts[{place}].accountId"), "is the signer's account, spelled otherwise");
        }
        self.hold_amounts(expected)?;
        self.hold_fees(expected)?;
        let scope = if expected.is_requester {
            Scope::Everybody { requester: expected.account_id }
        } else {
            Scope::Account(expected.account_id)
        };
        let parties = self.parties();
        let differs = (!expected.trades.is_empty()).then(|| disagreement(&parties, expected.trades, scope)).flatten();
        match differs {
            Some((account, currency)) => mismatch(format!("amounts of {account} in {currency}"), "does not come to the trades"),
            None => Ok(()),
        }
    }

    /// Entry by entry, in any order. Who does not ask for the settlement answers for the accounts that it names.
    fn hold_amounts(&self, expected: Expectation<'_>) -> Result<(), Mismatch> {
        if expected.amounts.is_empty() {
            return if expected.trades.is_empty() { mismatch("amounts", "has nothing to be held against") } else { Ok(()) };
        }
        let named = |party: &PartyAmounts| {
            expected.is_requester
                || party.account_id == *expected.account_id
                || expected.amounts.iter().any(|asked| asked.account_id == party.account_id)
        };
        let mut missing: Vec<&PartyAmounts> = expected.amounts.iter().collect();
        for (place, entry) in self.entries.iter().enumerate().filter(|(_, entry)| named(&entry.party)) {
            let Some(found) = missing.iter().position(|asked| is_same(asked, &entry.party)) else {
                return mismatch(format!("amounts[{place}]"), "was not asked for");
            };
            missing.swap_remove(found);
        }
        match missing.first() {
            Some(asked) => mismatch(format!("amounts of {}", asked.account_id), "lacks what was asked for"),
            None => Ok(()),
        }
    }

    /// What the signer pays beyond what was asked.
    fn hold_fees(&self, expected: Expectation<'_>) -> Result<(), Mismatch> {
        let own = self.entries.iter().filter(|entry| entry.party.account_id == *expected.account_id);
        let sum: BigDecimal = own.map(|entry| &entry.fees).sum();
        let allowed = expected.max_fee.map(|max| max.value().clone()).unwrap_or_default();
        if sum > allowed { mismatch("amounts.fees", "is more than max_fee_amount allows") } else { Ok(()) }
    }
}

/// The same in value: `01` and `1` are one amount.
fn is_same(asked: &PartyAmounts, found: &PartyAmounts) -> bool {
    asked.account_id == found.account_id
        && asked.send_currency == found.send_currency
        && asked.receive_currency == found.receive_currency
        && asked.send_amount.value() == found.send_amount.value()
        && asked.receive_amount.value() == found.receive_amount.value()
}

#[cfg(test)]
#[path = "payload_tests.rs"]
mod tests;
