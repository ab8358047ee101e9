//! What ends the process.

use tokio_util::sync::CancellationToken;

/// Waits for SIGINT, SIGTERM or the token.
pub async fn stop_signal(stop: &CancellationToken) {
    tokio::select! {
        () = interrupted() => {}
        () = terminated() => {}
        () = stop.cancelled() => {}
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler there is nothing to wait for; the other signals still end the process.
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(_) => std::future::pending::<()>().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending::<()>().await;
}
