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
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tracing::{debug, warn};

use crate::places::{Place, Places};
use crate::tls::Tls;

/// How long the loop rests when the system has no more file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long the last answers may take once the listener is to end: a peer that asks nothing is not waited for.
const LAST_ANSWERS_WAIT: Duration = Duration::from_secs(1);

/// The limits of an HTTP listener.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The most connections at once; a further one takes the place of the peer that has longest asked for nothing.
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
    let places = Places::new(serving.settings.max_connections);
    let tasks = TaskTracker::new();
    while let Some(accepted) = shutdown.run_until_cancelled(accept(&tcp, &places)).await {
        if let Some((stream, place)) = accepted {
            let serving = serving.clone();
            tasks.spawn(async move { serving.connected(stream, place).await });
        }
    }
    drop(tcp);
    tasks.close();
    if timeout(LAST_ANSWERS_WAIT, tasks.wait()).await.is_err() {
        debug!(connections = tasks.len(), "connections that did not end are left");
    }
}

async fn accept(tcp: &TcpListener, places: &Arc<Places>) -> Option<(TcpStream, Place)> {
    match tcp.accept().await {
        Ok((stream, _)) => Some((stream, places.take().await?)),
        Err(error) => {
            warn!(%error, "a connection could not be accepted");
            sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

impl Serving {
    async fn connected(&self, stream: TcpStream, place: Place) {
        tokio::select! {
            () = place.given_up() => debug!("a connection that asked for nothing made room for another"),
            ended = timeout(self.settings.connection_timeout, self.connection(stream, &place)) => {
                if ended.is_err() {
                    debug!("a connection lasted too long");
                }
            }
        }
    }

    async fn connection(&self, stream: TcpStream, place: &Place) {
        let Some(tls) = &self.tls else { return self.answer(stream, place).await };
        let handshake = TlsAcceptor::from(tls.current()).accept(stream);
        match timeout(self.settings.header_timeout, handshake).await {
            Ok(Ok(stream)) => self.answer(stream, place).await,
            Ok(Err(error)) => debug!(%error, "a TLS handshake failed"),
            Err(_) => debug!("a TLS handshake took too long"),
        }
    }

    /// Answers one request and closes: a connection that is kept could hold its place for nothing.
    async fn answer(&self, stream: impl AsyncRead + AsyncWrite + Unpin, place: &Place) {
        let service = service_fn(|request: http::Request<Incoming>| {
            place.has_asked();
            self.router.clone().oneshot(request)
        });
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
