//! `config check`: read the configuration as `serve` would, and say what is wrong with it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit::{Exit, complain, say};
use crate::config::{Config, ProcessEnvironment};

/// Arguments of `config`.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Read the file, every file that it names and every key; exits with 2 and all mistakes when there are any.
    Check {
        /// The configuration file.
        #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
        config: PathBuf,
    },
}

pub(super) fn run(args: &ConfigArgs) -> Exit {
    let ConfigCommand::Check { config: path } = &args.command;
    match Config::load_with_keyring(path, &ProcessEnvironment) {
        Ok((config, keyring)) => {
            let (enterprises, callers) = (config.enterprises.len(), config.callers.len());
            say(&format!("{}: good: {enterprises} enterprises, {} keys, {callers} callers", path.display(), keyring.len()));
            Exit::Success
        }
        Err(mistakes) => {
            complain(&mistakes.to_string());
            Exit::Misconfigured
        }
    }
}
