//! Serves a small HTTP interface within limits on connections and time.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

use crate::tls::Tls;

/// How long the loop rests when the system has no more file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long the last answers may take once the listener is to end: a peer that asks nothing is not waited for.
const LAST_ANSWERS_WAIT: Duration = Duration::from_secs(1);

/// The limits of an HTTP listener.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The most connections at once; further ones wait for a free place.
    pub max_connections: usize,
    /// How long a peer may take to send a request's head.
    pub header_timeout: Duration,
    /// How long a connection, which carries one request, may last.
    pub connection_timeout: Duration,
    /// The most bytes of a request's head.
    pub max_head_bytes: usize,
}

/// What a listener serves with: the same for every connection.
#[derive(Clone)]
pub(super) struct Serving {
    pub(super) router: Router,
    pub(super) settings: HttpSettings,
    /// TLS, whose handshake must end within the time for a head.
    pub(super) tls: Option<Arc<Tls>>,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_connections: 32,
            header_timeout: Duration::from_secs(5),
            connection_timeout: Duration::from_secs(10),
            max_head_bytes: 16 * 1024,
        }
    }
}

/// Accepts until `shutdown`, then waits a moment for the requests under way.
pub(super) async fn serve(tcp: TcpListener, serving: Serving, shutdown: CancellationToken) {
    let slots = Arc::new(Semaphore::new(serving.settings.max_connections.min(Semaphore::MAX_PERMITS)));
    let tasks = TaskTracker::new();
    while let Some(accepted) = shutdown.run_until_cancelled(accept(&tcp, &slots)).await {
        if let Some((stream, slot)) = accepted {
            let serving = serving.clone();
            tasks.spawn(async move {
                match timeout(serving.settings.connection_timeout, serving.connection(stream)).await {
                    Ok(()) => {}
                    Err(_) => debug!("a connection lasted too long"),
                }
                drop(slot);
            });
        }
    }
    drop(tcp);
    tasks.close();
    if timeout(LAST_ANSWERS_WAIT, tasks.wait()).await.is_err() {
        debug!(connections = tasks.len(), "connections that did not end are left");
    }
}

async fn accept(tcp: &TcpListener, slots: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match tcp.accept().await {
        Ok((stream, _)) => Some((stream, slot)),
        Err(error) => {
            warn!(%error, "a connection could not be accepted");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

impl Serving {
    async fn connection(&self, stream: TcpStream) {
        let Some(tls) = &self.tls else { return self.answer(stream).await };
        let handshake = TlsAcceptor::from(tls.current()).accept(stream);
        match timeout(self.settings.header_timeout, handshake).await {
            Ok(Ok(stream)) => self.answer(stream).await,
            Ok(Err(error)) => debug!(%error, "a TLS handshake failed"),
            Err(_) => debug!("a TLS handshake took too long"),
        }
    }

    /// Answers one request and closes: a connection that is kept could hold its place for nothing.
    async fn answer(&self, stream: impl AsyncRead + AsyncWrite + Unpin) {
        let service = service_fn(|request: http::Request<Incoming>| self.router.clone().oneshot(request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .keep_alive(false)
            .header_read_timeout(self.settings.header_timeout)
            .max_buf_size(self.settings.max_head_bytes)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = connection.await {
            debug!(%error, "a connection broke");
        }
    }
}
