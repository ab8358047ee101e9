//! Bounds how many calls are worked on at once: more are refused at once instead of queueing.

use metrics::counter;
use tokio::sync::Semaphore;

use super::{Around, Next, Request, Response, is_open};
use crate::grpc::pb::ErrorReason;
use crate::grpc::refusal::refuse;

/// Refuses calls beyond a number. A call counts until its answer begins: a stream that waits for news costs
/// nothing, and streams are bounded by the connections. Health is never refused, or overload would look like death.
pub(super) struct LimitInFlight {
    slots: Semaphore,
}

impl LimitInFlight {
    pub(super) fn new(most: usize) -> Self {
        Self { slots: Semaphore::new(most.min(Semaphore::MAX_PERMITS)) }
    }
}

impl Around for LimitInFlight {
    async fn around(&self, request: Request, next: Next) -> Response {
        if is_open(request.uri().path()) {
            return next.run(request).await;
        }
        let Ok(_slot) = self.slots.try_acquire() else {
            counter!("settlement_gateway_rpc_shed_total").increment(1);
            return refuse(request.uri().path(), ErrorReason::Overloaded).into_http();
        };
        next.run(request).await
    }
}
