//! Replicas are killed and stopped at random moments under load, while venues answer late, lose answers and fail.
//!
//! `make torture` runs thousands of settlements; `SETTLEMENTS=`, `STORE=` and `SEED=` say how many, where, and with which
//! choices. Without them the run is short, and part of the tests.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use settlement_gateway::kill_points::KillPoint;
use settlement_gateway::sandbox::{Behaviour, Body, Endpoint, Fault};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::asks::{Ask, Told};
use super::choices::Choices;
use super::lives::{finished, next};
use super::oracle::Outcome;
use super::scene::{Backend, Scene, is_refusal};
use crate::process::calls::Gateway;
use crate::process::support::until;
use crate::support::world::{V1, V2};

/// How many settlements a short run asks for.
const FEW: usize = 40;
/// How many clients ask at once.
const CLIENTS: usize = 16;
/// The most answers that clients have between two blows.
const ANSWERS_BETWEEN: u64 = 12;
/// One of so many stretches between two blows is a calm one, in which work is begun and ended by one process: the more there is to
/// settle, the longer.
const CALM_ONE_IN: u64 = 8;
/// The part of all settlements that a calm stretch has answers for.
const CALM_PART: usize = 5;
/// A gateway that nobody works for is looked after as often.
const ROUND: Duration = Duration::from_secs(2);
/// Longer than a lease, so that another replica has taken over when the stopped one goes on.
const LONG_STOP: Duration = Duration::from_secs(8);
/// How long a replica lives at least while nothing comes to its end: twice as long after each life in vain.
const SHORTEST_LIFE: Duration = Duration::from_millis(250);
const LONGEST_LIFE: Duration = Duration::from_secs(60);
/// How old a process is at most that is killed at its birth; most serve by then.
const OLDEST_INFANT_MS: u64 = 400;
/// How many die so before the first one serves.
const INFANTS: u64 = 5;
/// How long a client waits before it asks again.
const PAUSE: Duration = Duration::from_millis(100);

/// What was done and what came of it.
#[derive(Debug, Default)]
struct Counts {
    kills: usize,
    kills_at_birth: usize,
    deaths_at_kill_points: usize,
    stops: usize,
    faults: usize,
}

/// The replicas, each with where it is; a dead one is started anew.
struct Fleet {
    scene: Arc<Scene>,
    replicas: Vec<Gateway>,
    tell: watch::Sender<Vec<SocketAddr>>,
    counts: Counts,
}

impl Fleet {
    async fn of(scene: Arc<Scene>, replicas: usize) -> Self {
        scene.run.lock().unwrap().replicas = replicas;
        let mut all = Vec::new();
        for _ in 0..replicas {
            all.push(scene.serve("").await);
        }
        let tell = watch::Sender::new(all.iter().map(|replica| replica.grpc).collect());
        Self { scene, replicas: all, tell, counts: Counts::default() }
    }

    /// Starts a gateway in the place of another, which may still live.
    async fn replace(&mut self, place: usize, kill_at: &str, choices: &mut Choices) {
        // One process at a time has an SQLite journal, so that the old one goes first.
        let old = self.replicas.remove(place);
        old.process.kill().await;
        self.born_and_killed(choices).await;
        let new = if kill_at.is_empty() { None } else { self.scene.serve_unless_dead(kill_at).await };
        let new = match new {
            Some(new) => new,
            None => self.scene.serve("").await,
        };
        self.replicas.insert(place, new);
        self.tell.send_replace(self.replicas.iter().map(|replica| replica.grpc).collect());
    }

    /// Starts anew what died where it was told to. The new life has no such moment, or a slow machine would see one short life after
    /// another and nothing that gets on.
    async fn look_after(&mut self, choices: &mut Choices) {
        for place in 0..self.replicas.len() {
            if !self.replicas[place].process.is_alive() {
                self.counts.deaths_at_kill_points += 1;
                self.replace(place, "", choices).await;
            }
        }
    }

    /// Does something bad to a replica, or to what it hears from a venue.
    async fn blow(&mut self, choices: &mut Choices) {
        self.scene.sandbox.faults().push(fault(choices));
        self.counts.faults += 1;
        let place = usize::try_from(choices.below(self.replicas.len() as u64)).unwrap();
        if self.replicas.len() > 1 && choices.below(4) == 0 {
            self.counts.stops += 1;
            self.stop(place, choices.below(3) == 0).await;
        } else {
            self.counts.kills += 1;
            self.replace(place, &last_moment(choices), choices).await;
        }
    }

    /// Now and then a process is killed before it serves.
    async fn born_and_killed(&mut self, choices: &mut Choices) {
        if choices.below(6) == 0 {
            self.counts.kills_at_birth += 1;
            self.scene.killed_young(Duration::from_millis(choices.below(OLDEST_INFANT_MS))).await;
        }
    }

    /// Stops a replica as a pause of its machine does, for longer than its leases or not, and lets it go on.
    async fn stop(&self, place: usize, for_long: bool) {
        let (process, since) = (&self.replicas[place].process, Instant::now());
        process.signal("STOP");
        let enough = self.scene.answers() + 5;
        until("the others have gone on", async || {
            let is_over =
                if for_long { since.elapsed() > LONG_STOP } else { since.elapsed() > ROUND || self.scene.answers() > enough };
            is_over.then_some(())
        })
        .await;
        process.signal("CONT");
    }
}

/// A moment in which the next life may end by itself; often none.
fn last_moment(choices: &mut Choices) -> String {
    if choices.below(2) == 0 {
        return String::new();
    }
    let point = choices.one_of(KillPoint::ALL).name();
    // Transactions are many, and the first of them belong to the start.
    let arrivals = if point.starts_with("INSIDE_COMMIT") { 20 + choices.below(200) } else { 1 + choices.below(8) };
    format!("{point}:{arrivals}")
}

/// Something that a venue does now and then.
fn fault(choices: &mut Choices) -> Fault {
    let on = choices.one_of(&[
        Endpoint::SettlementsSigning,
        Endpoint::SettlementPost,
        Endpoint::SettlementPost,
        Endpoint::SettlementList,
        Endpoint::TradeCreate,
        Endpoint::AffirmationPut,
        Endpoint::QuoteConfirm,
        Endpoint::QuoteGet,
    ]);
    let ms = choices.below(200);
    let behaviour = match choices.below(6) {
        0 => Behaviour::DelayBefore { ms },
        1 => Behaviour::DelayAfter { ms },
        2 => Behaviour::AcceptThenCut,
        3 => Behaviour::Status { status: 503, body: Body::Html, effect: true },
        4 => Behaviour::Status { status: 503, body: Body::Html, effect: false },
        _ => Behaviour::CutBefore,
    };
    Fault { on, times: 1, behaviour }
}

/// What the clients want: settlements most of all, some of them twice, and everything else beside them.
fn wanted(settlements: usize, choices: &mut Choices) -> VecDeque<Arc<Ask>> {
    let mut wanted = VecDeque::new();
    for number in 0..settlements {
        let (pays, owed) = (1 + choices.below(9), 1 + choices.below(9));
        let enterprise = [V1, V2][number % 2];
        let id = format!("under-fire-{number}");
        let (pays, owed) = (u32::try_from(pays).unwrap(), u32::try_from(owed).unwrap());
        let ask = Arc::new(Ask::Settlement { enterprise, id, pays, owed });
        wanted.push_back(Arc::clone(&ask));
        match number % 10 {
            0 => wanted.push_back(ask),
            3 => wanted.push_back(Arc::new(Ask::trade(number))),
            6 => wanted.push_back(Arc::new(Ask::payout(format!("payout-{number}")))),
            9 => wanted.push_back(Arc::new(Ask::WithoutCutoff { id: format!("refused-{number}") })),
            _ => {}
        }
    }
    wanted
}

/// A client: takes what is wanted, and asks whoever is there until it has an answer that stays.
async fn client(
    scene: Arc<Scene>,
    wanted: Arc<Mutex<VecDeque<Arc<Ask>>>>,
    mut fleet: watch::Receiver<Vec<SocketAddr>>,
    number: usize,
) {
    loop {
        let Some(ask) = wanted.lock().unwrap().pop_front() else { return };
        let Some(told) = answered(&scene, &ask, &mut fleet, number).await else { continue };
        if let Some(affirm) = next(&ask, &told) {
            answered(&scene, &affirm, &mut fleet, number).await;
        }
    }
}

/// The answer once nothing more happens; nothing for what is refused.
async fn answered(scene: &Scene, ask: &Arc<Ask>, fleet: &mut watch::Receiver<Vec<SocketAddr>>, mut turn: usize) -> Option<Told> {
    loop {
        let here = {
            let addresses = fleet.borrow_and_update();
            addresses[turn % addresses.len()]
        };
        match scene.ask(here, ask).await {
            Ok(told) if told.answer.at_rest => return Some(told),
            Err(status) if is_refusal(&status) => return None,
            Ok(_) => {}
            // Whoever was asked may be dead: another is asked, and told of when it is started.
            Err(_) => turn += 1,
        }
        let _ = tokio::time::timeout(PAUSE, fleet.changed()).await;
    }
}

/// How many answers clients have until the next blow.
fn between(settlements: usize, choices: &mut Choices) -> usize {
    let most = if choices.below(CALM_ONE_IN) == 0 { (settlements / CALM_PART) as u64 } else { 0 };
    usize::try_from(choices.below(most.max(ANSWERS_BETWEEN))).unwrap()
}

/// Fights until every client has its answers, then holds everything to account.
async fn fought(backend: Backend, replicas: usize, settlements: usize, mut choices: Choices) {
    let Some(scene) = Scene::open(backend, Some(choices.seed)).await else { return };
    let scene = Arc::new(scene);
    // The first of them die while there is no schema yet, or half of one.
    for age in 1..=INFANTS {
        scene.killed_young(Duration::from_millis(age * OLDEST_INFANT_MS / INFANTS)).await;
    }
    let wanted = Arc::new(Mutex::new(wanted(settlements, &mut choices)));
    let mut fleet = Fleet::of(Arc::clone(&scene), replicas).await;
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(client(Arc::clone(&scene), Arc::clone(&wanted), fleet.tell.subscribe(), number));
    }
    let mut least_life = Duration::ZERO;
    while !clients.is_empty() {
        let (enough, since, ended) = (scene.answers() + between(settlements, &mut choices), Instant::now(), scene.ended());
        let is_enough = || scene.answers() >= enough && (scene.ended() > ended || since.elapsed() >= least_life);
        until("there is something to do", async || {
            while let Some(ended) = clients.try_join_next() {
                ended.unwrap();
            }
            (clients.is_empty() || is_enough() || since.elapsed() > ROUND.max(least_life)).then_some(())
        })
        .await;
        fleet.look_after(&mut choices).await;
        // Only what has got on is struck again, and lives grow longer while nothing comes to its end, so that a slow machine gets
        // through.
        if is_enough() && !clients.is_empty() {
            fleet.blow(&mut choices).await;
        }
        let has_got_on = scene.ended() > ended;
        least_life = if has_got_on { Duration::ZERO } else { (least_life * 2).clamp(SHORTEST_LIFE, LONGEST_LIFE) };
    }
    for place in 0..replicas {
        fleet.replace(place, "", &mut choices).await;
    }
    let grpc = fleet.replicas[0].grpc;
    let refused = scene.refused();
    for ask in scene.asks().iter().filter(|ask| !refused.contains(&ask.name()) && !matches!(***ask, Ask::Affirmation { .. })) {
        finished(&scene, grpc, ask).await;
    }
    let unknown = scene.history(|call| matches!(call.outcome, Outcome::Unknown(_)));
    let calls = scene.history(|_| true);
    println!(
        "{} settlements={settlements} asked={} calls={calls} unknown={unknown} {:?}",
        scene.run().brief(),
        scene.asks().len(),
        fleet.counts
    );
    scene.judge(grpc).await;
    println!("{} violations: 0", scene.run().brief());
}

/// How many settlements, on this database; nothing where another one is asked for.
fn asked_for(backend: Backend) -> Option<usize> {
    let store = std::env::var("STORE").unwrap_or_default();
    let settlements = std::env::var("SETTLEMENTS").map_or(FEW, |text| text.parse().expect("SETTLEMENTS is a number"));
    (store.is_empty() || backend.name() == store).then_some(settlements)
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_random_moments_under_load_lose_nothing_and_settle_nothing_twice_on_sqlite() {
    let Some(settlements) = asked_for(Backend::Sqlite) else { return };
    fought(Backend::Sqlite, 1, settlements, Choices::from_environment()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_and_pauses_of_two_replicas_under_load_lose_nothing_and_settle_nothing_twice_on_postgresql() {
    let Some(settlements) = asked_for(Backend::Postgres) else { return };
    fought(Backend::Postgres, 2, settlements, Choices::from_environment()).await;
}
