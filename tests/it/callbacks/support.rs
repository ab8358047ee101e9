//! A gateway that a venue can call, and a venue that signs.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};
use settlement_gateway::grpc::pb::{InitiateSettlementRequest, Settlement, SettlementAmount, SettlementState};
use settlement_gateway::sandbox::EXAMPLE_CONNECTIONS;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::support::clock::ManualClock;
use crate::support::gateway::{GatewayUnderTest, Setup, V2};

/// Where BitGo calls.
pub(super) const PATH: &str = "/bitgo/v1/finalize";
/// What is answered to what is stored.
pub(super) const ANSWER: &str = r#"{"status":"received"}"#;
/// How long the venue's windows last; far longer than any test.
pub(super) const WINDOW: Duration = Duration::from_secs(3_600);

/// The venue's key pair.
pub(crate) fn venue_key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(new_key)
}

/// A key pair that nobody knows yet.
pub(super) fn new_key() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

/// The claims of a fresh token.
pub(crate) fn claims(jti: &str) -> Value {
    let now = Timestamp::now().as_second();
    json!({ "iss": "bitgo", "iat": now, "exp": now + 60, "jti": jti })
}

/// A token by a key.
pub(super) fn token_by(key: &KeyPair, header: &Header, claims: &Value) -> String {
    encode(header, claims, &EncodingKey::from_rsa_pem(key.serialize_pem().as_bytes()).unwrap()).unwrap()
}

/// A token as the venue makes it.
pub(crate) fn token(claims: &Value) -> String {
    token_by(venue_key(), &Header::new(Algorithm::RS256), claims)
}

/// A gateway that looks at what the venue has once in many minutes, unless it is called, and the venue's clock.
pub(super) struct Called {
    pub(super) gateway: GatewayUnderTest,
    pub(super) venue_clock: Arc<ManualClock>,
    client: reqwest::Client,
}

/// The answer to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Called {
    pub(super) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// A gateway whose setup is changed before it starts, and a venue whose clock the test moves.
    pub(super) async fn start_with(change: impl FnOnce(&mut Setup)) -> Self {
        let venue_clock = ManualClock::at(Timestamp::now());
        let clock = Arc::clone(&venue_clock);
        let called = Self::start_by_real_time(|setup| {
            setup.sandbox.clock = clock;
            change(setup);
        });
        Self { venue_clock, ..called.await }
    }

    /// The same with a venue that has the machine's clock.
    pub(super) async fn start_by_real_time(change: impl FnOnce(&mut Setup)) -> Self {
        let venue_clock = ManualClock::at(Timestamp::now());
        let gateway = GatewayUnderTest::start_with(|setup| {
            setup.enterprise(V2).dispute_window_ms = i64::try_from(WINDOW.as_millis()).unwrap();
            setup.engine = "shortest_wait_ms = 60000\nlongest_wait_ms = 600000\npoll_interval_ms = 600000\n\
                            longest_rest_ms = 50"
                .to_owned();
            setup.write_secret("venue.pem", &venue_key().public_key_pem());
            setup.callbacks = endpoint(PATH, "public_key_file = \"venue.pem\"");
            change(setup);
        })
        .await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { gateway, venue_clock, client }
    }

    pub(super) async fn restart(self) -> Self {
        Self { gateway: self.gateway.restart().await, ..self }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.gateway.app.callbacks_address().unwrap())
    }

    /// Calls a path with a method, a token and a body.
    pub(super) async fn request(&self, method: &str, path: &str, token: Option<&str>, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.client.request(method.parse().unwrap(), self.url(path)).body(body);
        let request = match token {
            Some(token) => request.header("X-BitGo-Signature", token),
            None => request,
        };
        let response = request.send().await.unwrap();
        Answer { status: response.status().as_u16(), body: response.text().await.unwrap() }
    }

    /// Calls as the venue does, with a token for this call alone.
    pub(super) async fn call(&self, token: &str, body: &str) -> Answer {
        self.request("POST", PATH, Some(token), body.to_owned()).await
    }

    /// A settlement that the venue has and that its windows keep.
    pub(super) async fn pending(&self, external_id: &str) -> Settlement {
        let mut client = self.gateway.settlements().await;
        let settled = client.initiate_settlement(settle(V2, external_id)).await.unwrap().into_inner().settlement.unwrap();
        assert_eq!(settled.state(), SettlementState::Pending);
        settled
    }

    /// Lets the venue's windows end; the gateway does not know.
    pub(super) fn end_windows(&self) {
        self.venue_clock.advance(WINDOW * 2);
    }

    /// Waits until a settlement is completed.
    pub(super) async fn completed(&self, external_id: &str) -> Settlement {
        self.gateway.until(V2, external_id, |view| view.state() == SettlementState::Completed).await
    }

    /// The deliveries in the journal, with what became of each.
    pub(super) async fn inbox(&self) -> Vec<(Vec<u8>, Option<String>)> {
        let path = self.gateway.folder().join("journal.db");
        let mut journal = SqliteConnectOptions::new().filename(path).read_only(true).connect().await.unwrap();
        sqlx::query_as("SELECT body, outcome FROM delivery ORDER BY id").fetch_all(&mut journal).await.unwrap()
    }

    /// Waits until every delivery was acted on, and answers the outcomes.
    pub(super) async fn outcomes(&self) -> Vec<String> {
        crate::support::gateway::within(async {
            loop {
                let outcomes: Option<Vec<String>> = self.inbox().await.into_iter().map(|(_, outcome)| outcome).collect();
                match outcomes {
                    Some(outcomes) => return outcomes,
                    None => tokio::task::yield_now().await,
                }
            }
        })
        .await
    }
}

fn settle(enterprise: &str, external_id: &str) -> InitiateSettlementRequest {
    let leg = |connection: &str, currency: &str, amount: &str| SettlementAmount {
        connection_id: connection.to_owned(),
        counterparty_connection_id: None,
        currency: currency.to_owned(),
        amount: amount.to_owned(),
    };
    let [first, second] = EXAMPLE_CONNECTIONS;
    InitiateSettlementRequest {
        enterprise_id: enterprise.to_owned(),
        external_id: external_id.to_owned(),
        settlement_amounts: vec![leg(first, "BTC", "1.50"), leg(second, "USD", "-99.5")],
        cutoff_at: Some(prost_types::Timestamp { seconds: 1_773_835_200, nanos: 0 }),
        ..InitiateSettlementRequest::default()
    }
}

/// A section of the configuration for one path, with what its key is.
pub(super) fn endpoint(path: &str, key: &str) -> String {
    format!(
        "[callbacks]\nlisten = \"127.0.0.1:0\"\nmax_requests_per_minute = 60000\n[[callbacks.bitgo]]\npath = \"{path}\"\n\
         enterprises = [\"{V2}\"]\n{key}\nissuer = \"bitgo\"\nanswer_status = 202\nanswer_body = '{ANSWER}'\n"
    )
}

/// What the venue's call tells of a settlement.
pub(super) fn body(settlement: &Settlement) -> String {
    let amounts = json!({ "connection": { "BTC": "999999" } });
    json!({ "settlementId": settlement.settlement_id, "externalId": settlement.external_id, "settlementAmounts": amounts, "status": "rejected" })
        .to_string()
}
