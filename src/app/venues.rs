//! Whom the gateway serves: the configuration's enterprises and merchants, each with its venue.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::{AppError, SystemClock};
use crate::config::{self, BaseUrl, Config, Environment, RequestAuth, SecretSource, SigningPayloadMethod, Venues};
use crate::domain::budget::CallBudget;
use crate::service::trade::Trading;
use crate::service::{
    Directory, Enterprise, OnChangedAmounts, QuoteDesk, QuotePace, SettlementTerms, TermsCache, Turns, VenueBudget,
};
use crate::store::Store;
use crate::upstream::bitgo::{self, BitGo, BitGoOptions, SigningMethod};
use crate::upstream::bitlipa::{Bitlipa, BitlipaOptions};
use crate::upstream::{Allowance, Credential, HttpOptions, Pulse, Seen, Unlimited};

/// Who gives leave to call venues.
pub(super) enum Purses<'a> {
    /// The budgets of the journal, which all replicas draw from.
    Journal(&'a Arc<dyn Store>),
    /// Nobody has to be asked: for a few reads by hand, while the journal may not even answer.
    Open,
}

impl Purses<'_> {
    fn purse(&self, name: &str, calls: u32, pulse: Pulse) -> Arc<dyn Allowance> {
        match self {
            Self::Journal(store) => {
                Arc::new(VenueBudget::new((*store).clone(), name, CallBudget::per_minute(calls)).shown_by(pulse))
            }
            Self::Open => Arc::new(Unlimited),
        }
    }
}

/// What was last seen of each venue, by the name under which it is called: an enterprise's id, or [`BITLIPA`].
#[derive(Debug, Clone, Default)]
pub struct Pulses(BTreeMap<String, Pulse>);

impl Pulses {
    /// One for each enterprise and for Bitlipa, where there is nothing to see yet.
    pub(super) fn of(config: &Config) -> Self {
        let enterprises = config.enterprises.iter().map(|enterprise| enterprise.id.as_str());
        let names = enterprises.chain(config.bitlipa.is_some().then_some(BITLIPA));
        Self(names.map(|name| (name.to_owned(), Pulse::default())).collect())
    }

    /// What was last seen under a name.
    #[must_use]
    pub fn seen(&self, name: &str) -> Seen {
        self.pulse(name).seen()
    }

    /// Each under its name.
    pub(super) fn all(&self) -> Vec<(String, Pulse)> {
        self.0.iter().map(|(name, pulse)| (name.clone(), pulse.clone())).collect()
    }

    fn pulse(&self, name: &str) -> Pulse {
        self.0.get(name).cloned().unwrap_or_default()
    }
}

/// The directory of everybody who is served.
pub(super) fn directory(
    config: &Config,
    environment: &dyn Environment,
    purses: &Purses<'_>,
    pulses: &Pulses,
) -> Result<Directory, AppError> {
    let enterprises = config.enterprises.iter().map(|enterprise| {
        let (calls, pulse) = (config.venues.bitgo_requests_per_minute, pulses.pulse(enterprise.id.as_str()));
        let allowance = purses.purse(purse_of(enterprise, config), calls, pulse);
        self::enterprise(enterprise, &config.venues, environment, allowance, pulses)
    });
    let quotes = config.bitlipa.as_ref().map(|bitlipa| quote_desk(bitlipa, config, environment, purses, pulses)).transpose()?;
    Ok(Directory::new(enterprises.collect::<Result<_, _>>()?, quotes)?)
}

/// The budget of an enterprise's credential: enterprises whose token stands in the same place share the first one's.
fn purse_of<'a>(enterprise: &'a config::Enterprise, config: &'a Config) -> &'a str {
    config.enterprises.iter().find(|other| other.token == enterprise.token).unwrap_or(enterprise).id.as_str()
}

fn enterprise(
    enterprise: &config::Enterprise,
    venues: &Venues,
    environment: &dyn Environment,
    allowance: Arc<dyn Allowance>,
    pulses: &Pulses,
) -> Result<Enterprise, AppError> {
    let whose = enterprise.id.as_str();
    let options = BitGoOptions {
        base_url: enterprise.base_url.as_str().to_owned(),
        credential: credential(whose, &enterprise.token, environment)?,
        auth: match enterprise.request_auth {
            RequestAuth::Bearer => bitgo::RequestAuth::Bearer,
            RequestAuth::HmacV2 => bitgo::RequestAuth::HmacV2,
            RequestAuth::HmacV3 => bitgo::RequestAuth::HmacV3,
        },
        signing_method: match enterprise.settling.as_ref().map(|settling| settling.signing_payload_method) {
            Some(SigningPayloadMethod::Get) => SigningMethod::Get,
            Some(SigningPayloadMethod::Post) | None => SigningMethod::Post,
        },
        http: http(whose, &enterprise.base_url, enterprise.ca_file.as_deref(), venues, pulses)?,
        allowance,
        clock: Arc::new(SystemClock),
    };
    let venue = Arc::new(BitGo::new(options).map_err(|cause| AppError::Venue { whose: whose.to_owned(), cause })?);
    let accounts = enterprise.trading_accounts.iter();
    let trading = Trading {
        venue: venue.clone(),
        accounts: accounts.map(|account| (account.id.clone(), account.signing_key.clone())).collect(),
    };
    let settles = enterprise.settling.as_ref().map(|settling| SettlementTerms {
        route: settling.route,
        amount_unit: settling.amount_unit,
        key_id: settling.signing_key.clone(),
        max_cutoff_ahead: settling.max_cutoff_ahead,
        once: settling.once,
        on_changed_amounts: match settling.on_changed_amounts {
            config::OnChangedAmounts::Record => OnChangedAmounts::Record,
            config::OnChangedAmounts::NeedsOperator => OnChangedAmounts::NeedsOperator,
        },
        check_before: settling.check_before,
    });
    let terms = TermsCache::new(venues.partner_terms_max_age);
    Ok(Enterprise { id: enterprise.id.clone(), settles, reads: venue.clone(), trading, venue, terms })
}

/// The name under which Bitlipa is called.
pub const BITLIPA: &str = "Bitlipa";
/// The name of Bitlipa's budget. An enterprise of this name would share it, and wait for no good reason, but safely.
const BITLIPA_PURSE: &str = "venue: Bitlipa";

fn quote_desk(
    bitlipa: &config::Bitlipa,
    config: &Config,
    environment: &dyn Environment,
    purses: &Purses<'_>,
    pulses: &Pulses,
) -> Result<QuoteDesk, AppError> {
    let options = BitlipaOptions {
        base_url: bitlipa.base_url.as_str().to_owned(),
        api_key: credential(BITLIPA, &bitlipa.api_key, environment)?,
        api_secret: credential(BITLIPA, &bitlipa.api_secret, environment)?,
        http: http(BITLIPA, &bitlipa.base_url, bitlipa.ca_file.as_deref(), &config.venues, pulses)?,
        allowance: purses.purse(BITLIPA_PURSE, config.venues.bitlipa_requests_per_minute, pulses.pulse(BITLIPA)),
        clock: Arc::new(SystemClock),
    };
    let venue = Bitlipa::new(options).map_err(|cause| AppError::Venue { whose: BITLIPA.to_owned(), cause })?;
    let callback = config.callbacks.as_ref().and_then(|callbacks| callbacks.bitlipa.as_ref());
    Ok(QuoteDesk {
        venue: Arc::new(venue),
        chains: bitlipa.chains.iter().cloned().collect(),
        source_currencies: bitlipa.source_currencies.iter().cloned().collect(),
        destination_currencies: bitlipa.destination_currencies.iter().cloned().collect(),
        merchants: bitlipa.merchants.iter().map(|merchant| (merchant.id.clone(), merchant.payout_wallets.clone())).collect(),
        turns: Turns::default(),
        callback_url: callback.map(|callback| callback.public_url.as_str().to_owned()),
        pace: pace(&config.engine),
    })
}

fn pace(engine: &config::Engine) -> QuotePace {
    QuotePace {
        shortest_wait: engine.shortest_wait,
        longest_wait: engine.longest_wait,
        poll_interval: engine.poll_interval,
        silence_window: engine.silence_window,
        max_attempts: engine.max_attempts,
        max_lapses: engine.max_lapses,
    }
}

fn credential(whose: &str, source: &SecretSource, environment: &dyn Environment) -> Result<Credential, AppError> {
    let credential = match source {
        SecretSource::File(path) => Credential::from_file(path),
        SecretSource::Variable(_) => Credential::fixed(&source.read(environment)?),
    };
    credential.map_err(|cause| AppError::Credential { whose: whose.to_owned(), cause })
}

fn http(
    whose: &str,
    base_url: &BaseUrl,
    ca_file: Option<&Path>,
    venues: &Venues,
    pulses: &Pulses,
) -> Result<HttpOptions, AppError> {
    Ok(HttpOptions {
        name: whose.to_owned(),
        connect_timeout: venues.connect_timeout,
        first_byte_timeout: venues.first_byte_timeout,
        call_timeout: venues.call_timeout,
        allow_plaintext: base_url.is_plaintext(),
        root_certificates_pem: ca_file.map(config::read_certificates).transpose()?,
        proxy_url: venues.proxy_url.as_ref().map(|url| url.as_str().to_owned()),
        read_repeats: venues.read_repeats,
        repeat_wait: venues.repeat_wait,
        breaker_failures: venues.breaker_failures,
        breaker_wait: venues.breaker_wait,
        max_clock_skew: venues.max_clock_skew,
        pulse: pulses.pulse(whose),
    })
}
