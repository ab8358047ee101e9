//! The anchor that the configuration names, its keeper, and the keeper's heartbeat.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{AppError, SystemClock, journal};
use crate::config::{AnchorLocation, Environment};
use crate::service::AnchorKeeper;
use crate::store::postgres::PostgresAnchor;
use crate::store::{Anchor, FileAnchor, Store};

/// The connections to a database that holds nothing but the anchor.
const MAX_CONNECTIONS: u32 = 2;

/// The anchor that the configuration names. Nothing is asked of it yet: it may be down when the gateway starts.
///
/// # Errors
/// [`AppError`] when its database's URL cannot be had or used.
pub fn open_anchor(location: &AnchorLocation, environment: &dyn Environment) -> Result<Arc<dyn Anchor>, AppError> {
    Ok(match location {
        AnchorLocation::File(path) => Arc::new(FileAnchor::new(path.clone())),
        AnchorLocation::Postgres { url, name } => {
            let options = journal::options(url, MAX_CONNECTIONS, environment)?;
            Arc::new(PostgresAnchor::new(&options, name.clone()).map_err(AppError::Anchor)?)
        }
    })
}

/// The keeper over a journal, after its first look.
pub(super) async fn keeper(store: Arc<dyn Store>, anchor: Arc<dyn Anchor>, lease: Duration) -> AnchorKeeper {
    let keeper = AnchorKeeper::for_lease(store, anchor, Arc::new(SystemClock), lease);
    // What it finds is told by the keeper, and holds back what must not be done: reads are served all the same.
    let _ = keeper.look().await;
    keeper
}

/// Holds the journal against its anchor at every beat, until the gateway stops.
pub(super) async fn beat(keeper: AnchorKeeper, interval: Duration, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
        let _ = stop.run_until_cancelled(keeper.look()).await;
    }
}
