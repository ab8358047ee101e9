//! What each answer of the venue means: the table of `docs/architecture.md`, as one function.
//!
//! Whatever is not listed is unknown. A refusal is believed at once only when
//! no earlier attempt can have taken effect and the venue's contract leaves no
//! doubt; otherwise, and where the answer may be a proxy's, a read-back decides.

use super::Header;
use super::change::Change;
use super::intent::Route;
use super::reason::Reason;
use super::venue::{DispatchAnswer, VenueError, VenueSettlement};

/// What the answer to a post changes. `exposed`: an earlier attempt may have taken effect.
#[must_use]
pub fn verdict(answer: DispatchAnswer, header: &Header, exposed: bool) -> Change {
    match answer {
        DispatchAnswer::NotSent { detail } => Change::NotSent { reason: Reason::VenueUnavailable, detail },
        DispatchAnswer::OverBudget { .. } => {
            Change::NotSent { reason: Reason::VenueRateLimited, detail: "the venue's budget of calls is spent".to_owned() }
        }
        DispatchAnswer::NoAnswer { detail } => silence(Reason::VenueUnavailable, detail),
        DispatchAnswer::Answered { status, settlement: Some(settlement), .. } if carries_settlements(status) => {
            judge_settlement(status, settlement, header)
        }
        DispatchAnswer::Answered { status, error, is_proven, .. } => {
            judge_status(status, &error, header.route, exposed || !is_proven)
        }
    }
}

/// The statuses under which the venue documents a settlement in the body.
fn carries_settlements(status: u16) -> bool {
    matches!(status, 200..=299 | 401 | 500)
}

fn judge_settlement(status: u16, settlement: Box<VenueSettlement>, header: &Header) -> Change {
    if settlement.is_for(&header.external_id, header.cutoff, header.notes.as_ref()) {
        return Change::Taken { venue: settlement };
    }
    let detail = "the venue answered with a settlement that was not asked for".to_owned();
    if status < 300 {
        Change::Parked { reason: Reason::VenueAnsweredOther, detail }
    } else {
        silence(Reason::VenueAnswerInvalid, detail)
    }
}

fn judge_status(status: u16, error: &VenueError, route: Route, may_hide: bool) -> Change {
    let detail = describe(status, error);
    match status {
        200..=299 => silence(Reason::VenueAnswerInvalid, detail),
        400 => refused(bad_request(error), detail, may_hide),
        401 => doubted(Reason::VenueCredentials, detail),
        403 => refused(forbidden(error, route), detail, may_hide),
        409 => Change::Parked { reason: Reason::VenueConflict, detail },
        422 => doubted(Reason::LiabilitiesExceedBalance, detail),
        429 => Change::NotSent { reason: Reason::VenueRateLimited, detail },
        _ => silence(Reason::VenueUnavailable, detail),
    }
}

fn refused(reason: Reason, detail: String, may_hide: bool) -> Change {
    if may_hide { doubted(reason, detail) } else { Change::NotAccepted { reason, detail } }
}

fn doubted(reason: Reason, detail: String) -> Change {
    Change::Unanswered { refusal: Some(reason), reason, detail }
}

fn silence(reason: Reason, detail: String) -> Change {
    Change::Unanswered { refusal: None, reason, detail }
}

/// The reason behind a 400: the venue documents an invalid signature under the same status.
#[must_use]
pub fn bad_request(error: &VenueError) -> Reason {
    if mentions(error, "signature") { Reason::VenueRejectedSignature } else { Reason::VenueRejectedRequest }
}

/// The reason behind a 403: on route v1 the venue documents it for enterprises with disputes.
#[must_use]
pub fn forbidden(error: &VenueError, route: Route) -> Reason {
    if route == Route::V1 && mentions(error, "dispute") { Reason::DisputesEnabledUseV2 } else { Reason::VenueForbidden }
}

/// The venue's status and error in one line, for people.
#[must_use]
pub fn describe(status: u16, error: &VenueError) -> String {
    let mut text = format!("the venue answered {status}");
    for part in [&error.name, &error.message].into_iter().flatten() {
        text.push_str(": ");
        text.push_str(part);
    }
    if let Some(request_id) = &error.request_id {
        text.push_str(&format!(" (request {request_id})"));
    }
    text
}

fn mentions(error: &VenueError, word: &str) -> bool {
    [&error.name, &error.message].into_iter().flatten().any(|text| text.to_ascii_lowercase().contains(word))
}
