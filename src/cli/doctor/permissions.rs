//! Who can reach the files. Secret ones are refused by the configuration itself where others can read them; here it is what
//! else would give a secret, an amount or the gateway's obedience away.

use std::io;
use std::path::{Path, PathBuf};

use super::check::{Check, Topic};
use crate::config::{AnchorLocation, Config, StoreLocation};

/// What a file is worth to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// Who may write it decides what the gateway does.
    Commands,
    /// It holds amounts and signatures, or decides whether the gateway signs: nobody else's at all.
    Private,
}

/// Others may read.
const READ: u32 = 0o044;
/// Others may write.
const WRITE: u32 = 0o022;

pub(super) fn look(config: &Config) -> Vec<Check> {
    places(config).into_iter().filter_map(|(path, worth)| judged(&path, worth, &rights(&path))).collect()
}

fn places(config: &Config) -> Vec<(PathBuf, Worth)> {
    let mut places = vec![(config.file.clone(), Worth::Commands)];
    if let Some(folder) = config.file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        places.push((folder.to_owned(), Worth::Commands));
    }
    if let StoreLocation::Sqlite(database) = &config.store {
        places.push((database.clone(), Worth::Private));
    }
    if let AnchorLocation::File(anchor) = &config.anchor.location {
        places.push((anchor.clone(), Worth::Private));
    }
    places.extend(config.retention.iter().map(|retention| (retention.archive_folder.clone(), Worth::Private)));
    places
}

/// Who may do what with a file or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rights {
    /// The permission bits.
    mode: u32,
    /// Whether root handed it to this process through its group: so Kubernetes mounts volumes. Whoever can put a process into a
    /// group of root's can reach the file anyway.
    is_handed: bool,
}

impl Rights {
    /// The rights that others have, in the places that `READ` and `WRITE` have.
    fn of_others(self) -> u32 {
        self.mode & if self.is_handed { 0o007 } else { 0o077 }
    }
}

#[cfg(unix)]
fn rights(path: &Path) -> io::Result<Rights> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    const ROOT: u32 = 0;
    let metadata = std::fs::metadata(path)?;
    let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let is_handed = metadata.uid() == ROOT && user != ROOT && metadata.gid() == group;
    Ok(Rights { mode: metadata.permissions().mode() & 0o1777, is_handed })
}

#[cfg(not(unix))]
fn rights(_: &Path) -> io::Result<Rights> {
    Ok(Rights { mode: 0, is_handed: false })
}

/// Nothing is said of what does not exist yet: the gateway makes it for its owner alone.
fn judged(path: &Path, worth: Worth, rights: &io::Result<Rights>) -> Option<Check> {
    let subject = path.display().to_string();
    let rights = match rights {
        Ok(rights) => rights,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => return Some(Check::failed(Topic::Permissions, subject, format!("cannot be looked at: {error}"))),
    };
    let mode = rights.mode;
    // In a folder with the sticky bit others can make files, and cannot replace those of its owner.
    let is_sticky = mode & 0o1000 != 0;
    let check = if rights.of_others() & WRITE != 0 && !is_sticky {
        let hint = format!("chmod go-w {subject}: whoever can write there decides what the gateway does");
        Check::failed(Topic::Permissions, subject, format!("others may write it (mode {mode:o})")).hint(hint)
    } else if worth == Worth::Private && rights.of_others() & READ != 0 {
        let hint = format!("chmod go-rwx {subject}: it holds amounts, counterparties and signatures");
        Check::warning(Topic::Permissions, subject, format!("others may read it (mode {mode:o})")).hint(hint)
    } else {
        Check::ok(Topic::Permissions, subject, format!("mode {mode:o}"))
    };
    Some(check)
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    fn verdict(worth: Worth, mode: u32) -> Verdict {
        judged(Path::new("f"), worth, &Ok(Rights { mode, is_handed: false })).unwrap().verdict
    }

    #[test]
    fn what_root_handed_to_the_process_through_its_group_is_its_own() {
        let verdict = |mode| judged(Path::new("volume"), Worth::Private, &Ok(Rights { mode, is_handed: true })).unwrap().verdict;
        assert_eq!((verdict(0o770), verdict(0o640)), (Verdict::Ok, Verdict::Ok), "a volume with an fsGroup");
        assert_eq!((verdict(0o777), verdict(0o772)), (Verdict::Failed, Verdict::Failed));
        assert_eq!(verdict(0o775), Verdict::Warning);
    }

    #[test]
    fn what_others_may_write_has_failed_whatever_it_is() {
        for worth in [Worth::Commands, Worth::Private] {
            for mode in [0o602, 0o620, 0o777] {
                assert_eq!(verdict(worth, mode), Verdict::Failed, "{mode:o}");
            }
        }
    }

    #[test]
    fn only_what_is_private_must_not_be_read() {
        for mode in [0o644, 0o640, 0o604] {
            assert_eq!(verdict(Worth::Commands, mode), Verdict::Ok, "{mode:o}");
            assert_eq!(verdict(Worth::Private, mode), Verdict::Warning, "{mode:o}");
        }
        assert_eq!(verdict(Worth::Private, 0o600), Verdict::Ok);
    }

    #[test]
    fn a_folder_for_everybodys_files_does_not_give_these_away() {
        assert_eq!(verdict(Worth::Commands, 0o1777), Verdict::Ok);
    }

    #[test]
    fn what_is_not_there_yet_is_nobodys_mistake_and_what_cannot_be_looked_at_is() {
        let error = |kind| Err(io::Error::from(kind));
        assert_eq!(judged(Path::new("f"), Worth::Private, &error(io::ErrorKind::NotFound)), None);
        let denied = judged(Path::new("f"), Worth::Private, &error(io::ErrorKind::PermissionDenied)).unwrap();
        assert_eq!(denied.verdict, Verdict::Failed);
    }
}
