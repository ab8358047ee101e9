//! The errand of a write: what is done in a turn, and when the next one is due.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use super::report;
use super::steps::{Step, not_sent};
use crate::custody::Keyring;
use crate::domain::time::{Clock, later};
use crate::domain::trade::{TradeChange, TradeReason, TradeState, TradeWrite};
use crate::kill_points::{KillPoint, reached_in};
use crate::service::anchor::AnchorKeeper;
use crate::service::context::Context;
use crate::service::directory::Directory;
use crate::service::engine::next_look;
use crate::service::errands::{Errands, RunsErrands};
use crate::store::{ErrandClaim, ErrandKind, Store, StoreError, TradeSaved};

/// The tunables; the configuration's section `[engine]` says what goes wrong either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeSettings {
    /// The shortest wait before another look.
    pub shortest_wait: Duration,
    /// The longest wait before another look at what is under way.
    pub longest_wait: Duration,
    /// The longest wait before another look at what awaits affirmations.
    pub poll_interval: Duration,
    /// How long what was sent and not answered may yet show before a person is called.
    pub silence_window: Duration,
    /// How often in a row workers may stop in the middle of a write.
    pub max_lapses: u32,
}

/// Carries writes on, whoever asked and wherever they are by now.
pub struct TradeErrands {
    pub(super) store: Arc<dyn Store>,
    pub(super) anchor: AnchorKeeper,
    pub(super) keyring: Arc<Keyring>,
    pub(super) directory: Arc<Directory>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: TradeSettings,
    errands: Errands,
}

impl TradeErrands {
    /// Runs the errands of these ports.
    #[must_use]
    pub fn new(context: &Context, settings: TradeSettings) -> Self {
        Self {
            store: context.store.clone(),
            anchor: context.anchor.clone(),
            keyring: context.keyring.clone(),
            directory: context.directory.clone(),
            clock: context.clock.clone(),
            errands: context.errands.clone(),
            settings,
        }
    }

    /// Saves a change and tells everybody. Where another write has the payload, this one ends instead.
    async fn save(&self, claim: &ErrandClaim, write: &TradeWrite, change: TradeChange) -> Result<TradeWrite, StoreError> {
        let legal = |change: &TradeChange| {
            write.after(change, self.clock.now()).map_err(|illegal| StoreError::Damaged(illegal.to_string()))
        };
        let mut after = legal(&change)?;
        let mut saved = change;
        if self.store.save_trade(Some(&claim.lease), &saved, &after).await? == TradeSaved::PayloadHeld {
            // Who has the payload is told by the whole journal alone: this one may lack that it was sent for this write.
            self.anchor.cover().await.map_err(|unanchored| StoreError::Unavailable(Box::new(unanchored)))?;
            let detail = "another request of this account has this payload".to_owned();
            saved = TradeChange::NotAccepted { reason: TradeReason::TradePayloadReused, detail };
            after = legal(&saved)?;
            self.store.save_trade(Some(&claim.lease), &saved, &after).await?;
        }
        reached_in(KillPoint::T9Saved, saved.name());
        if saved.is_anchored() && saved != TradeChange::Dispatched {
            // Its change is announced after that; where the anchor does not answer, a beat comes to it.
            let _ = self.anchor.cover().await;
        }
        report::changed(&saved, &after);
        self.errands.announce(ErrandKind::Trade, &claim.lease.subject);
        Ok(after)
    }

    /// The first step of a turn: what a turn that was cut short left, or what the state asks for.
    async fn first_step(&self, write: &TradeWrite, lapses: u32) -> Result<Step, StoreError> {
        let state = write.progress.state;
        if state == TradeState::Submitting {
            // Whoever finds this state at the beginning of a turn cannot know whether the request left.
            let detail = "the gateway stopped while it was being sent".to_owned();
            return Ok(Step::Change(TradeChange::Unanswered { reason: TradeReason::VenueUnavailable, detail }));
        }
        if lapses >= self.settings.max_lapses && !state.is_terminal() && state != TradeState::NeedsOperator {
            let detail = format!("workers stopped in the middle of it {lapses} times in a row");
            return Ok(Step::Change(TradeChange::Parked { reason: TradeReason::TooManyTakeovers, detail }));
        }
        self.step(write).await
    }

    /// Dispatches, once: the attempt is durable before the act. A drain begins none.
    async fn dispatch(&self, claim: &ErrandClaim, write: &TradeWrite) -> Result<Option<Timestamp>, StoreError> {
        if self.errands.is_draining() {
            return Ok(Some(self.clock.now()));
        }
        let submitting = match self.save(claim, write, TradeChange::Dispatched).await {
            // The database lacks what was there a moment ago, and has refused the dispatch.
            Err(StoreError::Adrift(adrift)) => {
                let unanchored = self.anchor.refuse(adrift);
                return self.rest(claim, write, self.unanchored(write, unanchored)).await;
            }
            saved => saved?,
        };
        let (change, asked_wait) = match self.anchor.cover().await {
            Ok(()) => self.send(&submitting).await,
            Err(unanchored) => (not_sent(unanchored), None),
        };
        let after = self.save(claim, &submitting, change).await?;
        Ok(asked_wait.map_or_else(|| self.due(&after), |wait| Some(later(self.clock.now(), wait))))
    }

    /// When a write is due after a change.
    fn due(&self, after: &TradeWrite) -> Option<Timestamp> {
        let (progress, now) = (&after.progress, self.clock.now());
        match progress.state {
            TradeState::Prepared | TradeState::Signed if progress.reason.is_none() => Some(now),
            TradeState::OutcomeUnknown if progress.in_doubt_since == Some(progress.updated_at) => Some(now),
            state if state.is_under_way() || state == TradeState::Pending => Some(self.later_look(after)),
            _ => None,
        }
    }

    /// When to look again: soon at first, and ever less often.
    pub(super) fn later_look(&self, write: &TradeWrite) -> Timestamp {
        let (settings, now) = (&self.settings, self.clock.now());
        let longest = if write.progress.state == TradeState::Pending { settings.poll_interval } else { settings.longest_wait };
        let since = write.progress.dispatched_at.unwrap_or(write.header.created_at);
        next_look(settings.shortest_wait..=longest, write.id, since, now)
    }
}

#[async_trait]
impl RunsErrands for TradeErrands {
    fn kind(&self) -> ErrandKind {
        ErrandKind::Trade
    }

    /// One step that calls the venue, at most: the lease that the next one needs is a new one.
    async fn run(&self, claim: &ErrandClaim) -> Result<Option<Timestamp>, StoreError> {
        let id = Uuid::parse_str(&claim.lease.subject).map_err(|_| StoreError::Damaged("an errand's subject".to_owned()))?;
        let Some(write) = self.store.trade_by_id(id).await? else { return Ok(None) };
        match self.carry_on(claim, &write).await {
            // The database lacks what was there a moment ago, and has refused an end: nothing more is found out before it is repaired.
            Err(StoreError::Adrift(adrift)) => {
                self.anchor.refuse(adrift);
                Ok(Some(later(self.clock.now(), self.settings.longest_wait)))
            }
            carried => carried,
        }
    }
}

impl TradeErrands {
    async fn carry_on(&self, claim: &ErrandClaim, write: &TradeWrite) -> Result<Option<Timestamp>, StoreError> {
        match self.first_step(write, claim.lapses).await? {
            Step::Dispatch => match self.anchor.allows_dispatch().await {
                Ok(()) => self.dispatch(claim, write).await,
                Err(unanchored) => self.rest(claim, write, self.unanchored(write, unanchored)).await,
            },
            step => self.rest(claim, write, step).await,
        }
    }

    /// Saves what a step comes to that sends nothing.
    async fn rest(&self, claim: &ErrandClaim, write: &TradeWrite, step: Step) -> Result<Option<Timestamp>, StoreError> {
        match step {
            Step::Rest(due_at) => Ok(due_at),
            Step::Dispatch => Ok(Some(self.clock.now())),
            Step::Change(change) => {
                let after = self.save(claim, write, change).await?;
                Ok(self.due(&after))
            }
            Step::Delay(change, due_at) => {
                self.save(claim, write, change).await?;
                Ok(Some(due_at))
            }
        }
    }
}
