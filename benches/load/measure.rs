//! Cases that take turns, and what came of each turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};

/// How often each case has its turn; the first round warms up and is not counted.
const ROUNDS: usize = 8;
/// How long a turn lasts; calls that are under way at its end are finished and counted.
const TURN_MS: u64 = 400;
/// The most calls of one turn, so that what is kept of them is bounded.
const MAX_CALLS: u64 = 20_000;

/// Something that is called again and again, each time with another number.
pub(super) struct Case {
    /// What it is.
    pub(super) name: String,
    /// How many callers call it at once.
    pub(super) callers: usize,
    call: Arc<dyn Fn(u64) -> BoxFuture<'static, ()> + Send + Sync>,
    calls: Arc<AtomicU64>,
}

impl Case {
    /// A case with so many callers.
    pub(super) fn new<F>(name: &str, callers: usize, call: impl Fn(u64) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let call = Arc::new(move |number| -> BoxFuture<'static, ()> { Box::pin(call(number)) });
        Self { name: name.to_owned(), callers, call, calls: Arc::default() }
    }

    /// One turn: the duration of each call, and of the whole.
    async fn turn(&self) -> Turn {
        let last = self.calls.load(Ordering::Relaxed) + MAX_CALLS;
        let begin = Instant::now();
        let end = begin + Duration::from_millis(TURN_MS);
        let callers = (0..self.callers).map(|_| {
            let (call, calls) = (self.call.clone(), self.calls.clone());
            tokio::spawn(async move {
                let mut durations = Vec::new();
                while Instant::now() < end {
                    let number = calls.fetch_add(1, Ordering::Relaxed);
                    if number >= last {
                        break;
                    }
                    let called = Instant::now();
                    call(number).await;
                    durations.push(called.elapsed());
                }
                durations
            })
        });
        let durations = join_all(callers).await.into_iter().flat_map(Result::unwrap).collect();
        Turn { durations, elapsed: begin.elapsed() }
    }
}

struct Turn {
    durations: Vec<Duration>,
    elapsed: Duration,
}

impl Turn {
    fn per_second(&self) -> u64 {
        let per_second = self.durations.len() as u128 * 1_000_000_000 / self.elapsed.as_nanos().max(1);
        u64::try_from(per_second).unwrap()
    }

    /// This turn's calls for each thousand of the other's in the same time.
    fn permille_of(&self, other: &Self) -> u64 {
        let (ours, theirs) = (self.durations.len() as u128, other.durations.len() as u128);
        let permille = 1_000 * ours * other.elapsed.as_nanos() / (theirs * self.elapsed.as_nanos()).max(1);
        u64::try_from(permille).unwrap()
    }
}

/// What is told of a case.
pub(super) struct Row {
    /// What it is.
    pub(super) name: String,
    /// How many callers called it at once.
    pub(super) callers: usize,
    /// The median turn's rate.
    pub(super) per_second: u64,
    /// Half of all calls took no longer.
    pub(super) p50: Duration,
    /// 99 of 100 calls took no longer.
    pub(super) p99: Duration,
    /// The lowest, the median and the highest rate for each thousand of the first case's in the same round.
    pub(super) permille: [u64; 3],
}

/// Lets the cases take turns. The first case is what the others are compared with.
pub(super) async fn run(cases: &[Case]) -> Vec<Row> {
    let mut turns: Vec<Vec<Turn>> = cases.iter().map(|_| Vec::new()).collect();
    for round in 0..=ROUNDS {
        for (case, turns) in cases.iter().zip(&mut turns) {
            let turn = case.turn().await;
            if round > 0 {
                turns.push(turn);
            }
        }
    }
    cases.iter().zip(&turns).map(|(case, own)| row(case, own, &turns[0])).collect()
}

fn row(case: &Case, turns: &[Turn], first: &[Turn]) -> Row {
    let mut rates: Vec<u64> = turns.iter().map(Turn::per_second).collect();
    let mut permille: Vec<u64> = turns.iter().zip(first).map(|(turn, first)| turn.permille_of(first)).collect();
    let mut durations: Vec<Duration> = turns.iter().flat_map(|turn| turn.durations.iter().copied()).collect();
    rates.sort_unstable();
    permille.sort_unstable();
    durations.sort_unstable();
    Row {
        name: case.name.clone(),
        callers: case.callers,
        per_second: rates[rates.len() / 2],
        p50: durations[durations.len() / 2],
        p99: durations[durations.len() * 99 / 100],
        permille: [permille[0], permille[permille.len() / 2], permille[permille.len() - 1]],
    }
}
