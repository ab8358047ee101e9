//! The table of audit records takes nothing: then nothing is reserved, signed, changed or sent.

use std::time::Duration;

use settlement_gateway::custody::sign_once;
use settlement_gateway::domain::ids::KeyId;
use settlement_gateway::domain::settlement::{Change, State};
use settlement_gateway::domain::signing::{PayloadDigest, Reservation, Signature};
use settlement_gateway::service::{AuditReport, ServiceError, check_audit, initiate_settlement};
use settlement_gateway::store::SettlementName;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};

use super::ground::{Ground, faults, reference_of};
use crate::conformance::LEASE;
use crate::support::builders::{external, intent, new_settlement};
use crate::support::world::{V1, World, caller, request};

/// Long enough to see what a gateway does that should do nothing; what it must not do is seen by the venue's ledger too.
const A_WHILE: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_table_nothing_is_recorded_reserved_signed_or_changed() {
    Ground::on_each(|ground| async move {
        let store = ground.store.as_ref();
        let recorded = new_settlement(intent("e-1"));
        let id = recorded.id;
        store.record_settlement(recorded).await.unwrap();
        let claim = store.claim(id, LEASE).await.unwrap().unwrap();
        let digest = PayloadDigest::of("payload");
        store.reserve(&reference_of("key-1"), digest).await.unwrap();

        ground.behind(&["ALTER TABLE audit_record RENAME TO elsewhere"]).await;
        store.record_settlement(new_settlement(intent("e-2"))).await.unwrap_err();
        let change = Change::Prepared { payload: "{}".to_owned() };
        let after = claim.settlement.after(&change, claim.settlement.progress.updated_at).unwrap();
        store.save(&claim.lease, &change, &after, None, Some(LEASE)).await.unwrap_err();
        store.record(&reference_of("key-1"), digest, Signature::from_bytes([1; 65])).await.unwrap_err();
        let other = reference_of("key-2");
        store.reserve(&other, digest).await.unwrap_err();
        ground.behind(&["ALTER TABLE elsewhere RENAME TO audit_record"]).await;

        assert_eq!(store.settlement_by_id(id).await.unwrap().unwrap(), claim.settlement, "nothing changed");
        assert_eq!(store.material(id).await.unwrap().payload, None);
        let second = SettlementName::External(external("e-2"));
        assert!(store.settlement(&claim.settlement.header.enterprise_id, &second).await.unwrap().is_none());
        assert_eq!(store.reserve(&reference_of("key-1"), digest).await.unwrap(), Reservation::Reserved, "nothing was signed");
        assert_eq!(
            store.reserve(&other, PayloadDigest::of("free")).await.unwrap(),
            Reservation::Reserved,
            "nothing was reserved"
        );
        let report = ground.check(Vec::new()).await;
        assert!(report.is_whole(), "{:?}", faults(&report));
        store.save(&claim.lease, &change, &after, None, Some(LEASE)).await.unwrap();
    })
    .await;
}

impl World {
    /// Runs a statement beside the gateway.
    async fn behind(&self, statement: String) {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("journal.db"));
        options.connect().await.unwrap().execute(AssertSqlSafe(statement)).await.unwrap();
    }

    async fn check(&self) -> AuditReport {
        check_audit(self.context.store.as_ref(), Vec::new()).await.unwrap()
    }
}

/// For each record that a settlement leaves on its way to the venue: the table takes all but that one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_settlement_whose_next_record_is_refused_is_not_sent_and_goes_on_once_records_are_taken() {
    let records = [
        ("\"change\":\"PREPARED\"", State::Received),
        ("RESERVATION", State::Prepared),
        ("SIGNATURE", State::Prepared),
        ("\"change\":\"SIGNED\"", State::Prepared),
        ("\"change\":\"DISPATCHED\"", State::Signed),
    ];
    for (refused, stays) in records {
        let world = World::new().await;
        world
            .behind(format!(
                "CREATE TRIGGER no_record BEFORE INSERT ON audit_record \
                 WHEN NEW.kind = '{refused}' OR instr(NEW.content, '{refused}') > 0 \
                 BEGIN SELECT RAISE(ABORT, 'the audit table takes nothing'); END"
            ))
            .await;
        let view = initiate_settlement(&world.context, &caller(), request(V1, "e-1"), A_WHILE).await.unwrap();
        // A slow machine may take longer to come so far; what goes further never comes back here.
        let mut settlement = view.settlement;
        while settlement.progress.state != stays {
            settlement = world.next(&settlement).await;
        }
        assert!(world.at_venue(V1, "e-1").is_none(), "{refused}: nothing reached the venue");
        if refused == "RESERVATION" {
            let report = world.check().await;
            assert_eq!(report.waiting, report.lines, "{refused}: nothing was signed");
        }
        world.behind("DROP TRIGGER no_record".to_owned()).await;
        let world = world.restart().await;
        world.initiate(request(V1, "e-1")).await.unwrap();
        let entry = world.at_venue(V1, "e-1").unwrap();
        assert_eq!((entry.created, entry.posts, entry.body_digests.len()), (1, 1, 1), "{refused}");
        let report = world.check().await;
        assert!(report.is_whole(), "{refused}: {:?}", faults(&report));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_whose_record_is_refused_is_not_recorded() {
    let world = World::new().await;
    world.behind("ALTER TABLE audit_record RENAME TO elsewhere".to_owned()).await;
    let refused = world.initiate(request(V1, "e-1")).await;
    assert!(matches!(refused, Err(ServiceError::Store(_))), "{refused:?}");
    let key = world.context.keyring.get(&KeyId::new("key-ent-v1").unwrap()).unwrap();
    sign_once(world.context.store.as_ref(), key, &reference_of("key-ent-v1"), "payload").await.unwrap_err();
    world.behind("ALTER TABLE elsewhere RENAME TO audit_record".to_owned()).await;
    assert!(world.at_venue(V1, "e-1").is_none());
    let report = world.check().await;
    assert_eq!((report.is_whole(), report.lines, report.waiting), (true, 0, 0));
}
