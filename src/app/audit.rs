//! The audit chain's parts: who records refusals, and who chains.

use std::sync::Arc;

use super::SystemClock;
use crate::config::Config;
use crate::service::{Chainer, ChainerSettings, Context, Refusals};
use crate::store::Store;

pub(super) fn refusals(config: &Config, store: &Arc<dyn Store>) -> Refusals {
    Refusals::new(store.clone(), Arc::new(SystemClock), config.audit.refusals_per_minute)
}

pub(super) fn chainer(config: &Config, context: &Context) -> Chainer {
    let settings = ChainerSettings { interval: config.audit.chain_interval, batch: config.audit.chain_batch };
    Chainer::new(context.store.clone(), context.refusals.clone(), context.clock.clone(), settings)
}
