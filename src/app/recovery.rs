//! What is done by hand, over the same adapters that the gateway works with.

use std::sync::Arc;

use super::venues::{self, Pulses, Purses};
use super::{AppError, SystemClock, open_anchor, open_journal};
use crate::config::{Config, Environment};
use crate::service::recovery::Recovery;

/// Opens the journal, which no gateway may have open where it is an SQLite file, and the way to the anchor and the venues.
///
/// # Errors
/// [`AppError`].
pub async fn open_recovery(config: &Config, environment: &dyn Environment) -> Result<Recovery, AppError> {
    let anchor = open_anchor(&config.anchor.location, environment)?;
    let store = open_journal(&config.store, environment).await?;
    let directory = Arc::new(venues::directory(config, environment, &Purses::Journal(&store), &Pulses::of(config))?);
    Ok(Recovery::new(store, anchor, directory, Arc::new(SystemClock), config.engine.lease))
}
