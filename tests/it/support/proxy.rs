//! A line to a database's socket that can be slow, cut, or silent.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// What befell the line last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Connections end at once.
    Cut,
    /// Connections stay open, and nothing passes through them any more.
    Silence,
}

/// How the line is.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// How often it was troubled: what was connected before shares in it.
    troubled: u64,
    last: Trouble,
    is_whole: bool,
}

/// The line; it ends with the test.
pub(crate) struct Proxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
}

impl Proxy {
    /// A line whose every message takes `latency` in each direction.
    pub(crate) async fn before(socket: &Path, latency: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (line, seen) = watch::channel(Line { troubled: 0, last: Trouble::Cut, is_whole: true });
        let socket = socket.to_owned();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (socket, seen) = (socket.clone(), seen.clone());
                tokio::spawn(async move { carry(client, &socket, latency, seen).await });
            }
        });
        Self { address, line }
    }

    /// Where the line begins.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, and each that is made until the line is mended.
    pub(crate) fn cut(&self) {
        self.trouble(Trouble::Cut);
    }

    /// Lets nothing pass any more, without a word to either side; what is connected now stays so for ever.
    pub(crate) fn silence(&self) {
        self.trouble(Trouble::Silence);
    }

    /// Carries new connections again.
    pub(crate) fn mend(&self) {
        self.line.send_modify(|line| line.is_whole = true);
    }

    fn trouble(&self, last: Trouble) {
        self.line.send_modify(|line| *line = Line { troubled: line.troubled + 1, last, is_whole: false });
    }
}

/// Carries one connection until it ends or the line is troubled.
async fn carry(mut client: TcpStream, socket: &Path, latency: Duration, mut line: watch::Receiver<Line>) {
    let Line { troubled, is_whole, .. } = *line.borrow();
    let Ok(mut server) = UnixStream::connect(socket).await else { return };
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let trouble = tokio::select! {
        // Looked at first, so that nothing passes where the line is not whole.
        biased;
        troubled = line.wait_for(|line| !is_whole || line.troubled != troubled) => troubled.ok().map(|line| line.last),
        _ = pass(from_client, to_server, latency) => None,
        _ = pass(from_server, to_client, latency) => None,
    };
    if trouble == Some(Trouble::Silence) {
        // Both ends stay open: neither side hears of it.
        std::future::pending::<()>().await;
    }
}

/// Passes on what comes, each message after its time on the way.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, latency: Duration) -> io::Result<()> {
    let mut message = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut message).await?;
        if length == 0 {
            return to.shutdown().await;
        }
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        to.write_all(&message[..length]).await?;
    }
}
