//! The window: who may look, what is seen, and what a browser makes of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use reqwest::header::{AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use serde_json::Value;
use settlement_gateway::grpc::pb::SignPayloadRequest;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault, Sandbox};

use super::calls::{Gateway, channel};
use super::installation::{Installation, write_private};
use super::support::until;
use crate::support::world::{V1, V2};

/// What a caller may name a settlement.
const HOSTILE: &str = "\"><img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>";
/// A token as it should be.
const TOKEN: &str = "window-canary-0123456789abcdef012345";
/// Longer than an answer of the window is shown.
const FRESH_MS: u128 = 2_000;

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn get(gateway: &Gateway, path: &str) -> reqwest::Response {
    client().get(format!("http://{}{path}", gateway.ops)).send().await.unwrap()
}

async fn sight(gateway: &Gateway) -> Value {
    serde_json::from_str(&gateway.ops("/window/sight").await).unwrap()
}

/// Adds lines to `[ops]`.
fn with_ops(installation: &Installation, listen: &str, lines: &str) {
    let text = fs::read_to_string(installation.config_path()).unwrap();
    let text = text.replacen("[ops]\nlisten = \"127.0.0.1:0\"\n", &format!("[ops]\nlisten = \"{listen}\"\n{lines}"), 1);
    assert!(text.contains(lines));
    fs::write(installation.config_path(), text).unwrap();
}

/// Settlements at their end, under way, refused and parked, one of them with a hostile name; and a refused caller.
async fn busy(gateway: &Gateway, sandbox: &Sandbox) {
    let refuse = |status| {
        let behaviour = Behaviour::Status { status, body: Body::Error, effect: false };
        sandbox.faults().push(Fault { on: Endpoint::SettlementPost, times: 1, behaviour });
    };
    for id in ["2026-11-18", "2026-11-19", "2026-11-20", HOSTILE] {
        gateway.initiate(V1, id).await.unwrap();
        gateway.reconciled(V1, id).await;
    }
    gateway.initiate(V2, "2026-11-20/night").await.unwrap();
    refuse(403);
    gateway.initiate(V1, "2026-11-20/refused").await.unwrap_err();
    refuse(409);
    gateway.initiate(V1, "2026-11-20/parked").await.unwrap();
    let mut signing = SigningServiceClient::new(channel(gateway.grpc));
    let payload = "{\"withdraw\":\"everything\"}".to_owned();
    let sign = SignPayloadRequest { key_id: format!("key-{V1}"), payload };
    signing.sign_payload(sign).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_to_see_is_told_as_data_and_the_page_may_run_nothing_else() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    busy(&gateway, &sandbox).await;

    for (path, kind) in [
        ("/window", "text/html"),
        ("/window/page.css", "text/css"),
        ("/window/page.js", "text/javascript"),
        ("/window/sight", "application/json"),
    ] {
        let answer = get(&gateway, path).await;
        assert_eq!(answer.status(), 200, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header(CONTENT_TYPE.as_str()).starts_with(kind), "{path}");
        let policy = header(CONTENT_SECURITY_POLICY.as_str());
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!((header("x-content-type-options"), header("cache-control")), ("nosniff".to_owned(), "no-store".to_owned()));
    }

    let seen = until("the refusal is chained", async || {
        let seen = sight(&gateway).await;
        (!seen["refusals"].as_array().unwrap().is_empty()).then_some(seen)
    })
    .await;
    let of = |id: &str| seen["settlements"].as_array().unwrap().iter().find(|one| one["external_id"] == id).unwrap().clone();
    assert_eq!((&of(HOSTILE)["state"], &of("2026-11-20/parked")["state"]), (&"COMPLETED".into(), &"NEEDS_OPERATOR".into()));
    assert_eq!(of("2026-11-20/refused")["next_action"], "RETRY_SAME");
    let venue = seen["venues"].as_array().unwrap().iter().find(|venue| venue["name"] == V1).unwrap();
    assert!(venue["answered_at"].is_string() && venue["budget_left"].is_u64() && venue["is_held_back"] == false, "{venue}");
    assert_eq!(seen["keys"][0]["public_key"], installation.public_key(V1).to_hex());
    assert_eq!(seen["refusals"][0]["rpc"], "SigningService/SignPayload");
    for secret in installation.secrets() {
        assert!(!seen.to_string().contains(&secret));
    }

    let query = |id: &str| {
        let place = [("enterprise", V1), ("external_id", id)];
        client().get(reqwest::Url::parse_with_params(&format!("http://{}/window/timeline", gateway.ops), place).unwrap())
    };
    let told: Value = query(HOSTILE).send().await.unwrap().json().await.unwrap();
    let changes: Vec<_> = told["entries"].as_array().unwrap().iter().map(|entry| entry["change"].as_str().unwrap()).collect();
    assert!(changes.starts_with(&["RECEIVED", "PREPARED", "SIGNED"]), "{changes:?}");
    assert_eq!(query("never").send().await.unwrap().status(), 404);
    assert_eq!(query("").send().await.unwrap().status(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_look_cost_what_one_does() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    let begun = Instant::now();
    let look = || async { get(&gateway, "/window/sight").await.json::<Value>().await.unwrap() };
    let looks = futures_util::future::join_all((0..6).map(|_| look())).await;
    let most = begun.elapsed().as_millis() / FRESH_MS + 1;
    let instants: BTreeSet<_> = looks.iter().map(|seen| seen["at"].as_str().unwrap().to_owned()).collect();
    assert!(instants.len() as u128 <= most, "{instants:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_elsewhere_cannot_look_through_a_browser_on_this_machine() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    for path in ["/window", "/window/sight", "/window/timeline?enterprise=e&external_id=x"] {
        let rebound = client().get(format!("http://{}{path}", gateway.ops)).header(HOST, "rebound.example");
        assert_eq!(rebound.send().await.unwrap().status(), 403, "{path}");
    }
    let post = client().post(format!("http://{}/window/sight", gateway.ops)).send().await.unwrap();
    assert_eq!(post.status(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_this_machine_it_is_there_for_a_token_alone() {
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    with_ops(&installation, "0.0.0.0:0", "allow_non_loopback = true\n");
    let mut gateway = installation.serve().await;
    gateway.ops.set_ip([127, 0, 0, 1].into());
    assert_eq!(get(&gateway, "/livez").await.status(), 200);
    for path in ["/window", "/window/sight", "/window/page.js"] {
        assert_eq!(get(&gateway, path).await.status(), 404, "{path}");
    }
    gateway.process.kill().await;

    installation.configure(&sandbox.bitgo_url(), &sandbox.bitlipa_url(), "");
    write_private(&installation.path("window.token"), format!("{TOKEN}\n").as_bytes());
    with_ops(&installation, "0.0.0.0:0", "allow_non_loopback = true\nwindow_token_file = \"window.token\"\n");
    let mut gateway = installation.serve().await;
    gateway.ops.set_ip([127, 0, 0, 1].into());
    let unknown = get(&gateway, "/window").await;
    assert_eq!(
        (unknown.status().as_u16(), unknown.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic ")),
        (401, true)
    );
    let with = |value: String| client().get(format!("http://{}/window/sight", gateway.ops)).header(AUTHORIZATION, value).send();
    assert_eq!(with(format!("Bearer {TOKEN}")).await.unwrap().status(), 200);
    assert_eq!(with(format!("Bearer {TOKEN}0")).await.unwrap().status(), 401);
    let browser = client().get(format!("http://{}/window", gateway.ops)).basic_auth("anybody", Some(TOKEN)).send().await.unwrap();
    assert_eq!(browser.status(), 200);
    gateway.process.kill().await;

    installation.configure(&sandbox.bitgo_url(), &sandbox.bitlipa_url(), "");
    with_ops(&installation, "127.0.0.1:0", "window = false\n");
    let gateway = installation.serve().await;
    assert_eq!(get(&gateway, "/window").await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_token_and_one_that_others_can_read_are_refused() {
    let installation = Installation::new();
    installation.configure("http://127.0.0.1:9", "http://127.0.0.1:9", "");
    with_ops(&installation, "127.0.0.1:0", "window_token_file = \"window.token\"\n");
    write_private(&installation.path("window.token"), b"short");
    let refused = installation.command(&["config", "check"]).await.with_code(2);
    assert!(refused.complained.contains("ops.window_token_file"), "{}", refused.complained);
    fs::write(installation.path("window.token"), TOKEN).unwrap();
    fs::set_permissions(installation.path("window.token"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let refused = installation.command(&["config", "check"]).await.with_code(2);
    assert!(
        refused.complained.contains("ops.window_token_file") && !refused.complained.contains(TOKEN),
        "{}",
        refused.complained
    );
}

/// A Chromium, where this machine has one or gets one.
fn chromium() -> Option<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/chromium.sh");
    let found = Command::new(script).output().unwrap();
    let path = String::from_utf8(found.stdout).unwrap().trim().to_owned();
    if path.is_empty() {
        println!("skipped: {}", String::from_utf8_lossy(&found.stderr).trim());
        return None;
    }
    Some(path.into())
}

/// Runs the browser on a page until its script has looked for some seconds of the page's own time.
fn browse(chromium: &Path, folder: &Path, url: &str, more: &[String]) -> (String, String) {
    let mut command = Command::new(chromium);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"]);
    command.args(["--no-proxy-server", "--enable-logging=stderr", "--virtual-time-budget=8000", "--window-size=1360,1320"]);
    command.arg(format!("--user-data-dir={}", folder.display())).args(more).arg(url);
    let ran = command.output().unwrap();
    (String::from_utf8_lossy(&ran.stdout).into_owned(), String::from_utf8_lossy(&ran.stderr).into_owned())
}

/// With `SCREENSHOT=FILE` in the environment the page is also kept as a picture.
#[tokio::test(flavor = "multi_thread")]
async fn a_browser_shows_the_page_and_runs_nothing_that_a_caller_wrote() {
    let Some(chromium) = chromium() else { return };
    let installation = Installation::new();
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    busy(&gateway, &sandbox).await;
    until("the refusal is chained", async || (!sight(&gateway).await["refusals"].as_array().unwrap().is_empty()).then_some(()))
        .await;
    let profile = installation.path("browser");
    let shown = |id: &str| {
        let mut url = reqwest::Url::parse(&format!("http://{}/window", gateway.ops)).unwrap();
        let place: String = reqwest::Url::parse_with_params("http://x", [("enterprise", V1), ("external_id", id)])
            .unwrap()
            .query()
            .unwrap()
            .to_owned();
        url.set_fragment(Some(&place));
        url.to_string()
    };
    let (page, console) = browse(&chromium, &profile, &shown(HOSTILE), &["--dump-dom".to_owned()]);
    assert!(page.contains("<title>settlement-gateway</title>"), "{page}{console}");
    assert!(page.contains("&lt;img src=x onerror=") && !page.contains("<img"), "{page}");
    assert!(page.contains("<ol class=\"steps\">") && page.contains("dispatched → submitting"), "{page}{console}");
    assert!(page.contains("need a person") && page.contains("SigningService/SignPayload"), "{page}");
    assert!(page.contains(&installation.public_key(V2).to_hex()) && page.contains("live, "), "{page}");
    for complaint in ["Content Security Policy", "Uncaught", "Refused to"] {
        assert!(!console.contains(complaint), "{console}");
    }
    if let Some(file) = std::env::var_os("SCREENSHOT") {
        let picture = format!("--screenshot={}", PathBuf::from(file).display());
        browse(&chromium, &profile, &shown("2026-11-20/parked"), &[picture]);
    }
}
