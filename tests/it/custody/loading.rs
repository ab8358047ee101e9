//! Opening keys from files, and the keyring that they make.

use std::error::Error;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use settlement_gateway::custody::envelope::EnvelopeError;
use settlement_gateway::custody::{
    Key, KeyMaterial, KeySource, Keyring, KeyringError, MAX_KEY_FILE_BYTES, OpenFailure, OpenKeyError, XprvKeyError,
    generate_xprv, open, read_xpub,
};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::signing::PublicKey;
use settlement_gateway::domain::time::{Entropy, EntropyError};
use settlement_gateway::files::FileError;
use settlement_gateway::secret::Secret;

use super::{PUBLIC_KEY, XPRV, key, settings};

/// An envelope of the newer kind under the passphrase `pw`, with cheap parameters.
const SEALED: &str = r#"{"v":2,"m":64,"t":1,"p":1,"salt":"RUNJ5CLwUpcZHq0T4h09tQ==","iv":"RUNJ5CLwUpcZHq0T","ct":"5aolP4RtVdt+d9PNq1nfwMgr+4yNDO18+aGgpcNkRMmP36S9MTZ9Y2KmcGT/gLMMKpH8nnzhKgX1iUJ/mWcpob1T/Gq6kaGVv9+v1CPUR0C2rSgudmMO/8RqSQHOee9VE9gcYFFXtP4v/GtSsB2StDBQRbybrIFL4XUz7WId0A=="}"#;
const XPUB: &str =
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, content: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.0.path().join("key");
        let _ = fs::remove_file(&path);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }
}

fn passphrase(text: &str) -> Secret {
    Secret::from_text(text.to_owned())
}

fn open_xprv(path: &Path) -> Result<Key, OpenKeyError> {
    open(settings("k"), &KeyMaterial::XprvFile(path.to_owned()), None)
}

fn open_sealed(path: &Path, passphrase_text: &str) -> Result<Key, OpenKeyError> {
    let material = KeyMaterial::EncryptedPrvFile { path: path.to_owned(), passphrase: passphrase(passphrase_text) };
    open(settings("k"), &material, None)
}

fn open_wallet(path: &Path, wallet_id: &str) -> Result<Key, OpenKeyError> {
    let material =
        KeyMaterial::ExternalSignerFile { path: path.to_owned(), wallet_id: wallet_id.to_owned(), passphrase: passphrase("pw") };
    open(settings("k"), &material, None)
}

/// What an operator reads: an error and all its causes.
fn chain(error: &OpenKeyError) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

#[test]
fn a_key_opens_from_each_kind_of_file() {
    let folder = Folder::new();
    let plain = open_xprv(&folder.file(format!("{XPRV}\n"), 0o600)).unwrap();
    assert_eq!((plain.public_key().to_hex().as_str(), plain.source()), (PUBLIC_KEY, KeySource::Xprv));

    let sealed = open_sealed(&folder.file(SEALED, 0o400), "pw").unwrap();
    assert_eq!(sealed.source(), KeySource::EncryptedPrv);

    let wallets = serde_json::json!({ "w-1": "not this one", "w-2": SEALED }).to_string();
    let wallet = open_wallet(&folder.file(wallets, 0o600), "w-2").unwrap();
    assert_eq!((wallet.public_key(), wallet.source()), (sealed.public_key(), KeySource::ExternalSignerFile));
}

#[test]
fn a_key_file_that_others_can_reach_is_refused() {
    let folder = Folder::new();
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o777] {
        let refused = open_xprv(&folder.file(XPRV, mode)).unwrap_err();
        assert!(matches!(refused.reason, OpenFailure::File(FileError::OpenToOthers { mode: found }) if found == mode));
        assert!(refused.to_string().starts_with("key k cannot be opened from /"), "{refused}");
    }
}

#[test]
fn a_link_is_judged_by_the_file_that_it_leads_to() {
    let folder = Folder::new();
    let link = folder.0.path().join("link");
    symlink(folder.file(XPRV, 0o644), &link).unwrap();
    assert!(matches!(open_xprv(&link).unwrap_err().reason, OpenFailure::File(FileError::OpenToOthers { mode: 0o644 })));
    folder.file(XPRV, 0o600);
    assert!(open_xprv(&link).is_ok());
}

#[test]
fn a_missing_file_and_a_folder_are_told_apart() {
    let folder = Folder::new();
    let missing = open_xprv(&folder.0.path().join("nothing")).unwrap_err();
    assert!(matches!(missing.reason, OpenFailure::File(FileError::Unreadable(_))));
    assert!(matches!(open_xprv(folder.0.path()).unwrap_err().reason, OpenFailure::File(FileError::NotAFile)));
}

#[test]
fn a_file_of_the_largest_size_is_read_and_one_byte_more_is_refused() {
    let folder = Folder::new();
    let mut content = XPRV.to_owned();
    content.push_str(&" ".repeat(MAX_KEY_FILE_BYTES - XPRV.len()));
    assert!(open_xprv(&folder.file(&content, 0o600)).is_ok());
    content.push(' ');
    let refused = open_xprv(&folder.file(&content, 0o600)).unwrap_err();
    assert!(matches!(refused.reason, OpenFailure::File(FileError::TooLarge { .. })));
}

#[test]
fn a_wrong_passphrase_and_a_broken_envelope_are_told_apart() {
    let folder = Folder::new();
    let wrong = open_sealed(&folder.file(SEALED, 0o600), "pW").unwrap_err();
    assert!(matches!(wrong.reason, OpenFailure::Envelope(EnvelopeError::WrongPassphrase)));
    let broken = open_sealed(&folder.file(&SEALED[1..], 0o600), "pw").unwrap_err();
    assert!(matches!(broken.reason, OpenFailure::Envelope(EnvelopeError::Malformed)));
    let bare = open_sealed(&folder.file(SEALED, 0o600), "").unwrap_err();
    assert!(matches!(bare.reason, OpenFailure::Envelope(EnvelopeError::EmptyPassphrase)));
}

#[test]
fn an_external_signers_file_names_what_it_lacks() {
    let folder = Folder::new();
    let path = folder.file(serde_json::json!({ "w-1": SEALED }).to_string(), 0o600);
    let refused = open_wallet(&path, "w-9").unwrap_err();
    assert!(matches!(refused.reason, OpenFailure::NoSuchWallet { ref wallet_id } if wallet_id == "w-9"));
    for not_it in ["", "[]", r#"{"w-1": {"v": 2}}"#, SEALED] {
        let refused = open_wallet(&folder.file(not_it, 0o600), "w-1").unwrap_err();
        assert!(matches!(refused.reason, OpenFailure::NotASignerFile), "{not_it}");
    }
}

#[test]
fn a_key_other_than_the_pinned_one_is_refused_and_its_public_half_named() {
    let folder = Folder::new();
    let material = KeyMaterial::XprvFile(folder.file(XPRV, 0o600));
    assert!(open(settings("k"), &material, Some(&read_xpub(XPUB).unwrap())).is_ok());
    let other = PublicKey::from_hex("03683af1ba5743bdfc798cf814efeeab2735ec52d95eced528e692b8e34c4e5669").unwrap();
    let refused = open(settings("k"), &material, Some(&other)).unwrap_err();
    assert!(matches!(refused.reason, OpenFailure::PinMismatch { derived } if derived.to_hex() == PUBLIC_KEY));
}

#[test]
fn no_error_repeats_a_key_file_or_a_passphrase() {
    let folder = Folder::new();
    let almost = format!("{XPRV}X");
    let wallets = serde_json::json!({ "w-1": 17, "w-2": XPRV }).to_string();
    let errors = [
        open_xprv(&folder.file(&almost, 0o600)).unwrap_err(),
        open_sealed(&folder.file(&almost, 0o600), "hunter2").unwrap_err(),
        open_sealed(&folder.file(format!("\"{XPRV}\""), 0o600), "hunter2").unwrap_err(),
        open_sealed(&folder.file(format!(r#"{{"v":2,"m":"{XPRV}"}}"#), 0o600), "hunter2").unwrap_err(),
        open_sealed(&folder.file(SEALED, 0o600), "hunter2").unwrap_err(),
        open_wallet(&folder.file(wallets, 0o600), "w-2").unwrap_err(),
    ];
    for error in errors {
        let text = chain(&error);
        assert!(!text.contains("xprv9s21") && !text.contains("hunter2") && !text.contains("5aolP4"), "{text}");
    }
    let material = KeyMaterial::EncryptedPrvFile { path: PathBuf::from("f"), passphrase: passphrase("hunter2") };
    assert!(!format!("{material:?}").contains("hunter2"));
}

#[test]
fn a_keys_debug_form_shows_public_data_only() {
    let shown = format!("{:?}", Keyring::new([key("k", XPRV)]).unwrap());
    assert!(shown.contains(PUBLIC_KEY));
    assert!(!shown.contains("e8f32e72") && !shown.contains("232, 243, 46"), "{shown}");
}

#[test]
fn text_that_is_no_xprv_is_named_so() {
    let refused = Key::from_xprv(settings("k"), KeySource::Xprv, &passphrase(XPUB)).unwrap_err();
    assert!(matches!(refused, XprvKeyError::Text(_)));
}

#[test]
fn an_xprv_whose_key_is_zero_or_beyond_the_order_is_no_key() {
    let zero = "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzF93Y5wvzdUayhgkkFoicQZcP3y52uPPxFnfoLZB21Teqt1VvEHx";
    let order = "xprv9s21ZrQH143K24Mfq5zL5MhWK9hUhhGbd45hLXo2Pq2oqzMMo63oStZzFAzHGBP2UuGCqWLTAPLcMtD5SDKr24z3aiUvKr9bJpdrcLg1y3G";
    for text in [zero, order] {
        let refused = Key::from_xprv(settings("k"), KeySource::Xprv, &passphrase(text)).unwrap_err();
        assert!(matches!(refused, XprvKeyError::Key(_)), "{refused:?}");
    }
}

#[test]
fn a_keyring_finds_keys_by_name_and_by_public_half_and_lists_them_in_order() {
    let second = Key::from_xprv(settings("a"), KeySource::Generated, &generate_xprv(&Constant(9)).unwrap()).unwrap();
    let ring = Keyring::new([key("b", XPRV), second]).unwrap();
    assert_eq!(ring.iter().map(|key| key.id().as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(ring.get(&KeyId::new("b").unwrap()).unwrap().public_key().to_hex(), PUBLIC_KEY);
    assert!(ring.get(&KeyId::new("c").unwrap()).is_none());
    assert_eq!(ring.by_public_key(&PublicKey::from_hex(PUBLIC_KEY).unwrap()).unwrap().id().as_str(), "b");
    assert!(ring.by_public_key(&PublicKey::from_bytes([2; 33])).is_none());
    assert_eq!((ring.len(), ring.is_empty(), Keyring::default().is_empty()), (2, false, true));
}

#[test]
fn one_name_for_two_keys_and_two_names_for_one_key_are_refused() {
    let k = KeyId::new("k").unwrap();
    assert_eq!(Keyring::new([key("k", XPRV), key("k", XPRV)]).unwrap_err(), KeyringError::SameId(k.clone()));
    let refused = Keyring::new([key("k", XPRV), key("l", XPRV)]).unwrap_err();
    assert_eq!(refused, KeyringError::SameKey { first: k, second: KeyId::new("l").unwrap() });
}

/// Bytes that all have one value.
struct Constant(u8);

impl Entropy for Constant {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(self.0);
        Ok(())
    }
}

struct Dry;

impl Entropy for Dry {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

#[test]
fn a_generated_key_opens_again_from_its_file() {
    let folder = Folder::new();
    let xprv = generate_xprv(&Constant(9)).unwrap();
    let made = Key::from_xprv(settings("k"), KeySource::Generated, &xprv).unwrap();
    let opened = open_xprv(&folder.file(xprv.expose(), 0o600)).unwrap();
    assert_eq!(made.public_key(), opened.public_key());
}

#[test]
fn without_good_randomness_no_key_is_made() {
    assert!(generate_xprv(&Dry).is_err());
    assert!(generate_xprv(&Constant(0)).is_err());
    assert!(generate_xprv(&Constant(0xff)).is_err());
}
