//! A gateway's inside that pays merchants out: real journal, real HTTP to the simulated venue, and the errands at work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::custody::Keyring;
use settlement_gateway::domain::ids::{ExternalTxId, MerchantId, TxId};
use settlement_gateway::domain::quote::{
    Chain, Confirmation, ConfirmationReason, ConfirmationState, Expectations, MinorUnits, Quote, QuoteRequest, WalletAddress,
};
use settlement_gateway::domain::time::Clock;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, Sandbox, SandboxConfig};
use settlement_gateway::secret::Secret;
use settlement_gateway::service::engine::Engine;
use settlement_gateway::service::{
    AnchorKeeper, ConfirmQuote, Context, Directory, ErrandSettings, Errands, QuoteDesk, QuoteErrands, QuotePace, Refusals,
    ServiceError, Turns, confirm_quote, create_quote, get_quote, watch_quote,
};
use settlement_gateway::store::ErrandKind;
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
use settlement_gateway::upstream::bitlipa::{Bitlipa, BitlipaOptions};
use settlement_gateway::upstream::{CallbackUrl, Credential, HttpOptions, QuoteVenue, Unlimited};
use tempfile::TempDir;

use crate::support::anchor::MemoryAnchor;
use crate::support::builders::currency;
use crate::support::world::{PATIENCE, RealEntropy, caller, pace, quick};

/// Seed 004's wallet, in the case that EIP-55 demands.
pub(super) const WALLET: &str = "0x742d35cc6634c0532925a3b844bc454e4438f44e";
/// Where the venue is told to call back: nobody is there.
pub(super) const CALLBACKS: &str = "https://gateway.example/bitlipa";

/// The machine's clock, which a test can move ahead: waits of these tests are milliseconds.
#[derive(Default)]
pub(super) struct MovedClock(AtomicU64);

impl MovedClock {
    /// Lets time pass.
    pub(super) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Everything at work. The gateway and the venue share a clock.
pub(super) struct Shop {
    pub(super) sandbox: Sandbox,
    pub(super) clock: Arc<MovedClock>,
    pub(super) context: Context,
    pub(super) anchor: Arc<MemoryAnchor>,
    folder: Arc<TempDir>,
}

impl Shop {
    pub(super) async fn open() -> Self {
        Self::with(|_| (), |_| ()).await
    }

    /// A shop whose venue and desk are changed before they start.
    pub(super) async fn with(venue: impl FnOnce(&mut SandboxConfig), desk: impl FnOnce(&mut QuoteDesk)) -> Self {
        let clock = Arc::new(MovedClock::default());
        let mut config = SandboxConfig::loopback(Arc::<MovedClock>::clone(&clock));
        config.bitlipa.requests_per_minute = 100_000;
        venue(&mut config);
        let sandbox = Sandbox::start(config).await.unwrap();
        let folder = Arc::new(TempDir::new().unwrap());
        let mut quotes = quote_desk(&sandbox, &clock);
        desk(&mut quotes);
        let anchor = Arc::default();
        let context = context(&folder, &clock, &anchor, quotes).await;
        start(&context);
        Self { sandbox, clock, context, anchor, folder }
    }

    /// The same with the desk changed: what a new configuration does.
    pub(super) async fn restart(self, desk: impl FnOnce(&mut QuoteDesk)) -> Self {
        self.restart_around(desk, async |_: &Context| ()).await
    }

    /// Stops the errands, does something to the journal while nobody is at work, and starts anew over the same file.
    pub(super) async fn restart_around(self, desk: impl FnOnce(&mut QuoteDesk), meanwhile: impl AsyncFnOnce(&Context)) -> Self {
        let Self { sandbox, clock, context, anchor, folder } = self;
        context.errands.drain().await;
        meanwhile(&context).await;
        context.store.close().await.unwrap();
        drop(context);
        let mut quotes = quote_desk(&sandbox, &clock);
        desk(&mut quotes);
        let context = self::context(&folder, &clock, &anchor, quotes).await;
        start(&context);
        Self { sandbox, clock, context, anchor, folder }
    }

    pub(super) async fn quote(&self) -> Quote {
        create_quote(&self.context, &caller(), request(100_000)).await.unwrap()
    }

    pub(super) async fn confirm(&self, quote: &Quote) -> Result<Quote, ServiceError> {
        self.confirm_with(confirmation(quote)).await
    }

    pub(super) async fn confirm_with(&self, asked: ConfirmQuote) -> Result<Quote, ServiceError> {
        confirm_quote(&self.context, &caller(), &asked, PATIENCE).await
    }

    /// Confirms what must be confirmed.
    pub(super) async fn confirmed(&self) -> Quote {
        let quote = self.quote().await;
        let quote = self.confirm(&quote).await.unwrap();
        assert_eq!(state(&quote), ConfirmationState::Confirmed);
        quote
    }

    /// What the journal holds.
    pub(super) async fn stored(&self, quote: &Quote) -> Quote {
        get_quote(&self.context, &caller(), &merchant(), &quote.venue.tx_id, false).await.unwrap()
    }

    /// Waits until a quote is as a test expects it, woken by its changes.
    pub(super) async fn until(&self, quote: &Quote, holds: impl Fn(&Quote) -> bool) -> Quote {
        let watching = async {
            let mut views = watch_quote(&self.context, &caller(), &merchant(), &quote.venue.tx_id, 0).await.unwrap();
            loop {
                let view = views.recv().await.expect("the quote ended otherwise").unwrap();
                if holds(&view) {
                    return view;
                }
            }
        };
        tokio::time::timeout(PATIENCE, watching).await.expect("it took too long")
    }

    pub(super) fn disturb(&self, on: Endpoint, times: u32, behaviour: Behaviour) {
        self.sandbox.faults().push(Fault { on, times, behaviour });
    }

    /// How often the venue was asked to confirm.
    pub(super) fn confirmations(&self) -> u64 {
        self.sandbox.ledger().requests_containing("POST /api/v1/settlements/confirm")
    }

    /// How often the venue was asked for this quote.
    pub(super) fn readings(&self, quote: &Quote) -> u64 {
        self.sandbox.ledger().requests_containing(&format!("GET /api/v1/settlements/{}", quote.venue.tx_id))
    }

    /// Waits until the venue was asked for this quote so often.
    pub(super) async fn until_read(&self, quote: &Quote, times: u64) {
        let (errands, tx_id) = (&self.context.errands, quote.venue.tx_id.as_str());
        let look = || async { Ok::<_, ServiceError>((self.readings(quote) >= times).then_some(())) };
        errands.wait_until(ErrandKind::Quote, tx_id, PATIENCE, look).await.unwrap().expect("it took too long");
    }

    /// The name under which the venue has the quote's confirmation.
    pub(super) fn name_at_venue(&self, quote: &Quote) -> Option<String> {
        self.sandbox.ledger().quote(quote.venue.tx_id.as_str()).unwrap().external_tx_id.clone()
    }

    /// Confirms a quote behind the gateway's back, with its credential.
    pub(super) async fn confirm_elsewhere(&self, quote: &Quote, external_tx_id: &str) {
        let url = CallbackUrl::new("https://elsewhere.example".to_owned());
        let venue = venue(&self.sandbox, &self.clock);
        venue.confirm_quote(&quote.venue.tx_id, &name(external_tx_id), &url).await.unwrap();
    }
}

fn start(context: &Context) {
    context.errands.start(vec![Arc::new(QuoteErrands::new(context.clone()))]);
}

async fn context(folder: &TempDir, clock: &Arc<MovedClock>, anchor: &Arc<MemoryAnchor>, quotes: QuoteDesk) -> Context {
    let clock: Arc<dyn Clock> = Arc::<MovedClock>::clone(clock);
    let options = SqliteOptions { path: folder.path().join("journal.db"), clock: clock.clone() };
    let store = Arc::new(SqliteStore::open(options).await.unwrap());
    let keyring = Arc::new(Keyring::new([]).unwrap());
    let directory = Arc::new(Directory::new(Vec::new(), Some(quotes)).unwrap());
    let anchor = AnchorKeeper::new(store.clone(), anchor.clone(), clock.clone());
    let engine = Engine::new(store.clone(), anchor.clone(), keyring.clone(), directory.clone(), clock.clone(), quick());
    let settings = ErrandSettings { workers: 2, longest_rest: Duration::from_millis(20), ..ErrandSettings::default() };
    let errands = Errands::new(store.clone(), clock.clone(), settings);
    let refusals = Refusals::new(store.clone(), clock.clone(), 60);
    Context { store, anchor, keyring, directory, clock, entropy: Arc::new(RealEntropy), engine, errands, refusals }
}

pub(super) fn venue(sandbox: &Sandbox, clock: &Arc<MovedClock>) -> Bitlipa {
    let secret = |text: &str| Credential::fixed(&Secret::from_text(text.to_owned())).unwrap();
    Bitlipa::new(BitlipaOptions {
        base_url: sandbox.bitlipa_url(),
        api_key: secret("pk_sandbox"),
        api_secret: secret("sk_sandbox"),
        http: HttpOptions { allow_plaintext: true, call_timeout: Duration::from_secs(10), ..HttpOptions::default() },
        allowance: Arc::new(Unlimited),
        clock: Arc::<MovedClock>::clone(clock),
    })
    .unwrap()
}

fn quote_desk(sandbox: &Sandbox, clock: &Arc<MovedClock>) -> QuoteDesk {
    let chain = Chain::new("eip155:137").unwrap();
    let wallet = WalletAddress::new(WALLET, &chain).unwrap();
    QuoteDesk {
        venue: Arc::new(venue(sandbox, clock)),
        chains: BTreeSet::from([chain]),
        source_currencies: BTreeSet::from([currency("KES")]),
        destination_currencies: BTreeSet::from([currency("USDT")]),
        merchants: BTreeMap::from([(merchant(), vec![wallet])]),
        turns: Turns::default(),
        callback_url: Some(CALLBACKS.to_owned()),
        pace: QuotePace {
            shortest_wait: Duration::from_millis(5),
            longest_wait: Duration::from_millis(20),
            poll_interval: Duration::from_millis(20),
            silence_window: Duration::from_secs(60),
            ..pace()
        },
    }
}

pub(super) fn merchant() -> MerchantId {
    MerchantId::new("merchant_123").unwrap()
}

pub(super) fn name(external_tx_id: &str) -> ExternalTxId {
    ExternalTxId::new(external_tx_id).unwrap()
}

pub(super) fn tx_id(quote: &Quote) -> TxId {
    quote.venue.tx_id.clone()
}

pub(super) fn request(source_amount: i64) -> QuoteRequest {
    let chain = Chain::new("eip155:137").unwrap();
    QuoteRequest {
        request_id: None,
        merchant_id: merchant(),
        source_amount: MinorUnits::new(source_amount).unwrap(),
        source_currency: currency("KES"),
        destination_currency: currency("USDT"),
        wallet: WalletAddress::new(WALLET, &chain).unwrap(),
        chain,
    }
}

/// A confirmation of a quote under a name of its own, which expects nothing.
pub(super) fn confirmation(quote: &Quote) -> ConfirmQuote {
    ConfirmQuote {
        merchant_id: merchant(),
        tx_id: tx_id(quote),
        external_tx_id: name(&format!("payout-{}", quote.venue.tx_id)),
        accept_partial: false,
        expected: Expectations::default(),
    }
}

pub(super) fn confirmation_of(quote: &Quote) -> &Confirmation {
    quote.confirmation.as_ref().expect("a confirmation")
}

pub(super) fn state(quote: &Quote) -> ConfirmationState {
    confirmation_of(quote).state
}

/// The reason of a confirmation that is recorded and refused.
pub(super) fn refusal(outcome: Result<Quote, ServiceError>) -> ConfirmationReason {
    match outcome {
        Err(ServiceError::ConfirmationRefused(quote)) => confirmation_of(&quote).reason.expect("a reason"),
        other => panic!("not refused: {other:?}"),
    }
}

/// An answer whose members say something else: JSON text by name.
pub(super) fn altered<const N: usize>(members: [(&str, &str); N]) -> Behaviour {
    Behaviour::AlteredQuote { members: members.map(|(name, text)| (name.to_owned(), text.to_owned())).into() }
}

/// What a reading shows that was taken before the confirmation.
pub(super) fn stale() -> Behaviour {
    altered([("status", "\"quoted\""), ("external_tx_id", "null"), ("confirmed_at", "null")])
}

pub(super) fn status(status: u16, body: Body, effect: bool) -> Behaviour {
    Behaviour::Status { status, body, effect }
}
