//! The command line, as data.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use crate::plan::Risk;

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
    /// Print a JSON Schema
    Schema(Schema),
    /// Explain a kind, a field or a diagnostic code
    Explain(Explain),
    /// The built-in emulator of the three clouds
    Sandbox(Sandbox),
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

/// Which manifests.
#[derive(Debug, clap::Args)]
pub(super) struct Manifests {
    /// Files, or folders read recursively for *.yaml and *.yml; `-` reads standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,
    /// Let `${env:NAME}` in manifests read this variable (repeatable)
    #[arg(long = "env", value_name = "NAME")]
    pub(super) env: Vec<String>,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// How the clouds are reached.
#[derive(Debug, clap::Args)]
pub(super) struct Clouds {
    /// Use the built-in emulator of the clouds, its state kept in DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".idform/sandbox")]
    pub(super) sandbox: Option<PathBuf>,
    /// Most requests, and most changes, under way at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) parallelism: u16,
    /// Time for one request, for example 10s or 500ms
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(super) timeout: Duration,
}

#[derive(Debug, clap::Args)]
pub(super) struct Validate {
    #[command(flatten)]
    pub(super) manifests: Manifests,
}

#[derive(Debug, clap::Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) manifests: Manifests,
    #[command(flatten)]
    pub(super) clouds: Clouds,
    /// Exit with 2 when changes are pending
    #[arg(long)]
    pub(super) detailed_exitcode: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Apply {
    #[command(flatten)]
    pub(super) manifests: Manifests,
    #[command(flatten)]
    pub(super) clouds: Clouds,
    /// Do not ask; covers changes that are cosmetic or widen trust
    #[arg(short, long)]
    pub(super) yes: bool,
    /// Consent to a risk (repeatable): may-break-sign-in, switches-sign-in, destroys
    #[arg(long, value_name = "RISK", value_parser = risk)]
    pub(super) allow: Vec<Risk>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Schema {
    /// Which document
    #[arg(value_enum)]
    pub(super) of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    Manifest,
    Plan,
    Report,
}

#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// KIND, KIND.field or a diagnostic code; nothing for the list of kinds
    #[arg(default_value = "")]
    pub(super) topic: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Sandbox {
    #[command(subcommand)]
    pub(super) command: SandboxCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum SandboxCommand {
    /// Serve the emulated clouds on loopback until interrupted
    Serve(Serve),
}

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Loopback address to listen on; port 0 picks free ports, another is the first of three
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub(super) listen: std::net::SocketAddr,
    /// Keep the accounts' state in this folder; otherwise in memory
    #[arg(long, value_name = "DIR")]
    pub(super) state: Option<PathBuf>,
    /// Print base URLs and test credentials as one line of JSON instead of `export` lines
    #[arg(long)]
    pub(super) print_env: bool,
    /// Inject a fault: [CLOUD:]ACTION=KIND[,skip=N][,times=N] (repeatable)
    #[arg(long, value_name = "FAULT")]
    pub(super) fault: Vec<crate::sandbox::Fault>,
    /// Wait this long before every answer
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration)]
    pub(super) latency: Duration,
}

fn risk(text: &str) -> Result<Risk, String> {
    Risk::ALL
        .into_iter()
        .find(|risk| risk.word() == text)
        .ok_or_else(|| {
            let words: Vec<&str> = Risk::ALL.iter().map(|risk| risk.word()).collect();
            format!("no such risk; the risks are {}", words.join(", "))
        })
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number with ms, s or m, for example 10s".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        "m" => Ok(Duration::from_secs(number.saturating_mul(60))),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn times_want_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["", "10", "s", "1h", "-1s", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
