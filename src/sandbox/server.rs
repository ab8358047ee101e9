//! The listeners, and the line behind each connection, which a fault can cut.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// The connection that a request came by.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    peer: SocketAddr,
    socket: Option<Arc<TcpStream>>,
}

impl Line {
    /// Whether the other end is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.peer.ip().to_canonical().is_loopback()
    }

    /// Closes the connection both ways at once: nothing that is written afterwards reaches the client.
    pub(crate) fn cut(&self) {
        if let Some(socket) = &self.socket {
            // The client may have hung up before; then there is nothing left to cut.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for Line {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        // A second handle to the same socket: shutting it down works on the connection itself.
        let handle = stream.io().as_fd().try_clone_to_owned().ok();
        Self { peer: *stream.remote_addr(), socket: handle.map(|fd| Arc::new(TcpStream::from(fd))) }
    }
}

/// A listener at work.
pub(crate) struct Server {
    address: SocketAddr,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Binds an address and serves until the token is cancelled.
    ///
    /// # Errors
    /// What the system says when the address cannot be bound.
    pub(crate) async fn start(listen: SocketAddr, router: Router, stop: CancellationToken) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let service = router.into_make_service_with_connect_info::<Line>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned());
        Ok(Self { address, task: tokio::spawn(serving.into_future()) })
    }

    /// The base URL, without a slash at its end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until every connection is closed.
    pub(crate) async fn finished(self) {
        // The task ends with the token; what its last connections said is of no interest.
        let _ = self.task.await;
    }
}
