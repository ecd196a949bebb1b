//! The command line, as data.

mod commands;
mod forms;
mod what;

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

pub(super) use commands::*;
pub(super) use forms::*;
pub(super) use what::*;

/// Keeps identity-provider federation the way it was reviewed, on every cloud at once.
#[derive(Debug, Parser)]
#[command(
    name = "idform",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check manifests offline: every mistake of every file in one run
    Validate(Validate),
    /// Read the clouds and show what would change
    Plan(Plan),
    /// Plan, ask, and bring the changes about
    Apply(Apply),
    /// Compare the clouds with the manifests and tell what moved; cannot write
    Drift(Drift),
    /// Join the drift reports of shards
    Merge(Merge),
    /// Ask issuers what they publish, and lock it for review
    Lock(Lock),
    /// Write manifests for what is live in an account, and plan them
    Import(Import),
    /// Render a saved plan, or the report of an apply or a drift, in other forms
    Show(Show),
    /// Print what waits for what
    Graph(GraphOf),
    /// Print a JSON Schema
    Schema(Schema),
    /// Explain a kind, a field or a diagnostic code
    Explain(Explain),
    /// Look whether a run would work: credentials, account, clock, rights, endpoints
    Doctor(Doctor),
    /// Print what each cloud can and cannot express
    Capabilities(Capabilities),
    /// The built-in emulator of the three clouds
    Sandbox(Sandbox),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print a manual page
    Man(Man),
}

/// Flags that many commands share.
#[derive(Debug, clap::Args)]
pub(super) struct Common {
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub(super) color: Colour,
    /// Say more on standard error (repeat for each call to a cloud)
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(super) verbose: u8,
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// The operator's configuration (also IDFORM_CONFIG); never discovered beside manifests
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Form of the logs on standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub(super) log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Colour {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    Text,
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    /// What is on a command line can be read by every process of the machine.
    #[test]
    fn no_argument_takes_a_secret() {
        let words = [
            "secret",
            "password",
            "token",
            "credential",
            "access-key",
            "private",
        ];
        let mut commands = vec![Args::command()];
        let mut seen = 0;
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().cloned());
            for argument in command.get_arguments() {
                seen += 1;
                let name = argument.get_id().as_str().replace('_', "-");
                let long = argument.get_long().unwrap_or_default();
                let of = command.get_name();
                assert!(
                    words
                        .iter()
                        .all(|word| !name.contains(word) && !long.contains(word)),
                    "`{of}` takes `{name}`"
                );
            }
        }
        assert!(seen > 100, "{seen} arguments");
    }
}
