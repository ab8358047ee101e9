//! The composition root: the only place that names concrete adapters. It
//! starts everything in order, and stops it in the reverse.

mod anchor;
mod audit;
mod callbacks;
mod callers;
mod copies;
mod error;
mod journal;
mod looking;
mod recovery;
mod runners;
mod serving;
mod signals;
mod system;
mod venues;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::config::{Config, Environment};
use crate::custody::Keyring;
use crate::grpc::Health;
use crate::http::Readiness;
use crate::service::engine::{Engine, EngineSettings};
use crate::service::{AnchorKeeper, CensusSettings, CensusTaker, Chainer, Context, ErrandSettings, Errands, RunsErrands};
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
pub use anchor::open_anchor;
pub use copies::{Copies, backup_journal, restore_journal};
pub use error::AppError;
pub use journal::{journal_durability, journal_schema, open_journal, open_journal_to_read};
pub use looking::{Surroundings, open_surroundings};
pub use recovery::open_recovery;
use serving::Listeners;
pub use signals::StopSignals;
pub use system::{SystemClock, SystemEntropy};
use venues::Purses;
pub use venues::{BITLIPA, Pulses};

/// How often the journal is asked for a sign of life, for the services' health.
const JOURNAL_PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// How long stopping may take beyond the drain's grace.
const LAST_STEPS: Duration = Duration::from_secs(2);
/// How much of that goes to the ops listener and what else runs behind, before the journal is closed.
const LAST_ANSWERS: Duration = Duration::from_millis(1_500);

/// A gateway at work.
pub struct App {
    store: Arc<dyn Store>,
    anchor: AnchorKeeper,
    heartbeat: Duration,
    engine: Engine,
    errands: Errands,
    health: Health,
    readiness: Readiness,
    grpc: SocketAddr,
    ops: SocketAddr,
    callbacks: Option<SocketAddr>,
    stop_serving: CancellationToken,
    stop_ops: CancellationToken,
    serving: TaskTracker,
    behind: TaskTracker,
    grace: Duration,
}

impl App {
    /// Opens the journal, starts the engine and then the listeners.
    ///
    /// # Errors
    /// [`AppError`]; whatever was started is stopped again by being dropped.
    pub async fn start(config: &Config, keyring: Keyring, environment: &dyn Environment) -> Result<Self, AppError> {
        let clock = Arc::new(SystemClock);
        let metrics = Metrics::shared()?;
        let store = open_journal(&config.store, environment).await?;
        let pulses = Pulses::of(config);
        let directory = Arc::new(venues::directory(config, environment, &Purses::Journal(&store), &pulses)?);
        let keyring = Arc::new(keyring);
        let anchor = open_anchor(&config.anchor.location, environment)?;
        let anchor = anchor::keeper(store.clone(), anchor, config.engine.lease).await;
        let engine = Engine::new(
            store.clone(),
            anchor.clone(),
            keyring.clone(),
            directory.clone(),
            clock.clone(),
            engine_settings(config),
        );
        let entropy = Arc::new(SystemEntropy);
        let errands = Errands::new(store.clone(), clock.clone(), errand_settings(config));
        let context = Context {
            store: store.clone(),
            anchor: anchor.clone(),
            keyring,
            directory,
            clock,
            entropy,
            engine: engine.clone(),
            errands: errands.clone(),
            refusals: audit::refusals(config, &store),
        };
        let (health, readiness) = (Health::new().await, Readiness::new());
        readiness.keys_loaded();
        let runners = runners::runners(config, &context).await?;
        let counting = Counting { chainer: audit::chainer(config, &context), census: census(config, &context) };
        let window = serving::window(config, environment, &context, &pulses)?;
        let listeners = Listeners::bind(config, context, &health, &readiness, metrics.clone(), window).await?;
        let app = Self {
            store,
            anchor,
            heartbeat: config.anchor.heartbeat,
            engine,
            errands,
            health,
            readiness,
            grpc: listeners.grpc.local_addr(),
            ops: listeners.ops.local_addr(),
            callbacks: listeners.callbacks.as_ref().map(|callbacks| callbacks.server.local_addr()),
            stop_serving: CancellationToken::new(),
            stop_ops: CancellationToken::new(),
            serving: TaskTracker::new(),
            behind: TaskTracker::new(),
            grace: config.drain.grace,
        };
        app.health.started(app.anchor.allows().await.is_ok()).await;
        app.begin(listeners, metrics, runners, counting);
        app.readiness.started();
        Ok(app)
    }

    fn begin(&self, listeners: Listeners, metrics: Metrics, runners: Vec<Arc<dyn RunsErrands>>, counting: Counting) {
        let Listeners { grpc, ops, callbacks, tls } = listeners;
        self.engine.start();
        self.errands.start(runners);
        self.serving.spawn(grpc.serve(self.stop_serving.clone()));
        self.behind.spawn(ops.serve(self.stop_ops.clone()));
        if let Some(callbacks) = callbacks {
            self.serving.spawn(callbacks.server.serve(self.stop_serving.clone()));
            if let Some(tls) = callbacks.tls {
                self.behind.spawn(tls.watch(serving::FILE_POLL_INTERVAL, self.stop_ops.clone()));
            }
            for key in callbacks.keys {
                self.behind.spawn(key.watch(serving::FILE_POLL_INTERVAL, self.stop_ops.clone()));
            }
        }
        let stop = self.stop_ops.clone();
        self.behind.spawn(async move { counting.chainer.run(stop).await });
        let stop = self.stop_ops.clone();
        self.behind.spawn(async move { counting.census.run(stop).await });
        let stop = self.stop_ops.clone();
        self.behind.spawn(async move { metrics.upkeep(stop).await });
        if let Some(tls) = tls {
            self.behind.spawn(tls.watch(serving::FILE_POLL_INTERVAL, self.stop_ops.clone()));
        }
        self.behind.spawn(anchor::beat(self.anchor.clone(), self.heartbeat, self.stop_ops.clone()));
        let (health, store, stop) = (self.health.clone(), self.store.clone(), self.stop_serving.clone());
        let anchor = self.anchor.clone();
        let answers = move || serving::journal_serves(store.clone(), anchor.clone());
        self.behind.spawn(async move { health.follow_journal(JOURNAL_PROBE_INTERVAL, stop, answers).await });
        self.serving.close();
        self.behind.close();
    }

    /// Where gRPC is served.
    #[must_use]
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc
    }

    /// Where probes and metrics are.
    #[must_use]
    pub fn ops_address(&self) -> SocketAddr {
        self.ops
    }

    /// Where venues call, where they may.
    #[must_use]
    pub fn callbacks_address(&self) -> Option<SocketAddr> {
        self.callbacks
    }

    /// Drains and stops: health first, so that callers turn away; then calls and the engine's steps; the journal last.
    ///
    /// It takes the grace and `LAST_STEPS` at most, whatever hangs. A post that is under way for longer is cut: nobody
    /// knows whether it arrived, so the next start calls the settlement OUTCOME_UNKNOWN and asks the venue.
    ///
    /// # Errors
    /// [`AppError::Grace`] when something had not ended in time: it is abandoned, and nothing recorded is lost.
    pub async fn stop(self) -> Result<(), AppError> {
        let grace_ends = Instant::now() + self.grace;
        self.readiness.draining();
        self.health.drain().await;
        self.stop_serving.cancel();
        let drained = timeout_at(grace_ends, async {
            tokio::join!(self.serving.wait(), self.engine.drain(), self.errands.drain());
        })
        .await;
        self.stop_ops.cancel();
        let ended = timeout(LAST_ANSWERS, self.behind.wait()).await;
        match timeout_at(grace_ends + LAST_STEPS, self.store.close()).await {
            Ok(closed) => closed.map_err(AppError::Close)?,
            Err(_) => return Err(AppError::Grace(self.grace)),
        }
        if drained.is_ok() && ended.is_ok() { Ok(()) } else { Err(AppError::Grace(self.grace)) }
    }
}

/// What goes over the journal in intervals.
struct Counting {
    chainer: Chainer,
    census: CensusTaker,
}

fn census(config: &Config, context: &Context) -> CensusTaker {
    let telemetry = &config.telemetry;
    let settings = CensusSettings { interval: telemetry.census_interval, window_warning: telemetry.window_warning };
    CensusTaker::new(context, settings)
}

fn errand_settings(config: &Config) -> ErrandSettings {
    let engine = &config.engine;
    ErrandSettings {
        workers: usize::try_from(engine.errand_workers).unwrap_or(1),
        lease: engine.lease,
        shortest_rest: engine.shortest_rest,
        longest_rest: engine.longest_rest,
    }
}

fn engine_settings(config: &Config) -> EngineSettings {
    let engine = &config.engine;
    EngineSettings {
        workers: usize::try_from(engine.workers).unwrap_or(1),
        max_turns_per_enterprise: usize::try_from(engine.max_turns_per_enterprise).unwrap_or(1),
        lease: engine.lease,
        shortest_wait: engine.shortest_wait,
        longest_wait: engine.longest_wait,
        poll_interval: engine.poll_interval,
        visibility_window: engine.visibility_window,
        silence_window: engine.silence_window,
        reconciliation_window: engine.reconciliation_window,
        details_interval: engine.details_interval,
        max_attempts: engine.max_attempts,
        max_lapses: engine.max_lapses,
        shortest_rest: engine.shortest_rest,
        longest_rest: engine.longest_rest,
        watch_reread: engine.watch_reread,
    }
}
