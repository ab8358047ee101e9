//! Turns a handler's panic into an answer: the process and the other calls go on.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use metrics::counter;
use tracing::error;

use super::{Around, Next, Request, Response};
use crate::grpc::pb::ErrorReason;
use crate::grpc::refusal::refuse;

/// Answers INTERNAL for a handler that panicked. The panic's text goes to the log alone, by the process's hook.
pub(super) struct CatchPanics;

impl Around for CatchPanics {
    async fn around(&self, request: Request, next: Next) -> Response {
        let path = request.uri().path().to_owned();
        // Nothing of the call outlives the panic, so nothing can be seen half changed.
        match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => response,
            Err(_) => {
                counter!("settlement_gateway_rpc_panics_total").increment(1);
                error!("a handler panicked");
                refuse(&path, ErrorReason::Internal).into_http()
            }
        }
    }
}
