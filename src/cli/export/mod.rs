//! `export`: what was settled on a day, as files for the partner's own books.
//!
//! The files hold what the journal holds and nothing of the moment of their
//! making, so that the same journal gives the same files.

mod csv;
mod files;
mod json;

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::exit::{Exit, complain, say};
use super::private_file::{FileError, PrivateFile};
use super::progress::{Tally, counted};
use crate::app::{AppError, open_journal_to_read};
use crate::causes::with_causes;
use crate::config::{Config, ProcessEnvironment};
use crate::domain::ids::EnterpriseId;
use crate::service::day_report::{Day, Totals, settlements_of_day, with_amounts};
use crate::store::{Archived, Store, StoreError};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// The day in UTC, such as 2026-03-18. A settlement belongs to the day on which it was recorded.
    #[arg(long, value_name = "YYYY-MM-DD")]
    day: Date,
    /// Only this enterprise; without it, every configured one that settles.
    #[arg(long, value_name = "ID")]
    enterprise: Option<EnterpriseId>,
    /// The folder that the files are written to; files of the same names are replaced.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
    /// The configuration file.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
    config: PathBuf,
}

/// Why a day was not written.
#[derive(Debug, Error)]
enum ExportError {
    #[error("the journal cannot be opened")]
    Open(#[from] AppError),
    #[error("the journal did not answer")]
    Journal(#[source] StoreError),
    #[error("what was settled on that day has left the journal: {0}")]
    Archived(Archived),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("the day is beyond the calendar")]
    Calendar(#[from] jiff::Error),
    #[error("{0} is no configured enterprise that settles")]
    UnknownEnterprise(EnterpriseId),
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Archived(place) => Self::Archived(place),
            other => Self::Journal(other),
        }
    }
}

pub(super) async fn run(args: &ExportArgs) -> Exit {
    let config = match Config::load(&args.config, &ProcessEnvironment) {
        Ok(config) => config,
        Err(mistakes) => {
            complain(&mistakes.to_string());
            return Exit::Misconfigured;
        }
    };
    match export(args, &config).await {
        Ok(lines) => {
            lines.iter().for_each(|line| say(line));
            Exit::Success
        }
        Err(error) => {
            complain(&with_causes(&error));
            Exit::Failure
        }
    }
}

async fn export(args: &ExportArgs, config: &Config) -> Result<Vec<String>, ExportError> {
    let enterprises = chosen(args, config)?;
    let store = open_journal_to_read(&config.store, &ProcessEnvironment).await?;
    let mut lines = Vec::new();
    let tally = Tally::default();
    for enterprise_id in enterprises {
        let exporting = export_enterprise(args, store.as_ref(), enterprise_id, &tally);
        lines.extend(counted("exporting", "settlements", &tally, exporting).await?);
    }
    store.close().await?;
    Ok(lines)
}

fn chosen(args: &ExportArgs, config: &Config) -> Result<Vec<EnterpriseId>, ExportError> {
    let settling = config.enterprises.iter().filter(|enterprise| enterprise.settling.is_some());
    let mut ids: Vec<EnterpriseId> = settling.map(|enterprise| enterprise.id.clone()).collect();
    if let Some(wanted) = &args.enterprise {
        ids.retain(|id| id == wanted);
        if ids.is_empty() {
            return Err(ExportError::UnknownEnterprise(wanted.clone()));
        }
    }
    Ok(ids)
}

/// Writes three files, each whole or not at all, and says which.
async fn export_enterprise(
    args: &ExportArgs,
    store: &dyn Store,
    enterprise_id: EnterpriseId,
    tally: &Tally,
) -> Result<Vec<String>, ExportError> {
    let start = |date: Date| date.to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp());
    let day = Day { from: start(args.day)?, before: start(args.day.tomorrow()?)?, enterprise_id };
    let name = format!("{}-{}", files::plain(day.enterprise_id.as_str()), args.day);
    let mut lines = file(&args.out, &format!("settlements-{name}.csv"))?;
    let mut whole = file(&args.out, &format!("settlements-{name}.json"))?;
    let mut sums = file(&args.out, &format!("totals-{name}.csv"))?;
    let mut totals = Totals::default();
    lines.write(csv::HEADER)?;
    whole.write(&json::opening(&day, args.day))?;
    for settlement in settlements_of_day(store, &day).await? {
        let one = with_amounts(store, settlement).await?;
        lines.write(&csv::lines(&one))?;
        whole.write(&json::settlement(&one, totals.settlements() == 0))?;
        totals.add(&one);
        tally.count();
    }
    whole.write(&json::closing(&totals))?;
    sums.write(&csv::totals(&day, args.day, &totals))?;
    let said = format!("{} settlements of {}", totals.settlements(), day.enterprise_id);
    let paths = [lines.keep()?, whole.keep()?, sums.keep()?].map(|path| path.display().to_string());
    Ok(std::iter::once(said).chain(paths).collect())
}

fn file(folder: &Path, name: &str) -> Result<PrivateFile, ExportError> {
    Ok(PrivateFile::new(&folder.join(name))?)
}
