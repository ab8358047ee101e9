//! What every kind of anchor must do: in memory, in a file, in a database.

use std::any::Any;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use settlement_gateway::domain::anchor::{Adrift, Head};
use settlement_gateway::domain::signing::{PayloadDigest, Signature};
use settlement_gateway::store::postgres::{PostgresAnchor, PostgresOptions};
use settlement_gateway::store::{Anchor, AnchorError, FileAnchor, LeaseClock};
use sqlx::{AssertSqlSafe, Executor};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{heads, mark};
use crate::support::anchor::MemoryAnchor;
use crate::support::postgres::Schema;

/// Two gateways' ways to one anchor, and what must live as long.
struct Shared {
    one: Arc<dyn Anchor>,
    other: Arc<dyn Anchor>,
    _ground: Box<dyn Any>,
}

/// The schema's name, which stands at its URL's end.
fn schema_name(schema: &Schema) -> String {
    schema.url().rsplit_once("%3D").unwrap().1.to_owned()
}

fn in_database(schema: &Schema) -> PostgresAnchor {
    let options = PostgresOptions { url: schema.url(), max_connections: 2, clock: LeaseClock::Database };
    PostgresAnchor::new(&options, "desk".to_owned()).unwrap()
}

/// An anchor of each kind that this machine has.
async fn each() -> Vec<Shared> {
    let memory: Arc<MemoryAnchor> = Arc::default();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("anchor/journal.anchor");
    let (one, other) = (FileAnchor::new(path.clone()), FileAnchor::new(path));
    let mut all = vec![
        Shared { one: memory.clone(), other: memory, _ground: Box::new(()) },
        Shared { one: Arc::new(one), other: Arc::new(other), _ground: Box::new(folder) },
    ];
    if let Some(schema) = Schema::fresh().await {
        let (one, other) = (in_database(&schema), in_database(&schema));
        all.push(Shared { one: Arc::new(one), other: Arc::new(other), _ground: Box::new(schema) });
    }
    all
}

fn adrift<T: std::fmt::Debug>(answer: Result<T, AnchorError>) -> Adrift {
    match answer {
        Err(AnchorError::Adrift(adrift)) => adrift,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anchor_is_begun_once_and_both_gateways_read_the_same() {
    for Shared { one, other, .. } in each().await {
        let first = mark(heads(0)[0]);
        assert_eq!(one.read().await.unwrap(), None);
        assert_eq!(adrift(one.advance(&first.head, &first).await), Adrift::Missing, "what was never begun does not move on");
        assert!(one.begin(None, &first).await.unwrap());
        assert!(!other.begin(None, &mark(Head { epoch: 9, ..first.head })).await.unwrap());
        assert_eq!(other.read().await.unwrap(), Some(first));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_anchor_moves_on_and_never_back() {
    for Shared { one, other, .. } in each().await {
        let heads = heads(3);
        one.begin(None, &mark(heads[0])).await.unwrap();
        assert_eq!(one.advance(&heads[0], &mark(heads[2])).await.unwrap(), mark(heads[2]));
        assert_eq!(one.advance(&heads[0], &mark(heads[2])).await.unwrap(), mark(heads[2]), "an answer that was lost");
        assert_eq!(other.advance(&heads[0], &mark(heads[1])).await.unwrap(), mark(heads[2]), "it is told where the anchor is");
        assert_eq!(other.advance(&heads[1], &mark(heads[3])).await.unwrap(), mark(heads[2]), "it knows another place");
        let forked = heads[1].after("x", &PayloadDigest::of("x"), &Signature::from_bytes([1; 65]));
        assert_eq!(other.advance(&heads[1], &mark(forked)).await.unwrap(), mark(heads[2]));
        let repaired = mark(Head { epoch: 2, ..heads[3] });
        assert!(matches!(adrift(other.advance(&heads[1], &repaired).await), Adrift::OtherEpoch { .. }));
        assert_eq!(one.read().await.unwrap(), Some(mark(heads[2])), "what was refused wrote nothing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_epoch_replaces_only_the_mark_that_was_seen() {
    for Shared { one, other, .. } in each().await {
        let heads = heads(3);
        let (seen, moved) = (mark(heads[1]), mark(heads[2]));
        let next = mark(Head { epoch: 2, ..heads[0] });
        one.begin(None, &seen).await.unwrap();
        one.advance(&seen.head, &moved).await.unwrap();
        assert!(!other.begin(Some(&seen), &next).await.unwrap(), "it has moved on since");
        assert!(other.begin(Some(&moved), &next).await.unwrap());
        assert_eq!(one.read().await.unwrap(), Some(next), "a repair may begin further back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_the_furthest_stands_at_the_end() {
    for Shared { one, other, .. } in each().await {
        let heads = heads(40);
        one.begin(None, &mark(heads[0])).await.unwrap();
        let mut tasks = JoinSet::new();
        for (n, head) in heads.iter().enumerate().rev() {
            let (anchor, to) = (Arc::clone(if n % 2 == 0 { &one } else { &other }), mark(*head));
            tasks.spawn(async move {
                let mut from = anchor.read().await.unwrap().unwrap();
                while from.head.sequence < to.head.sequence {
                    from = anchor.advance(&from.head, &to).await.unwrap();
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(one.read().await.unwrap(), Some(mark(heads[40])));
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_understood_is_refused_and_only_a_new_epoch_replaces_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.anchor");
    let anchor = FileAnchor::new(path.clone());
    let first = mark(heads(0)[0]);
    anchor.begin(None, &first).await.unwrap();
    let whole = std::fs::read_to_string(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "for its owner alone");
    for text in ["", "{}", &whole[..whole.len() / 2], &whole.replace("\"epoch\":1", "\"epoch\":-1")] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(adrift(anchor.read().await), Adrift::Unreadable, "{text:?}");
        assert_eq!(adrift(anchor.advance(&first.head, &first).await), Adrift::Unreadable);
    }
    assert!(anchor.begin(None, &first).await.unwrap());
    assert_eq!(anchor.read().await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_volume_that_is_not_mounted_is_no_anchor() {
    let folder = TempDir::new().unwrap();
    let anchor = FileAnchor::new(folder.path().join("mount/anchors/journal.anchor"));
    assert_eq!(anchor.read().await.unwrap(), None);
    let begun = anchor.begin(None, &mark(heads(0)[0])).await;
    assert!(matches!(begun, Err(AnchorError::Unavailable(_))), "the folder above its own is never made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_written_file_of_a_process_that_was_killed_does_not_count() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("journal.anchor");
    let anchor = FileAnchor::new(path.clone());
    let heads = heads(2);
    anchor.begin(None, &mark(heads[1])).await.unwrap();
    std::fs::write(folder.path().join("journal.anchor.new"), "{\"journal_id\":").unwrap();
    assert_eq!(anchor.read().await.unwrap(), Some(mark(heads[1])));
    assert_eq!(anchor.advance(&heads[1], &mark(heads[2])).await.unwrap(), mark(heads[2]));
    assert_eq!(FileAnchor::new(path).read().await.unwrap(), Some(mark(heads[2])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_never_let_go_is_given_up() {
    let folder = TempDir::new().unwrap();
    let anchor = FileAnchor::new(folder.path().join("journal.anchor"));
    let heads = heads(1);
    anchor.begin(None, &mark(heads[0])).await.unwrap();
    let held = std::fs::File::open(folder.path().join("journal.anchor.lock")).unwrap();
    held.lock().unwrap();
    let advanced = anchor.advance(&heads[0], &mark(heads[1])).await;
    assert!(matches!(advanced, Err(AnchorError::Unavailable(_))), "{advanced:?}");
    assert_eq!(anchor.read().await.unwrap(), Some(mark(heads[0])), "whoever only reads needs no lock");
    held.unlock().unwrap();
    assert_eq!(anchor.advance(&heads[0], &mark(heads[1])).await.unwrap(), mark(heads[1]));
}

#[tokio::test]
async fn a_database_that_is_down_at_first_is_used_once_it_answers_and_keeps_anchors_apart() {
    let Some(schema) = Schema::fresh().await else { return };
    let anchor = in_database(&schema);
    let first = mark(heads(0)[0]);
    let rename = |from: &str, to: &str| AssertSqlSafe(format!("ALTER SCHEMA {from} RENAME TO {to}"));
    let name = schema_name(&schema);
    let away = format!("{name}_away");
    schema.connect().await.execute(rename(&name, &away)).await.unwrap();
    assert!(matches!(anchor.read().await, Err(AnchorError::Unavailable(_))));
    schema.connect().await.execute(rename(&away, &name)).await.unwrap();
    assert!(anchor.begin(None, &first).await.unwrap());
    let options = PostgresOptions { url: schema.url(), max_connections: 2, clock: LeaseClock::Database };
    let other = PostgresAnchor::new(&options, "another desk".to_owned()).unwrap();
    assert_eq!(other.read().await.unwrap(), None);
    assert_eq!(anchor.read().await.unwrap(), Some(first));
}
