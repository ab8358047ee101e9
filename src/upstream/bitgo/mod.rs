//! BitGo's Go Network (seeds 000, 001 and 002).

mod auth;
mod balances;
mod body;
mod client;
mod dispatch;
mod error;
mod found;
mod map;
mod operation;
mod reads;
mod trade;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::{Method, Url};

use super::credential::Credential;
use super::http::{BuildError, CallError, HttpOptions};
use super::unmapped::required;
use super::{Allowance, GoNetwork, VenueFailure};
use crate::domain::budget::Urgency;
use crate::domain::client_settlement::{ClientSettlement, ClientSettlementQuery};
use crate::domain::ids::{EnterpriseId, ExternalId, same_id};
use crate::domain::settlement::{DispatchAnswer, Intent, NetworkBalance, Route, VenueSettlement};
use crate::domain::signing::Signature;
use crate::domain::time::Clock;
pub use auth::RequestAuth;
use client::Client;
use dispatch::dispatch_answer;

/// How the text to sign is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningMethod {
    /// POST, which passes through BitGo Express; the token needs the write scope.
    Post,
    /// GET with a body, as the guide shows it; the read scope is enough, but BitGo Express drops the body.
    Get,
}

/// One enterprise's access.
pub struct BitGoOptions {
    /// Where BitGo, or a BitGo Express, is: scheme, host and, behind a proxy, the first part of the path.
    pub base_url: String,
    /// The enterprise's access token.
    pub credential: Credential,
    /// How requests are authenticated.
    pub auth: RequestAuth,
    /// How the text to sign is asked for.
    pub signing_method: SigningMethod,
    /// How the venue is reached.
    pub http: HttpOptions,
    /// Gives leave for each request.
    pub allowance: Arc<dyn Allowance>,
    /// Dates the signed requests.
    pub clock: Arc<dyn Clock>,
}

/// The path that a settlement is posted to, below the base URL.
#[must_use]
pub fn settlements_path(enterprise_id: &EnterpriseId, route: Route) -> String {
    format!("/api/network/{}/enterprises/{enterprise_id}/partners/settlements", route.as_str())
}

/// BitGo's Go Network over HTTP.
pub struct BitGo {
    client: Client,
    signing_method: SigningMethod,
}

impl BitGo {
    /// Sets up the access of one enterprise; nothing is called yet.
    ///
    /// # Errors
    /// [`BuildError`] when the base URL, the certificates or the token do not fit the options.
    pub fn new(options: BitGoOptions) -> Result<Self, BuildError> {
        let signing_method = options.signing_method;
        Ok(Self { client: Client::new(options)?, signing_method })
    }

    fn partners(&self, version: &str, enterprise_id: &EnterpriseId, resource: &str) -> Result<Url, CallError> {
        self.client.url(&["api", "network", version, "enterprises", enterprise_id.as_str(), "partners", resource])
    }

    fn client_url(&self, query: &ClientSettlementQuery) -> Result<Url, CallError> {
        let enterprise = query.enterprise_id.as_str();
        let settlement = query.settlement_id.as_str();
        let mut url =
            self.client.url(&["api", "network", "v1", "enterprises", enterprise, "clients", "settlements", settlement])?;
        let mut pairs = url.query_pairs_mut();
        pairs.extend_pairs(query.currencies.iter().map(|currency| ("currencies", currency.as_str())));
        pairs.append_pair("pageNumber", &query.page_number.to_string());
        pairs.append_pair("pageSize", &query.page_size.to_string());
        drop(pairs);
        Ok(url)
    }
}

#[async_trait]
impl GoNetwork for BitGo {
    async fn signing_payload(&self, intent: &Intent, urgency: Urgency) -> Result<String, VenueFailure> {
        let url = self.partners("v1", &intent.asked.enterprise_id, "settlements-signing")?;
        let method = match self.signing_method {
            SigningMethod::Post => Method::POST,
            SigningMethod::Get => Method::GET,
        };
        let body = Some(body::signing_request(intent));
        let answer: wire::SigningPayload = self.client.read_with(urgency, method, url, body).await?;
        Ok(required(answer.payload, "payload")?)
    }

    fn settlement_body(&self, intent: &Intent, payload: &str, signature: &Signature) -> Vec<u8> {
        body::settlement_post(intent, payload, signature)
    }

    async fn post_settlement(&self, enterprise_id: &EnterpriseId, route: Route, body: &[u8]) -> DispatchAnswer {
        let called = match self.partners(route.as_str(), enterprise_id, "settlements") {
            Ok(url) => self.client.call(Urgency::Settling, Method::POST, url, Some(body.to_vec())).await,
            Err(error) => Err(error),
        };
        dispatch_answer(called)
    }

    async fn find_settlement(
        &self,
        enterprise_id: &EnterpriseId,
        external_id: &ExternalId,
    ) -> Result<Option<VenueSettlement>, VenueFailure> {
        let mut url = self.partners("v1", enterprise_id, "settlements")?;
        url.query_pairs_mut().append_pair("externalIds", external_id.as_str());
        let list: wire::SettlementList = self.client.read_with(Urgency::Settling, Method::GET, url, None).await?;
        found::one_of(list, external_id)
    }

    async fn network_balances(&self, enterprise_id: &EnterpriseId) -> Result<Vec<NetworkBalance>, VenueFailure> {
        let url = self.partners("v1", enterprise_id, "balances")?;
        balances::all(&self.client, &url).await
    }

    async fn client_settlement(&self, query: &ClientSettlementQuery) -> Result<ClientSettlement, VenueFailure> {
        let answer: wire::SettlementDetail = self.client.read(Method::GET, self.client_url(query)?, None).await?;
        let page = map::settlement_detail(answer)?;
        if same_id(&page.settlement.settlement_id, query.settlement_id.as_str()) {
            Ok(page)
        } else {
            Err(VenueFailure::Unreadable { detail: "the answer is another settlement's".to_owned() })
        }
    }

    fn reload_credential(&self) -> bool {
        self.client.reload_credential()
    }
}
