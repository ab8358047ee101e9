//! Who runs errands: one for each kind of due work that is no settlement.

use std::sync::Arc;
use std::time::Duration;

use crate::archive::ArchiveFolder;
use crate::config::{Callbacks, Config};
use crate::service::trade::{TradeErrands, TradeSettings};
use crate::service::{Context, Deliveries, Patrol, QuoteErrands, Retention, RetentionSettings, RunsErrands};
use crate::store::StoreError;

/// All of them. Deliveries of a former configuration are acted on without a listener too.
/// Every enterprise that settles is looked after by the patrol from then on.
pub(super) async fn runners(config: &Config, context: &Context) -> Result<Vec<Arc<dyn RunsErrands>>, StoreError> {
    let keep = config.callbacks.as_ref().map_or(Callbacks::DEFAULT_KEEP, |callbacks| callbacks.keep);
    let patrol = Patrol::new(context, config.engine.patrol_interval);
    patrol.enlist().await?;
    let retention = retention(config, keep, context);
    retention.enlist().await?;
    let deliveries = Deliveries::new(context.clone(), config.retention.is_none().then_some(keep));
    let trades = TradeErrands::new(context, trade_settings(config));
    let quotes = QuoteErrands::new(context.clone());
    Ok(vec![Arc::new(quotes), Arc::new(deliveries), Arc::new(patrol), Arc::new(trades), Arc::new(retention)])
}

/// Venues' calls leave for the archive when they would be forgotten without one.
fn retention(config: &Config, keep: Duration, context: &Context) -> Retention {
    let (store, clock) = (context.store.clone(), context.clock.clone());
    match &config.retention {
        Some(retention) => {
            let archive = Arc::new(ArchiveFolder::new(retention.archive_folder.clone()));
            let settings = RetentionSettings { archive_after: retention.archive_after, deliveries_after: keep };
            Retention::new(store, clock, archive, settings)
        }
        None => Retention::off(store, clock),
    }
}

fn trade_settings(config: &Config) -> TradeSettings {
    let engine = &config.engine;
    TradeSettings {
        shortest_wait: engine.shortest_wait,
        longest_wait: engine.longest_wait,
        poll_interval: engine.poll_interval,
        silence_window: engine.silence_window,
        max_lapses: engine.max_lapses,
    }
}
