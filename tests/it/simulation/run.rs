//! One run: a seed fixes everything that happens in it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::clients::{Clients, wishes};
use super::dice::Dice;
use super::gateways::Fleet;
use super::invariants;
use super::storm::{any_skew, storm};
use super::world::{Rates, World};

/// How long everything may take to come to its end, once nothing goes wrong any more: I9. The longest waits in a row are a
/// lease, the silence window, and then the venue's own time with the reconciliation after it.
const CALM: Duration = Duration::from_secs(3_600);

/// How long is watched after that: what left last may arrive so late, and what was stopped goes on by then.
const AFTERMATH: Duration = Duration::from_secs(300);

/// What a run came to.
pub(crate) struct Outcome {
    pub(crate) seed: u64,
    pub(crate) history: Vec<String>,
    pub(crate) violations: Vec<String>,
    /// How many settlements the venue has.
    pub(crate) created: usize,
}

impl Outcome {
    /// Fails with the violations, the seed and the end of the history.
    pub(crate) fn must_hold(&self) {
        if self.violations.is_empty() {
            return;
        }
        let shown = self.history.len().saturating_sub(150);
        let (history, violations) = (self.history[shown..].join("\n"), self.violations.join("\n"));
        panic!("SEED={} violates:\n{violations}\n\nits history ends with:\n{history}\n\n{violations}", self.seed);
    }
}

/// Runs one seed to its end, in virtual time on this thread alone.
pub(crate) fn run(seed: u64) -> Outcome {
    in_virtual_time(live(seed))
}

pub(crate) fn in_virtual_time<T>(life: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(life)
}

/// How bad it gets: some runs are quiet but for one kind of fault.
fn rates(dice: &Dice) -> Rates {
    let level = |most: u64| if dice.chance(350) { 0 } else { dice.between(1, most) };
    Rates { lost: level(60), ambiguous: level(60), late: level(40), stale: level(60), venue: level(400), lagging: level(500) }
}

async fn live(seed: u64) -> Outcome {
    let mut run = Run::begin(seed);
    storm(&run.world, &run.fleet, run.lasts).await;
    run.calm();
    ends(seed, &run.world, &run.clients, &mut run.asking).await
}

/// Gateways and clients, as a seed has them.
pub(crate) struct Run {
    pub(crate) world: Arc<World>,
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) clients: Arc<Clients>,
    pub(crate) asking: JoinSet<()>,
    /// How long it storms.
    pub(crate) lasts: Duration,
}

impl Run {
    pub(crate) fn begin(seed: u64) -> Self {
        let dice = Dice::new(seed);
        let world = World::new(Arc::clone(&dice), rates(&dice));
        let skews: Vec<SignedDuration> = (0..dice.between(2, 3)).map(|_| any_skew(&dice)).collect();
        let fleet = Fleet::start(&world, &skews);
        let clients = Arc::new(Clients { world: Arc::clone(&world), fleet: Arc::clone(&fleet), told: Vec::new().into() });
        tokio::spawn(Arc::clone(&clients).operate());
        let lasts = dice.seconds(60, 900);
        let mut asking = JoinSet::new();
        for wish in wishes(&world, dice.between(2, 7)) {
            let begins_after = dice.millis(0, u64::try_from(lasts.as_millis()).unwrap() / 2);
            asking.spawn(Arc::clone(&clients).settle(wish, begins_after));
        }
        Self { world, fleet, clients, asking, lasts }
    }

    /// Nothing goes wrong any more.
    pub(crate) fn calm(&self) {
        self.world.weather.clear();
        self.fleet.heal();
        self.world.history.note("the storm is over");
    }
}

/// Waits for the end, holds what must hold then, and says what the run came to.
pub(crate) async fn ends(seed: u64, world: &World, clients: &Clients, asking: &mut JoinSet<()>) -> Outcome {
    if let Err(unrest) = comes_to_rest(world, asking).await {
        world.history.violated("I9", unrest);
    }
    sleep(AFTERMATH).await;
    invariants::at_the_end(world, &clients.told.lock().unwrap());
    let created = world.ledger.lock().unwrap().entries.len();
    let (history, violations) = world.history.take();
    Outcome { seed, history, violations, created }
}

/// Waits until every client was told and every settlement is at its end.
async fn comes_to_rest(world: &World, asking: &mut JoinSet<()>) -> Result<(), String> {
    let ends = world.time.elapsed() + CALM;
    loop {
        while let Some(ended) = asking.try_join_next() {
            ended.unwrap();
        }
        let rests = if asking.is_empty() {
            invariants::is_at_rest(&world.journal.lock().unwrap())
        } else {
            Err("a client still asks".to_owned())
        };
        if rests.is_ok() || world.time.elapsed() > ends {
            return rests;
        }
        sleep(Duration::from_secs(5)).await;
    }
}
