//! The process's log, as the configuration wants it.

use super::exit::complain;
use crate::causes::with_causes;
use crate::config::{self, Telemetry};
use crate::telemetry::logs::{LogFormat, init};

/// Starts the log. A log that cannot be started is told and stops nothing.
pub(super) fn start(telemetry: &Telemetry) {
    let format = match telemetry.log_format {
        config::LogFormat::Json => LogFormat::Json,
        config::LogFormat::Pretty => LogFormat::Pretty,
    };
    if let Err(error) = init(format, &telemetry.log_filter) {
        complain(&with_causes(&error));
    }
}
