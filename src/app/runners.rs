//! Who runs errands: one for each kind of due work that is no settlement.

use std::sync::Arc;

use crate::config::{Callbacks, Config};
use crate::service::{Context, Deliveries, RunsErrands};

/// All of them. Deliveries of a former configuration are acted on without a listener too.
pub(super) fn runners(config: &Config, context: &Context) -> Vec<Arc<dyn RunsErrands>> {
    let keep = config.callbacks.as_ref().map_or(Callbacks::DEFAULT_KEEP, |callbacks| callbacks.keep);
    vec![Arc::new(Deliveries::new(context.clone(), keep))]
}
