//! The process's log and its traces, as the configuration wants them.

use super::exit::complain;
use crate::causes::with_causes;
use crate::config::{self, Telemetry};
use crate::telemetry::logs::{LogFormat, init};
use crate::telemetry::spans::{SpanExport, SpanExporting, SpanSettings};

/// Starts the log, and the traces where they are wanted. What cannot be started is told and stops nothing.
pub(super) fn start(telemetry: &Telemetry) -> Option<SpanExporting> {
    let format = match telemetry.log_format {
        config::LogFormat::Json => LogFormat::Json,
        config::LogFormat::Pretty => LogFormat::Pretty,
    };
    let settings = telemetry.traces.as_ref().map(span_settings);
    let export = settings.and_then(|settings| match SpanExport::new(&settings) {
        Ok(export) => Some(export),
        Err(error) => {
            complain(&with_causes(&error));
            None
        }
    });
    if let Err(error) = init(format, &telemetry.log_filter, export.as_ref()) {
        complain(&with_causes(&error));
        return None;
    }
    export.map(SpanExport::start)
}

fn span_settings(traces: &config::Traces) -> SpanSettings {
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    SpanSettings {
        endpoint: traces.endpoint.clone(),
        per_thousand: traces.per_thousand,
        max_queued: count(traces.max_queued),
        max_batch: count(traces.max_batch),
        interval: traces.interval,
        timeout: traces.timeout,
    }
}
