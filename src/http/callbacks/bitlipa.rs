//! Where Bitlipa tells that a payout was executed or failed.
//!
//! It signs nothing: the unguessable end of the path is all that its calls
//! prove, so a path that was guessed wrong is answered like one that is not
//! there.

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use tracing::error;

use super::answers::{self, Met, count};
use super::paths;
use crate::domain::quote::CallbackToken;
use crate::service::{CalledQuote, Context, Received, called_quote, receive_quote_call};

const VENUE: &str = "bitlipa";

/// Where Bitlipa calls.
pub struct BitlipaEndpoint {
    pattern: String,
}

impl BitlipaEndpoint {
    /// An endpoint whose paths begin so; without a slash at the end.
    #[must_use]
    pub fn under(prefix: &str) -> Self {
        Self { pattern: format!("{prefix}/{{token}}") }
    }

    /// The token that a path ends in, where it may be one.
    pub(super) fn token(&self, path: &str) -> Option<CallbackToken> {
        CallbackToken::read(paths::places(&self.pattern, path)?.last()?)
    }

    /// Looks the token up, stores, answers: nobody's body is read who does not know one.
    pub(super) async fn answer(context: &Context, token: &CallbackToken, request: Request, max_bytes: usize) -> Response {
        let is_get = request.method() == Method::GET;
        if !is_get && request.method() != Method::POST {
            return answers::unknown_path();
        }
        let about = match called_quote(context, token).await {
            Ok(Some(about)) => about,
            Ok(None) => {
                count(VENUE, Met::Refused);
                return answers::unknown_path();
            }
            Err(error) => return not_stored(&error),
        };
        let query = request.uri().query().unwrap_or_default().as_bytes().to_vec();
        match answers::read(request, max_bytes).await {
            Ok(_) if is_get => store(context, about, query).await,
            Ok(body) => store(context, about, body.to_vec()).await,
            Err(refused) => {
                count(VENUE, Met::TooLarge);
                refused
            }
        }
    }
}

async fn store(context: &Context, about: CalledQuote, body: Vec<u8>) -> Response {
    match receive_quote_call(context, about, body).await {
        Ok(received) => {
            count(VENUE, if received == Received::New { Met::Stored } else { Met::Repeated });
            answers::taken(StatusCode::OK, "")
        }
        Err(error) => not_stored(&error),
    }
}

fn not_stored(error: &impl std::fmt::Display) -> Response {
    error!(venue = VENUE, %error, "a delivery could not be stored; the venue is asked to call again");
    count(VENUE, Met::NotStored);
    answers::not_stored()
}
