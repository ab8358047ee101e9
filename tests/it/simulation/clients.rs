//! Clients: each wants one thing, asks any gateway until it is told, and keeps what it was told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use settlement_gateway::domain::ids::{EnterpriseId, ExternalId};
use settlement_gateway::domain::settlement::{Settlement, State};
use settlement_gateway::domain::time::{Clock, later};
use settlement_gateway::service::{
    InitiateSettlement, ServiceError, SettlementDecision, SettlementResolution, SettlementVersion, SettlementView,
    cancel_settlement, initiate_settlement, resolve_settlement, retry_settlement,
};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::gateways::{Fleet, Gateway};
use super::ledger::Name;
use super::world::World;
use crate::support::builders::leg;
use crate::support::world::{V1, V2, asking, caller};

/// What a client was told, and may rely on.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) name: Name,
    pub(crate) id: Uuid,
    pub(crate) sequence: u64,
    pub(crate) state: State,
    pub(crate) at_venue: Option<String>,
    /// Which server had the journal when the client asked.
    pub(crate) server: u64,
}

/// All clients.
pub(crate) struct Clients {
    pub(crate) world: Arc<World>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) told: Mutex<Vec<Told>>,
}

type Answer = Result<SettlementView, ServiceError>;

impl Clients {
    /// Wants a settlement until it is told of one: accepted or refused.
    pub(crate) async fn settle(self: Arc<Self>, request: InitiateSettlement, begins_after: Duration) {
        sleep(begins_after).await;
        loop {
            let patience = self.world.dice.seconds(1, 20);
            let (gateway, server) = (self.fleet.any(), self.world.server());
            let caller = caller();
            let asked = initiate_settlement(&gateway.context, &caller, request.clone(), patience);
            // The client goes away a little later than it said, and the handler with it.
            let answer = timeout(patience + Duration::from_secs(2), asked).await.ok();
            self.world.history.note(format!("{} asks {}: {}", request.asked.external_id, gateway.process.name, shown(&answer)));
            match answer {
                Some(Ok(view)) => {
                    self.heard(server, &view.settlement);
                    if !view.settlement.progress.state.is_under_way() {
                        return;
                    }
                    self.meddle(&view.settlement).await;
                }
                Some(Err(ServiceError::NotAccepted(settlement))) => {
                    self.heard(server, &settlement);
                    if !self.world.dice.chance(300) {
                        return;
                    }
                    self.retry(&settlement).await;
                }
                Some(Err(ServiceError::ExternalIdReused { settlement, .. })) => {
                    self.heard(server, &settlement);
                    return;
                }
                Some(Err(ServiceError::ExternalIdAdopted(_) | ServiceError::Invalid(_) | ServiceError::Denied(_))) => return,
                Some(Err(_)) | None => {}
            }
            sleep(self.world.dice.seconds(1, 15)).await;
        }
    }

    fn heard(&self, server: u64, settlement: &Settlement) {
        let Settlement { id, header, progress, .. } = settlement;
        let told = Told {
            name: (header.enterprise_id.as_str().to_owned(), header.external_id.as_str().to_owned()),
            id: *id,
            sequence: progress.sequence,
            state: progress.state,
            at_venue: progress.venue.as_ref().map(|venue| venue.settlement_id.clone()),
            server,
        };
        self.told.lock().unwrap().push(told);
    }

    fn hear(&self, what: &str, server: u64, gateway: &Gateway, answer: Option<Answer>) {
        self.world.history.note(format!("{what} at {}: {}", gateway.process.name, shown(&answer)));
        if let Some(Ok(view)) = answer {
            self.heard(server, &view.settlement);
        }
    }

    /// Withdraws it now and then.
    async fn meddle(&self, seen: &Settlement) {
        if self.world.dice.chance(150) {
            self.withdraw(seen).await;
        }
    }

    pub(crate) async fn withdraw(&self, seen: &Settlement) {
        let (gateway, server) = (self.fleet.any(), self.world.server());
        let (caller, version) = (caller(), version(seen));
        let cancelled = cancel_settlement(&gateway.context, &caller, &version);
        let answer = timeout(Duration::from_secs(10), cancelled).await.ok();
        self.hear("a cancellation", server, &gateway, answer);
    }

    async fn retry(&self, seen: &Settlement) {
        let (gateway, server) = (self.fleet.any(), self.world.server());
        let patience = Duration::from_secs(5);
        let (caller, version) = (caller(), version(seen));
        let retried = retry_settlement(&gateway.context, &caller, &version, patience);
        let answer = timeout(patience * 2, retried).await.ok();
        self.hear("a retry", server, &gateway, answer);
    }

    /// A person who has everything that needs one go on, and has v1's incomplete settlements completed.
    pub(crate) async fn operate(self: Arc<Self>) {
        loop {
            sleep(Duration::from_secs(20)).await;
            let waits = |state| matches!(state, State::NeedsOperator | State::AwaitingFunds);
            let seen: Vec<Settlement> = {
                let journal = self.world.journal.lock().unwrap();
                journal.rows().map(|row| row.settlement.clone()).filter(|seen| waits(seen.progress.state)).collect()
            };
            for seen in seen {
                if seen.progress.state == State::AwaitingFunds {
                    if self.world.dice.chance(100) {
                        self.retry(&seen).await;
                    }
                    continue;
                }
                let (gateway, server) = (self.fleet.any(), self.world.server());
                let (version, why) = (version(&seen), "the books say so".to_owned());
                let resolution = SettlementResolution { version, decision: SettlementDecision::GoOn, why };
                let caller = caller();
                let resolved = resolve_settlement(&gateway.context, &caller, resolution);
                let answer = timeout(Duration::from_secs(10), resolved).await.ok();
                self.hear("a resolution", server, &gateway, answer);
            }
        }
    }
}

fn version(seen: &Settlement) -> SettlementVersion {
    SettlementVersion {
        enterprise_id: seen.header.enterprise_id.clone(),
        external_id: seen.header.external_id.clone(),
        expected_sequence: seen.progress.sequence,
    }
}

fn shown(answer: &Option<Answer>) -> String {
    match answer {
        None => "no answer".to_owned(),
        Some(Ok(view)) => {
            let progress = &view.settlement.progress;
            format!("{} {}", progress.sequence, progress.state.as_str())
        }
        Some(Err(error)) => error.to_string(),
    }
}

/// What clients want in a run: among it the same twice at once, one name for two things, and an enterprise that nobody serves.
pub(crate) fn wishes(world: &World, count: u64) -> Vec<InitiateSettlement> {
    let dice = &world.dice;
    let mut wishes = Vec::new();
    for n in 0..count {
        let enterprise = *dice.pick(&[V1, V2]);
        let amount = |n: u64| format!("{}.{:02}", n + 1, dice.between(1, 99));
        let legs = vec![
            leg("connection-1", "BTC", &amount(n)),
            leg("connection-1", "ETH", &format!("-{}", amount(n))),
            leg("connection-2", "USD", &amount(100 + n)),
        ];
        let mut wish = asking(enterprise, &format!("s{n}"), legs);
        if dice.chance(150) {
            wish.submit_before = Some(later(world.time.now(), dice.seconds(30, 400)));
        }
        if dice.chance(250) {
            wishes.push(wish.clone());
        }
        if dice.chance(150) {
            wishes.push(asking(enterprise, &format!("s{n}"), vec![leg("connection-2", "BTC", "0.5")]));
        }
        wishes.push(wish);
    }
    let mut strangers = asking(V1, "strangers", vec![leg("connection-1", "BTC", "1")]);
    strangers.asked.enterprise_id = EnterpriseId::new("stranger").unwrap();
    strangers.asked.external_id = ExternalId::new("strangers").unwrap();
    wishes.push(strangers);
    wishes
}
