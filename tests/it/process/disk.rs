//! A disk under the journal that is full, that fails, and the order in which it is written.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use settlement_gateway::grpc::pb::SettlementState;
use settlement_gateway::grpc::pb::SignPayloadRequest;
use settlement_gateway::grpc::pb::signing_service_client::SigningServiceClient;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;
use tonic::Status;

use super::calls::{Gateway, channel};
use super::installation::{Installation, Terms, created};
use super::shim;
use super::support::until;
use crate::support::told::{Told, assert_unavailable};
use crate::support::world::V1;

/// Leases lapse soon, so that what a failure interrupted goes on within the test.
const ENGINE: &str = "lease_ms = 2100\n";
const VENUES: &str = "connect_timeout_ms = 900\nfirst_byte_timeout_ms = 1000\ncall_timeout_ms = 1000\n";
/// How large the disk is that is filled.
const DISK: &str = "size=4m,mode=0700";
/// More settlements than fit on it.
const MANY: usize = 1_000;

async fn sign(gateway: &Gateway, nonce: &str) -> Result<String, Status> {
    let payload = format!(
        r#"{{"version":"1.2.0","accountId":"a1","amounts":[{{"accountId":"a1","sendSubtotal":"1","sendAmount":"1","sendCurrency":"ofctusd","receiveAmount":"1","receiveCurrency":"ofctbtc"}}],"nonceHold":"h-{nonce}","nonceSettle":"s-{nonce}"}}"#
    );
    let request = SignPayloadRequest { key_id: format!("key-{V1}"), payload };
    let signed = SigningServiceClient::new(channel(gateway.grpc)).sign_payload(request).await?;
    Ok(signed.into_inner().signature)
}

#[track_caller]
fn unavailable<T: std::fmt::Debug>(answer: Result<T, Status>) {
    assert_unavailable(&Told::by(&answer.unwrap_err()));
}

async fn is_whole(journal: &Path) {
    let mut connection = SqliteConnectOptions::new().filename(journal).connect().await.unwrap();
    let whole: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(whole, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_failed_once_is_the_last_word_until_the_process_is_started_anew() {
    let installation = Installation::on(Terms { engine: ENGINE, venues: VENUES, ..Terms::default() });
    let Some(variables) = shim::failing_syncs(installation.path("fail")) else { return };
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve_with(variables.clone()).await;
    assert_eq!(gateway.initiate(V1, "before").await.unwrap().state(), SettlementState::Completed);
    sign(&gateway, "before").await.unwrap();
    gateway.reconciled(V1, "before").await;
    let sent = sandbox.ledger().requests_containing("");

    fs::write(installation.path("fail"), "").unwrap();
    unavailable(sign(&gateway, "meanwhile").await);
    unavailable(gateway.initiate(V1, "meanwhile").await);
    fs::remove_file(installation.path("fail")).unwrap();
    // The disk takes everything again, and that proves nothing of what it was given before.
    unavailable(sign(&gateway, "after").await);
    unavailable(gateway.initiate(V1, "after").await);
    assert_eq!(sandbox.ledger().requests_containing(""), sent);
    gateway.process.signal("TERM");
    let ended = gateway.process.ended().await;
    assert_eq!(ended.output().matches("the disk failed to keep what was written: nothing more").count(), 1, "{}", ended.output());

    is_whole(&installation.path("journal.db")).await;
    let gateway = installation.serve_with(variables).await;
    for name in ["before", "meanwhile", "after"] {
        assert_eq!(gateway.initiate(V1, name).await.unwrap().state(), SettlementState::Completed);
        assert_eq!(created(&sandbox, V1, name).await.created, 1);
        sign(&gateway, name).await.unwrap();
    }
}

/// A small disk, for as long as it is used.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// Nothing where this user may not mount one, which is said.
    fn mount() -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("SKIPPED: a disk that is full, since this user may mount none");
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Leaves no space at all.
    fn fill(&self) {
        let mut filler = fs::File::create(self.path("filler")).unwrap();
        while std::io::Write::write_all(&mut filler, &[0; 4_096]).is_ok() {}
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_signs_and_sends_nothing_and_everything_goes_on_when_there_is_space() {
    let Some(disk) = SmallDisk::mount() else { return };
    let store = format!("url = \"sqlite://{}\"\n", disk.path("journal.db").display());
    let installation = Installation::on(Terms { store, engine: ENGINE, venues: VENUES, ..Terms::default() });
    let sandbox = installation.with_venues().await;
    let gateway = installation.serve().await;
    disk.fill();
    // What was freed inside the file is used up first.
    let mut names = Vec::new();
    let mut refused = 0;
    while refused < 3 {
        let name = format!("full-{}", names.len());
        assert!(names.len() < MANY, "the space never ends");
        match gateway.initiate(V1, &name).await {
            Ok(_) => refused = 0,
            Err(status) => {
                assert_unavailable(&Told::by(&status));
                refused += 1;
            }
        }
        names.push(name);
    }
    unavailable(sign(&gateway, "full").await);
    let newest = names.last().unwrap();
    assert!(sandbox.ledger().settlement(V1, newest).is_none(), "nothing was sent for what was not recorded");

    fs::remove_file(disk.path("filler")).unwrap();
    for name in &names {
        let settled = until("there is space again", async || gateway.initiate(V1, name).await.ok()).await;
        let settled = if settled.terminal { settled } else { gateway.finished(V1, name).await };
        assert_eq!(settled.state(), SettlementState::Completed);
        let entry = created(&sandbox, V1, name).await;
        assert_eq!((entry.created, entry.body_digests.len()), (1, 1));
    }
    sign(&gateway, "full").await.unwrap();
    gateway.process.signal("TERM");
    gateway.process.ended().await.with_code(0);
    is_whole(&disk.path("journal.db")).await;
}
