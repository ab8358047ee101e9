//! Failovers to a standby that lacks the newest commits, under gateways that run on, and the repair after them as
//! `docs/recovery.md` has it.

use std::sync::Arc;
use std::time::Duration;

use settlement_gateway::domain::settlement::Settlement;
use settlement_gateway::service::engine::EngineSettings;
use settlement_gateway::service::recovery::RepairOptions;
use tokio::time::{sleep, timeout};

use super::gateways::{recovery, settings};
use super::journal::Journal;
use super::run::{Outcome, Run, ends, in_virtual_time};
use super::run_all;
use super::storm::storm;
use super::world::World;

/// How many seeds run when nobody says.
const FEW_SEEDS: u64 = 8;
/// Of how many signatures and dispatches a failover loses at most.
const MAX_LOST: usize = 4;
/// How much earlier than its last instant the journal may lack something, as `repair` has it when nobody says.
const MARGIN: Duration = Duration::from_secs(3_600);

/// Has another server take over that lacks a signature or a dispatch of which the anchor knows. `None` where nothing is signed yet.
fn fails_over(world: &World) -> Option<()> {
    let anchored = world.anchor.held()?.head.sequence;
    let standbys = std::mem::take(&mut *world.standbys.lock().unwrap());
    let lacking: Vec<Arc<Journal>> = standbys.into_iter().filter(|standby| standby.head().sequence < anchored).collect();
    let newest = lacking.len().checked_sub(1)?;
    let back = usize::try_from(world.dice.between(0, MAX_LOST as u64 - 1)).unwrap();
    let standby = Arc::clone(&lacking[newest.saturating_sub(back)]);
    world.history.note(format!("a standby takes over with {} of {anchored} links", standby.head().sequence));
    world.fails_over(standby);
    Some(())
}

/// Somebody withdraws what the standby has: some of it was sent, which only the lost rows knew.
fn is_withdrawn(run: &Run) {
    let seen: Vec<Settlement> = run.world.journal.lock().unwrap().rows().map(|row| row.settlement.clone()).collect();
    for seen in seen.into_iter().filter(|seen| seen.progress.state.is_under_way()) {
        let (clients, after) = (Arc::clone(&run.clients), run.world.dice.millis(1, 20_000));
        tokio::spawn(async move {
            sleep(after).await;
            clients.withdraw(&seen).await;
        });
    }
}

/// A person stops every gateway, waits until what left must have arrived, repairs, and starts the gateways again.
async fn is_repaired(run: &Run) {
    run.fleet.stop();
    run.world.history.note("every gateway is stopped");
    let EngineSettings { silence_window, visibility_window, .. } = settings();
    sleep(silence_window + visibility_window).await;
    loop {
        let options = RepairOptions { since: None, margin: MARGIN, takes_another_journals_place: false };
        // A repair may be cut anywhere, and is made again.
        let patience = run.world.dice.seconds(1, 400);
        let repair = recovery(&run.world);
        match timeout(patience, repair.repair(options)).await {
            Ok(Ok(report)) => {
                let adopted = report.map(|report| report.listed.iter().map(|listed| listed.adopted.len()).sum::<usize>());
                run.world.history.note(format!("the journal is repaired, {adopted:?} adopted"));
                break;
            }
            Ok(Err(error)) => run.world.history.note(format!("a repair fails: {error}")),
            Err(_) => run.world.history.note("a repair is cut"),
        }
    }
    run.world.ledger.lock().unwrap().forget_what_never_arrived();
    *run.world.lost.lock().unwrap() = None;
    run.fleet.start_again();
}

pub(crate) fn run(seed: u64) -> Outcome {
    in_virtual_time(live(seed))
}

async fn live(seed: u64) -> Outcome {
    let mut run = Run::begin(seed);
    let dice = Arc::clone(&run.world.dice);
    for _ in 0..dice.between(1, 2) {
        storm(&run.world, &run.fleet, dice.seconds(20, 300)).await;
        if fails_over(&run.world).is_some() {
            is_withdrawn(&run);
            storm(&run.world, &run.fleet, dice.seconds(1, 200)).await;
            is_repaired(&run).await;
        }
    }
    run.calm();
    ends(seed, &run.world, &run.clients, &mut run.asking).await
}

#[test]
fn a_failover_that_lost_rows_has_nothing_sent_until_a_repair_and_nothing_settled_twice_after_it() {
    run_all(FEW_SEEDS, run);
}
