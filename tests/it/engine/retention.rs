//! Finished work leaves for the archive: durable there before it is gone here, and never made again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::archive::{Archive, ArchiveFolder};
use settlement_gateway::domain::archive::{ArchiveFile, ArchiveKind, ArchiveRecord};
use settlement_gateway::domain::settlement::{Settlement, State};
use settlement_gateway::service::{Retention, RetentionSettings, RunsErrands, ServiceError};
use settlement_gateway::store::{BatchLimits, ErrandKind};
use tempfile::TempDir;

use crate::support::builders::leg;
use crate::support::world::{V1, V2, World, asking, request};

/// Everything that is finished is old enough.
const AT_ONCE: RetentionSettings = RetentionSettings { archive_after: Duration::ZERO, deliveries_after: Duration::ZERO };

/// A world, and an archive beside it.
struct Ground {
    world: World,
    folder: TempDir,
}

impl Ground {
    async fn new() -> Self {
        Self { world: World::new().await, folder: TempDir::new().unwrap() }
    }

    fn archive(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    /// A settlement at its end.
    async fn settled(&self, enterprise: &str, external_id: &str) -> Settlement {
        let settlement = self.world.initiate(request(enterprise, external_id)).await.unwrap().settlement;
        let settlement = self.world.until_at_rest(settlement).await;
        assert_eq!(settlement.progress.state, State::Completed);
        settlement
    }

    fn retention(&self, folder: &Path) -> Retention {
        let context = &self.world.context;
        let archive = Arc::new(ArchiveFolder::new(folder.to_owned()));
        Retention::new(context.store.clone(), context.clock.clone(), archive, AT_ONCE)
    }

    /// One run of the errand.
    async fn run(&self, folder: &Path) {
        let retention = self.retention(folder);
        retention.enlist().await.unwrap();
        let store = &self.world.context.store;
        let claim = store.claim_errand(self.world.context.clock.now(), Duration::from_secs(30)).await.unwrap().unwrap();
        assert_eq!(claim.lease.kind, ErrandKind::Retention);
        let due_at = retention.run(&claim).await.unwrap();
        assert!(due_at.is_some(), "it looks again");
        store.release_errand(&claim.lease, None).await.unwrap();
    }

    async fn stored(&self, settlement: &Settlement) -> Settlement {
        self.world.context.store.settlement_by_id(settlement.id).await.unwrap().unwrap()
    }

    async fn is_whole(&self, settlement: &Settlement) {
        let store = &self.world.context.store;
        assert_eq!(self.stored(settlement).await, *settlement);
        assert!(store.intent(settlement.id).await.is_ok());
        assert!(store.material(settlement.id).await.unwrap().body.is_some());
        assert_eq!(store.timeline(settlement.id, 100).await.unwrap().len() as u64, settlement.progress.sequence);
    }

    /// The files of the archive, each held against what the journal knows of it.
    async fn files(&self) -> Vec<String> {
        let known = self.world.context.store.archive_files("", 100).await.unwrap();
        for mark in &known {
            mark.hold(&fs::read_to_string(self.archive().join(&mark.name)).unwrap()).unwrap();
        }
        known.into_iter().map(|mark| mark.name).collect()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_has_left_is_answered_without_its_legs_and_never_created_again() {
    let ground = Ground::new().await;
    for enterprise in [V1, V2] {
        let before = ground.settled(enterprise, "day-1").await;
        let at_venue = ground.world.at_venue(enterprise, "day-1").unwrap();
        ground.run(&ground.archive()).await;
        let after = ground.stored(&before).await;
        assert_eq!(after, Settlement { archived_in: after.archived_in.clone(), ..before });
        assert!(ground.files().await.contains(after.archived_in.as_ref().unwrap()));

        let again = ground.world.initiate(request(enterprise, "day-1")).await.unwrap();
        assert_eq!(again.settlement, after);
        assert!(again.intent.is_none() && again.timeline.is_empty() && again.standing.is_none());
        let other = ground.world.initiate(asking(enterprise, "day-1", vec![leg("connection-1", "BTC", "9")])).await;
        match other.unwrap_err() {
            ServiceError::ExternalIdReused { settlement, fields } => {
                assert_eq!((*settlement, fields), (after, vec!["settlement_amounts"]));
            }
            wrong => panic!("{wrong:?}"),
        }
        let now = ground.world.at_venue(enterprise, "day-1").unwrap();
        assert_eq!((now.created, now.posts, now.body_digests), (1, at_venue.posts, at_venue.body_digests));
    }
}

#[tokio::test]
async fn a_body_comes_back_from_the_archive_as_it_was_sent() {
    let ground = Ground::new().await;
    let settlement = ground.settled(V1, "day-1").await;
    let material = ground.world.context.store.material(settlement.id).await.unwrap();
    ground.run(&ground.archive()).await;
    let name = &ground.files().await[0];
    let text = ArchiveFolder::new(ground.archive()).read(name).await.unwrap().unwrap();
    let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["body"].as_str().map(str::as_bytes), material.body.as_deref());
    assert_eq!(line["payload"].as_str().map(str::to_owned), material.payload);
    assert!(ArchiveFolder::new(ground.archive()).read("another").await.unwrap().is_none());
}

#[tokio::test]
async fn nothing_leaves_for_an_archive_that_cannot_be_written() {
    let ground = Ground::new().await;
    let settlement = ground.settled(V1, "day-1").await;
    fs::write(ground.archive(), "a file where the folder should be").unwrap();
    ground.run(&ground.archive()).await;
    ground.is_whole(&settlement).await;
    fs::remove_file(ground.archive()).unwrap();
    ground.run(&ground.archive()).await;
    assert_eq!(ground.files().await.len(), 1);
    assert!(ground.stored(&settlement).await.archived_in.is_some());
}

#[tokio::test]
async fn another_journals_folder_or_an_emptied_one_is_not_written_to() {
    let (ground, other) = (Ground::new().await, Ground::new().await);
    ground.settled(V1, "day-1").await;
    ground.run(&ground.archive()).await;
    let theirs = other.settled(V1, "day-1").await;
    other.run(&ground.archive()).await;
    other.is_whole(&theirs).await;

    let second = ground.settled(V1, "day-2").await;
    let unmounted = ground.folder.path().join("unmounted");
    fs::create_dir(&unmounted).unwrap();
    ground.run(&unmounted).await;
    ground.is_whole(&second).await;
    assert_eq!(names(&unmounted), Vec::<String>::new());
    ground.run(&ground.archive()).await;
    assert_eq!(ground.files().await.len(), 2);
}

/// What a run writes and a kill keeps from being committed.
async fn write_and_die(ground: &Ground) -> ArchiveFile {
    let store = &ground.world.context.store;
    let limits = BatchLimits { records: 64, bytes: 1_000_000 };
    let now = ground.world.context.clock.now();
    let batch = store.finished_work(ArchiveKind::Settlements, now, limits).await.unwrap().unwrap();
    let records: Vec<ArchiveRecord> = batch.work.into_iter().map(|work| work.record).collect();
    let file = ArchiveFile::of(ArchiveKind::Settlements, batch.day, &records);
    let journal = store.head().await.unwrap().journal;
    ArchiveFolder::new(ground.archive()).keep(journal, true, &file).await.unwrap();
    file
}

#[tokio::test]
async fn a_kill_between_the_file_and_the_commit_leaves_everything_here_and_the_same_file_comes_again() {
    let ground = Ground::new().await;
    let settlement = ground.settled(V1, "day-1").await;
    let written = write_and_die(&ground).await;
    ground.is_whole(&settlement).await;
    assert_eq!(ground.files().await, Vec::<String>::new());
    ground.run(&ground.archive()).await;
    assert_eq!(ground.files().await, std::slice::from_ref(&written.mark.name));
    assert_eq!(names(&ground.archive()), ["journal".to_owned(), written.mark.name]);
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_file_leaves_a_part_that_nobody_reads() {
    let ground = Ground::new().await;
    ground.settled(V1, "day-1").await;
    let written = write_and_die(&ground).await;
    let part = ground.archive().join(format!("{}.0123.part", written.mark.name));
    fs::write(&part, &written.text[..written.text.len() / 2]).unwrap();
    fs::remove_file(ground.archive().join(&written.mark.name)).unwrap();
    ground.run(&ground.archive()).await;
    assert_eq!(ground.files().await, [written.mark.name]);
}

#[tokio::test]
async fn another_batch_after_a_kill_makes_another_file_and_the_first_is_a_copy_that_no_row_names() {
    let ground = Ground::new().await;
    ground.settled(V1, "day-1").await;
    let copy = write_and_die(&ground).await;
    ground.settled(V1, "day-2").await;
    ground.run(&ground.archive()).await;
    let files = ground.files().await;
    assert!(files.len() == 1 && files[0] != copy.mark.name, "{files:?}");
    copy.mark.hold(&fs::read_to_string(ground.archive().join(&copy.mark.name)).unwrap()).unwrap();
}

#[tokio::test]
async fn retention_that_is_off_lets_a_former_configurations_errand_end() {
    let ground = Ground::new().await;
    let settlement = ground.settled(V1, "day-1").await;
    let context = &ground.world.context;
    ground.retention(&ground.archive()).enlist().await.unwrap();
    let claim = context.store.claim_errand(context.clock.now(), Duration::from_secs(30)).await.unwrap().unwrap();
    let off = Retention::off(context.store.clone(), context.clock.clone());
    assert_eq!(off.run(&claim).await.unwrap(), None);
    off.enlist().await.unwrap();
    ground.is_whole(&settlement).await;
    assert!(!ground.archive().exists());
}
