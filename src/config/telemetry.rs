//! `[telemetry]`: what is logged, and in which form.

use super::section::Section;

const DEFAULT_FILTER: &str = "info";
const MAX_FILTER_BYTES: usize = 1_024;

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Text for people.
    Pretty,
}

/// Logging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// The form of a log line.
    pub log_format: LogFormat,
    /// What is logged: levels by module, such as `info,settlement_gateway::store=debug`.
    pub log_filter: String,
}

impl Telemetry {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        Some(Self {
            log_format: section.optional("log_format", parse_format).unwrap_or(LogFormat::Json),
            log_filter: section.optional("log_filter", parse_filter).unwrap_or_else(|| DEFAULT_FILTER.to_owned()),
        })
    }
}

fn parse_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "json" => Ok(LogFormat::Json),
        "pretty" => Ok(LogFormat::Pretty),
        _ => Err("must be json or pretty"),
    }
}

/// A directive is a level, or a module and a level; a mistyped one would silence the log without a word.
fn parse_filter(text: &str) -> Result<String, &'static str> {
    let level = |name: &str| ["off", "error", "warn", "info", "debug", "trace"].contains(&name);
    let module = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':');
    let directive = |text: &str| match text.split_once('=') {
        Some((name, of)) => module(name) && level(of),
        None => level(text),
    };
    if text.len() <= MAX_FILTER_BYTES && text.split(',').all(directive) {
        Ok(text.to_owned())
    } else {
        Err("must be levels, or module=level, separated by commas: info,settlement_gateway::store=debug")
    }
}
