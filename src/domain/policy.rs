//! Who may do what: everything that is not granted is denied.
//!
//! A caller's grants name enterprises, merchants, keys and RPCs. They are held
//! before anything is looked up, so that a denial says nothing about what exists.

use std::collections::{BTreeMap, BTreeSet};

use bigdecimal::{BigDecimal, Signed};
use thiserror::Error;

use super::amount::{Amount, canonical};
use super::ids::{CallerId, Currency, EnterpriseId, KeyId, MerchantId};
use super::settlement::SettlementAmounts;

/// An RPC, as `Service/Method`: the unit of access.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RpcName(String);

impl RpcName {
    /// Takes a name such as `SettlementService/InitiateSettlement`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A set of names, or all there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed<T: Ord> {
    /// Every name: written `*` in the configuration.
    All,
    /// These names only.
    Only(BTreeSet<T>),
}

impl<T: Ord> Allowed<T> {
    /// Whether a name is allowed.
    #[must_use]
    pub fn allows(&self, name: &T) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

impl Allowed<RpcName> {
    /// Whether an RPC is allowed: what overrules the gateway's own findings is granted by name and never by `*`.
    fn covers(&self, rpc: &RpcName) -> bool {
        match self {
            Self::All => !rpc.as_str().starts_with("AdminService/"),
            Self::Only(names) => names.contains(rpc),
        }
    }
}

/// How much of a currency a caller may settle. Held against the sum of the amounts' absolute values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpendLimit {
    /// The currency.
    pub currency: Currency,
    /// The most in one settlement.
    pub per_settlement: Option<Amount>,
    /// The most in any 24 hours, over all settlements that the caller had recorded.
    pub per_day: Option<Amount>,
}

/// What one caller may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    /// The caller.
    pub caller: CallerId,
    /// The RPCs that it may call.
    pub rpcs: Allowed<RpcName>,
    /// The enterprises that it may name.
    pub enterprises: Allowed<EnterpriseId>,
    /// The merchants that it may name.
    pub merchants: Allowed<MerchantId>,
    /// The keys that it may name.
    pub keys: Allowed<KeyId>,
    /// Its limits; a currency without one is unlimited only if `unlimited_currencies` says so.
    pub limits: BTreeMap<Currency, SpendLimit>,
    /// Whether currencies without a limit may be settled.
    pub unlimited_currencies: bool,
}

/// Whether accounts are looked at before a settlement is recorded, and what follows from a shortfall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckBefore {
    /// They are not looked at.
    Off,
    /// A shortfall is reported, and the settlement goes out.
    Report,
    /// A shortfall refuses the settlement.
    Refuse,
}

/// What a call is about.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// Nothing in particular.
    None,
    /// An enterprise's settlements.
    Enterprise(&'a EnterpriseId),
    /// A merchant's quotes.
    Merchant(&'a MerchantId),
    /// A key.
    Key(&'a KeyId),
}

/// The caller may not do this. It says no more, since more would tell what exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the caller is not allowed to do this")]
pub struct Denied;

/// A limit of the caller's that a settlement would exceed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the limit of {limit} {currency} {window} would be exceeded")]
pub struct LimitExceeded {
    /// The currency.
    pub currency: Currency,
    /// The limit, as configured.
    pub limit: String,
    /// Which limit: `in one settlement` or `in 24 hours`.
    pub window: &'static str,
}

impl LimitExceeded {
    /// What a single settlement's limit is called.
    pub const PER_SETTLEMENT: &'static str = "in one settlement";
    /// What a rolling day's limit is called.
    pub const PER_DAY: &'static str = "in 24 hours";
}

impl Grants {
    /// Decides whether the caller may call an RPC about a resource.
    ///
    /// # Errors
    /// [`Denied`] unless both are granted.
    pub fn check(&self, rpc: &RpcName, resource: Resource<'_>) -> Result<(), Denied> {
        let granted = match resource {
            Resource::None => true,
            Resource::Enterprise(id) => self.enterprises.allows(id),
            Resource::Merchant(id) => self.merchants.allows(id),
            Resource::Key(id) => self.keys.allows(id),
        };
        if self.rpcs.covers(rpc) && granted { Ok(()) } else { Err(Denied) }
    }

    /// The limits that a settlement's currencies are held against.
    ///
    /// # Errors
    /// [`Denied`] when a currency has no limit and unlimited ones are not granted, or it is spelt as a limited one in another
    /// case.
    pub fn limits_for(&self, amounts: &SettlementAmounts) -> Result<Vec<SpendLimit>, Denied> {
        self.limits_of(amounts.legs().iter().map(|leg| &leg.currency))
    }

    /// The limits that some currencies are held against.
    ///
    /// # Errors
    /// As [`Grants::limits_for`].
    pub fn limits_of<'a>(&self, currencies: impl Iterator<Item = &'a Currency>) -> Result<Vec<SpendLimit>, Denied> {
        let currencies: BTreeSet<&Currency> = currencies.collect();
        let mut limits = Vec::new();
        for currency in currencies {
            match self.limits.get(currency) {
                Some(limit) => limits.push(limit.clone()),
                None if self.unlimited_currencies && !self.is_limited_in_another_case(currency) => {}
                None => return Err(Denied),
            }
        }
        Ok(limits)
    }

    /// Whether a currency is a limited one but for its case: a venue that ignores case would let it past the limit.
    fn is_limited_in_another_case(&self, currency: &Currency) -> bool {
        self.limits.keys().any(|limited| limited.as_str().eq_ignore_ascii_case(currency.as_str()))
    }
}

impl SpendLimit {
    /// Holds one settlement's sum, and what the caller had recorded in the 24 hours before it, against the limit.
    ///
    /// # Errors
    /// [`LimitExceeded`] naming the limit that would be exceeded.
    pub fn check(&self, this: &BigDecimal, before: &BigDecimal) -> Result<(), LimitExceeded> {
        let exceeded = |limit: &Amount, window| {
            Err(LimitExceeded { currency: self.currency.clone(), limit: limit.as_str().to_owned(), window })
        };
        match (&self.per_settlement, &self.per_day) {
            (Some(limit), _) if this > limit.value() => exceeded(limit, LimitExceeded::PER_SETTLEMENT),
            (_, Some(limit)) if &(this + before) > limit.value() => exceeded(limit, LimitExceeded::PER_DAY),
            _ => Ok(()),
        }
    }
}

impl SpendLimit {
    /// What is left of the day's limit once so much of it was recorded: a decimal, never negative; zero where there is none.
    #[must_use]
    pub fn left_of_day(&self, spent: &BigDecimal) -> String {
        let left = self.per_day.as_ref().map(|limit| limit.value() - spent);
        canonical(&left.filter(|left| !left.is_negative()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ConnectionId;
    use crate::domain::settlement::Leg;

    fn nobody() -> Grants {
        Grants {
            caller: CallerId::new("c").unwrap(),
            rpcs: Allowed::Only(BTreeSet::new()),
            enterprises: Allowed::Only(BTreeSet::new()),
            merchants: Allowed::Only(BTreeSet::new()),
            keys: Allowed::Only(BTreeSet::new()),
            limits: BTreeMap::new(),
            unlimited_currencies: false,
        }
    }

    #[test]
    fn who_is_granted_nothing_may_do_nothing() {
        let enterprise = EnterpriseId::new("e").unwrap();
        let rpc = RpcName::new("SettlementService/GetSettlement");
        assert_eq!(nobody().check(&rpc, Resource::None), Err(Denied));
        assert_eq!(nobody().check(&rpc, Resource::Enterprise(&enterprise)), Err(Denied));
    }

    #[test]
    fn an_rpc_without_the_resource_is_denied_and_so_is_the_reverse() {
        let enterprise = EnterpriseId::new("e").unwrap();
        let rpc = RpcName::new("SettlementService/GetSettlement");
        let only_rpc = Grants { rpcs: Allowed::All, ..nobody() };
        let only_resource = Grants { enterprises: Allowed::All, ..nobody() };
        let both = Grants { rpcs: Allowed::All, enterprises: Allowed::Only([enterprise.clone()].into()), ..nobody() };
        assert_eq!(only_rpc.check(&rpc, Resource::Enterprise(&enterprise)), Err(Denied));
        assert_eq!(only_resource.check(&rpc, Resource::Enterprise(&enterprise)), Err(Denied));
        assert_eq!(both.check(&rpc, Resource::Enterprise(&enterprise)), Ok(()));
        assert_eq!(both.check(&rpc, Resource::Enterprise(&EnterpriseId::new("f").unwrap())), Err(Denied));
    }

    #[test]
    fn what_overrules_the_gateway_is_granted_by_name_and_by_no_star() {
        let rpc = RpcName::new("AdminService/ResolveSettlement");
        let starred = Grants { rpcs: Allowed::All, ..nobody() };
        assert_eq!(starred.check(&rpc, Resource::None), Err(Denied));
        let named = Grants { rpcs: Allowed::Only([rpc.clone()].into()), ..nobody() };
        assert_eq!(named.check(&rpc, Resource::None), Ok(()));
    }

    #[test]
    fn another_spelling_of_a_limited_currency_is_not_unlimited() {
        let amounts = |currency: &str| {
            let leg = Leg {
                connection_id: ConnectionId::new("c").unwrap(),
                counterparty_connection_id: None,
                currency: Currency::new(currency).unwrap(),
                amount: Amount::parse("1").unwrap(),
            };
            SettlementAmounts::new(vec![leg]).unwrap()
        };
        let currency = Currency::new("BTC").unwrap();
        let limit = SpendLimit { currency: currency.clone(), per_settlement: Amount::parse("1").ok(), per_day: None };
        let limited = Grants { limits: [(currency, limit.clone())].into(), unlimited_currencies: true, ..nobody() };
        assert_eq!(limited.limits_for(&amounts("btc")), Err(Denied));
        assert_eq!(limited.limits_for(&amounts("BTC")), Ok(vec![limit]));
        assert_eq!(limited.limits_for(&amounts("ETH")), Ok(Vec::new()));
    }

    #[test]
    fn a_limit_is_inclusive_and_counts_the_day() {
        let amount = |text: &str| Amount::parse(text).unwrap();
        let limit = SpendLimit {
            currency: Currency::new("BTC").unwrap(),
            per_settlement: Some(amount("10")),
            per_day: Some(amount("15")),
        };
        let check = |this: &str, before: &str| limit.check(amount(this).value(), amount(before).value());
        assert_eq!(check("10", "5"), Ok(()));
        assert_eq!(check("10.00000001", "0").unwrap_err().window, LimitExceeded::PER_SETTLEMENT);
        assert_eq!(check("10", "5.1").unwrap_err().window, LimitExceeded::PER_DAY);
    }
}
