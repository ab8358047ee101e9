//! A line to a gateway that can be cut.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Passes bytes on, connection by connection, until it is cut or dropped.
pub(super) struct Line {
    address: SocketAddr,
    scissors: Arc<Notify>,
    _accepting: tokio_util::task::AbortOnDropHandle<()>,
}

impl Line {
    pub(super) async fn to(gateway: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let scissors = Arc::new(Notify::new());
        let accepting = tokio::spawn(accept(listener, gateway, Arc::clone(&scissors)));
        Self { address, scissors, _accepting: tokio_util::task::AbortOnDropHandle::new(accepting) }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection that is open; the next ones are taken.
    pub(super) fn cut(&self) {
        self.scissors.notify_waiters();
    }
}

async fn accept(listener: TcpListener, gateway: SocketAddr, scissors: Arc<Notify>) {
    loop {
        let (mut caller, _) = listener.accept().await.unwrap();
        let scissors = Arc::clone(&scissors);
        tokio::spawn(async move {
            let passing = async {
                let mut gateway = TcpStream::connect(gateway).await?;
                copy_bidirectional(&mut caller, &mut gateway).await
            };
            tokio::select! {
                _ = passing => {}
                () = scissors.notified() => {}
            }
        });
    }
}
