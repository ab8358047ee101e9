//! BitGo's error bodies: `{error}`, `{error, errorName, reqId}`, `{error, name, requestId}`, `{}`, or no JSON at all.

use super::client::Answer;
use crate::domain::settlement::VenueError;
use crate::upstream::clean::{MAX_MESSAGE_CHARS, MAX_NAME_CHARS, bounded_without};
use crate::upstream::json::read_error;

/// What a refusal says, as far as it says anything; our own token is taken out.
pub(super) fn venue_error(answer: &Answer) -> VenueError {
    let value = read_error(&answer.response.body);
    let clean = |text: &str, max| bounded_without(text, &[answer.exchange.token()], max);
    let member = |names: &[&str], max| {
        let text = names.iter().find_map(|name| value.get(name)?.as_str());
        text.filter(|text| !text.is_empty()).map(|text| clean(text, max))
    };
    VenueError {
        name: member(&["errorName", "name"], MAX_NAME_CHARS),
        message: member(&["error", "message"], MAX_MESSAGE_CHARS),
        request_id: member(&["reqId", "requestId"], MAX_NAME_CHARS)
            .or_else(|| answer.response.header("x-request-id").map(|id| clean(id, MAX_NAME_CHARS))),
    }
}
