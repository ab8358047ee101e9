//! Logs: lines of JSON for machines or of text for people, on standard error.

use std::io;

use thiserror::Error;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// What our own lines are called.
const OWN_TARGET: &str = "settlement_gateway";

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

/// Starts the process's log with a filter such as `info` or `info,settlement_gateway=debug`.
///
/// # Errors
/// [`LogError`] when the filter cannot be read, or the log has been started before.
pub fn init(format: LogFormat, filter: &str) -> Result<(), LogError> {
    let filter = EnvFilter::try_new(filter).map_err(LogError::Filter)?;
    tracing_subscriber::registry().with(lines(format, filter, io::stderr)).try_init().map_err(LogError::Taken)
}

fn lines<W>(format: LogFormat, filter: EnvFilter, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
    Registry: for<'s> LookupSpan<'s>,
{
    let filter = filter.and(filter_fn(may_be_written));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    match format {
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).with_filter(filter).boxed()
        }
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

    #[test]
    fn a_json_line_is_one_object_with_its_fields_and_its_calls_id() {
        let text = written(LogFormat::Json, "info", || {
            let call = tracing::info_span!("call", request_id = "r-1").entered();
            tracing::info!(code = "OK", "a call ended");
            drop(call);
        });
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["code"], "OK");
        assert_eq!(line["message"], "a call ended");
        assert_eq!(line["span"]["request_id"], "r-1");
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        assert!(matches!(init(LogFormat::Json, "settlement_gateway=loud"), Err(LogError::Filter(_))));
    }
}
