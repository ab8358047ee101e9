//! `repair`: reads the venues for what the journal has lost, and lets it be used again.

use std::time::Duration;

use clap::Args;
use jiff::Timestamp;

use super::{CommandError, Common, Opened, over, told};
use crate::cli::exit::{Exit, say};
use crate::cli::progress::watched;
use crate::service::recovery::RepairOptions;

/// Arguments of `repair`.
#[derive(Debug, Args)]
pub(in crate::cli) struct RepairArgs {
    /// Change something. Without it, only what is wrong is told.
    #[arg(long)]
    i_have_read_the_recovery_runbook: bool,
    /// Ask the venues from this instant on, and repair although nothing seems wrong: for a journal that was restored together
    /// with its anchor. Without it, from the journal's last instant less the margin.
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// By how much more than its last instant a journal may lack something.
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    margin_minutes: u32,
    /// Let this journal take the place of another one that the anchor knows. Everything that the venues have is read then.
    #[arg(long)]
    take_another_journals_place: bool,
    #[command(flatten)]
    common: Common,
}

pub(in crate::cli) async fn run(args: &RepairArgs) -> Exit {
    over(&args.common.config, |opened| repair(args, opened)).await
}

async fn repair(args: &RepairArgs, Opened { recovery, .. }: Opened) -> Result<Exit, CommandError> {
    let (text, exit) = if args.i_have_read_the_recovery_runbook {
        let options = RepairOptions {
            since: args.since,
            margin: Duration::from_secs(u64::from(args.margin_minutes) * 60),
            takes_another_journals_place: args.take_another_journals_place,
        };
        let report = watched("repairing: reading what the venues have", recovery.repair(options)).await?;
        (told::repair(report.as_ref(), args.common.json), Exit::Success)
    } else {
        let diagnosis = recovery.diagnose().await?;
        let exit = if diagnosis.verdict.is_ok() { Exit::Success } else { Exit::Failure };
        (told::diagnosis(&diagnosis, args.common.json), exit)
    };
    say(&text);
    recovery.close().await.map_err(CommandError::Close)?;
    Ok(exit)
}
