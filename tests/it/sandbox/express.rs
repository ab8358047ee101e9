//! BitGo by way of BitGo Express, and what a proxy in front of it does to answers.

use serde_json::{Value, json};
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, RetryAfter, Sandbox, SandboxConfig};

use super::support::{ManualClock, PARTNER, Partner, TOKEN, config, content, partner, started};

async fn by_express() -> (Sandbox, Partner) {
    let config = SandboxConfig { express: true, ..config(&ManualClock::new(), partner()) };
    let sandbox = Sandbox::start(config).await.unwrap();
    let venue = Partner::of(&sandbox);
    (sandbox, venue)
}

fn once(sandbox: &Sandbox, on: Endpoint, behaviour: Behaviour) {
    sandbox.faults().push(Fault { on, times: 1, behaviour });
}

fn status(status: u16, body: Body) -> Behaviour {
    Behaviour::Status { status, body, effect: true }
}

#[tokio::test]
async fn the_body_of_a_get_does_not_arrive_and_that_of_a_post_does() {
    let (_sandbox, venue) = by_express().await;
    let url = venue.url("v1", "partners/settlements-signing");
    let asked = venue.http.get(&url).bearer_auth(TOKEN).json(&content("day-1")).send().await.unwrap();
    assert_eq!(asked.status(), 400);
    let body = venue.body(&content("day-1")).await;
    let (status, answer) = venue.post("v1", &body).await;
    assert_eq!((status, &answer["settlement"]["status"]), (200, &json!("completed")));
}

#[tokio::test]
async fn headers_are_dropped_both_ways() {
    let (sandbox, venue) = by_express().await;
    once(&sandbox, Endpoint::Any, Behaviour::TooManyRequests { retry_after: RetryAfter::Seconds(7) });
    let limited = venue.get("partners").await;
    assert_eq!((limited.status().as_u16(), limited.headers().get("retry-after")), (429, None));
    let signed = venue.http.get(venue.url("v1", "partners")).bearer_auth(TOKEN).header("bitgo-auth-version", "3.0");
    assert_eq!(signed.send().await.unwrap().status(), 200, "the version did not arrive");
}

#[tokio::test]
async fn a_time_out_of_the_proxy_says_503_while_the_request_goes_on() {
    for (sandbox, venue) in [started(partner()).await, by_express().await] {
        let body = venue.body(&content("day-1")).await;
        once(&sandbox, Endpoint::SettlementPost, Behaviour::GatewayTimeout { effect_after_ms: 20 });
        let answer = venue.try_post("v1", &body).await.unwrap();
        assert_eq!(answer.status(), 503);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
        let patience = std::time::Duration::from_secs(30);
        let effect = async {
            while sandbox.ledger().settlement(PARTNER, "day-1").unwrap().created == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(patience, effect).await.expect("the request never took effect");
    }
}

#[tokio::test]
async fn an_error_can_quote_the_callers_credential() {
    let (sandbox, venue) = by_express().await;
    once(&sandbox, Endpoint::PartnerReads, status(511, Body::EchoedToken));
    let answer = venue.get("partners").await;
    assert_eq!(answer.status(), 511);
    assert!(answer.text().await.unwrap().contains(TOKEN));
}

#[tokio::test]
async fn an_error_can_carry_another_settlement_or_be_enormous() {
    let (sandbox, venue) = started(partner()).await;
    let body = venue.body(&content("day-1")).await;
    once(&sandbox, Endpoint::SettlementPost, status(500, Body::AnotherSettlement));
    let (answered, answer) = venue.post("v1", &body).await;
    assert_eq!((answered, answer["settlement"]["externalId"].as_str()), (500, Some("another-settlement")));
    once(&sandbox, Endpoint::PartnerReads, status(500, Body::Enormous));
    let answer = venue.get("partners").await;
    assert_eq!((answer.status().as_u16(), answer.content_length()), (500, Some(104_857_600)));
}

#[tokio::test]
async fn the_date_of_an_answer_can_be_off() {
    let (sandbox, venue) = started(partner()).await;
    once(&sandbox, Endpoint::PartnerReads, Behaviour::DateSkew { seconds: -90 });
    let answer = venue.get("partners").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["date"], "Wed, 18 Mar 2026 11:58:30 GMT");
}

#[tokio::test]
async fn what_is_absent_can_be_null_as_in_the_samples() {
    let (sandbox, venue) = started(partner()).await;
    let (_, answer) = venue.post("v1", &venue.body(&content("day-1")).await).await;
    assert!(answer["settlement"].get("cutoffAt").is_none());
    once(&sandbox, Endpoint::Any, Behaviour::SampleNulls);
    let listed = venue.get_json("partners/settlements").await;
    assert_eq!(listed["settlements"][0].get("cutoffAt"), Some(&Value::Null));
    assert_eq!(listed["settlements"][0]["finalizedAt"], "2026-03-18T12:00:00.000Z", "what is there stays");
}
