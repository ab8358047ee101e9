//! A journal on each database, and a way behind the gateway's back: statements that no version of it makes.

use std::future::Future;
use std::sync::Arc;

use settlement_gateway::domain::audit::{AuditHead, Repaired, journal_repaired};
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::settlement::{AdoptedBy, AdoptedSettlement, VenueStatus};
use settlement_gateway::domain::signing::{PayloadDigest, Signature, SigningReference};
use settlement_gateway::service::{AuditReport, check_audit};
use settlement_gateway::store::postgres::{PostgresOptions, PostgresStore};
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
use settlement_gateway::store::{Chained, LeaseClock, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use tempfile::TempDir;

use crate::conformance::signed;
use crate::support::builders::{enterprise, external, start, venue};
use crate::support::clock::ManualClock;
use crate::support::postgres::Schema;

/// Where a journal is.
enum Place {
    Sqlite(TempDir),
    Postgres(Schema),
}

/// A journal with something in it.
pub(super) struct Ground {
    pub(super) store: Arc<dyn Store>,
    place: Place,
}

impl Ground {
    async fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = ManualClock::at(start());
        let store = SqliteStore::open(SqliteOptions { path: folder.path().join("journal.db"), clock }).await.unwrap();
        Self { store: Arc::new(store), place: Place::Sqlite(folder) }
    }

    async fn postgres() -> Option<Self> {
        let schema = Schema::fresh().await?;
        let clock = LeaseClock::Given(ManualClock::at(start()));
        let store = PostgresStore::open(PostgresOptions { url: schema.url(), max_connections: 4, clock }).await.unwrap();
        Some(Self { store: Arc::new(store), place: Place::Postgres(schema) })
    }

    /// Does the same on a fresh journal of each database that this machine has.
    pub(super) async fn on_each<F: Future<Output = ()>>(work: impl Fn(Arc<Self>) -> F) {
        for ground in [Some(Self::sqlite().await), Self::postgres().await].into_iter().flatten() {
            // The folder or the schema must outlast the work, whatever the work is done with.
            let ground = Arc::new(ground);
            work(Arc::clone(&ground)).await;
        }
    }

    /// A settlement that is signed (records 1 to 3), and a signature of another payload (4 and 5), chained.
    pub(super) async fn fill(&self) {
        signed(self.store.as_ref()).await;
        let reference = reference_of("key-1");
        let digest = PayloadDigest::of("payload");
        self.store.reserve(&reference, digest).await.unwrap();
        self.store.record(&reference, digest, Signature::from_bytes([9; 65])).await.unwrap();
        assert!(matches!(self.store.chain_audit(100).await.unwrap(), Chained::Added { count: 5, .. }));
    }

    /// A settlement that is adopted (record 6), and an epoch that a repair begins (7), chained.
    pub(super) async fn repair(&self) {
        let venue = venue("lost", VenueStatus::Completed);
        let found = AdoptedSettlement::of(&enterprise(), venue, AdoptedBy::Repair, start()).unwrap();
        assert_eq!(self.store.adopt(&[found]).await.unwrap().len(), 1);
        let head = self.store.head().await.unwrap();
        let repaired = journal_repaired(Repaired {
            from: &head,
            anchored: None,
            why: None,
            epoch: 2,
            read_from: None,
            adopted: 1,
            exposed_settlements: 0,
            exposed_trades: 0,
            at: start(),
        });
        assert!(self.store.begin_epoch(&head, 2, Some(repaired)).await.unwrap());
        assert!(matches!(self.store.chain_audit(100).await.unwrap(), Chained::Added { count: 2, .. }));
    }

    /// Runs statements as somebody who owns the database, whatever protects it.
    pub(super) async fn behind(&self, statements: &[&str]) {
        match &self.place {
            Place::Sqlite(folder) => {
                let options = SqliteConnectOptions::new().filename(folder.path().join("journal.db")).foreign_keys(false);
                let mut connection = options.connect().await.unwrap();
                connection.execute("PRAGMA ignore_check_constraints = ON").await.unwrap();
                let all = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'trigger'");
                let triggers: Vec<String> = all.fetch_all(&mut connection).await.unwrap();
                for trigger in triggers {
                    connection.execute(AssertSqlSafe(format!("DROP TRIGGER {trigger}"))).await.unwrap();
                }
                for statement in statements {
                    connection.execute(AssertSqlSafe((*statement).to_owned())).await.unwrap();
                }
            }
            Place::Postgres(schema) => {
                let mut connection = schema.connect().await;
                // As a replica's connection, on which no trigger fires.
                connection.execute("SET session_replication_role = replica").await.unwrap();
                for statement in statements {
                    // Bytes are written otherwise here.
                    connection.execute(AssertSqlSafe(statement.replace(" x'", " '\\x"))).await.unwrap();
                }
            }
        }
    }

    pub(super) fn is_sqlite(&self) -> bool {
        matches!(self.place, Place::Sqlite(_))
    }

    pub(super) async fn check(&self, kept: Vec<AuditHead>) -> AuditReport {
        check_audit(self.store.as_ref(), kept).await.unwrap()
    }
}

/// A key's reference of no settlement that is recorded.
pub(super) fn reference_of(key: &str) -> SigningReference {
    let key = KeyId::new(key).unwrap();
    SigningReference::Settlement { key, enterprise: enterprise(), external_id: external("elsewhere") }
}

/// Every fault of a report in words.
pub(super) fn faults(report: &AuditReport) -> Vec<String> {
    let chain = report.chain.faults.iter().map(ToString::to_string);
    chain.chain(report.journal_faults.iter().map(ToString::to_string)).collect()
}
