//! What is done in each state. A step does one thing and names the change that it makes.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{Engine, pace, report};
use crate::custody::SignOnceError;
use crate::domain::audit::Refusal;
use crate::domain::budget::Urgency;
use crate::domain::payload::hold_settlement;
use crate::domain::settlement::{
    Absence, Change, DispatchAnswer, Reason, Settlement, State, Windows, bad_request, describe, forbidden, verdict,
};
use crate::domain::signing::{PayloadDigest, SigningReference};
use crate::domain::time::later;
use crate::kill_points::{KillPoint, reached};
use crate::service::anchor::NotSigned;
use crate::service::renewing::renewing;
use crate::store::StoreError;
use crate::upstream::{GoNetwork, VenueFailure};

/// The RPC that every settlement was asked for by.
const ASKED_BY: &str = "SettlementService/InitiateSettlement";

/// What a step comes to.
pub(super) enum Step {
    /// A change; with an instant, the turn ends there and the settlement is due then.
    Change {
        /// The change.
        change: Change,
        /// When to look again; `None` to go on at once.
        due_at: Option<Timestamp>,
    },
    /// Nothing changes.
    Rest {
        /// When to look again; `None` for never.
        due_at: Option<Timestamp>,
    },
}

impl Step {
    /// A change after which the turn goes on.
    pub(super) fn now(change: Change) -> Self {
        Self::Change { change, due_at: None }
    }
}

impl Engine {
    /// The step that a settlement's state asks for. `held_since`: the lease that it is held under began no earlier.
    pub(super) async fn next_step(&self, settlement: &Settlement, held_since: Instant) -> Result<Step, StoreError> {
        let step = self.step(settlement, held_since).await?;
        // That nothing was sent is told by the whole journal alone, also where the venue refuses: it may have what it refuses.
        let ends = matches!(step, Step::Change { change: Change::NotAccepted { .. } | Change::Expired, .. });
        Ok(if ends && settlement.progress.never_sent() { self.once_covered(settlement, step).await } else { step })
    }

    async fn step(&self, settlement: &Settlement, held_since: Instant) -> Result<Step, StoreError> {
        let now = self.inner.clock.now();
        let progress = &settlement.progress;
        if let Some(wait) = self.held_back(settlement).await {
            return Ok(wait);
        }
        if progress.never_sent() && settlement.header.submit_before.is_some_and(|end| end <= now) {
            return Ok(Step::now(Change::Expired));
        }
        let enterprise = self.inner.directory.enterprise(&settlement.header.enterprise_id);
        let Some(venue) = enterprise.map(|enterprise| enterprise.venue.clone()) else {
            let detail = "the enterprise is no longer configured";
            return Ok(self.delay(settlement, Reason::VenueCredentials, detail.to_owned()));
        };
        match progress.state {
            State::Received => self.prepare(settlement, venue.as_ref()).await,
            State::Prepared => self.sign(settlement, venue.as_ref()).await,
            State::Signed => Ok(self.dispatch(settlement).await),
            State::Submitting => self.submit(settlement, venue.as_ref(), held_since).await,
            State::OutcomeUnknown => Ok(self.read_back(settlement, venue.as_ref()).await),
            // What the venue has is followed in batches.
            State::Pending
            | State::AwaitingFunds
            | State::Completed
            | State::Rejected
            | State::NotAccepted
            | State::Cancelled
            | State::Expired
            | State::NeedsOperator => Ok(Step::Rest { due_at: None }),
        }
    }

    /// RECEIVED: ask the venue for the text to sign, and hold it against the request.
    async fn prepare(&self, settlement: &Settlement, venue: &dyn GoNetwork) -> Result<Step, StoreError> {
        let intent = self.inner.store.intent(settlement.id).await?;
        let payload = match renewing(venue, || venue.signing_payload(&intent, Urgency::Settling)).await {
            Ok(payload) => payload,
            Err(failure) => return Ok(self.not_prepared(settlement, failure)),
        };
        if let Err(mismatch) = hold_settlement(&payload, &intent) {
            report::payload_mismatch(settlement, &mismatch.path);
            let change = Change::NotAccepted { reason: Reason::PayloadMismatch, detail: mismatch.to_string() };
            return Ok(Step::now(change));
        }
        reached(KillPoint::K2PayloadHeld);
        Ok(Step::now(Change::Prepared { payload }))
    }

    fn not_prepared(&self, settlement: &Settlement, failure: VenueFailure) -> Step {
        let VenueFailure::Refused { status, error, .. } = &failure else {
            return self.delay_for(settlement, &failure);
        };
        let detail = describe(*status, error);
        match status {
            400 => Step::now(Change::NotAccepted { reason: bad_request(error), detail }),
            403 => Step::now(Change::NotAccepted { reason: forbidden(error, settlement.header.route), detail }),
            409 => Step::now(Change::Parked { reason: Reason::VenueConflict, detail }),
            404 | 405 | 413..=415 | 422 => Step::now(Change::NotAccepted { reason: Reason::VenueRejectedRequest, detail }),
            _ => self.delay_for(settlement, &failure),
        }
    }

    /// PREPARED: reserve the reference, sign and verify; then build the body that is fixed for ever.
    async fn sign(&self, settlement: &Settlement, venue: &dyn GoNetwork) -> Result<Step, StoreError> {
        let header = &settlement.header;
        let material = self.inner.store.material(settlement.id).await?;
        let payload = material.payload.ok_or_else(|| StoreError::Damaged("a prepared settlement has no payload".into()))?;
        let Some(key) = self.inner.keyring.get(&header.key_id) else {
            return Ok(self.delay(settlement, Reason::KeyUnavailable, "the key is no longer configured".to_owned()));
        };
        let reference = SigningReference::Settlement {
            key: header.key_id.clone(),
            enterprise: header.enterprise_id.clone(),
            external_id: header.external_id.clone(),
        };
        match self.inner.anchor.sign_once(key, &reference, &payload).await {
            Ok(signed) => {
                let intent = self.inner.store.intent(settlement.id).await?;
                let body = venue.settlement_body(&intent, &payload, &signed.signature);
                Ok(Step::now(Change::Signed { signature: signed.signature, body }))
            }
            Err(NotSigned::Unanchored(unanchored)) => Ok(self.unanchored(settlement, unanchored)),
            Err(NotSigned::Refused(error)) => self.not_signed(settlement, &payload, error).await,
        }
    }

    async fn not_signed(&self, settlement: &Settlement, payload: &str, error: SignOnceError) -> Result<Step, StoreError> {
        match error {
            SignOnceError::Journal(error) => Err(StoreError::Unavailable(Box::new(error))),
            SignOnceError::ReferenceTaken { .. } => {
                let refusal = refused(settlement, payload, self.inner.clock.now());
                self.inner.store.record_audit(&refusal.entry()).await?;
                let detail = "another payload was signed for this settlement".to_owned();
                Ok(Step::now(Change::Parked { reason: Reason::SigningReferenceTaken, detail }))
            }
            error => Ok(self.delay(settlement, Reason::KeyUnavailable, error.to_string())),
        }
    }

    /// SUBMITTING, by the turn's own dispatch: the attempt is recorded, so post the stored body, once the anchor knows of it.
    async fn submit(&self, settlement: &Settlement, venue: &dyn GoNetwork, held_since: Instant) -> Result<Step, StoreError> {
        reached(KillPoint::K6Dispatched);
        if let Err(unanchored) = self.inner.anchor.cover().await {
            return Ok(self.not_sent(settlement, unanchored));
        }
        let material = self.inner.store.material(settlement.id).await?;
        let body = material.body.ok_or_else(|| StoreError::Damaged("a signed settlement has no body".into()))?;
        if held_since.elapsed() > self.inner.settings.lease / 2 {
            return Ok(too_late_to_send());
        }
        let header = &settlement.header;
        let answer = venue.post_settlement(&header.enterprise_id, header.route, &body).await;
        reached(KillPoint::K8Answered);
        let asked_wait = retry_after(&answer);
        if matches!(answer, DispatchAnswer::Answered { status: 401, settlement: None, .. }) {
            venue.reload_credential();
        }
        // Many may wait for one budget: they spread, as those that wait for a venue do.
        let spreads = matches!(answer, DispatchAnswer::OverBudget { .. });
        let at_least = if spreads { self.later_look(settlement) } else { Timestamp::MIN };
        let change = verdict(answer, header, settlement.progress.exposed);
        let due = || match asked_wait {
            Some(wait) => later(self.inner.clock.now(), wait).max(at_least),
            None => self.later_look(settlement),
        };
        let due_at = matches!(change, Change::NotSent { .. }).then(due);
        Ok(Step::Change { change, due_at })
    }

    /// OUTCOME_UNKNOWN: ask the venue what it has; what it has not goes out again, byte for byte.
    async fn read_back(&self, settlement: &Settlement, venue: &dyn GoNetwork) -> Step {
        let asked_at = self.inner.clock.now();
        match self.look(settlement, venue).await {
            Ok(Some(step)) => step,
            Ok(None) if settlement.progress.venue.is_some() => Step::Rest { due_at: Some(self.later_look(settlement)) },
            Ok(None) => self.found_nothing(settlement, asked_at).await,
            Err(failure) => self.delay_for(settlement, &failure),
        }
    }

    async fn found_nothing(&self, settlement: &Settlement, asked_at: Timestamp) -> Step {
        let settings = &self.inner.settings;
        let windows = Windows { visibility: settings.visibility_window, silence: settings.silence_window };
        let progress = &settlement.progress;
        match progress.doubt.map_or(Absence::SendAgain, |doubt| doubt.absence(asked_at, windows)) {
            Absence::Believed(change) => self.once_covered(settlement, Step::now(change)).await,
            Absence::TooEarly(at) => Step::Rest { due_at: Some(at) },
            // The first repeat goes out at once; later ones wait, so that a venue in trouble is not flooded.
            Absence::SendAgain if progress.attempts < 2 => self.dispatch(settlement).await,
            Absence::SendAgain => {
                let bounds = settings.shortest_wait..=settings.longest_wait;
                let (began, dispatched) = (settlement.header.created_at, progress.dispatched_at.unwrap_or(asked_at));
                let at = pace::next_look(bounds, settlement.id, began, dispatched);
                if asked_at < at { Step::Rest { due_at: Some(at) } } else { self.dispatch(settlement).await }
            }
        }
    }

    /// Hands the body out once more, unless that was tried so often that a person must look.
    async fn dispatch(&self, settlement: &Settlement) -> Step {
        reached(KillPoint::K5Signed);
        let attempts = settlement.progress.attempts;
        if attempts < self.inner.settings.max_attempts {
            return self.dispatch_if_allowed(settlement).await;
        }
        let detail = format!("it was sent {attempts} times without a conclusive answer");
        Step::now(Change::Parked { reason: Reason::TooManyAttempts, detail })
    }

    /// Reads the settlement at the venue. `None`: the venue shows none.
    async fn look(&self, settlement: &Settlement, venue: &dyn GoNetwork) -> Result<Option<Step>, VenueFailure> {
        let header = &settlement.header;
        let answer = renewing(venue, || venue.find_settlement(&header.enterprise_id, &header.external_id)).await;
        let Some(found) = answer? else { return Ok(None) };
        if !found.is_for(&header.external_id, header.cutoff, header.notes.as_ref()) {
            let detail = "the venue shows this external id with another cutoff or other notes".to_owned();
            return Ok(Some(Step::now(Change::Parked { reason: Reason::VenueAnsweredOther, detail })));
        }
        let change = Change::Taken { venue: Box::new(found) };
        Ok(Some(Step::Change { change, due_at: Some(self.later_look(settlement)) }))
    }

    /// The settlement stays as it is and is looked at later; the reason shows, once.
    pub(super) fn delay_for(&self, settlement: &Settlement, failure: &VenueFailure) -> Step {
        let (reason, detail) = match failure {
            VenueFailure::Refused { status: 401, error, .. } => (Reason::VenueCredentials, describe(401, error)),
            VenueFailure::Refused { status: 403, error, .. } => (Reason::VenueForbidden, describe(403, error)),
            VenueFailure::Refused { status: 429, error, .. } => (Reason::VenueRateLimited, describe(429, error)),
            VenueFailure::Refused { status, error, .. } => (Reason::VenueUnavailable, describe(*status, error)),
            VenueFailure::OverBudget { .. } => (Reason::VenueRateLimited, failure.to_string()),
            VenueFailure::Unreadable { .. } => (Reason::VenueAnswerInvalid, failure.to_string()),
            VenueFailure::NotSent { .. } | VenueFailure::NoAnswer { .. } => (Reason::VenueUnavailable, failure.to_string()),
        };
        let at_least = self.later_look(settlement);
        let asked = asked_by(failure).map(|wait| later(self.inner.clock.now(), wait));
        delayed(settlement, reason, detail, asked.map_or(at_least, |asked| asked.max(at_least)))
    }

    pub(super) fn delay(&self, settlement: &Settlement, reason: Reason, detail: String) -> Step {
        delayed(settlement, reason, detail, self.later_look(settlement))
    }

    /// When to look again at a settlement: soon after its beginning, or after its acceptance, and ever less often.
    pub(super) fn later_look(&self, settlement: &Settlement) -> Timestamp {
        let (progress, settings, now) = (&settlement.progress, &self.inner.settings, self.inner.clock.now());
        let (since, longest) = match (&progress.venue, progress.dispatched_at) {
            // It is completed, and only what is told of it is missing.
            (Some(_), _) if progress.state == State::Completed => (progress.updated_at, settings.details_interval),
            (Some(_), Some(dispatched)) => (dispatched, settings.poll_interval),
            _ => (settlement.header.created_at, settings.longest_wait),
        };
        pace::next_look(settings.shortest_wait..=longest, settlement.id, since, now)
    }
}

/// A process that was stopped or starved since it recorded the attempt sends nothing: whoever takes the settlement over believes
/// that what may have left has arrived within the windows, and calls what the venue lacks then not created.
fn too_late_to_send() -> Step {
    let detail = "the gateway was held up before it sent anything".to_owned();
    Step::now(Change::NotSent { reason: Reason::VenueUnavailable, detail })
}

/// The settlement stays as it is until `due`; the reason shows, once.
fn delayed(settlement: &Settlement, reason: Reason, detail: String, due: Timestamp) -> Step {
    let due_at = Some(due);
    let untold = matches!(settlement.progress.state, State::Submitting | State::Completed);
    if settlement.progress.reason == Some(reason) || untold {
        return Step::Rest { due_at };
    }
    Step::Change { change: Change::Delayed { reason, detail }, due_at }
}

/// The guard's refusal to sign a second payload: on record before the settlement shows it.
fn refused(settlement: &Settlement, payload: &str, at: Timestamp) -> Refusal {
    let header = &settlement.header;
    Refusal {
        caller: header.caller.clone(),
        rpc: ASKED_BY.to_owned(),
        reason: Reason::SigningReferenceTaken.as_str().to_owned(),
        name: Some(header.external_id.as_str().to_owned()),
        key_id: Some(header.key_id.as_str().to_owned()),
        payload_digest: Some(PayloadDigest::of(payload)),
        at,
    }
}

/// Whether a reason comes from a look that failed, and so passes with one that succeeds.
pub(super) fn is_passing(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::VenueUnavailable
            | Reason::VenueCredentials
            | Reason::VenueForbidden
            | Reason::VenueRateLimited
            | Reason::VenueAnswerInvalid
    )
}

/// The longest wait that a venue can ask for.
const MAX_RETRY_AFTER_SECONDS: u32 = 900;

/// The wait that a refused post asks for.
fn retry_after(answer: &DispatchAnswer) -> Option<Duration> {
    match answer {
        DispatchAnswer::Answered { status: 429, retry_after_seconds, .. } => retry_after_seconds.map(bounded_wait),
        DispatchAnswer::OverBudget { wait } => Some(*wait),
        _ => None,
    }
}

/// The wait that a refused read asks for.
fn asked_by(failure: &VenueFailure) -> Option<Duration> {
    match failure {
        VenueFailure::Refused { status: 429, retry_after_seconds, .. } => retry_after_seconds.map(bounded_wait),
        VenueFailure::OverBudget { wait } => Some(*wait),
        _ => None,
    }
}

fn bounded_wait(seconds: u32) -> Duration {
    Duration::from_secs(seconds.min(MAX_RETRY_AFTER_SECONDS).into())
}
