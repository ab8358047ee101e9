//! What all parts of a run share: virtual time, the weather, the wires between the parts, and the two truths that nobody in
//! the run can reach past a fault: the journal and the venue's ledger.

use std::collections::VecDeque;
use std::future::pending;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use settlement_gateway::domain::time::{Clock, later};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::dice::Dice;
use super::journal::Journal;
use super::ledger::Ledger;
use super::venue::Post;
use crate::support::anchor::MemoryAnchor;

/// What a run is made of.
pub(crate) struct World {
    pub(crate) dice: Arc<Dice>,
    pub(crate) time: TrueTime,
    pub(crate) weather: Weather,
    pub(crate) history: History,
    pub(crate) journal: Mutex<Journal>,
    /// The journal as the last commits left it, oldest first: what a stale read may see.
    pub(crate) past: Mutex<Vec<Arc<Journal>>>,
    /// The journal as it was before each signature, oldest first: what a standby may have that lags.
    pub(crate) standbys: Mutex<Vec<Arc<Journal>>>,
    /// What a failover has lost, until it is repaired.
    pub(crate) lost: Mutex<Option<Lost>>,
    server: AtomicU64,
    pub(crate) ledger: Mutex<Ledger>,
    /// What all gateways anchor the journal in; it lies outside and does not fail.
    pub(crate) anchor: Arc<MemoryAnchor>,
    /// What becomes of the next posts, where that is not left to chance.
    pub(crate) posts: Mutex<VecDeque<Post>>,
}

impl World {
    pub(crate) fn new(dice: Arc<Dice>, rates: Rates) -> Arc<Self> {
        let time = TrueTime { began: Instant::now() };
        Arc::new(Self {
            dice,
            time,
            weather: Weather { rates: Mutex::new(rates), store_down: AtomicBool::new(false), venue_down: AtomicBool::new(false) },
            history: History { time, lines: Mutex::default(), violations: Mutex::default() },
            journal: Mutex::new(Journal::new()),
            past: Mutex::default(),
            standbys: Mutex::default(),
            lost: Mutex::default(),
            server: AtomicU64::new(0),
            ledger: Mutex::default(),
            anchor: Arc::default(),
            posts: Mutex::default(),
        })
    }
}

/// What a failover has lost.
pub(crate) struct Lost {
    /// When it was.
    pub(crate) since: Duration,
    /// What the journal had.
    pub(crate) before: Journal,
    /// What it has since.
    pub(crate) standby: Arc<Journal>,
}

impl World {
    /// Which server has the journal: another one after each failover.
    pub(crate) fn server(&self) -> u64 {
        self.server.load(Ordering::SeqCst)
    }

    /// Another server takes over, with what it has.
    pub(crate) fn fails_over(&self, standby: Arc<Journal>) {
        let before = std::mem::replace(&mut *self.journal.lock().unwrap(), Journal::clone(&standby));
        self.past.lock().unwrap().clear();
        self.server.fetch_add(1, Ordering::SeqCst);
        *self.lost.lock().unwrap() = Some(Lost { since: self.time.elapsed(), before, standby });
    }
}

/// The time that is true: the database's and the venue's.
#[derive(Clone, Copy)]
pub(crate) struct TrueTime {
    began: Instant,
}

impl TrueTime {
    pub(crate) fn elapsed(self) -> Duration {
        self.began.elapsed()
    }
}

impl Clock for TrueTime {
    fn now(&self) -> Timestamp {
        later("2026-03-20T12:00:00Z".parse().unwrap(), self.elapsed())
    }
}

/// How often each fault happens, in a thousand calls.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rates {
    /// A call to the journal changes nothing, and has no answer.
    pub(crate) lost: u64,
    /// A write is committed, and its answer is lost.
    pub(crate) ambiguous: u64,
    /// A write is given up and committed later.
    pub(crate) late: u64,
    /// A read shows what was true some commits ago.
    pub(crate) stale: u64,
    /// A call to the venue goes wrong in one of the ways of its table.
    pub(crate) venue: u64,
    /// The venue shows what was true up to a window ago.
    pub(crate) lagging: u64,
}

/// What every part meets alike.
pub(crate) struct Weather {
    rates: Mutex<Rates>,
    pub(crate) store_down: AtomicBool,
    pub(crate) venue_down: AtomicBool,
}

impl Weather {
    pub(crate) fn rates(&self) -> Rates {
        *self.rates.lock().unwrap()
    }

    /// From now on nothing goes wrong by itself. What the venue shows may lag for ever: that is no fault.
    pub(crate) fn clear(&self) {
        let mut rates = self.rates.lock().unwrap();
        *rates = Rates { lagging: rates.lagging, ..Rates::default() };
        self.store_down.store(false, Ordering::SeqCst);
        self.venue_down.store(false, Ordering::SeqCst);
    }
}

/// What happened, in order; and what must never happen.
pub(crate) struct History {
    time: TrueTime,
    lines: Mutex<Vec<String>>,
    violations: Mutex<Vec<String>>,
}

impl History {
    pub(crate) fn note(&self, what: impl AsRef<str>) {
        self.lines.lock().unwrap().push(format!("{:>9} {}", self.time.elapsed().as_millis(), what.as_ref()));
    }

    pub(crate) fn violated(&self, invariant: &str, what: impl AsRef<str>) {
        let line = format!("{invariant} VIOLATED: {}", what.as_ref());
        let mut violations = self.violations.lock().unwrap();
        // What stays wrong is told once.
        if !violations.contains(&line) {
            self.note(&line);
            violations.push(line);
        }
    }

    /// Whether the newest save was this process's.
    pub(crate) fn last_save_was_by(&self, name: &str) -> bool {
        let lines = self.lines.lock().unwrap();
        lines.iter().rev().find(|line| line.contains(" saves ")).is_some_and(|line| line.contains(&format!(" {name} ")))
    }

    pub(crate) fn take(&self) -> (Vec<String>, Vec<String>) {
        (std::mem::take(&mut self.lines.lock().unwrap()), std::mem::take(&mut self.violations.lock().unwrap()))
    }
}

/// Whether a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Running,
    /// Stopped where it is; it goes on later and knows of nothing.
    Paused,
    /// Killed: whatever it waits for never comes.
    Dead,
}

/// One gateway's process, as the world meets it.
pub(crate) struct Process {
    pub(crate) name: String,
    life: Mutex<Life>,
    /// Wakes in the order of waiting, as `watch` does not: a run must repeat itself.
    changed: Notify,
    pub(crate) store_cut: AtomicBool,
    pub(crate) venue_cut: AtomicBool,
    time: TrueTime,
    skew: Mutex<SignedDuration>,
}

impl Process {
    pub(crate) fn new(name: String, time: TrueTime, skew: SignedDuration) -> Arc<Self> {
        let (store_cut, venue_cut) = (AtomicBool::new(false), AtomicBool::new(false));
        let (life, changed) = (Mutex::new(Life::Running), Notify::new());
        Arc::new(Self { name, life, changed, store_cut, venue_cut, time, skew: Mutex::new(skew) })
    }

    pub(crate) fn becomes(&self, life: Life) {
        let mut now = self.life.lock().unwrap();
        // What is dead stays dead.
        if *now != Life::Dead {
            *now = life;
        }
        drop(now);
        self.changed.notify_waiters();
    }

    fn life(&self) -> Life {
        *self.life.lock().unwrap()
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.life() == Life::Dead
    }

    /// Goes on once the process runs; never where it is dead.
    pub(crate) async fn runs(&self) {
        loop {
            let mut changes = pin!(self.changed.notified());
            changes.as_mut().enable();
            match self.life() {
                Life::Running => return,
                Life::Paused => changes.await,
                Life::Dead => pending().await,
            }
        }
    }

    pub(crate) fn skew(&self) -> SignedDuration {
        *self.skew.lock().unwrap()
    }

    pub(crate) fn steps_clock(&self, skew: SignedDuration) {
        *self.skew.lock().unwrap() = skew;
    }

    /// Ends every partition around it.
    pub(crate) fn reconnect(&self) {
        self.store_cut.store(false, Ordering::SeqCst);
        self.venue_cut.store(false, Ordering::SeqCst);
    }
}

/// The process's own clock, which may be wrong.
impl Clock for Process {
    fn now(&self) -> Timestamp {
        self.time.now().checked_add(self.skew()).unwrap()
    }
}
