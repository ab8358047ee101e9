//! `adopt`: takes in what the venue has before an enterprise's first settlement by this gateway.

use clap::Args;
use jiff::Timestamp;

use super::{CommandError, Common, Opened, over, told};
use crate::cli::exit::{Exit, say};
use crate::cli::progress::watched;

/// Arguments of `adopt`.
#[derive(Debug, Args)]
pub(in crate::cli) struct AdoptArgs {
    /// Only settlements that the venue created from this instant on; without it, all that there are.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    #[command(flatten)]
    common: Common,
}

pub(in crate::cli) async fn run(args: &AdoptArgs) -> Exit {
    over(&args.common.config, |opened| adopt(args, opened)).await
}

async fn adopt(args: &AdoptArgs, Opened { recovery, .. }: Opened) -> Result<Exit, CommandError> {
    let listed = watched("reading what the venues have", recovery.adopt(args.since)).await?;
    say(&told::adopted(&listed, args.common.json));
    recovery.close().await.map_err(CommandError::Close)?;
    Ok(Exit::Success)
}
