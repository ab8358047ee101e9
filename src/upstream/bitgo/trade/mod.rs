//! BitGo Trade (seed 003): settlements of trades between trading accounts, and their affirmations.

mod body;
mod map;
mod wire;

use async_trait::async_trait;
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;

use super::BitGo;
use super::client::{Answer, UNTRUSTED};
use super::error::venue_error;
use crate::domain::budget::Urgency;
use crate::domain::ids::{AffirmationId, SettlementId, same_id};
use crate::domain::settlement::VenueError;
use crate::domain::signing::Signature;
use crate::domain::trade::{
    Affirmation, AffirmationStatus, PartyAmounts, SettlementFees, Shown, Trade, TradeAnswer, VenueTradeSettlement,
};
use crate::upstream::http::CallError;
use crate::upstream::unmapped::{Unmapped, required};
use crate::upstream::{AccountAt, AffirmationWord, FeeQuery, TradeVenue, VenueFailure, json};

impl BitGo {
    fn account(&self, at: AccountAt<'_>, below: &[&str]) -> Result<Url, CallError> {
        let root = ["api", "trade", "v1", "enterprise", at.enterprise_id.as_str(), "account", at.account_id.as_str()];
        self.client.url(&[&root, below].concat())
    }
}

#[async_trait]
impl TradeVenue for BitGo {
    async fn trade_payload(&self, at: AccountAt<'_>, amounts: &[PartyAmounts]) -> Result<String, VenueFailure> {
        let url = self.account(at, &["payload"])?;
        let answer: wire::Payload =
            self.client.read_with(Urgency::Settling, Method::POST, url, Some(body::payload_request(amounts))).await?;
        Ok(required(answer.payload, "payload")?)
    }

    async fn create_trade_settlement(
        &self,
        at: AccountAt<'_>,
        payload: &str,
        signature: &Signature,
        trades: &[Trade],
    ) -> TradeAnswer {
        let called = match self.account(at, &["settlements"]) {
            Ok(url) => {
                self.client.call(Urgency::Settling, Method::POST, url, Some(body::creation(payload, signature, trades))).await
            }
            Err(error) => Err(error),
        };
        answer(called, |settlement| Shown::Settlement(Box::new(map::settlement(settlement))))
    }

    async fn put_affirmation(&self, at: AccountAt<'_>, id: &AffirmationId, word: AffirmationWord<'_>) -> TradeAnswer {
        let called = match self.account(at, &["affirmations", id.as_str()]) {
            Ok(url) => self.client.call(Urgency::Settling, Method::PUT, url, Some(body::affirmation(word))).await,
            Err(error) => Err(error),
        };
        answer(called, |affirmation| Shown::Affirmation(Box::new(map::affirmation(affirmation))))
    }

    async fn trade_settlements(&self, at: AccountAt<'_>, urgency: Urgency) -> Result<Vec<VenueTradeSettlement>, VenueFailure> {
        let url = self.account(at, &["settlements"])?;
        let list: wire::SettlementList = self.client.read_with(urgency, Method::GET, url, None).await?;
        let settlements = list.settlements.ok_or(Unmapped("settlements"))?;
        Ok(settlements.into_iter().map(map::settlement).collect())
    }

    async fn trade_settlement(&self, at: AccountAt<'_>, id: &SettlementId) -> Result<Option<VenueTradeSettlement>, VenueFailure> {
        let url = self.account(at, &["settlements", id.as_str()])?;
        let found = self.client.read_if_known(Urgency::Looking, url).await?.map(map::settlement);
        held(found, |settlement| settlement.id.as_deref(), id.as_str())
    }

    async fn affirmations(&self, at: AccountAt<'_>, status: Option<AffirmationStatus>) -> Result<Vec<Affirmation>, VenueFailure> {
        let mut url = self.account(at, &["affirmations"])?;
        if let Some(status) = status {
            url.query_pairs_mut().append_pair("status", status.as_str());
        }
        let list: wire::AffirmationList = self.client.read(Method::GET, url, None).await?;
        let affirmations = list.affirmations.ok_or(Unmapped("affirmations"))?;
        Ok(affirmations.into_iter().map(map::affirmation).collect())
    }

    async fn affirmation(
        &self,
        at: AccountAt<'_>,
        id: &AffirmationId,
        urgency: Urgency,
    ) -> Result<Option<Affirmation>, VenueFailure> {
        let url = self.account(at, &["affirmations", id.as_str()])?;
        let found = self.client.read_if_known(urgency, url).await?.map(map::affirmation);
        held(found, |affirmation| affirmation.id.as_deref(), id.as_str())
    }

    async fn calculate_fees(&self, at: AccountAt<'_>, query: &FeeQuery) -> Result<SettlementFees, VenueFailure> {
        let url = self.account(at, &["calculatefees"])?;
        let answer: wire::Fees = self.client.read(Method::POST, url, Some(body::fees(query))).await?;
        Ok(map::fees(answer))
    }

    fn reload_credential(&self) -> bool {
        self.client.reload_credential()
    }
}

/// What was read by an id must carry it.
fn held<T>(found: Option<T>, id: impl Fn(&T) -> Option<&str>, asked: &str) -> Result<Option<T>, VenueFailure> {
    match found {
        Some(found) if id(&found).is_some_and(|shown| same_id(shown, asked)) => Ok(Some(found)),
        Some(_) => Err(VenueFailure::Unreadable { detail: "the answer is another's".to_owned() }),
        None => Ok(None),
    }
}

/// What one write came to. A success that is no JSON, or not provably BitGo's, is no answer.
fn answer<T: DeserializeOwned>(called: Result<Answer, CallError>, show: impl FnOnce(T) -> Shown) -> TradeAnswer {
    let no_answer = |detail: &str| TradeAnswer::NoAnswer { detail: detail.to_owned() };
    let answer = match called {
        Ok(answer) => answer,
        Err(CallError::NotSent(detail)) => return TradeAnswer::NotSent { detail },
        Err(CallError::OverBudget(wait)) => return TradeAnswer::OverBudget { wait },
        Err(error @ CallError::HeldBack) => return TradeAnswer::NotSent { detail: error.to_string() },
        Err(error @ (CallError::NoAnswer(_) | CallError::TooLarge)) => return no_answer(&error.to_string()),
    };
    if !answer.response.is_success() {
        let error = venue_error(&answer);
        let is_proven =
            answer.is_trusted && error != VenueError::default() && json::read_error(&answer.response.body).is_object();
        return answered(&answer, None, error, is_proven);
    }
    match json::read(&answer.response.body) {
        _ if !answer.is_trusted => no_answer(UNTRUSTED),
        None => no_answer(json::GARBLED),
        Some(shown) => answered(&answer, Some(show(shown)), VenueError::default(), true),
    }
}

fn answered(answer: &Answer, shown: Option<Shown>, error: VenueError, is_proven: bool) -> TradeAnswer {
    TradeAnswer::Answered {
        status: answer.response.status,
        shown,
        error,
        retry_after_seconds: answer.response.retry_after_seconds(answer.at),
        is_proven,
    }
}
