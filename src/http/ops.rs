//! The operators' listener: liveness, readiness, metrics and the window. It is meant for loopback or the cluster alone.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::bounded::{HttpSettings, Serving, serve};
use super::readiness::Readiness;
use super::window::{self, WindowAccess};
use crate::service::Window;

const INDEX: &str = "settlement-gateway\n\
    /livez    the process answers\n\
    /readyz   the process takes work\n\
    /metrics  Prometheus' text format\n\
    /window   a page for people, where it is served\n";

/// Prometheus' text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The operators' listener, bound and not yet serving.
pub struct OpsServer {
    tcp: TcpListener,
    address: SocketAddr,
    settings: HttpSettings,
    router: Router,
}

impl OpsServer {
    /// Binds an address. `metrics` writes the metrics as they are at a call.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn bind(
        address: SocketAddr,
        settings: HttpSettings,
        readiness: Readiness,
        metrics: impl Fn() -> String + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        let address = tcp.local_addr()?;
        Ok(Self { tcp, address, settings, router: router(readiness, Arc::new(metrics)) })
    }

    /// The same listener with the window, for whom `access` lets look.
    #[must_use]
    pub fn with_window(self, window: Window, access: WindowAccess) -> Self {
        Self { router: self.router.merge(window::router(window, access)), ..self }
    }

    /// The address that was bound.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`. Stop it last: a process that drains still tells so here.
    pub async fn serve(self, shutdown: CancellationToken) {
        let serving = Serving { router: self.router, settings: self.settings, tls: None };
        serve(self.tcp, serving, shutdown).await;
    }
}

fn router(readiness: Readiness, metrics: Arc<dyn Fn() -> String + Send + Sync>) -> Router {
    Router::new()
        .route("/", get(|| async { INDEX }))
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(move || async move { tell(&readiness) }))
        .route("/metrics", get(move || async move { ([(CONTENT_TYPE, METRICS_TYPE)], metrics()) }))
}

fn tell(readiness: &Readiness) -> impl IntoResponse + use<> {
    let missing = readiness.missing();
    if missing.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", missing.join(", ")))
    }
}
