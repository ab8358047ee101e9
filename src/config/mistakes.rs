//! What is wrong with a configuration, collected so that one start names everything.

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

/// The most mistakes that are kept; a file with more is another kind of file.
const MAX_MISTAKES: usize = 200;

/// One mistake, in words for the operator. It never repeats a value that could be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The key, such as `enterprises[0].token_file`; empty when the whole file is meant.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.problem) } else { write!(f, "{}: {}", self.path, self.problem) }
    }
}

/// A configuration that cannot be used: every mistake that was found, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    file: PathBuf,
    mistakes: Vec<Mistake>,
}

impl ConfigErrors {
    /// The configuration's file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The mistakes, in the order of the sections.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be used:", self.file.display())?;
        self.mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
    }
}

impl std::error::Error for ConfigErrors {}

/// The mistakes of one configuration, as they are found.
///
/// Shared by the sections of one file, which are read one inside the other.
#[derive(Debug, Default)]
pub(super) struct Mistakes(RefCell<Vec<Mistake>>);

impl Mistakes {
    /// Notes a mistake; from [`MAX_MISTAKES`] on it is not kept, and the configuration is refused all the same.
    pub(super) fn add(&self, path: impl Into<String>, problem: impl fmt::Display) {
        let mut found = self.0.borrow_mut();
        if found.len() < MAX_MISTAKES {
            found.push(Mistake { path: path.into(), problem: problem.to_string() });
        }
    }

    /// Ends the reading: the value when there was no mistake.
    ///
    /// `value` is `None` only where a mistake was noted.
    pub(super) fn finish<T>(self, file: &Path, value: Option<T>) -> Result<T, ConfigErrors> {
        let mistakes = self.0.into_inner();
        match value {
            Some(value) if mistakes.is_empty() => Ok(value),
            Some(_) | None => Err(ConfigErrors { file: file.to_owned(), mistakes }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_shown_on_a_line_of_its_own() {
        let mistakes = Mistakes::default();
        mistakes.add("grpc.listen", "is required");
        mistakes.add("", "not TOML");
        let errors = mistakes.finish(Path::new("g.toml"), Some(())).unwrap_err();
        assert_eq!(errors.to_string(), "g.toml cannot be used:\n  grpc.listen: is required\n  not TOML");
    }

    #[test]
    fn a_thousand_mistakes_are_a_bounded_list() {
        let mistakes = Mistakes::default();
        (0..1000).for_each(|n| mistakes.add(n.to_string(), "wrong"));
        assert_eq!(mistakes.finish(Path::new("f"), Some(())).unwrap_err().mistakes().len(), MAX_MISTAKES);
    }

    #[test]
    fn a_missing_value_is_an_error_even_if_nobody_said_why() {
        assert!(Mistakes::default().finish(Path::new("f"), None::<()>).is_err());
    }
}
