//! Which traces are recorded: what a caller decided, and otherwise so many of a thousand.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

/// Traces of a thousand, by their ids: all replicas decide alike.
#[derive(Debug, Clone)]
pub(super) struct PerThousand(pub(super) u32);

impl PerThousand {
    fn takes(&self, trace_id: TraceId) -> bool {
        let [.., a, b, c, d] = trace_id.to_bytes();
        u32::from_be_bytes([a, b, c, d]) % 1_000 < self.0
    }
}

impl ShouldSample for PerThousand {
    /// A part of a trace is recorded as its beginning was, and what links to a recorded one is recorded.
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let parent = parent.map(|context| context.span().span_context().clone()).filter(|parent| parent.is_valid());
        let takes = match &parent {
            Some(parent) => parent.is_sampled(),
            None => self.takes(trace_id) || links.iter().any(|link| link.span_context.is_sampled()),
        };
        let decision = if takes { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
        let trace_state = parent.map(|parent| parent.trace_state().clone()).unwrap_or_default();
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceState};

    fn context(sampled: bool) -> SpanContext {
        let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
        SpanContext::new(TraceId::from_bytes([1; 16]), SpanId::from_bytes([1; 8]), flags, true, TraceState::default())
    }

    fn decided(per_thousand: u32, parent: Option<bool>, link: Option<bool>, trace: u32) -> bool {
        let parent = parent.map(|sampled| Context::new().with_remote_span_context(context(sampled)));
        let links: Vec<Link> = link.map(|sampled| Link::new(context(sampled), Vec::new(), 0)).into_iter().collect();
        let trace_id = TraceId::from_bytes((0x1_0000_0000_u128 + u128::from(trace)).to_be_bytes());
        let sampler = PerThousand(per_thousand);
        let result = sampler.should_sample(parent.as_ref(), trace_id, "x", &SpanKind::Internal, &[], &links);
        result.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn a_caller_decides_for_its_own_trace() {
        assert!(decided(0, Some(true), None, 0));
        assert!(!decided(1_000, Some(false), None, 0));
    }

    #[test]
    fn so_many_of_a_thousand_are_recorded_and_what_links_to_one() {
        let taken = |per_thousand| (0..10_000).filter(|trace| decided(per_thousand, None, None, *trace)).count();
        assert_eq!((taken(0), taken(10), taken(1_000)), (0, 100, 10_000));
        assert!(decided(0, None, Some(true), 5));
        assert!(!decided(0, None, Some(false), 5));
    }
}
