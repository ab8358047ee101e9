//! `serve`: the production form.

use std::path::PathBuf;

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::exit::{Exit, complain};
use super::logging;
use crate::app::{App, stop_signal};
use crate::causes::with_causes;
use crate::config::{Config, ProcessEnvironment};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The configuration file; see config/gateway.example.toml.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
    config: PathBuf,
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
    logging::start(&config.telemetry);
    let stop = CancellationToken::new();
    let app = match App::start(&config, keyring, &ProcessEnvironment).await {
        Ok(app) => app,
        Err(error) => {
            complain(&with_causes(&error));
            return Exit::Failure;
        }
    };
    tracing::info!(grpc = %app.grpc_address(), ops = %app.ops_address(), version = env!("CARGO_PKG_VERSION"), "serving");
    stop_signal(&stop).await;
    match app.stop().await {
        Ok(()) => Exit::Success,
        Err(error) => {
            complain(&with_causes(&error));
            Exit::Failure
        }
    }
}
