//! Locks that somebody else holds on the database: callers are told in bounded time, the guard is asked all the same, and
//! whoever only reads holds up nobody.

use settlement_gateway::grpc::pb::SettlementState;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};

use super::{each_settled_once, initiate, over};
use crate::rpc::requests::{settle, sign, trade_payload};
use crate::support::gateway::{GatewayUnderTest, V1, V1_KEY, within};
use crate::support::postgres::Schema;
use crate::support::told::{Told, assert_unavailable, refused};

/// While the journal is held: a settlement and a signature are asked for, and nothing is answered but that it is.
async fn refused_while_held(gateway: &GatewayUnderTest) {
    let mut signing = gateway.signing().await;
    let (settling, signing) = within(async {
        let channel = gateway.channel().await;
        tokio::join!(initiate(&channel, settle(V1, "x")), signing.sign_payload(sign(V1_KEY, trade_payload("1"))))
    })
    .await;
    assert_unavailable(&refused(settling));
    assert_unavailable(&refused(signing));
    assert_eq!(gateway.venue_requests(), 0);
}

/// Nothing of what was refused was done; what is asked for is done, and the guard holds.
async fn served(gateway: &GatewayUnderTest) {
    let settled = initiate(&gateway.channel().await, settle(V1, "x")).await.unwrap();
    assert_eq!(settled.state(), SettlementState::Completed);
    each_settled_once(gateway, &[settled]).await;
    let other = trade_payload("1").replace("\"receiveAmount\":\"1\"", "\"receiveAmount\":\"2\"");
    let first = gateway.signing().await.sign_payload(sign(V1_KEY, other)).await.unwrap().into_inner();
    let status = gateway.signing().await.sign_payload(sign(V1_KEY, trade_payload("1"))).await.unwrap_err();
    assert_eq!(Told::by(&status).about("holder_payload_sha256"), first.payload_sha256);
}

#[tokio::test]
async fn tables_that_somebody_has_locked_in_postgresql_are_unavailable_in_bounded_time() {
    let Some(schema) = Schema::fresh().await else { return };
    let gateway = over(&schema.url(), |_| ()).await;
    let mut outside = schema.connect().await;
    let mut lock = outside.begin().await.unwrap();
    lock.execute("LOCK TABLE settlement, signing_reservation IN ACCESS EXCLUSIVE MODE").await.unwrap();
    refused_while_held(&gateway).await;
    lock.rollback().await.unwrap();
    served(&gateway).await;
}

#[tokio::test]
async fn a_long_reader_of_postgresql_holds_up_nobody() {
    let Some(schema) = Schema::fresh().await else { return };
    let gateway = over(&schema.url(), |_| ()).await;
    let mut outside = schema.connect().await;
    let mut reading = outside.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    reading.execute("SELECT COUNT(*) FROM settlement").await.unwrap();
    served(&gateway).await;
    reading.rollback().await.unwrap();
}

async fn beside(gateway: &GatewayUnderTest) -> SqliteConnection {
    SqliteConnectOptions::new().filename(gateway.folder().join("journal.db")).connect().await.unwrap()
}

#[tokio::test]
async fn a_file_that_somebody_has_locked_is_unavailable_in_bounded_time() {
    let gateway = GatewayUnderTest::start().await;
    let mut outside = beside(&gateway).await;
    let lock = outside.begin_with("BEGIN IMMEDIATE").await.unwrap();
    refused_while_held(&gateway).await;
    lock.rollback().await.unwrap();
    served(&gateway).await;
}

#[tokio::test]
async fn a_long_reader_of_the_file_holds_up_nobody() {
    let gateway = GatewayUnderTest::start().await;
    let mut outside = beside(&gateway).await;
    let mut reading = outside.begin().await.unwrap();
    reading.execute("SELECT COUNT(*) FROM settlement").await.unwrap();
    served(&gateway).await;
    reading.rollback().await.unwrap();
}
