//! No status tells a secret, SQL or a place on the machine.

use settlement_gateway::grpc::pb::{self, ListKeysRequest};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use settlement_gateway::secret::Secret;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tonic::{Code, Status};

use super::known::{caller, of, token, with_header};
use super::requests::{client_settlement, get, quote, settle, sign, trade_payload};
use crate::support::gateway::{GatewayUnderTest, V1, V1_KEY, V2_KEY};
use crate::support::told::{Told, assert_told};

/// Secrets that may appear nowhere.
const VENUE_TOKEN: &str = "v2xcanaryofthevenue";
const BITLIPA_SECRET: &str = "sk_canary_of_bitlipa";
/// A key that is sealed with a passphrase, as BitGo hands it out.
const SEALED: &str = include_str!("../../golden/encrypted_prv.json");
/// Words that only the inside uses.
const INSIDE: [&str; 9] = ["SELECT ", "INSERT ", "UPDATE ", "sqlite", "no such table", "journal.db", "/tmp/", "sqlx", "reqwest"];

/// A gateway full of secrets, and all of them.
async fn with_secrets() -> (GatewayUnderTest, Vec<String>) {
    let golden: serde_json::Value = serde_json::from_str(SEALED).unwrap();
    let text = |field: &str| golden["vectors"][0][field].as_str().unwrap().to_owned();
    let mut secrets = vec![VENUE_TOKEN.to_owned(), BITLIPA_SECRET.to_owned(), token("all"), text("password"), text("plaintext")];
    let everything = "rpcs = [\"*\"]\nenterprises = [\"*\"]\nmerchants = [\"*\"]\nkeys = [\"*\"]\nunlimited_currencies = true";
    let gateway = GatewayUnderTest::start_with(|setup| {
        let sealed = "[[keys]]\nid = \"sealed\"\nencrypted_prv_file = \"sealed.json\"\n\
                      passphrase_file = \"sealed.passphrase\"\npurposes = [\"trade\"]\n";
        setup.callers = caller("all", everything) + sealed;
        setup.enterprise(V1).token = Secret::from_text(VENUE_TOKEN.to_owned());
        setup.sandbox.bitlipa_secret = Secret::from_text(BITLIPA_SECRET.to_owned());
        setup.write_secret("sealed.json", &text("envelope"));
        setup.write_secret("sealed.passphrase", &text("password"));
        secrets.extend(setup.keys.iter().map(|key| key.xprv()));
    })
    .await;
    (gateway, secrets)
}

#[track_caller]
fn assert_silent(status: &Status, secrets: &[String]) {
    let details = String::from_utf8_lossy(status.details());
    let headers = format!("{:?}", status.metadata());
    let inside = INSIDE.map(str::to_owned);
    for word in secrets.iter().chain(&inside) {
        for text in [status.message(), &details, &headers, &format!("{status:?}")] {
            assert!(!text.contains(word), "{word:?} is told: {status:?}");
        }
    }
}

/// What callers can do wrong.
async fn callers_faults(gateway: &GatewayUnderTest) -> Vec<Status> {
    let (mut settlements, mut signing) = (gateway.settlements().await, gateway.signing().await);
    let wrong = format!("Bearer {}x", token("all"));
    let basic = format!("Basic {}", token("all"));
    vec![
        signing.list_keys(with_header(Some(&wrong), ListKeysRequest {})).await.unwrap_err(),
        signing.list_keys(with_header(Some(&basic), ListKeysRequest {})).await.unwrap_err(),
        signing.sign_payload(of("all", sign(V1_KEY, "raw bytes"))).await.unwrap_err(),
        signing.sign_payload(of("all", sign(V2_KEY, super::requests::settlement_payload("x", "1", "1")))).await.unwrap_err(),
        signing.sign_payload(of("all", sign("key-none", trade_payload("1")))).await.unwrap_err(),
        signing.sign_payload(of("all", sign("sealed", "raw bytes"))).await.unwrap_err(),
        settlements.get_settlement(of("all", get(V1, "nobody"))).await.unwrap_err(),
        settlements.get_settlement(of("all", get("", ""))).await.unwrap_err(),
        settlements.initiate_settlement(of("all", settle("ent-none", "x"))).await.unwrap_err(),
    ]
}

/// What venues can do wrong, whatever they put into their bodies.
async fn venues_faults(gateway: &GatewayUnderTest) -> Vec<Status> {
    let mut statuses = Vec::new();
    for status in [400, 401, 403, 404, 409, 422, 500, 503] {
        for body in [Body::Error, Body::ErrorName, Body::NameRequestId, Body::Bitlipa, Body::Html, Body::Truncated] {
            let behaviour = Behaviour::Status { status, body, effect: false };
            gateway.disturb(Fault { on: Endpoint::Any, times: 1_000, behaviour });
            let mut settlements = gateway.settlements().await;
            let mut preview = settle(V1, "preview");
            preview.validate_only = true;
            statuses.extend(settlements.initiate_settlement(of("all", preview)).await.err());
            statuses.extend(settlements.get_client_settlement(of("all", client_settlement(V1))).await.err());
            statuses.extend(gateway.quotes().await.create_quote(of("all", quote())).await.err());
            gateway.sandbox.faults().clear();
        }
    }
    statuses
}

#[tokio::test]
async fn no_failure_tells_a_secret_or_the_inside() {
    let (gateway, secrets) = with_secrets().await;
    let statuses = [callers_faults(&gateway).await, venues_faults(&gateway).await].concat();
    assert!(statuses.len() > 100, "{}", statuses.len());
    for status in &statuses {
        assert_silent(status, &secrets);
    }
}

#[tokio::test]
async fn a_broken_journal_is_unavailable_and_says_nothing_of_itself() {
    let (gateway, secrets) = with_secrets().await;
    let behind = SqliteConnectOptions::new().filename(gateway.folder().join("journal.db"));
    let mut behind = behind.connect().await.unwrap();
    for table in ["settlement", "quote", "quote_request", "signing_reservation"] {
        let rename = format!("ALTER TABLE {table} RENAME TO {table}_gone");
        sqlx::query(sqlx::AssertSqlSafe(rename)).execute(&mut behind).await.unwrap();
    }
    let (mut settlements, mut signing) = (gateway.settlements().await, gateway.signing().await);
    let list = pb::ListSettlementsRequest { enterprise_id: V1.to_owned(), ..Default::default() };
    let statuses = [
        settlements.initiate_settlement(of("all", settle(V1, "x"))).await.unwrap_err(),
        settlements.get_settlement(of("all", get(V1, "x"))).await.unwrap_err(),
        settlements.list_settlements(of("all", list)).await.unwrap_err(),
        signing.sign_payload(of("all", sign(V1_KEY, trade_payload("1")))).await.unwrap_err(),
        gateway.quotes().await.create_quote(of("all", quote())).await.unwrap_err(),
    ];
    for status in &statuses {
        assert_silent(status, &secrets);
        assert_told(&Told::by(status), Code::Unavailable, "STORE_UNAVAILABLE");
    }
    assert_eq!(Told::by(&statuses[0]).about("outcome"), "UNKNOWN", "a write that may be stored says so");
    assert!(gateway.sandbox.ledger().settlement(V1, "x").is_none());
}
