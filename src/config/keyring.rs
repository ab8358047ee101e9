//! Opening the configured keys, so that one start names every key that cannot be opened.

use std::collections::HashMap;

use super::keys::{ConfiguredKey, KeyFile, is_bitgos_variable};
use super::mistakes::Mistakes;
use super::secrets::{SecretError, SecretSource};
use super::sources::Environment;
use crate::causes::with_causes;
use crate::custody::{self, Key, KeyMaterial, Keyring, OpenFailure, OpenKeyError};
use crate::domain::ids::KeyId;
use crate::domain::signing::PublicKey;
use crate::secret::Secret;

/// Opens all keys. `None` only where a mistake was noted.
pub(super) fn open(keys: &[ConfiguredKey], environment: &dyn Environment, mistakes: &Mistakes) -> Option<Keyring> {
    let mut opened: Vec<Key> = Vec::with_capacity(keys.len());
    let mut first_names: HashMap<PublicKey, KeyId> = HashMap::new();
    for configured in keys {
        let Some(key) = open_one(configured, environment, mistakes) else { continue };
        if let Some(first) = first_names.get(&key.public_key()) {
            mistakes.add(&configured.place, format_args!("is the same key as {first}: a key has one name"));
            continue;
        }
        first_names.insert(key.public_key(), key.id().clone());
        opened.push(key);
    }
    Keyring::new(opened).map_err(|error| mistakes.add("keys", error)).ok()
}

fn open_one(configured: &ConfiguredKey, environment: &dyn Environment, mistakes: &Mistakes) -> Option<Key> {
    let material = material(configured, environment, mistakes)?;
    custody::open(configured.settings.clone(), &material, configured.public_key.as_ref())
        .map_err(|error| mistakes.add(format!("{}.{}", configured.place, blamed(configured, &error)), with_causes(&error)))
        .ok()
}

/// The key of the configuration that a failure is most likely about.
fn blamed(configured: &ConfiguredKey, error: &OpenKeyError) -> &'static str {
    match error.reason {
        OpenFailure::PinMismatch { .. } => "public_key",
        OpenFailure::NoSuchWallet { .. } => "wallet_id",
        OpenFailure::File(_) | OpenFailure::NotASignerFile | OpenFailure::Envelope(_) | OpenFailure::Key(_) => {
            configured.file.key()
        }
    }
}

fn material(configured: &ConfiguredKey, environment: &dyn Environment, mistakes: &Mistakes) -> Option<KeyMaterial> {
    let read = |source| passphrase(configured, source, environment, mistakes);
    match &configured.file {
        KeyFile::Xprv(path) => Some(KeyMaterial::XprvFile(path.clone())),
        KeyFile::EncryptedPrv { path, passphrase } => {
            Some(KeyMaterial::EncryptedPrvFile { path: path.clone(), passphrase: read(passphrase)? })
        }
        KeyFile::ExternalSigner { path, wallet_id, passphrase } => Some(KeyMaterial::ExternalSignerFile {
            path: path.clone(),
            wallet_id: wallet_id.clone(),
            passphrase: read(passphrase)?,
        }),
    }
}

fn passphrase(
    configured: &ConfiguredKey,
    source: &SecretSource,
    environment: &dyn Environment,
    mistakes: &Mistakes,
) -> Option<Secret> {
    let key = match source {
        SecretSource::File(_) => "passphrase_file",
        SecretSource::Variable(_) => "passphrase_env",
    };
    let place = format!("{}.{key}", configured.place);
    source.read(environment).map_err(|error| mistakes.add(place, missing(source, &error))).ok()
}

/// A variable's name is told where it is the conventional one: any other may be the passphrase itself.
fn missing(source: &SecretSource, error: &SecretError) -> String {
    match source {
        SecretSource::Variable(name) if is_bitgos_variable(name) => format!("{name}: {}", with_causes(error)),
        SecretSource::Variable(_) | SecretSource::File(_) => with_causes(error),
    }
}
