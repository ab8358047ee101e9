//! Joining spans over processes: where a span's trace began, and what it has to do with another.
//!
//! All of it does nothing while no traces are exported: no span is looked at, and nothing is allocated.

use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::domain::origin::Traceparent;

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

/// Says that a span goes on with what was begun elsewhere.
pub fn link(span: &Span, cause: &Traceparent) {
    if are_on()
        && let Some(context) = context_of(cause)
    {
        span.add_link(context);
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
