//! Two enterprises whose accounts trade, and what they ask for.

use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::ids::{AffirmationId, Currency, EnterpriseId, RequestId, TradingAccountId};
use settlement_gateway::domain::trade::{
    Affirming, BaseUnits, Basis, Creation, PartyAmounts, Trade, TradeAction, TradeAsked, TradeReason, TradeState, TradeStatus,
    TradeWrite,
};
use settlement_gateway::sandbox::{Behaviour, Endpoint, Fault, SandboxEnterprise, TradeEntry};
use settlement_gateway::service::ServiceError;
use settlement_gateway::service::trade::{TradeErrands, TradeSettings, write_trade};
use settlement_gateway::store::{ErrandKind, StoreError};
use settlement_gateway::upstream::AccountAt;

use crate::support::world::{PATIENCE, V1, V2, World, caller, quick};

/// An account of the first enterprise.
pub(super) const A: &str = "acct-a";
/// An account of the second enterprise.
pub(super) const B: &str = "acct-b";
/// Another account of the first enterprise, which stands between the two.
pub(super) const AGENT: &str = "acct-r";

/// Waits in milliseconds, so that doubt is resolved at once.
pub(crate) fn settings() -> TradeSettings {
    TradeSettings {
        shortest_wait: Duration::from_millis(10),
        longest_wait: Duration::from_millis(50),
        poll_interval: Duration::from_millis(30),
        silence_window: Duration::from_millis(150),
        max_lapses: 3,
    }
}

/// A world whose errands run.
pub(super) struct Desk {
    pub(super) world: World,
}

impl Desk {
    pub(super) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// A desk whose simulated enterprises are changed before they start.
    pub(super) async fn with(change: impl Fn(&mut SandboxEnterprise)) -> Self {
        let desk = Self { world: World::with(quick(), change).await };
        desk.start();
        desk
    }

    /// A desk of another pace.
    pub(super) async fn paced(settings: TradeSettings) -> Self {
        let desk = Self { world: World::new().await };
        desk.world.context.errands.start(vec![Arc::new(TradeErrands::new(&desk.world.context, settings))]);
        desk
    }

    pub(super) fn start(&self) {
        self.world.context.errands.start(vec![Arc::new(self.errands())]);
    }

    /// The errands' runner, for tests that run it step by step.
    pub(super) fn errands(&self) -> TradeErrands {
        TradeErrands::new(&self.world.context, settings())
    }

    pub(super) fn fault(&self, on: Endpoint, times: u32, behaviour: Behaviour) {
        self.world.sandbox.faults().push(Fault { on, times, behaviour });
    }

    pub(super) async fn write(&self, asked: TradeAsked) -> Result<TradeWrite, ServiceError> {
        write_trade(&self.world.context, &caller(), asked, None, PATIENCE).await
    }

    /// The write as it is stored.
    pub(super) async fn stored(&self, asked: &TradeAsked) -> TradeWrite {
        self.world.context.store.trade(&asked.enterprise_id, &asked.request_id).await.unwrap().unwrap()
    }

    /// Waits until a write stands in a state.
    pub(super) async fn until(&self, asked: &TradeAsked, state: TradeState) -> TradeWrite {
        let id = self.stored(asked).await.id.to_string();
        let look = || async { Ok::<_, StoreError>(Some(self.stored(asked).await).filter(|write| write.progress.state == state)) };
        let reached = self.world.context.errands.wait_until(ErrandKind::Trade, &id, PATIENCE, look).await.unwrap();
        reached.unwrap_or_else(|| panic!("never {state:?}"))
    }

    /// The settlements that the venue has.
    pub(super) fn at_venue(&self) -> Vec<TradeEntry> {
        self.world.sandbox.ledger().trades
    }

    /// How often a settlement was posted.
    pub(super) fn posts(&self) -> u64 {
        self.world.sandbox.ledger().requests.iter().filter(|(line, _)| is_post(line)).map(|(_, count)| count).sum()
    }

    /// How often a word was said to an affirmation.
    pub(super) fn words(&self) -> u64 {
        self.world.sandbox.ledger().requests_containing("PUT /api/trade/")
    }

    /// The affirmation of an account in the newest settlement.
    pub(super) fn affirmation(&self, account: &str) -> AffirmationId {
        let newest = self.at_venue().pop().unwrap();
        let found = newest.affirmations.into_iter().find(|(_, of, _)| of == account).unwrap();
        AffirmationId::new(found.0).unwrap()
    }

    /// A payload that the venue made for the account of the first enterprise.
    pub(super) async fn payload(&self) -> String {
        let (enterprise_id, account_id) = (enterprise(V1), account(A));
        let found = self.world.context.directory.enterprise(&enterprise_id).unwrap();
        let at = AccountAt { enterprise_id: &enterprise_id, account_id: &account_id };
        found.trading.venue.trade_payload(at, &amounts()).await.unwrap()
    }
}

fn is_post(line: &str) -> bool {
    line.starts_with("POST /api/trade/") && line.ends_with("/settlements")
}

pub(super) fn enterprise(id: &str) -> EnterpriseId {
    EnterpriseId::new(id).unwrap()
}

pub(super) fn account(id: &str) -> TradingAccountId {
    TradingAccountId::new(id).unwrap()
}

pub(super) fn units(text: &str) -> BaseUnits {
    BaseUnits::parse(text).unwrap()
}

pub(super) fn currency(name: &str) -> Currency {
    Currency::new(name).unwrap()
}

/// A party from `account sends currency receives currency`.
pub(super) fn party(text: &str) -> PartyAmounts {
    let words: Vec<&str> = text.split(' ').collect();
    PartyAmounts {
        account_id: account(words[0]),
        send_amount: units(words[1]),
        send_currency: currency(words[2]),
        receive_amount: units(words[3]),
        receive_currency: currency(words[4]),
    }
}

/// Bitcoin of the first account against dollars of the second.
pub(super) fn trade() -> Trade {
    Trade {
        id: None,
        base_account_id: account(A),
        quote_account_id: account(B),
        status: TradeStatus::Pending,
        timestamp: "2026-03-18T12:00:00Z".parse().unwrap(),
        base_amount: units("5"),
        quote_amount: units("700"),
        base_currency: currency("ofcbtc"),
        quote_currency: currency("ofcusd"),
        base_receive: None,
        quote_receive: None,
        cost_basis: None,
        cost_basis_currency: None,
        external_id: None,
    }
}

pub(super) fn amounts() -> Vec<PartyAmounts> {
    vec![party("acct-a 5 ofcbtc 700 ofcusd"), party("acct-b 700 ofcusd 5 ofcbtc")]
}

/// A request of the first account.
pub(super) fn creating(request_id: &str, basis: Basis) -> TradeAsked {
    asked(V1, A, request_id, TradeAction::Create(Creation { trades: vec![trade()], basis, max_fee: None }))
}

/// The same with amounts.
pub(crate) fn direct(request_id: &str) -> TradeAsked {
    creating(request_id, Basis::Amounts(amounts()))
}

/// A request of the second account, which holds its own side.
pub(super) fn affirming(request_id: &str, affirmation_id: AffirmationId) -> TradeAsked {
    let amounts = vec![party("acct-b 700 ofcusd 5 ofcbtc")];
    let affirming = Affirming { affirmation_id, amounts, trades: Vec::new(), max_fee: None };
    asked(V2, B, request_id, TradeAction::Affirm(affirming))
}

pub(super) fn asked(enterprise_id: &str, account_id: &str, request_id: &str, action: TradeAction) -> TradeAsked {
    TradeAsked {
        enterprise_id: enterprise(enterprise_id),
        account_id: account(account_id),
        request_id: RequestId::new(request_id).unwrap(),
        action,
    }
}

/// The state and the reason of what a write came to.
pub(super) fn came_to(outcome: &Result<TradeWrite, ServiceError>) -> (TradeState, Option<TradeReason>) {
    match outcome {
        Ok(write) => (write.progress.state, write.progress.reason),
        Err(ServiceError::TradeNotAccepted(write)) => (write.progress.state, write.progress.reason),
        Err(error) => panic!("no write: {error:?}"),
    }
}
