//! The census as it is told: every series each time, labels bounded by the configuration, and a journal that is away costs nothing.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use settlement_gateway::domain::ids::EnterpriseId;
use settlement_gateway::service::{CensusSettings, CensusTaker, Context};
use settlement_gateway::store::Recorded;
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::builders::{intent, new_settlement};
use crate::support::world::{Ground, PATIENCE, V1, V2, World, quick, request};

const SETTINGS: CensusSettings = CensusSettings { interval: Duration::from_secs(15), window_warning: Duration::from_secs(1_800) };

/// A recorder for all that this thread does.
fn recorder() -> PrometheusRecorder {
    PrometheusBuilder::new().build_recorder()
}

async fn take(context: &Context) {
    CensusTaker::new(context, SETTINGS).take().await;
}

/// The value of a series.
fn value<'t>(text: &'t str, series: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
}

#[tokio::test]
async fn what_is_open_is_told_and_what_is_not_is_told_to_be_none() {
    let recorder = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let world = World::new().await;
    let settled = world.initiate(request(V1, "done")).await.unwrap();
    world.until_at_rest(settled.settlement).await;
    world.context.engine.drain().await;
    let stranger = world.context.store.record_settlement(new_settlement(intent("e-1"))).await.unwrap();
    assert!(matches!(stranger, Recorded::New(_)), "an enterprise that the configuration does not know");
    take(&world.context).await;

    let text = recorder.handle().render();
    let told = |series: &str| value(&text, series).unwrap_or_else(|| panic!("{series} is missing: {text}"));
    let open = |enterprise: &str, state: &str| format!("settlements_open{{enterprise=\"{enterprise}\",state=\"{state}\"}}");
    let gauge = |name: &str| told(&format!("settlement_gateway_{name}"));
    assert_eq!(gauge(&open("not-configured", "RECEIVED")), "1", "its name is no label");
    assert_eq!((gauge(&open(V1, "RECEIVED")), gauge(&open(V2, "OUTCOME_UNKNOWN"))), ("0", "0"));
    assert!(!text.contains("enterprise-1"), "{text}");
    assert!(gauge(&format!("last_completed_timestamp_seconds{{enterprise=\"{V1}\"}}")).parse::<u64>().unwrap() > 1_700_000_000);
    assert_eq!(value(&text, &format!("settlement_gateway_last_completed_timestamp_seconds{{enterprise=\"{V2}\"}}")), None);
    assert_eq!(gauge(&format!("windows_ending_unfunded{{enterprise=\"{V1}\"}}")), "0");
    for kind in ["SETTLEMENT", "TRADE", "QUOTE"] {
        assert_eq!(gauge(&format!("outcomes_unknown{{kind=\"{kind}\"}}")), "0");
        assert_eq!(gauge(&format!("operator_needed{{kind=\"{kind}\"}}")), "0");
    }
    assert_eq!(gauge("errands_open{kind=\"QUOTE\"}"), "0");
    assert!(gauge("census_timestamp_seconds").parse::<u64>().unwrap() > 1_700_000_000);
    // What the settlement did on its way is counted too.
    let post = "venue_requests_total{venue=\"\",operation=\"bitgo.post_settlement\",outcome=\"ok\"}";
    assert_eq!(gauge(post), "1");
    assert_eq!(gauge("signatures_total{key=\"key-ent-v1\",purpose=\"settlement\"}"), "1");
    assert!(text.contains("settlement_gateway_journal_commit_duration_seconds_count"), "{text}");
}

#[tokio::test]
async fn what_is_there_no_more_falls_to_none() {
    let recorder = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let folder = TempDir::new().unwrap();
    let (ground, store) = (Ground::new(|_| ()).await, sqlite(&folder).await);
    let context = ground.context(store.clone(), quick());
    let mut intent = intent("e-1");
    intent.asked.enterprise_id = EnterpriseId::new(V1).unwrap();
    let id = Uuid::now_v7();
    store.record_settlement(settlement_gateway::store::NewSettlement { id, ..new_settlement(intent) }).await.unwrap();
    take(&context).await;
    let open = format!("settlement_gateway_settlements_open{{enterprise=\"{V1}\",state=\"RECEIVED\"}}");
    let age = format!("settlement_gateway_settlements_open_age_seconds{{enterprise=\"{V1}\",state=\"RECEIVED\"}}");
    let text = recorder.handle().render();
    assert_eq!(value(&text, &open), Some("1"));
    assert!(value(&text, &age).unwrap().parse::<u64>().unwrap() > 1_000, "it was recorded long ago");

    let claim = store.claim(id, Duration::from_secs(1)).await.unwrap().unwrap();
    let cancelled = settlement_gateway::domain::settlement::Change::Cancelled;
    let after = claim.settlement.after(&cancelled, claim.settlement.progress.updated_at).unwrap();
    store.save(&claim.lease, &cancelled, &after, None, None).await.unwrap();
    take(&context).await;
    let text = recorder.handle().render();
    assert_eq!((value(&text, &open), value(&text, &age)), (Some("0"), Some("0")));
}

#[tokio::test]
async fn a_journal_that_does_not_answer_leaves_the_gauges_as_they_were_and_is_counted() {
    let recorder = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let folder = TempDir::new().unwrap();
    let (ground, store) = (Ground::new(|_| ()).await, sqlite(&folder).await);
    let context = ground.context(store.clone(), quick());
    take(&context).await;
    let before = recorder.handle().render();
    store.close().await.unwrap();
    take(&context).await;
    let after = recorder.handle().render();
    assert_eq!(value(&after, "settlement_gateway_census_failures_total"), Some("1"));
    let at = "settlement_gateway_census_timestamp_seconds";
    assert_eq!(value(&after, at), value(&before, at));
}

#[tokio::test]
async fn a_lease_that_lapsed_counts_as_a_takeover() {
    let recorder = recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let folder = TempDir::new().unwrap();
    let (ground, store) = (Ground::new(|_| ()).await, sqlite(&folder).await);
    let context = ground.context(store.clone(), quick());
    let mut intent = intent("e-1");
    intent.asked.enterprise_id = EnterpriseId::new(V1).unwrap();
    let new = settlement_gateway::store::NewSettlement { id: Uuid::now_v7(), ..new_settlement(intent) };
    let Recorded::New(settlement) = store.record_settlement(new).await.unwrap() else { panic!("recorded twice") };
    store.claim(settlement.id, Duration::ZERO).await.unwrap().unwrap();
    context.engine.start();
    let changed = context.engine.wait_for_change(settlement.id, settlement.progress.sequence);
    tokio::time::timeout(PATIENCE, changed).await.unwrap().unwrap();
    context.engine.drain().await;
    let text = recorder.handle().render();
    assert_eq!(value(&text, "settlement_gateway_lease_takeovers_total{kind=\"SETTLEMENT\"}"), Some("1"), "{text}");
}

async fn sqlite(folder: &TempDir) -> Arc<dyn settlement_gateway::store::Store> {
    use settlement_gateway::store::sqlite::{SqliteOptions, SqliteStore};
    let clock = Arc::new(crate::support::world::RealClock);
    Arc::new(SqliteStore::open(SqliteOptions { path: folder.path().join("journal.db"), clock }).await.unwrap())
}
