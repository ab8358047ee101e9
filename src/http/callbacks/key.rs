//! The public key that a venue signs its calls with, from a file that may be replaced at any time.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::DecodingKeyKind;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use metrics::counter;
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// The most bytes of the file.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// The most keys of a set.
const MAX_KEYS: usize = 16;
/// RSA of 2048 bits.
const MIN_MODULUS_BYTES: usize = 256;

/// Where the key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VenueKeyFile {
    /// PEM: one RSA public key.
    Pem(PathBuf),
    /// A JSON Web Key Set.
    Jwks(PathBuf),
}

impl VenueKeyFile {
    fn path(&self) -> &Path {
        match self {
            Self::Pem(path) | Self::Jwks(path) => path,
        }
    }
}

/// Why a file holds no usable key.
#[derive(Debug, Error)]
pub enum VenueKeyError {
    /// The file cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file is larger than a key's is.
    #[error("{} is larger than {MAX_FILE_BYTES} bytes", .0.display())]
    TooLarge(PathBuf),
    /// The file holds no RSA public key of 2048 bits or more for RS256, or too many.
    #[error("{} holds no RSA public key of 2048 bits or more for RS256, or more than {MAX_KEYS} of them", .0.display())]
    NoKey(PathBuf),
}

/// What a look at the file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyReload {
    /// It holds what it held at the last look, good or bad.
    Unchanged,
    /// It changed and is in use.
    Replaced,
}

/// One key, and the name that a set gives it.
pub(super) struct NamedKey {
    pub(super) id: Option<String>,
    pub(super) key: DecodingKey,
}

/// A venue's key: what calls are verified with, and the file behind it.
pub struct VenueKey {
    file: VenueKeyFile,
    current: ArcSwap<Vec<NamedKey>>,
    last_look: ArcSwap<Vec<u8>>,
}

impl VenueKey {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// [`VenueKeyError`]: at the start nothing less than a usable key will do.
    pub fn open(file: VenueKeyFile) -> Result<Self, VenueKeyError> {
        let content = read(file.path())?;
        let keys = parse(&file, &content)?;
        Ok(Self { file, current: ArcSwap::from_pointee(keys), last_look: ArcSwap::from_pointee(content) })
    }

    /// The keys as they are now.
    pub(super) fn current(&self) -> Arc<Vec<NamedKey>> {
        self.current.load_full()
    }

    /// Looks at the file and takes what it holds if it can be used. The content decides and not the time of the change.
    ///
    /// # Errors
    /// [`VenueKeyError`] once for each content that cannot be used; the last good key stays in use.
    pub fn reload(&self) -> Result<KeyReload, VenueKeyError> {
        let content = read(self.file.path())?;
        if **self.last_look.load() == content {
            return Ok(KeyReload::Unchanged);
        }
        let keys = parse(&self.file, &content);
        self.last_look.store(Arc::new(content));
        self.current.store(Arc::new(keys?));
        Ok(KeyReload::Replaced)
    }

    /// Looks at the file every `interval` until `shutdown`.
    pub async fn watch(self: Arc<Self>, interval: Duration, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
            let key = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || key.reload()).await {
                Ok(Ok(KeyReload::Unchanged)) => {}
                Ok(Ok(KeyReload::Replaced)) => report_replaced(),
                Ok(Err(error)) => report_kept(&error),
                Err(_) => warn!("the look at the file of a venue's key failed"),
            }
        }
    }
}

fn report_replaced() {
    counter!("settlement_gateway_callback_key_reloads_total", "result" => "replaced").increment(1);
    info!("the key that a venue signs its calls with was replaced");
}

fn report_kept(error: &VenueKeyError) {
    counter!("settlement_gateway_callback_key_reloads_total", "result" => "kept").increment(1);
    error!(%error, "the new key of a venue cannot be used; the last good one stays");
}

fn read(path: &Path) -> Result<Vec<u8>, VenueKeyError> {
    let unreadable = |source| VenueKeyError::Read { path: path.to_owned(), source };
    let mut content = Vec::new();
    let read = File::open(path).map_err(unreadable)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut content).map_err(unreadable)?;
    if read as u64 > MAX_FILE_BYTES { Err(VenueKeyError::TooLarge(path.to_owned())) } else { Ok(content) }
}

fn parse(file: &VenueKeyFile, content: &[u8]) -> Result<Vec<NamedKey>, VenueKeyError> {
    let keys = match file {
        VenueKeyFile::Pem(_) => pem(content).into_iter().collect(),
        VenueKeyFile::Jwks(_) => jwks(content),
    };
    if (1..=MAX_KEYS).contains(&keys.len()) { Ok(keys) } else { Err(VenueKeyError::NoKey(file.path().to_owned())) }
}

/// A public key in PEM. A private key would be taken by its label as well, and then verify nothing.
fn pem(content: &[u8]) -> Option<NamedKey> {
    const LABEL: &str = "PUBLIC KEY-----";
    if !std::str::from_utf8(content).ok()?.contains(LABEL) {
        return None;
    }
    let key = DecodingKey::from_rsa_pem(content).ok()?;
    match key.kind() {
        DecodingKeyKind::SecretOrDer(der) if der.len() > MIN_MODULUS_BYTES => Some(NamedKey { id: None, key }),
        _ => None,
    }
}

/// The keys of a set that are for RS256; others are passed over.
fn jwks(content: &[u8]) -> Vec<NamedKey> {
    let set = serde_json::from_slice::<JwkSet>(content).map(|set| set.keys).unwrap_or_default();
    set.iter().filter(|jwk| is_for_rs256(jwk)).filter_map(from_jwk).collect()
}

fn is_for_rs256(jwk: &Jwk) -> bool {
    let common = &jwk.common;
    matches!(jwk.algorithm, AlgorithmParameters::RSA(_))
        && common.key_algorithm.as_ref().is_none_or(|algorithm| *algorithm == KeyAlgorithm::RS256)
        && common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature)
}

fn from_jwk(jwk: &Jwk) -> Option<NamedKey> {
    let key = DecodingKey::from_jwk(jwk).ok()?;
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } if n.len() >= MIN_MODULUS_BYTES => {
            Some(NamedKey { id: jwk.common.key_id.clone(), key })
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
