//! Who runs errands: one for each kind of due work that is no settlement.

use std::sync::Arc;

use crate::config::{Callbacks, Config};
use crate::service::trade::{TradeErrands, TradeSettings};
use crate::service::{Context, Deliveries, Patrol, QuoteErrands, RunsErrands};
use crate::store::StoreError;

/// All of them. Deliveries of a former configuration are acted on without a listener too.
/// Every enterprise that settles is looked after by the patrol from then on.
pub(super) async fn runners(config: &Config, context: &Context) -> Result<Vec<Arc<dyn RunsErrands>>, StoreError> {
    let keep = config.callbacks.as_ref().map_or(Callbacks::DEFAULT_KEEP, |callbacks| callbacks.keep);
    let (store, keyring, directory) = (context.store.clone(), context.keyring.clone(), context.directory.clone());
    let patrol = Patrol::new(store, keyring, directory, context.clock.clone(), config.engine.patrol_interval);
    patrol.enlist().await?;
    let deliveries = Deliveries::new(context.clone(), keep);
    let trades = TradeErrands::new(context, trade_settings(config));
    let quotes = QuoteErrands::new(context.clone());
    Ok(vec![Arc::new(quotes), Arc::new(deliveries), Arc::new(patrol), Arc::new(trades)])
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
