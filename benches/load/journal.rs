//! The SQLite journal beside a bare sync of the disk that it lies on.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use settlement_gateway::app::SystemClock;
use settlement_gateway::domain::amount::Amount;
use settlement_gateway::domain::ids::{CallerId, ConnectionId, Currency, EnterpriseId, ExternalId, KeyId, Nonce};
use settlement_gateway::domain::settlement::{
    AmountUnit, Asked, Change, Intent, Leg, OnceRules, Route, SettlementAmounts, VenueSettlement, VenueStatus,
};
use settlement_gateway::domain::signing::{PayloadDigest, Reservation, Signature, SigningJournal, SigningReference};
use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
use settlement_gateway::store::{NewSettlement, Recorded, SettlementStore};
use tempfile::TempDir;
use uuid::Uuid;

use super::measure::Case;

const LEASE: Duration = Duration::from_secs(60);
/// SQLite's own page and the frame's header.
const FRAME_BYTES: usize = 4096 + 24;
/// The synced file is written round and round, so that it does not grow.
const FRAMES: u64 = 1_000;

/// A bare sync, a signature's two commits and a settlement's six.
pub(super) async fn cases() -> Vec<Case> {
    let folder = Arc::new(TempDir::new().unwrap());
    let file = Arc::new(File::create(folder.path().join("synced")).unwrap());
    let options = SqliteOptions { path: folder.path().join("journal.db"), clock: Arc::new(SystemClock) };
    let store = Arc::new(SqliteStore::open(options).await.unwrap());
    let sync = move |number: u64| {
        let (file, folder) = (file.clone(), folder.clone());
        async move {
            file.write_all_at(&[7; FRAME_BYTES], number % FRAMES * FRAME_BYTES as u64).unwrap();
            file.sync_data().unwrap();
            drop(folder);
        }
    };
    let mut cases = vec![Case::new("write and fdatasync", 1, sync)];
    for callers in [1, 32] {
        let journal = store.clone();
        cases.push(Case::new("a signature: two commits", callers, move |number| {
            sign(journal.clone(), format!("{callers}-{number}"))
        }));
    }
    let (journal, settling) = (store.clone(), store);
    cases.push(Case::new("a signature again: nothing to sync", 1, move |_| sign(journal.clone(), "again".to_owned())));
    cases.push(Case::new("a settlement: six commits", 1, move |number| settle(settling.clone(), number)));
    cases
}

async fn sign(store: Arc<SqliteStore>, nonce: String) {
    let digest = PayloadDigest::of(&nonce);
    let reference = SigningReference::Dispute { key: KeyId::new("key-1").unwrap(), nonce };
    if store.reserve(&reference, digest).await.unwrap() == Reservation::Reserved {
        store.record(&reference, digest, Signature::from_bytes([7; 65])).await.unwrap();
    }
}

/// What the engine saves of a settlement that the venue completes at once.
async fn settle(store: Arc<SqliteStore>, number: u64) {
    let now = Timestamp::now();
    let intent = intent(number);
    let new =
        NewSettlement { intent, id: Uuid::now_v7(), now, limits: Vec::new(), once: OnceRules::NONE, origin: Default::default() };
    let Recorded::New(_) = store.record_settlement(new).await.unwrap() else { panic!("recorded twice") };
    let claim = store.claim_due(Timestamp::now(), LEASE, &[]).await.unwrap().unwrap();
    let mut settlement = claim.settlement;
    for change in changes(number) {
        settlement = settlement.after(&change, Timestamp::now()).unwrap();
        let keep = settlement.progress.state.is_under_way().then_some(LEASE);
        store.save(&claim.lease, &change, &settlement, keep.map(|_| now), keep).await.unwrap();
    }
    assert!(settlement.progress.state.is_terminal());
}

fn intent(number: u64) -> Intent {
    let leg = |connection: &str, currency: &str, amount: &str| Leg {
        connection_id: ConnectionId::new(connection).unwrap(),
        counterparty_connection_id: None,
        currency: Currency::new(currency).unwrap(),
        amount: Amount::parse(amount).unwrap(),
    };
    let legs = vec![leg("connection-1", "BTC", "1.50"), leg("connection-2", "USD", "-99.5")];
    Intent {
        asked: Asked {
            enterprise_id: EnterpriseId::new("enterprise-1").unwrap(),
            external_id: ExternalId::new(format!("settlement-{number}")).unwrap(),
            amounts: SettlementAmounts::new(legs).unwrap(),
            cutoff: None,
            notes: None,
            nonce: None,
            supersedes: None,
        },
        nonce: Nonce::new("5d1f0c").unwrap(),
        route: Route::V1,
        amount_unit: AmountUnit::Full,
        key_id: KeyId::new("key-1").unwrap(),
        caller: CallerId::new("caller-1").unwrap(),
        submit_before: None,
    }
}

fn changes(number: u64) -> [Change; 4] {
    let (payload, body) = ("p".repeat(512), vec![b'b'; 1024]);
    let signature = Signature::from_bytes([7; 65]);
    [
        Change::Prepared { payload },
        Change::Signed { signature, body },
        Change::Dispatched,
        Change::Taken { venue: Box::new(taken(number)) },
    ]
}

fn taken(number: u64) -> VenueSettlement {
    VenueSettlement {
        settlement_id: format!("venue-{number}"),
        partner_id: "partner-1".to_owned(),
        external_id: format!("settlement-{number}"),
        status: VenueStatus::Completed,
        status_text: VenueStatus::Completed.as_str().to_owned(),
        settlement_type: "offchain".to_owned(),
        reconciled: Some(true),
        disputed: None,
        initiated_by: "user-1".to_owned(),
        notes: None,
        rt_id: None,
        loss_sla_alert_sent: None,
        gain_sla_alert_sent: None,
        reason: None,
        created_at: None,
        updated_at: None,
        finalized_at: None,
        cutoff_at: None,
    }
}
