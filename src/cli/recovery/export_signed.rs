//! `export-signed`: writes signed bodies to files, to be posted by hand while the gateway cannot send them.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{CommandError, Common, Opened, over, told};
use crate::cli::exit::{Exit, say};
use crate::config::Config;
use crate::domain::ids::{EnterpriseId, ExternalId};
use crate::service::recovery::{SignedBody, SignedFilter};
use crate::upstream::bitgo::settlements_path;

/// Arguments of `export-signed`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportSignedArgs {
    /// Only of this enterprise.
    #[arg(long, value_name = "ID")]
    enterprise: Option<EnterpriseId>,
    /// Only this settlement.
    #[arg(long, value_name = "ID")]
    external_id: Option<ExternalId>,
    /// The folder that the bodies are written to, a file each; it is made where it is missing.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// One body in its file, and where it goes.
pub(super) struct Handed {
    pub(super) signed: SignedBody,
    pub(super) file: PathBuf,
    pub(super) url: String,
}

pub(in crate::cli) async fn run(args: &ExportSignedArgs) -> Exit {
    over(&args.common.config, |opened| export(args, opened)).await
}

async fn export(args: &ExportSignedArgs, Opened { config, recovery }: Opened) -> Result<Exit, CommandError> {
    make_folder(&args.out).map_err(|source| CommandError::File { path: args.out.clone(), source })?;
    let filter = SignedFilter { enterprise_id: args.enterprise.clone(), external_id: args.external_id.clone() };
    let mut handed = Vec::new();
    for signed in recovery.export_signed(&filter).await? {
        let file = args.out.join(format!("{}.body.json", signed.settlement.id));
        write_private(&file, &signed.body).map_err(|source| CommandError::File { path: file.clone(), source })?;
        handed.push(Handed { url: url(&config, &signed), file, signed });
    }
    say(&told::handed(&handed, args.common.json));
    recovery.close().await.map_err(CommandError::Close)?;
    Ok(Exit::Success)
}

/// Where a body is posted to.
fn url(config: &Config, signed: &SignedBody) -> String {
    let id = &signed.settlement.header.enterprise_id;
    let base = config.enterprises.iter().find(|enterprise| enterprise.id == *id).map_or("", |found| found.base_url.as_str());
    format!("{}{}", base.trim_end_matches('/'), settlements_path(id, signed.route))
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a file for its owner alone, durably.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
