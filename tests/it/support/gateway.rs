//! The whole gateway in this process, as `serve` would start it: a configuration file in a
//! temporary folder, real keys and the simulated venues, reached through a real gRPC client.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::app::{App, SystemClock, SystemEntropy};
use settlement_gateway::config::{Config, ProcessEnvironment};
use settlement_gateway::custody::{Key, KeySettings, KeySource, generate_xprv};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::grpc::pb;
use settlement_gateway::grpc::pb::quote_service_client::QuoteServiceClient;
use settlement_gateway::grpc::pb::settlement_service_client::SettlementServiceClient;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use settlement_gateway::sandbox::{ClientSettlement, Fault, Sandbox, SandboxConfig, SandboxEnterprise, SandboxTradingAccount};
use settlement_gateway::secret::Secret;
use tempfile::TempDir;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

/// The enterprise on route v1; its key is [`V1_KEY`].
pub(crate) const V1: &str = "ent-v1";
/// The enterprise on route v2; its key is [`V2_KEY`].
pub(crate) const V2: &str = "ent-v2";
/// May sign settlements, trades, allocations and disputes, settlements through SignPayload too.
pub(crate) const V1_KEY: &str = "key-v1";
/// May sign settlements for InitiateSettlement only.
pub(crate) const V2_KEY: &str = "key-v2";
/// Seed 004's merchant.
pub(crate) const MERCHANT: &str = "merchant_123";
/// Seed 004's wallet, the only one of the merchant.
pub(crate) const WALLET: &str = "0x742d35Cc6634C0532925a3b844Bc454e4438f44e";
/// Long enough for every outcome of these tests; nothing waits for it unless something is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// More than the largest answer of these tests.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// A listener for venues, and an address that leads nowhere: payouts are polled.
const CALLBACKS: &str =
    "[callbacks]\nlisten = \"127.0.0.1:0\"\n[callbacks.bitlipa]\npublic_url = \"https://callbacks.example.org/bitlipa\"";

/// One key of the gateway.
pub(crate) struct KeySetup {
    pub(crate) id: &'static str,
    /// Further lines of its section.
    pub(crate) lines: String,
    xprv: Secret,
}

impl KeySetup {
    /// A new key with these further lines of configuration.
    pub(crate) fn new(id: &'static str, lines: &str) -> Self {
        Self { id, lines: lines.to_owned(), xprv: generate_xprv(&SystemEntropy).unwrap() }
    }

    /// The key's text, which may appear nowhere.
    pub(crate) fn xprv(&self) -> String {
        self.xprv.expose_text().unwrap().to_owned()
    }

    fn public_key(&self) -> [u8; 33] {
        let id = KeyId::new(self.id).unwrap();
        let settings = KeySettings { id, purposes: BTreeSet::new(), enabled: true, sign_payload_settlement: false };
        *Key::from_xprv(settings, KeySource::Generated, &self.xprv).unwrap().public_key().as_bytes()
    }
}

/// What a gateway is started with; a test changes what it is about.
pub(crate) struct Setup {
    /// Where the files are, for those that a test adds.
    pub(crate) folder: PathBuf,
    /// Further lines of `[grpc]`.
    pub(crate) grpc: String,
    /// `[[callers]]`, and other sections that a test adds; without any, anybody on this machine may call everything.
    pub(crate) callers: String,
    /// The section `[callbacks]`: somewhere to listen, and where Bitlipa is told to call, unless a test says otherwise.
    pub(crate) callbacks: String,
    /// Lines of `[store]`.
    pub(crate) store: String,
    /// Lines of `[engine]`.
    pub(crate) engine: String,
    /// Lines of `[venues]`.
    pub(crate) venues: String,
    /// Further lines of each of `[[enterprises]]`.
    pub(crate) settling: String,
    /// The keys.
    pub(crate) keys: Vec<KeySetup>,
    /// The venues.
    pub(crate) sandbox: SandboxConfig,
}

impl Setup {
    fn new(folder: &Path) -> Self {
        let purposes = r#"purposes = ["settlement", "trade", "allocation", "dispute"]"#;
        let keys = vec![
            KeySetup::new(V1_KEY, &format!("{purposes}\nallow_sign_payload_settlement = true")),
            KeySetup::new(V2_KEY, purposes),
        ];
        let mut with_disputes = simulated(V2, &keys[1]);
        with_disputes.disputes = true;
        let sandbox = SandboxConfig {
            enterprises: vec![simulated(V1, &keys[0]), with_disputes],
            requests_per_minute: 1_000_000,
            merchants: vec![MERCHANT.to_owned(), "merchant_456".to_owned()],
            bitlipa_api_key: "pk_test".to_owned(),
            bitlipa_secret: Secret::from_text("sk_test".to_owned()),
            ..SandboxConfig::loopback(Arc::new(SystemClock))
        };
        let engine = "shortest_wait_ms = 10\nlongest_wait_ms = 100\npoll_interval_ms = 50\n\
                      visibility_window_ms = 50\nlongest_rest_ms = 50";
        Self {
            folder: folder.to_owned(),
            grpc: String::new(),
            callers: String::new(),
            callbacks: CALLBACKS.to_owned(),
            store: "url = \"sqlite://journal.db\"".to_owned(),
            engine: engine.to_owned(),
            // A fault is met by the one call that it was meant for.
            venues: "call_timeout_ms = 10000\nbitgo_requests_per_minute = 1000000\nbitlipa_requests_per_minute = 1000000\nread_repeats = 0\nbreaker_failures = 0"
                .to_owned(),
            settling: "max_open_settlements = 10000\ncutoff_must_increase = false\nduplicate_window_ms = 0".to_owned(),
            keys,
            sandbox,
        }
    }

    /// The simulated enterprise of an id.
    pub(crate) fn enterprise(&mut self, id: &str) -> &mut SandboxEnterprise {
        self.sandbox.enterprises.iter_mut().find(|enterprise| enterprise.enterprise_id == id).unwrap()
    }

    /// Writes a file that its owner alone can read.
    pub(crate) fn write_secret(&self, name: &str, content: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn write_secrets(&self) {
        for key in &self.keys {
            self.write_secret(&format!("{}.xprv", key.id), &key.xprv());
        }
        for enterprise in &self.sandbox.enterprises {
            let token = enterprise.token.expose_text().unwrap();
            self.write_secret(&format!("{}.token", enterprise.enterprise_id), token);
        }
        self.write_secret("bitlipa.key", &self.sandbox.bitlipa_api_key);
        self.write_secret("bitlipa.secret", self.sandbox.bitlipa_secret.expose_text().unwrap());
    }

    fn config_text(&self, bitgo_url: &str, bitlipa_url: &str) -> String {
        let Self { grpc, callers, callbacks, store, engine, venues, settling, .. } = self;
        let anybody = callers.is_empty();
        let margin = if grpc.contains("deadline_margin_ms") { "" } else { "deadline_margin_ms = 100" };
        let keys: String = self.keys.iter().map(key_text).collect();
        let enterprise = |id, route, key| enterprise_text(id, route, key, bitgo_url) + settling + "\n" + &trading_text(id, key);
        let enterprises = enterprise(V1, "v1", V1_KEY) + &enterprise(V2, "v2", V2_KEY);
        format!(
            r#"
[grpc]
listen = "127.0.0.1:0"
unauthenticated_loopback = {anybody}
reflection = true
{margin}
{grpc}
[ops]
listen = "127.0.0.1:0"
[store]
{store}
[engine]
{engine}
[venues]
{venues}
{keys}{enterprises}
[bitlipa]
base_url = "{bitlipa_url}"
api_key_file = "bitlipa.key"
api_secret_file = "bitlipa.secret"
chains = ["eip155:137", "eip155:1"]
source_currencies = ["KES", "UGX", "BHD", "EUR"]
destination_currencies = ["USDT"]
[[bitlipa.merchants]]
id = "{MERCHANT}"
payout_wallets = ["{WALLET}"]
[[bitlipa.merchants]]
id = "merchant_456"
payout_wallets = ["{WALLET}"]
{callbacks}
{callers}
"#
        )
    }
}

fn key_text(key: &KeySetup) -> String {
    let KeySetup { id, lines, .. } = key;
    format!("[[keys]]\nid = \"{id}\"\nxprv_file = \"{id}.xprv\"\n{lines}\n")
}

fn enterprise_text(id: &str, route: &str, key: &str, bitgo_url: &str) -> String {
    format!(
        "[[enterprises]]\nid = \"{id}\"\nbase_url = \"{bitgo_url}\"\ntoken_file = \"{id}.token\"\n\
         route = \"{route}\"\namount_unit = \"full\"\nsigning_key = \"{key}\"\n"
    )
}

/// The enterprise's one trading account.
pub(crate) fn trading_account(enterprise: &str) -> String {
    format!("acct-{enterprise}")
}

fn trading_text(id: &str, key: &str) -> String {
    format!("[[enterprises.trading_accounts]]\nid = \"{}\"\nsigning_key = \"{key}\"\n", trading_account(id))
}

fn simulated(id: &str, key: &KeySetup) -> SandboxEnterprise {
    let enterprise = SandboxEnterprise::new(id, Secret::from_text(format!("token-{id}")), key.public_key());
    SandboxEnterprise {
        default_balance: Some("1000000".to_owned()),
        client_settlements: vec![ClientSettlement::example()],
        trading_accounts: vec![SandboxTradingAccount {
            account_id: trading_account(id),
            name: format!("the account of {id}"),
            public_key: key.public_key(),
            fee: None,
            balances: Default::default(),
        }],
        ..enterprise.with_example_accounts(None)
    }
}

/// A gateway at work, and the venues that it speaks to.
pub(crate) struct GatewayUnderTest {
    pub(crate) app: App,
    pub(crate) sandbox: Sandbox,
    folder: TempDir,
}

impl GatewayUnderTest {
    /// A gateway that anybody on this machine may call.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// A gateway whose setup is changed before it starts.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Setup)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut setup = Setup::new(folder.path());
        change(&mut setup);
        setup.write_secrets();
        let sandbox = Sandbox::start(setup.sandbox.clone()).await.unwrap();
        let text = setup.config_text(&sandbox.bitgo_url(), &sandbox.bitlipa_url());
        std::fs::write(folder.path().join("gateway.toml"), text).unwrap();
        Self { app: open(folder.path()).await, sandbox, folder }
    }

    /// Starts another replica with the same configuration, beside the same venues.
    pub(crate) async fn replica(&self) -> App {
        open(self.folder.path()).await
    }

    /// Stops the gateway and starts it anew over the same folder, beside the same venues.
    pub(crate) async fn restart(self) -> Self {
        let Self { app, sandbox, folder } = self;
        app.stop().await.unwrap();
        Self { app: open(folder.path()).await, sandbox, folder }
    }

    /// Where the configuration and the journal are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A connection of its own.
    pub(crate) async fn channel(&self) -> Channel {
        channel(&self.app).await
    }

    pub(crate) async fn settlements(&self) -> SettlementServiceClient<Channel> {
        let client = SettlementServiceClient::new(self.channel().await);
        client.max_decoding_message_size(MAX_ANSWER_BYTES).max_encoding_message_size(MAX_ANSWER_BYTES)
    }

    pub(crate) async fn signing(&self) -> SigningServiceClient<Channel> {
        let client = SigningServiceClient::new(self.channel().await);
        client.max_decoding_message_size(MAX_ANSWER_BYTES).max_encoding_message_size(MAX_ANSWER_BYTES)
    }

    pub(crate) async fn quotes(&self) -> QuoteServiceClient<Channel> {
        QuoteServiceClient::new(self.channel().await)
    }

    /// Lets the next requests to a venue's endpoint meet a fault.
    pub(crate) fn disturb(&self, fault: Fault) {
        self.sandbox.faults().push(fault);
    }

    /// How many requests the venues have seen, whatever they were for.
    pub(crate) fn venue_requests(&self) -> u64 {
        self.sandbox.ledger().requests_containing("")
    }

    /// Every settlement of an enterprise in the journal.
    pub(crate) async fn listed(&self, enterprise: &str) -> Vec<pb::Settlement> {
        let request = pb::ListSettlementsRequest { enterprise_id: enterprise.to_owned(), page_size: 200, ..Default::default() };
        self.settlements().await.list_settlements(request).await.unwrap().into_inner().settlements
    }

    /// A settlement as it is stored.
    pub(crate) async fn stored(&self, enterprise: &str, external_id: &str) -> pb::Settlement {
        let name = Some(pb::get_settlement_request::Name::ExternalId(external_id.to_owned()));
        let request = pb::GetSettlementRequest { enterprise_id: enterprise.to_owned(), name };
        self.settlements().await.get_settlement(request).await.unwrap().into_inner().settlement.unwrap()
    }

    /// Waits until a settlement is finished: completed, and compared with what was asked.
    pub(crate) async fn reconciled(&self, enterprise: &str, external_id: &str) -> pb::Settlement {
        within(async {
            loop {
                let stored = self.stored(enterprise, external_id).await;
                if stored.reconciliation.is_some() {
                    return stored;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }

    /// Waits until a settlement is stored and as a test expects it, woken by its changes.
    pub(crate) async fn until(
        &self,
        enterprise: &str,
        external_id: &str,
        holds: impl Fn(&pb::Settlement) -> bool,
    ) -> pb::Settlement {
        let name = Some(pb::watch_settlement_request::Name::ExternalId(external_id.to_owned()));
        let request = pb::WatchSettlementRequest { enterprise_id: enterprise.to_owned(), name, after_sequence: 0 };
        let mut client = self.settlements().await;
        within(async move {
            let mut views = loop {
                match client.watch_settlement(request.clone()).await {
                    Ok(views) => break views.into_inner(),
                    Err(status) => assert_eq!(status.code(), Code::NotFound, "{status:?}"),
                }
            };
            loop {
                let view = views.message().await.unwrap().expect("the settlement ended otherwise").settlement.unwrap();
                if holds(&view) {
                    return view;
                }
            }
        })
        .await
    }
}

/// A connection of its own to a gateway.
pub(crate) async fn channel(app: &App) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", app.grpc_address())).unwrap();
    endpoint.connect().await.unwrap()
}

async fn open(folder: &Path) -> App {
    let loaded = Config::load_with_keyring(&folder.join("gateway.toml"), &ProcessEnvironment);
    let (config, keyring) = loaded.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    App::start(&config, keyring, &ProcessEnvironment).await.unwrap()
}

/// The outcome, which must come before patience ends.
pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it took too long")
}
