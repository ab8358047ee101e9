//! `[[enterprises]]`: BitGo's Go Network, one credential and one key for each enterprise.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::base_url::BaseUrl;
use super::keys::ConfiguredKey;
use super::named::Named;
use super::secrets::{self, SecretKeys, SecretSource};
use super::section::{Bounds, Section};
use super::tls;
use super::trading::{self, TradingAccount};
use crate::domain::ids::{EnterpriseId, KeyId};
use crate::domain::policy::CheckBefore;
use crate::domain::settlement::{AmountUnit, OnceRules, Route};
use crate::domain::signing::Purpose;
use crate::secret::Secret;

const TOKEN: SecretKeys = SecretKeys { file: "token_file", variable: "token_env" };
const MAX_CUTOFF_AHEAD_MS: Bounds = Bounds { default: 60_000, min: 0, max: 3_600_000 };
const MAX_OPEN_SETTLEMENTS: Bounds = Bounds { default: 1, min: 1, max: 10_000 };
/// A day by default and 31 days at most; nothing looks for the same amounts at 0.
const DUPLICATE_WINDOW_MS: Bounds = Bounds { default: 86_400_000, min: 0, max: 2_678_400_000 };
/// What has a meaning only beside `signing_key`.
const SETTLING_KEYS: [&str; 9] = [
    "route",
    "amount_unit",
    "signing_payload_method",
    "max_cutoff_ahead_ms",
    "max_open_settlements",
    "cutoff_must_increase",
    "duplicate_window_ms",
    "on_changed_amounts",
    "check_before",
];
/// How long a token is that may sign requests, unless it says so by its prefix.
const SIGNING_TOKEN_BYTES: usize = 67;

/// How requests to BitGo are authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestAuth {
    /// The bare token in a header.
    Bearer,
    /// The token's hash, and an HMAC over each request and answer; BitGo's version 2.
    HmacV2,
    /// The same over more of the request; BitGo's version 3.
    HmacV3,
}

/// How the signing payload is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningPayloadMethod {
    /// A POST: works everywhere; the token needs the right to write.
    Post,
    /// A GET with a body: the right to read is enough, but BitGo Express drops the body.
    Get,
}

/// What happens when the venue is about to settle something else than was posted with the disputes that it settles with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnChangedAmounts {
    /// It is recorded and alarmed.
    Record,
    /// The same, and the settlement waits for an operator.
    NeedsOperator,
}

/// What an enterprise needs to settle as a partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settling {
    /// The key that signs; it signs for no other enterprise.
    pub signing_key: KeyId,
    /// The venue's endpoint.
    pub route: Route,
    /// The unit agreed with the venue.
    pub amount_unit: AmountUnit,
    /// How the signing payload is asked for.
    pub signing_payload_method: SigningPayloadMethod,
    /// How far a cutoff may lie ahead of this machine's clock: it is the time of a trade that was made.
    pub max_cutoff_ahead: Duration,
    /// What keeps the same day from being settled twice.
    pub once: OnceRules,
    /// What happens when final amounts differ.
    pub on_changed_amounts: OnChangedAmounts,
    /// Whether accounts are looked at before a settlement is recorded.
    pub check_before: CheckBefore,
}

/// One enterprise at BitGo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enterprise {
    /// Its id at BitGo.
    pub id: EnterpriseId,
    /// Where BitGo, or a BitGo Express, answers.
    pub base_url: BaseUrl,
    /// Where the token stands; read again after the venue refused it.
    pub token: SecretSource,
    /// How requests are authenticated.
    pub request_auth: RequestAuth,
    /// The authority of the venue's certificate, where it is not a public one.
    pub ca_file: Option<PathBuf>,
    /// What it needs to settle; without it, it only reads settlements as a client.
    pub settling: Option<Settling>,
    /// Its accounts at BitGo Trade, in the order of their ids.
    pub trading_accounts: Vec<TradingAccount>,
}

pub(super) fn read_all(root: &mut Section<'_>, keys: &Named<KeyId, ConfiguredKey>) -> Named<EnterpriseId, Enterprise> {
    let mut owners = BTreeMap::new();
    Named::read(root, "enterprises", str::parse, |section, id| read(section, id, keys, &mut owners))
}

/// Each enterprise with the unit of its amounts, where it settles.
pub(super) fn units(enterprises: &Named<EnterpriseId, Enterprise>) -> BTreeMap<EnterpriseId, Option<AmountUnit>> {
    let unit = |id: &EnterpriseId| enterprises.get(id)?.settling.as_ref().map(|settling| settling.amount_unit);
    enterprises.ids().into_iter().map(|id| (id.clone(), unit(&id))).collect()
}

/// Each enterprise and whether it settles.
pub(super) fn settling(enterprises: &Named<EnterpriseId, Enterprise>) -> BTreeMap<EnterpriseId, bool> {
    let settles = |id: &EnterpriseId| enterprises.get(id).is_some_and(|enterprise| enterprise.settling.is_some());
    enterprises.ids().into_iter().map(|id| (id.clone(), settles(&id))).collect()
}

fn read(
    section: &mut Section<'_>,
    id: Option<EnterpriseId>,
    keys: &Named<KeyId, ConfiguredKey>,
    owners: &mut BTreeMap<KeyId, String>,
) -> Option<Enterprise> {
    let base_url = read_base_url(section);
    let token = secrets::credential(section, TOKEN);
    let request_auth = section.optional("request_auth", parse_request_auth).unwrap_or(RequestAuth::Bearer);
    if let Some((_, token)) = &token
        && request_auth != RequestAuth::Bearer
        && !can_sign_requests(token)
    {
        section.mistake("request_auth", "needs a token that starts with v2x or has 67 characters");
    }
    let ca_file = tls::certificates(section, "ca_file", false);
    let trading_accounts = trading::read_all(section, keys);
    let settles = section.has("signing_key");
    let settling = if settles { read_settling(section, keys, owners) } else { refuse_settling(section) };
    if settles && settling.is_none() {
        return None;
    }
    Some(Enterprise { id: id?, base_url: base_url?, token: token?.0, request_auth, ca_file, settling, trading_accounts })
}

/// A venue's URL: with TLS, unless it is this machine or the section says otherwise.
pub(super) fn read_base_url(section: &mut Section<'_>) -> Option<BaseUrl> {
    let allow_plaintext = section.flag("allow_plaintext", false);
    let base_url = section.required("base_url", BaseUrl::new)?;
    if base_url.is_exposed() && !allow_plaintext {
        section.mistake("base_url", "must be https, or this machine, unless allow_plaintext = true");
    }
    Some(base_url)
}

fn can_sign_requests(token: &Secret) -> bool {
    token.expose().starts_with(b"v2x") || token.expose().len() == SIGNING_TOKEN_BYTES
}

fn read_settling(
    section: &mut Section<'_>,
    keys: &Named<KeyId, ConfiguredKey>,
    owners: &mut BTreeMap<KeyId, String>,
) -> Option<Settling> {
    let signing_key = section.required("signing_key", str::parse::<KeyId>);
    if let Some(key) = &signing_key {
        check_signing_key(section, key, keys, owners);
    }
    let route = section.required("route", |text| Route::from_name(text).ok_or("must be v1 or v2"));
    let amount_unit = section.required("amount_unit", |text| AmountUnit::from_name(text).ok_or("must be full or base"));
    let signing_payload_method = section.optional("signing_payload_method", parse_method).unwrap_or(SigningPayloadMethod::Post);
    let max_cutoff_ahead = section.duration_ms("max_cutoff_ahead_ms", MAX_CUTOFF_AHEAD_MS);
    let on_changed_amounts = section.optional("on_changed_amounts", parse_on_changed).unwrap_or(OnChangedAmounts::Record);
    Some(Settling {
        signing_key: signing_key?,
        route: route?,
        amount_unit: amount_unit?,
        signing_payload_method,
        max_cutoff_ahead,
        once: read_once(section),
        on_changed_amounts,
        check_before: section.optional("check_before", parse_check).unwrap_or(CheckBefore::Off),
    })
}

fn read_once(section: &mut Section<'_>) -> OnceRules {
    let duplicate_window = section.duration_ms("duplicate_window_ms", DUPLICATE_WINDOW_MS);
    OnceRules {
        max_open_settlements: section.number("max_open_settlements", MAX_OPEN_SETTLEMENTS),
        cutoff_must_increase: section.flag("cutoff_must_increase", true),
        duplicate_window: (!duplicate_window.is_zero()).then_some(duplicate_window),
    }
}

/// A key settles for one enterprise: who signs a payload by hand is known by the key alone.
fn check_signing_key(
    section: &Section<'_>,
    key: &KeyId,
    keys: &Named<KeyId, ConfiguredKey>,
    owners: &mut BTreeMap<KeyId, String>,
) {
    if !keys.contains(key) {
        section.mistake("signing_key", "names no key of [[keys]]");
    }
    if keys.get(key).is_some_and(|configured| !configured.settings.purposes.contains(&Purpose::Settlement)) {
        section.mistake("signing_key", format_args!("the key {key} lacks the purpose settlement"));
    }
    if let Some(owner) = owners.insert(key.clone(), section.path().to_owned()) {
        section.mistake("signing_key", format_args!("the key {key} signs for {owner} already: a key signs for one enterprise"));
    }
}

/// Without a key the keys of settling are a sign that it was forgotten.
fn refuse_settling(section: &mut Section<'_>) -> Option<Settling> {
    for key in SETTLING_KEYS {
        if section.has(key) {
            section.mistake(key, "has no meaning without signing_key");
        }
        section.skip(key);
    }
    section.skip("signing_key");
    None
}

fn parse_request_auth(text: &str) -> Result<RequestAuth, &'static str> {
    match text {
        "bearer" => Ok(RequestAuth::Bearer),
        "hmac-v2" => Ok(RequestAuth::HmacV2),
        "hmac-v3" => Ok(RequestAuth::HmacV3),
        _ => Err("must be bearer, hmac-v2 or hmac-v3"),
    }
}

fn parse_on_changed(text: &str) -> Result<OnChangedAmounts, &'static str> {
    match text {
        "record" => Ok(OnChangedAmounts::Record),
        "needs_operator" => Ok(OnChangedAmounts::NeedsOperator),
        _ => Err("must be record or needs_operator"),
    }
}

fn parse_check(text: &str) -> Result<CheckBefore, &'static str> {
    match text {
        "off" => Ok(CheckBefore::Off),
        "report" => Ok(CheckBefore::Report),
        "refuse" => Ok(CheckBefore::Refuse),
        _ => Err("must be off, report or refuse"),
    }
}

fn parse_method(text: &str) -> Result<SigningPayloadMethod, &'static str> {
    match text {
        "POST" => Ok(SigningPayloadMethod::Post),
        "GET" => Ok(SigningPayloadMethod::Get),
        _ => Err("must be POST or GET"),
    }
}
