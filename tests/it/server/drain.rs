//! The end: in bounded time, whoever is connected, and told to those who watch.

use std::time::Duration;

use settlement_gateway::grpc::listener::ListenerSettings;
use settlement_gateway::grpc::pb::settlement_service_server::SERVICE_NAME;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tonic::Code;
use tonic::service::Routes;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

use super::support::{EMPTY_SETTINGS, PATIENCE, PREFACE, Running, listener, settings};

fn settlement_service() -> HealthCheckRequest {
    HealthCheckRequest { service: SERVICE_NAME.to_owned() }
}

#[tokio::test]
async fn a_peer_that_is_silent_before_the_preface_holds_up_nothing() {
    let patient = ListenerSettings { drain_grace: 10 * PATIENCE, preface_timeout: 10 * PATIENCE, ..listener() };
    let server = Running::plain(settings(patient), Routes::default()).await;
    let _silent = server.tcp().await;
    HealthClient::new(server.channel().await).check(HealthCheckRequest::default()).await.unwrap();
    server.shutdown.cancel();
    timeout(PATIENCE, server.ended).await.expect("the drain ends").unwrap();
}

#[tokio::test]
async fn a_peer_that_ignores_the_goodbye_is_cut_when_the_grace_is_over() {
    let short = ListenerSettings { drain_grace: Duration::from_millis(50), ..listener() };
    let server = Running::plain(settings(short), Routes::default()).await;
    let mut deaf = server.tcp().await;
    deaf.write_all(&[PREFACE, EMPTY_SETTINGS].concat()).await.unwrap();
    // The server's settings have come: it takes this peer for a connection with a future.
    deaf.read_u8().await.unwrap();
    server.shutdown.cancel();
    timeout(PATIENCE, server.ended).await.expect("the drain ends").unwrap();
}

#[tokio::test]
async fn a_watcher_hears_that_nothing_serves_and_then_its_stream_ends() {
    let patient = ListenerSettings { drain_grace: 10 * PATIENCE, ..listener() };
    let server = Running::plain(settings(patient), Routes::default()).await;
    let mut client = HealthClient::new(server.channel().await);
    let mut stream = client.watch(settlement_service()).await.unwrap().into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().status(), ServingStatus::Serving);

    server.health.drain().await;
    server.shutdown.cancel();
    assert_eq!(stream.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    let status = stream.message().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.get_details_error_info().unwrap().reason, "DRAINING");
    timeout(PATIENCE, server.ended).await.expect("the stream held up nothing").unwrap();
}

#[tokio::test]
async fn nothing_makes_a_draining_process_serve_again() {
    let server = Running::plain(settings(listener()), Routes::default()).await;
    server.health.drain().await;
    server.health.started(true).await;
    let answer = HealthClient::new(server.channel().await).check(settlement_service()).await.unwrap();
    assert_eq!(answer.into_inner().status(), ServingStatus::NotServing);
}

#[tokio::test]
async fn a_service_follows_the_journal_and_the_process_does_not() {
    let server = Running::plain(settings(listener()), Routes::default()).await;
    let (tell, told) = tokio::sync::watch::channel(true);
    let (health, shutdown) = (server.health.clone(), server.shutdown.clone());
    let probe = move || std::future::ready(*told.borrow());
    tokio::spawn(async move { health.follow_journal(Duration::from_millis(1), shutdown, probe).await });

    let mut client = HealthClient::new(server.channel().await);
    let mut stream = client.watch(settlement_service()).await.unwrap().into_inner();
    let expected = [ServingStatus::Serving, ServingStatus::NotServing, ServingStatus::Serving];
    for (status, journal_next) in expected.into_iter().zip([false, true, true]) {
        assert_eq!(stream.message().await.unwrap().unwrap().status(), status);
        let whole = client.check(HealthCheckRequest::default()).await.unwrap().into_inner();
        assert_eq!(whole.status(), ServingStatus::Serving);
        tell.send_replace(journal_next);
    }
}
