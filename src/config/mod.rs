//! The configuration: one TOML file, read once at start, every mistake reported at once.
//!
//! Each section has a file here, and `config/gateway.example.toml` documents
//! every key with its unit, its default and the reason for it. Secrets stand in
//! files or in environment variables and never in the configuration. What comes
//! out is typed: who holds a [`Config`] checks nothing again.

mod anchor;
mod audit;
mod base_url;
mod bitlipa;
mod callbacks;
mod callers;
mod engine;
mod enterprises;
mod grants;
mod grpc;
mod keyring;
mod keys;
mod mistakes;
mod named;
mod ops;
mod retention;
mod rpcs;
mod secrets;
mod section;
mod sources;
mod store;
mod telemetry;
#[cfg(test)]
mod tests;
mod tls;
mod trading;
mod venues;

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Table;

pub use anchor::{Anchor, AnchorLocation};
pub use audit::Audit;
pub use base_url::{BaseUrl, BaseUrlError};
pub use bitlipa::{Bitlipa, Merchant};
pub use callbacks::{BitGoCallback, BitlipaCallback, CallbackKey, CallbackPath, CallbackPathError, CallbackTls, Callbacks};
pub use callers::{Caller, CallerAuth, CertificateIdentity, Sha256Hash};
pub use engine::Engine;
pub use enterprises::{Enterprise, OnChangedAmounts, RequestAuth, Settling, SigningPayloadMethod};
pub use grpc::Grpc;
pub use keys::{ConfiguredKey, KeyFile};
pub use mistakes::{ConfigErrors, Mistake};
pub use ops::{Drain, Ops, WindowAccess};
pub use retention::Retention;
pub use rpcs::KNOWN_RPCS;
pub use secrets::{SecretError, SecretSource};
pub use sources::{Environment, ProcessEnvironment};
pub use store::{PostgresUrl, StoreLocation};
pub use telemetry::{LogFormat, Telemetry, Traces};
pub use tls::{Tls, read_certificates};
pub use trading::TradingAccount;
pub use venues::Venues;

use crate::causes::with_causes;
use crate::custody::Keyring;
use callers::Surroundings;
use grants::Existing;
use mistakes::Mistakes;
use section::{Reader, Section};

/// A configuration without a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The file that it was read from; relative paths in it start at its folder.
    pub file: PathBuf,
    /// The listener that callers reach.
    pub grpc: Grpc,
    /// The listener for probes and metrics.
    pub ops: Ops,
    /// Stopping.
    pub drain: Drain,
    /// Where the journal is.
    pub store: StoreLocation,
    /// What outlives a loss of the journal.
    pub anchor: Anchor,
    /// The signing keys, not opened yet.
    pub keys: Vec<ConfiguredKey>,
    /// The patience with venues.
    pub venues: Venues,
    /// The enterprises at BitGo.
    pub enterprises: Vec<Enterprise>,
    /// Access to Bitlipa; without it no quote can be had.
    pub bitlipa: Option<Bitlipa>,
    /// The listener that venues call; without it nothing listens for them.
    pub callbacks: Option<Callbacks>,
    /// Who may call; never empty.
    pub callers: Vec<Caller>,
    /// The engine that carries settlements on.
    pub engine: Engine,
    /// The audit chain.
    pub audit: Audit,
    /// Finished work that leaves the journal; without it everything stays.
    pub retention: Option<Retention>,
    /// Logs, traces and the census.
    pub telemetry: Telemetry,
}

/// What one reading found: the keys can be opened although another section has a mistake.
struct Found {
    config: Option<Config>,
    keys: Vec<ConfiguredKey>,
}

impl Config {
    /// Reads the file, the venues' credentials and the TLS files that it names. It opens no key.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake.
    pub fn load(path: &Path, environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        let mistakes = Mistakes::default();
        let found = read_file(path, environment, &mistakes);
        mistakes.finish(path, found.and_then(|found| found.config))
    }

    /// Reads the same and opens the keys, which takes up to a second for each: what a start does and `config check` tries.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every mistake, those of the keys among them.
    pub fn load_with_keyring(path: &Path, environment: &dyn Environment) -> Result<(Self, Keyring), ConfigErrors> {
        let mistakes = Mistakes::default();
        let loaded = read_file(path, environment, &mistakes).and_then(|found| {
            let keyring = keyring::open(&found.keys, environment, &mistakes);
            found.config.zip(keyring)
        });
        mistakes.finish(path, loaded)
    }

    /// Opens the keys of a configuration that was loaded.
    ///
    /// # Errors
    /// [`ConfigErrors`] with every key that cannot be opened.
    pub fn load_keyring(&self, environment: &dyn Environment) -> Result<Keyring, ConfigErrors> {
        let mistakes = Mistakes::default();
        let keyring = keyring::open(&self.keys, environment, &mistakes);
        mistakes.finish(&self.file, keyring)
    }
}

/// `None` only where the file as a whole cannot be read, and that is noted.
fn read_file(path: &Path, environment: &dyn Environment, mistakes: &Mistakes) -> Option<Found> {
    let bytes = sources::read_config(path).map_err(|error| mistakes.add("", with_causes(&error))).ok()?;
    let text = std::str::from_utf8(&bytes).map_err(|_| mistakes.add("", "the file is not UTF-8")).ok()?;
    let table: Table = toml::from_str(text).map_err(|error| mistakes.add("", not_toml(text, &error))).ok()?;
    let takes_certificates = mentions(&table, &["grpc", "tls", "client_ca_file"]);
    let folder = path.parent().unwrap_or(Path::new(""));
    let reader = Reader { folder, environment, mistakes };
    Some(Section::read(&reader, String::new(), table, |root| read_root(root, path, takes_certificates)))
}

/// Where the text stops being TOML, and why; never the line itself, which may hold a secret.
fn not_toml(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line} is not TOML: {}", error.message())
}

fn mentions(table: &Table, path: &[&str]) -> bool {
    match path {
        [] => true,
        [last] => table.contains_key(*last),
        [first, rest @ ..] => table.get(*first).and_then(toml::Value::as_table).is_some_and(|below| mentions(below, rest)),
    }
}

fn read_root(root: &mut Section<'_>, file: &Path, takes_certificates: bool) -> Found {
    let grpc = root.section("grpc", Grpc::read);
    let ops = root.section("ops", Ops::read);
    let drain = root.section("drain", Drain::read);
    let store = root.section("store", StoreLocation::read);
    let anchor = root.section("anchor", |section| Anchor::read(section, store.as_ref()));
    let keys = keys::read_all(root);
    let venues = root.section("venues", Venues::read);
    let enterprises = enterprises::read_all(root, &keys);
    let has_bitlipa = root.has("bitlipa");
    let (bitlipa, merchants) = bitlipa::read(root);
    let callbacks = callbacks::read(root, &enterprises::settling(&enterprises), has_bitlipa);
    let existing = Existing { enterprises: enterprises::units(&enterprises), merchants, keys: keys.ids() };
    let callers = read_callers(root, grpc.as_ref(), &Surroundings { takes_certificates, existing });
    let longest_call = venues.as_ref().map_or(Duration::ZERO, |venues| venues.call_timeout);
    let engine = root.section("engine", |section| Engine::read(section, longest_call));
    let audit = root.section("audit", Audit::read);
    let telemetry = root.section("telemetry", Telemetry::read);
    let (keys, enterprises) = (keys.into_values(), enterprises.into_values());
    let retention = root.optional_section("retention", |section| Retention::read(section, &enterprises));
    let of_sections = || {
        Some(Config {
            file: file.to_owned(),
            grpc: grpc?,
            ops: ops?,
            drain: drain?,
            store: store?,
            anchor: anchor?,
            keys: keys.clone(),
            venues: venues?,
            enterprises,
            bitlipa,
            callbacks,
            callers,
            engine: engine?,
            audit: audit?,
            retention,
            telemetry: telemetry?,
        })
    };
    Found { config: of_sections(), keys }
}

/// Somebody must be able to call, and it must be said who.
fn read_callers(root: &mut Section<'_>, grpc: Option<&Grpc>, surroundings: &Surroundings) -> Vec<Caller> {
    const SWITCH: &str = "grpc.unauthenticated_loopback";
    let is_listed = root.has("callers");
    let callers = callers::read_all(root, surroundings);
    match (is_listed, grpc.is_some_and(|grpc| grpc.unauthenticated_loopback)) {
        (true, true) => root.mistake(SWITCH, "stands beside [[callers]]: keep one of the two"),
        (false, false) => root.mistake("callers", format_args!("nobody may call: list callers, or set {SWITCH} on loopback")),
        (false, true) => return callers::anyone_on_loopback().into_iter().collect(),
        (true, false) => {}
    }
    callers
}
