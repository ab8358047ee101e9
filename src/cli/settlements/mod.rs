//! `settlements`: looks at settlements and decides about them, over the API of a running gateway.
//!
//! What is told as JSON is the contract's own messages, in Protocol Buffers'
//! JSON form: the same that grpcurl shows.

mod json;
mod list;
mod refused;
mod resolve;
mod resume;
mod show;
mod target;
mod told;

use clap::{Args, Subcommand};
use prost::Message;
use thiserror::Error;
use tonic::Status;

use super::exit::{Exit, complain, say};
use super::output::OutputFormat;
use crate::causes::with_causes;
use crate::grpc::pb;
use refused::Refused;
use target::{Client, TargetArgs, TargetError};

/// Arguments of `settlements`.
#[derive(Debug, Args)]
pub(super) struct SettlementsArgs {
    #[command(subcommand)]
    command: SettlementsCommand,
}

#[derive(Debug, Subcommand)]
enum SettlementsCommand {
    /// List an enterprise's settlements, newest first.
    List(list::ListArgs),
    /// Show one settlement: how it stands, its amounts, and what to do.
    Show(show::ShowArgs),
    /// Show every change of one settlement, oldest first.
    Timeline(show::TimelineArgs),
    /// Have the stored bytes of a settlement sent again, once its cause is repaired (RetrySettlement).
    ///
    /// Never makes a second signature. Run `show` first: it tells whether this helps, and the sequence.
    Resume(resume::ResumeArgs),
    /// Decide a settlement that needs an operator (AdminService/ResolveSettlement).
    ///
    /// The gateway holds the decision against a read of the venue first, and keeps who made it and why. The configuration must
    /// grant AdminService/ResolveSettlement to the caller by name.
    Resolve(resolve::ResolveArgs),
}

/// Whom a command asks, about which enterprise, and how it tells the answer.
#[derive(Debug, Args)]
struct Common {
    /// The enterprise whose settlements are meant; `dev` has ent-v1 and ent-v2.
    #[arg(long, env = "SETTLEMENT_GATEWAY_ENTERPRISE", value_name = "ID")]
    enterprise: String,
    /// How the outcome is told.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
    #[command(flatten)]
    target: TargetArgs,
}

/// Why a command came to nothing.
#[derive(Debug, Error)]
enum CommandError {
    /// Nobody could be asked.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The gateway refused, or did not answer.
    #[error("the call was refused: {0}")]
    Refused(Box<Status>),
    /// The answer is not what the contract says.
    #[error("the answer cannot be understood: {0}")]
    Answer(&'static str),
}

impl From<Status> for CommandError {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(status))
    }
}

pub(super) async fn run(args: &SettlementsArgs) -> Exit {
    let (done, output) = match &args.command {
        SettlementsCommand::List(args) => (list::run(args).await, args.common.output),
        SettlementsCommand::Show(args) => (show::run(args).await, args.common.output),
        SettlementsCommand::Timeline(args) => (show::timeline(args).await, args.common.output),
        SettlementsCommand::Resume(args) => (resume::run(args).await, args.common.output),
        SettlementsCommand::Resolve(args) => (resolve::run(args).await, args.common.output),
    };
    match done {
        Ok(text) => {
            say(&text);
            Exit::Success
        }
        Err(CommandError::Refused(status)) => {
            let refused = Refused::of(&status);
            match output {
                OutputFormat::Text => refused.lines().iter().for_each(|line| complain(line)),
                OutputFormat::Json => complain(&refused.json()),
            }
            if refused.may_pass() { Exit::Unavailable } else { Exit::Failure }
        }
        Err(CommandError::Target(error)) => {
            complain(&with_causes(&error));
            if error.is_mistake() { Exit::Misconfigured } else { Exit::Unavailable }
        }
        Err(error) => {
            complain(&with_causes(&error));
            Exit::Failure
        }
    }
}

impl Common {
    async fn client(&self) -> Result<Client, CommandError> {
        Ok(self.target.connect().await?)
    }

    /// What an answer of this name says: its settlement in lines for people, or the whole of it for programs.
    fn tell<A: Message>(
        &self,
        (name, answer): (&str, &A),
        settlement: Option<&pb::Settlement>,
        lines: fn(&pb::Settlement) -> Vec<String>,
    ) -> Result<String, CommandError> {
        match self.output {
            OutputFormat::Text => Ok(lines(settlement.ok_or(CommandError::Answer("it holds no settlement"))?).join("\n")),
            OutputFormat::Json => json::text(name, answer),
        }
    }
}
