//! What simulations found, each told again by itself, so that it stays mended.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use settlement_gateway::domain::settlement::State;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::clients::Clients;
use super::dice::Dice;
use super::gateways::Fleet;
use super::run::{Outcome, ends, in_virtual_time};
use super::venue::Post;
use super::world::{Life, Rates, World};
use crate::support::builders::leg;
use crate::support::world::{V1, asking};

/// Seeds in which chance leaves different times between the same events.
const SEEDS: std::ops::Range<u64> = 0..12;
/// The venue refuses, and has done nothing of this post.
const REFUSED: Post = Post::Status { status: 403, effect: false, shows: false, is_proven: true };

/// One settlement under gateways with these clocks, at a venue that makes this of the first posts; `meanwhile` is done beside it.
async fn one_settlement<F: Future<Output = ()>>(
    seed: u64,
    skews_ms: [i64; 2],
    posts: [Post; 2],
    meanwhile: impl FnOnce(Arc<World>, Arc<Fleet>) -> F,
) -> Outcome {
    let world = World::new(Dice::new(seed), Rates::default());
    world.posts.lock().unwrap().extend(posts);
    let fleet = Fleet::start(&world, &skews_ms.map(SignedDuration::from_millis));
    let clients = Arc::new(Clients { world: Arc::clone(&world), fleet: Arc::clone(&fleet), told: Vec::new().into() });
    let mut asking_clients = JoinSet::new();
    let wish = asking(V1, "s0", vec![leg("connection-1", "BTC", "1.5")]);
    asking_clients.spawn(Arc::clone(&clients).settle(wish, Duration::ZERO));
    meanwhile(Arc::clone(&world), fleet).await;
    ends(seed, &world, &clients, &mut asking_clients).await
}

/// The venue carries the first post out late and refuses the second. Whose clock is an hour ahead would believe the refusal at
/// once, and call a settlement not accepted that the venue then creates.
#[test]
fn a_replica_whose_clock_is_ahead_does_not_believe_a_refusal_too_soon() {
    for seed in SEEDS {
        let posts = [Post::CarriedOutLate, REFUSED];
        in_virtual_time(one_settlement(seed, [0, 3_600_000], posts, |_, _| async {})).must_hold();
    }
}

/// The same where the clock that is behind stamps the silence, and the right one reckons with it.
#[test]
fn a_replica_whose_clock_is_behind_does_not_have_others_believe_too_soon() {
    for seed in SEEDS {
        let posts = [Post::CarriedOutLate, REFUSED];
        in_virtual_time(one_settlement(seed, [-3_600_000, 0], posts, |_, _| async {})).must_hold();
    }
}

/// A gateway is stopped between the commit of an attempt and its post. Another one takes over, is refused, waits out all
/// windows and says so; what was stopped must not send then.
#[test]
fn what_was_stopped_before_it_sent_sends_nothing_once_another_has_come_to_an_end() {
    for seed in SEEDS {
        let stops = |world: Arc<World>, fleet: Arc<Fleet>| async move {
            while !is_being_sent(&world) {
                sleep(Duration::from_millis(1)).await;
            }
            // Whichever it is that sends: the other one takes over.
            let sender = usize::from(world.history.last_save_was_by("g2"));
            fleet.at(sender).process.becomes(Life::Paused);
            sleep(Duration::from_secs(900)).await;
            fleet.heal();
        };
        in_virtual_time(one_settlement(seed, [0, 0], [REFUSED, REFUSED], stops)).must_hold();
    }
}

/// Every gateway starts anew with a clock that is behind, while the journal has nothing that is due by such a clock. Who asks
/// the journal's clock only through what it claims would never hear of it.
#[test]
fn what_is_due_is_taken_up_although_every_clock_is_behind() {
    const BEHIND: SignedDuration = SignedDuration::from_hours(-3);
    for seed in SEEDS {
        let restart = |world: Arc<World>, fleet: Arc<Fleet>| async move {
            while !is_taken(&world) {
                sleep(Duration::from_millis(1)).await;
            }
            // By then nobody holds it, and it is due later.
            sleep(Duration::from_secs(1)).await;
            for place in 0..fleet.size() {
                fleet.at(place).process.steps_clock(BEHIND);
            }
            fleet.stop();
            fleet.start_again();
        };
        in_virtual_time(one_settlement(seed, [0, 0], [Post::Answered; 2], restart)).must_hold();
    }
}

/// A gateway is killed while its post is under way, which the venue carries out late. The next one is refused: that is no proof, since
/// something may have left before.
#[test]
fn a_refusal_after_a_kill_in_the_middle_of_a_post_is_not_believed_before_what_left_must_have_arrived() {
    for seed in SEEDS {
        let kill = |world: Arc<World>, fleet: Arc<Fleet>| async move {
            while world.ledger.lock().unwrap().sends.is_empty() {
                sleep(Duration::from_millis(1)).await;
            }
            let sender = usize::from(world.history.last_save_was_by("g2"));
            fleet.at(sender).process.becomes(Life::Dead);
            fleet.replace(sender);
        };
        in_virtual_time(one_settlement(seed, [0, 0], [Post::CarriedOutLate, REFUSED], kill)).must_hold();
    }
}

fn is_taken(world: &World) -> bool {
    let journal = world.journal.lock().unwrap();
    journal.rows().any(|row| row.settlement.progress.venue.is_some())
}

fn is_being_sent(world: &World) -> bool {
    let journal = world.journal.lock().unwrap();
    journal.rows().any(|row| row.settlement.progress.state == State::Submitting)
}
