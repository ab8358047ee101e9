//! The configuration as operators meet it: whole files, and what is said of their mistakes.

mod example;
mod keyring;
mod reference;
mod secrecy;
mod sections;
mod typed;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Config, ConfigErrors, Environment};
use crate::custody::generate_xprv;
use crate::domain::time::{Entropy, EntropyError};
use crate::secret::Secret;

/// A key's extended form and its public half, from BIP 32's first test vector.
const XPRV: &str =
    "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
const XPUB: &str =
    "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
/// An envelope of the newer kind under the passphrase `pw`, with cheap parameters.
const SEALED: &str = r#"{"v":2,"m":64,"t":1,"p":1,"salt":"RUNJ5CLwUpcZHq0T4h09tQ==","iv":"RUNJ5CLwUpcZHq0T","ct":"5aolP4RtVdt+d9PNq1nfwMgr+4yNDO18+aGgpcNkRMmP36S9MTZ9Y2KmcGT/gLMMKpH8nnzhKgX1iUJ/mWcpob1T/Gq6kaGVv9+v1CPUR0C2rSgudmMO/8RqSQHOee9VE9gcYFFXtP4v/GtSsB2StDBQRbybrIFL4XUz7WId0A=="}"#;
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n";
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n";
/// A token that may sign requests.
const TOKEN: &str = "v2xtoken";

/// The least configuration: everything local, one enterprise, nobody asked who calls.
const MINIMAL: &str = r#"
[grpc]
unauthenticated_loopback = true
[store]
url = "sqlite://journal.db"
[[keys]]
id = "k"
xprv_file = "k.xprv"
purposes = ["settlement"]
[[enterprises]]
id = "e"
base_url = "https://app.bitgo.com"
token_file = "token"
signing_key = "k"
route = "v1"
amount_unit = "full"
"#;

/// Environment variables of a test.
#[derive(Default)]
struct Variables(BTreeMap<String, String>);

impl Variables {
    fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }
}

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<Secret> {
        self.0.get(name).map(|value| Secret::from_text(value.clone()))
    }
}

/// A folder with a configuration and the files that it names.
struct Folder {
    folder: tempfile::TempDir,
    variables: Variables,
}

impl Folder {
    /// A folder with all that [`MINIMAL`] names, and a few files more.
    fn new() -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap(), variables: Variables::default() };
        for (name, content) in [
            ("k.xprv", XPRV),
            ("sealed.json", SEALED),
            ("pw", "pw\n"),
            ("token", TOKEN),
            ("ca.pem", CERTIFICATE),
            ("server.pem", CERTIFICATE),
            ("server.key", PRIVATE_KEY),
            ("venue.pem", PUBLIC_KEY),
        ] {
            folder.file(name, content, 0o600);
        }
        folder
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>, mode: u32) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn load(&self, text: &str) -> Result<Config, ConfigErrors> {
        Config::load(&self.file("gateway.toml", text, 0o644), &self.variables)
    }

    fn load_with_keyring(&self, text: &str) -> Result<(Config, crate::custody::Keyring), ConfigErrors> {
        Config::load_with_keyring(&self.file("gateway.toml", text, 0o644), &self.variables)
    }

    /// The paths of the mistakes in a text, in order.
    fn paths(&self, text: &str) -> Vec<String> {
        match self.load(text) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.mistakes().iter().map(|mistake| mistake.path.clone()).collect(),
        }
    }
}

/// [`MINIMAL`] with one line in another's place.
fn with(line: &str, instead: &str) -> String {
    assert!(MINIMAL.contains(line), "{line}");
    MINIMAL.replacen(line, instead, 1)
}

/// [`MINIMAL`] with listed callers in place of the switch.
fn with_callers(callers: &str) -> String {
    with("unauthenticated_loopback = true", "") + callers
}

/// An `xprv` unlike the others.
fn another_xprv(seed: u8) -> Vec<u8> {
    struct Constant(u8);
    impl Entropy for Constant {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(self.0);
            Ok(())
        }
    }
    generate_xprv(&Constant(seed)).unwrap().expose().to_vec()
}
