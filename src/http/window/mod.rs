//! The window: a page that shows what there is to see, and changes nothing.
//!
//! The page, its style and its script are three files of the binary, served
//! under a policy that lets the browser load nothing else and run nothing that
//! stands in the page. What callers and venues wrote comes as JSON, and the
//! script puts it on the page as text.

mod access;
mod wire;

use axum::Json;
use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

pub use access::WindowAccess;

use crate::causes::with_causes;
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::service::Window;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Nothing is loaded but this listener's own style, script and data; nothing is framed, sent or based elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
const SAME_ORIGIN: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The routes of the window.
pub(super) fn router(window: Window, access: WindowAccess) -> Router {
    Router::new()
        .route("/window", get(|| async { ([(CONTENT_TYPE, "text/html; charset=utf-8")], PAGE) }))
        .route("/window/page.css", get(|| async { ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) }))
        .route("/window/page.js", get(|| async { ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT) }))
        .route("/window/sight", get(sight))
        .route("/window/timeline", get(timeline))
        .with_state(window)
        .layer(from_fn_with_state(access, guarded))
        .layer(from_fn(bare))
}

/// Lets nobody in whom the access does not name.
async fn guarded(State(access): State<WindowAccess>, request: Request, next: Next) -> Response {
    match access.admits(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    }
}

/// What every answer tells the browser, refusals too.
async fn bare(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (SAME_ORIGIN, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn sight(State(window): State<Window>) -> Response {
    match window.look().await {
        Ok(sight) => Json(wire::sight(&sight)).into_response(),
        Err(error) => silent(&error),
    }
}

/// Which settlement.
#[derive(Deserialize)]
struct Named {
    enterprise: String,
    external_id: String,
}

async fn timeline(State(window): State<Window>, Query(named): Query<Named>) -> Response {
    let (Ok(enterprise), Ok(external_id)) = (named.enterprise.parse::<EnterpriseId>(), named.external_id.parse::<ExternalId>())
    else {
        return (StatusCode::BAD_REQUEST, "no such name\n").into_response();
    };
    match window.timeline(&enterprise, &external_id).await {
        Ok(Some(timeline)) => Json(wire::timeline(&timeline)).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "no such settlement\n").into_response(),
        Err(error) => silent(&error),
    }
}

/// The journal's own words are for the log alone.
fn silent(error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::warn!(error = with_causes(error), "the window cannot be looked through");
    (StatusCode::SERVICE_UNAVAILABLE, "the journal did not answer\n").into_response()
}
