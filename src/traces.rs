//! Joining spans over processes: where a span's trace began, and what it has to do with another.
//!
//! All of it does nothing while no traces are exported: no span is looked at, and nothing is allocated.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::domain::origin::{Origin, Traceparent};

/// The target of spans that are in no trace: calls that anybody may make, such as probes, come every few seconds.
pub const PROBES: &str = "settlement_gateway::probes";

static ARE_ON: AtomicBool = AtomicBool::new(false);

/// What a span is in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It answers somebody else's call.
    Server,
    /// It calls somebody else.
    Client,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// Says that traces are exported from now on.
pub(crate) fn turn_on() {
    ARE_ON.store(true, Ordering::Relaxed);
}

/// Whether traces are exported.
#[must_use]
pub fn are_on() -> bool {
    ARE_ON.load(Ordering::Relaxed)
}

/// Gives a span its role and its name, which it declares as empty fields `otel.kind` and `otel.name`, before it is entered.
pub fn describe(span: &Span, role: Role, name: &str) {
    if are_on() {
        span.record("otel.kind", role.name());
        span.record("otel.name", name);
    }
}

/// Makes a span, before it is entered, a part of what lies elsewhere.
pub fn continue_from(span: &Span, parent: &Traceparent) {
    if are_on()
        && let Some(context) = context_of(parent)
    {
        // A span that nobody records has no parent either.
        let _ = span.set_parent(Context::new().with_remote_span_context(context));
    }
}

/// Says, before a span is entered, that it goes on with what a request began: which request that was, in its fields `request_id` and
/// `trace_id`, and by a link.
pub fn come_from(span: &Span, origin: &Origin) {
    name(span, origin);
    if are_on()
        && let Some(context) = origin.traceparent().and_then(context_of)
    {
        span.add_link(context);
    }
}

/// Makes a span, before it is entered, a part of a request, and says which.
pub fn belong_to(span: &Span, origin: &Origin) {
    name(span, origin);
    if let Some(place) = origin.traceparent() {
        continue_from(span, place);
    }
}

fn name(span: &Span, origin: &Origin) {
    if let Some(request_id) = origin.request_id() {
        span.record("request_id", request_id);
    }
    if let Some(place) = origin.traceparent() {
        span.record("trace_id", place.trace_id());
    }
}

/// Where a span lies; `None` where it is not in any trace.
#[must_use]
pub fn place_of(span: &Span) -> Option<Traceparent> {
    if !are_on() {
        return None;
    }
    let context = span.context();
    let place = context.span().span_context().clone();
    let flags = place.trace_flags().to_u8();
    Traceparent::parse(&format!("00-{}-{}-{flags:02x}", place.trace_id(), place.span_id()))
}

fn context_of(place: &Traceparent) -> Option<SpanContext> {
    let trace_id = TraceId::from_hex(place.trace_id()).ok()?;
    let span_id = SpanId::from_hex(place.span_id()).ok()?;
    let flags = if place.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::default()))
}
