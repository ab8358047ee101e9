//! Stopping takes bounded time, whatever hangs.

use std::time::{Duration, Instant};

use settlement_gateway::app::AppError;
use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnectOptions;

use super::requests::settle;
use crate::support::gateway::{GatewayUnderTest, V1};

const GRACE: Duration = Duration::from_millis(200);
/// What stopping may take beyond the grace, and what a busy machine may add; the journal waits 5 s for a lock.
const LAST_STEPS: Duration = Duration::from_secs(2);
const SLACK: Duration = Duration::from_millis(1_500);

#[tokio::test]
async fn a_journal_that_is_locked_from_outside_does_not_hold_up_the_stop() {
    let gateway = GatewayUnderTest::start_with(|setup| setup.grpc = format!("[drain]\ngrace_ms = {}", GRACE.as_millis())).await;
    let mut client = gateway.settlements().await;
    let mut outside = SqliteConnectOptions::new().filename(gateway.folder().join("journal.db")).connect().await.unwrap();
    let lock = outside.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let call = client.initiate_settlement(settle(V1, "x"));
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err(), "nothing can be recorded");
    let began = Instant::now();
    let stopped = gateway.app.stop().await;
    assert!(began.elapsed() < GRACE + LAST_STEPS + SLACK, "{:?}", began.elapsed());
    assert!(matches!(stopped, Err(AppError::Grace(GRACE))), "{stopped:?}");
    lock.rollback().await.unwrap();
}
