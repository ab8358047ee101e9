//! `descriptor`: the contract as a set of file descriptors, for tools that take one instead of the `.proto` files.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, complain};
use crate::causes::with_causes;
use crate::grpc::FILE_DESCRIPTOR_SET;

/// Arguments of `descriptor`.
#[derive(Debug, Args)]
pub(super) struct DescriptorArgs {
    /// Write it to a file instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &DescriptorArgs) -> Exit {
    let written = match &args.out {
        Some(path) => std::fs::write(path, FILE_DESCRIPTOR_SET),
        None if io::stdout().is_terminal() => {
            complain("the descriptor set is binary: name a file with --out, or redirect standard output");
            return Exit::Misconfigured;
        }
        None => io::stdout().write_all(FILE_DESCRIPTOR_SET).and_then(|()| io::stdout().flush()),
    };
    match written {
        Ok(()) => Exit::Success,
        Err(error) => {
            let place = args.out.as_ref().map_or("standard output".into(), |path| path.display().to_string());
            complain(&format!("{place} cannot be written: {}", with_causes(&error)));
            Exit::Failure
        }
    }
}
