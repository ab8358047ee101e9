//! SigningService: what is signed, what is not, and what a repeat gets.

use settlement_gateway::grpc::pb::{
    Key, ListKeysRequest, Purpose, SignPayloadResponse, VerificationReason, VerifyPayloadRequest, verify_payload_request,
};
use tonic::Code;

use super::requests::{settlement_payload, sign, trade_payload};
use crate::support::gateway::{GatewayUnderTest, KeySetup, V1_KEY, V2_KEY};
use crate::support::told::{assert_told, refused};

const ALLOCATION: &str = r#"{"amount":{"currency":"ofctusd","quantity":"1"},"clientExternalId":"a1","nonce":"1"}"#;
const DISPUTE: &str = r#"{"connectionId":"c1","expectedTransfers":{"BTC":"1"},"nonce":"1"}"#;
/// The order of secp256k1's group.
const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

async fn with_raw_key() -> GatewayUnderTest {
    GatewayUnderTest::start_with(|setup| {
        let all = r#"purposes = ["settlement", "trade", "allocation", "dispute", "raw"]"#;
        setup.keys.push(KeySetup::new("key-raw", all));
        setup.keys.push(KeySetup::new("key-off", "purposes = [\"trade\"]\nenabled = false"));
    })
    .await
}

fn verify(payload: &str, signature: &str, key_id: &str) -> VerifyPayloadRequest {
    let signer = Some(verify_payload_request::Signer::KeyId(key_id.to_owned()));
    VerifyPayloadRequest { payload: payload.to_owned(), signature: signature.to_owned(), signer }
}

#[tokio::test]
async fn every_recognised_purpose_is_signed_and_a_repeat_gets_the_stored_signature() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.signing().await;
    let mut before = 0;
    let mut answers: Vec<(String, SignPayloadResponse)> = Vec::new();
    for (payload, purpose) in [
        (settlement_payload("x1", "1", "1"), Purpose::Settlement),
        (trade_payload("1"), Purpose::Trade),
        (ALLOCATION.to_owned(), Purpose::Allocation),
        (DISPUTE.to_owned(), Purpose::Dispute),
    ] {
        let signed = client.sign_payload(sign(V1_KEY, payload.clone())).await.unwrap().into_inner();
        assert_eq!((signed.purpose(), signed.key_id.as_str()), (purpose, V1_KEY));
        assert_eq!((signed.signature.len(), signed.public_key.len(), signed.payload_sha256.len()), (130, 66, 64));
        assert!(signed.journal_sequence > before && signed.signed_at.is_some());
        before = signed.journal_sequence;
        let verified = client.verify_payload(verify(&payload, &signed.signature, V1_KEY)).await.unwrap().into_inner();
        assert!(verified.valid && verified.reason() == VerificationReason::Unspecified);
        answers.push((payload, signed));
    }
    let gateway = gateway.restart().await;
    let mut client = gateway.signing().await;
    for (payload, signed) in answers {
        assert_eq!(client.sign_payload(sign(V1_KEY, payload)).await.unwrap().into_inner(), signed, "after a restart too");
    }
}

#[tokio::test]
async fn a_second_payload_for_one_reference_is_never_signed() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.signing().await;
    let first = client.sign_payload(sign(V1_KEY, trade_payload("1"))).await.unwrap().into_inner();
    let other = trade_payload("1").replace("\"receiveAmount\":\"1\"", "\"receiveAmount\":\"2\"");
    let told = refused(client.sign_payload(sign(V1_KEY, other)).await);
    assert_told(&told, Code::FailedPrecondition, "SIGNING_REFERENCE_TAKEN");
    assert_eq!(told.about("holder_payload_sha256"), first.payload_sha256);
}

#[tokio::test]
async fn what_is_not_recognised_needs_the_purpose_raw() {
    let gateway = with_raw_key().await;
    let mut client = gateway.signing().await;
    for payload in ["hello", "{}", r#"{"recipients":[{"address":"bc1q","amount":"1"}]}"#] {
        let told = refused(client.sign_payload(sign(V1_KEY, payload)).await);
        assert_told(&told, Code::FailedPrecondition, "PURPOSE_NOT_ALLOWED");
        assert_eq!(told.about("purpose"), "raw");
        let signed = client.sign_payload(sign("key-raw", payload)).await.unwrap().into_inner();
        assert_eq!(signed.purpose(), Purpose::Raw);
        assert_eq!(client.sign_payload(sign("key-raw", payload)).await.unwrap().into_inner(), signed);
    }
    assert_told(&refused(client.sign_payload(sign(V2_KEY, "hello")).await), Code::FailedPrecondition, "PURPOSE_NOT_ALLOWED");
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_signed_by_no_key() {
    let gateway = with_raw_key().await;
    let mut client = gateway.signing().await;
    for payload in [
        r#"{"externalId":"x","externalId":"y","settlementAmounts":{"c":{"BTC":"1"}},"nonce":"1"}"#.to_owned(),
        settlement_payload("x", "1", "1").replace(r#""nonce""#, r#""more":1,"nonce""#),
        r#"{"externalId":"x","settlementAmounts":{"c":{"BTC":"1"}}}"#.to_owned(),
        format!("{} ", r#"{"nonceHold":"h"}"#),
        format!("{}trailing", settlement_payload("x", "1", "1")),
    ] {
        let told = refused(client.sign_payload(sign("key-raw", payload.clone())).await);
        assert_told(&told, Code::InvalidArgument, "PAYLOAD_AMBIGUOUS");
        assert_eq!(told.fields, ["payload"], "{payload}");
    }
}

#[tokio::test]
async fn settlements_are_signed_by_payload_only_where_the_configuration_says_so() {
    let gateway = with_raw_key().await;
    let mut client = gateway.signing().await;
    let told = refused(client.sign_payload(sign(V2_KEY, settlement_payload("x", "1", "1"))).await);
    assert_told(&told, Code::FailedPrecondition, "USE_INITIATE_SETTLEMENT");
    let told = refused(client.sign_payload(sign("key-off", trade_payload("1"))).await);
    assert_told(&told, Code::FailedPrecondition, "KEY_DISABLED");
    let told = refused(client.sign_payload(sign("key-none", trade_payload("1"))).await);
    assert_told(&told, Code::NotFound, "KEY_NOT_FOUND");
}

#[tokio::test]
async fn a_signature_that_does_not_hold_says_why() {
    let gateway = GatewayUnderTest::start().await;
    let mut client = gateway.signing().await;
    let payload = trade_payload("1");
    let signed = client.sign_payload(sign(V1_KEY, payload.clone())).await.unwrap().into_inner();
    let signature = signed.signature.clone();
    let malformed = format!("00{}", &signature[2..]);
    let rows = [
        (verify(&payload, &signature.to_uppercase(), V1_KEY), VerificationReason::Unspecified),
        (verify("another", &signature, V1_KEY), VerificationReason::OtherKeyOrPayload),
        (verify(&payload, &signature, V2_KEY), VerificationReason::OtherKeyOrPayload),
        (verify(&payload, &high_s(&signature), V1_KEY), VerificationReason::NotCanonical),
        (verify(&payload, &malformed, V1_KEY), VerificationReason::Malformed),
        (verify(&payload, &"00".repeat(65), V1_KEY), VerificationReason::Malformed),
    ];
    for (request, reason) in rows {
        let verified = client.verify_payload(request).await.unwrap().into_inner();
        assert_eq!((verified.valid, verified.reason()), (reason == VerificationReason::Unspecified, reason));
    }
    let by_key = Some(verify_payload_request::Signer::PublicKey(signed.public_key.to_uppercase()));
    let verified = client.verify_payload(VerifyPayloadRequest { signer: by_key, ..verify(&payload, &signature, V1_KEY) });
    assert!(verified.await.unwrap().into_inner().valid);
}

/// The twin of a signature: the same r, the other s, the other recovery id.
fn high_s(signature: &str) -> String {
    let header = u8::from_str_radix(&signature[..2], 16).unwrap();
    let other = 31 + ((header - 31) ^ 1);
    format!("{other:02x}{}{}", &signature[2..66], subtract(ORDER, &signature[66..]))
}

/// The difference of two numbers of 32 bytes in hexadecimal, the first being the larger.
fn subtract(from: &str, less: &str) -> String {
    let (mut digits, mut borrow) = (Vec::new(), 0);
    for (a, b) in from.chars().rev().zip(less.chars().rev()) {
        let mut digit =
            i32::try_from(a.to_digit(16).unwrap()).unwrap() - i32::try_from(b.to_digit(16).unwrap()).unwrap() - borrow;
        borrow = i32::from(digit < 0);
        digit += 16 * borrow;
        digits.push(char::from_digit(u32::try_from(digit).unwrap(), 16).unwrap());
    }
    digits.iter().rev().collect()
}

#[tokio::test]
async fn keys_are_listed_with_their_public_side_in_the_order_of_their_names() {
    let gateway = with_raw_key().await;
    let keys = gateway.signing().await.list_keys(ListKeysRequest {}).await.unwrap().into_inner().keys;
    let ids: Vec<&str> = keys.iter().map(|key| key.key_id.as_str()).collect();
    assert_eq!(ids, ["key-off", "key-raw", V1_KEY, V2_KEY]);
    let told = |key: &Key| (key.enabled, key.sign_payload_settlement, key.source.clone(), key.purposes.len());
    assert_eq!(told(&keys[0]), (false, false, "xprv".to_owned(), 1));
    assert_eq!(told(&keys[2]), (true, true, "xprv".to_owned(), 4));
    let purposes: Vec<Purpose> = keys[2].purposes().collect();
    assert_eq!(purposes, [Purpose::Settlement, Purpose::Trade, Purpose::Allocation, Purpose::Dispute]);
}
