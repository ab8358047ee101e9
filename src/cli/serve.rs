//! `serve`: the production form.
//!
//! Standard output gets two lines once everything is served, `grpc ADDRESS`
//! and `ops ADDRESS`: with port 0 they tell which ports were taken. The log
//! goes to standard error.

use std::path::PathBuf;

use clap::Args;
use thiserror::Error;

use super::exit::{Exit, complain, say};
use super::logging;
use crate::app::{App, AppError, StopSignals};
use crate::causes::with_causes;
use crate::config::{Config, ProcessEnvironment};
use crate::custody::Keyring;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The configuration file; see config/gateway.example.toml.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
    config: PathBuf,
}

/// Why `serve` did not run or did not end well.
#[derive(Debug, Error)]
enum ServeError {
    /// The signals that stop it cannot be caught.
    #[error("SIGINT and SIGTERM cannot be caught")]
    Signals(#[source] std::io::Error),
    /// The gateway did not start or stop.
    #[error("the gateway failed")]
    App(#[from] AppError),
}

pub(super) async fn run(args: ServeArgs) -> Exit {
    let loaded = tokio::task::spawn_blocking(move || Config::load_with_keyring(&args.config, &ProcessEnvironment)).await;
    let (config, keyring) = match loaded {
        Ok(Ok(loaded)) => loaded,
        Ok(Err(mistakes)) => {
            complain(&mistakes.to_string());
            return Exit::Misconfigured;
        }
        Err(error) => {
            complain(&with_causes(&error));
            return Exit::Failure;
        }
    };
    let traces = logging::start(&config.telemetry);
    let served = serve(&config, keyring).await;
    if let Some(traces) = traces {
        traces.stop().await;
    }
    match served {
        Ok(()) => Exit::Success,
        Err(error) => {
            complain(&with_causes(&error));
            Exit::Failure
        }
    }
}

async fn serve(config: &Config, keyring: Keyring) -> Result<(), ServeError> {
    let mut signals = StopSignals::catch().map_err(ServeError::Signals)?;
    let app = App::start(config, keyring, &ProcessEnvironment).await?;
    let (grpc, ops) = (app.grpc_address(), app.ops_address());
    say(&format!("grpc {grpc}"));
    if let Some(callbacks) = app.callbacks_address() {
        say(&format!("callbacks {callbacks}"));
    }
    say(&format!("ops {ops}"));
    tracing::info!(%grpc, %ops, version = env!("CARGO_PKG_VERSION"), "serving");
    signals.received().await;
    Ok(app.stop().await?)
}
