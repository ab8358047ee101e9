//! Reading one table of the file, key by key.
//!
//! Every method reads one key: it gives the value, or notes the mistake and
//! gives nothing (or the default), so that the rest of the file is still read.
//! What no method asked for is an unknown key.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::{Table, Value};

use super::mistakes::Mistakes;
use super::sources::Environment;

/// Keys longer than any of ours are not repeated: a secret may have slipped to the left of the `=`.
const MAX_SHOWN_KEY_BYTES: usize = 48;
/// A text of this length without a dot or a slash is taken for a secret and not for a path: tokens and keys are longer.
const SECRET_LIKE_BYTES: usize = 40;
/// The most entries of a list or of sections of one kind.
const MAX_ENTRIES: usize = 10_000;
/// Keys that people write when they put a secret into the file.
const INLINE_SECRETS: [&str; 8] =
    ["token", "passphrase", "password", "api_key", "api_secret", "xprv", "encrypted_prv", "private_key"];

/// What the sections of one file share.
pub(super) struct Reader<'a> {
    /// The folder of the file: relative paths in it start there.
    pub(super) folder: &'a Path,
    /// Where secrets may stand.
    pub(super) environment: &'a dyn Environment,
    /// What was wrong so far.
    pub(super) mistakes: &'a Mistakes,
}

/// A number's default, least and most.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    /// The value where the key is absent.
    pub(super) default: u32,
    /// The least, itself allowed.
    pub(super) min: u32,
    /// The most, itself allowed.
    pub(super) max: u32,
}

/// One table of the file.
pub(super) struct Section<'a> {
    path: String,
    table: Table,
    known: Vec<&'static str>,
    reader: &'a Reader<'a>,
}

impl<'a> Section<'a> {
    /// Reads a table with `read`, and notes the keys that it did not ask for.
    pub(super) fn read<T>(reader: &'a Reader<'a>, path: String, table: Table, read: impl FnOnce(&mut Section<'a>) -> T) -> T {
        let mut section = Section { path, table, known: Vec::new(), reader };
        let value = read(&mut section);
        section.note_unknown_keys();
        value
    }

    /// What all sections share.
    pub(super) fn reader(&self) -> &'a Reader<'a> {
        self.reader
    }

    /// A key's full path.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// This section's own path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Notes a mistake in a key.
    pub(super) fn mistake(&self, key: &str, problem: impl fmt::Display) {
        self.reader.mistakes.add(self.path_of(key), problem);
    }

    /// Notes a mistake in the section as a whole.
    pub(super) fn mistake_here(&self, problem: impl fmt::Display) {
        self.reader.mistakes.add(self.path.clone(), problem);
    }

    /// Whether a key is there and was not read yet.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Passes over a key that is known here and has no use in this file.
    pub(super) fn skip(&mut self, key: &'static str) {
        let _ = self.take(key);
    }

    /// A text that may be absent.
    pub(super) fn optional<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.take(key)?;
        self.parsed(key, &value, parse)
    }

    /// A text that must be there.
    pub(super) fn required<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if !self.has(key) {
            self.mistake(key, "is required");
        }
        self.optional(key, parse)
    }

    /// A path that may be absent; a relative one starts at the file's folder.
    pub(super) fn optional_path(&mut self, key: &'static str) -> Option<PathBuf> {
        let folder = self.reader.folder;
        self.optional(key, |text| {
            if text.is_empty() {
                Err("must not be empty")
            } else if text.len() >= SECRET_LIKE_BYTES && !text.contains(['/', '.']) {
                Err("looks like the secret itself: it must be the path of a file")
            } else {
                Ok(folder.join(text))
            }
        })
    }

    /// A path that must be there.
    pub(super) fn required_path(&mut self, key: &'static str) -> Option<PathBuf> {
        if !self.has(key) {
            self.mistake(key, "is required");
        }
        self.optional_path(key)
    }

    /// A switch.
    pub(super) fn flag(&mut self, key: &'static str, default: bool) -> bool {
        match self.take(key) {
            None => default,
            Some(Value::Boolean(flag)) => flag,
            Some(_) => {
                self.mistake(key, "must be true or false");
                default
            }
        }
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, key: &'static str, bounds: Bounds) -> u32 {
        let Some(value) = self.take(key) else { return bounds.default };
        match value.as_integer().and_then(|number| u32::try_from(number).ok()) {
            Some(number) if (bounds.min..=bounds.max).contains(&number) => number,
            Some(_) | None => {
                self.mistake(key, format_args!("must be a whole number from {} to {}", bounds.min, bounds.max));
                bounds.default
            }
        }
    }

    /// A time in milliseconds within bounds.
    pub(super) fn duration_ms(&mut self, key: &'static str, bounds: Bounds) -> Duration {
        Duration::from_millis(u64::from(self.number(key, bounds)))
    }

    /// A list of texts; an absent one is empty. Each entry's mistake is noted under its index.
    pub(super) fn list<T, E: fmt::Display>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
        let entries = self.entries(key);
        let read = |(index, value)| self.parsed(&format!("{key}[{index}]"), &value, &parse);
        entries.into_iter().enumerate().filter_map(read).collect()
    }

    /// A list of texts with at least one entry.
    pub(super) fn full_list<T, E: fmt::Display>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
        match self.table.get(key) {
            None => self.mistake(key, "is required"),
            Some(Value::Array(entries)) if entries.is_empty() => self.mistake(key, "must have at least one entry"),
            Some(_) => {}
        }
        self.list(key, parse)
    }

    /// A section below this one that may be absent.
    pub(super) fn optional_section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Section<'a>) -> Option<T>,
    ) -> Option<T> {
        match self.take(key)? {
            Value::Table(table) => Section::read(self.reader, self.path_of(key), table, read),
            _ => {
                self.mistake(key, "must be a section");
                None
            }
        }
    }

    /// A section below this one; an absent one has its defaults.
    pub(super) fn section<T>(&mut self, key: &'static str, read: impl FnOnce(&mut Section<'a>) -> Option<T>) -> Option<T> {
        if !self.has(key) {
            self.table.insert(key.to_owned(), Value::Table(Table::new()));
        }
        self.optional_section(key, read)
    }

    /// All sections of one kind below this one: `[[key]]`.
    pub(super) fn sections(&mut self, key: &'static str, mut read: impl FnMut(&mut Section<'a>)) {
        for (index, value) in self.entries(key).into_iter().enumerate() {
            let place = format!("{key}[{index}]");
            match value {
                Value::Table(table) => Section::read(self.reader, self.path_of(&place), table, &mut read),
                _ => self.mistake(&place, "must be a section"),
            }
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn parsed<T, E: fmt::Display>(&self, key: &str, value: &Value, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let Some(text) = value.as_str() else {
            self.mistake(key, "must be text");
            return None;
        };
        parse(text).map_err(|problem| self.mistake(key, problem)).ok()
    }

    fn entries(&mut self, key: &'static str) -> Vec<Value> {
        match self.take(key) {
            None => Vec::new(),
            Some(Value::Array(entries)) if entries.len() <= MAX_ENTRIES => entries,
            Some(Value::Array(_)) => {
                self.mistake(key, format_args!("must have at most {MAX_ENTRIES} entries"));
                Vec::new()
            }
            Some(_) => {
                self.mistake(key, "must be a list");
                Vec::new()
            }
        }
    }

    fn note_unknown_keys(mut self) {
        self.known.sort_unstable();
        self.known.dedup();
        for key in self.table.keys() {
            if INLINE_SECRETS.contains(&key.as_str()) {
                self.mistake(key, "a secret never stands in this file: name a file or an environment variable that holds it");
            } else if is_plain_key(key) {
                self.mistake(key, format_args!("unknown key; known here: {}", self.known.join(", ")));
            } else {
                self.mistake_here(format_args!("has an unknown key of {} bytes", key.len()));
            }
        }
    }
}

fn is_plain_key(key: &str) -> bool {
    key.len() <= MAX_SHOWN_KEY_BYTES && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
