//! `backup` while the gateway settles, and `restore` elsewhere: everything that was acknowledged before is there.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use settlement_gateway::grpc::pb::{Settlement, SettlementState};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::task::JoinSet;

use super::calls::{Gateway, initiate};
use super::installation::Installation;
use super::support::{Ended, Process, until};
use crate::support::postgres::Schema;
use crate::support::world::V1;

/// Callers that settle one after the other, at once.
const CALLERS: usize = 4;
/// Backups that are made meanwhile.
const BACKUPS: usize = 3;

/// Settlements without an end, and those of them that were acknowledged.
struct Load {
    acknowledged: Arc<Mutex<Vec<Settlement>>>,
    stop: Arc<AtomicBool>,
    callers: JoinSet<()>,
}

impl Load {
    fn on(gateway: &Gateway) -> Self {
        let (acknowledged, stop) = (Arc::<Mutex<Vec<Settlement>>>::default(), Arc::new(AtomicBool::new(false)));
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (grpc, acknowledged, stop) = (gateway.grpc, Arc::clone(&acknowledged), Arc::clone(&stop));
            callers.spawn(async move {
                for n in 0.. {
                    let settlement = initiate(grpc, V1, &format!("load-{caller}-{n}")).await.unwrap();
                    acknowledged.lock().unwrap().push(settlement);
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                }
            });
        }
        Self { acknowledged, stop, callers }
    }

    fn acknowledged(&self) -> Vec<Settlement> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Waits until so many more were acknowledged.
    async fn more(&self, count: usize) {
        let before = self.acknowledged().len();
        until("more is settled", async || (self.acknowledged().len() >= before + count).then_some(())).await;
    }

    async fn end(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.callers.join_all().await;
    }
}

/// A configuration beside the installation's own, with another journal.
fn configured(installation: &Installation, name: &str, url: &str) -> PathBuf {
    let path = installation.path(name);
    let text = fs::read_to_string(installation.config_path()).unwrap();
    let anchor = if url.starts_with("postgres") { "[anchor]\nfile = \"anchor/journal.anchor\"\n" } else { "" };
    fs::write(&path, text.replace("sqlite://journal.db", url) + anchor).unwrap();
    path
}

async fn run(words: [&str; 3], config: &Path) -> Ended {
    Process::run(words.iter().map(Path::new).chain([Path::new("--config"), config])).await
}

async fn integrity(database: &Path) -> String {
    let mut on = SqliteConnectOptions::new().filename(database).connect().await.unwrap();
    let verdict = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut on).await.unwrap();
    on.close().await.unwrap();
    verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_brings_back_everything_that_was_acknowledged_before_it_began() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    let load = Load::on(&gateway);
    let mut backups = Vec::new();
    for n in 0..BACKUPS {
        load.more(CALLERS).await;
        let (before, file) = (load.acknowledged(), installation.path(&format!("backup-{n}.db")));
        let ended = installation.command(&["backup", "--to", file.to_str().unwrap()]).await.with_code(0);
        assert!(ended.said.contains("whole, on the disk, and checked"), "{}", ended.said);
        backups.push((before, file));
    }
    load.more(CALLERS).await;
    load.end().await;
    gateway.process.kill().await;

    for (n, (before, file)) in backups.into_iter().enumerate() {
        let folder = format!("elsewhere-{n}");
        let config = configured(&installation, &format!("{folder}.toml"), &format!("sqlite://{folder}/journal.db"));
        let ended = run(["restore", "--from", file.to_str().unwrap()], &config).await.with_code(0);
        assert!(ended.said.contains("the anchor decides whether this journal may be used"), "{}", ended.said);
        assert_eq!(integrity(&installation.path(&folder).join("journal.db")).await, "ok");
        let again = run(["restore", "--from", file.to_str().unwrap()], &config).await.with_code(1);
        assert!(again.complained.contains("exists already"), "{}", again.complained);
        let restored = Gateway::of(Process::start([Path::new("serve"), Path::new("--config"), &config]), "grpc ", "ops ").await;
        assert!(before.len() >= CALLERS);
        for told in before {
            let found = restored.stored(V1, &told.external_id).await.unwrap();
            assert_eq!(found.state(), SettlementState::Completed);
            assert_eq!(
                (found.request_digest, found.payload_sha256, found.signature),
                (told.request_digest, told.payload_sha256, told.signature)
            );
            assert_eq!(found.timeline[..told.timeline.len()], told.timeline[..], "what was told stays as it was");
        }
        restored.process.kill().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_backup_of_a_journal_that_does_not_exist_and_none_over_a_file() {
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let file = installation.path("backup.db");
    let words = ["backup", "--to", file.to_str().unwrap()];
    installation.command(&words).await.with_code(1);
    assert!(!file.exists());
    drop(installation.serve().await);
    fs::write(&file, "last week's").unwrap();
    let refused = installation.command(&words).await.with_code(1);
    assert!(refused.complained.contains("exists already and is left as it is"), "{}", refused.complained);
    assert_eq!(fs::read_to_string(&file).unwrap(), "last week's");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_it_is_said_how_the_server_makes_its_backups_and_nothing_is_claimed() {
    let Some(schema) = Schema::fresh().await else { return };
    let installation = Installation::new();
    let _sandbox = installation.with_venues().await;
    let config = configured(&installation, "postgres.toml", &schema.url());
    let file = installation.path("backup.db");
    for words in [["backup", "--to"], ["restore", "--from"]] {
        let ended = run([words[0], words[1], file.to_str().unwrap()], &config).await.with_code(1);
        assert_eq!(ended.said, "");
        assert!(ended.complained.contains("pg_dump --format=custom"), "{}", ended.complained);
        assert!(ended.complained.contains("archive_mode off"), "{}", ended.complained);
        assert!(!ended.complained.contains("postgres://"), "{}", ended.complained);
    }
    assert!(!file.exists());
}
