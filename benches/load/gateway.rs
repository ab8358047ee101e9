//! The whole gateway in this process, started from a configuration file as `serve` would, beside a simulated venue.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use settlement_gateway::app::{App, SystemClock, SystemEntropy};
use settlement_gateway::config::{Config, ProcessEnvironment};
use settlement_gateway::custody::{Key, KeySettings, KeySource, generate_xprv};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::sandbox::{Sandbox, SandboxConfig, SandboxEnterprise};
use settlement_gateway::secret::Secret;
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

/// The only enterprise, on route v1.
pub(super) const ENTERPRISE: &str = "ent-v1";
/// Its key.
pub(super) const KEY: &str = "key-v1";

/// More than a bench sends in a minute, so that the venue's limit is not what is measured.
const REQUESTS_PER_MINUTE: u32 = 10_000_000;

/// A gateway that anybody on this machine may call.
pub(super) struct Gateway {
    app: App,
    sandbox: Sandbox,
    _folder: TempDir,
}

impl Gateway {
    /// Starts both.
    pub(super) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let xprv = generate_xprv(&SystemEntropy).unwrap();
        let token = Secret::from_text("token".to_owned());
        write_secret(folder.path(), "key.xprv", &xprv);
        write_secret(folder.path(), "bitgo.token", &token);
        let enterprise = SandboxEnterprise {
            default_balance: Some("1000000000".to_owned()),
            ..SandboxEnterprise::new(ENTERPRISE, token, public_key(&xprv))
        };
        let sandbox = Sandbox::start(SandboxConfig {
            enterprises: vec![enterprise],
            requests_per_minute: REQUESTS_PER_MINUTE,
            ..SandboxConfig::loopback(Arc::new(SystemClock))
        });
        let sandbox = sandbox.await.unwrap();
        let file = folder.path().join("gateway.toml");
        fs::write(&file, config_text(&sandbox.bitgo_url())).unwrap();
        let (config, keyring) = Config::load_with_keyring(&file, &ProcessEnvironment).unwrap_or_else(|m| panic!("{m}"));
        let app = App::start(&config, keyring, &ProcessEnvironment).await.unwrap();
        Self { app, sandbox, _folder: folder }
    }

    /// A connection of its own.
    pub(super) async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.app.grpc_address())).unwrap();
        endpoint.connect().await.unwrap()
    }

    /// Stops both.
    pub(super) async fn stop(self) {
        self.app.stop().await.unwrap();
        self.sandbox.stop().await;
    }
}

fn write_secret(folder: &Path, name: &str, secret: &Secret) {
    let path = folder.join(name);
    fs::write(&path, secret.expose()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn public_key(xprv: &Secret) -> [u8; 33] {
    let id = KeyId::new(KEY).unwrap();
    let settings = KeySettings { id, purposes: BTreeSet::new(), enabled: true, sign_payload_settlement: false };
    *Key::from_xprv(settings, KeySource::Generated, xprv).unwrap().public_key().as_bytes()
}

fn config_text(bitgo_url: &str) -> String {
    format!(
        r#"
[grpc]
listen = "127.0.0.1:0"
unauthenticated_loopback = true
[ops]
listen = "127.0.0.1:0"
[store]
url = "sqlite://journal.db"
[venues]
bitgo_requests_per_minute = 10000000
[[keys]]
id = "{KEY}"
xprv_file = "key.xprv"
purposes = ["settlement", "trade"]
[[enterprises]]
id = "{ENTERPRISE}"
base_url = "{bitgo_url}"
token_file = "bitgo.token"
route = "v1"
amount_unit = "full"
signing_key = "{KEY}"
max_open_settlements = 10000
duplicate_window_ms = 0
"#
    )
}
