//! `sandbox`: the simulated venues alone, as a staging venue for a gateway elsewhere.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use thiserror::Error;

use super::exit::{Exit, complain, say};
use crate::app::{StopSignals, SystemClock};
use crate::causes::with_causes;
use crate::domain::signing::PublicKey;
use crate::sandbox::{ClientSettlement, Sandbox, SandboxConfig, SandboxEnterprise, SandboxError};
use crate::secret::Secret;

/// What every account of a staging venue holds of every currency.
const STAGING_BALANCE: &str = "1000000";

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// Where the ledger is kept; without it nothing outlives the process.
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// Where the simulated BitGo listens.
    #[arg(long, default_value = "127.0.0.1:9471", value_name = "ADDRESS")]
    bitgo_listen: SocketAddr,
    /// Where the simulated Bitlipa listens.
    #[arg(long, default_value = "127.0.0.1:9472", value_name = "ADDRESS")]
    bitlipa_listen: SocketAddr,
    /// An enterprise, as `ID,PUBLIC_KEY_HEX,TOKEN_FILE`, with `,disputes` behind it for v2; may be given several times.
    #[arg(long = "enterprise", required = true, value_name = "ENTERPRISE")]
    enterprises: Vec<String>,
    /// The file with Bitlipa's API key.
    #[arg(long, value_name = "FILE")]
    bitlipa_key_file: Option<PathBuf>,
    /// The file with Bitlipa's API secret.
    #[arg(long, value_name = "FILE")]
    bitlipa_secret_file: Option<PathBuf>,
    /// Where an enterprise is called when a settlement's amounts are final, as `ID,URL` with plain http and `{id}` for the
    /// settlement's id; may be given several times.
    #[arg(long = "finalize", value_name = "CALLED")]
    finalize: Vec<String>,
    /// Behave as if a self-hosted BitGo Express stood before BitGo.
    #[arg(long)]
    express: bool,
    /// How long clients may dispute a v2 settlement, and how long the partner may then top up, in milliseconds each.
    #[arg(long, default_value_t = 60_000, value_name = "MILLISECONDS")]
    window_ms: i64,
}

#[derive(Debug, Error)]
enum StagingError {
    #[error("an enterprise must be ID,PUBLIC_KEY_HEX,TOKEN_FILE and may end in ,disputes")]
    Enterprise,
    #[error("what is called must be ID,URL, the id that of an enterprise")]
    Called,
    #[error("{} cannot be read", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    #[error("SIGINT and SIGTERM cannot be caught")]
    Signals(#[source] std::io::Error),
    #[error("the simulated venues failed")]
    Sandbox(#[from] SandboxError),
}

pub(super) async fn run(args: SandboxArgs) -> Exit {
    match stage(args).await {
        Ok(()) => Exit::Success,
        Err(error) => {
            complain(&with_causes(&error));
            Exit::Failure
        }
    }
}

async fn stage(args: SandboxArgs) -> Result<(), StagingError> {
    let enterprises = args.enterprises.iter().map(|text| enterprise(text, args.window_ms));
    let mut enterprises: Vec<SandboxEnterprise> = enterprises.collect::<Result<_, _>>()?;
    for text in &args.finalize {
        let (id, url) = text.split_once(',').ok_or(StagingError::Called)?;
        let called = enterprises.iter_mut().find(|one| one.enterprise_id == id).ok_or(StagingError::Called)?;
        called.finalize_url = Some(url.to_owned());
    }
    let mut config = SandboxConfig {
        data_dir: args.dir,
        bitgo_listen: args.bitgo_listen,
        bitlipa_listen: args.bitlipa_listen,
        enterprises,
        express: args.express,
        ..SandboxConfig::loopback(Arc::new(SystemClock))
    };
    if let Some(path) = &args.bitlipa_key_file {
        config.bitlipa_api_key = read(path)?;
    }
    if let Some(path) = &args.bitlipa_secret_file {
        config.bitlipa_secret = Secret::from_text(read(path)?);
    }
    let mut signals = StopSignals::catch().map_err(StagingError::Signals)?;
    let sandbox = Sandbox::start(config).await?;
    say(&format!("BitGo    {}  (simulated)", sandbox.bitgo_url()));
    say(&format!("Bitlipa  {}  (simulated)", sandbox.bitlipa_url()));
    say("What is asked on loopback under /sandbox tells the venues to misbehave, moves their time, and shows their ledger.");
    signals.received().await;
    sandbox.stop().await;
    Ok(())
}

fn enterprise(text: &str, window_ms: i64) -> Result<SandboxEnterprise, StagingError> {
    let parts: Vec<&str> = text.split(',').collect();
    let (id, key, token, disputes) = match parts.as_slice() {
        [id, key, token] => (*id, *key, *token, false),
        [id, key, token, "disputes"] => (*id, *key, *token, true),
        _ => return Err(StagingError::Enterprise),
    };
    let public_key = PublicKey::from_hex(key).ok_or(StagingError::Enterprise)?;
    let token = Secret::from_text(read(Path::new(token))?);
    Ok(SandboxEnterprise {
        disputes,
        dispute_window_ms: window_ms,
        top_up_window_ms: window_ms,
        default_balance: Some(STAGING_BALANCE.to_owned()),
        client_settlements: vec![ClientSettlement::example()],
        ..SandboxEnterprise::new(id, token, *public_key.as_bytes())
    })
}

fn read(path: &Path) -> Result<String, StagingError> {
    let text = std::fs::read_to_string(path).map_err(|cause| StagingError::File(path.to_path_buf(), cause))?;
    Ok(text.trim().to_owned())
}
