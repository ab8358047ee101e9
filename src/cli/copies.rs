//! `backup` and `restore`: a copy of the journal, and the way back.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, complain, say};
use super::progress::watched;
use crate::app::{AppError, Copies, backup_journal, restore_journal};
use crate::causes::with_causes;
use crate::config::{Config, ProcessEnvironment};
use crate::store::postgres::ServerBackups;
use crate::store::sqlite::Copied;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// The file that is written; it must not exist yet.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// The configuration file, which names the journal.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
    config: PathBuf,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// The file that `backup` wrote.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The configuration file, which names the journal; that must not exist yet.
    #[arg(long, env = "SETTLEMENT_GATEWAY_CONFIG", value_name = "FILE")]
    config: PathBuf,
}

/// How PostgreSQL is copied, and how the copy comes back.
const BY_THE_SERVER: &str = "PostgreSQL makes its own backups; nothing was done here.\n  \
    a copy:       pg_dump --format=custom --no-owner --file=FILE URL\n  \
    back:         pg_restore --exit-on-error --single-transaction --no-owner --dbname=URL FILE, into an empty database\n  \
    any instant:  pg_basebackup and a continuous archive of the log (archive_command), restored to a time";

pub(super) async fn backup(args: &BackupArgs) -> Exit {
    let Some(config) = load(&args.config) else { return Exit::Misconfigured };
    let copying = backup_journal(&config.store, &ProcessEnvironment, &args.to);
    ended(watched("copying the journal", copying).await, |copied| {
        vec![format!("{}: {}", args.to.display(), contents(copied)), "whole, on the disk, and checked".to_owned()]
    })
}

pub(super) async fn restore(args: &RestoreArgs) -> Exit {
    let Some(config) = load(&args.config) else { return Exit::Misconfigured };
    let copying = restore_journal(&config.store, &ProcessEnvironment, &args.from);
    ended(watched("copying and checking the backup", copying).await, |copied| {
        vec![
            format!("{}: {}", args.from.display(), contents(copied)),
            "restored and checked; the next start brings its schema up to date".to_owned(),
            "what was signed or sent since is not in it: the anchor decides whether this journal may be used".to_owned(),
        ]
    })
}

fn load(path: &Path) -> Option<Config> {
    Config::load(path, &ProcessEnvironment).map_err(|mistakes| complain(&mistakes.to_string())).ok()
}

fn ended(copies: Result<Copies, AppError>, lines: impl FnOnce(&Copied) -> Vec<String>) -> Exit {
    match copies {
        Ok(Copies::Made(copied)) => {
            lines(&copied).iter().for_each(|line| say(line));
            Exit::Success
        }
        Ok(Copies::TheServers(server)) => {
            complain(BY_THE_SERVER);
            complain(&kept_by(&server));
            Exit::Failure
        }
        Err(error) => {
            complain(&with_causes(&error));
            Exit::Failure
        }
    }
}

fn contents(copied: &Copied) -> String {
    let Copied { schema, settlements, signatures, bytes } = copied;
    format!("schema {}, {settlements} settlements, {signatures} signatures, {bytes} bytes", schema.found)
}

/// What the server's settings mean for a restore.
fn kept_by(server: &ServerBackups) -> String {
    let said = |setting: &Option<String>| setting.clone().unwrap_or_else(|| "not known".to_owned());
    let verdict = match (server.wal_level.as_deref(), server.archive_mode.as_deref()) {
        (Some("minimal"), _) => "no continuous archive is possible: a restore ends at the last dump",
        (_, Some("on" | "always")) => "its log is archived: see that archive_command succeeds",
        (_, Some(_)) => "its log is not archived: a restore ends at the last dump",
        (_, None) => "ask its manual how it is restored",
    };
    let (wal_level, archive_mode, checksums) =
        (said(&server.wal_level), said(&server.archive_mode), said(&server.data_checksums));
    format!("this server: wal_level {wal_level}, archive_mode {archive_mode}, data_checksums {checksums}: {verdict}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(wal_level: &str, archive_mode: &str) -> String {
        let setting = |text: &str| Some(text.to_owned());
        kept_by(&ServerBackups { wal_level: setting(wal_level), archive_mode: setting(archive_mode), data_checksums: None })
    }

    #[test]
    fn a_server_that_archives_nothing_is_said_to_restore_to_its_last_dump_alone() {
        assert!(told("minimal", "off").contains("no continuous archive"), "{}", told("minimal", "off"));
        assert!(told("replica", "off").contains("ends at the last dump"));
        assert!(told("replica", "on").contains("archive_command"));
        assert!(told("replica", "on").contains("data_checksums not known"));
    }
}
