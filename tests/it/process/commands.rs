//! The commands that look and do not serve: `config check`, `keys show`, `healthcheck`, `version`; and refused starts.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use settlement_gateway::grpc::pb::ListKeysRequest;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::calls::channel;
use super::installation::{Installation, write_private};
use super::support::Process;
use crate::support::world::{V1, V2};

/// Nothing listens there in these tests.
const VENUE: &str = "http://127.0.0.1:9";

fn configured() -> Installation {
    let installation = Installation::new();
    installation.configure(VENUE, VENUE, "");
    installation
}

/// An installation with a mistake in every corner, and words that each must be named by.
fn mistaken() -> (Installation, Vec<&'static str>) {
    let installation = configured();
    let text = fs::read_to_string(installation.config_path()).unwrap();
    let text = text
        .replace("grace_ms = 5000", "grace_ms = 5")
        .replace("url = \"sqlite://journal.db\"", "url = \"sqlite://:memory:\"\npassword = \"hunter2-canary\"")
        .replace("route = \"v2\"", "route = \"v3\"")
        .replace("\"bitlipa.secret\"", "\"missing.secret\"")
        .replace("[bitlipa]\nbase_url = \"http://127.0.0.1:9\"", "[bitlipa]\nbase_url = \"http://192.0.2.1\"")
        .replace("xprv_file = \"ent-v2.xprv\"", "xprv_file = \"ent-v2.xprv\"\npublic_key = \"PINNED\"")
        .replace("PINNED", &installation.public_key(V1).to_hex());
    fs::write(installation.config_path(), text).unwrap();
    fs::set_permissions(installation.path("ent-v1.xprv"), fs::Permissions::from_mode(0o644)).unwrap();
    write_private(&installation.path("ent-v1.token"), b"");
    let named = vec![
        "drain.grace_ms",
        "store.url",
        "store.password",
        "enterprises[0].token_file",
        "enterprises[1].route",
        "bitlipa.base_url",
        "bitlipa.api_secret_file",
        "keys[0].xprv_file",
        "keys[1].public_key",
    ];
    (installation, named)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_is_told_at_once_and_no_secret() {
    let (installation, named) = mistaken();
    let mut secrets = installation.secrets();
    secrets.retain(|secret| !secret.is_empty());
    secrets.push("hunter2-canary".to_owned());
    for words in [&["serve"][..], &["config", "check"], &["keys", "show"]] {
        let refused = installation.command(words).await.with_code(2);
        assert_eq!(refused.said, "");
        for name in &named {
            assert!(refused.complained.contains(name), "{words:?} does not name {name}: {}", refused.complained);
        }
        for secret in &secrets {
            assert!(!refused.complained.contains(secret.as_str()), "{words:?} shows a secret");
        }
    }
    assert!(!installation.path("journal.db").exists(), "a refused start makes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_configuration_is_called_so() {
    let installation = configured();
    let checked = installation.command(&["config", "check"]).await.with_code(0);
    assert!(checked.said.contains("2 enterprises, 2 keys"), "{}", checked.said);
    assert_eq!(checked.complained, "");
    assert!(!installation.path("journal.db").exists(), "a check makes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_served_beyond_this_machine_without_tls_and_callers() {
    let installation = configured();
    let text = fs::read_to_string(installation.config_path()).unwrap();
    for listen in ["0.0.0.0:0", "192.0.2.1:50051", "[::]:0"] {
        fs::write(installation.config_path(), text.replacen("127.0.0.1:0", listen, 1)).unwrap();
        let refused = installation.command(&["serve"]).await.with_code(2);
        assert!(refused.complained.contains("grpc.listen"), "{}", refused.complained);
        assert!(refused.complained.contains("grpc.unauthenticated_loopback"), "{}", refused.complained);
    }
    fs::write(installation.config_path(), text.replace("unauthenticated_loopback = true", "")).unwrap();
    let refused = installation.command(&["serve"]).await.with_code(2);
    assert!(refused.complained.contains("callers"), "{}", refused.complained);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_shown_as_the_service_lists_them_and_by_their_public_half_alone() {
    let installation = configured();
    let shown = installation.command(&["keys", "show"]).await.with_code(0);
    let gateway = installation.serve().await;
    let listed = SigningServiceClient::new(channel(gateway.grpc)).list_keys(ListKeysRequest {}).await.unwrap().into_inner();
    let expected: Vec<_> = listed.keys.iter().map(|key| (key.key_id.clone(), key.public_key.clone())).collect();
    let lines = shown.said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let told: Vec<_> = lines.map(|words| (words[0].to_owned(), words[1].to_owned())).collect();
    assert_eq!(told, expected);
    assert_eq!(told, [V1, V2].map(|id| (format!("key-{id}"), installation.public_key(id).to_hex())));
    for secret in installation.secrets() {
        assert!(!shown.output().contains(&secret));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_tells_a_ready_gateway_from_one_that_is_not_and_from_none() {
    let installation = configured();
    let gateway = installation.serve().await;
    let ops = gateway.ops.to_string();
    Process::run(["healthcheck", "--ops", &ops]).await.with_code(0);
    let by_name = format!("localhost:{}", gateway.ops.port());
    Process::run(["healthcheck", "--ops", &by_name]).await.with_code(0);
    gateway.process.kill().await;
    let gone = Process::run(["healthcheck", "--ops", &ops]).await.with_code(1);
    assert!(gone.complained.starts_with("not ready: "), "{}", gone.complained);

    let draining = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = draining.local_addr().unwrap().to_string();
    let answer = async {
        let (mut peer, _) = draining.accept().await.unwrap();
        peer.write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        peer
    };
    let (checked, _peer) = tokio::join!(Process::run(["healthcheck", "--ops", &address]), answer);
    let checked = checked.with_code(1);
    assert!(checked.complained.contains("503"), "{}", checked.complained);
}

#[tokio::test(flavor = "multi_thread")]
async fn version_and_wrong_command_lines_are_answered_plainly() {
    let version = Process::run(["version"]).await.with_code(0);
    assert_eq!(version.said, format!("settlement-gateway {}\n", env!("CARGO_PKG_VERSION")));
    for wrong in [&["serve"][..], &["settle"], &["dev", "--ephemeral", "--dir", "here"], &["sandbox"]] {
        Process::run(wrong).await.with_code(2);
    }
}
