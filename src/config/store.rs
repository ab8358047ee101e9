//! `[store]`: where the journal is.

use std::path::{Path, PathBuf};

use super::section::Section;

/// Where the journal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// An SQLite database in this file, for one process.
    Sqlite(PathBuf),
}

impl StoreLocation {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let folder = section.reader().folder;
        section.required("url", |url| parse(url, folder))
    }
}

/// The URL is never repeated: a database's URL may hold its password.
fn parse(url: &str, folder: &Path) -> Result<StoreLocation, &'static str> {
    match url.split_once("://") {
        Some(("sqlite", path)) if path.contains(['?', '#']) => Err("takes no options: they are fixed for the journal's safety"),
        Some(("sqlite", path)) if !path.is_empty() && !path.starts_with(':') => Ok(StoreLocation::Sqlite(folder.join(path))),
        Some(("sqlite", _)) => Err("must name a file: a journal in memory would forget what was signed"),
        Some(("postgres" | "postgresql", _)) => Err("PostgreSQL is not supported by this version: use sqlite://path"),
        Some(_) | None => Err("must be sqlite://path"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_starts_at_the_configurations_folder() {
        let parsed = |url| parse(url, Path::new("/etc/gateway"));
        assert_eq!(parsed("sqlite://journal.db"), Ok(StoreLocation::Sqlite("/etc/gateway/journal.db".into())));
        assert_eq!(parsed("sqlite:///var/lib/j.db"), Ok(StoreLocation::Sqlite("/var/lib/j.db".into())));
    }

    #[test]
    fn a_journal_in_memory_or_elsewhere_is_refused() {
        for url in ["", "sqlite://", "sqlite://:memory:", "sqlite://j.db?mode=ro", "postgres://u:p@h/d", "mysql://h", "j.db"] {
            assert!(parse(url, Path::new("/")).is_err(), "{url}");
        }
    }
}
