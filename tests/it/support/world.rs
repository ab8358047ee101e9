//! The gateway's inside at work: real journal, real keys, real HTTP to the simulated venues; no gRPC.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::custody::{Key, KeySettings, KeySource, Keyring, generate_xprv};
use settlement_gateway::domain::ids::{CallerId, EnterpriseId, ExternalId, KeyId, TradingAccountId};
use settlement_gateway::domain::policy::{Allowed, CheckBefore, Grants, RpcName};
use settlement_gateway::domain::settlement::{AmountUnit, Asked, Leg, OnceRules, Route, Settlement, SettlementAmounts, State};
use settlement_gateway::domain::signing::Purpose;
use settlement_gateway::domain::time::{Clock, Cutoff, Entropy, EntropyError};
use settlement_gateway::sandbox::{Sandbox, SandboxConfig, SandboxEnterprise, SandboxTradingAccount, SettlementEntry};
use settlement_gateway::secret::Secret;
use settlement_gateway::service::engine::{Engine, EngineSettings};
use settlement_gateway::service::trade::Trading;
use settlement_gateway::service::{
    AnchorKeeper, Caller, Context, Directory, Enterprise, ErrandSettings, Errands, InitiateSettlement, OnChangedAmounts,
    QuotePace, Refusals, ServiceError, SettlementTerms, SettlementView, TermsCache, initiate_settlement,
};
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
use settlement_gateway::store::{Anchor, FileAnchor, Store};
use settlement_gateway::upstream::bitgo::{BitGo, BitGoOptions, RequestAuth, SigningMethod};
use settlement_gateway::upstream::{Credential, HttpOptions, Unlimited};
use tempfile::TempDir;

use super::anchor::MemoryAnchor;
use super::builders::{amounts, leg};

/// The machine's clock: windows and waits of these tests are milliseconds.
pub(crate) struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The machine's randomness.
pub(crate) struct RealEntropy;

impl Entropy for RealEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}

/// The enterprise on route v1.
pub(crate) const V1: &str = "ent-v1";
/// The enterprise on route v2.
pub(crate) const V2: &str = "ent-v2";
/// Long enough for every outcome of these tests; nothing waits for it unless something is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Everything at work.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) context: Context,
    pub(crate) folder: Arc<TempDir>,
}

/// Waits in milliseconds, so that doubt is resolved at once.
pub(crate) fn quick() -> EngineSettings {
    EngineSettings {
        workers: 4,
        max_turns_per_enterprise: 2,
        shortest_wait: Duration::from_millis(10),
        longest_wait: Duration::from_millis(100),
        poll_interval: Duration::from_millis(50),
        visibility_window: Duration::from_millis(50),
        silence_window: Duration::from_millis(200),
        reconciliation_window: Duration::from_millis(300),
        details_interval: Duration::from_millis(100),
        longest_rest: Duration::from_millis(50),
        ..EngineSettings::default()
    }
}

/// Waits in milliseconds for quotes.
pub(crate) fn pace() -> QuotePace {
    let EngineSettings { shortest_wait, longest_wait, poll_interval, silence_window, max_lapses, .. } = quick();
    QuotePace { shortest_wait, longest_wait, poll_interval, silence_window, max_attempts: 5, max_lapses }
}

/// Workers that look again at once.
fn errand_settings() -> ErrandSettings {
    ErrandSettings { workers: 2, longest_rest: Duration::from_millis(50), ..ErrandSettings::default() }
}

fn key(id: &str) -> Key {
    let settings = KeySettings {
        id: KeyId::new(id).unwrap(),
        purposes: BTreeSet::from([Purpose::Settlement, Purpose::Trade]),
        enabled: true,
        sign_payload_settlement: true,
    };
    Key::from_xprv(settings, KeySource::Generated, &generate_xprv(&RealEntropy).unwrap()).unwrap()
}

fn enterprise(id: &str, route: Route, sandbox: &Sandbox) -> Enterprise {
    let venue = BitGo::new(BitGoOptions {
        base_url: sandbox.bitgo_url(),
        credential: Credential::fixed(&Secret::from_text(format!("token-{id}"))).unwrap(),
        auth: RequestAuth::Bearer,
        signing_method: SigningMethod::Post,
        http: HttpOptions { allow_plaintext: true, call_timeout: Duration::from_secs(2), ..HttpOptions::default() },
        allowance: Arc::new(Unlimited),
        clock: Arc::new(RealClock),
    })
    .unwrap();
    let terms = SettlementTerms {
        route,
        amount_unit: AmountUnit::Full,
        key_id: KeyId::new(format!("key-{id}")).unwrap(),
        max_cutoff_ahead: Duration::from_secs(60),
        once: OnceRules::NONE,
        on_changed_amounts: OnChangedAmounts::Record,
        check_before: CheckBefore::Off,
    };
    let venue = Arc::new(venue);
    let accounts = trading_accounts(id).into_iter().map(|account| (account, terms.key_id.clone())).collect();
    let trading = Trading { venue: venue.clone(), accounts };
    Enterprise {
        id: EnterpriseId::new(id).unwrap(),
        settles: Some(terms),
        reads: venue.clone(),
        trading,
        venue,
        terms: TermsCache::new(Duration::ZERO),
    }
}

/// The trading accounts of an enterprise; its key signs for all.
fn trading_accounts(enterprise: &str) -> Vec<TradingAccountId> {
    let ids: &[&str] = if enterprise == V1 { &["acct-a", "acct-r"] } else { &["acct-b"] };
    ids.iter().map(|id| TradingAccountId::new(*id).unwrap()).collect()
}

/// What a gateway stands on beside its journal: the simulated venues and the keys.
pub(crate) struct Ground {
    pub(crate) sandbox: Sandbox,
    keyring: Arc<Keyring>,
    /// Shared by all gateways over one journal.
    pub(crate) anchor: Arc<MemoryAnchor>,
}

impl Ground {
    /// A ground whose simulated enterprises are changed before they start.
    pub(crate) async fn new(change: impl Fn(&mut SandboxEnterprise)) -> Self {
        let keyring = Arc::new(Keyring::new([key("key-ent-v1"), key("key-ent-v2")]).unwrap());
        let simulated = |id: &str, disputes| {
            let public_key = keyring.get(&KeyId::new(format!("key-{id}")).unwrap()).unwrap().public_key();
            let account = |account: TradingAccountId| SandboxTradingAccount {
                account_id: account.as_str().to_owned(),
                name: format!("{account} of {id}"),
                public_key: *public_key.as_bytes(),
                fee: None,
                balances: Default::default(),
            };
            let mut simulated = SandboxEnterprise {
                disputes,
                trading_accounts: trading_accounts(id).into_iter().map(account).collect(),
                default_balance: Some("1000000".to_owned()),
                ..SandboxEnterprise::new(id, Secret::from_text(format!("token-{id}")), *public_key.as_bytes())
            };
            change(&mut simulated);
            simulated
        };
        let enterprises = vec![simulated(V1, false), simulated(V2, true)];
        let config = SandboxConfig { enterprises, requests_per_minute: 100_000, ..SandboxConfig::loopback(Arc::new(RealClock)) };
        let sandbox = Sandbox::start(config).await.unwrap();
        Self { sandbox, keyring, anchor: Arc::default() }
    }

    /// A gateway's inside over a journal; its engine does nothing yet.
    pub(crate) fn context(&self, store: Arc<dyn Store>, settings: EngineSettings) -> Context {
        context(store, self.anchor.clone(), self.keyring.clone(), &self.sandbox, settings)
    }

    /// What the venue knows of an external id.
    pub(crate) fn at_venue(&self, enterprise: &str, external_id: &str) -> Option<SettlementEntry> {
        self.sandbox.ledger().settlement(enterprise, external_id).cloned()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(quick(), |_| ()).await
    }

    /// A world whose engine and simulated enterprises are changed before they start.
    pub(crate) async fn with(settings: EngineSettings, change: impl Fn(&mut SandboxEnterprise)) -> Self {
        let folder = Arc::new(TempDir::new().unwrap());
        let Ground { sandbox, keyring, .. } = Ground::new(change).await;
        let context = open(&folder, keyring, &sandbox, settings).await;
        context.engine.start();
        Self { sandbox, context, folder }
    }

    /// Stops the engine and the journal, and starts both anew over the same file: a restart.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(quick()).await
    }

    /// The same with another engine.
    pub(crate) async fn restart_with(self, settings: EngineSettings) -> Self {
        let Self { sandbox, context, folder } = self;
        context.engine.drain().await;
        let keyring = context.keyring.clone();
        drop(context);
        let context = open(&folder, keyring, &sandbox, settings).await;
        context.engine.start();
        Self { sandbox, context, folder }
    }

    /// The same world with enterprises that are reached or treated otherwise; the engine starts anew.
    pub(crate) async fn changed(self, change: impl Fn(&mut Enterprise)) -> Self {
        let Self { sandbox, context, folder } = self;
        context.engine.drain().await;
        let enterprises = [V1, V2].map(|id| {
            let mut enterprise = context.directory.enterprise(&EnterpriseId::new(id).unwrap()).unwrap().clone();
            change(&mut enterprise);
            enterprise
        });
        let directory = Arc::new(Directory::new(enterprises.to_vec(), None).unwrap());
        let (store, keyring, clock) = (context.store.clone(), context.keyring.clone(), context.clock.clone());
        let engine = Engine::new(store, context.anchor.clone(), keyring, directory.clone(), clock, quick());
        engine.start();
        Self { sandbox, context: Context { directory, engine, ..context }, folder }
    }

    pub(crate) async fn initiate(&self, request: InitiateSettlement) -> Result<SettlementView, ServiceError> {
        initiate_settlement(&self.context, &caller(), request, PATIENCE).await
    }

    /// Waits until nothing looks at a settlement any more, so that no look meets what is meant for another.
    pub(crate) async fn until_at_rest(&self, mut settlement: Settlement) -> Settlement {
        while !settlement.progress.is_finished() && settlement.progress.state != State::NeedsOperator {
            settlement = self.next(&settlement).await;
        }
        settlement
    }

    /// The settlement after its next change.
    pub(crate) async fn next(&self, settlement: &Settlement) -> Settlement {
        let changed = self.context.engine.wait_for_change(settlement.id, settlement.progress.sequence);
        tokio::time::timeout(PATIENCE, changed).await.unwrap().unwrap().unwrap()
    }

    /// What the venue knows of an external id.
    pub(crate) fn at_venue(&self, enterprise: &str, external_id: &str) -> Option<SettlementEntry> {
        self.sandbox.ledger().settlement(enterprise, external_id).cloned()
    }
}

async fn open(folder: &TempDir, keyring: Arc<Keyring>, sandbox: &Sandbox, settings: EngineSettings) -> Context {
    let options = SqliteOptions { path: folder.path().join("journal.db"), clock: Arc::new(RealClock) };
    let store = Arc::new(SqliteStore::open(options).await.unwrap());
    let anchor = Arc::new(FileAnchor::new(folder.path().join("anchor/journal.anchor")));
    context(store, anchor, keyring, sandbox, settings)
}

fn context(
    store: Arc<dyn Store>,
    anchor: Arc<dyn Anchor>,
    keyring: Arc<Keyring>,
    sandbox: &Sandbox,
    settings: EngineSettings,
) -> Context {
    let enterprises = vec![enterprise(V1, Route::V1, sandbox), enterprise(V2, Route::V2, sandbox)];
    let directory = Arc::new(Directory::new(enterprises, None).unwrap());
    let clock = Arc::new(RealClock);
    let anchor = AnchorKeeper::new(store.clone(), anchor, clock.clone());
    let engine = Engine::new(store.clone(), anchor.clone(), keyring.clone(), directory.clone(), clock.clone(), settings);
    let errands = Errands::new(store.clone(), clock.clone(), errand_settings());
    let refusals = Refusals::new(store.clone(), clock.clone(), 60);
    Context { store, anchor, keyring, directory, clock, entropy: Arc::new(RealEntropy), engine, errands, refusals }
}

/// A caller that may do everything.
pub(crate) fn caller() -> Caller {
    let grants = Grants {
        caller: CallerId::new("tester").unwrap(),
        rpcs: Allowed::All,
        enterprises: Allowed::All,
        merchants: Allowed::All,
        keys: Allowed::All,
        limits: Default::default(),
        unlimited_currencies: true,
    };
    Caller { grants: Arc::new(grants), rpc: RpcName::new("SettlementService/InitiateSettlement"), origin: Default::default() }
}

/// A request of two legs.
pub(crate) fn request(enterprise: &str, external_id: &str) -> InitiateSettlement {
    let legs = vec![leg("connection-1", "BTC", "1.50"), leg("connection-2", "USD", "-99.5")];
    asking(enterprise, external_id, legs)
}

/// A request of any legs.
pub(crate) fn asking(enterprise: &str, external_id: &str, legs: Vec<Leg>) -> InitiateSettlement {
    let cutoff = Cutoff::new("2026-03-18T12:00:00Z".parse().unwrap()).unwrap();
    let amounts: SettlementAmounts = amounts(legs);
    let asked = Asked {
        enterprise_id: EnterpriseId::new(enterprise).unwrap(),
        external_id: ExternalId::new(external_id).unwrap(),
        amounts,
        cutoff: (enterprise == V2).then_some(cutoff),
        notes: None,
        nonce: None,
        supersedes: None,
    };
    InitiateSettlement { asked, submit_before: None, amount_unit: None, control_totals: Vec::new(), same_amounts_intended: false }
}

/// The state of a view or of a refusal.
pub(crate) fn state_of(outcome: &Result<SettlementView, ServiceError>) -> State {
    match outcome {
        Ok(view) => view.settlement.progress.state,
        Err(ServiceError::NotAccepted(settlement)) => settlement.progress.state,
        Err(error) => panic!("no settlement: {error:?}"),
    }
}
