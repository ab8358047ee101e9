//! What one post of a settlement came to.

use super::client::{Answer, UNTRUSTED};
use super::error::venue_error;
use super::{map, wire};
use crate::domain::settlement::{DispatchAnswer, VenueError, VenueSettlement};
use crate::upstream::http::CallError;
use crate::upstream::json;

/// The answer to a post, or its absence.
///
/// A success whose body is no JSON, or not provably BitGo's, is no answer: it says nothing of the settlement.
pub(super) fn dispatch_answer(called: Result<Answer, CallError>) -> DispatchAnswer {
    let answer = match called {
        Ok(answer) => answer,
        Err(CallError::NotSent(detail)) => return DispatchAnswer::NotSent { detail },
        Err(CallError::OverBudget(wait)) => return DispatchAnswer::OverBudget { wait },
        Err(error @ CallError::HeldBack) => return DispatchAnswer::NotSent { detail: error.to_string() },
        Err(CallError::NoAnswer(detail)) => return no_answer(detail),
        Err(error @ CallError::TooLarge) => return no_answer(&error.to_string()),
    };
    let body: Option<wire::PostAnswer> = json::read(&answer.response.body);
    match (answer.response.is_success(), answer.is_trusted, body) {
        (true, false, _) => no_answer(UNTRUSTED),
        (true, true, None) => no_answer(json::GARBLED),
        (true, true, Some(body)) => answered(&answer, settlement(body), VenueError::default(), true),
        // A settlement in a refusal is believed on the same terms as in a success.
        (false, true, Some(body)) => answered(&answer, settlement(body), venue_error(&answer), true),
        // No JSON, or not provably BitGo's: a proxy before the venue may have answered.
        (false, _, _) => answered(&answer, None, venue_error(&answer), false),
    }
}

fn answered(answer: &Answer, settlement: Option<Box<VenueSettlement>>, error: VenueError, is_proven: bool) -> DispatchAnswer {
    DispatchAnswer::Answered {
        status: answer.response.status,
        settlement,
        error,
        retry_after_seconds: answer.response.retry_after_seconds(answer.at),
        is_proven,
    }
}

/// The settlement in a body, where there is one with all that it must have.
fn settlement(body: wire::PostAnswer) -> Option<Box<VenueSettlement>> {
    let settlement = json::read(body.settlement?.get().as_bytes())?;
    map::settlement(settlement).ok().map(Box::new)
}

fn no_answer(detail: &str) -> DispatchAnswer {
    DispatchAnswer::NoAnswer { detail: detail.to_owned() }
}
