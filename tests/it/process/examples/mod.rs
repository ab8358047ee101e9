//! The callers of `examples/` against a real development run.
//!
//! `scripts/examples.sh` builds them; a language that it could not build is skipped. Each is started by the command of
//! `docs/quick-start.md` and held to the transcript there, while the venue fails once and the connection breaks once.

mod line;

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use self::line::Line;
use super::dev::Dev;
use super::support::Process;
use super::transcript::compare::Known;

const PAGE: &str = "docs/quick-start.md";

/// How the page starts each language's program, from the repository's root.
const COMMANDS: [(&str, &str); 4] = [
    ("go", "(cd examples/go && ./settle)"),
    ("python", "(cd examples/python && PYTHONPATH=gen .venv/bin/python settle.py)"),
    ("typescript", "(cd examples/typescript && npm start --silent)"),
    ("java", "(cd examples/java && java -jar target/settle.jar)"),
];

/// What a line about a watch begins with.
const WATCHED: &str = "WatchSettlement     sequence ";
const BROKEN: &str = "WatchSettlement     broken (UNAVAILABLE); again after sequence ";

/// How often the gateway calls the venue for one GetClientSettlement before it gives up.
const VENUE_CALLS: u32 = 3;

/// Longer than both of the venue's windows.
const AHEAD_MS: u64 = 60_000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The transcript that the page shows.
fn shown() -> Vec<String> {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let block = page.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    block.lines().map(plain).collect()
}

/// A line without a settlement's sequence: how many changes a watcher sees one by one is the machine's affair.
fn plain(line: &str) -> String {
    match line.strip_prefix(WATCHED).and_then(|rest| rest.split_once(": ")) {
        Some((_, seen)) => format!("{WATCHED}: {seen}"),
        None => line.to_owned(),
    }
}

/// The sequences in the lines that begin so.
fn sequences<'a>(said: &'a str, beginning: &'a str) -> impl Iterator<Item = u64> + 'a {
    let after = said.lines().filter_map(move |line| line.strip_prefix(beginning));
    after.map(|rest| rest.split(':').next().unwrap().parse().unwrap())
}

async fn tell_venue(dev: &Dev, path: &str, message: serde_json::Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(format!("{}/sandbox/{path}", dev.bitgo)).json(&message).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {answer:?}");
}

async fn tours(language: &str) {
    if !root().join(format!("target/examples/{language}.built")).is_file() {
        println!("SKIPPED: the {language} example is not built; scripts/examples.sh builds it where there is its tool chain");
        return;
    }
    let (_, started) = COMMANDS.into_iter().find(|(name, _)| *name == language).unwrap();
    let folder = TempDir::new().unwrap();
    let dev = Dev::start(folder.path(), &["--ephemeral"]).await;
    let fails = serde_json::json!({ "on": "client_settlement", "times": VENUE_CALLS, "behaviour": { "kind": "cut_before" } });
    tell_venue(&dev, "faults", fails).await;
    let line = Line::to(dev.gateway.grpc).await;

    let mut command = Command::new("bash");
    command.args(["-c", started]).current_dir(root()).env("SETTLEMENT_TARGET", line.address().to_string());
    let mut caller = Process::spawn(command);
    caller.word_after(WATCHED).await;
    line.cut();
    caller.word_after(BROKEN).await;
    tell_venue(&dev, "clock", serde_json::json!({ "advance_ms": AHEAD_MS })).await;
    let ended = caller.ended().await.with_code(0);

    let resumed_after: Vec<_> = sequences(&ended.said, BROKEN).collect();
    let seen: Vec<_> = sequences(&ended.said, WATCHED).collect();
    assert!(resumed_after.iter().all(|last| seen.contains(last)), "{}", ended.said);
    assert!(seen.is_sorted_by(|earlier, later| earlier < later), "a change came twice:\n{}", ended.said);
    let said: Vec<_> = ended.said.lines().filter(|line| !line.starts_with(BROKEN)).map(plain).collect();
    let said: Vec<_> = said.iter().map(String::as_str).collect();
    let fits = Known::default().learn(&shown(), &said);
    assert!(fits.is_ok(), "{PAGE} shows another transcript: {}\n{}", fits.unwrap_err(), ended.output());

    let metrics = dev.gateway.ops("/metrics").await;
    let count = |code: &str| {
        let labels = [r#"method="GetClientSettlement""#.to_owned(), format!(r#"code="{code}""#)];
        let mut requests = metrics.lines().filter(|line| line.starts_with("settlement_gateway_rpc_requests_total{"));
        requests.any(|line| labels.iter().all(|label| line.contains(label)))
    };
    assert!(count("UNAVAILABLE") && count("OK"), "the call was not made again by the service config:\n{metrics}");
    dev.stop_with("TERM").await;
}

#[test]
fn the_page_has_every_command() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    for (language, command) in COMMANDS {
        assert!(page.contains(&format!("scripts/examples.sh build {language}\n")), "{language}");
        assert!(page.contains(&format!("{command}\n")), "{command}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_go_caller_does_what_the_page_shows() {
    tours("go").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_caller_does_what_the_page_shows() {
    tours("python").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_typescript_caller_does_what_the_page_shows() {
    tours("typescript").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_java_caller_does_what_the_page_shows() {
    tours("java").await;
}
