//! The operators' listener.

use std::time::Duration;

use settlement_gateway::http::{HttpSettings, OpsServer, Readiness};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::support::PATIENCE;

struct Ops {
    address: String,
    readiness: Readiness,
    shutdown: CancellationToken,
    ended: JoinHandle<()>,
}

async fn started(settings: HttpSettings) -> Ops {
    let (readiness, shutdown) = (Readiness::new(), CancellationToken::new());
    let metrics = || "a_metric 1\n".to_owned();
    let server = OpsServer::bind("127.0.0.1:0".parse().unwrap(), settings, readiness.clone(), metrics).await.unwrap();
    let address = server.local_addr().to_string();
    let ended = tokio::spawn(server.serve(shutdown.clone()));
    Ops { address, readiness, shutdown, ended }
}

async fn get(ops: &Ops, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(format!("http://{}{path}", ops.address)).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_process_is_alive_before_it_is_ready_and_while_it_drains() {
    let ops = started(HttpSettings::default()).await;
    assert_eq!(get(&ops, "/readyz").await, (503, "not ready: not started, keys not loaded\n".to_owned()));
    ops.readiness.keys_loaded();
    ops.readiness.started();
    assert_eq!(get(&ops, "/readyz").await, (200, "ready\n".to_owned()));
    ops.readiness.draining();
    assert_eq!(get(&ops, "/readyz").await, (503, "not ready: draining\n".to_owned()));
    assert_eq!(get(&ops, "/livez").await, (200, "alive\n".to_owned()));
}

#[tokio::test]
async fn metrics_and_the_index_are_text_and_nothing_else_is_there() {
    let ops = started(HttpSettings::default()).await;
    assert_eq!(get(&ops, "/metrics").await, (200, "a_metric 1\n".to_owned()));
    assert!(get(&ops, "/").await.1.contains("/readyz"));
    assert_eq!(get(&ops, "/debug").await.0, 404);
}

#[tokio::test]
async fn a_silent_peer_is_closed_gives_its_place_back_and_holds_up_no_shutdown() {
    let short = Duration::from_millis(50);
    let settings = HttpSettings { max_connections: 1, header_timeout: short, ..HttpSettings::default() };
    let ops = started(settings).await;
    let mut silent = TcpStream::connect(&ops.address).await.unwrap();
    let _ = timeout(PATIENCE, silent.read_to_end(&mut Vec::new())).await.expect("the server closes the connection");
    assert_eq!(get(&ops, "/livez").await.0, 200);

    let _another = TcpStream::connect(&ops.address).await.unwrap();
    ops.shutdown.cancel();
    timeout(PATIENCE, ops.ended).await.expect("the listener ends").unwrap();
}
