//! What a sandbox is told before it starts.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::time::Clock;
use crate::secret::Secret;

use super::bitgo::finalize::CallbackKey;
use super::fixtures::ClientSettlement;

/// BitGo's documented ceiling for one user.
pub const DEFAULT_REQUESTS_PER_MINUTE: u32 = 360;

/// The connections of the documentation's own settlement.
pub const EXAMPLE_CONNECTIONS: [&str; 2] = ["09684b38-49ed-4cf6-a28e-c3a459494c69", "136c1c69-8654-484f-8c5f-591b334a084f"];
/// The currencies that example accounts hold.
const EXAMPLE_CURRENCIES: [&str; 5] = ["BTC", "ETH", "XRP", "USDC", "USD"];
/// What example accounts hold of each.
const EXAMPLE_BALANCE: &str = "1000000";

/// Everything that a sandbox needs to start.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Where the ledger file lives; `None` keeps nothing beyond this process.
    pub data_dir: Option<PathBuf>,
    /// Where BitGo listens; port 0 takes a free one.
    pub bitgo_listen: SocketAddr,
    /// Where Bitlipa listens; port 0 takes a free one.
    pub bitlipa_listen: SocketAddr,
    /// The enterprises that BitGo knows.
    pub enterprises: Vec<SandboxEnterprise>,
    /// How many requests a minute one BitGo token may make before it is answered 429.
    pub requests_per_minute: u32,
    /// Whether BitGo is reached by way of a self-hosted BitGo Express, which drops and rewrites what passes it.
    pub express: bool,
    /// The key of the calls that BitGo makes to its partners; `None` keeps one in `data_dir`, or makes one for this run.
    pub callback_key: Option<CallbackKey>,
    /// The merchants that Bitlipa knows; empty means any.
    pub merchants: Vec<String>,
    /// The public half of Bitlipa's credential.
    pub bitlipa_api_key: String,
    /// The key of Bitlipa's request signatures.
    pub bitlipa_secret: Secret,
    /// Rates, limits and delays of Bitlipa.
    pub bitlipa: BitlipaRules,
    /// Where the sandbox takes the time from: windows, expiry and tolerances run on it.
    pub clock: Arc<dyn Clock>,
}

impl SandboxConfig {
    /// A sandbox on free loopback ports that knows no enterprise yet and keeps nothing.
    #[must_use]
    pub fn loopback(clock: Arc<dyn Clock>) -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            data_dir: None,
            bitgo_listen: any_port,
            bitlipa_listen: any_port,
            enterprises: Vec::new(),
            requests_per_minute: DEFAULT_REQUESTS_PER_MINUTE,
            express: false,
            callback_key: None,
            merchants: Vec::new(),
            bitlipa_api_key: "pk_sandbox".to_owned(),
            bitlipa_secret: Secret::from_text("sk_sandbox".to_owned()),
            bitlipa: BitlipaRules::default(),
            clock,
        }
    }
}

/// One enterprise at BitGo: a partner, a client, or both.
#[derive(Debug, Clone)]
pub struct SandboxEnterprise {
    /// The enterprise's id in paths.
    pub enterprise_id: String,
    /// The access token of its user.
    pub token: Secret,
    /// How its requests must be authenticated.
    pub auth: SandboxAuth,
    /// The compressed key that settlement signatures must recover to.
    pub public_key: [u8; 33],
    /// Whether disputes are enabled: v1 posts are answered 403 then.
    pub disputes: bool,
    /// How long clients may dispute a v2 settlement, in milliseconds; 0 makes v2 synchronous in effect.
    pub dispute_window_ms: i64,
    /// How long the partner may top up after the dispute window, in milliseconds.
    pub top_up_window_ms: i64,
    /// Where the partner is called when a settlement's amounts are final, over plain HTTP; `{id}` stands for the settlement's id.
    /// `None` calls nobody.
    pub finalize_url: Option<String>,
    /// The connections between this partner and its clients.
    pub connections: Vec<SandboxConnection>,
    /// The partner's own Go Account by currency, which pays positive amounts.
    pub account: BTreeMap<String, String>,
    /// What every account holds of every currency that is not listed; `None` makes unlisted connections unknown and unlisted currencies empty.
    pub default_balance: Option<String>,
    /// How v1 answers a settlement that funds do not cover.
    pub shortfall: ShortfallAnswer,
    /// How v2 answers liabilities above a connection's balance.
    pub unfunded: UnfundedV2,
    /// How v1 answers a signature that does not verify; v2 always answers 400.
    pub bad_signature: BadSignatureV1,
    /// Closed disputes of earlier settlements; the next v2 settlement pulls them in.
    pub closed_disputes: Vec<ClosedDispute>,
    /// Settlements of others that this enterprise sees as a client.
    pub client_settlements: Vec<ClientSettlement>,
    /// Its trading accounts at BitGo Trade.
    pub trading_accounts: Vec<SandboxTradingAccount>,
}

impl SandboxEnterprise {
    /// An enterprise without connections, disputes or windows, whose unknown accounts are unknown.
    #[must_use]
    pub fn new(enterprise_id: &str, token: Secret, public_key: [u8; 33]) -> Self {
        Self {
            enterprise_id: enterprise_id.to_owned(),
            token,
            auth: SandboxAuth::Any,
            public_key,
            disputes: false,
            dispute_window_ms: 0,
            top_up_window_ms: 0,
            finalize_url: None,
            connections: Vec::new(),
            account: BTreeMap::new(),
            default_balance: None,
            shortfall: ShortfallAnswer::Unauthorized,
            unfunded: UnfundedV2::NotCreated,
            bad_signature: BadSignatureV1::BadRequest,
            closed_disputes: Vec::new(),
            client_settlements: Vec::new(),
            trading_accounts: Vec::new(),
        }
    }

    /// The same with the accounts of the documentation's own settlement, all well funded, and a client to see it.
    #[must_use]
    pub fn with_example_accounts(self, client_enterprise_id: Option<&str>) -> Self {
        let funds = || EXAMPLE_CURRENCIES.iter().map(|one| ((*one).to_owned(), EXAMPLE_BALANCE.to_owned())).collect();
        let connection = |id: &&str| SandboxConnection {
            connection_id: (*id).to_owned(),
            client_enterprise_id: client_enterprise_id.map(str::to_owned),
            balances: funds(),
        };
        Self { connections: EXAMPLE_CONNECTIONS.iter().map(connection).collect(), account: funds(), ..self }
    }
}

/// A trading account at BitGo Trade. What it holds is funded under its id; unlisted currencies hold the enterprise's default.
#[derive(Debug, Clone)]
pub struct SandboxTradingAccount {
    /// The account's id.
    pub account_id: String,
    /// Its name, as others see it.
    pub name: String,
    /// The compressed key that its signatures must recover to.
    pub public_key: [u8; 33],
    /// What it pays for each settlement beside what it sends, in base units; `None` for nothing.
    pub fee: Option<String>,
    /// What it holds at first by currency, in base units.
    pub balances: BTreeMap<String, String>,
}

/// One connection of a partner to a client.
#[derive(Debug, Clone, Default)]
pub struct SandboxConnection {
    /// The connection's id, as it stands in settlement amounts.
    pub connection_id: String,
    /// The enterprise that sees this connection's settlements as a client, if the sandbox knows it.
    pub client_enterprise_id: Option<String>,
    /// Available amounts by currency, as decimal text.
    pub balances: BTreeMap<String, String>,
}

/// A dispute that was closed and waits for a settlement to carry what was agreed.
#[derive(Debug, Clone)]
pub struct ClosedDispute {
    /// The dispute's id, a UUID.
    pub dispute_id: String,
    /// The connection whose client disputed.
    pub connection_id: String,
    /// The venue's id of the settlement that was disputed.
    pub disputed_settlement_id: String,
    /// What was agreed, by currency; signed as settlement amounts are, and not zero.
    pub adjusted_transfers: BTreeMap<String, String>,
}

/// Which request authentication an enterprise's user is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxAuth {
    /// The bare token.
    Bearer,
    /// Requests signed in version 2.
    HmacV2,
    /// Requests signed in version 3.
    HmacV3,
    /// Whichever the request uses.
    Any,
}

/// How v1 answers a settlement that was created and failed for want of funds; both carry the settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShortfallAnswer {
    /// 401 "or incomplete settlement".
    Unauthorized,
    /// 500 "or incomplete settlement".
    InternalError,
}

/// What is left behind by a v2 post that is answered 422.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnfundedV2 {
    /// Nothing.
    NotCreated,
    /// A pending settlement: the entity is created before balances are verified.
    CreatedFirst,
}

/// How v1 answers a signature that does not verify; the documentation names both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadSignatureV1 {
    /// 400.
    BadRequest,
    /// 401.
    Unauthorized,
}

/// Rates, limits and delays of Bitlipa.
#[derive(Debug, Clone)]
pub struct BitlipaRules {
    /// What can be exchanged, at which rate and fee.
    pub rates: Vec<Rate>,
    /// Networks in CAIP-2 form that are paid out on.
    pub chains: Vec<String>,
    /// The least source amount, in minor units.
    pub minimum_minor_units: u64,
    /// The most source amount, in minor units.
    pub maximum_minor_units: u64,
    /// How long a quote can be confirmed, in milliseconds.
    pub quote_lifetime_ms: i64,
    /// How long a confirmed settlement stays `processing`, in milliseconds.
    pub execution_ms: i64,
    /// How many requests a minute are answered; the documentation names the error and not the figure.
    pub requests_per_minute: u32,
    /// Whether confirmed settlements end as `failed` rather than `executed`.
    pub executions_fail: bool,
    /// The waits between the six callbacks about one payout, in milliseconds.
    pub callback_gaps_ms: [i64; 5],
}

impl Default for BitlipaRules {
    fn default() -> Self {
        Self {
            rates: vec![
                Rate::new("KES", "USDT", 2, "0.0077", "2.50"),
                Rate::new("UGX", "USDT", 0, "0.00027", "1.00"),
                Rate::new("BHD", "USDT", 3, "2.65", "1.50"),
            ],
            chains: vec!["eip155:137".to_owned()],
            minimum_minor_units: 1_000,
            maximum_minor_units: 100_000_000_000,
            quote_lifetime_ms: 300_000,
            execution_ms: 2_000,
            requests_per_minute: 600,
            executions_fail: false,
            callback_gaps_ms: [500, 1_000, 2_000, 4_000, 8_000],
        }
    }
}

/// One pair that Bitlipa exchanges.
#[derive(Debug, Clone)]
pub struct Rate {
    /// The currency that is paid in.
    pub source: String,
    /// The currency that is paid out.
    pub destination: String,
    /// Digits of the source currency's minor unit (ISO 4217: KES 2, UGX 0, BHD 3).
    pub source_exponent: u32,
    /// Destination units for one source unit, as decimal text that is answered digit for digit.
    pub rate: String,
    /// The fixed fee in destination units, as decimal text that is answered digit for digit.
    pub fee: String,
    /// The most source minor units that can be delivered; above it fulfilment is partial, and 0 means none.
    pub liquidity_minor_units: Option<u64>,
}

impl Rate {
    /// A pair with unlimited liquidity.
    #[must_use]
    pub fn new(source: &str, destination: &str, source_exponent: u32, rate: &str, fee: &str) -> Self {
        Self {
            source: source.to_owned(),
            destination: destination.to_owned(),
            source_exponent,
            rate: rate.to_owned(),
            fee: fee.to_owned(),
            liquidity_minor_units: None,
        }
    }
}
