//! `serve` with `[retention]`: what is old and finished leaves for the archive, and is known all the same.

use std::fs;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use settlement_gateway::grpc::pb::{ListSettlementEventsRequest, Settlement};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use tonic::Code;
use tonic_types::StatusExt;

use super::calls::{Gateway, request};
use super::installation::Installation;
use super::support::until;
use crate::support::world::V1;

/// Makes everything in a journal that nobody has look as if it had ended long ago.
async fn age(installation: &Installation) {
    let mut on = SqliteConnectOptions::new().filename(installation.path("journal.db")).connect().await.unwrap();
    on.execute("UPDATE settlement SET updated_at = '2026-01-02T03:04:05.000000000Z'").await.unwrap();
    on.close().await.unwrap();
}

fn with_retention(installation: &Installation) {
    let text = fs::read_to_string(installation.config_path()).unwrap();
    let section = "[retention]\narchive_folder = \"archive\"\narchive_after_days = 7\n";
    fs::write(installation.config_path(), text + section).unwrap();
}

async fn archived(gateway: &Gateway, external_id: &str) -> Settlement {
    until("it has left", async || gateway.stored(V1, external_id).await.filter(|settlement| settlement.archived_in.is_some()))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_old_leaves_while_the_gateway_settles_and_is_never_settled_again() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    let mut before = Vec::new();
    for external_id in ["old-1", "old-2"] {
        gateway.initiate(V1, external_id).await.unwrap();
        before.push(gateway.reconciled(V1, external_id).await);
    }
    gateway.process.kill().await;
    age(&installation).await;
    with_retention(&installation);
    let gateway = installation.serve().await;
    gateway.initiate(V1, "young").await.unwrap();
    for old in &before {
        let left = archived(&gateway, &old.external_id).await;
        assert_eq!((&left.signature, &left.request_digest, left.state), (&old.signature, &old.request_digest, old.state));
        assert!(left.posted_amounts.is_empty() && left.timeline.is_empty(), "{left:?}");
        let file = installation.path("archive").join(left.archived_in());
        assert!(fs::read_to_string(file).unwrap().contains(&format!("\"external_id\":\"{}\"", old.external_id)));
        assert_eq!(gateway.initiate(V1, &old.external_id).await.unwrap(), left);
        let mut other = request(V1, &old.external_id);
        other.settlement_amounts.truncate(1);
        let refused = gateway.client().initiate_settlement(other).await.unwrap_err();
        assert_eq!(refused.get_details_error_info().unwrap().reason, "EXTERNAL_ID_REUSED");
        let entry = sandbox.ledger().settlement(V1, &old.external_id).cloned().unwrap();
        assert_eq!((entry.created, entry.body_digests.len()), (1, 1));
    }
    assert!(gateway.stored(V1, "young").await.unwrap().archived_in.is_none());
    assert!(gateway.ops("/metrics").await.contains("settlement_gateway_archived_total{kind=\"settlements\"} 2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_what_has_left_is_told_where_it_is() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    gateway.initiate(V1, "old").await.unwrap();
    gateway.reconciled(V1, "old").await;
    gateway.process.kill().await;
    age(&installation).await;
    with_retention(&installation);
    let gateway = installation.serve().await;
    let left = archived(&gateway, "old").await;

    let mut list = ListSettlementEventsRequest { enterprise_id: V1.to_owned(), ..ListSettlementEventsRequest::default() };
    let refused = gateway.client().list_settlement_events(list.clone()).await.unwrap_err();
    let told = refused.get_details_error_info().unwrap();
    assert_eq!((refused.code(), told.reason.as_str()), (Code::FailedPrecondition, "ARCHIVED"));
    list.after_sequence = told.metadata["archived_to_sequence"].parse().unwrap();
    assert_eq!(gateway.client().list_settlement_events(list).await.unwrap().into_inner().events, []);

    let mut preview = request(V1, "old");
    preview.validate_only = true;
    let refused = gateway.client().initiate_settlement(preview).await.unwrap_err();
    let told = refused.get_details_error_info().unwrap();
    assert_eq!((told.reason.as_str(), told.metadata["archived_in"].as_str()), ("ARCHIVED", left.archived_in()));

    let verified = installation.command(&["audit", "verify"]).await.with_code(0);
    assert!(!verified.said.contains("FAULT"), "{}", verified.said);

    let today = Timestamp::now().to_zoned(TimeZone::UTC).date().to_string();
    let out = installation.path("books");
    fs::create_dir(&out).unwrap();
    let words = ["export", "--day", &today, "--out", out.to_str().unwrap()];
    let refused = installation.command(&words).await.with_code(1);
    assert!(refused.complained.contains(left.archived_in()), "{}", refused.complained);
}
