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
    /// Nothing failed, and something should be looked at: 3.
    Warned,
    /// The gateway could not be reached, or asked to be called again later: 4.
    Unavailable,
}

impl Exit {
    /// Every way to end, in the order of the codes.
    pub const ALL: [Self; 5] = [Self::Success, Self::Failure, Self::Misconfigured, Self::Warned, Self::Unavailable];

    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Misconfigured => 2,
            Self::Warned => 3,
            Self::Unavailable => 4,
        }
    }

    /// What the code says, as `docs/commands.md` shows it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "all went well",
            Self::Failure => "the work failed, or what was looked for is not as it should be",
            Self::Misconfigured => "the configuration has mistakes, or the command line is wrong; nothing was done",
            Self::Warned => "nothing failed, and something should be looked at",
            Self::Unavailable => "the gateway could not be reached, or asked to be called again later",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
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

/// Writes to the terminal that people read errors on, without ending the line.
pub(super) fn whisper(text: &str) {
    let mut out = std::io::stderr();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
