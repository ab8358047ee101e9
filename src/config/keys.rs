//! `[[keys]]`: the signing keys, where each lies and what it may sign.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::named::Named;
use super::secrets::{self, SecretKeys, SecretSource};
use super::section::Section;
use crate::custody::{KeySettings, read_xpub};
use crate::domain::ids::KeyId;
use crate::domain::signing::{PublicKey, Purpose};

const PASSPHRASE: SecretKeys = SecretKeys { file: "passphrase_file", variable: "passphrase_env" };
const XPRV: &str = "xprv_file";
const ENCRYPTED_PRV: &str = "encrypted_prv_file";
const EXTERNAL_SIGNER: &str = "external_signer_file";
/// BitGo's convention for a wallet's passphrase is the variable `WALLET_<wallet id>_PASSPHRASE`.
const VARIABLE_START: &str = "WALLET_";
const VARIABLE_END: &str = "_PASSPHRASE";
/// The longest wallet id; BitGo's have 32 hexadecimal digits.
const MAX_WALLET_ID_BYTES: usize = 128;

/// A key as the configuration describes it; [`super::Config::load_keyring`] opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredKey {
    /// Its name and what it may do.
    pub settings: KeySettings,
    /// Where it lies.
    pub file: KeyFile,
    /// The public half that it must have.
    pub public_key: Option<PublicKey>,
    /// Where it stands in the configuration, such as `keys[0]`: for mistakes that show only when it is opened.
    pub place: String,
}

/// The file that holds a key, and where its passphrase stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFile {
    /// A file with the text of an `xprv`.
    Xprv(PathBuf),
    /// A file with one BitGo `encryptedPrv`.
    EncryptedPrv {
        /// The file.
        path: PathBuf,
        /// Where the wallet's passphrase stands.
        passphrase: SecretSource,
    },
    /// A BitGo Express external signer's file.
    ExternalSigner {
        /// The file.
        path: PathBuf,
        /// Which wallet's key is meant.
        wallet_id: String,
        /// Where the wallet's passphrase stands.
        passphrase: SecretSource,
    },
}

impl KeyFile {
    /// The key of the configuration that names the file.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Self::Xprv(_) => XPRV,
            Self::EncryptedPrv { .. } => ENCRYPTED_PRV,
            Self::ExternalSigner { .. } => EXTERNAL_SIGNER,
        }
    }
}

pub(super) fn read_all(root: &mut Section<'_>) -> Named<KeyId, ConfiguredKey> {
    Named::read(root, "keys", str::parse, read)
}

fn read(section: &mut Section<'_>, id: Option<KeyId>) -> Option<ConfiguredKey> {
    let file = read_file(section);
    let public_key = section.optional("public_key", parse_public_key);
    let purposes: BTreeSet<Purpose> = section.full_list("purposes", parse_purpose).into_iter().collect();
    let enabled = section.flag("enabled", true);
    let sign_payload_settlement = section.flag("allow_sign_payload_settlement", false);
    if sign_payload_settlement && !purposes.contains(&Purpose::Settlement) {
        section.mistake("allow_sign_payload_settlement", "has no meaning without the purpose settlement");
    }
    let settings = KeySettings { id: id?, purposes, enabled, sign_payload_settlement };
    Some(ConfiguredKey { settings, file: file?, public_key, place: section.path().to_owned() })
}

fn read_file(section: &mut Section<'_>) -> Option<KeyFile> {
    let given = [XPRV, ENCRYPTED_PRV, EXTERNAL_SIGNER].into_iter().filter(|key| section.has(key)).count();
    if given != 1 {
        section.mistake_here(format_args!("must have exactly one of {XPRV}, {ENCRYPTED_PRV} and {EXTERNAL_SIGNER}"));
    }
    let has_wallet_id = section.has("wallet_id");
    let is_sealed = section.has(ENCRYPTED_PRV) || section.has(EXTERNAL_SIGNER);
    let wallet_id = section.optional("wallet_id", parse_wallet_id);
    let xprv = section.optional_path(XPRV);
    let encrypted = section.optional_path(ENCRYPTED_PRV);
    let external = section.optional_path(EXTERNAL_SIGNER);
    if external.is_some() && !has_wallet_id {
        section.mistake("wallet_id", format_args!("is required beside {EXTERNAL_SIGNER}"));
    }
    let passphrase = read_passphrase(section, wallet_id.as_deref(), is_sealed);
    match (xprv, encrypted, external) {
        (Some(path), None, None) => Some(KeyFile::Xprv(path)),
        (None, Some(path), None) => Some(KeyFile::EncryptedPrv { path, passphrase: passphrase? }),
        (None, None, Some(path)) => Some(KeyFile::ExternalSigner { path, wallet_id: wallet_id?, passphrase: passphrase? }),
        _ => None,
    }
}

/// Where the passphrase stands: as given, else in the variable that BitGo's own signer reads.
fn read_passphrase(section: &mut Section<'_>, wallet_id: Option<&str>, is_sealed: bool) -> Option<SecretSource> {
    let given = [PASSPHRASE.file, PASSPHRASE.variable].into_iter().find(|key| section.has(key));
    let placed = secrets::optional(section, PASSPHRASE);
    match (given, wallet_id) {
        (Some(key), _) if !is_sealed => section.mistake(key, "has no meaning for a key that is not sealed"),
        (Some(_), _) => return placed.map(|placed| placed.source),
        (None, Some(wallet_id)) => return Some(SecretSource::Variable(format!("{VARIABLE_START}{wallet_id}{VARIABLE_END}"))),
        (None, None) if is_sealed => {
            section.mistake(PASSPHRASE.file, format_args!("is required, or {}, or wallet_id", PASSPHRASE.variable));
        }
        (None, None) => {}
    }
    None
}

/// Whether a variable has the name that BitGo's own signer gives it, which then can be told without a doubt.
pub(super) fn is_bitgos_variable(name: &str) -> bool {
    name.starts_with(VARIABLE_START) && name.ends_with(VARIABLE_END)
}

fn parse_wallet_id(text: &str) -> Result<String, &'static str> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if (1..=MAX_WALLET_ID_BYTES).contains(&text.len()) && text.bytes().all(good) {
        Ok(text.to_owned())
    } else {
        Err("must be a wallet's id: 1 to 128 letters, digits, hyphens and underscores")
    }
}

fn parse_public_key(text: &str) -> Result<PublicKey, &'static str> {
    PublicKey::from_hex(text)
        .or_else(|| read_xpub(text).ok())
        .ok_or("must be 66 hexadecimal digits of a compressed public key, or an xpub")
}

fn parse_purpose(text: &str) -> Result<Purpose, &'static str> {
    Purpose::from_name(text).ok_or("must be settlement, trade, allocation, dispute or raw")
}
