//! Traces: spans of this gateway's own, exported over OTLP where a collector is configured.
//!
//! Exporting is nobody's concern but its own task's: a span that ends goes into a bounded queue or is let go, and a collector
//! that is down, slow or silent costs a count.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, SpanExporter as _};
use thiserror::Error;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::{Layer, Registry};

use super::logs::OWN_TARGET;
use super::queue::{Pace, Waiting, queue};
use super::sampler::PerThousand;
use crate::traces;

/// What the gateway is called in traces.
const SERVICE: &str = "settlement-gateway";
/// The most that one span holds.
const MAX_EVENTS: u32 = 64;
const MAX_ATTRIBUTES: u32 = 32;
const MAX_LINKS: u32 = 4;

/// The tunables of traces; the configuration's section `[telemetry]` says what goes wrong either way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanSettings {
    /// The collector: `http://host:port`, where OTLP is spoken over gRPC.
    pub endpoint: String,
    /// Of a thousand traces that no caller began, so many are recorded.
    pub per_thousand: u32,
    /// The most spans that wait.
    pub max_queued: usize,
    /// The most spans of one export.
    pub max_batch: usize,
    /// How long a span waits for others to leave with.
    pub interval: Duration,
    /// How long an export may take.
    pub timeout: Duration,
}

/// Why spans cannot be exported.
#[derive(Debug, Error)]
#[error("the exporter of traces cannot be set up")]
pub struct SpanExportError(#[source] ExporterBuildError);

/// Spans on their way to a collector.
pub struct SpanExport {
    tracer: SdkTracer,
    waiting: Waiting,
    exporter: SpanExporter,
    pace: Pace,
}

impl SpanExport {
    /// Sets the way up; nothing is connected yet. It needs the runtime that it will run on.
    ///
    /// # Errors
    /// [`SpanExportError`] when the endpoint is none.
    pub fn new(settings: &SpanSettings) -> Result<Self, SpanExportError> {
        let builder = SpanExporter::builder().with_tonic().with_endpoint(&settings.endpoint).with_timeout(settings.timeout);
        let mut exporter = builder.build().map_err(SpanExportError)?;
        let about = [KeyValue::new("service.name", SERVICE), KeyValue::new("service.version", env!("CARGO_PKG_VERSION"))];
        let resource = Resource::builder_empty().with_attributes(about).build();
        exporter.set_resource(&resource);
        let (queue, waiting) = queue(settings.max_queued);
        let provider = SdkTracerProvider::builder()
            .with_sampler(PerThousand(settings.per_thousand))
            .with_max_events_per_span(MAX_EVENTS)
            .with_max_attributes_per_span(MAX_ATTRIBUTES)
            .with_max_links_per_span(MAX_LINKS)
            .with_resource(resource)
            .with_span_processor(queue)
            .build();
        let pace = Pace { max_batch: settings.max_batch, interval: settings.interval, timeout: settings.timeout };
        Ok(Self { tracer: provider.tracer(SERVICE), waiting, exporter, pace })
    }

    /// What hands spans over.
    pub(super) fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        tracing_opentelemetry::layer()
            .with_tracer(self.tracer.clone())
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_told))
            .boxed()
    }

    /// Exports until it is stopped.
    #[must_use]
    pub fn start(self) -> SpanExporting {
        traces::turn_on();
        let stop = CancellationToken::new();
        let task = tokio::spawn(self.waiting.export(self.exporter, self.pace, stop.clone()));
        SpanExporting { stop, task }
    }
}

/// An export that is under way.
pub struct SpanExporting {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl SpanExporting {
    /// Exports what is left, for a second at most, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        // A task that panicked exports no more: there is nothing to be saved.
        let _ = self.task.await;
    }
}

/// Only this gateway's own spans and lines: libraries write what nobody should read elsewhere, and probes come every few seconds.
fn is_told(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(OWN_TARGET) && metadata.target() != traces::PROBES && *metadata.level() <= Level::INFO
}
