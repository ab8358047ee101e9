//! `[store]`: where the journal is.

use std::path::{Path, PathBuf};

use super::secrets::{self, Placed, SecretError, SecretKeys, SecretSource};
use super::section::{Bounds, Section};
use super::sources::Environment;
use crate::causes::with_causes;
use crate::secret::Secret;

const URL: SecretKeys = SecretKeys { file: "url_file", variable: "url_env" };
const MAX_CONNECTIONS: Bounds = Bounds { default: 16, min: 2, max: 1_000 };
/// What is said of a secret that leads to no URL, and nothing more of it.
const NOT_POSTGRES: &str = "must lead to postgres://user:password@host/database";

/// What is said of a URL that would show its password to whoever reads the configuration.
const HOLDS_PASSWORD: &str =
    "holds a password: put the whole URL into a file or a variable, and name that with url_file or url_env";

/// Where the journal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// An SQLite database in this file, for one process.
    Sqlite(PathBuf),
    /// A PostgreSQL database, for many replicas.
    Postgres {
        /// Where its URL stands.
        url: PostgresUrl,
        /// The most connections of this replica.
        max_connections: u32,
    },
}

/// Where PostgreSQL's URL stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostgresUrl {
    /// In the configuration: it holds no password.
    Plain(String),
    /// Apart, since it may hold one.
    Apart(SecretSource),
}

impl PostgresUrl {
    /// Reads the URL as it is now.
    ///
    /// # Errors
    /// [`SecretError`] when there is none, or when others could read it.
    pub fn read(&self, environment: &dyn Environment) -> Result<Secret, SecretError> {
        match self {
            Self::Plain(url) => Ok(Secret::from_text(url.clone())),
            Self::Apart(source) => source.read(environment),
        }
    }
}

impl StoreLocation {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let counts = section.has("max_connections");
        let max_connections = section.number("max_connections", MAX_CONNECTIONS);
        let location = match secrets::optional(section, URL) {
            Some(placed) => apart(section, placed, max_connections),
            None => {
                let folder = section.reader().folder;
                section.required("url", |url| parse(url, folder, max_connections))
            }
        };
        if counts && matches!(location, Some(Self::Sqlite(_))) {
            section.mistake("max_connections", "is for PostgreSQL alone: SQLite has one writer");
        }
        location
    }
}

/// A URL that stands apart.
fn apart(section: &mut Section<'_>, placed: Placed, max_connections: u32) -> Option<StoreLocation> {
    if section.has("url") {
        section.mistake("url", format_args!("stands beside {}: keep one of the two", placed.key));
        section.skip("url");
    }
    Some(StoreLocation::Postgres { url: url_apart(section, placed)?, max_connections })
}

/// A URL that stands apart: it must exist now, and be PostgreSQL's.
fn url_apart(section: &mut Section<'_>, placed: Placed) -> Option<PostgresUrl> {
    match placed.source.read(section.reader().environment) {
        Err(error) => section.mistake(placed.key, with_causes(&error)),
        Ok(url) if url.expose_text().is_none_or(|url| !is_postgres(url)) => section.mistake(placed.key, NOT_POSTGRES),
        Ok(_) => return Some(PostgresUrl::Apart(placed.source)),
    }
    None
}

/// Where another section names PostgreSQL, in one of the three ways.
pub(super) fn postgres_url(section: &mut Section<'_>) -> Option<PostgresUrl> {
    let plain = section.optional("url", |url| match url.split_once("://") {
        Some(("postgres" | "postgresql", rest)) if holds_password(rest) => Err(HOLDS_PASSWORD),
        Some(("postgres" | "postgresql", _)) => Ok(PostgresUrl::Plain(url.to_owned())),
        Some(_) | None => Err("must be postgres://user@host/database"),
    });
    let placed = secrets::optional(section, URL);
    plain.or(placed.and_then(|placed| url_apart(section, placed)))
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

/// The URL is never repeated: a database's URL may hold its password.
fn parse(url: &str, folder: &Path, max_connections: u32) -> Result<StoreLocation, &'static str> {
    match url.split_once("://") {
        Some(("sqlite", path)) if path.contains(['?', '#']) => Err("takes no options: they are fixed for the journal's safety"),
        Some(("sqlite", path)) if !path.is_empty() && !path.starts_with(':') => Ok(StoreLocation::Sqlite(folder.join(path))),
        Some(("sqlite", _)) => Err("must name a file: a journal in memory would forget what was signed"),
        Some(("postgres" | "postgresql", rest)) if holds_password(rest) => Err(HOLDS_PASSWORD),
        Some(("postgres" | "postgresql", _)) => {
            Ok(StoreLocation::Postgres { url: PostgresUrl::Plain(url.to_owned()), max_connections })
        }
        Some(_) | None => Err("must be sqlite://path or postgres://user@host/database"),
    }
}

/// Whether there may be a password before the host or among the options.
fn holds_password(after_scheme: &str) -> bool {
    let (before_options, options) = after_scheme.split_once('?').unwrap_or((after_scheme, ""));
    let user = before_options.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':') || options.to_ascii_lowercase().contains("password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_starts_at_the_configurations_folder() {
        let parsed = |url| parse(url, Path::new("/etc/gateway"), 16);
        assert_eq!(parsed("sqlite://journal.db"), Ok(StoreLocation::Sqlite("/etc/gateway/journal.db".into())));
        assert_eq!(parsed("sqlite:///var/lib/j.db"), Ok(StoreLocation::Sqlite("/var/lib/j.db".into())));
    }

    #[test]
    fn a_journal_in_memory_or_elsewhere_is_refused() {
        for url in ["", "sqlite://", "sqlite://:memory:", "sqlite://j.db?mode=ro", "mysql://h", "j.db"] {
            assert!(parse(url, Path::new("/"), 16).is_err(), "{url}");
        }
    }

    #[test]
    fn a_url_of_postgres_stands_in_the_configuration_only_without_a_password() {
        for url in ["postgres://u@h:5432/d?sslrootcert=/ca.pem", "postgresql:///d?host=/run/postgresql"] {
            let plain = StoreLocation::Postgres { url: PostgresUrl::Plain(url.to_owned()), max_connections: 3 };
            assert_eq!(parse(url, Path::new("/"), 3), Ok(plain));
        }
        for url in ["postgres://u:p@h/d", "postgres://u:p/w@h/d", "postgres://u:@h/d", "postgres://h/d?user=u&PassWord=p"] {
            assert!(parse(url, Path::new("/"), 3).is_err(), "{url}");
        }
    }
}
