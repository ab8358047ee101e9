//! `audit export`.

use std::path::PathBuf;

use clap::Args;

use super::super::exit::{Exit, say};
use super::super::private_file::PrivateFile;
use super::{AuditError, Where};
use crate::domain::audit::{AuditHead, ChainLink};

/// Records that are read at once.
const PAGE: u32 = 500;

/// Arguments of `audit export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    place: Where,
    /// The file that is written; one that is there is replaced.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only records after this position.
    #[arg(long, value_name = "POSITION", default_value_t = 0)]
    after: u64,
}

/// Writes the file whole or not at all, and says where it ends.
pub(super) async fn run(args: &ExportArgs) -> Result<Exit, AuditError> {
    let store = args.place.open().await?;
    let mut file = PrivateFile::new(&args.out)?;
    let (mut after, mut count, mut head) = (args.after, 0_u64, AuditHead::EMPTY);
    loop {
        let page = store.audit_chain(after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        for link in page {
            match link {
                ChainLink::Record(chained) => {
                    file.write(&chained.to_line())?;
                    head = AuditHead { position: chained.position, hash: chained.hash };
                    after = chained.position;
                    count += 1;
                }
                ChainLink::Unreadable { position } => return Err(AuditError::Unreadable(position)),
            }
        }
    }
    store.close().await?;
    say(&format!("{count} records, the last is {}", head.to_text()));
    say(&file.keep()?.display().to_string());
    Ok(Exit::Success)
}
