//! `[anchor]`: where it is kept, outside the journal, how far that had come.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::section::{Bounds, Section};
use super::store::{self, PostgresUrl, StoreLocation};

const HEARTBEAT_MS: Bounds = Bounds { default: 5_000, min: 50, max: 60_000 };
const DEFAULT_NAME: &str = "settlement-gateway";
const MAX_NAME_BYTES: usize = 128;
/// The ways to say where the anchor is.
const PLACES: [&str; 4] = ["file", "url", "url_file", "url_env"];

/// Where the anchor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnchorLocation {
    /// In this file.
    File(PathBuf),
    /// In a PostgreSQL database that is not the journal's.
    Postgres {
        /// Where its URL stands.
        url: PostgresUrl,
        /// What tells the anchors of several gateways apart.
        name: String,
    },
}

/// The anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Where it is.
    pub location: AnchorLocation,
    /// How often the journal is held against it unasked.
    pub heartbeat: Duration,
}

impl Anchor {
    /// Reads the section. Beside an SQLite file there is a default, PostgreSQL needs somewhere else.
    pub(super) fn read(section: &mut Section<'_>, store: Option<&StoreLocation>) -> Option<Self> {
        let heartbeat = section.duration_ms("heartbeat_ms", HEARTBEAT_MS);
        let names = section.has("name");
        let name = section.optional("name", parse_name).unwrap_or_else(|| DEFAULT_NAME.to_owned());
        let places: Vec<_> = PLACES.into_iter().filter(|key| section.has(key)).collect();
        if let [first, second, ..] = places[..] {
            section.mistake(second, format_args!("stands beside {first}: keep one of them"));
        }
        let file = section.optional_path("file");
        let url = store::postgres_url(section);
        if names && url.is_none() {
            section.mistake("name", "is for an anchor in PostgreSQL alone");
        }
        let location = match (file, url, store) {
            (Some(file), _, _) => AnchorLocation::File(file),
            (None, Some(url), _) => AnchorLocation::Postgres { url, name },
            (None, None, Some(StoreLocation::Sqlite(database))) if places.is_empty() => AnchorLocation::File(beside(database)),
            (None, None, Some(StoreLocation::Postgres { .. })) if places.is_empty() => {
                section.mistake_here(
                    "is required beside a journal in PostgreSQL: name a file, or a database that is not the journal's",
                );
                return None;
            }
            (None, None, _) => return None,
        };
        if is_the_journal(&location, store?) {
            section.mistake_here("is the journal itself: an older copy of it would bring the anchor along");
        }
        Some(Self { location, heartbeat })
    }
}

/// A folder of its own beside the database, so that a copy of the database alone does not bring it along.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.file_name().unwrap_or_default().to_owned();
    name.push(".anchor");
    database.parent().unwrap_or(Path::new("")).join("anchor").join(name)
}

fn is_the_journal(anchor: &AnchorLocation, store: &StoreLocation) -> bool {
    match (anchor, store) {
        (AnchorLocation::File(file), StoreLocation::Sqlite(database)) => file == database,
        (AnchorLocation::Postgres { url, .. }, StoreLocation::Postgres { url: journal, .. }) => url == journal,
        (AnchorLocation::File(_), StoreLocation::Postgres { .. })
        | (AnchorLocation::Postgres { .. }, StoreLocation::Sqlite(_)) => false,
    }
}

fn parse_name(text: &str) -> Result<String, String> {
    if (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be 1 to {MAX_NAME_BYTES} printable ASCII characters without spaces"))
    }
}
