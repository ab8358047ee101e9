//! What `grpc.health.v1` tells of each service, and when it changes.
//!
//! The empty name stands for the process: it serves from the start until it
//! drains. The contract's services also need the journal, so they follow a
//! probe of it; a journal that is down, or must not be used, takes no replica
//! out of rotation, but clients that watch a service see it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use tracing::{info, warn};

use super::pb::admin_service_server::SERVICE_NAME as ADMIN_SERVICE;
use super::pb::quote_service_server::SERVICE_NAME as QUOTE_SERVICE;
use super::pb::settlement_service_server::SERVICE_NAME as SETTLEMENT_SERVICE;
use super::pb::signing_service_server::SERVICE_NAME as SIGNING_SERVICE;
use super::pb::trade_settlement_service_server::SERVICE_NAME as TRADE_SERVICE;

/// The services that need the journal.
const SERVICES: [&str; 5] = [SIGNING_SERVICE, SETTLEMENT_SERVICE, QUOTE_SERVICE, TRADE_SERVICE, ADMIN_SERVICE];

/// The name of the process as a whole.
const WHOLE_PROCESS: &str = "";

/// The process and each service.
const EVERYTHING: [&str; 6] = [WHOLE_PROCESS, SIGNING_SERVICE, SETTLEMENT_SERVICE, QUOTE_SERVICE, TRADE_SERVICE, ADMIN_SERVICE];

/// The health of this process; clones share it.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    /// Whether the drain has begun: it is final, so no probe may overwrite it.
    draining: Arc<Mutex<bool>>,
    /// Whether the journal could be used when that was last shown.
    journal_serves: Arc<AtomicBool>,
}

impl Health {
    /// Health before the start: nothing serves yet.
    pub async fn new() -> Self {
        let health = Self { reporter: HealthReporter::new(), draining: Arc::default(), journal_serves: Arc::default() };
        health.set(ServingStatus::NotServing, &EVERYTHING).await;
        health
    }

    /// Adds the health service, which anybody may call.
    #[must_use]
    pub fn add_to(&self, routes: Routes) -> Routes {
        routes.add_service(HealthServer::new(HealthService::from_health_reporter(self.reporter.clone())))
    }

    /// The process serves, and the services where the journal may be used.
    pub async fn started(&self, journal_serves: bool) {
        self.journal_serves.store(journal_serves, Ordering::SeqCst);
        self.unless_draining(ServingStatus::Serving, if journal_serves { &EVERYTHING } else { &[WHOLE_PROCESS] }).await;
    }

    /// Nothing serves any more, for good. Call it before the listener drains, so that watchers learn it.
    pub async fn drain(&self) {
        let mut draining = self.draining.lock().await;
        *draining = true;
        self.set(ServingStatus::NotServing, &EVERYTHING).await;
    }

    /// Asks every `interval` whether the journal answers and may be used, and shows it, until `shutdown`.
    ///
    /// The probe bounds its own wait.
    pub async fn follow_journal<P, F>(&self, interval: Duration, shutdown: CancellationToken, probe: P)
    where
        P: Fn() -> F + Send,
        F: Future<Output = bool> + Send,
    {
        while shutdown.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
            let answers = probe().await;
            if self.journal_serves.swap(answers, Ordering::SeqCst) != answers {
                self.journal_changed(answers).await;
            }
        }
    }

    async fn journal_changed(&self, answers: bool) {
        if answers {
            info!("the journal answers; the services serve");
            self.unless_draining(ServingStatus::Serving, &SERVICES).await;
        } else {
            warn!("the journal does not answer, or must not be used; the services do not serve");
            self.unless_draining(ServingStatus::NotServing, &SERVICES).await;
        }
    }

    async fn unless_draining(&self, status: ServingStatus, services: &'static [&'static str]) {
        // Held while the statuses are set, so that the drain comes wholly before or wholly after.
        let draining = self.draining.lock().await;
        if !*draining {
            self.set(status, services).await;
        }
    }

    async fn set(&self, status: ServingStatus, services: &'static [&'static str]) {
        for service in services {
            self.reporter.set_service_status(*service, status).await;
        }
    }
}
