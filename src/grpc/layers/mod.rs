//! What surrounds every handler, a layer a file.
//!
//! From the outside in: a request id, the record of the call, panics, the drain,
//! who is calling, how many calls at once, how long. A call that is refused by
//! one of them costs nothing of what lies further in.

mod authentication;
mod deadline;
mod drain;
mod in_flight;
mod observe;
mod panics;
mod request_id;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::Routes;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use super::caller::CallerDirectory;
use super::known_rpcs::KnownRpcs;
pub use request_id::RequestId;

/// A call on its way in.
pub(super) type Request = http::Request<Body>;
/// Its answer on the way out; failures are answers with a status.
pub(super) type Response = http::Response<Body>;
/// Whatever answers calls: the routes, or a layer around them.
pub(super) type Handler = BoxCloneSyncService<Request, Response, Infallible>;

/// The services that anybody may call: what a prober or a newcomer needs before it has a proof.
const OPEN_SERVICES: [&str; 3] =
    ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/// What the layers need.
pub(super) struct Parts {
    pub(super) rpcs: KnownRpcs,
    pub(super) directory: CallerDirectory,
    pub(super) drain: CancellationToken,
    pub(super) max_calls_in_flight: usize,
    pub(super) max_call_duration: Duration,
}

/// Puts every layer around the routes.
pub(super) fn surround(routes: Routes, parts: Parts) -> Handler {
    let handler = BoxCloneSyncService::new(routes.prepare());
    let handler = wrap(deadline::EndInTime { longest: parts.max_call_duration }, handler);
    let handler = wrap(in_flight::LimitInFlight::new(parts.max_calls_in_flight), handler);
    let handler = wrap(authentication::RequireCaller { directory: parts.directory }, handler);
    let handler = wrap(drain::EndStreams { drain: parts.drain }, handler);
    let handler = wrap(panics::CatchPanics, handler);
    let rpcs = Arc::new(parts.rpcs);
    let handler = wrap(observe::Observe { rpcs: Arc::clone(&rpcs) }, handler);
    wrap(request_id::AssignRequestId { rpcs }, handler)
}

/// Whether a path belongs to a service that anybody may call.
fn is_open(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(|service| OPEN_SERVICES.contains(&service))
}

/// One concern around every call.
trait Around: Send + Sync + 'static {
    /// Answers a call, by what lies within or without it.
    fn around(&self, request: Request, next: Next) -> impl Future<Output = Response> + Send;
}

/// What lies within a layer, for one call.
struct Next(Handler);

impl Next {
    async fn run(self, request: Request) -> Response {
        match self.0.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

fn wrap<A: Around>(around: A, inner: Handler) -> Handler {
    BoxCloneSyncService::new(Wrapped { around: Arc::new(around), inner })
}

/// A layer and what lies within it, as a service.
struct Wrapped<A> {
    around: Arc<A>,
    inner: Handler,
}

impl<A> Clone for Wrapped<A> {
    fn clone(&self) -> Self {
        Self { around: Arc::clone(&self.around), inner: self.inner.clone() }
    }
}

impl<A: Around> Service<Request> for Wrapped<A> {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    /// Always ready: what lies within is asked by the call itself, on a clone of its own.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (around, next) = (Arc::clone(&self.around), Next(self.inner.clone()));
        Box::pin(async move { Ok(around.around(request, next).await) })
    }
}
