//! What a caller may do: lists of names, and limits for each currency.

use std::collections::{BTreeMap, BTreeSet};

use super::rpcs;
use super::section::Section;
use crate::domain::amount::Amount;
use crate::domain::ids::{CallerId, Currency, EnterpriseId, KeyId, MerchantId, TextError};
use crate::domain::policy::{Allowed, Grants, SpendLimit};
use crate::domain::settlement::AmountUnit;

/// What the rest of the configuration names; a grant of anything else is a typing error.
pub(super) struct Existing {
    /// The ids of `[[enterprises]]`, with the unit of each that settles.
    pub(super) enterprises: BTreeMap<EnterpriseId, Option<AmountUnit>>,
    /// The ids of `[[bitlipa.merchants]]`.
    pub(super) merchants: BTreeSet<MerchantId>,
    /// The ids of `[[keys]]`.
    pub(super) keys: BTreeSet<KeyId>,
}

/// Reads a caller's grants; what is not listed is not granted.
pub(super) fn read(section: &mut Section<'_>, caller: CallerId, existing: &Existing) -> Grants {
    let grants = Grants {
        caller,
        rpcs: allowed(section, "rpcs", |text| rpcs::parse(text).map_err(str::to_owned)),
        enterprises: allowed(section, "enterprises", |text| {
            one_of(EnterpriseId::new(text), |id| existing.enterprises.contains_key(id))
        }),
        merchants: allowed(section, "merchants", |text| one_of(MerchantId::new(text), |id| existing.merchants.contains(id))),
        keys: allowed(section, "keys", |text| one_of(KeyId::new(text), |id| existing.keys.contains(id))),
        limits: read_limits(section),
        unlimited_currencies: section.flag("unlimited_currencies", false),
    };
    check_unit_of_limits(section, &grants, existing);
    grants
}

/// A limit is a bare number: it means one thing only where all enterprises that it covers have one unit.
fn check_unit_of_limits(section: &Section<'_>, grants: &Grants, existing: &Existing) {
    let of_unit = |unit| {
        let mut enterprises = existing.enterprises.iter();
        enterprises.find(|(id, has)| **has == Some(unit) && grants.enterprises.allows(id)).map(|(id, _)| id)
    };
    if !grants.limits.is_empty()
        && let (Some(full), Some(base)) = (of_unit(AmountUnit::Full), of_unit(AmountUnit::Base))
    {
        section.mistake(
            "limits",
            format_args!(
                "cover enterprises whose amount_unit differs: {full} has \"full\" and {base} has \"base\"; \
                 make a caller for each unit"
            ),
        );
    }
}

/// Everything, for whoever is on this machine while nobody is asked who calls.
pub(super) fn everything(caller: CallerId) -> Grants {
    Grants {
        caller,
        rpcs: Allowed::All,
        enterprises: Allowed::All,
        merchants: Allowed::All,
        keys: Allowed::All,
        limits: BTreeMap::new(),
        unlimited_currencies: true,
    }
}

fn one_of<I>(id: Result<I, TextError>, exists: impl Fn(&I) -> bool) -> Result<I, String> {
    let id = id.map_err(|error| error.to_string())?;
    if exists(&id) { Ok(id) } else { Err("is not configured".to_owned()) }
}

/// A list of names, or `["*"]`.
fn allowed<T: Ord>(section: &mut Section<'_>, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Allowed<T> {
    let names = section.list(key, |text| if text == "*" { Ok(None) } else { parse(text).map(Some) });
    if matches!(names.as_slice(), [None]) {
        return Allowed::All;
    }
    if names.iter().any(Option::is_none) {
        section.mistake(key, "has names beside *, which stands alone");
    }
    Allowed::Only(names.into_iter().flatten().collect())
}

fn read_limits(section: &mut Section<'_>) -> BTreeMap<Currency, SpendLimit> {
    let mut limits = BTreeMap::new();
    section.sections("limits", |section| {
        let Some(limit) = read_limit(section) else { return };
        if limits.insert(limit.currency.clone(), limit).is_some() {
            section.mistake("currency", "has a limit in an earlier entry too");
        }
    });
    limits
}

fn read_limit(section: &mut Section<'_>) -> Option<SpendLimit> {
    let currency = section.required("currency", str::parse::<Currency>);
    if !section.has("per_settlement") && !section.has("per_day") {
        section.mistake_here("must have per_settlement, per_day or both");
    }
    let per_settlement = section.optional("per_settlement", parse_limit);
    let per_day = section.optional("per_day", parse_limit);
    if let (Some(one), Some(day)) = (&per_settlement, &per_day)
        && one.value() > day.value()
    {
        section.mistake("per_settlement", "must not exceed per_day");
    }
    Some(SpendLimit { currency: currency?, per_settlement, per_day })
}

/// Zero is allowed: it grants reading a currency's settlements and settling none.
fn parse_limit(text: &str) -> Result<Amount, String> {
    let amount = Amount::parse(text).map_err(|error| error.to_string())?;
    if text.starts_with('-') { Err("must not be negative".to_owned()) } else { Ok(amount) }
}
