//! Each way in which a venue can be told to misbehave.

use std::time::{Duration, Instant};

use serde_json::Value;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, RetryAfter, Sandbox, Tamper};

use super::support::{PARTNER, content, partner, sign, started};

/// Whether a body is as it should be.
type Holds = fn(&str) -> bool;

fn once(sandbox: &Sandbox, on: Endpoint, behaviour: Behaviour) {
    sandbox.faults().push(Fault { on, times: 1, behaviour });
}

fn status(status: u16, body: Body, effect: bool) -> Behaviour {
    Behaviour::Status { status, body, effect }
}

#[tokio::test]
async fn accept_then_cut_takes_effect_and_the_client_sees_a_broken_connection() {
    let (sandbox, venue) = started(partner()).await;
    let body = venue.body(&content("day-1")).await;
    once(&sandbox, Endpoint::SettlementPost, Behaviour::AcceptThenCut);
    let error = venue.try_post("v1", &body).await.unwrap_err();
    assert!(error.is_request() && !error.is_connect() && !error.is_timeout(), "{error:?}");
    assert_eq!(sandbox.ledger().settlement(PARTNER, "day-1").unwrap().created, 1);
    assert_eq!(venue.post("v1", &body).await.0, 200);
    let ledger = sandbox.ledger();
    let entry = ledger.settlement(PARTNER, "day-1").unwrap();
    assert_eq!((entry.created, entry.posts, entry.body_digests.len()), (1, 2, 1));
}

#[tokio::test]
async fn cut_before_takes_no_effect_and_is_still_noted_as_a_post() {
    let (sandbox, venue) = started(partner()).await;
    let body = venue.body(&content("day-1")).await;
    once(&sandbox, Endpoint::SettlementPostV1, Behaviour::CutBefore);
    assert!(venue.try_post("v1", &body).await.is_err());
    let ledger = sandbox.ledger();
    let entry = ledger.settlement(PARTNER, "day-1").unwrap();
    assert_eq!((entry.created, entry.posts), (0, 1));
}

#[tokio::test]
async fn a_delayed_answer_takes_effect_although_the_client_has_given_up() {
    let (sandbox, venue) = started(partner()).await;
    let body = venue.body(&content("day-1")).await;
    once(&sandbox, Endpoint::SettlementPost, Behaviour::DelayBefore { ms: 300 });
    let url = venue.url("v1", "partners/settlements");
    let asking = tokio::spawn(venue.http.post(url).bearer_auth(&venue.token).json(&body).send());
    while sandbox.faults().waiting() > 0 {
        tokio::task::yield_now().await;
    }
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    let deadline = Instant::now() + Duration::from_secs(10);
    while sandbox.ledger().settlement(PARTNER, "day-1").is_none_or(|entry| entry.created == 0) {
        assert!(Instant::now() < deadline, "the late request never took effect");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_late_answer_comes_after_its_effect() {
    let (sandbox, venue) = started(partner()).await;
    let body = venue.body(&content("day-1")).await;
    once(&sandbox, Endpoint::SettlementPost, Behaviour::DelayAfter { ms: 30 });
    let asked = Instant::now();
    assert_eq!(venue.post("v1", &body).await.0, 200);
    assert!(asked.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn stopping_cuts_what_a_fault_delays() {
    let (sandbox, venue) = started(partner()).await;
    once(&sandbox, Endpoint::Any, Behaviour::DelayBefore { ms: 3_600_000 });
    let url = venue.url("v1", "partners");
    let waiting = tokio::spawn(venue.http.get(url).bearer_auth(&venue.token).send());
    while sandbox.ledger().requests_containing("partners") == 0 {
        tokio::task::yield_now().await;
    }
    sandbox.stop().await;
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn a_status_may_or_may_not_have_taken_effect() {
    for effect in [false, true] {
        for code in [401, 403, 409, 422, 429, 500, 502, 503, 504] {
            let (sandbox, venue) = started(partner()).await;
            let body = venue.body(&content("day-1")).await;
            once(&sandbox, Endpoint::SettlementPost, status(code, Body::ErrorName, effect));
            let (answered, error) = venue.post("v1", &body).await;
            assert_eq!((answered, error["errorName"].as_str()), (code, Some("SandboxFault")));
            assert_eq!(sandbox.ledger().settlement(PARTNER, "day-1").unwrap().created, u64::from(effect), "{code}");
        }
    }
}

#[tokio::test]
async fn an_incomplete_settlement_stands_in_the_error() {
    let (sandbox, venue) = started(partner()).await;
    let body = venue.body(&content("day-1")).await;
    once(&sandbox, Endpoint::SettlementPost, status(500, Body::Settlement, true));
    let (answered, answer) = venue.post("v1", &body).await;
    assert_eq!((answered, answer["settlement"]["externalId"].as_str()), (500, Some("day-1")));
    assert_eq!(answer["settlement"]["status"], "pending");
}

#[tokio::test]
async fn bodies_come_in_every_form() {
    let (sandbox, venue) = started(partner()).await;
    let answers: [(Body, &str, Holds); 8] = [
        (Body::Nothing, "", |text| text.is_empty()),
        (Body::EmptyObject, "application/json", |text| text == "{}"),
        (Body::Error, "application/json", |text| serde_json::from_str::<Value>(text).unwrap().get("error").is_some()),
        (Body::NameRequestId, "application/json", |text| text.contains("requestId")),
        (Body::Bitlipa, "application/json", |text| text.contains("request_id")),
        (Body::Html, "text/html; charset=utf-8", |text| text.starts_with("<html>")),
        (Body::Truncated, "application/json", |text| serde_json::from_str::<Value>(text).is_err()),
        (Body::WrongContentType, "text/plain", |text| text.contains("partners")),
    ];
    for (body, content_type, holds) in answers {
        once(&sandbox, Endpoint::PartnerReads, status(503, body, true));
        let response = venue.get("partners").await;
        assert_eq!(response.status(), 503);
        let named = response.headers().get("content-type").map_or("", |value| value.to_str().unwrap()).to_owned();
        assert_eq!(named, content_type, "{body:?}");
        let text = response.text().await.unwrap();
        assert!(holds(&text), "{body:?}: {text}");
    }
}

#[tokio::test]
async fn a_list_can_lag_behind() {
    let (sandbox, venue) = started(partner()).await;
    venue.post("v1", &venue.body(&content("day-1")).await).await;
    once(&sandbox, Endpoint::SettlementList, status(200, Body::EmptyList, false));
    for expected in [0, 1] {
        let listed = venue.get_json("partners/settlements?externalIds=day-1").await;
        assert_eq!(listed["settlements"].as_array().unwrap().len(), expected);
    }
}

#[tokio::test]
async fn too_many_requests_come_with_and_without_a_wait() {
    let (sandbox, venue) = started(partner()).await;
    for (retry_after, expected) in [
        (RetryAfter::Absent, None),
        (RetryAfter::Seconds(7), Some("7")),
        (RetryAfter::Date(60), Some("Wed, 18 Mar 2026 12:01:00 GMT")),
    ] {
        once(&sandbox, Endpoint::Any, Behaviour::TooManyRequests { retry_after });
        let response = venue.get("partners").await;
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers().get("retry-after").map(|value| value.to_str().unwrap()), expected);
    }
}

#[tokio::test]
async fn a_tampered_payload_is_handed_out_and_refused_when_posted() {
    let (sandbox, venue) = started(partner()).await;
    let right = venue.payload(&content("day-1")).await;
    for tamper in [
        Tamper::Amount,
        Tamper::Account,
        Tamper::ExtraField,
        Tamper::DuplicateKey,
        Tamper::ExternalId,
        Tamper::Nonce,
        Tamper::Cutoff,
        Tamper::Notes,
        Tamper::NumberForm,
    ] {
        once(&sandbox, Endpoint::SettlementsSigning, Behaviour::TamperPayload { tamper });
        let body = venue.body(&content("day-1")).await;
        assert_ne!(body["payload"], right, "{tamper:?}");
        assert_eq!(venue.post("v1", &body).await.0, 400, "{tamper:?}");
    }
}

#[tokio::test]
async fn a_payload_that_only_looks_different_is_accepted() {
    for tamper in [Tamper::Reordered, Tamper::UnicodeEscape] {
        let (sandbox, venue) = started(partner()).await;
        once(&sandbox, Endpoint::SettlementsSigning, Behaviour::TamperPayload { tamper });
        let body = venue.body(&content("day-1")).await;
        assert_ne!(body["payload"], venue.payload(&content("day-1")).await, "{tamper:?}");
        assert_eq!(body["signature"], sign(body["payload"].as_str().unwrap()));
        assert_eq!(venue.post("v1", &body).await.0, 200, "{tamper:?}");
    }
}

#[tokio::test]
async fn another_settlements_answer_is_a_success_that_is_not_ours() {
    let (sandbox, venue) = started(partner()).await;
    let body = venue.body(&content("day-1")).await;
    once(&sandbox, Endpoint::SettlementPost, Behaviour::AnotherSettlement);
    let (answered, answer) = venue.post("v1", &body).await;
    assert_eq!((answered, answer["settlement"]["externalId"].as_str()), (200, Some("another-settlement")));
}

#[tokio::test]
async fn an_oversize_answer_has_the_size_that_was_asked_for() {
    let (sandbox, venue) = started(partner()).await;
    once(&sandbox, Endpoint::Any, Behaviour::Oversize { bytes: 3_000_000 });
    assert_eq!(venue.get("partners").await.bytes().await.unwrap().len(), 3_000_000);
}
