//! Where a secret stands: in a file or in an environment variable, never in the configuration.

use std::path::PathBuf;

use thiserror::Error;

use super::section::Section;
use super::sources::{self, Environment};
use crate::causes::with_causes;
use crate::files::FileError;
use crate::secret::Secret;

/// The longest credential; venues give out less than a hundred bytes.
const MAX_CREDENTIAL_BYTES: usize = 4_096;

/// Where a secret stands. It is read when it is needed, so that a changed file is noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file that its owner alone can reach; one line break at its end is no part of the secret.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
}

/// Why a secret could not be had. It names the file, never what stands in it.
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file is refused.
    #[error("{} is refused", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        reason: FileError,
    },
    /// The environment has no such variable.
    #[error("the environment variable is not set")]
    NotSet,
    /// There is nothing in it.
    #[error("the secret is empty")]
    Empty,
}

impl SecretSource {
    /// Reads the secret as it is now.
    ///
    /// # Errors
    /// [`SecretError`] when there is none, or when others could read it.
    pub fn read(&self, environment: &dyn Environment) -> Result<Secret, SecretError> {
        let secret = match self {
            Self::File(path) => {
                let content = sources::read_secret(path).map_err(|reason| SecretError::File { path: path.clone(), reason })?;
                without_line_break(&content)
            }
            Self::Variable(name) => environment.variable(name).ok_or(SecretError::NotSet)?,
        };
        if secret.expose().is_empty() { Err(SecretError::Empty) } else { Ok(secret) }
    }
}

fn without_line_break(content: &Secret) -> Secret {
    let bytes = content.expose();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    Secret::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

/// The two keys of one secret.
#[derive(Clone, Copy)]
pub(super) struct SecretKeys {
    /// The key that names a file.
    pub(super) file: &'static str,
    /// The key that names an environment variable.
    pub(super) variable: &'static str,
}

/// Which of the two keys was given, and what it says.
pub(super) struct Placed {
    /// The key.
    pub(super) key: &'static str,
    /// Where the secret stands.
    pub(super) source: SecretSource,
}

/// Reads which of two keys names a secret; both at once are a mistake.
pub(super) fn optional(section: &mut Section<'_>, keys: SecretKeys) -> Option<Placed> {
    if section.has(keys.file) && section.has(keys.variable) {
        section.mistake(keys.variable, format_args!("stands beside {}: keep one of the two", keys.file));
    }
    let file = section.optional_path(keys.file).map(|path| Placed { key: keys.file, source: SecretSource::File(path) });
    let variable = section
        .optional(keys.variable, variable_name)
        .map(|name| Placed { key: keys.variable, source: SecretSource::Variable(name) });
    file.or(variable)
}

/// Reads a credential that goes into a header: it must exist now, and be printable ASCII.
pub(super) fn credential(section: &mut Section<'_>, keys: SecretKeys) -> Option<(SecretSource, Secret)> {
    if !section.has(keys.file) && !section.has(keys.variable) {
        section.mistake(keys.file, format_args!("is required, or {}", keys.variable));
    }
    let placed = optional(section, keys)?;
    let secret = placed
        .source
        .read(section.reader().environment)
        .map_err(|error| section.mistake(placed.key, with_causes(&error)))
        .ok()?;
    // White space around it is no part of it, since the venue's client takes it away too.
    let trimmed = secret.expose().trim_ascii();
    if (1..=MAX_CREDENTIAL_BYTES).contains(&trimmed.len()) && trimmed.iter().all(u8::is_ascii_graphic) {
        return Some((placed.source, Secret::new(trimmed.to_vec())));
    }
    section
        .mistake(placed.key, format_args!("must lead to 1 to {MAX_CREDENTIAL_BYTES} printable ASCII characters without spaces"));
    None
}

/// A variable's name. Anything else is most likely the secret itself, so it is never repeated.
fn variable_name(text: &str) -> Result<String, &'static str> {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    if !text.is_empty() && text.bytes().all(good) && !text.starts_with(|c: char| c.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("must be the name of an environment variable")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_break_at_the_end_is_no_part_of_a_secret() {
        let stripped = |text: &str| without_line_break(&Secret::from_text(text.to_owned())).expose().to_vec();
        assert_eq!(stripped("pass \n"), b"pass ");
        assert_eq!(stripped("pass\r\n"), b"pass");
        assert_eq!(stripped("pass\n\n"), b"pass\n");
        assert_eq!(stripped("pass"), b"pass");
    }

    #[test]
    fn a_name_of_a_variable_is_letters_digits_and_underscores() {
        assert!(variable_name("BITGO_TOKEN_1").is_ok());
        for bad in ["", "1A", "A-B", "A B", "v2x=="] {
            assert!(variable_name(bad).is_err(), "{bad}");
        }
    }
}
