//! BitGo and Bitlipa as a simulation behind real HTTP.
//!
//! Written from the venues' documentation and sharing no code with the
//! gateway's own clients or signer, so that both cannot be wrong together. It
//! checks credentials and signatures, keeps a ledger that survives a crash,
//! lets windows run on the clock that it is given, and misbehaves on demand.

mod accounts;
mod bitgo;
mod bitlipa;
mod config;
mod control;
mod deliver;
mod desk;
mod exchange;
mod express;
mod faults;
mod fixtures;
mod ledger;
mod misbehave;
mod ordered;
mod server;
mod tamper;
mod time;
mod writes;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use thiserror::Error;
use tokio_util::sync::DropGuard;

pub use bitgo::disputing::{DisputeClose, Disputed, NewDispute};
pub use bitgo::finalize::{CallbackKey, CallbackKeyError};
pub use bitgo::foreign::ForeignSettlement;
pub use config::{
    BadSignatureV1, BitlipaRules, ClosedDispute, DEFAULT_REQUESTS_PER_MINUTE, EXAMPLE_CONNECTIONS, Rate, SandboxAuth,
    SandboxConfig, SandboxConnection, SandboxEnterprise, SandboxTradingAccount, ShortfallAnswer, UnfundedV2,
};
pub use faults::{Behaviour, Body, Endpoint, Fault, Faults, Flaw, MAX_FAULTS, RetryAfter, Tamper};
pub use fixtures::{ClientSettlement, ClientTransfer, EXAMPLE_SETTLEMENT_ID, EXAMPLE_TRANSFERS};
pub use ledger::{DisputeEntry, LedgerError, LedgerSnapshot, QuoteEntry, SettlementEntry, TradeEntry, WriteEntry};

use desk::Desk;
use ledger::{Durability, Funding, Ledger, Record};
use server::Server;

use crate::domain::amount::AmountError;

/// How long [`Sandbox::stop`] waits for connections to close.
const STOP_WAIT_MS: u64 = 2_000;

/// Why a sandbox did not start, or could not do what it was asked to.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// A listener could not be bound.
    #[error("the sandbox cannot listen on {address}")]
    Listen {
        /// The address that was asked for.
        address: std::net::SocketAddr,
        /// What the system says.
        #[source]
        cause: io::Error,
    },
    /// The ledger could not be opened or written.
    #[error("the sandbox's ledger failed")]
    Ledger(#[from] LedgerError),
    /// There is no key to sign calls with.
    #[error("the sandbox cannot sign its calls")]
    CallbackKey(#[from] CallbackKeyError),
    /// A configured balance is no amount.
    #[error("the sandbox's balance of {currency} is no amount")]
    Balance {
        /// The currency.
        currency: String,
        /// What is wrong with it.
        #[source]
        cause: AmountError,
    },
}

/// Both venues at work. Dropping it stops them.
pub struct Sandbox {
    desk: Arc<Desk>,
    bitgo: Server,
    bitlipa: Server,
    running: DropGuard,
}

impl Sandbox {
    /// Opens the ledger, opens the accounts that it does not know yet, and starts to listen.
    ///
    /// # Errors
    /// [`SandboxError`] when the ledger is in use or damaged, a balance is no amount, or an address is taken.
    pub async fn start(config: SandboxConfig) -> Result<Self, SandboxError> {
        let (bitgo_listen, bitlipa_listen) = (config.bitgo_listen, config.bitlipa_listen);
        let ledger = Arc::new(Ledger::open(config.data_dir.as_deref(), accounts::default_balances(&config)?)?);
        let openings = accounts::openings(&config)?;
        accounts::check_disputes(&config)?;
        let disputes = config.enterprises.iter().map(|one| (one.enterprise_id.clone(), one.closed_disputes.clone()));
        let disputes: Vec<(String, Vec<ClosedDispute>)> = disputes.collect();
        ledger
            .change(move |ledger| {
                accounts::open(ledger, openings)?;
                disputes.iter().try_for_each(|(id, disputes)| bitgo::disputing::open_configured(ledger, id, disputes))
            })
            .await?;
        let desk = Arc::new(Desk::new(config, ledger));
        let listen = |address, router| {
            let started = Server::start(address, router, desk.stop.clone());
            async move { started.await.map_err(|cause| SandboxError::Listen { address, cause }) }
        };
        desk.tasks.spawn(bitgo::finalize::run(Arc::clone(&desk)));
        let running = desk.stop.clone().drop_guard();
        let bitgo = listen(bitgo_listen, venue(&desk, bitgo::router())).await?;
        let bitlipa = listen(bitlipa_listen, venue(&desk, bitlipa::router())).await?;
        desk.tasks.spawn(self::bitlipa::courier::run(Arc::clone(&desk)));
        Ok(Self { desk, bitgo, bitlipa, running })
    }

    /// BitGo's base URL, without a slash at its end.
    #[must_use]
    pub fn bitgo_url(&self) -> String {
        self.bitgo.url()
    }

    /// Bitlipa's base URL, without a slash at its end.
    #[must_use]
    pub fn bitlipa_url(&self) -> String {
        self.bitlipa.url()
    }

    /// A copy of the ledger as it is now, windows that have ended included.
    #[must_use]
    pub fn ledger(&self) -> LedgerSnapshot {
        self.desk.snapshot()
    }

    /// The rules by which the venues misbehave.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.desk.faults
    }

    /// Sets what an account holds; the account is `None` for the partner's own.
    ///
    /// # Errors
    /// [`SandboxError`] when the amount is none or the ledger cannot be written.
    pub async fn fund(&self, enterprise: &str, account: Option<&str>, currency: &str, amount: &str) -> Result<(), SandboxError> {
        let record = Record::Funded(Funding {
            enterprise: enterprise.to_owned(),
            account: account.map(str::to_owned),
            currency: currency.to_owned(),
            amount: accounts::decimal(currency, amount)?,
        });
        Ok(self.desk.ledger.change(move |ledger| ledger.commit(record, Durability::Synced)).await?)
    }

    /// Lets an administrator of BitGo turn a settlement down for good; `false` where nothing is open under that name.
    ///
    /// # Errors
    /// [`SandboxError`] when the ledger cannot be written.
    pub async fn reject(&self, enterprise: &str, external_id: &str, reason: &str) -> Result<bool, SandboxError> {
        let (name, reason) = ((enterprise.to_owned(), external_id.to_owned()), reason.to_owned());
        let now_ms = self.desk.now_ms();
        let change = self.desk.ledger.change(move |ledger| bitgo::reject(ledger, (&name.0, &name.1), &reason, now_ms));
        Ok(change.await?)
    }

    /// Moves the venues' time ahead of the clock that they were given: windows and lifetimes run on it, credentials do not.
    ///
    /// # Errors
    /// [`SandboxError`] when the ledger cannot be written.
    pub async fn advance(&self, by: Duration) -> Result<(), SandboxError> {
        Ok(self.desk.advance(by).await?)
    }

    /// Lets a client dispute a settlement, inside its dispute window.
    ///
    /// # Errors
    /// [`SandboxError`] when the ledger cannot be written.
    pub async fn dispute(&self, asked: NewDispute) -> Result<Disputed, SandboxError> {
        let now_ms = self.desk.now_ms();
        Ok(self.desk.ledger.change(move |ledger| bitgo::disputing::raise(ledger, asked, now_ms)).await?)
    }

    /// Lets a client take a dispute back, inside the settlement's dispute window.
    ///
    /// # Errors
    /// [`SandboxError`] when the ledger cannot be written.
    pub async fn retract_dispute(&self, dispute_id: &str, reason: Option<&str>) -> Result<Disputed, SandboxError> {
        let (id, reason, now_ms) = (dispute_id.to_owned(), reason.map(str::to_owned), self.desk.now_ms());
        Ok(self.desk.ledger.change(move |ledger| bitgo::disputing::retract(ledger, &id, reason, now_ms)).await?)
    }

    /// Closes a dispute: inside the dispute window its own settlement carries what was agreed, later the next one.
    ///
    /// # Errors
    /// [`SandboxError`] when the ledger cannot be written.
    pub async fn close_dispute(&self, asked: DisputeClose) -> Result<Disputed, SandboxError> {
        let now_ms = self.desk.now_ms();
        Ok(self.desk.ledger.change(move |ledger| bitgo::disputing::close(ledger, asked, now_ms)).await?)
    }

    /// Where a partner is called when the amounts of one of its settlements are final; `{id}` stands for the settlement's id.
    pub fn call_partner_at(&self, enterprise: &str, url: &str) {
        self.desk.call_partner_at(enterprise, url);
    }

    /// The key that the venue's calls are signed with; made when it is first asked for.
    ///
    /// # Errors
    /// [`SandboxError`] when none can be made or kept.
    pub fn callback_key(&self) -> Result<CallbackKey, SandboxError> {
        Ok(self.desk.callback_key()?)
    }

    /// Puts a settlement in the ledger that the partner never posted, as somebody with its token and key could; the venue's id of it,
    /// or `None` where the enterprise is unknown or the content malformed.
    ///
    /// # Errors
    /// [`SandboxError`] when the ledger cannot be written.
    pub async fn foreign(&self, settlement: ForeignSettlement) -> Result<Option<String>, SandboxError> {
        Ok(bitgo::foreign::settle(&self.desk, settlement).await?)
    }

    /// Ends a payout that is processing, before its time: paid out, or failed for a reason; `false` where none is under that name.
    ///
    /// # Errors
    /// [`SandboxError`] when the ledger cannot be written.
    pub async fn end_payout(&self, tx_id: &str, failure: Option<&str>) -> Result<bool, SandboxError> {
        Ok(bitlipa::lifecycle::end(&self.desk, tx_id.to_owned(), failure.map(str::to_owned)).await?)
    }

    /// Stops listening, cuts the requests that a fault delays, and waits for the others: the ledger's file is free afterwards.
    pub async fn stop(self) {
        drop(self.running);
        self.desk.tasks.close();
        let wait = Duration::from_millis(STOP_WAIT_MS);
        // What is left after the wait ends with the process.
        let _ = tokio::time::timeout(wait, async {
            self.bitgo.finished().await;
            self.bitlipa.finished().await;
            self.desk.tasks.wait().await;
        })
        .await;
    }
}

fn venue(desk: &Arc<Desk>, calls: Router<Arc<Desk>>) -> Router {
    calls
        .layer(from_fn_with_state(Arc::clone(desk), exchange::carry))
        .merge(control::router())
        .layer(DefaultBodyLimit::max(exchange::MAX_BODY_BYTES))
        .with_state(Arc::clone(desk))
}
