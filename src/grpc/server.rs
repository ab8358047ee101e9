//! The gRPC server: the listener, the layers, and the services behind them.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use super::caller::CallerDirectory;
use super::known_rpcs::KnownRpcs;
use super::layers::{Parts, surround};
use super::listener::{Listener, ListenerSettings, Tls};

/// The limits of the server.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// The limits of connections.
    pub listener: ListenerSettings,
    /// The most calls that are worked on at once; more are refused with OVERLOADED.
    pub max_calls_in_flight: usize,
    /// The longest that a call may take to begin its answer, whatever deadline its caller set.
    pub max_call_duration: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self { listener: ListenerSettings::default(), max_calls_in_flight: 512, max_call_duration: Duration::from_secs(60) }
    }
}

/// Why the server cannot start.
#[derive(Debug, Error)]
pub enum ServerError {
    /// The address cannot be bound.
    #[error("{address} cannot be bound")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The compiled contract cannot be read: a defect of the build.
    #[error("the compiled contract cannot be read")]
    Contract(#[source] prost::DecodeError),
}

/// A server that is bound and not yet serving.
pub struct GrpcServer {
    listener: Listener,
    address: SocketAddr,
    drain: CancellationToken,
}

impl GrpcServer {
    /// Binds an address for these services. Without `tls` it speaks plain text, which is for loopback alone.
    ///
    /// # Errors
    /// [`ServerError`] when the address cannot be bound.
    pub async fn bind(
        address: SocketAddr,
        settings: ServerSettings,
        tls: Option<Arc<Tls>>,
        directory: CallerDirectory,
        services: Routes,
    ) -> Result<Self, ServerError> {
        let drain = CancellationToken::new();
        let parts = Parts {
            rpcs: KnownRpcs::new().map_err(ServerError::Contract)?,
            directory,
            drain: drain.clone(),
            max_calls_in_flight: settings.max_calls_in_flight,
            max_call_duration: settings.max_call_duration,
        };
        let handler = surround(services, parts);
        let bound = Listener::bind(address, settings.listener, tls, handler, drain.clone()).await;
        let (listener, address) = bound
            .and_then(|listener| listener.local_addr().map(|address| (listener, address)))
            .map_err(|source| ServerError::Bind { address, source })?;
        Ok(Self { listener, address, drain })
    }

    /// The address that was bound: its port is chosen by the system where port 0 was asked for.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then takes no more connections, lets calls under way finish, ends streams that wait,
    /// and returns when all have ended, at the latest after the drain's grace.
    pub async fn serve(self, shutdown: CancellationToken) {
        let drain = self.drain;
        let stop = async {
            shutdown.cancelled().await;
            drain.cancel();
        };
        tokio::join!(self.listener.serve(), stop);
    }
}
