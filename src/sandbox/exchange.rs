//! One request and its answer: read whole, counted, met by a fault where one
//! waits, and signed where the venue signs its answers.
//!
//! The work runs in a task of its own: a client that hangs up does not undo
//! what its request set going, as with a real venue.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRequestParts, Path, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::bitgo;
use super::desk::Desk;
use super::express;
use super::faults::Endpoint;
use super::misbehave::{self, Scene};
use super::server::Line;
use super::writes;

/// The most bytes of a body, either way: the largest settlement has 20,000 amounts, twice (as JSON and inside the payload).
pub(crate) const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// A request, read whole.
pub(crate) struct Asked {
    /// The method.
    pub(crate) method: Method,
    /// Path and query as they were sent.
    pub(crate) uri: Uri,
    /// The path's variable parts, percent-decoded.
    pub(crate) params: HashMap<String, String>,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

impl Asked {
    /// Path and query as they were sent.
    pub(crate) fn target(&self) -> &str {
        self.uri.path_and_query().map_or("/", |target| target.as_str())
    }

    /// A variable part of the path, percent-decoded; empty where the path has none of that name.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A header as text; empty where it is absent or no text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// An answer, read whole.
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Bytes,
}

impl Answer {
    /// Reads a handler's response.
    pub(crate) async fn collect(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        Self { status: parts.status, headers: parts.headers, body }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        // By hand, since an answer without a content type must stay without one.
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.headers_mut().remove(CONTENT_LENGTH);
        response
    }
}

/// The outermost layer of both venues.
pub(crate) async fn carry(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
    next: Next,
) -> Response {
    let tasks = desk.tasks.clone();
    let work = async move { answer(&desk, request, next).await };
    // A task that ended early has no answer to give, as a venue that crashed has none.
    match tasks.spawn(work).await.unwrap_or(None) {
        Some(answer) => answer.into_response(),
        None => {
            line.cut();
            Response::default()
        }
    }
}

/// The answer, or `None` where the connection is to be cut instead.
async fn answer(desk: &Arc<Desk>, request: Request, next: Next) -> Option<Answer> {
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return Some(Answer::collect(StatusCode::PAYLOAD_TOO_LARGE.into_response()).await);
    };
    let arrived = asked(&mut parts, body).await;
    let by_express = express::stands_before(desk, arrived.uri.path());
    let asked = Arc::new(if by_express { express::forwarded(arrived) } else { arrived });
    desk.count(asked.method.as_str(), asked.uri.path());
    bitgo::note_arrival(desk, &asked).await;
    writes::note(desk, &asked).await;
    let call = Endpoint::of(asked.method.as_str(), asked.uri.path());
    parts.extensions.insert(Arc::clone(&asked));
    let run = next.run(Request::from_parts(parts, Body::empty()));
    let mut answer = match desk.faults.take(call) {
        None => Answer::collect(run.await).await,
        Some(behaviour) => {
            let scene = Scene {
                call,
                now_ms: desk.unmoved_ms(),
                authorization: asked.header("authorization").to_owned(),
                stop: desk.stop.clone(),
                tasks: desk.tasks.clone(),
            };
            misbehave::meet(behaviour, run, scene).await?
        }
    };
    bitgo::auth::sign_answer(desk, &asked, &mut answer);
    Some(if by_express { express::handed_on(answer) } else { answer })
}

async fn asked(parts: &mut Parts, body: Bytes) -> Asked {
    let params = Path::<HashMap<String, String>>::from_request_parts(parts, &()).await;
    Asked {
        method: parts.method.clone(),
        uri: parts.uri.clone(),
        params: params.map(|Path(params)| params).unwrap_or_default(),
        headers: parts.headers.clone(),
        body,
    }
}
