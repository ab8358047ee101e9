//! The tour: every RPC once, through a real gRPC client, with the seeds' own examples.

mod events;
mod print;
mod quotes;
mod reads;
mod settlements;
mod signing;
mod trades;
mod windows;

use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use super::super::exit::say;
use crate::sandbox::{Sandbox, SandboxError};

/// The longest that one call of the tour may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(20);

/// What the tour came to that is not as it should be.
#[derive(Debug, Error)]
pub(in crate::cli) enum TourError {
    /// The gateway could not be reached.
    #[error("the gateway cannot be reached")]
    Connect(#[from] tonic::transport::Error),
    /// A call failed.
    #[error("a call failed with {}: {}", .0.code(), .0.message())]
    Call(Box<Status>),
    /// The simulated venue could not be told what to do.
    #[error("the simulated venue could not be told what to do")]
    Sandbox(#[from] SandboxError),
    /// An answer is not what it should be.
    #[error("{0}")]
    Unexpected(String),
}

impl From<Status> for TourError {
    fn from(status: Status) -> Self {
        Self::Call(Box::new(status))
    }
}

/// Drives every RPC once.
pub(super) async fn run(grpc: SocketAddr, sandbox: &Sandbox) -> Result<(), TourError> {
    let endpoint = Endpoint::from_shared(format!("http://{grpc}"))?.timeout(CALL_TIMEOUT);
    let channel: Channel = endpoint.connect().await?;
    let run = format!("tour-{}", jiff::Timestamp::now().as_millisecond());
    signing::tour(channel.clone()).await?;
    settlements::tour(channel.clone(), &run, sandbox).await?;
    windows::tour(channel.clone(), &run, sandbox).await?;
    events::tour(channel.clone(), &run).await?;
    reads::tour(channel.clone(), &run).await?;
    quotes::tour(channel.clone(), &run).await?;
    trades::tour(channel).await?;
    say("\nThe tour is complete: every RPC answered as it should.");
    Ok(())
}

/// Fails the tour unless something holds.
fn hold(holds: bool, what: &str) -> Result<(), TourError> {
    if holds { Ok(()) } else { Err(TourError::Unexpected(what.to_owned())) }
}

/// Takes what an answer must have.
fn must<T>(part: Option<T>, what: &str) -> Result<T, TourError> {
    part.ok_or_else(|| TourError::Unexpected(what.to_owned()))
}
