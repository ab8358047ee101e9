//! The venue behind a wire: what is asked may be lost, answered by anything in its table, carried out late or twice, and
//! shown late.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use settlement_gateway::domain::budget::Urgency;
use settlement_gateway::domain::client_settlement::{ClientSettlement, ClientSettlementQuery};
use settlement_gateway::domain::dispute::Dispute;
use settlement_gateway::domain::ids::{EnterpriseId, ExternalId};
use settlement_gateway::domain::network::{
    ClientSettlementsQuery, ClientTransfersQuery, Connection, ConnectionQuery, DisputeQuery, PartnerSettlement,
    PartnerSettlementQuery, PartnerSettlementsQuery, PartnerTerms,
};
use settlement_gateway::domain::settlement::{DispatchAnswer, Intent, NetworkBalance, Route, VenueError, VenueSettlement};
use settlement_gateway::domain::signing::Signature;
use settlement_gateway::domain::time::Clock;
use settlement_gateway::domain::transfer::Transfer;
use settlement_gateway::upstream::bitgo::BitGo;
use settlement_gateway::upstream::{GoNetwork, NetworkReads, VenueFailure};
use tokio::time::sleep;

use super::invariants;
use super::ledger::{Ledger, Name, connections};
use super::payload;
use super::world::{Process, World};

/// How late the venue may carry out what it was silent about: less than the engine's silence window by what it takes to show.
const LATEST_SECONDS: u64 = 240;
/// How late the venue may show what it has: less than the engine's visibility window.
const MAX_LAG_MS: u64 = 9_000;
/// How long a gateway waits for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One process's access to the venue.
#[derive(Clone)]
pub(crate) struct VenueWire {
    pub(crate) world: Arc<World>,
    pub(crate) process: Arc<Process>,
    /// What writes the bodies: the real adapter, which calls nobody for that.
    pub(crate) writer: Arc<BitGo>,
}

/// What may become of a post.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Post {
    Answered,
    Refused,
    Lost,
    CarriedOutLate,
    AnswerLost,
    CarriedOutTwice,
    OverBudget,
    Status { status: u16, effect: bool, shows: bool, is_proven: bool },
    AnothersSettlement,
}

/// All that goes wrong with a post: the venue's table of answers, with and without effect.
const POSTS: [Post; 22] = [
    Post::Refused,
    Post::Lost,
    Post::Lost,
    Post::CarriedOutLate,
    Post::CarriedOutLate,
    Post::AnswerLost,
    Post::AnswerLost,
    Post::CarriedOutTwice,
    Post::OverBudget,
    Post::AnothersSettlement,
    Post::Status { status: 200, effect: true, shows: false, is_proven: true },
    Post::Status { status: 400, effect: false, shows: false, is_proven: true },
    Post::Status { status: 400, effect: true, shows: false, is_proven: false },
    Post::Status { status: 401, effect: true, shows: true, is_proven: true },
    Post::Status { status: 401, effect: false, shows: false, is_proven: true },
    Post::Status { status: 403, effect: false, shows: false, is_proven: true },
    Post::Status { status: 422, effect: true, shows: false, is_proven: true },
    Post::Status { status: 422, effect: false, shows: false, is_proven: true },
    Post::Status { status: 429, effect: false, shows: false, is_proven: true },
    Post::Status { status: 500, effect: true, shows: true, is_proven: true },
    Post::Status { status: 502, effect: true, shows: false, is_proven: false },
    Post::Status { status: 503, effect: false, shows: false, is_proven: false },
];

/// The statuses with which a read is refused; the first four decide nothing.
const REFUSED_READS: [u16; 5] = [401, 429, 500, 503, 403];

impl VenueWire {
    fn is_cut(&self) -> bool {
        self.process.venue_cut.load(Ordering::SeqCst) || self.world.weather.venue_down.load(Ordering::SeqCst)
    }

    /// What may go wrong on the way to a read, and how it then ends.
    async fn reach(&self) -> Result<(), VenueFailure> {
        let dice = &self.world.dice;
        self.process.runs().await;
        sleep(dice.millis(1, 400)).await;
        let failed = if self.is_cut() { Some(dice.between(0, 1)) } else { None };
        let failed = failed.or_else(|| dice.chance(self.world.weather.rates().venue).then(|| dice.between(0, 3)));
        let outcome = match failed {
            None => Ok(()),
            Some(0) => Err(VenueFailure::NotSent { detail: "refused".to_owned() }),
            Some(1) => {
                sleep(TIMEOUT).await;
                Err(VenueFailure::NoAnswer { detail: "timed out".to_owned() })
            }
            Some(2) => Err(VenueFailure::Unreadable { detail: "garbled".to_owned() }),
            Some(_) => {
                let status = *dice.pick(&REFUSED_READS);
                let retry_after_seconds = (status == 429).then(|| u32::try_from(dice.between(1, 20)).unwrap());
                Err(VenueFailure::Refused { status, error: VenueError::default(), retry_after_seconds })
            }
        };
        self.process.runs().await;
        outcome
    }

    /// Reads what the venue shows, which may lag.
    async fn read<T>(&self, work: impl FnOnce(&Ledger, jiff::Timestamp) -> T) -> Result<T, VenueFailure> {
        self.reach().await?;
        let (dice, now) = (&self.world.dice, self.world.time.now());
        let lag = if dice.chance(self.world.weather.rates().lagging) { dice.millis(1, MAX_LAG_MS) } else { Duration::ZERO };
        let answer = work(&self.world.ledger.lock().unwrap(), now.checked_sub(lag).unwrap());
        self.process.runs().await;
        Ok(answer)
    }

    fn post_fate(&self) -> Post {
        let dice = &self.world.dice;
        if let Some(next) = self.world.posts.lock().unwrap().pop_front() {
            return next;
        }
        match self.is_cut() {
            true => *dice.pick(&[Post::Refused, Post::Lost]),
            false if dice.chance(self.world.weather.rates().venue) => *dice.pick(&POSTS),
            false => Post::Answered,
        }
    }

    /// The body reaches the venue, now or later.
    fn arrives(&self, enterprise: &EnterpriseId, body: &[u8], after: Duration) {
        let (world, enterprise, body) = (Arc::clone(&self.world), enterprise.clone(), body.to_vec());
        if after.is_zero() {
            return invariants::arrives(&world, enterprise.as_str(), &body);
        }
        tokio::spawn(async move {
            sleep(after).await;
            invariants::arrives(&world, enterprise.as_str(), &body);
        });
    }

    fn shown(&self, enterprise: &EnterpriseId, body: &[u8]) -> Option<Box<VenueSettlement>> {
        let name = super::ledger::name_of(enterprise.as_str(), body);
        self.world.ledger.lock().unwrap().shown(&name, self.world.time.now()).map(Box::new)
    }

    fn answered(&self, status: u16, settlement: Option<Box<VenueSettlement>>, is_proven: bool) -> DispatchAnswer {
        let retry_after_seconds = (status == 429).then(|| u32::try_from(self.world.dice.between(1, 20)).unwrap());
        DispatchAnswer::Answered { status, settlement, error: VenueError::default(), retry_after_seconds, is_proven }
    }

    /// What a post does and answers.
    async fn meets(&self, fate: Post, enterprise: &EnterpriseId, body: &[u8]) -> DispatchAnswer {
        let (dice, at_once) = (&self.world.dice, Duration::ZERO);
        let lost = || DispatchAnswer::NoAnswer { detail: "timed out".to_owned() };
        match fate {
            Post::Answered | Post::CarriedOutTwice => {
                self.arrives(enterprise, body, at_once);
                if matches!(fate, Post::CarriedOutTwice) {
                    self.arrives(enterprise, body, dice.seconds(1, LATEST_SECONDS));
                }
                self.answered(200, self.shown(enterprise, body), true)
            }
            Post::Refused => DispatchAnswer::NotSent { detail: "refused".to_owned() },
            Post::OverBudget => DispatchAnswer::OverBudget { wait: dice.seconds(1, 5) },
            Post::Lost => {
                sleep(TIMEOUT).await;
                lost()
            }
            Post::CarriedOutLate => {
                self.arrives(enterprise, body, dice.seconds(1, LATEST_SECONDS));
                sleep(TIMEOUT).await;
                lost()
            }
            Post::AnswerLost => {
                self.arrives(enterprise, body, at_once);
                sleep(TIMEOUT).await;
                lost()
            }
            Post::Status { status, effect, shows, is_proven } => {
                if effect {
                    self.arrives(enterprise, body, at_once);
                }
                let shown = if shows { self.shown(enterprise, body) } else { None };
                self.answered(status, shown, is_proven)
            }
            Post::AnothersSettlement => {
                self.arrives(enterprise, body, at_once);
                let others = self
                    .shown(enterprise, body)
                    .map(|shown| Box::new(VenueSettlement { external_id: "somebody-elses".to_owned(), ..*shown }));
                self.answered(200, others, true)
            }
        }
    }
}

#[async_trait]
impl GoNetwork for VenueWire {
    async fn signing_payload(&self, intent: &Intent, _: Urgency) -> Result<String, VenueFailure> {
        self.reach().await?;
        let (dice, rates) = (&self.world.dice, self.world.weather.rates());
        let name: Name = (intent.asked.enterprise_id.as_str().to_owned(), intent.asked.external_id.as_str().to_owned());
        if dice.chance(rates.venue / 16) {
            return Ok(payload::tampered(intent));
        }
        // Each answer may be spelled in another way: all of them say the same, and only one may ever be signed.
        let payload = payload::spelled(intent, dice.between(0, 3));
        self.world.ledger.lock().unwrap().gives(name, &payload);
        self.process.runs().await;
        Ok(payload)
    }

    fn settlement_body(&self, intent: &Intent, payload: &str, signature: &Signature) -> Vec<u8> {
        self.writer.settlement_body(intent, payload, signature)
    }

    async fn post_settlement(&self, enterprise_id: &EnterpriseId, _: Route, body: &[u8]) -> DispatchAnswer {
        let fate = self.post_fate();
        let leaves = !matches!(fate, Post::Refused | Post::OverBudget);
        let name = super::ledger::name_of(enterprise_id.as_str(), body);
        self.world.history.note(format!("{} posts {}: {fate:?}", self.process.name, name.1));
        if leaves {
            invariants::leaves(&self.world, &name, body);
        }
        sleep(self.world.dice.millis(1, 1_500)).await;
        let answer = self.meets(fate, enterprise_id, body).await;
        self.process.runs().await;
        answer
    }

    async fn find_settlement(
        &self,
        enterprise_id: &EnterpriseId,
        external_id: &ExternalId,
    ) -> Result<Option<VenueSettlement>, VenueFailure> {
        let name = (enterprise_id.as_str().to_owned(), external_id.as_str().to_owned());
        self.read(|ledger, as_of| ledger.shown(&name, as_of)).await
    }

    async fn network_balances(&self, _: &EnterpriseId) -> Result<Vec<NetworkBalance>, VenueFailure> {
        self.read(|_, _| Vec::new()).await
    }

    async fn client_settlement(&self, _: &ClientSettlementQuery) -> Result<ClientSettlement, VenueFailure> {
        Err(not_simulated())
    }

    fn reload_credential(&self) -> bool {
        self.world.dice.chance(500)
    }
}

fn not_simulated() -> VenueFailure {
    VenueFailure::NotSent { detail: "not simulated".to_owned() }
}

#[async_trait]
impl NetworkReads for VenueWire {
    async fn partner_settlements(&self, query: &PartnerSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure> {
        let name = |id: &ExternalId| (query.enterprise_id.as_str().to_owned(), id.as_str().to_owned());
        let names: Vec<Name> = query.external_ids.iter().map(name).collect();
        let is_first = query.page.number == 0;
        if names.is_empty() {
            let (enterprise, from) = (query.enterprise_id.as_str(), query.created_from);
            let listed = self.read(|ledger, as_of| ledger.listed(enterprise, from, as_of)).await;
            return listed.map(|listed| if is_first { listed } else { Vec::new() });
        }
        self.read(|ledger, as_of| names.iter().filter(|_| is_first).filter_map(|name| ledger.shown(name, as_of)).collect()).await
    }

    async fn partner_settlement(&self, query: &PartnerSettlementQuery) -> Result<Option<PartnerSettlement>, VenueFailure> {
        let mut shown = self.read(|ledger, as_of| ledger.details(query.settlement_id.as_str(), as_of)).await?;
        if let Some(shown) = shown.as_mut().filter(|_| query.page.number > 0) {
            shown.transfers.clear();
        }
        Ok(shown)
    }

    async fn disputes(&self, _: &DisputeQuery) -> Result<Vec<Dispute>, VenueFailure> {
        Err(not_simulated())
    }

    async fn connections(&self, query: &ConnectionQuery) -> Result<Vec<Connection>, VenueFailure> {
        let is_first = query.page.number == 0;
        self.read(|_, _| if is_first { connections() } else { Vec::new() }).await
    }

    async fn partner_terms(&self, _: &EnterpriseId) -> Result<Option<PartnerTerms>, VenueFailure> {
        self.read(|_, _| None).await
    }

    async fn client_settlements(&self, _: &ClientSettlementsQuery) -> Result<Vec<VenueSettlement>, VenueFailure> {
        Err(not_simulated())
    }

    async fn client_transfers(&self, _: &ClientTransfersQuery) -> Result<Vec<Transfer>, VenueFailure> {
        Err(not_simulated())
    }
}
