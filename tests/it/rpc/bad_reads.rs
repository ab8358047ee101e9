//! The bad input of every RPC that only names something, lists, signs or verifies.

use settlement_gateway::grpc::pb::{
    CancelSettlementRequest, GetClientSettlementRequest, GetSettlementRequest, ListSettlementsRequest, RetrySettlementRequest,
    VerifyPayloadRequest, WatchSettlementRequest, get_settlement_request, verify_payload_request, watch_settlement_request,
};
use tonic::Code;

use super::requests::{client_settlement, get, sign, time, watch};
use crate::support::gateway::{GatewayUnderTest, V1, V1_KEY};
use crate::support::told::{Told, assert_told, refused};

#[track_caller]
fn assert_fields(name: &str, told: &Told, fields: &[&str]) {
    assert_told(told, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(told.fields, fields, "{name}: {told:?}");
}

#[tokio::test]
async fn settlements_are_named_whole_or_not_at_all() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let by_venue = |id: &str| Some(get_settlement_request::Name::SettlementId(id.to_owned()));
    let rows = [
        ("no enterprise", get("", "x"), &["enterprise_id"][..]),
        ("long enterprise", get(&"e".repeat(129), "x"), &["enterprise_id"]),
        ("no name", GetSettlementRequest { name: None, ..get(V1, "x") }, &["name"]),
        ("empty external id", get(V1, ""), &["external_id"]),
        ("long external id", get(V1, &"x".repeat(257)), &["external_id"]),
        ("empty settlement id", GetSettlementRequest { name: by_venue(""), ..get(V1, "x") }, &["settlement_id"]),
        ("long settlement id", GetSettlementRequest { name: by_venue(&"s".repeat(129)), ..get(V1, "x") }, &["settlement_id"]),
        ("neither", GetSettlementRequest::default(), &["enterprise_id", "name"]),
    ];
    for (name, request, fields) in rows {
        assert_fields(name, &refused(client.get_settlement(request.clone()).await), fields);
        let told = request.name.map(|name| match name {
            get_settlement_request::Name::ExternalId(id) => watch_settlement_request::Name::ExternalId(id),
            get_settlement_request::Name::SettlementId(id) => watch_settlement_request::Name::SettlementId(id),
        });
        let watching = WatchSettlementRequest { enterprise_id: request.enterprise_id, name: told, ..watch(V1, "x") };
        assert_fields(name, &refused(client.watch_settlement(watching).await), fields);
    }
}

#[tokio::test]
async fn a_retry_and_a_cancel_name_the_settlement_and_the_sequence() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let rows = [
        ("no enterprise", "", "x".to_owned(), 1, &["enterprise_id"][..]),
        ("no external id", V1, String::new(), 1, &["external_id"]),
        ("long external id", V1, "x".repeat(257), 1, &["external_id"]),
        ("no sequence", V1, "x".to_owned(), 0, &["expected_sequence"]),
        ("nothing", "", String::new(), 0, &["enterprise_id", "external_id", "expected_sequence"]),
    ];
    for (name, enterprise, external_id, expected_sequence, fields) in rows {
        let enterprise_id = enterprise.to_owned();
        let retry = RetrySettlementRequest { enterprise_id, external_id, expected_sequence };
        let cancel = CancelSettlementRequest {
            enterprise_id: retry.enterprise_id.clone(),
            external_id: retry.external_id.clone(),
            expected_sequence,
        };
        assert_fields(name, &refused(client.retry_settlement(retry).await), fields);
        assert_fields(name, &refused(client.cancel_settlement(cancel).await), fields);
    }
}

#[tokio::test]
async fn a_bad_filter_or_page_is_refused() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let list = || ListSettlementsRequest { enterprise_id: V1.to_owned(), ..Default::default() };
    let token = |token: &str| ListSettlementsRequest { page_token: Some(token.to_owned()), ..list() };
    let page = |page_size| ListSettlementsRequest { page_size, ..list() };
    let states = |states: Vec<i32>| ListSettlementsRequest { states, ..list() };
    let rows = [
        ("no enterprise", ListSettlementsRequest::default(), &["enterprise_id"][..]),
        ("negative page", page(-1), &["page_size"]),
        ("large page", page(201), &["page_size"]),
        ("unspecified state", states(vec![0]), &["states[0]"]),
        ("unknown state", states(vec![9, 99]), &["states[1]"]),
        ("a state of tomorrow", states(vec![2]), &["states"]),
        ("repeated state", states(vec![9, 9]), &["states[1]"]),
        ("too many states", states(vec![1; 15]), &["states"]),
        ("no time", ListSettlementsRequest { created_after: time(0, -1), ..list() }, &["created_after"]),
        ("before all time", ListSettlementsRequest { created_before: time(i64::MIN, 0), ..list() }, &["created_before"]),
        (
            "end before the beginning",
            ListSettlementsRequest { created_after: time(10, 0), created_before: time(10, 0), ..list() },
            &["created_before"],
        ),
        ("empty token", token(""), &["page_token"]),
        ("garbage", token("garbage!"), &["page_token"]),
        ("long token", token(&"A".repeat(1_025)), &["page_token"]),
        ("somebody's base64", token("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), &["page_token"]),
    ];
    for (name, request, fields) in rows {
        assert_fields(name, &refused(client.list_settlements(request).await), fields);
    }
}

#[tokio::test]
async fn a_bad_client_read_is_refused_before_the_venue_is_asked() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.settlements().await;
    let read = || client_settlement(V1);
    let currencies = |list: &[&str]| GetClientSettlementRequest {
        currencies: list.iter().map(|&currency| currency.to_owned()).collect(),
        ..read()
    };
    let many: Vec<String> = (0..101).map(|index| format!("C{index}")).collect();
    let token = |token: &str| GetClientSettlementRequest { page_token: Some(token.to_owned()), ..read() };
    let rows = [
        ("no enterprise", GetClientSettlementRequest { enterprise_id: String::new(), ..read() }, &["enterprise_id"][..]),
        ("no settlement", GetClientSettlementRequest { settlement_id: String::new(), ..read() }, &["settlement_id"]),
        ("long settlement", GetClientSettlementRequest { settlement_id: "s".repeat(129), ..read() }, &["settlement_id"]),
        ("101 currencies", GetClientSettlementRequest { currencies: many, ..read() }, &["currencies"]),
        ("empty currency", currencies(&["BTC", ""]), &["currencies[1]"]),
        ("long currency", currencies(&[&"B".repeat(65)]), &["currencies[0]"]),
        ("repeated currency", currencies(&["BTC", "ETH", "BTC"]), &["currencies[2]"]),
        ("large page", GetClientSettlementRequest { page_size: 201, ..read() }, &["page_size"]),
        ("negative page", GetClientSettlementRequest { page_size: i32::MIN, ..read() }, &["page_size"]),
        ("garbage", token("?"), &["page_token"]),
        ("long token", token(&"A".repeat(1_025)), &["page_token"]),
    ];
    for (name, request, fields) in rows {
        assert_fields(name, &refused(client.get_client_settlement(request).await), fields);
    }
    assert_eq!(gateway.venue_requests(), 0, "a venue was called");
}

#[tokio::test]
async fn a_bad_payload_key_or_signature_is_refused() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.signing().await;
    let rows = [
        ("no key", sign("", "x"), &["key_id"][..]),
        ("long key", sign(&"k".repeat(129), "x"), &["key_id"]),
        ("no payload", sign(V1_KEY, ""), &["payload"]),
        ("long payload", sign(V1_KEY, "x".repeat(4 * 1024 * 1024 + 1)), &["payload"]),
        ("nothing", sign("", ""), &["key_id", "payload"]),
    ];
    for (name, request, fields) in rows {
        assert_fields(name, &refused(client.sign_payload(request).await), fields);
    }
    let good = "1f".repeat(65);
    let verify = |payload: &str, signature: &str, signer| VerifyPayloadRequest {
        payload: payload.to_owned(),
        signature: signature.to_owned(),
        signer,
    };
    let key = |id: &str| Some(verify_payload_request::Signer::KeyId(id.to_owned()));
    let public = |text: &str| Some(verify_payload_request::Signer::PublicKey(text.to_owned()));
    let rows = [
        ("no payload", verify("", &good, key(V1_KEY)), &["payload"][..]),
        ("no signature", verify("x", "", key(V1_KEY)), &["signature"]),
        ("short signature", verify("x", &good[2..], key(V1_KEY)), &["signature"]),
        ("long signature", verify("x", &(good.clone() + "00"), key(V1_KEY)), &["signature"]),
        ("no hexadecimal", verify("x", &"zz".repeat(65), key(V1_KEY)), &["signature"]),
        ("nobody's signature", verify("x", &good, None), &["signer"]),
        ("empty key", verify("x", &good, key("")), &["key_id"]),
        ("short public key", verify("x", &good, public("02")), &["public_key"]),
        ("uncompressed public key", verify("x", &good, public(&format!("04{}", "11".repeat(64)))), &["public_key"]),
    ];
    for (name, request, fields) in rows {
        assert_fields(name, &refused(client.verify_payload(request).await), fields);
    }
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_refused_by_the_transport() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.signing().await;
    let beyond = sign(V1_KEY, "x".repeat(5 * 1024 * 1024));
    let status = client.sign_payload(beyond).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
    assert!(client.list_keys(settlement_gateway::grpc::pb::ListKeysRequest {}).await.is_ok(), "and the connection lives");
}
