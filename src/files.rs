//! Reading files: regular ones alone, bounded, and secret ones only where nobody else can reach them.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Why a file was not read. It says nothing of the content.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file cannot be opened or read.
    #[error("the file cannot be read")]
    Unreadable(#[source] io::Error),
    /// The path leads to a folder, a pipe or a device.
    #[error("the path leads to no regular file")]
    NotAFile,
    /// The file's group or everybody may read, change or run it, and it is not one of root's that its group may read.
    #[error("the file is open to others (mode {mode:03o}): take away all rights but the owner's")]
    OpenToOthers {
        /// The permission bits.
        mode: u32,
    },
    /// The file is larger than files of its kind are.
    #[error("the file is larger than {max_bytes} bytes")]
    TooLarge {
        /// The most bytes that are read.
        max_bytes: usize,
    },
}

/// Reads a file that holds nothing secret.
///
/// # Errors
/// [`FileError`], but for [`FileError::OpenToOthers`].
pub fn read_plain(path: &Path, max_bytes: usize) -> Result<Vec<u8>, FileError> {
    let file = open(path, |_| Ok(()))?;
    let mut bytes = Vec::new();
    file.take(max_bytes as u64 + 1).read_to_end(&mut bytes).map_err(FileError::Unreadable)?;
    if bytes.len() > max_bytes { Err(FileError::TooLarge { max_bytes }) } else { Ok(bytes) }
}

/// Reads a file that its owner alone can reach, or one of root's that its group may read besides.
///
/// # Errors
/// [`FileError`].
pub fn read_secret(path: &Path, max_bytes: usize) -> Result<Secret, FileError> {
    read_unmoved(&mut open(path, owner_only)?, max_bytes)
}

type Check = fn(&Metadata) -> Result<(), FileError>;

fn open(path: &Path, allowed: Check) -> Result<File, FileError> {
    let check = |metadata: &Metadata| if metadata.is_file() { allowed(metadata) } else { Err(FileError::NotAFile) };
    // Opening a pipe waits for a writer, so the kind is looked at first; what
    // was opened in the end is looked at again, since a path can be exchanged.
    check(&std::fs::metadata(path).map_err(FileError::Unreadable)?)?;
    let file = File::open(path).map_err(FileError::Unreadable)?;
    check(&file.metadata().map_err(FileError::Unreadable)?)?;
    Ok(file)
}

#[cfg(unix)]
fn owner_only(metadata: &Metadata) -> Result<(), FileError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    let refused = refused_rights(std::os::unix::fs::MetadataExt::uid(metadata), rustix::process::geteuid().as_raw());
    if mode & refused == 0 { Ok(()) } else { Err(FileError::OpenToOthers { mode }) }
}

/// Which rights a secret file must not grant. A process that is not root is handed root's files through their group alone: so
/// Kubernetes mounts Secrets, and whoever can put a process into a group of root's can read the file anyway.
#[cfg(unix)]
const fn refused_rights(owner: u32, user: u32) -> u32 {
    const ROOT: u32 = 0;
    if owner == ROOT && user != ROOT { 0o037 } else { 0o077 }
}

#[cfg(not(unix))]
fn owner_only(_: &Metadata) -> Result<(), FileError> {
    Ok(())
}

/// Fills a buffer that is never moved to a larger place, which would leave a copy behind.
fn read_unmoved(from: &mut impl Read, max_bytes: usize) -> Result<Secret, FileError> {
    let mut buffer = Zeroizing::new(vec![0; max_bytes + 1]);
    let mut length = 0;
    while let Some(free) = buffer.get_mut(length..)
        && !free.is_empty()
    {
        match from.read(free) {
            Ok(0) => {
                buffer.truncate(length);
                return Ok(Secret::new(std::mem::take(&mut *buffer)));
            }
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FileError::Unreadable(error)),
        }
    }
    Err(FileError::TooLarge { max_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    /// A file of so many bytes, with a mode.
    fn file(folder: &TempDir, bytes: usize, mode: u32) -> std::path::PathBuf {
        let path = folder.path().join(format!("{bytes}-{mode:o}"));
        fs::write(&path, vec![b'x'; bytes]).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_file_is_read_whole_up_to_its_limit_and_not_a_byte_beyond() {
        let folder = TempDir::new().unwrap();
        for bytes in [0, 1, 100] {
            let path = file(&folder, bytes, 0o600);
            assert_eq!(read_plain(&path, 100).unwrap().len(), bytes);
            assert_eq!(read_secret(&path, 100).unwrap().expose().len(), bytes);
        }
        let large = file(&folder, 101, 0o600);
        assert!(matches!(read_plain(&large, 100), Err(FileError::TooLarge { max_bytes: 100 })));
        assert!(matches!(read_secret(&large, 100), Err(FileError::TooLarge { max_bytes: 100 })));
    }

    #[test]
    fn only_what_is_secret_must_be_its_owners_alone() {
        let folder = TempDir::new().unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601, 0o644] {
            let path = file(&folder, 1, mode);
            assert!(read_plain(&path, 9).is_ok());
            assert!(matches!(read_secret(&path, 9), Err(FileError::OpenToOthers { mode: found }) if found == mode));
        }
        assert!(read_secret(&file(&folder, 1, 0o400), 9).is_ok());
    }

    #[test]
    fn a_group_may_read_roots_files_alone_and_never_change_them() {
        const GATEWAY: u32 = 65_532;
        for (owner, user, group_may_read) in
            [(0, GATEWAY, true), (0, 0, false), (GATEWAY, GATEWAY, false), (1_000, GATEWAY, false), (GATEWAY, 0, false)]
        {
            let refused = refused_rights(owner, user);
            assert_eq!(refused & 0o040 == 0, group_may_read, "{owner} {user}");
            assert_eq!(refused & 0o037, 0o037, "{owner} {user}");
        }
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        let folder = TempDir::new().unwrap();
        for path in [folder.path(), Path::new("/dev/zero")] {
            assert!(matches!(read_plain(path, 9), Err(FileError::NotAFile)));
            assert!(matches!(read_secret(path, 9), Err(FileError::NotAFile)));
        }
        assert!(matches!(read_plain(&folder.path().join("none"), 9), Err(FileError::Unreadable(_))));
    }
}
