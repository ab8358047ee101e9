//! Peers that are silent, slow or too many.

use std::time::Duration;

use settlement_gateway::grpc::caller::CallerDirectory;
use settlement_gateway::grpc::listener::{ClientCertificates, ListenerSettings};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tonic::service::Routes;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::support::{EMPTY_SETTINGS, PATIENCE, PREFACE, Pki, Running, grants, listener, settings};

const SHORT: Duration = Duration::from_millis(50);

/// Waits until the server closes a connection.
async fn closed(mut connection: impl AsyncRead + Unpin) {
    let end = timeout(PATIENCE, connection.read_to_end(&mut Vec::new())).await;
    // An end and a reset are both a close.
    let _ = end.expect("the server closes the connection");
}

async fn with_tls(pki: &Pki, limits: ListenerSettings) -> Running {
    let tls = Some(pki.tls(ClientCertificates::Ignored));
    Running::start(settings(limits), tls, CallerDirectory::anonymous(grants("local")), Routes::default()).await
}

#[tokio::test]
async fn a_silent_peer_and_one_that_stops_in_the_preface_are_closed() {
    let settings = settings(ListenerSettings { preface_timeout: SHORT, ..listener() });
    let server = Running::plain(settings, Routes::default()).await;
    closed(server.tcp().await).await;
    let mut partial = server.tcp().await;
    partial.write_all(&PREFACE[..20]).await.unwrap();
    closed(partial).await;
}

#[tokio::test]
async fn a_peer_that_never_shakes_hands_is_closed() {
    let limits = ListenerSettings { tls_handshake_timeout: SHORT, ..listener() };
    let server = with_tls(&Pki::new(), limits).await;
    closed(server.tcp().await).await;
}

#[tokio::test]
async fn a_peer_that_is_silent_after_its_handshake_is_closed() {
    let pki = Pki::new();
    let server = with_tls(&pki, ListenerSettings { preface_timeout: SHORT, ..listener() }).await;
    closed(pki.connect(server.address, None).await.unwrap()).await;
}

#[tokio::test]
async fn a_peer_that_gives_no_sign_of_life_is_closed() {
    let quick = ListenerSettings { keepalive_interval: SHORT, keepalive_timeout: SHORT, ..listener() };
    let server = Running::plain(settings(quick), Routes::default()).await;
    let mut dead = server.tcp().await;
    dead.write_all(&[PREFACE, EMPTY_SETTINGS].concat()).await.unwrap();
    closed(dead).await;
}

#[tokio::test]
async fn an_old_connection_is_asked_to_go_and_cut_if_it_does_not() {
    let short = ListenerSettings { max_connection_age: SHORT, max_connection_age_grace: SHORT, ..listener() };
    let server = Running::plain(settings(short), Routes::default()).await;
    let mut old = server.tcp().await;
    old.write_all(&[PREFACE, EMPTY_SETTINGS].concat()).await.unwrap();
    closed(old).await;
}

#[tokio::test]
async fn silent_peers_make_room_for_whoever_speaks() {
    let settings = settings(ListenerSettings { max_connections: 4, preface_timeout: PATIENCE * 10, ..listener() });
    let server = Running::plain(settings, Routes::default()).await;
    let mut silent = Vec::new();
    for number in 0..64 {
        let mut peer = server.tcp().await;
        // It may be closed already.
        let _ = peer.write_all(&PREFACE[..number % PREFACE.len()]).await;
        silent.push(peer);
    }
    for _ in 0..3 {
        HealthClient::new(server.channel().await).check(HealthCheckRequest::default()).await.unwrap();
    }
    for peer in silent.drain(..56) {
        closed(peer).await;
    }
}

#[tokio::test]
async fn one_connection_too_many_is_closed_and_its_place_is_given_again() {
    let settings = settings(ListenerSettings { max_connections: 1, ..listener() });
    let server = Running::plain(settings, Routes::default()).await;
    let channel = server.channel().await;
    HealthClient::new(channel.clone()).check(HealthCheckRequest::default()).await.unwrap();
    closed(server.tcp().await).await;

    drop(channel);
    // The place is free once the server has seen the end of the first connection.
    let again = async {
        loop {
            let channel = Endpoint::new(format!("http://{}", server.address)).unwrap().connect_lazy();
            if HealthClient::new(channel).check(HealthCheckRequest::default()).await.is_ok() {
                break;
            }
        }
    };
    timeout(PATIENCE, again).await.expect("the place is given again");
}
