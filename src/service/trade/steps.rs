//! What is done in each state. A step does one thing and names the change that it makes.

use std::time::Duration;

use jiff::Timestamp;

use super::access::{Trading, renewing};
use super::errands::TradeErrands;
use crate::custody::SignOnceError;
use crate::domain::audit::Refusal;
use crate::domain::budget::Urgency;
use crate::domain::ids::AffirmationId;
use crate::domain::settlement::describe;
use crate::domain::signing::{PayloadDigest, Signature, SigningReference};
use crate::domain::time::later;
use crate::domain::trade::{
    Affirmation, AffirmationStatus, Affirming, Basis, Creation, TradeAction, TradeAnswer, TradeChange, TradeReason, TradeState,
    TradeWrite, judge_affirmation, judge_followed, judge_list, read_trade_payload, trade_verdict,
};
use crate::kill_points::{KillPoint, reached};
use crate::service::anchor::{NotSigned, Unanchored};
use crate::store::StoreError;
use crate::upstream::{AccountAt, AffirmationWord, VenueFailure};

/// The longest wait that a venue can ask for.
const MAX_RETRY_AFTER_SECONDS: u32 = 900;

/// The RPCs by which a write that is signed is asked for.
const CREATE: &str = "TradeSettlementService/CreateTradeSettlement";
const AFFIRM: &str = "TradeSettlementService/Affirm";

/// What a step comes to.
pub(super) enum Step {
    /// A change.
    Change(TradeChange),
    /// A change that only shows why it waits, and until when.
    Delay(TradeChange, Timestamp),
    /// The one dispatch.
    Dispatch,
    /// Nothing changes; when to look again, `None` for never.
    Rest(Option<Timestamp>),
}

impl TradeErrands {
    /// The step that a write's state asks for.
    pub(super) async fn step(&self, write: &TradeWrite) -> Result<Step, StoreError> {
        let step = self.uncovered_step(write).await?;
        // That nothing was sent is told by the whole journal alone, also where the venue refuses: it may have what it refuses.
        let ends = write.progress.attempts == 0 && matches!(step, Step::Change(TradeChange::NotAccepted { .. }));
        Ok(match if ends { self.anchor.cover().await } else { Ok(()) } {
            Ok(()) => step,
            Err(unanchored) => self.unanchored(write, unanchored),
        })
    }

    async fn uncovered_step(&self, write: &TradeWrite) -> Result<Step, StoreError> {
        let progress = &write.progress;
        let waits = matches!(progress.state, TradeState::Received | TradeState::Prepared | TradeState::Signed);
        if waits && let Err(unanchored) = self.anchor.allows().await {
            return Ok(self.unanchored(write, unanchored));
        }
        if waits && write.header.submit_before <= self.clock.now() {
            let detail = "it was not sent in time, and is not sent any more".to_owned();
            return Ok(not_accepted(TradeReason::SubmitBeforePassed, detail));
        }
        let Some(trading) = self.trading(write) else {
            let detail = "the trading account is no longer configured".to_owned();
            return Ok(self.delay(write, TradeReason::VenueCredentials, detail, None));
        };
        Ok(match progress.state {
            TradeState::Received if write.header.asked.action.is_signed() => self.prepare(write, trading).await,
            TradeState::Received => self.may_speak(write, trading).await,
            TradeState::Signed => Step::Dispatch,
            TradeState::Prepared => self.sign(write).await?,
            TradeState::OutcomeUnknown => self.read_back(write, trading).await,
            TradeState::Pending => self.follow(write, trading).await,
            TradeState::Submitting
            | TradeState::Settled
            | TradeState::Rejected
            | TradeState::Failed
            | TradeState::Canceled
            | TradeState::Done
            | TradeState::NotAccepted
            | TradeState::NeedsOperator => Step::Rest(None),
        })
    }

    fn trading(&self, write: &TradeWrite) -> Option<&Trading> {
        let asked = &write.header.asked;
        let trading = &self.directory.enterprise(&asked.enterprise_id)?.trading;
        trading.accounts.contains_key(&asked.account_id).then_some(trading)
    }

    /// RECEIVED: get the payload, and hold it against what was asked.
    async fn prepare(&self, write: &TradeWrite, trading: &Trading) -> Step {
        let asked = &write.header.asked;
        let payload = match &asked.action {
            TradeAction::Create(Creation { basis: Basis::Payload(payload), .. }) => Ok(payload.clone()),
            TradeAction::Create(Creation { basis: Basis::Amounts(amounts), .. }) => {
                let read = renewing(trading.venue.as_ref(), || trading.venue.trade_payload(at(write), amounts)).await;
                read.map_err(|failure| self.not_prepared(write, &failure))
            }
            TradeAction::Affirm(affirming) => self.awaited_payload(write, trading, affirming).await,
            TradeAction::Reject(_) | TradeAction::Cancel(_) => return Step::Dispatch,
        };
        let payload = match payload {
            Ok(payload) => payload,
            Err(step) => return step,
        };
        let held = read_trade_payload(&payload).and_then(|read| match asked.expectation() {
            Some(expected) => read.hold(expected).map(|()| read.nonces),
            None => Ok(read.nonces),
        });
        match held {
            Ok(nonces) => {
                reached(KillPoint::T2PayloadHeld);
                Step::Change(TradeChange::Prepared { payload, nonces })
            }
            Err(mismatch) => not_accepted(TradeReason::PayloadMismatch, mismatch.to_string()),
        }
    }

    /// The payload of an affirmation that this account is awaited to sign.
    async fn awaited_payload(&self, write: &TradeWrite, trading: &Trading, affirming: &Affirming) -> Result<String, Step> {
        let found = self.awaited(write, trading, &affirming.affirmation_id, &[AffirmationStatus::Pending]).await?;
        let lacking = || "the venue shows no payload to sign".to_owned();
        found.payload.ok_or_else(|| self.delay(write, TradeReason::VenueAnswerInvalid, lacking(), None))
    }

    /// RECEIVED, where nothing is signed: the affirmation must be this account's, and one that can still be decided.
    async fn may_speak(&self, write: &TradeWrite, trading: &Trading) -> Step {
        const REJECTED: [AffirmationStatus; 2] = [AffirmationStatus::Pending, AffirmationStatus::Overdue];
        const CANCELED: [AffirmationStatus; 3] =
            [AffirmationStatus::Pending, AffirmationStatus::Overdue, AffirmationStatus::Affirmed];
        let awaited = match &write.header.asked.action {
            TradeAction::Reject(id) => self.awaited(write, trading, id, &REJECTED).await,
            TradeAction::Cancel(id) => self.awaited(write, trading, id, &CANCELED).await,
            TradeAction::Create(_) | TradeAction::Affirm(_) => return Step::Rest(None),
        };
        awaited.map_or_else(|step| step, |_| Step::Dispatch)
    }

    /// An affirmation of the account in one of these states.
    async fn awaited(
        &self,
        write: &TradeWrite,
        trading: &Trading,
        id: &AffirmationId,
        states: &[AffirmationStatus],
    ) -> Result<Affirmation, Step> {
        let venue = trading.venue.as_ref();
        let found = renewing(venue, || venue.affirmation(at(write), id, Urgency::Settling)).await;
        let found = found.map_err(|failure| self.not_prepared(write, &failure))?;
        let found = found.filter(|one| one.party_account_id.is_none() || one.is_of(&write.header.asked.account_id));
        let Some(found) = found else {
            let detail = "the venue knows no such affirmation of this account".to_owned();
            return Err(not_accepted(TradeReason::AffirmationNotFound, detail));
        };
        if !states.contains(&found.status()) {
            let detail = format!("the affirmation is {}", found.status_text.as_deref().unwrap_or("in no state"));
            return Err(not_accepted(TradeReason::AffirmationNotPending, detail));
        }
        Ok(found)
    }

    fn not_prepared(&self, write: &TradeWrite, failure: &VenueFailure) -> Step {
        let VenueFailure::Refused { status, error, .. } = failure else { return self.delay_for(write, failure) };
        let detail = describe(*status, error);
        match status {
            400 | 404 | 405 | 409 | 413..=415 | 422 => not_accepted(TradeReason::VenueRejectedRequest, detail),
            403 => not_accepted(TradeReason::VenueForbidden, detail),
            _ => self.delay_for(write, failure),
        }
    }

    /// PREPARED: reserve the nonces for this payload, sign and verify.
    async fn sign(&self, write: &TradeWrite) -> Result<Step, StoreError> {
        let (header, progress) = (&write.header, &write.progress);
        let (Some(payload), Some(nonces)) = (&progress.payload, &progress.nonces) else {
            return Err(StoreError::Damaged("a prepared write has no payload".to_owned()));
        };
        let Some(key) = self.keyring.get(&header.key_id) else {
            return Ok(self.delay(write, TradeReason::KeyUnavailable, "the key is no longer configured".to_owned(), None));
        };
        let reference = SigningReference::Trade {
            key: header.key_id.clone(),
            nonce_hold: nonces.hold.clone(),
            nonce_settle: nonces.settle.clone(),
        };
        match self.anchor.sign_once(key, &reference, payload).await {
            Ok(signed) => Ok(Step::Change(TradeChange::Signed { signature: signed.signature })),
            Err(NotSigned::Unanchored(unanchored)) => Ok(self.unanchored(write, unanchored)),
            Err(NotSigned::Refused(SignOnceError::Journal(error))) => Err(StoreError::Unavailable(Box::new(error))),
            Err(NotSigned::Refused(SignOnceError::ReferenceTaken { .. })) => {
                self.store.record_audit(&refused(write, payload, self.clock.now()).entry()).await?;
                let detail = "another payload was signed under these nonces".to_owned();
                Ok(not_accepted(TradeReason::SigningReferenceTaken, detail))
            }
            Err(NotSigned::Refused(error)) => Ok(self.delay(write, TradeReason::KeyUnavailable, error.to_string(), None)),
        }
    }

    /// SUBMITTING, by the turn's own dispatch: hand it to the network, once. With the wait that the rate limit asks for.
    pub(super) async fn send(&self, write: &TradeWrite) -> (TradeChange, Option<Duration>) {
        let Some(trading) = self.trading(write) else {
            let detail = "the trading account is no longer configured".to_owned();
            return (TradeChange::NotSent { reason: TradeReason::VenueCredentials, detail }, None);
        };
        let venue = trading.venue.as_ref();
        let sealed = sealed(write);
        let answer = match (&write.header.asked.action, sealed) {
            (TradeAction::Create(creation), Some((payload, signature))) => {
                venue.create_trade_settlement(at(write), payload, signature, &creation.trades).await
            }
            (TradeAction::Affirm(affirming), Some((payload, signature))) => {
                let word = AffirmationWord::Affirmed { payload, signature };
                venue.put_affirmation(at(write), &affirming.affirmation_id, word).await
            }
            (TradeAction::Reject(id), _) => venue.put_affirmation(at(write), id, AffirmationWord::Rejected).await,
            (TradeAction::Cancel(id), _) => venue.put_affirmation(at(write), id, AffirmationWord::Canceled).await,
            (TradeAction::Create(_) | TradeAction::Affirm(_), None) => {
                let detail = "it has no signature".to_owned();
                return (TradeChange::Parked { reason: TradeReason::KeyUnavailable, detail }, None);
            }
        };
        reached(KillPoint::T8Answered);
        let mut wait = match &answer {
            TradeAnswer::OverBudget { wait } => Some(*wait),
            _ => None,
        };
        if let TradeAnswer::Answered { status, retry_after_seconds, .. } = &answer {
            if *status == 401 {
                venue.reload_credential();
            }
            wait = retry_after_seconds.filter(|_| *status == 429).map(bounded_wait);
        }
        (trade_verdict(answer, write), wait)
    }

    /// OUTCOME_UNKNOWN: look what the venue has; what does not show in time is a person's to decide.
    async fn read_back(&self, write: &TradeWrite, trading: &Trading) -> Step {
        let asked_at = self.clock.now();
        let looked = match self.look(write, trading).await {
            Ok(looked) => looked,
            Err(failure) => return self.delay_for(write, &failure),
        };
        if let Some(change) = looked {
            return Step::Change(change);
        }
        let since = write.progress.in_doubt_since.unwrap_or(write.header.created_at);
        if asked_at < later(since, self.settings.silence_window) {
            return Step::Rest(Some(self.later_look(write)));
        }
        let detail = "it was sent once, and the venue shows nothing that says what became of it".to_owned();
        Step::Change(TradeChange::Parked { reason: TradeReason::OutcomeUndecided, detail })
    }

    /// What the venue shows of a write; `None` while it shows nothing of it.
    async fn look(&self, write: &TradeWrite, trading: &Trading) -> Result<Option<TradeChange>, VenueFailure> {
        let venue = trading.venue.as_ref();
        let Some(affirmation_id) = write.header.asked.action.affirmation_id() else {
            let list = renewing(venue, || venue.trade_settlements(at(write), Urgency::Settling)).await?;
            return Ok(judge_list(&list, write));
        };
        let found = renewing(venue, || venue.affirmation(at(write), affirmation_id, Urgency::Settling)).await?;
        Ok(found.and_then(|affirmation| judge_affirmation(&affirmation, write)))
    }

    /// PENDING: how does it stand at the venue?
    async fn follow(&self, write: &TradeWrite, trading: &Trading) -> Step {
        let settlement = write.progress.settlement.as_ref();
        let Some(id) = settlement.and_then(|settlement| settlement.readable_id()) else { return Step::Rest(None) };
        let venue = trading.venue.as_ref();
        match renewing(venue, || venue.trade_settlement(at(write), &id)).await {
            Ok(Some(found)) => match judge_followed(found, write) {
                Some(change) => Step::Change(change),
                None => Step::Rest(Some(self.later_look(write))),
            },
            Ok(None) => {
                let detail = "the venue does not show the settlement any more".to_owned();
                self.delay(write, TradeReason::VenueAnswerInvalid, detail, None)
            }
            Err(failure) => self.delay_for(write, &failure),
        }
    }

    /// The write stays as it is and is looked at later; the reason shows, once.
    fn delay_for(&self, write: &TradeWrite, failure: &VenueFailure) -> Step {
        let (reason, detail) = match failure {
            VenueFailure::Refused { status: 401, error, .. } => (TradeReason::VenueCredentials, describe(401, error)),
            VenueFailure::Refused { status: 403, error, .. } => (TradeReason::VenueForbidden, describe(403, error)),
            VenueFailure::Refused { status: 429, error, .. } => (TradeReason::VenueRateLimited, describe(429, error)),
            VenueFailure::Refused { status, error, .. } => (TradeReason::VenueUnavailable, describe(*status, error)),
            VenueFailure::OverBudget { .. } => (TradeReason::VenueRateLimited, failure.to_string()),
            VenueFailure::Unreadable { .. } => (TradeReason::VenueAnswerInvalid, failure.to_string()),
            VenueFailure::NotSent { .. } | VenueFailure::NoAnswer { .. } => (TradeReason::VenueUnavailable, failure.to_string()),
        };
        let wait = match failure {
            VenueFailure::Refused { status: 429, retry_after_seconds, .. } => retry_after_seconds.map(bounded_wait),
            VenueFailure::OverBudget { wait } => Some(*wait),
            _ => None,
        };
        self.delay(write, reason, detail, wait)
    }

    /// It stays as it is while nothing may be signed or sent.
    pub(super) fn unanchored(&self, write: &TradeWrite, unanchored: Unanchored) -> Step {
        self.delay(write, why(unanchored), unanchored.to_string(), None)
    }

    /// What stays unknown for a day is a person's to decide: nobody could otherwise, while the venue cannot be read.
    fn delay(&self, write: &TradeWrite, reason: TradeReason, detail: String, wait: Option<Duration>) -> Step {
        if let Some(given_up) = write.given_up(self.clock.now()) {
            return Step::Change(given_up);
        }
        let at_least = self.later_look(write);
        let due_at = wait.map_or(at_least, |wait| at_least.max(later(self.clock.now(), wait)));
        if write.progress.reason == Some(reason) {
            return Step::Rest(Some(due_at));
        }
        Step::Delay(TradeChange::Delayed { reason, detail }, due_at)
    }
}

fn not_accepted(reason: TradeReason, detail: String) -> Step {
    Step::Change(TradeChange::NotAccepted { reason, detail })
}

/// The guard's refusal to sign a second payload: on record before the write shows it.
fn refused(write: &TradeWrite, payload: &str, at: Timestamp) -> Refusal {
    let asked = &write.header.asked;
    let rpc = if asked.action.affirmation_id().is_some() { AFFIRM } else { CREATE };
    Refusal {
        caller: write.header.caller.clone(),
        rpc: rpc.to_owned(),
        reason: TradeReason::SigningReferenceTaken.as_str().to_owned(),
        name: Some(asked.request_id.as_str().to_owned()),
        key_id: Some(write.header.key_id.as_str().to_owned()),
        payload_digest: Some(PayloadDigest::of(payload)),
        at,
    }
}

/// The anchor was not told of the attempt, so nothing was sent.
pub(super) fn not_sent(unanchored: Unanchored) -> TradeChange {
    TradeChange::NotSent { reason: why(unanchored), detail: unanchored.to_string() }
}

fn why(unanchored: Unanchored) -> TradeReason {
    match unanchored {
        Unanchored::Adrift(_) => TradeReason::JournalBehindAnchor,
        Unanchored::Unavailable => TradeReason::AnchorUnavailable,
    }
}

/// The account that a write is of.
pub(super) fn at(write: &TradeWrite) -> AccountAt<'_> {
    AccountAt { enterprise_id: &write.header.asked.enterprise_id, account_id: &write.header.asked.account_id }
}

fn sealed(write: &TradeWrite) -> Option<(&str, &Signature)> {
    Some((write.progress.payload.as_deref()?, write.progress.signature.as_ref()?))
}

fn bounded_wait(seconds: u32) -> Duration {
    Duration::from_secs(seconds.min(MAX_RETRY_AFTER_SECONDS).into())
}
