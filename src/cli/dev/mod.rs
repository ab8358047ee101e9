//! `dev`: the whole job on this machine, without configuration.
//!
//! It starts the simulated venues, writes a configuration for them and then
//! starts the gateway from that file, exactly as `serve` would.

mod home;
mod recipes;
mod tour;
mod venues;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use thiserror::Error;

use super::exit::{Exit, complain, say};
use crate::app::{App, AppError, StopSignals};
use crate::causes::with_causes;
use crate::config::{Config, ConfigErrors, ProcessEnvironment};
use crate::sandbox::{Sandbox, SandboxError};
use home::{Addresses, FINALIZE_PATH, Home, HomeError};

/// Arguments of `dev`.
#[derive(Debug, Args)]
pub(super) struct DevArgs {
    /// Drive every RPC once through a gRPC client, print what is said, and exit.
    #[arg(long)]
    tour: bool,
    /// Keep nothing: work in a temporary folder that is removed at the end.
    #[arg(long, conflicts_with = "dir")]
    ephemeral: bool,
    /// Where keys, journal and ledger are kept.
    #[arg(long, default_value = ".settlement-gateway", value_name = "FOLDER")]
    dir: PathBuf,
    /// Where the gRPC server listens; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:50051", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Where probes and metrics are.
    #[arg(long, default_value = "127.0.0.1:9464", value_name = "ADDRESS")]
    ops_listen: SocketAddr,
    /// Where the simulated venues call back.
    #[arg(long, default_value = "127.0.0.1:9465", value_name = "ADDRESS")]
    callbacks_listen: SocketAddr,
    /// Where the simulated BitGo listens.
    #[arg(long, default_value = "127.0.0.1:9471", value_name = "ADDRESS")]
    bitgo_listen: SocketAddr,
    /// Where the simulated Bitlipa listens.
    #[arg(long, default_value = "127.0.0.1:9472", value_name = "ADDRESS")]
    bitlipa_listen: SocketAddr,
}

/// Why `dev` did not run.
#[derive(Debug, Error)]
enum DevError {
    /// The folder could not be set up.
    #[error("the folder of the development run cannot be used")]
    Home(#[from] HomeError),
    /// No temporary folder could be made.
    #[error("no temporary folder can be made")]
    Temporary(#[source] std::io::Error),
    /// The simulated venues did not start.
    #[error("the simulated venues did not start")]
    Sandbox(#[from] SandboxError),
    /// A throw-away key could not be opened.
    #[error("a throw-away key cannot be opened")]
    Key(#[from] crate::custody::OpenKeyError),
    /// A throw-away key's name was refused: a defect.
    #[error("a throw-away key's name was refused")]
    KeyName(#[from] crate::domain::ids::TextError),
    /// The written configuration was refused.
    #[error("the written configuration was refused: {0}")]
    Config(#[from] ConfigErrors),
    /// The gateway did not start or stop.
    #[error("the gateway failed")]
    App(#[from] AppError),
    /// No port is free for the venues' calls.
    #[error("no port is free for the venues' calls")]
    Callbacks(#[source] std::io::Error),
    /// The signals that stop it cannot be caught.
    #[error("SIGINT and SIGTERM cannot be caught")]
    Signals(#[source] std::io::Error),
    /// A signal came before the tour's end.
    #[error("the tour was interrupted")]
    Interrupted,
    /// The tour came to something that is not as it should be.
    #[error("the tour failed")]
    Tour(#[from] tour::TourError),
}

pub(super) async fn run(args: DevArgs) -> Exit {
    match develop(args).await {
        Ok(()) => Exit::Success,
        Err(error) => {
            complain(&with_causes(&error));
            Exit::Failure
        }
    }
}

async fn develop(args: DevArgs) -> Result<(), DevError> {
    let mut signals = StopSignals::catch().map_err(DevError::Signals)?;
    let temporary = if args.ephemeral { Some(Temporary::new()?) } else { None };
    let folder = temporary.as_ref().map_or(args.dir.as_path(), |temporary| temporary.0.as_path());
    let home = Home::open(folder)?;
    let sandbox = Sandbox::start(venues::config(&home, args.bitgo_listen, args.bitlipa_listen)?).await?;
    let addresses = Addresses {
        grpc: args.listen,
        ops: args.ops_listen,
        callbacks: settled(args.callbacks_listen).map_err(DevError::Callbacks)?,
        bitgo_url: sandbox.bitgo_url(),
        bitlipa_url: sandbox.bitlipa_url(),
    };
    home.write_callback_key(&sandbox.callback_key()?.public_pem().map_err(SandboxError::from)?)?;
    let (config, keyring) = Config::load_with_keyring(&home.write_config(&addresses)?, &ProcessEnvironment)?;
    let _traces = super::logging::start(&config.telemetry);
    let app = App::start(&config, keyring, &ProcessEnvironment).await?;
    if let Some(callbacks) = app.callbacks_address() {
        sandbox.call_partner_at(recipes::V2_ENTERPRISE, &format!("http://{callbacks}{FINALIZE_PATH}"));
    }
    let outcome = if args.tour {
        tokio::select! {
            toured = tour::run(app.grpc_address(), &sandbox) => toured.map_err(DevError::from),
            () = signals.received() => Err(DevError::Interrupted),
        }
    } else {
        introduce(&app, &addresses, folder);
        signals.received().await;
        say("draining");
        Ok(())
    };
    app.stop().await?;
    sandbox.stop().await;
    outcome
}

/// An address with a port: the venues are told it before the gateway listens there.
fn settled(address: SocketAddr) -> std::io::Result<SocketAddr> {
    if address.port() == 0 { std::net::TcpListener::bind(address)?.local_addr() } else { Ok(address) }
}

fn introduce(app: &App, addresses: &Addresses, folder: &std::path::Path) {
    let grpc = app.grpc_address();
    say("settlement-gateway, for development: simulated venues, throw-away keys");
    say(&format!("  gRPC     {grpc}  (plaintext, no credentials, reflection on)"));
    say(&format!("  ops      http://{}  (/livez /readyz /metrics, and /window to look at)", app.ops_address()));
    if let Some(callbacks) = app.callbacks_address() {
        say(&format!("  called   http://{callbacks}{FINALIZE_PATH}  (by the simulated BitGo)"));
    }
    say(&format!("  BitGo    {}  (simulated)", addresses.bitgo_url));
    say(&format!("  Bitlipa  {}  (simulated)", addresses.bitlipa_url));
    say(&format!("  data     {}", folder.display()));
    say("");
    for line in recipes::lines(grpc) {
        say(&line);
    }
    say("");
    say("Ctrl-C drains and stops.");
}

/// A folder that is removed when this is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Result<Self, DevError> {
        let folder = std::env::temp_dir().join(format!("settlement-gateway-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&folder).map_err(DevError::Temporary)?;
        Ok(Self(folder))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            complain(&format!("{} is left behind: {error}", self.0.display()));
        }
    }
}
