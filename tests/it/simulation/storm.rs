//! What is done to the parts of a run while it storms. Everything ends by itself, or with the storm.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::sleep;

use super::dice::Dice;
use super::gateways::Fleet;
use super::world::{Life, World};

/// How wrong a clock may be, in milliseconds.
const SKEWS_MS: [i64; 7] = [0, 0, 1_500, -40_000, 600_000, 3_600_000, -3_600_000];

pub(crate) fn any_skew(dice: &Dice) -> SignedDuration {
    SignedDuration::from_millis(*dice.pick(&SKEWS_MS))
}

/// Something that is done to a part.
#[derive(Debug, Clone, Copy)]
enum Blow {
    CutStore,
    CutVenue,
    StoreDown,
    VenueDown,
    Pause,
    Kill,
    Drain,
    StepClock,
}

const BLOWS: [Blow; 10] = [
    Blow::CutStore,
    Blow::CutVenue,
    Blow::StoreDown,
    Blow::VenueDown,
    Blow::Pause,
    Blow::Pause,
    Blow::Kill,
    Blow::Kill,
    Blow::Drain,
    Blow::StepClock,
];

/// Storms for a while; what is not over by then is ended by whoever calls.
pub(crate) async fn storm(world: &Arc<World>, fleet: &Arc<Fleet>, lasts: Duration) {
    let ends = world.time.elapsed() + lasts;
    while world.time.elapsed() < ends {
        sleep(world.dice.seconds(2, 40)).await;
        let place = usize::try_from(world.dice.between(0, fleet.size() as u64 - 1)).unwrap();
        strike(world, fleet, *world.dice.pick(&BLOWS), place);
    }
}

fn strike(world: &Arc<World>, fleet: &Arc<Fleet>, blow: Blow, place: usize) {
    let (world, fleet) = (Arc::clone(world), Arc::clone(fleet));
    let process = fleet.at(place).process;
    let lasts = match blow {
        // Long enough, at times, for others to take over and come to an end.
        Blow::Pause => world.dice.seconds(1, 700),
        _ => world.dice.seconds(1, 90),
    };
    world.history.note(format!("{blow:?} {} for {lasts:?}", process.name));
    tokio::spawn(async move {
        match blow {
            Blow::CutStore => while_set(&process.store_cut, lasts).await,
            Blow::CutVenue => while_set(&process.venue_cut, lasts).await,
            Blow::StoreDown => while_set(&world.weather.store_down, lasts / 2).await,
            Blow::VenueDown => while_set(&world.weather.venue_down, lasts).await,
            Blow::Pause => {
                process.becomes(Life::Paused);
                sleep(lasts).await;
                process.becomes(Life::Running);
            }
            Blow::Kill => {
                process.becomes(Life::Dead);
                sleep(lasts).await;
                fleet.replace(place);
            }
            Blow::Drain => {
                let engine = fleet.at(place).context.engine;
                // A process that does not end in time is killed.
                let _ = tokio::time::timeout(lasts, engine.drain()).await;
                process.becomes(Life::Dead);
                fleet.replace(place);
            }
            Blow::StepClock => process.steps_clock(any_skew(&world.dice)),
        }
    });
}

async fn while_set(flag: &AtomicBool, lasts: Duration) {
    flag.store(true, Ordering::SeqCst);
    sleep(lasts).await;
    flag.store(false, Ordering::SeqCst);
}
