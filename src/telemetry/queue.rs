//! Where ended spans wait to be exported: bounded, and never waited for.

use std::pin::{Pin, pin};
use std::time::Duration;

use metrics::counter;
use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// The queue's end where spans go in: one that is full lets them go, and counts them.
#[derive(Debug)]
pub(super) struct Queue(Sender<SpanData>);

/// The other end.
pub(super) struct Waiting(Receiver<SpanData>);

/// A queue of so many spans.
pub(super) fn queue(most: usize) -> (Queue, Waiting) {
    let (sender, receiver) = channel(most.max(1));
    (Queue(sender), Waiting(receiver))
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && !is_strangers(&span) && self.0.try_send(span).is_err() {
            dropped("queue_full", 1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Whether a span is of a call whose caller proved nothing. Such a caller decides nothing about what a collector keeps: it could
/// have all its calls recorded, and others' spans let go.
fn is_strangers(span: &SpanData) -> bool {
    span.attributes.iter().any(|of| of.key.as_str() == "code" && of.value.as_str() == "UNAUTHENTICATED")
}

/// How spans leave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// The most spans of one export.
    pub(super) max_batch: usize,
    /// How long the first span of a batch waits for others.
    pub(super) interval: Duration,
    /// How long an export may take.
    pub(super) timeout: Duration,
}

/// How long what is left may take to leave, once the process stops.
const LAST_EXPORTS: Duration = Duration::from_secs(1);

impl Waiting {
    /// Exports what waits, batch by batch, until `stop`; then what is left, for a moment. What the collector does not
    /// take in time is let go and counted: nothing is tried twice, so that nothing ever piles up behind a collector that hangs.
    pub(super) async fn export<E: SpanExporter>(mut self, exporter: E, pace: Pace, stop: CancellationToken) {
        let mut over = pin!(async {
            stop.cancelled().await;
            sleep(LAST_EXPORTS).await;
        });
        let mut batch = Vec::new();
        loop {
            if stop.run_until_cancelled(self.gather(&mut batch, pace)).await.is_none() {
                self.fill(&mut batch, pace);
            }
            if batch.is_empty() {
                return;
            }
            let count = batch.len();
            let exporting = timeout(pace.timeout, exporter.export(std::mem::take(&mut batch)));
            match until(over.as_mut(), exporting).await {
                Some(Ok(Ok(()))) => exported(count),
                Some(Ok(Err(_)) | Err(_)) => dropped("export_failed", count),
                None => return dropped("export_failed", count + self.0.len()),
            }
        }
    }

    /// Gathers a batch: the first span is waited for, and others until the interval is over; none once no more can come. Left in
    /// the middle, what was gathered is in the batch.
    async fn gather(&mut self, batch: &mut Vec<SpanData>, pace: Pace) {
        if self.0.recv_many(batch, pace.max_batch).await == 0 {
            return;
        }
        let end = Instant::now() + pace.interval;
        while batch.len() < pace.max_batch {
            let room = pace.max_batch - batch.len();
            match timeout_at(end, self.0.recv_many(batch, room)).await {
                Ok(more) if more > 0 => {}
                Ok(_) | Err(_) => break,
            }
        }
    }

    /// Adds what is there, and waits for nothing.
    fn fill(&mut self, batch: &mut Vec<SpanData>, pace: Pace) {
        while batch.len() < pace.max_batch
            && let Ok(span) = self.0.try_recv()
        {
            batch.push(span);
        }
    }
}

/// What work comes to, unless it is over before.
async fn until<T>(over: Pin<&mut impl Future<Output = ()>>, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = over => None,
    }
}

fn exported(count: usize) {
    counter!("settlement_gateway_spans_exported_total").increment(u64::try_from(count).unwrap_or(u64::MAX));
}

fn dropped(why: &'static str, count: usize) {
    counter!("settlement_gateway_spans_dropped_total", "why" => why).increment(u64::try_from(count).unwrap_or(u64::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use opentelemetry::trace::{Span as _, Tracer, TracerProvider};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    const PACE: Pace = Pace { max_batch: 4, interval: Duration::from_millis(50), timeout: Duration::from_secs(3) };

    /// Takes what comes, unless it was told to hang.
    #[derive(Debug, Clone, Default)]
    struct Exporter {
        taken: InMemorySpanExporter,
        largest: Arc<AtomicUsize>,
        hangs: Arc<AtomicBool>,
    }

    impl SpanExporter for Exporter {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            if self.hangs.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            self.largest.fetch_max(batch.len(), Ordering::SeqCst);
            self.taken.export(batch).await
        }
    }

    impl Exporter {
        fn names(&self) -> Vec<String> {
            self.taken.get_finished_spans().unwrap().into_iter().map(|span| span.name.into_owned()).collect()
        }
    }

    fn provider(queue: Queue) -> SdkTracerProvider {
        SdkTracerProvider::builder().with_span_processor(queue).build()
    }

    fn end_spans(provider: &SdkTracerProvider, numbers: std::ops::Range<u32>) {
        for number in numbers {
            provider.tracer("test").start(format!("span-{number}")).end();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_queue_lets_spans_go_and_counts_them() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        let (queue, waiting) = queue(3);
        let provider = provider(queue);
        end_spans(&provider, 0..5);
        let text = recorder.handle().render();
        assert!(text.contains("settlement_gateway_spans_dropped_total{why=\"queue_full\"} 2"), "{text}");
        let (exporter, stop) = (Exporter::default(), CancellationToken::new());
        stop.cancel();
        waiting.export(exporter.clone(), PACE, stop).await;
        assert_eq!(exporter.names(), ["span-0", "span-1", "span-2"], "what waited is exported at the end");
    }

    #[tokio::test(start_paused = true)]
    async fn a_collector_that_hangs_is_given_up_in_time_and_is_asked_again_for_what_comes_later() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        let (queue, waiting) = queue(100);
        let provider = provider(queue);
        let (exporter, stop) = (Exporter::default(), CancellationToken::new());
        let task = tokio::spawn(waiting.export(exporter.clone(), PACE, stop.clone()));
        exporter.hangs.store(true, Ordering::SeqCst);
        end_spans(&provider, 0..2);
        let began = Instant::now();
        tokio::time::advance(PACE.interval).await;
        while !recorder.handle().render().contains("export_failed\"} 2") {
            tokio::time::advance(Duration::from_millis(10)).await;
            tokio::task::yield_now().await;
        }
        assert!(began.elapsed() < PACE.timeout + Duration::from_secs(1));
        exporter.hangs.store(false, Ordering::SeqCst);
        end_spans(&provider, 2..7);
        while exporter.names().len() < 5 {
            tokio::time::advance(Duration::from_millis(10)).await;
            tokio::task::yield_now().await;
        }
        stop.cancel();
        task.await.unwrap();
        assert!(recorder.handle().render().contains("settlement_gateway_spans_exported_total 5"));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_gathered_when_the_process_stops_leaves_too_and_no_batch_is_too_large() {
        let (queue, waiting) = queue(100);
        let provider = provider(queue);
        let (exporter, stop) = (Exporter::default(), CancellationToken::new());
        let task = tokio::spawn(waiting.export(exporter.clone(), PACE, stop.clone()));
        end_spans(&provider, 0..3);
        // The batch waits for a fourth.
        tokio::task::yield_now().await;
        stop.cancel();
        end_spans(&provider, 3..10);
        task.await.unwrap();
        let all: Vec<String> = (0..10).map(|number| format!("span-{number}")).collect();
        assert_eq!(exporter.names(), all);
        assert_eq!(exporter.largest.load(Ordering::SeqCst), PACE.max_batch);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_without_a_proven_caller_is_in_no_trace() {
        let (queue, waiting) = queue(100);
        let provider = provider(queue);
        for code in ["OK", "UNAUTHENTICATED", "PERMISSION_DENIED"] {
            let mut span = provider.tracer("test").start(code);
            span.set_attribute(opentelemetry::KeyValue::new("code", code));
            span.end();
        }
        let (exporter, stop) = (Exporter::default(), CancellationToken::new());
        stop.cancel();
        waiting.export(exporter.clone(), PACE, stop).await;
        assert_eq!(exporter.names(), ["OK", "PERMISSION_DENIED"]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_export_does_not_hold_the_process_up() {
        let (queue, waiting) = queue(100);
        let provider = provider(queue);
        end_spans(&provider, 0..2);
        let (exporter, stop) = (Exporter::default(), CancellationToken::new());
        exporter.hangs.store(true, Ordering::SeqCst);
        stop.cancel();
        let began = Instant::now();
        waiting.export(exporter.clone(), PACE, stop).await;
        assert!(began.elapsed() <= LAST_EXPORTS);
    }
}
