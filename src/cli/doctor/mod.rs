//! `doctor`: looks at everything that a gateway needs, and says what is wrong and what to do about it.
//!
//! It changes nothing and signs nothing, and a gateway may be serving
//! meanwhile. Looking at the venues costs a few reads of each enterprise, which
//! are not drawn from the budgets.

mod certificates;
mod check;
mod journal;
mod keys;
mod permissions;
mod told;
mod units;
mod validity;
mod venues;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use tokio::time::{Instant, timeout_at};

use super::exit::{Exit, say};
use super::output::OutputFormat;
use super::progress::watched;
use crate::config::{Config, ConfigErrors, ProcessEnvironment};
use check::{Check, Topic, exit};

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// The configuration file.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// How the outcome is told.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
    /// How long all checks together may take; what has not answered by then has failed.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3_600))]
    timeout_seconds: u64,
}

/// What cannot be looked at without a configuration.
const AFTER_CONFIGURATION: [Topic; 6] =
    [Topic::Permissions, Topic::Keys, Topic::Store, Topic::Anchor, Topic::Credential, Topic::Certificates];

pub(super) async fn run(args: &DoctorArgs) -> Exit {
    let end = Instant::now() + Duration::from_secs(args.timeout_seconds);
    let checks = watched("looking", checks(&args.config, end)).await;
    match args.output {
        OutputFormat::Text => told::lines(&checks).iter().for_each(|line| say(line)),
        OutputFormat::Json => say(&told::json(&checks)),
    }
    exit(&checks)
}

async fn checks(path: &Path, end: Instant) -> Vec<Check> {
    let config = match Config::load(path, &ProcessEnvironment) {
        Ok(config) => config,
        Err(mistakes) => return misconfigured(path, &mistakes),
    };
    let counted =
        format!("good: {} enterprises, {} keys, {} callers", config.enterprises.len(), config.keys.len(), config.callers.len());
    let mut checks = vec![Check::ok(Topic::Configuration, path.display().to_string(), counted)];
    checks.extend(permissions::look(&config));
    let (keys, journal, venues) = tokio::join!(
        within(end, Topic::Keys, "all keys", keys::look(config.clone())),
        within(end, Topic::Store, "the journal", journal::look(&config)),
        venues::look(&config, end),
    );
    checks.extend(keys.into_iter().chain(journal).chain(venues));
    checks.extend(certificates::look(&config, jiff::Timestamp::now()));
    checks
}

/// Every mistake is a check that failed; what the configuration would have named cannot be looked at.
fn misconfigured(path: &Path, mistakes: &ConfigErrors) -> Vec<Check> {
    let subject = |place: &str| if place.is_empty() { path.display().to_string() } else { place.to_owned() };
    let failed = mistakes.mistakes().iter().map(|mistake| {
        Check::failed(Topic::Configuration, subject(&mistake.path), mistake.problem.clone())
            .hint("config/gateway.example.toml documents every key")
    });
    let skipped = AFTER_CONFIGURATION
        .into_iter()
        .map(|topic| Check::skipped(topic, path.display().to_string(), "the configuration has mistakes"));
    failed.chain(skipped).collect()
}

/// What a look came to, or that it came to nothing in time.
async fn within(end: Instant, topic: Topic, subject: &str, look: impl Future<Output = Vec<Check>>) -> Vec<Check> {
    timeout_at(end, look).await.unwrap_or_else(|_elapsed| {
        vec![Check::failed(topic, subject, "it did not answer in time").hint("--timeout-seconds gives it longer")]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_hangs_has_failed_once_the_time_is_over() {
        let end = Instant::now() + Duration::from_secs(60);
        let checks = within(end, Topic::Store, "the journal", std::future::pending()).await;
        assert_eq!(exit(&checks), Exit::Failure);
        assert_eq!(Instant::now(), end);
    }
}
