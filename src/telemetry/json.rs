//! A log line as one JSON object: what the event says, with the ids of the call or the turn that it belongs to beside it.
//!
//! Fields of outer spans come first and those of inner ones and of the event replace them, so that each id stands once and at
//! the top of the object, wherever the line was written.

use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Fields that are the traces' alone.
const OF_TRACES: &str = "otel.";

/// Writes fields as `"name":value,`: a span's are appended to as they come to be known, and put together when a line is written.
pub(super) struct JsonFields;

impl<'w> FormatFields<'w> for JsonFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut members = Members { writer: &mut writer, written: Ok(()) };
        fields.record(&mut members);
        members.written
    }
}

struct Members<'m, 'w> {
    writer: &'m mut Writer<'w>,
    written: fmt::Result,
}

impl Members<'_, '_> {
    fn member(&mut self, field: &Field, value: &Value) {
        if self.written.is_ok() && !field.name().starts_with(OF_TRACES) {
            self.written = write!(self.writer, "{}:{value},", Value::from(field.name()));
        }
    }
}

impl Visit for Members<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, &Value::from(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, &Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, &Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, &Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, &Value::from(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.member(field, &Value::from(value));
    }
}

/// Writes a line.
pub(super) struct JsonLine;

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    fn format_event(&self, context: &FmtContext<'_, S, JsonFields>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Map::new();
        let mut innermost = None;
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                merge(&mut line, &fields.fields);
            }
            innermost = Some(span.name());
        }
        let mut own = String::new();
        JsonFields.format_fields(Writer::new(&mut own), event)?;
        merge(&mut line, &own);
        let mut at = String::new();
        SystemTime.format_time(&mut Writer::new(&mut at))?;
        let message = line.remove("message").unwrap_or_default();
        let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
        write!(writer, "{{\"timestamp\":{},\"level\":\"{level}\",\"message\":{message}", Value::from(at))?;
        for (name, value) in &line {
            write!(writer, ",{}:{value}", Value::from(name.as_str()))?;
        }
        if let Some(span) = innermost {
            write!(writer, ",\"span\":{}", Value::from(span))?;
        }
        writeln!(writer, ",\"target\":{}}}", Value::from(target))
    }
}

/// Adds the members that [`JsonFields`] wrote; one that was written again has its last value.
fn merge(into: &mut Map<String, Value>, members: &str) {
    let members = members.trim_end().trim_end_matches(',');
    if let Ok(Value::Object(members)) = serde_json::from_str(&format!("{{{members}}}")) {
        into.extend(members);
    }
}
