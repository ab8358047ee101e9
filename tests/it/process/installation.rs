//! A folder as an operator sets it up: configuration, keys and tokens; and the venues that it names.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use settlement_gateway::custody::{Key, KeySettings, KeySource, generate_xprv};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::signing::PublicKey;
use settlement_gateway::sandbox::{Sandbox, SandboxConfig, SandboxEnterprise, SandboxTradingAccount, SettlementEntry};
use settlement_gateway::secret::Secret;
use tempfile::TempDir;

use super::calls::Gateway;
use super::support::{Process, until};
use crate::support::world::{RealClock, RealEntropy, V1, V2};

/// Bitlipa's credential, and the tokens' beginnings, as nothing else is written.
pub(super) const BITLIPA_KEY: &str = "pk-canary-30211";
pub(super) const BITLIPA_SECRET: &str = "sk-canary-94127";

/// How often a process may die in one step of a settlement before an operator is asked.
pub(super) const MAX_LAPSES: u32 = 6;

/// The folder.
pub(super) struct Installation {
    folder: TempDir,
    keys: [(&'static str, PublicKey); 2],
    terms: Terms,
}

/// What a test may say of the configuration.
pub(super) struct Terms {
    /// The lines of `[store]`.
    pub(super) store: String,
    /// How often a process may die in one step of a settlement before an operator is asked.
    pub(super) max_lapses: u32,
    /// Further lines of `[engine]`.
    pub(super) engine: &'static str,
    /// Further lines of `[venues]`.
    pub(super) venues: &'static str,
}

impl Default for Terms {
    fn default() -> Self {
        Self { store: "url = \"sqlite://journal.db\"\n".to_owned(), max_lapses: MAX_LAPSES, engine: "", venues: "" }
    }
}

impl Installation {
    /// Makes a key and a token for each enterprise; there is no configuration yet.
    pub(super) fn new() -> Self {
        Self::on(Terms::default())
    }

    /// The same on other terms.
    pub(super) fn on(terms: Terms) -> Self {
        let folder = TempDir::new().unwrap();
        let keys = [V1, V2].map(|enterprise| {
            let xprv = generate_xprv(&RealEntropy).unwrap();
            write_private(&folder.path().join(format!("{enterprise}.xprv")), xprv.expose());
            write_private(&folder.path().join(format!("{enterprise}.token")), token(enterprise).as_bytes());
            (enterprise, public_key(&xprv))
        });
        write_private(&folder.path().join("bitlipa.key"), BITLIPA_KEY.as_bytes());
        write_private(&folder.path().join("bitlipa.secret"), BITLIPA_SECRET.as_bytes());
        Self { folder, keys, terms }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn config_path(&self) -> PathBuf {
        self.path("gateway.toml")
    }

    pub(super) fn public_key(&self, enterprise: &str) -> PublicKey {
        self.keys.iter().find(|(name, _)| *name == enterprise).unwrap().1
    }

    /// Writes the token that the gateway shows to the venue.
    pub(super) fn write_token(&self, enterprise: &str, token: &str) {
        write_private(&self.path(&format!("{enterprise}.token")), token.as_bytes());
    }

    /// What the simulated venues are told: both enterprises, well funded, with the tokens of the folder.
    pub(super) fn venues(&self) -> SandboxConfig {
        let enterprise = |(id, key): &(&'static str, PublicKey)| SandboxEnterprise {
            disputes: *id == V2,
            trading_accounts: vec![trading_account(id, key)],
            ..SandboxEnterprise::new(id, Secret::from_text(token(id)), *key.as_bytes()).with_example_accounts(None)
        };
        SandboxConfig {
            enterprises: self.keys.iter().map(enterprise).collect(),
            requests_per_minute: 1_000_000,
            bitlipa_api_key: BITLIPA_KEY.to_owned(),
            bitlipa_secret: Secret::from_text(BITLIPA_SECRET.to_owned()),
            ..SandboxConfig::loopback(Arc::new(RealClock))
        }
    }

    /// Starts the venues and writes a configuration that names them.
    pub(super) async fn with_venues(&self) -> Sandbox {
        let sandbox = Sandbox::start(self.venues()).await.unwrap();
        self.configure(&sandbox.bitgo_url(), &sandbox.bitlipa_url(), "");
        sandbox
    }

    /// Writes the configuration, with more sections at its end.
    pub(super) fn configure(&self, bitgo: &str, bitlipa: &str, more: &str) {
        fs::write(self.config_path(), config(&self.terms, bitgo, bitlipa) + more).unwrap();
    }

    /// Starts `serve` and waits until it serves.
    pub(super) async fn serve(&self) -> Gateway {
        Gateway::of(Process::start([Path::new("serve"), Path::new("--config"), &self.config_path()]), "grpc ", "ops ").await
    }

    /// Starts `serve` with variables in its environment.
    pub(super) async fn serve_with(&self, variables: impl IntoIterator<Item = (&'static str, OsString)>) -> Gateway {
        let arguments = [Path::new("serve"), Path::new("--config"), &self.config_path()];
        Gateway::of(Process::start_with(variables, arguments), "grpc ", "ops ").await
    }

    /// The same, which may die before it listens.
    pub(super) async fn serve_unless_dead_with(
        &self,
        variables: impl IntoIterator<Item = (&'static str, OsString)>,
    ) -> Option<Gateway> {
        let arguments = [Path::new("serve"), Path::new("--config"), &self.config_path()];
        Gateway::of_unless_dead(Process::start_with(variables, arguments), "grpc ", "ops ").await
    }

    /// Runs a command over the configuration to its end.
    pub(super) async fn command(&self, words: &[&str]) -> super::support::Ended {
        let config = self.config_path();
        let arguments = words.iter().map(Path::new).chain([Path::new("--config"), config.as_path()]);
        Process::run(arguments).await
    }

    /// Everything that must never be shown: tokens, keys, and Bitlipa's credential.
    pub(super) fn secrets(&self) -> Vec<String> {
        let read = |name: String| fs::read_to_string(self.path(&name)).unwrap();
        let of_each = [V1, V2].map(|id| [read(format!("{id}.xprv")), token(id)]);
        of_each.concat().into_iter().chain([BITLIPA_KEY.to_owned(), BITLIPA_SECRET.to_owned()]).collect()
    }
}

/// Waits until the venue has created a settlement.
pub(super) async fn created(sandbox: &Sandbox, enterprise: &str, external_id: &str) -> SettlementEntry {
    until("the venue has created the settlement", async || {
        let ledger = sandbox.ledger();
        ledger.settlement(enterprise, external_id).filter(|entry| entry.created > 0).cloned()
    })
    .await
}

/// Waits until the requests that the venues are told to treat badly have come, but for some.
pub(super) async fn faults_left(sandbox: &Sandbox, left: usize) {
    until("the venue is reached", async || (sandbox.faults().waiting() <= left).then_some(())).await;
}

/// The token of an enterprise, as long as one that signs requests.
pub(super) fn token(enterprise: &str) -> String {
    format!("v2x{:c<64}", format!("canary{}", enterprise.replace('-', "")))
}

/// Writes a file that its owner alone can read; a new one takes the old one's place.
pub(super) fn write_private(path: &Path, content: &[u8]) {
    let beside: PathBuf = path.with_extension("new");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&beside).unwrap();
    file.write_all(content).unwrap();
    fs::rename(beside, path).unwrap();
}

/// The account that an enterprise trades with.
pub(super) fn trading_account_id(enterprise: &str) -> String {
    format!("acct-{enterprise}")
}

fn trading_account(enterprise: &str, key: &PublicKey) -> SandboxTradingAccount {
    let funds = [("ofcbtc", "1000000000"), ("ofcusd", "1000000000")];
    SandboxTradingAccount {
        account_id: trading_account_id(enterprise),
        name: format!("the account of {enterprise}"),
        public_key: *key.as_bytes(),
        fee: None,
        balances: funds.map(|(currency, amount)| (currency.to_owned(), amount.to_owned())).into(),
    }
}

/// The public half of a key.
pub(super) fn public_key(xprv: &Secret) -> PublicKey {
    let settings = KeySettings {
        id: KeyId::new("any").unwrap(),
        purposes: Default::default(),
        enabled: true,
        sign_payload_settlement: false,
    };
    Key::from_xprv(settings, KeySource::Generated, xprv).unwrap().public_key()
}

/// Waits are short, so that doubt is resolved at once; a call's time-out is long, so that none is cut by a busy machine.
fn config(terms: &Terms, bitgo: &str, bitlipa: &str) -> String {
    let Terms { store, max_lapses, engine, venues } = terms;
    let key =
        |id: &str| format!("[[keys]]\nid = \"key-{id}\"\nxprv_file = \"{id}.xprv\"\npurposes = [\"settlement\", \"trade\"]\n");
    let enterprise = |id: &str, route: &str| {
        format!(
            "[[enterprises]]\nid = \"{id}\"\nbase_url = \"{bitgo}\"\ntoken_file = \"{id}.token\"\nroute = \"{route}\"\n\
             amount_unit = \"full\"\nsigning_key = \"key-{id}\"\n\
             max_open_settlements = 10000\ncutoff_must_increase = false\nduplicate_window_ms = 0\n\
             [[enterprises.trading_accounts]]\nid = \"{}\"\nsigning_key = \"key-{id}\"\n",
            trading_account_id(id)
        )
    };
    [
        "[grpc]\nlisten = \"127.0.0.1:0\"\nunauthenticated_loopback = true\n".to_owned(),
        format!("[ops]\nlisten = \"127.0.0.1:0\"\n[drain]\ngrace_ms = 5000\n[store]\n{store}"),
        "[engine]\nshortest_wait_ms = 10\nlongest_wait_ms = 100\npoll_interval_ms = 50\nvisibility_window_ms = 50\n\
         longest_rest_ms = 50\n"
            .to_owned(),
        format!(
            "max_lapses = {max_lapses}
{engine}[venues]
bitgo_requests_per_minute = 1000000
\
             bitlipa_requests_per_minute = 1000000
{venues}"
        ),
        key(V1) + &key(V2),
        enterprise(V1, "v1") + &enterprise(V2, "v2"),
        format!(
            "[bitlipa]\nbase_url = \"{bitlipa}\"\napi_key_file = \"bitlipa.key\"\napi_secret_file = \"bitlipa.secret\"\n\
             chains = [\"eip155:137\"]\nsource_currencies = [\"KES\"]\ndestination_currencies = [\"USDT\"]\n\
             [[bitlipa.merchants]]\nid = \"merchant_123\"\npayout_wallets = [\"{WALLET}\"]\n"
        ),
    ]
    .concat()
}

/// Where the merchant is paid out.
pub(super) const WALLET: &str = "0x742d35Cc6634C0532925a3b844Bc454e4438f44e";
