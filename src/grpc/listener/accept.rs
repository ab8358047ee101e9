//! Accepts connections, counts them, and ends them in bounded time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::connection::Shared;
use super::executor::TrackedExecutor;
use super::settings::ListenerSettings;
use crate::grpc::layers::Handler;
use crate::places::Places;
use crate::tls::Tls;

/// How long the loop rests when the system has no more file handles.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound listener.
pub(in crate::grpc) struct Listener {
    tcp: TcpListener,
    places: Arc<Places>,
    tasks: TaskTracker,
    /// Drops every connection and every call.
    cut: CancellationToken,
    shared: Arc<Shared>,
}

impl Listener {
    /// Binds an address. Every call goes to `handler`; `drain` asks connections to finish.
    pub(in crate::grpc) async fn bind(
        address: SocketAddr,
        settings: ListenerSettings,
        tls: Option<Arc<Tls>>,
        handler: Handler,
        drain: CancellationToken,
    ) -> io::Result<Self> {
        let tcp = TcpListener::bind(address).await?;
        let (tasks, cut) = (TaskTracker::new(), CancellationToken::new());
        let executor = TrackedExecutor { tasks: tasks.clone(), cut: cut.clone() };
        let places = Places::new(settings.max_connections);
        let shared = Arc::new(Shared { settings, tls, handler, executor, drain });
        Ok(Self { tcp, places, tasks, cut, shared })
    }

    /// The address that was bound.
    pub(in crate::grpc) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Accepts until the drain, then waits for the calls under way, no longer than the grace.
    pub(in crate::grpc) async fn serve(self) {
        while let Some(accepted) = self.shared.drain.run_until_cancelled(self.tcp.accept()).await {
            match accepted {
                Ok((tcp, address)) => self.admit(tcp, address),
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        // The port is free for a successor from here on.
        drop(self.tcp);
        self.tasks.close();
        if timeout(self.shared.settings.drain_grace, self.tasks.wait()).await.is_err() {
            warn!(tasks = self.tasks.len(), "the drain's grace is over; what is left is dropped");
            self.cut.cancel();
            self.tasks.wait().await;
        }
        info!("the gRPC listener has drained");
    }

    fn admit(&self, tcp: TcpStream, address: SocketAddr) {
        let (shared, cut, places) = (Arc::clone(&self.shared), self.cut.clone(), Arc::clone(&self.places));
        self.tasks.spawn(async move {
            let Some(Some(place)) = cut.run_until_cancelled(places.take_unless_full()).await else {
                counter!("settlement_gateway_connections_refused_total").increment(1);
                return;
            };
            let place = Arc::new(place);
            gauge!("settlement_gateway_connections").increment(1_u32);
            tokio::select! {
                () = cut.cancelled() => {}
                () = place.given_up() => {}
                () = shared.serve(tcp, address, &place) => {}
            }
            gauge!("settlement_gateway_connections").decrement(1_u32);
        });
    }
}
