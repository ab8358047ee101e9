//! `audit verify`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use tokio::task::spawn_blocking;

use super::super::exit::{Exit, say};
use super::super::private_file::FileError;
use super::super::progress::{Tally, counted};
use super::{AuditError, Where, parse_head};
use crate::domain::audit::{AuditHead, ChainLink, ChainedRecord, Verified, Verifier};
use crate::service::check_audit_telling;

/// The longest line of a file that is read: far more than any record has.
const MAX_LINE_BYTES: u64 = 4 * 1024 * 1024;

/// Arguments of `audit verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The configuration file.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE", required_unless_present = "file")]
    config: Option<PathBuf>,
    /// Verify a file that `audit export` wrote, and no journal.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Where the file's records begin, if it was exported from a position on: the head before them.
    #[arg(long, value_name = "POSITION:HASH", value_parser = parse_head, requires = "file")]
    after: Option<AuditHead>,
    /// A head that was kept elsewhere, from the log or from `audit head`; may be given more than once.
    #[arg(long, value_name = "POSITION:HASH", value_parser = parse_head)]
    head: Vec<AuditHead>,
}

pub(super) async fn run(args: &VerifyArgs) -> Result<Exit, AuditError> {
    match (&args.file, &args.config) {
        (Some(file), _) => {
            let start = args.after.unwrap_or(AuditHead::EMPTY);
            let (file, kept, tally) = (file.clone(), args.head.clone(), Tally::default());
            let counting = tally.clone();
            let verifying = spawn_blocking(move || of_file(&file, start, kept, &counting));
            Ok(told(&counted("verifying the chain", "records", &tally, verifying).await??))
        }
        (None, Some(config)) => of_journal(config, args.head.clone()).await,
        (None, None) => Ok(Exit::Misconfigured),
    }
}

async fn of_journal(config: &Path, kept: Vec<AuditHead>) -> Result<Exit, AuditError> {
    let store = Where { config: config.to_owned() }.open().await?;
    let tally = Tally::default();
    let tell = || tally.count();
    let checking = check_audit_telling(store.as_ref(), kept, &tell);
    let report = counted("verifying the chain and the journal", "records and lines", &tally, checking).await?;
    store.close().await?;
    let exit = told(&report.chain);
    say(&format!("{} records wait to be chained", report.waiting));
    say(&format!("{} lines of the journal were held against their records", report.lines));
    report.journal_faults.iter().for_each(|fault| say(&format!("FAULT {fault}")));
    untold(report.journal_fault_count, report.journal_faults.len());
    Ok(if report.is_whole() { exit } else { Exit::Failure })
}

/// Tells what a verification came to.
fn told(verified: &Verified) -> Exit {
    say(&format!("{} records, the chain ends at {}", verified.records, verified.head.to_text()));
    verified.faults.iter().for_each(|fault| say(&format!("FAULT {fault}")));
    untold(verified.fault_count, verified.faults.len());
    if verified.fault_count == 0 { Exit::Success } else { Exit::Failure }
}

fn untold(count: u64, told: usize) {
    let more = count.saturating_sub(told as u64);
    if more > 0 {
        say(&format!("FAULT and {more} more"));
    }
}

/// Reads a file line by line. A line that is no record is a fault of its own.
fn of_file(path: &Path, start: AuditHead, kept: Vec<AuditHead>, tally: &Tally) -> Result<Verified, FileError> {
    let file = |source| FileError { path: path.to_owned(), source };
    let mut reader = BufReader::new(File::open(path).map_err(file)?);
    let mut verifier = Verifier::new(start, kept);
    loop {
        let mut line = Vec::new();
        if (&mut reader).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).map_err(file)? == 0 {
            return Ok(verifier.finish());
        }
        let record = std::str::from_utf8(&line).ok().and_then(ChainedRecord::from_line);
        let position = verifier.position() + 1;
        tally.count();
        verifier.take(&record.map_or(ChainLink::Unreadable { position }, ChainLink::Record));
    }
}
