//! What `dev` keeps in its folder: throw-away keys and tokens, made on first
//! start, and the configuration file that the gateway is then started from, so
//! that `dev` runs nothing that `serve` would not.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::recipes::{ACCOUNT_A, ACCOUNT_AGENT, ACCOUNT_B, MERCHANT, V1_ENTERPRISE, V1_KEY, V2_ENTERPRISE, WALLET};
use crate::app::SystemEntropy;
use crate::custody::{GenerateError, generate_xprv};
use crate::domain::time::{Entropy, EntropyError};
use crate::secret::Secret;

/// The key of the enterprise with disputes.
pub(super) const V2_KEY: &str = "key-v2";

/// The path that the simulated BitGo calls.
pub(super) const FINALIZE_PATH: &str = "/bitgo/settlements/{id}/finalize";
/// The file with the public key of those calls.
const CALLBACK_KEY_FILE: &str = "bitgo-callbacks.pem";

/// Why the folder could not be set up.
#[derive(Debug, Error)]
pub(super) enum HomeError {
    /// A file could not be read or written.
    #[error("{} cannot be used", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// No key could be made.
    #[error("no throw-away key could be made")]
    Key(#[from] GenerateError),
    /// No token could be made.
    #[error("no throw-away token could be made")]
    Token(#[from] EntropyError),
}

/// Where everything listens.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    /// The gRPC listener, as configured.
    pub(super) grpc: std::net::SocketAddr,
    /// The ops listener, as configured.
    pub(super) ops: std::net::SocketAddr,
    /// The listener that venues call, as configured.
    pub(super) callbacks: std::net::SocketAddr,
    /// BitGo's URL, as bound.
    pub(super) bitgo_url: String,
    /// Bitlipa's URL, as bound.
    pub(super) bitlipa_url: String,
}

/// The folder of a development run.
#[derive(Debug)]
pub(super) struct Home {
    folder: PathBuf,
}

impl Home {
    /// Opens the folder, and makes what is missing in it.
    pub(super) fn open(folder: &Path) -> Result<Self, HomeError> {
        let home = Self { folder: folder.to_path_buf() };
        create_private_folder(folder)?;
        for key in [V1_KEY, V2_KEY] {
            home.make_once(&home.key_file(key), || Ok(generate_xprv(&SystemEntropy)?))?;
        }
        for name in [V1_ENTERPRISE, V2_ENTERPRISE, "bitlipa-key", "bitlipa-secret"] {
            home.make_once(&home.token_file(name), random_token)?;
        }
        Ok(home)
    }

    /// The configuration that the gateway is started from, written anew since ports may differ.
    pub(super) fn write_config(&self, addresses: &Addresses) -> Result<PathBuf, HomeError> {
        let path = self.folder.join("gateway.toml");
        replace(&path, config_text(addresses).as_bytes())?;
        Ok(path)
    }

    /// Keeps the public key of the simulated BitGo's calls.
    pub(super) fn write_callback_key(&self, pem: &str) -> Result<(), HomeError> {
        replace(&self.folder.join(CALLBACK_KEY_FILE), pem.as_bytes())
    }

    /// Where the simulated venues keep their ledger.
    pub(super) fn sandbox_folder(&self) -> PathBuf {
        self.folder.join("sandbox")
    }

    /// Where a key is.
    pub(super) fn key_file(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.xprv"))
    }

    /// A venue's token or key.
    pub(super) fn token(&self, name: &str) -> Result<Secret, HomeError> {
        let path = self.token_file(name);
        let text = fs::read_to_string(&path).map_err(|cause| HomeError::File { path, cause })?;
        Ok(Secret::from_text(text))
    }

    fn token_file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.token"))
    }

    fn make_once(&self, path: &Path, make: impl FnOnce() -> Result<Secret, HomeError>) -> Result<(), HomeError> {
        if path.exists() {
            return Ok(());
        }
        replace(path, make()?.expose())
    }
}

fn random_token() -> Result<Secret, HomeError> {
    let mut bytes = [0; 24];
    SystemEntropy.fill(&mut bytes)?;
    Ok(Secret::from_text(base16ct::lower::encode_string(&bytes)))
}

fn create_private_folder(folder: &Path) -> Result<(), HomeError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|cause| HomeError::File { path: folder.to_path_buf(), cause })
}

/// Writes a file that its owner alone can read, whole or not at all.
fn replace(path: &Path, content: &[u8]) -> Result<(), HomeError> {
    let write = || -> io::Result<()> {
        let beside = path.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().map_err(|cause| HomeError::File { path: path.to_path_buf(), cause })
}

fn config_text(addresses: &Addresses) -> String {
    let Addresses { grpc, ops, callbacks, bitlipa_url, .. } = addresses;
    let enterprises = enterprises_text(&addresses.bitgo_url);
    format!(
        r#"# Written by `settlement-gateway dev` at each start. config/gateway.example.toml documents every key.
[grpc]
listen = "{grpc}"
unauthenticated_loopback = true
reflection = true

[ops]
listen = "{ops}"

[store]
url = "sqlite://gateway.db"

[telemetry]
log_format = "pretty"
log_filter = "warn"

[engine]
poll_interval_ms = 1000

[[keys]]
id = "{V1_KEY}"
xprv_file = "{V1_KEY}.xprv"
purposes = ["settlement", "trade", "allocation", "dispute"]
allow_sign_payload_settlement = true

[[keys]]
id = "{V2_KEY}"
xprv_file = "{V2_KEY}.xprv"
purposes = ["settlement", "trade", "allocation", "dispute"]
allow_sign_payload_settlement = true

{enterprises}
[callbacks]
listen = "{callbacks}"

[[callbacks.bitgo]]
path = "{FINALIZE_PATH}"
enterprises = ["{V2_ENTERPRISE}"]
public_key_file = "{CALLBACK_KEY_FILE}"
issuer = "bitgo"

[bitlipa]
base_url = "{bitlipa_url}"
api_key_file = "bitlipa-key.token"
api_secret_file = "bitlipa-secret.token"
chains = ["eip155:137"]
source_currencies = ["KES", "UGX", "BHD"]
destination_currencies = ["USDT"]

[[bitlipa.merchants]]
id = "{MERCHANT}"
payout_wallets = ["{WALLET}"]

[callbacks.bitlipa]
public_url = "http://{callbacks}/bitlipa"
"#
    )
}

/// The two enterprises with their trading accounts.
fn enterprises_text(bitgo_url: &str) -> String {
    format!(
        r#"[[enterprises]]
id = "{V1_ENTERPRISE}"
base_url = "{bitgo_url}"
token_file = "{V1_ENTERPRISE}.token"
request_auth = "bearer"
route = "v1"
amount_unit = "full"
signing_key = "{V1_KEY}"
max_open_settlements = 1000
cutoff_must_increase = false
duplicate_window_ms = 0
[[enterprises.trading_accounts]]
id = "{ACCOUNT_A}"
signing_key = "{V1_KEY}"
[[enterprises.trading_accounts]]
id = "{ACCOUNT_AGENT}"
signing_key = "{V1_KEY}"

[[enterprises]]
id = "{V2_ENTERPRISE}"
base_url = "{bitgo_url}"
token_file = "{V2_ENTERPRISE}.token"
request_auth = "bearer"
route = "v2"
amount_unit = "full"
signing_key = "{V2_KEY}"
max_open_settlements = 1000
cutoff_must_increase = false
duplicate_window_ms = 0
[[enterprises.trading_accounts]]
id = "{ACCOUNT_B}"
signing_key = "{V2_KEY}"
"#
    )
}
