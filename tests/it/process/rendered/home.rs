//! A pod's files in a folder: the rendered configuration, and everything that it names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use settlement_gateway::custody::generate_xprv;
use settlement_gateway::domain::signing::PublicKey;
use tempfile::TempDir;
use toml::{Table, Value};

use crate::callbacks::support::venue_key;
use crate::process::installation::{BITLIPA_KEY, BITLIPA_SECRET, public_key, token, write_private};
use crate::support::authority::{Authority, dns};
use crate::support::world::RealEntropy;

/// Where the journal and the anchor would be, for a test that does not connect to them.
const NOWHERE: [&str; 2] = ["postgres://gateway@journal.invalid/journal", "postgres://gateway@anchor.invalid/anchor"];

/// A key as BitGo seals it, whose passphrase is "pw".
const SEALED: &str = r#"{"v":2,"m":64,"t":1,"p":1,"salt":"RUNJ5CLwUpcZHq0T4h09tQ==","iv":"RUNJ5CLwUpcZHq0T","ct":"5aolP4RtVdt+d9PNq1nfwMgr+4yNDO18+aGgpcNkRMmP36S9MTZ9Y2KmcGT/gLMMKpH8nnzhKgX1iUJ/mWcpob1T/Gq6kaGVv9+v1CPUR0C2rSgudmMO/8RqSQHOee9VE9gcYFFXtP4v/GtSsB2StDBQRbybrIFL4XUz7WId0A=="}"#;

/// The folder.
pub(super) struct Home {
    folder: TempDir,
    /// Who issued its certificates, and issues callers'.
    pub(super) authority: Authority,
    /// The configuration as it was rendered.
    pub(super) config: Table,
    /// The public half of each key, by the key's file.
    keys: BTreeMap<String, PublicKey>,
}

impl Home {
    /// Makes every file that a rendered configuration names.
    pub(super) fn of(rendered: &str) -> Self {
        Self::on(rendered, NOWHERE.map(str::to_owned))
    }

    /// The same, with the URLs of the journal and of the anchor.
    pub(super) fn on(rendered: &str, [journal, anchor]: [String; 2]) -> Self {
        let config = rendered.parse().unwrap();
        let mut home = Self { folder: TempDir::new().unwrap(), authority: Authority::new(), config, keys: BTreeMap::new() };
        let mut named = Vec::new();
        files_of(&home.config, &mut named);
        for (key, file) in named {
            let content = match (key.as_str(), file.as_str()) {
                ("xprv_file", _) => home.xprv(&file),
                ("encrypted_prv_file", _) => SEALED.to_owned(),
                ("passphrase_file", _) => "pw".to_owned(),
                ("certificate_file", _) => home.certificate(&file),
                // Written beside its certificate.
                ("private_key_file", _) => continue,
                ("client_ca_file", _) => home.authority.pem(),
                ("public_key_file", _) => venue_key().public_key_pem(),
                ("token_file", _) => token(&stem(&file)),
                ("url_file", "secrets/database.url") => journal.clone(),
                ("url_file", "secrets/anchor.url") => anchor.clone(),
                ("api_key_file", _) => BITLIPA_KEY.to_owned(),
                ("api_secret_file", _) => BITLIPA_SECRET.to_owned(),
                _ => panic!("nobody makes {file} for {key}"),
            };
            home.write(&file, &content);
        }
        home.write_config();
        home
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn config_path(&self) -> PathBuf {
        self.path("gateway.toml")
    }

    /// Writes the configuration as it stands here.
    pub(super) fn write_config(&self) {
        fs::write(self.config_path(), self.config.to_string()).unwrap();
    }

    /// The public half of the key in a file.
    pub(super) fn public_key(&self, file: &str) -> PublicKey {
        self.keys[file]
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_private(&path, content.as_bytes());
    }

    fn xprv(&mut self, file: &str) -> String {
        let xprv = generate_xprv(&RealEntropy).unwrap();
        self.keys.insert(file.to_owned(), public_key(&xprv));
        xprv.expose_text().unwrap().to_owned()
    }

    fn certificate(&self, file: &str) -> String {
        let (certificate, key) = self.authority.issue(dns("localhost"));
        self.write(&file.replace(".crt", ".key"), &key);
        certificate
    }
}

fn stem(file: &str) -> String {
    Path::new(file).file_stem().unwrap().to_str().unwrap().to_owned()
}

/// Every key that names a file, with the file, wherever it stands.
fn files_of(table: &Table, into: &mut Vec<(String, String)>) {
    for (key, value) in table {
        match value {
            Value::String(file) if key.ends_with("_file") => into.push((key.clone(), file.clone())),
            Value::Table(below) => files_of(below, into),
            Value::Array(entries) => entries.iter().filter_map(Value::as_table).for_each(|below| files_of(below, into)),
            _ => {}
        }
    }
}
