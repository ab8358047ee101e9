//! How the process ends, and the only place that writes to its output.

use std::io::Write;
use std::process::ExitCode;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went well: 0.
    Success,
    /// The work failed: 1.
    Failure,
    /// The configuration has mistakes: 2, as for a wrong command line.
    Misconfigured,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Failure => Self::from(1),
            Exit::Misconfigured => Self::from(2),
        }
    }
}

/// Prints a line for whoever ran the command. A closed output is no fault.
pub(super) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Prints a line about what went wrong.
pub(super) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
