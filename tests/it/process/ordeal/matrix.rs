//! The crash matrix: the real binary dies at each kill point, on each database, and is started anew or taken over from.

use std::collections::BTreeSet;

use settlement_gateway::kill_points::KillPoint;

use super::choices::Choices;
use super::inbox;
use super::lives::{Load, held_to_account, side_by_side, worked_to_death};
use super::scene::{Backend, Scene};
use crate::process::recovery::REPAIRS;

/// A moment as `GATEWAY_KILL_AT` is told it.
type Moment = &'static str;

/// Moments of a settlement. Its bodies go to two paths: of one enterprise's the second goes to where it settles.
const SETTLEMENTS: &[Moment] = &[
    "K0_CONVERTED",
    "K1_RECORDED",
    "K2_PAYLOAD_HELD",
    "K3_RESERVED",
    "INSIDE_SIGN",
    "K4_VERIFIED",
    "INSIDE_SIGN_STORED",
    "K5_SIGNED",
    "K6_DISPATCHED",
    "K6_ANCHORING",
    "K6_ANCHORED",
    "INSIDE_WRITE@/v2/",
    "INSIDE_WRITE@ent-v1:2",
    "K7_WRITTEN@/v2/",
    "K7_WRITTEN@ent-v1:2",
    "K8_ANSWERED",
    "K9_SAVED@PREPARED",
    "K9_SAVED@SIGNED",
    "K9_SAVED@DISPATCHED",
    "K9_SAVED@TAKEN",
    "K9_SAVED@OBSERVED",
    "K10_ANSWERING",
];

/// Moments of a settlement around the COMMIT of a transaction: its record, its reservation, its signature, its changes.
const COMMITS: &[Moment] = &[
    "INSIDE_COMMIT@Recording",
    "INSIDE_COMMIT_RETURNED@Recording",
    "INSIDE_COMMIT@signing::Wanted",
    "INSIDE_COMMIT_RETURNED@signing::Wanted",
    "INSIDE_COMMIT@signing::Signed",
    "INSIDE_COMMIT_RETURNED@signing::Signed",
    "INSIDE_COMMIT@::save::Save:2",
    "INSIDE_COMMIT_RETURNED@::save::Save:4",
    "INSIDE_COMMIT@::save::Save:5",
    "INSIDE_COMMIT_RETURNED@::save::Save:6",
    "INSIDE_COMMIT@::save::Save:7",
    "INSIDE_COMMIT_RETURNED@::save::Save:8",
];

/// Moments of a trade settlement's creation and of the other account's word to it.
const TRADES: &[Moment] = &[
    "T0_CONVERTED",
    "T1_RECORDED",
    "T2_PAYLOAD_HELD",
    "T9_SAVED@PREPARED",
    "K3_RESERVED",
    "INSIDE_SIGN",
    "K4_VERIFIED:2",
    "INSIDE_SIGN_STORED",
    "T9_SAVED@SIGNED:2",
    "T8_ANSWERED",
    "T8_ANSWERED:2",
    "T9_SAVED@TAKEN",
    "T9_SAVED@TAKEN:2",
    "T10_ANSWERING",
    "INSIDE_COMMIT@TradeWrite",
    "INSIDE_COMMIT_RETURNED@TradeWrite:2",
    "INSIDE_COMMIT@trades::Save:2",
    "INSIDE_COMMIT@trades::Save:4",
];

/// Moments of a trade write after which nobody can know whether it left: it is not sent again, and a person may have to decide.
const DOUBTFUL_TRADES: &[Moment] = &[
    "T9_SAVED@DISPATCHED",
    "T9_SAVED@DISPATCHED:2",
    "K6_ANCHORED",
    "K6_ANCHORED:2",
    "INSIDE_WRITE@/settlements",
    "INSIDE_WRITE@/affirmations/",
    "K7_WRITTEN@/settlements",
    "K7_WRITTEN@/affirmations/",
];

/// Moments of a quote's confirmation.
const PAYOUTS: &[Moment] = &[
    "Q0_CONVERTED",
    "Q1_RECORDED",
    "Q2_QUOTE_HELD",
    "Q9_SAVED@SENDING",
    "K6_ANCHORING",
    "K6_ANCHORED",
    "INSIDE_WRITE@/confirm",
    "K7_WRITTEN@/confirm",
    "Q8_ANSWERED",
    "Q9_SAVED@CONFIRMED",
    "Q10_ANSWERING",
    "INSIDE_COMMIT@NewConfirmation",
    "INSIDE_COMMIT_RETURNED@NewConfirmation",
    "INSIDE_COMMIT@confirmations::Save",
    "INSIDE_COMMIT_RETURNED@confirmations::Save:2",
];

/// Moments of a venue's call.
const CALLS: &[Moment] =
    &["K11_RECEIVED", "K11_ACTED_ON", "K11_CLOSED", "INSIDE_COMMIT@Delivery", "INSIDE_COMMIT_RETURNED@Delivery"];

/// Moments at which the other of two replicas has to take over.
const TAKEOVERS: &[(Load, Moment)] = &[
    (Load::Settlements, "K1_RECORDED"),
    (Load::Settlements, "K3_RESERVED"),
    (Load::Settlements, "INSIDE_SIGN"),
    (Load::Settlements, "K5_SIGNED"),
    (Load::Settlements, "K6_DISPATCHED"),
    (Load::Settlements, "K7_WRITTEN@/v2/"),
    (Load::Settlements, "K8_ANSWERED"),
    (Load::Settlements, "INSIDE_COMMIT@::save::Save:4"),
    (Load::Settlements, "INSIDE_COMMIT_RETURNED@::save::Save:3"),
    (Load::Trades, "T8_ANSWERED"),
    (Load::Trades, "T9_SAVED@SIGNED"),
    (Load::Payouts, "Q8_ANSWERED"),
    (Load::Payouts, "Q9_SAVED@SENDING"),
];

/// How often one settlement's process is killed, and how many settlements suffer it on each database.
const KILLS: usize = 5;
const OFTEN_KILLED: usize = 4;

/// Dies at a moment, is started anew and finishes.
async fn killed_and_started_anew(backend: Backend, load: Load, moment: Moment) {
    let Some(scene) = Scene::open(backend, None).await else { return };
    let doomed = scene.serve(moment).await;
    worked_to_death(&scene, doomed, load).await;
    let heir = scene.serve("").await;
    held_to_account(&scene, &heir, load, DOUBTFUL_TRADES.contains(&moment)).await;
}

/// Dies at a moment beside another replica, which finishes.
async fn killed_and_taken_over_from(load: Load, moment: Moment) {
    let Some(scene) = Scene::open(Backend::Postgres, None).await else { return };
    scene.run.lock().unwrap().replicas = 2;
    let (doomed, heir) = (scene.serve(moment).await, scene.serve("").await);
    worked_to_death(&scene, doomed, load).await;
    held_to_account(&scene, &heir, load, DOUBTFUL_TRADES.contains(&moment)).await;
}

/// Dies at five moments of the same settlement, one life after the other.
async fn killed_again_and_again(backend: Backend, seed: u64, moments: Vec<Moment>) {
    let Some(scene) = Scene::open(backend, Some(seed)).await else { return };
    for moment in moments {
        if let Some(doomed) = scene.serve_unless_dead(moment).await {
            // A moment that is past for this settlement lets it finish, and one after it suffers the kill.
            worked_to_death(&scene, doomed, Load::Settlements).await;
        }
    }
    let heir = scene.serve("").await;
    held_to_account(&scene, &heir, Load::Settlements, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_a_settlement_settles_it_once_on_sqlite() {
    let moments = SETTLEMENTS.iter().chain(COMMITS);
    side_by_side(moments, async |moment| killed_and_started_anew(Backend::Sqlite, Load::Settlements, moment).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_a_settlement_settles_it_once_on_postgresql() {
    let moments = SETTLEMENTS.iter().chain(COMMITS);
    side_by_side(moments, async |moment| killed_and_started_anew(Backend::Postgres, Load::Settlements, moment).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_a_trade_write_sends_it_once_on_sqlite() {
    let moments = TRADES.iter().chain(DOUBTFUL_TRADES);
    side_by_side(moments, async |moment| killed_and_started_anew(Backend::Sqlite, Load::Trades, moment).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_a_trade_write_sends_it_once_on_postgresql() {
    let moments = TRADES.iter().chain(DOUBTFUL_TRADES);
    side_by_side(moments, async |moment| killed_and_started_anew(Backend::Postgres, Load::Trades, moment).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_a_confirmation_pays_out_once_on_sqlite() {
    side_by_side(PAYOUTS, async |moment| killed_and_started_anew(Backend::Sqlite, Load::Payouts, moment).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_a_confirmation_pays_out_once_on_postgresql() {
    side_by_side(PAYOUTS, async |moment| killed_and_started_anew(Backend::Postgres, Load::Payouts, moment).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_step_of_a_venues_call_has_it_acted_on_once() {
    let cases = [Backend::Sqlite, Backend::Postgres].into_iter().flat_map(|on| CALLS.iter().map(move |moment| (on, *moment)));
    side_by_side(cases, async |(backend, moment)| inbox::killed_and_called_again(backend, moment).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_replica_takes_over_wherever_one_is_killed() {
    side_by_side(TAKEOVERS, async |(load, moment)| killed_and_taken_over_from(*load, moment).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_kills_of_one_settlement_at_any_steps_settle_it_once() {
    let mut choices = Choices::from_environment();
    let places: Vec<usize> = (0..SETTLEMENTS.len()).collect();
    let mut lives = |backend| {
        // In the order of the work, so that each life comes by a moment that its predecessors left to it.
        let mut chosen: Vec<_> = (0..KILLS).map(|_| choices.one_of(&places)).collect();
        chosen.sort_unstable();
        (backend, choices.seed, chosen.into_iter().map(|place| SETTLEMENTS[place]).collect::<Vec<_>>())
    };
    let cases: Vec<_> =
        [Backend::Sqlite, Backend::Postgres].into_iter().flat_map(|on| vec![on; OFTEN_KILLED]).map(&mut lives).collect();
    side_by_side(cases, async |(backend, seed, moments)| killed_again_and_again(backend, seed, moments).await).await;
}

#[test]
fn a_gateway_is_killed_at_every_kill_point() {
    let all = [SETTLEMENTS, COMMITS, TRADES, DOUBTFUL_TRADES, PAYOUTS, CALLS, REPAIRS].concat();
    let names: BTreeSet<&str> = all.iter().map(|moment| moment.split(['@', ':']).next().unwrap()).collect();
    let missing: Vec<_> = KillPoint::ALL.iter().map(|point| point.name()).filter(|name| !names.contains(name)).collect();
    assert!(missing.is_empty(), "no gateway is killed at {missing:?}");
}
