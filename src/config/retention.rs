//! `[retention]`: when finished work leaves the journal, and where it goes.

use std::path::PathBuf;
use std::time::Duration;

use super::enterprises::Enterprise;
use super::section::{Bounds, Section};

/// A week covers the rolling day of limits, the patrol's looks back, and every reader of events that is still in use.
const ARCHIVE_AFTER_DAYS: Bounds = Bounds { default: 90, min: 7, max: 36_500 };
const SECONDS_PER_DAY: u64 = 86_400;

/// Finished work that leaves the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The folder of the archive's files.
    pub archive_folder: PathBuf,
    /// How long after its end finished work stays in the journal.
    pub archive_after: Duration,
}

impl Retention {
    /// The section; what is finished must outlast the longest time in which it is held against what comes later.
    pub(super) fn read(section: &mut Section<'_>, enterprises: &[Enterprise]) -> Option<Self> {
        let days = section.number("archive_after_days", ARCHIVE_AFTER_DAYS);
        let archive_after = Duration::from_secs(u64::from(days) * SECONDS_PER_DAY);
        let settling = enterprises.iter().filter_map(|enterprise| enterprise.settling.as_ref());
        let longest = settling.filter_map(|settling| settling.once.duplicate_window).max().unwrap_or_default();
        if archive_after < longest {
            section.mistake("archive_after_days", "must not be less than an enterprise's duplicate_window_ms");
        }
        Some(Self { archive_folder: section.required_path("archive_folder")?, archive_after })
    }
}
