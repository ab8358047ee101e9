//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics::counter;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::ServiceExt;
use tracing::debug;

use super::executor::TrackedExecutor;
use super::peer::{PeerCertificate, PeerInfo};
use super::preface::PrefaceGuard;
use super::settings::ListenerSettings;
use crate::grpc::layers::Handler;
use crate::places::Place;
use crate::tls::Tls;

/// What all connections of a listener share.
pub(super) struct Shared {
    pub(super) settings: ListenerSettings,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) handler: Handler,
    pub(super) executor: TrackedExecutor,
    /// Asks connections to finish.
    pub(super) drain: CancellationToken,
}

impl Shared {
    /// Serves a connection until it ends, is asked to go, or is dropped with the future.
    pub(super) async fn serve(&self, tcp: TcpStream, address: SocketAddr, place: &Arc<Place>) {
        // A peer that is gone already shows at the first read.
        let _ = tcp.set_nodelay(true);
        match &self.tls {
            None => self.serve_http2(tcp, PeerInfo { address, certificate: None }, place).await,
            Some(tls) => {
                if let Some(stream) = self.shake_hands(tls, tcp).await {
                    let certificate = verified_certificate(&stream).map(Arc::new);
                    self.serve_http2(stream, PeerInfo { address, certificate }, place).await;
                }
            }
        }
    }

    async fn shake_hands(&self, tls: &Tls, tcp: TcpStream) -> Option<TlsStream<TcpStream>> {
        let handshake = timeout(self.settings.tls_handshake_timeout, TlsAcceptor::from(tls.current()).accept(tcp));
        // Nothing is lost when a drain ends a handshake.
        let cause = match self.drain.run_until_cancelled(handshake).await? {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "too slow".to_owned(),
        };
        counter!("settlement_gateway_tls_handshakes_failed_total").increment(1);
        debug!(cause, "a TLS handshake failed");
        None
    }

    async fn serve_http2<IO>(&self, io: IO, peer: PeerInfo, place: &Arc<Place>)
    where
        IO: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let age = spread(self.settings.max_connection_age, peer.address.port());
        let place = Arc::clone(place);
        let io = TokioIo::new(PrefaceGuard::new(io, self.preface_wait(), move || place.has_asked()));
        let service = service_fn(|request: http::Request<Incoming>| {
            let handler = self.handler.clone();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer.clone());
            async move { handler.oneshot(request).await as Result<_, Infallible> }
        });
        let mut connection = pin!(self.http2().serve_connection(io, service));
        tokio::select! {
            ended = connection.as_mut() => return report(ended),
            () = self.drain.cancelled() => {}
            () = sleep(age) => {}
        }
        connection.as_mut().graceful_shutdown();
        if let Ok(ended) = timeout(self.settings.max_connection_age_grace, connection).await {
            report(ended);
        }
    }

    /// How long the preface is waited for: HTTP/2 itself would wait for it even during a drain.
    fn preface_wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let (drain, limit) = (self.drain.clone(), self.settings.preface_timeout);
        async move {
            let _ = drain.run_until_cancelled(sleep(limit)).await;
        }
    }

    fn http2(&self) -> http2::Builder<TrackedExecutor> {
        let settings = &self.settings;
        let mut builder = http2::Builder::new(self.executor.clone());
        builder
            .timer(TokioTimer::new())
            .keep_alive_interval(settings.keepalive_interval)
            .keep_alive_timeout(settings.keepalive_timeout)
            .max_concurrent_streams(settings.max_concurrent_streams)
            .max_pending_accept_reset_streams(settings.max_pending_reset_streams)
            .max_local_error_reset_streams(settings.max_pending_reset_streams)
            .max_header_list_size(settings.max_header_list_bytes);
        builder
    }
}

fn verified_certificate(stream: &TlsStream<TcpStream>) -> Option<PeerCertificate> {
    let (_, session) = stream.get_ref();
    session.peer_certificates()?.first().map(PeerCertificate::read)
}

/// Adds up to a tenth, by the peer's port, which is as good as chance.
fn spread(age: Duration, port: u16) -> Duration {
    age + age / 100 * u32::from(port % 11)
}

fn report(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        debug!(%error, "a connection broke");
    }
}
