//! `completions`: what a shell needs to complete this command line.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Shell, generate};

use super::Cli;
use super::exit::{Exit, say};

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// For which shell.
    shell: Completed,
}

/// A shell that completions are written for.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Completed {
    /// `settlement-gateway completions bash > /etc/bash_completion.d/settlement-gateway`
    Bash,
    /// `settlement-gateway completions zsh > "${fpath[1]}/_settlement-gateway"`
    Zsh,
    /// `settlement-gateway completions fish > ~/.config/fish/completions/settlement-gateway.fish`
    Fish,
}

pub(super) fn run(args: &CompletionsArgs) -> Exit {
    let shell = match args.shell {
        Completed::Bash => Shell::Bash,
        Completed::Zsh => Shell::Zsh,
        Completed::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "settlement-gateway", &mut script);
    say(String::from_utf8_lossy(&script).trim_end());
    Exit::Success
}
