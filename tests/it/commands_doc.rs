//! `docs/commands.md` is what the command line itself says: its commands, their options, and the exit codes.
//!
//! `BLESS=1 cargo test --test it commands_doc` writes it anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command, CommandFactory};
use settlement_gateway::cli::{Cli, Exit};

/// Everything below it is written by this test.
const MARK: &str = "<!-- What follows is written by a test from the command line's own help. -->\n";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md")
}

fn exit_codes() -> String {
    let mut text = "\n## Exit codes\n\n| code | meaning |\n|---|---|\n".to_owned();
    for exit in Exit::ALL {
        writeln!(text, "| {} | {} |", exit.code(), exit.meaning()).unwrap();
    }
    text
}

fn sentence(text: Option<&clap::builder::StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    if text.is_empty() || text.ends_with('.') { text } else { text + "." }
}

fn name(arg: &Arg) -> String {
    let value = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default();
    match arg.get_long() {
        Some(long) if matches!(arg.get_action(), ArgAction::SetTrue) => format!("--{long}"),
        Some(long) => format!("--{long} {value}"),
        None => value,
    }
}

fn described_arg(arg: &Arg) -> String {
    let mut text = sentence(arg.get_help());
    let choices: Vec<_> = arg.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if !choices.is_empty() && !matches!(arg.get_action(), ArgAction::SetTrue) {
        write!(text, " One of {}.", choices.join(", ")).unwrap();
    }
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() && !matches!(arg.get_action(), ArgAction::SetTrue) {
        write!(text, " Default: `{}`.", defaults.join(" ")).unwrap();
    }
    if let Some(variable) = arg.get_env() {
        write!(text, " Or the variable `{}`.", variable.to_string_lossy()).unwrap();
    }
    if arg.is_required_set() { format!("Required. {text}") } else { text }
}

/// A command that does something itself, and then those below it.
fn described(command: &Command, words: &str, text: &mut String) {
    let below: Vec<_> = command.get_subcommands().filter(|below| below.get_name() != "help").collect();
    if below.is_empty() {
        let about = sentence(command.get_long_about().or(command.get_about()));
        write!(text, "\n### {words}\n\n{about}\n").unwrap();
        let own: Vec<_> = command.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str())).collect();
        if !own.is_empty() {
            text.push_str("\n| | |\n|---|---|\n");
        }
        for arg in own {
            writeln!(text, "| `{}` | {} |", name(arg).trim(), described_arg(arg)).unwrap();
        }
    }
    for command in below {
        described(command, &format!("{words} {}", command.get_name()), text);
    }
}

fn written() -> String {
    let mut command = Cli::command();
    command.build();
    let mut text = exit_codes() + "\n## Commands\n";
    described(&command, "settlement-gateway", &mut text);
    text
}

#[test]
fn the_document_says_what_the_command_line_says() {
    let text = fs::read_to_string(path()).unwrap();
    let (head, found) = text.split_once(MARK).unwrap();
    let expected = written();
    if std::env::var_os("BLESS").is_some() {
        fs::write(path(), format!("{head}{MARK}{expected}")).unwrap();
    } else {
        assert!(found == expected, "docs/commands.md is not what the commands say: BLESS=1 cargo test --test it commands_doc");
    }
}

#[test]
fn every_command_and_option_says_what_it_is_for() {
    fn look(command: &Command, mute: &mut Vec<String>) {
        for arg in command.get_arguments().filter(|arg| arg.get_help().is_none()) {
            mute.push(format!("{} {}", command.get_name(), arg.get_id()));
        }
        for below in command.get_subcommands() {
            if below.get_about().is_none() {
                mute.push(below.get_name().to_owned());
            }
            look(below, mute);
        }
    }
    let mut mute = Vec::new();
    look(&Cli::command(), &mut mute);
    assert!(mute.is_empty(), "without a word of help: {mute:?}");
}

#[test]
fn each_way_to_end_has_a_code_of_its_own() {
    let mut codes: Vec<_> = Exit::ALL.iter().map(|exit| exit.code()).collect();
    codes.dedup();
    assert_eq!(codes, [0, 1, 2, 3, 4]);
}
