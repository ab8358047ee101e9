//! `[telemetry]`: what is logged, and in which form; where traces go; how often the journal is counted for metrics.

use std::time::Duration;

use super::base_url::BaseUrl;
use super::section::{Bounds, Section};

const DEFAULT_FILTER: &str = "info";
const MAX_FILTER_BYTES: usize = 1_024;
const TRACES_PER_THOUSAND: Bounds = Bounds { default: 1_000, min: 0, max: 1_000 };
const TRACES_MAX_QUEUED: Bounds = Bounds { default: 4_096, min: 16, max: 65_536 };
const TRACES_MAX_BATCH: Bounds = Bounds { default: 512, min: 1, max: 4_096 };
const TRACES_INTERVAL_MS: Bounds = Bounds { default: 1_000, min: 10, max: 60_000 };
const TRACES_TIMEOUT_MS: Bounds = Bounds { default: 3_000, min: 10, max: 60_000 };
const CENSUS_INTERVAL_MS: Bounds = Bounds { default: 15_000, min: 1_000, max: 3_600_000 };
const WINDOW_WARNING_MS: Bounds = Bounds { default: 1_800_000, min: 1_000, max: 86_400_000 };

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Text for people.
    Pretty,
}

/// Logs, traces and the census.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// The form of a log line.
    pub log_format: LogFormat,
    /// What is logged: levels by module, such as `info,settlement_gateway::store=debug`.
    pub log_filter: String,
    /// Where traces go; without it there are none.
    pub traces: Option<Traces>,
    /// The wait between two censuses of the journal.
    pub census_interval: Duration,
    /// How long before its end a window is told of whose settlement lacks funds.
    pub window_warning: Duration,
}

/// Traces over OTLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    /// The collector, reached without TLS: one on this machine, or in its cluster.
    pub endpoint: String,
    /// Of a thousand traces that no caller began, so many are recorded.
    pub per_thousand: u32,
    /// The most spans that wait.
    pub max_queued: u32,
    /// The most spans of one export.
    pub max_batch: u32,
    /// How long a span waits for others to leave with.
    pub interval: Duration,
    /// How long an export may take.
    pub timeout: Duration,
}

impl Telemetry {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        Some(Self {
            log_format: section.optional("log_format", parse_format).unwrap_or(LogFormat::Json),
            log_filter: section.optional("log_filter", parse_filter).unwrap_or_else(|| DEFAULT_FILTER.to_owned()),
            traces: Traces::read(section),
            census_interval: section.duration_ms("census_interval_ms", CENSUS_INTERVAL_MS),
            window_warning: section.duration_ms("window_warning_ms", WINDOW_WARNING_MS),
        })
    }
}

impl Traces {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let endpoint = section.optional("traces_endpoint", parse_endpoint);
        let per_thousand = section.number("traces_per_thousand", TRACES_PER_THOUSAND);
        let max_queued = section.number("traces_max_queued", TRACES_MAX_QUEUED);
        let max_batch = section.number("traces_max_batch", TRACES_MAX_BATCH);
        let interval = section.duration_ms("traces_interval_ms", TRACES_INTERVAL_MS);
        let timeout = section.duration_ms("traces_timeout_ms", TRACES_TIMEOUT_MS);
        Some(Self { endpoint: endpoint?, per_thousand, max_queued, max_batch, interval, timeout })
    }
}

/// A collector's address. What goes there is no secret, and TLS begins behind it.
fn parse_endpoint(text: &str) -> Result<String, &'static str> {
    match BaseUrl::new(text) {
        Ok(url) if url.is_plaintext() => Ok(url.as_str().to_owned()),
        _ => Err("must be a collector's http://host:port, which speaks OTLP over gRPC: TLS begins behind it"),
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
