//! `keys show`: the public side of the configured keys.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::exit::{Exit, complain, say};
use crate::config::{Config, ProcessEnvironment};
use crate::custody::Key;

/// Arguments of `keys`.
#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Open each key and show its id, public key, source and purposes.
    Show {
        /// The configuration file.
        #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
        config: PathBuf,
    },
}

pub(super) fn run(args: &KeysArgs) -> Exit {
    let KeysCommand::Show { config } = &args.command;
    match Config::load_with_keyring(config, &ProcessEnvironment) {
        Ok((_, keyring)) => {
            for key in keyring.iter() {
                say(&line(key));
            }
            Exit::Success
        }
        Err(mistakes) => {
            complain(&mistakes.to_string());
            Exit::Misconfigured
        }
    }
}

fn line(key: &Key) -> String {
    let purposes: Vec<_> = key.purposes().iter().map(|purpose| purpose.as_str()).collect();
    let enabled = if key.is_enabled() { "enabled" } else { "disabled" };
    format!("{}  {}  {}  {enabled}  {}", key.id(), key.public_key().to_hex(), key.source(), purposes.join(","))
}
