//! What is done by hand when the journal and the venues may not agree: `repair`, `adopt` and `export-signed`.
//!
//! `docs/recovery.md` is the runbook.

pub(super) mod adopt;
pub(super) mod export_signed;
pub(super) mod repair;
mod told;

use std::path::{Path, PathBuf};

use clap::Args;
use thiserror::Error;

use super::exit::{Exit, complain};
use crate::app::{AppError, open_recovery};
use crate::causes::with_causes;
use crate::config::{Config, ProcessEnvironment};
use crate::service::recovery::{Recovery, RecoveryError};
use crate::store::StoreError;

/// Where the configuration is, and how the outcome is told.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// The configuration file.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
    config: PathBuf,
    /// Tell the outcome as one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Why a command failed.
#[derive(Debug, Error)]
enum CommandError {
    #[error("nothing could be opened")]
    Open(#[from] AppError),
    #[error("it was not done, or not to its end; it may be run again")]
    Recovery(#[from] RecoveryError),
    #[error("the journal did not close in order")]
    Close(#[source] StoreError),
    #[error("{} cannot be written", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// What a command works with.
struct Opened {
    config: Config,
    recovery: Recovery,
}

/// Runs a command over the configuration's journal, anchor and venues, and says how the process ends.
async fn over<F>(path: &Path, work: impl FnOnce(Opened) -> F) -> Exit
where
    F: Future<Output = Result<Exit, CommandError>>,
{
    let config = match Config::load(path, &ProcessEnvironment) {
        Ok(config) => config,
        Err(mistakes) => {
            complain(&mistakes.to_string());
            return Exit::Misconfigured;
        }
    };
    let _traces = super::logging::start(&config.telemetry);
    let done = match open_recovery(&config, &ProcessEnvironment).await {
        Ok(recovery) => work(Opened { config, recovery }).await,
        Err(error) => Err(error.into()),
    };
    done.unwrap_or_else(|error| {
        complain(&with_causes(&error));
        Exit::Failure
    })
}
