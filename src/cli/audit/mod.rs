//! `audit`: the audit chain, verified and taken out of the journal; a gateway may be running.

mod export;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use thiserror::Error;

use super::exit::{Exit, complain, say};
use super::private_file::FileError;
use crate::app::{AppError, open_journal_to_read};
use crate::causes::with_causes;
use crate::config::{Config, ConfigErrors, ProcessEnvironment};
use crate::domain::audit::AuditHead;
use crate::store::{Store, StoreError};

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Verify the chain, and hold the journal against its records in both directions. Exits with 0 if everything fits.
    Verify(verify::VerifyArgs),
    /// Write the chain as JSON lines, one a record.
    Export(export::ExportArgs),
    /// Print where the chain ends, as POSITION:HASH: kept elsewhere, it shows later whether the chain was cut or written anew.
    Head(Where),
}

#[derive(Debug, Args)]
struct Where {
    /// The configuration file.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
    config: PathBuf,
}

/// Why nothing could be said of the chain.
#[derive(Debug, Error)]
enum AuditError {
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    #[error("the journal cannot be opened")]
    Open(#[from] AppError),
    #[error("the journal did not answer")]
    Journal(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the verification ended unexpectedly")]
    Ended(#[from] tokio::task::JoinError),
    #[error("record {0} cannot be read: verify the chain")]
    Unreadable(u64),
}

pub(super) async fn run(args: &AuditArgs) -> Exit {
    let done = match &args.command {
        AuditCommand::Verify(args) => verify::run(args).await,
        AuditCommand::Export(args) => export::run(args).await,
        AuditCommand::Head(place) => head(place).await,
    };
    match done {
        Ok(exit) => exit,
        Err(AuditError::Config(mistakes)) => {
            complain(&mistakes.to_string());
            Exit::Misconfigured
        }
        Err(error) => {
            complain(&with_causes(&error));
            Exit::Failure
        }
    }
}

async fn head(place: &Where) -> Result<Exit, AuditError> {
    let store = place.open().await?;
    say(&store.audit_head().await?.to_text());
    store.close().await?;
    Ok(Exit::Success)
}

impl Where {
    /// Opens the journal to read.
    async fn open(&self) -> Result<std::sync::Arc<dyn Store>, AuditError> {
        let config = Config::load(&self.config, &ProcessEnvironment)?;
        Ok(open_journal_to_read(&config.store, &ProcessEnvironment).await?)
    }
}

fn parse_head(text: &str) -> Result<AuditHead, &'static str> {
    AuditHead::from_text(text).ok_or("must be POSITION:HASH, as `audit head` prints it")
}
