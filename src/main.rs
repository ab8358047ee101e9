//! The `settlement-gateway` binary: arguments, then the command, then the exit code.

use std::process::ExitCode;

use clap::Parser;
use settlement_gateway::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    Cli::parse().run().await.into()
}
