//! `migrate`: the journal's schema, brought up to date before the replicas are, or looked at.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit::{Exit, complain, say};
use crate::app::{AppError, journal_schema, open_journal};
use crate::causes::with_causes;
use crate::config::{Config, ProcessEnvironment};
use crate::store::SchemaStatus;

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub(super) struct MigrateArgs {
    #[command(subcommand)]
    command: MigrateCommand,
}

#[derive(Debug, Subcommand)]
enum MigrateCommand {
    /// Bring the schema up to date; `serve` does the same when it starts.
    Up(Where),
    /// Show which schema the journal has, and change nothing.
    Status(Where),
}

#[derive(Debug, Args)]
struct Where {
    /// The configuration file.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
    config: PathBuf,
}

pub(super) async fn run(args: &MigrateArgs) -> Exit {
    let (MigrateCommand::Up(place) | MigrateCommand::Status(place)) = &args.command;
    let config = match Config::load(&place.config, &ProcessEnvironment) {
        Ok(config) => config,
        Err(mistakes) => {
            complain(&mistakes.to_string());
            return Exit::Misconfigured;
        }
    };
    let done = match &args.command {
        MigrateCommand::Up(_) => up(&config).await,
        MigrateCommand::Status(_) => journal_schema(&config.store, &ProcessEnvironment).await,
    };
    match done {
        Ok(status) => {
            say(&line(status));
            Exit::Success
        }
        Err(error) => {
            complain(&with_causes(&error));
            Exit::Failure
        }
    }
}

async fn up(config: &Config) -> Result<SchemaStatus, AppError> {
    open_journal(&config.store, &ProcessEnvironment).await?.close().await?;
    journal_schema(&config.store, &ProcessEnvironment).await
}

fn line(status: SchemaStatus) -> String {
    let SchemaStatus { found, needed, known } = status;
    format!("schema {found}; usable by versions that know schema {needed} or later; this version knows {known}")
}
