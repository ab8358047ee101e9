//! Refused writes and signatures on record: each before it is answered, and of a flood its sum.

use settlement_gateway::domain::audit::{AuditRecord, ChainLink};
use settlement_gateway::domain::signing::PayloadDigest;
use settlement_gateway::grpc::pb::InitiateSettlementRequest;
use settlement_gateway::service::check_audit;
use settlement_gateway::store::AuditStore;
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};

use super::requests::{leg, settle, settle_legs, settlement_payload, sign, trade_payload};
use crate::support::builders::start;
use crate::support::clock::ManualClock;
use crate::support::gateway::{GatewayUnderTest, V1, V1_KEY, V2_KEY};

/// The journal, read beside the gateway.
async fn journal(gateway: &GatewayUnderTest) -> SqliteStore {
    let path = gateway.folder().join("journal.db");
    SqliteStore::open_to_read(SqliteOptions { path, clock: ManualClock::at(start()) }).await.unwrap()
}

/// Every refusal on record, oldest first.
async fn refusals(gateway: &GatewayUnderTest) -> Vec<AuditRecord> {
    let journal = journal(gateway).await;
    let chained = journal.audit_chain(0, 1_000).await.unwrap().into_iter().filter_map(|link| match link {
        ChainLink::Record(chained) => Some(chained.record),
        ChainLink::Unreadable { .. } => None,
    });
    let mut records: Vec<AuditRecord> = chained.chain(journal.audit_waiting(None, 1_000).await.unwrap()).collect();
    // What was chained between the two reads was read twice.
    records.sort_by_key(|record| record.id);
    records.dedup_by_key(|record| record.id);
    records.into_iter().filter(|record| record.kind == "REFUSAL").collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refused_signature_and_settlement_is_on_record_before_it_is_answered() {
    let gateway = GatewayUnderTest::start().await;
    let (mut signing, mut settlements) = (gateway.signing().await, gateway.settlements().await);
    signing.sign_payload(sign(V1_KEY, trade_payload("1"))).await.unwrap();
    settlements.initiate_settlement(settle(V1, "e-1")).await.unwrap();
    assert!(refusals(&gateway).await.is_empty(), "nothing was refused");

    let raw = "anything at all";
    let other = trade_payload("1").replace('{', "{ ");
    signing.sign_payload(sign(V2_KEY, raw)).await.unwrap_err();
    signing.sign_payload(sign("key-9", raw)).await.unwrap_err();
    signing.sign_payload(sign(V1_KEY, other.clone())).await.unwrap_err();
    let [first, second] = settlement_gateway::sandbox::EXAMPLE_CONNECTIONS;
    let legs = vec![leg(first, "BTC", "2"), leg(second, "USD", "-99.5")];
    settlements.initiate_settlement(settle_legs(V1, "e-1", legs)).await.unwrap_err();
    settlements.initiate_settlement(settle("ent-9", "e-2")).await.unwrap_err();
    settlements.initiate_settlement(settle(V1, "")).await.unwrap_err();

    let records = refusals(&gateway).await;
    let told = |record: &AuditRecord, part: &str| assert!(record.content.contains(part), "{part}: {}", record.content);
    let reasons = [
        "PURPOSE_NOT_ALLOWED",
        "KEY_NOT_FOUND",
        "SIGNING_REFERENCE_TAKEN",
        "EXTERNAL_ID_REUSED",
        "NOT_ALLOWED",
        "INVALID_REQUEST",
    ];
    assert_eq!(records.len(), reasons.len(), "{records:?}");
    for (record, reason) in records.iter().zip(reasons) {
        told(record, &format!("\"reason\":\"{reason}\""));
        told(record, "\"caller\":\"loopback\"");
    }
    told(&records[0], &format!("\"payload_digest\":\"{}\"", PayloadDigest::of(raw).to_hex()));
    told(&records[2], &format!("\"key_id\":\"{V1_KEY}\""));
    told(&records[2], &PayloadDigest::of(&other).to_hex());
    told(&records[3], "\"name\":\"e-1\"");
    told(&records[3], "\"rpc\":\"SettlementService/InitiateSettlement\"");
    let report = check_audit(&journal(&gateway).await, Vec::new()).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_whose_reference_another_payload_holds_is_on_record_as_a_refused_signature() {
    let gateway = GatewayUnderTest::start().await;
    gateway.signing().await.sign_payload(sign(V1_KEY, settlement_payload("x", "2", "1"))).await.unwrap();
    let legs = vec![leg(settlement_gateway::sandbox::EXAMPLE_CONNECTIONS[0], "BTC", "1")];
    let asking = InitiateSettlementRequest { nonce: Some("1".to_owned()), ..settle_legs(V1, "x", legs) };
    let stopped = gateway.settlements().await.initiate_settlement(asking).await.unwrap().into_inner().settlement.unwrap();
    assert_eq!(stopped.reason(), "SIGNING_REFERENCE_TAKEN");
    let [record] = refusals(&gateway).await.try_into().unwrap();
    for part in [
        "\"rpc\":\"SettlementService/InitiateSettlement\"",
        "\"reason\":\"SIGNING_REFERENCE_TAKEN\"",
        "\"caller\":\"loopback\"",
        "\"name\":\"x\"",
        &format!("\"key_id\":\"{V1_KEY}\""),
        &format!("\"payload_digest\":\"{}\"", stopped.payload_sha256()),
    ] {
        assert!(record.content.contains(part), "{part}: {}", record.content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_refusals_by_one_caller_is_bounded_and_none_is_lost() {
    const CALLS: u64 = 60;
    const PER_MINUTE: usize = 5;
    let gateway = GatewayUnderTest::start_with(|setup| {
        setup.engine.push_str("\n[audit]\nrefusals_per_minute = 5\nchain_interval_ms = 20");
    })
    .await;
    let mut signing = gateway.signing().await;
    for n in 0..CALLS {
        signing.sign_payload(sign(V2_KEY, format!("raw {n}"))).await.unwrap_err();
    }
    // A stop tells what was counted.
    let gateway = gateway.restart().await;
    let records = refusals(&gateway).await;
    let singles = records.iter().filter(|record| record.content.contains("\"reason\"")).count();
    assert!(singles >= PER_MINUTE && records.len() < CALLS as usize / 2, "{} records", records.len());
    let counted: u64 = records.iter().filter_map(|record| record.content.split("NOT_ALLOWED\",").nth(1)).map(first_number).sum();
    assert_eq!(singles as u64 + counted, CALLS, "{records:?}");
    assert_eq!(journal(&gateway).await.audit_lag().await.unwrap().waiting, 0, "a stop chains what is left");
}

fn first_number(text: &str) -> u64 {
    text.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}
