//! A path that BitGo calls when a settlement's amounts are final.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use tracing::{error, info, warn};

use super::answers::{self, Met, count};
use super::key::VenueKey;
use super::token::{Refusal, TokenRules, verify};
use crate::domain::ids::EnterpriseId;
use crate::service::{Context, Received, SettlementCall, receive_settlement_call};

const SIGNATURE: &str = "x-bitgo-signature";
const VENUE: &str = "bitgo";

/// One path that BitGo calls.
pub struct BitGoEndpoint {
    /// The path; a segment such as `{id}` stands for any one.
    pub path: String,
    /// Whose settlements its calls are about.
    pub enterprises: Vec<EnterpriseId>,
    /// What its tokens are signed with.
    pub key: Arc<VenueKey>,
    /// What else is asked of its tokens.
    pub rules: TokenRules,
    /// The status of the answer to what is stored.
    pub status: StatusCode,
    /// The body of that answer.
    pub body: String,
}

impl BitGoEndpoint {
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Verifies, stores, answers, in this order: nobody's body is read who has not proved who it is.
    pub(super) async fn answer(&self, context: &Context, in_path: Vec<String>, request: Request, max_bytes: usize) -> Response {
        if request.method() != Method::POST && request.method() != Method::PUT {
            return answers::other_method("POST, PUT");
        }
        let token = match self.token(request.headers(), context) {
            Ok(token) => token,
            Err(refusal) => {
                info!(venue = VENUE, %refusal, "a call proved nothing");
                count(VENUE, Met::Refused);
                return answers::refused();
            }
        };
        let body = match answers::read(request, max_bytes).await {
            Ok(body) => body.to_vec(),
            Err(refused) => {
                count(VENUE, Met::TooLarge);
                return refused;
            }
        };
        let enterprises = self.enterprises.clone();
        let call = SettlementCall { lane: format!("{VENUE} {}", self.path), enterprises, token, in_path, body };
        match receive_settlement_call(context, call).await {
            Ok(Received::New) => self.taken(Met::Stored),
            Ok(Received::Repeat) => self.taken(Met::Repeated),
            Ok(Received::OtherBody) => {
                warn!(venue = VENUE, "a token came a second time, with another body");
                count(VENUE, Met::Refused);
                answers::refused()
            }
            Err(error) => {
                error!(venue = VENUE, %error, "a delivery could not be stored; the venue is asked to call again");
                count(VENUE, Met::NotStored);
                answers::not_stored()
            }
        }
    }

    fn taken(&self, met: Met) -> Response {
        count(VENUE, met);
        answers::taken(self.status, &self.body)
    }

    /// The id of the one token that the request carries.
    fn token(&self, headers: &HeaderMap, context: &Context) -> Result<String, Refusal> {
        let mut tokens = headers.get_all(SIGNATURE).iter();
        let (Some(token), None) = (tokens.next(), tokens.next()) else { return Err(Refusal::Malformed) };
        let token = token.to_str().map_err(|_| Refusal::Malformed)?;
        verify(token, &self.key.current(), &self.rules, context.clock.now())
    }
}
