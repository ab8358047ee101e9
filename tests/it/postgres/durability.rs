//! What is begun ends, and the database itself refuses what no version may do.

use std::task::Poll;
use std::time::Duration;

use futures_util::poll;
use jiff::Timestamp;
use settlement_gateway::store::{AuditStore, SettlementStore, Store};
use sqlx::Executor;

use super::open;
use crate::conformance::{LEASE, signed};
use crate::support::builders::{intent, new_settlement};
use crate::support::postgres::Schema;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_stops_nothing() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = open(schema.url()).await.unwrap();
    let mut ids = Vec::new();
    for n in 0..60 {
        let new = new_settlement(intent(&format!("e-{n}")));
        ids.push(new.id);
        let mut recording = Box::pin(store.record_settlement(new));
        // Polled until the work has begun, at most as often as there are steps in it, and then dropped.
        for _ in 0..=n % 20 {
            if let Poll::Ready(recorded) = poll!(&mut recording) {
                recorded.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    // Whatever still waits for a connection is served before this.
    for last in 0..super::CONNECTIONS {
        store.record_settlement(new_settlement(intent(&format!("last-{last}")))).await.unwrap();
    }
    store.close().await.unwrap();
    let store = open(schema.url()).await.unwrap();
    for id in ids {
        assert!(store.settlement_by_id(id).await.unwrap().is_some());
        assert_eq!(store.timeline(id, 10).await.unwrap().len(), 1);
        store.intent(id).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_fixed_for_ever_is_refused_by_the_database_itself() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = open(schema.url()).await.unwrap();
    signed(&store).await;
    store.chain_audit(1).await.unwrap();
    let mut connection = schema.connect().await;
    let reserve = "INSERT INTO signing_reservation (reference, key_id, purpose, digest, reserved_at, signature) \
                   VALUES ('r', 'k', 'raw', decode(repeat('00', 32), 'hex'), '', decode(repeat('00', 65), 'hex'))";
    connection.execute(reserve).await.unwrap();
    for forbidden in [
        "UPDATE settlement_intent SET legs = '[]'",
        "UPDATE settlement_material SET payload = 'other'",
        "UPDATE settlement_material SET body = '\\x02'",
        "UPDATE signing_reservation SET digest = decode(repeat('01', 32), 'hex')",
        "UPDATE signing_reservation SET signature = decode(repeat('01', 65), 'hex')",
        "DELETE FROM signing_reservation",
        "DELETE FROM audit_record",
        "UPDATE audit_record SET content = '{}'",
        "UPDATE audit_record SET position = position + 1 WHERE position IS NOT NULL",
    ] {
        let refused = connection.execute(forbidden).await.unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "P0001", "{forbidden}: {refused}");
    }
}

#[tokio::test]
async fn leases_run_on_the_databases_clock() {
    let Some(schema) = Schema::fresh().await else { return };
    let store = open(schema.url()).await.unwrap();
    let new = new_settlement(intent("e-1"));
    let id = new.id;
    store.record_settlement(new).await.unwrap();
    store.claim(id, LEASE).await.unwrap().unwrap();
    assert!(store.claim(id, LEASE).await.unwrap().is_none(), "held");
    let micros: i64 = sqlx::query_scalar("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)")
        .fetch_one(&mut schema.connect().await)
        .await
        .unwrap();
    let lapses = store.next_due(&[]).await.unwrap().unwrap();
    let left = lapses.duration_since(Timestamp::from_microsecond(micros).unwrap());
    assert!(left <= LEASE.try_into().unwrap() && left.as_secs() > 20, "{left:?}");
}

#[tokio::test]
async fn a_lease_that_has_lapsed_is_taken_over_by_the_databases_clock() {
    let Some(schema) = Schema::fresh().await else { return };
    let (one, other) = (open(schema.url()).await.unwrap(), open(schema.url()).await.unwrap());
    let new = new_settlement(intent("e-1"));
    let id = new.id;
    one.record_settlement(new).await.unwrap();
    let lapsed = one.claim(id, Duration::ZERO).await.unwrap().unwrap();
    let taken = other.claim_due(Timestamp::MIN, LEASE, &[]).await.unwrap().unwrap();
    assert_eq!((taken.lapses, taken.lease.token), (1, lapsed.lease.token + 1));
}
