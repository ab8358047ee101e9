//! Logs: lines of JSON for machines or of text for people, on standard error.

use std::io;

use thiserror::Error;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::json::{JsonFields, JsonLine};
use super::spans::SpanExport;

/// What our own lines are called.
pub(super) const OWN_TARGET: &str = "settlement_gateway";

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// An object a line.
    Json,
    /// Text.
    Pretty,
}

/// Why logs cannot be written.
#[derive(Debug, Error)]
pub enum LogError {
    /// The filter cannot be read.
    #[error("the log filter cannot be read")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// Something else writes the logs already.
    #[error("the log is set up already")]
    Taken(#[source] TryInitError),
}

/// Starts the process's log with a filter such as `info` or `info,settlement_gateway=debug`, and its traces where they are
/// exported.
///
/// # Errors
/// [`LogError`] when the filter cannot be read, or the log has been started before.
pub fn init(format: LogFormat, filter: &str, traces: Option<&SpanExport>) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(filter).map_err(LogError::Filter)?;
    let mut layers = vec![lines(format, filter, io::stderr)];
    if let Some(traces) = traces {
        layers.push(traces.layer());
    }
    tracing_subscriber::registry().with(layers).try_init().map_err(LogError::Taken)
}

fn lines<W>(format: LogFormat, filter: EnvFilter, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
    Registry: for<'s> LookupSpan<'s>,
{
    let filter = filter.and(filter_fn(may_be_written));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    match format {
        LogFormat::Json => lines.fmt_fields(JsonFields).event_format(JsonLine).with_filter(filter).boxed(),
        LogFormat::Pretty => lines.with_ansi(false).with_filter(filter).boxed(),
    }
}

/// Libraries write headers, frames and statements in their details, where tokens and payloads are: whatever the
/// filter asks for, nothing finer than INFO is taken from them.
fn may_be_written(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || metadata.target().starts_with(OWN_TARGET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(format: LogFormat, filter: &str, events: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let filter = EnvFilter::try_new(filter).unwrap();
        let subscriber = tracing_subscriber::registry().with(lines(format, filter, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, events);
        let bytes = buffer.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_librarys_details_stay_unwritten_however_much_is_asked_for() {
        let text = written(LogFormat::Pretty, "trace", || {
            tracing::trace!(target: "h2::codec", "authorization: Bearer hunter2");
            tracing::debug!(target: "hyper", "body hunter2");
            tracing::info!(target: "hyper", "listening");
            tracing::debug!("our own detail");
        });
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("listening") && text.contains("our own detail"), "{text}");
    }

    fn lines_of(text: &str) -> Vec<serde_json::Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_json_line_is_one_object_with_its_fields_and_the_ids_of_all_that_it_lies_in() {
        let text = written(LogFormat::Json, "info", || {
            let call = tracing::info_span!("call", request_id = "r-1", caller = tracing::field::Empty, otel.kind = "server");
            call.record("caller", "desk \"a\"\n");
            let _call = call.entered();
            let _step = tracing::info_span!("step", state = "SIGNED", enterprise = "e-1").entered();
            tracing::info!(code = "OK", ms = 12_u64, is_last = true, enterprise = "e-2", "a call ended");
            tracing::warn!("bare");
        });
        let lines = lines_of(&text);
        let line = &lines[0];
        assert_eq!((line["level"].as_str(), line["message"].as_str()), (Some("INFO"), Some("a call ended")));
        assert_eq!((line["code"].as_str(), line["ms"].as_u64(), line["is_last"].as_bool()), (Some("OK"), Some(12), Some(true)));
        assert_eq!((line["request_id"].as_str(), line["caller"].as_str()), (Some("r-1"), Some("desk \"a\"\n")));
        assert_eq!(
            (line["enterprise"].as_str(), line["state"].as_str()),
            (Some("e-2"), Some("SIGNED")),
            "the line's own word counts"
        );
        assert_eq!((line["span"].as_str(), line.get("otel.kind")), (Some("step"), None));
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z') && line["target"].is_string());
        assert_eq!((lines[1]["message"].as_str(), lines[1]["enterprise"].as_str()), (Some("bare"), Some("e-1")));
    }

    #[test]
    fn a_filter_for_errors_alone_keeps_the_ids_of_their_calls() {
        for format in [LogFormat::Json, LogFormat::Pretty] {
            let text = written(format, "error", || {
                let _call = tracing::error_span!("call", request_id = "r-1").entered();
                tracing::info!("not written");
                tracing::error!("written");
            });
            assert!(text.contains("written") && text.contains("r-1") && !text.contains("not written"), "{text}");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        assert!(matches!(init(LogFormat::Json, "settlement_gateway=loud", None), Err(LogError::Filter(_))));
    }
}
