//! `export`: a day as files, while the gateway serves.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use settlement_gateway::sandbox::EXAMPLE_CONNECTIONS;

use super::installation::Installation;
use super::support::until;
use crate::support::world::{V1, V2};

/// The days on which these tests may have recorded something.
fn today() -> String {
    Timestamp::now().to_zoned(TimeZone::UTC).date().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_written_whole_with_its_control_totals_and_the_same_twice() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    for external_id in ["day, one", "=day-2"] {
        gateway.initiate(V1, external_id).await.unwrap();
        until("it is reconciled", async || {
            gateway.stored(V1, external_id).await.and_then(|settlement| settlement.reconciliation)
        })
        .await;
    }
    let (day, out) = (today(), installation.path("books"));
    fs::create_dir(&out).unwrap();
    let words = ["export", "--day", &day, "--out", out.to_str().unwrap()];
    let ended = installation.command(&words).await.with_code(0);
    assert!(ended.said.contains(&format!("2 settlements of {V1}")), "{}", ended.said);
    assert!(ended.said.contains(&format!("0 settlements of {V2}")), "{}", ended.said);

    let name = |kind: &str, end: &str| out.join(format!("{kind}-{V1}-{day}.{end}"));
    let csv = fs::read_to_string(name("settlements", "csv")).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 5, "{csv}");
    let [first, second] = EXAMPLE_CONNECTIONS;
    assert!(lines[1].starts_with(&format!("{V1},\"day, one\",")), "{csv}");
    assert!(lines[1].contains(",COMPLETED,CREATED,MATCHED,v1,full,,"), "{csv}");
    assert!(lines[1].ends_with(&format!(",{first},,BTC,1,1")), "{csv}");
    assert!(lines[4].ends_with(&format!(",{second},,ETH,-2,-2")), "{csv}");

    let totals = fs::read_to_string(name("totals", "csv")).unwrap();
    assert_eq!(totals.lines().nth(1), Some(format!("{V1},{day},COMPLETED,BTC,2,2,2,2,2").as_str()), "{totals}");
    assert_eq!(totals.lines().nth(2), Some(format!("{V1},{day},COMPLETED,ETH,2,2,-4,2,-4").as_str()), "{totals}");

    let text = fs::read_to_string(name("settlements", "json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["settlement_count"], 2);
    assert_eq!(json["settlements"][0]["external_id"], "day, one");
    assert_eq!(json["settlements"][1]["reconciliation"]["status"], "MATCHED");
    assert_eq!(json["control_totals"][1]["posted_sum"], "-4");
    let mode = fs::metadata(name("settlements", "json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    installation.command(&words).await.with_code(0);
    assert_eq!(fs::read_to_string(name("settlements", "json")).unwrap(), text, "the same journal gives the same files");
    assert_eq!(fs::read_to_string(name("settlements", "csv")).unwrap(), csv);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_exported_is_said_and_leaves_no_file() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let out = installation.path("books");
    fs::create_dir(&out).unwrap();
    let folder = out.to_str().unwrap();
    let no_journal = installation.command(&["export", "--day", "2026-03-18", "--out", folder]).await.with_code(1);
    assert!(no_journal.complained.contains("the journal cannot be opened"), "{}", no_journal.complained);
    let nobody = ["export", "--day", "2026-03-18", "--out", folder, "--enterprise", "ent-9"];
    let unknown = installation.command(&nobody).await.with_code(1);
    assert!(unknown.complained.contains("ent-9"), "{}", unknown.complained);
    installation.command(&["export", "--day", "yesterday", "--out", folder]).await.with_code(2);
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0);
}
