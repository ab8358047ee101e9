//! The listeners: gRPC for callers, the one for probes and metrics, and the one that venues call.

use std::sync::Arc;
use std::time::Duration;

use tonic::service::Routes;
use uuid::Uuid;

use super::callbacks::{self, BoundCallbacks};
use super::{AppError, Pulses, callers};
use crate::config::{self, Config, Environment};
use crate::grpc::{
    AdminApi, ClientCertificates, GrpcServer, HandlerSettings, Health, ListenerSettings, MessageLimits, QuoteApi, ServerSettings,
    SettlementApi, SigningApi, Tls, TlsFiles, TradeApi, WatchLimits, add_reflection, contract_routes,
};
use crate::http::{HttpSettings, OpsServer, Readiness, WindowAccess};
use crate::service::{AnchorKeeper, Context, Window};
use crate::store::Store;
use crate::telemetry::metrics::Metrics;
use crate::tls::Protocol;

/// How often files are looked at that may be replaced: certificates, and the venues' keys.
pub(super) const FILE_POLL_INTERVAL: Duration = Duration::from_secs(10);
/// How long the journal may take over a sign of life.
const JOURNAL_PROBE_TIMEOUT: Duration = Duration::from_secs(3);

/// What the listener leaves of the drain's grace, so that it ends before the process gives up on it.
const DRAIN_RESERVE: Duration = Duration::from_secs(1);
/// How long a call may take beyond the longest wait: a call that waits answers by itself before it is cut.
const CALL_RESERVE: Duration = Duration::from_secs(35);

/// What is bound and does not serve yet.
pub(super) struct Listeners {
    pub(super) grpc: GrpcServer,
    pub(super) ops: OpsServer,
    pub(super) callbacks: Option<BoundCallbacks>,
    pub(super) tls: Option<Arc<Tls>>,
}

impl Listeners {
    pub(super) async fn bind(
        config: &Config,
        context: Context,
        health: &Health,
        readiness: &Readiness,
        metrics: Metrics,
        window: Option<(Window, WindowAccess)>,
    ) -> Result<Self, AppError> {
        let tls = config.grpc.tls.as_ref().map(|tls| Tls::open(tls_files(tls), Protocol::Http2).map(Arc::new)).transpose()?;
        let callbacks = match &config.callbacks {
            Some(callbacks) => Some(callbacks::bind(callbacks, context.clone()).await?),
            None => None,
        };
        let services = services(config, context, health)?;
        let directory = callers::directory(&config.callers)?;
        let grpc = GrpcServer::bind(config.grpc.listen, server_settings(config), tls.clone(), directory, services).await?;
        let render = move || metrics.render();
        let ops = OpsServer::bind(config.ops.listen, HttpSettings::default(), readiness.clone(), render).await;
        let ops = ops.map_err(AppError::Ops)?;
        let ops = match window {
            Some((window, access)) => ops.with_window(window, access),
            None => ops,
        };
        Ok(Self { grpc, ops, callbacks, tls })
    }
}

/// The window, where somebody may look through it.
pub(super) fn window(
    config: &Config,
    environment: &dyn Environment,
    context: &Context,
    pulses: &Pulses,
) -> Result<Option<(Window, WindowAccess)>, AppError> {
    let access = match &config.ops.window {
        config::WindowAccess::Nobody => return Ok(None),
        config::WindowAccess::ThisMachine => WindowAccess::this_machine(),
        config::WindowAccess::Token(source) => WindowAccess::token(&source.read(environment)?),
    };
    Ok(Some((Window::new(context, pulses.all()), access)))
}

fn services(config: &Config, context: Context, health: &Health) -> Result<Routes, AppError> {
    let handlers = HandlerSettings { deadline_margin: config.grpc.deadline_margin, wait_cap: config.grpc.default_wait_cap };
    let limits = MessageLimits {
        max_request_bytes: usize::try_from(config.grpc.max_message_bytes).unwrap_or(usize::MAX),
        ..MessageLimits::default()
    };
    let routes = contract_routes(
        SigningApi::new(context.clone(), handlers),
        SettlementApi::new(context.clone(), handlers, watch_limits(config)),
        QuoteApi::new(context.clone(), handlers, watch_limits(config)),
        TradeApi::new(context.clone(), handlers),
        AdminApi::new(context, handlers),
        limits,
    );
    let routes = health.add_to(routes);
    if config.grpc.reflection { Ok(add_reflection(routes)?) } else { Ok(routes) }
}

fn watch_limits(config: &Config) -> WatchLimits {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let (max, max_per_caller) = (count(config.grpc.max_watches), count(config.grpc.max_watches_per_caller));
    WatchLimits { max, max_per_caller, patience: config.grpc.watch_patience }
}

fn server_settings(config: &Config) -> ServerSettings {
    let (grpc, count) = (&config.grpc, |number: u32| usize::try_from(number).unwrap_or(usize::MAX));
    ServerSettings {
        listener: ListenerSettings {
            max_connections: count(grpc.max_connections),
            max_concurrent_streams: grpc.max_concurrent_streams,
            tls_handshake_timeout: grpc.handshake_timeout,
            preface_timeout: grpc.handshake_timeout,
            max_connection_age: grpc.max_connection_age,
            drain_grace: config.drain.grace.saturating_sub(DRAIN_RESERVE),
            ..ListenerSettings::default()
        },
        max_call_duration: grpc.default_wait_cap.saturating_add(CALL_RESERVE),
        ..ServerSettings::default()
    }
}

fn tls_files(tls: &config::Tls) -> TlsFiles {
    let clients = match &tls.client_ca_file {
        Some(authorities) => ClientCertificates::Optional { authorities: authorities.clone() },
        None => ClientCertificates::Ignored,
    };
    TlsFiles { certificate: tls.certificate_file.clone(), key: tls.private_key_file.clone(), clients }
}

/// Whether the journal answers, and may be used: it is asked for a settlement that no one can have.
pub(super) async fn journal_serves(store: Arc<dyn Store>, anchor: AnchorKeeper) -> bool {
    let asking = async { store.settlement_by_id(Uuid::nil()).await.is_ok() && anchor.allows().await.is_ok() };
    matches!(tokio::time::timeout(JOURNAL_PROBE_TIMEOUT, asking).await, Ok(true))
}
