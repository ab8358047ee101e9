//! A venue's credential, and how it is renewed without a restart.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use thiserror::Error;

use crate::secret::Secret;

/// The largest credential, in bytes; venues give out less than a hundred.
pub const MAX_CREDENTIAL_BYTES: usize = 4_096;

/// A token or key: fixed, or in a file that is read again when it changes.
#[derive(Debug)]
pub struct Credential {
    file: Option<PathBuf>,
    held: ArcSwap<Held>,
}

/// Why there is no credential.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// The file cannot be read.
    #[error("the credential's file cannot be read")]
    Unreadable(#[source] io::Error),
    /// Nothing but white space.
    #[error("the credential is empty")]
    Empty,
    /// More than [`MAX_CREDENTIAL_BYTES`].
    #[error("the credential is longer than {MAX_CREDENTIAL_BYTES} bytes")]
    TooLong,
    /// It could not stand in a header.
    #[error("the credential holds characters other than visible ASCII")]
    Forbidden,
}

#[derive(Debug)]
struct Held {
    secret: Arc<Secret>,
    stamp: Option<Stamp>,
}

/// What a file looks like from outside: when this differs, the file is read.
type Stamp = (SystemTime, u64);

impl Credential {
    /// Holds a secret that never changes, without its surrounding white space.
    ///
    /// # Errors
    /// [`CredentialError`] when it is empty, too long or cannot stand in a header.
    pub fn fixed(secret: &Secret) -> Result<Self, CredentialError> {
        let secret = Arc::new(trimmed(secret)?);
        Ok(Self { file: None, held: ArcSwap::from_pointee(Held { secret, stamp: None }) })
    }

    /// Holds what a file says, now and whenever it changes.
    ///
    /// # Errors
    /// [`CredentialError`] when the file cannot be read or holds no credential.
    pub fn from_file(path: impl Into<PathBuf>) -> Result<Self, CredentialError> {
        let path = path.into();
        let held = load(&path)?;
        Ok(Self { file: Some(path), held: ArcSwap::from_pointee(held) })
    }

    /// The secret as it is now.
    ///
    /// A file is looked at (one `stat`, microseconds) and read when its time or length changed. While it cannot be
    /// read, the last good secret stays.
    #[must_use]
    pub fn current(&self) -> Arc<Secret> {
        if let Some(path) = &self.file
            && stamp(path).is_ok_and(|stamp| Some(stamp) != self.held.load().stamp)
        {
            self.reload();
        }
        Arc::clone(&self.held.load().secret)
    }

    /// Reads the file again, whatever it looks like. `true` when the secret became another.
    pub fn reload(&self) -> bool {
        let Some(Ok(fresh)) = self.file.as_deref().map(load) else {
            return false;
        };
        let changed = fresh.secret.expose() != self.held.load().secret.expose();
        self.held.store(Arc::new(fresh));
        changed
    }
}

/// The stamp is taken before the content: a file that changes in between is read once more, never once too few.
fn load(path: &Path) -> Result<Held, CredentialError> {
    let stamp = stamp(path).map_err(CredentialError::Unreadable)?;
    let mut bytes = Vec::with_capacity(MAX_CREDENTIAL_BYTES + 1);
    let most = u64::try_from(MAX_CREDENTIAL_BYTES + 1).unwrap_or(u64::MAX);
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    let content = Secret::new(bytes);
    read.map_err(CredentialError::Unreadable)?;
    Ok(Held { secret: Arc::new(trimmed(&content)?), stamp: Some(stamp) })
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.modified()?, metadata.len()))
}

fn trimmed(secret: &Secret) -> Result<Secret, CredentialError> {
    if secret.expose().len() > MAX_CREDENTIAL_BYTES {
        return Err(CredentialError::TooLong);
    }
    let bytes = secret.expose().trim_ascii();
    if bytes.is_empty() {
        return Err(CredentialError::Empty);
    }
    if !bytes.iter().all(u8::is_ascii_graphic) {
        return Err(CredentialError::Forbidden);
    }
    Ok(Secret::new(bytes.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(credential: &Credential) -> String {
        credential.current().expose_text().unwrap().to_owned()
    }

    fn file_with(content: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, content).unwrap();
        (folder, path)
    }

    #[test]
    fn a_changed_file_is_read_and_its_white_space_is_not() {
        let (_folder, path) = file_with("first\n");
        let credential = Credential::from_file(&path).unwrap();
        assert_eq!(text(&credential), "first");
        fs::write(&path, "  second token\n".replace(' ', "")).unwrap();
        assert_eq!(text(&credential), "secondtoken");
        assert!(!credential.reload());
    }

    #[test]
    fn a_file_that_looks_the_same_is_read_again_when_the_venue_refused_the_token() {
        let (_folder, path) = file_with("aaaa");
        let credential = Credential::from_file(&path).unwrap();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        fs::write(&path, "bbbb").unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        assert_eq!(text(&credential), "aaaa");
        assert!(credential.reload());
        assert_eq!(text(&credential), "bbbb");
    }

    #[test]
    fn the_last_good_secret_outlives_a_broken_file() {
        let (_folder, path) = file_with("good");
        let credential = Credential::from_file(&path).unwrap();
        for broken in ["", " \n", "two words"] {
            fs::write(&path, broken).unwrap();
            assert_eq!(text(&credential), "good");
        }
        fs::remove_file(&path).unwrap();
        assert!(!credential.reload());
        assert_eq!(text(&credential), "good");
    }

    #[test]
    fn what_cannot_stand_in_a_header_is_no_credential() {
        let fixed = |text: &str| Credential::fixed(&Secret::from_text(text.to_owned()));
        assert!(matches!(fixed(" \n"), Err(CredentialError::Empty)));
        assert!(matches!(fixed("a\nb"), Err(CredentialError::Forbidden)));
        assert!(matches!(fixed(&"x".repeat(4_097)), Err(CredentialError::TooLong)));
        assert_eq!(text(&fixed(" token\n").unwrap()), "token");
    }
}
