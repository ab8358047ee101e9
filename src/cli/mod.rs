//! The command line: one file a subcommand.

mod audit;
mod completions;
mod config;
mod copies;
mod descriptor;
mod dev;
mod doctor;
mod exit;
mod export;
mod healthcheck;
mod keys;
mod logging;
mod migrate;
mod output;
mod private_file;
mod progress;
mod recovery;
mod sandbox;
mod serve;
mod settlements;

use clap::{Parser, Subcommand};

pub use exit::Exit;

/// Settlement as an internal platform API: gRPC in front of a key-custody signer, BitGo Go Network and Bitlipa.
#[derive(Debug, Parser)]
#[command(name = "settlement-gateway", version, about, long_about = None)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything on this machine: the gateway, simulated venues, throw-away keys, no configuration.
    Dev(dev::DevArgs),
    /// Run the gateway from a configuration file. Standard output tells `grpc ADDRESS` and `ops ADDRESS` once it serves.
    Serve(serve::ServeArgs),
    /// Run the simulated venues alone, as a staging venue.
    Sandbox(sandbox::SandboxArgs),
    /// Look at everything that a gateway needs (files, keys, journal, venues, clocks, certificates), and change nothing.
    Doctor(doctor::DoctorArgs),
    /// Look at settlements of a running gateway, and decide about them.
    Settlements(settlements::SettlementsArgs),
    /// Work with the configuration file.
    Config(config::ConfigArgs),
    /// Show keys: public data only.
    Keys(keys::KeysArgs),
    /// Write what was settled on a day as CSV and JSON, with control totals, from the journal; a gateway may be running.
    Export(export::ExportArgs),
    /// Verify the audit chain, or take it out of the journal; a gateway may be running.
    Audit(audit::AuditArgs),
    /// Read the venues for what a journal that was restored from an older copy has lost, and let it be used again.
    Repair(recovery::repair::RepairArgs),
    /// Take in what the venues have, before a first use: external ids that are taken, and the last cutoff.
    Adopt(recovery::adopt::AdoptArgs),
    /// Write the signed bodies of unfinished settlements to files, to be posted by hand in an emergency.
    ExportSigned(recovery::export_signed::ExportSignedArgs),
    /// Work with the journal's schema.
    Migrate(migrate::MigrateArgs),
    /// Copy the journal to a file, consistent and checked, while a gateway may be working on it.
    Backup(copies::BackupArgs),
    /// Put a backup in the place of a journal that does not exist.
    Restore(copies::RestoreArgs),
    /// Ask a running gateway whether it is ready; exits with 0 if so. For containers and probes.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Print what a shell needs to complete this command line.
    Completions(completions::CompletionsArgs),
    /// Print the contract as a binary `google.protobuf.FileDescriptorSet`, with all that it imports.
    Descriptor(descriptor::DescriptorArgs),
    /// Print the version.
    Version,
}

impl Cli {
    /// Runs the command and says how the process should exit.
    pub async fn run(self) -> Exit {
        match self.command {
            Command::Dev(args) => dev::run(args).await,
            Command::Serve(args) => serve::run(args).await,
            Command::Sandbox(args) => sandbox::run(args).await,
            Command::Doctor(args) => doctor::run(&args).await,
            Command::Settlements(args) => settlements::run(&args).await,
            Command::Config(args) => config::run(&args),
            Command::Keys(args) => keys::run(&args),
            Command::Export(args) => export::run(&args).await,
            Command::Audit(args) => audit::run(&args).await,
            Command::Repair(args) => recovery::repair::run(&args).await,
            Command::Adopt(args) => recovery::adopt::run(&args).await,
            Command::ExportSigned(args) => recovery::export_signed::run(&args).await,
            Command::Migrate(args) => migrate::run(&args).await,
            Command::Backup(args) => copies::backup(&args).await,
            Command::Restore(args) => copies::restore(&args).await,
            Command::Healthcheck(args) => healthcheck::run(&args).await,
            Command::Completions(args) => completions::run(&args),
            Command::Descriptor(args) => descriptor::run(&args),
            Command::Version => {
                exit::say(&format!("settlement-gateway {}", env!("CARGO_PKG_VERSION")));
                Exit::Success
            }
        }
    }
}
