//! The command line, as data.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use crate::compile::{Selection, Shard};
use crate::model::Selector;
use crate::plan::Risk;
use crate::plan::guard::MaxChanges;

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
    /// Write manifests for what is live in an account, and plan them
    Import(Import),
    /// Render a saved plan in any form, also when it is stale
    Show(Show),
    /// Print what waits for what
    Graph(GraphOf),
    /// Print a JSON Schema
    Schema(Schema),
    /// Explain a kind, a field or a diagnostic code
    Explain(Explain),
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

/// The forms a plan can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormat {
    /// For people at a terminal
    Text,
    /// For programs; the schema is `idform schema plan`
    Json,
    /// A comment on a pull request
    Markdown,
    /// One self-contained file for a browser
    Html,
    /// SARIF 2.1.0 for code scanning
    Sarif,
    /// GitHub workflow commands: annotations on file and line
    Github,
    /// Markdown for `$GITHUB_STEP_SUMMARY`
    JobSummary,
}

impl PlanFormat {
    /// The word on the command line.
    pub(super) fn word(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// In which forms a plan is written, and where to.
#[derive(Debug, clap::Args)]
pub(super) struct Rendering {
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, value_name = "FORMAT")]
    pub(super) format: PlanFormat,
    /// Write the same result in another form into a file (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output)]
    pub(super) output: Vec<(PlanFormat, PathBuf)>,
}

/// Which manifests.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Manifests {
    /// Files, or folders read recursively for *.yaml and *.yml; `-` reads standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub(super) paths: Vec<PathBuf>,
    /// Let `${env:NAME}` in manifests read this variable (repeatable)
    #[arg(long = "env", value_name = "NAME")]
    pub(super) env: Vec<String>,
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

/// Which part of what the manifests declare.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Selecting {
    /// Only these accounts; `*` globs (repeatable)
    #[arg(long, value_name = "SELECTOR", value_parser = Selector::parse)]
    pub(super) account: Vec<Selector>,
    /// Only these objects and what they need: account/Kind/name with `*` globs (repeatable)
    #[arg(long, value_name = "SELECTOR", value_parser = Selector::parse)]
    pub(super) target: Vec<Selector>,
    /// Not these objects, nor what needs them (repeatable)
    #[arg(long, value_name = "SELECTOR", value_parser = Selector::parse)]
    pub(super) exclude: Vec<Selector>,
    /// Only the accounts of one of N shards, from 1
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(super) shard: Option<Shard>,
}

impl Selecting {
    pub(super) fn selection(&self) -> Selection {
        Selection {
            accounts: self.account.clone(),
            targets: self.target.clone(),
            excludes: self.exclude.clone(),
            shard: self.shard,
        }
    }
}

/// How much a plan may change.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Threshold {
    /// How many live objects of one kind in one account may change at once: N or N%
    /// [default: 30% where there are more than five]
    #[arg(long, value_name = "N|N%", value_parser = MaxChanges::parse)]
    pub(super) max_changes: Option<MaxChanges>,
}

/// Whose rules a plan must pass.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Policing {
    /// Judge the plan by the Rego policies in this folder; wins over the configuration's
    #[arg(long, value_name = "DIR")]
    pub(super) policies: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Validate {
    #[command(flatten)]
    pub(super) manifests: Manifests,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

#[derive(Debug, clap::Args)]
pub(super) struct Plan {
    #[command(flatten)]
    pub(super) manifests: Manifests,
    #[command(flatten)]
    pub(super) rendering: Rendering,
    #[command(flatten)]
    pub(super) clouds: Clouds,
    #[command(flatten)]
    pub(super) selecting: Selecting,
    #[command(flatten)]
    pub(super) threshold: Threshold,
    #[command(flatten)]
    pub(super) policing: Policing,
    /// Save the plan, to be shown later or approved with `apply --plan`
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
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
    #[command(flatten)]
    pub(super) selecting: Selecting,
    #[command(flatten)]
    pub(super) threshold: Threshold,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) policing: Policing,
    /// Apply only if planning anew gives this saved plan; its paths and selectors are used
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "account", "target", "exclude", "shard", "env", "expect"])]
    pub(super) plan: Option<PathBuf>,
    /// Apply only if planning anew gives this digest
    #[arg(long, value_name = "DIGEST")]
    pub(super) expect: Option<String>,
    /// Write what happens as it happens, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(super) events: Option<PathBuf>,
    /// Record intent and outcome of each write, with request ids
    #[arg(long, value_name = "FILE")]
    pub(super) journal: Option<PathBuf>,
    /// Do not ask; covers changes that are cosmetic or widen trust
    #[arg(short, long)]
    pub(super) yes: bool,
    /// Consent to a risk (repeatable): may-break-sign-in, switches-sign-in, destroys
    #[arg(long, value_name = "RISK", value_parser = risk)]
    pub(super) allow: Vec<Risk>,
}

/// The forms a drift report can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DriftFormat {
    /// For people at a terminal
    Text,
    /// For programs; the schema is `idform schema report`
    Json,
    /// An issue, with a hidden mark by which it is found again
    Markdown,
}

/// How a drift report is written.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Reporting {
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = DriftFormat::Text, value_name = "FORMAT")]
    pub(super) format: DriftFormat,
    /// Write the counts as OpenMetrics text
    #[arg(long, value_name = "FILE")]
    pub(super) metrics: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Drift {
    #[command(flatten)]
    pub(super) manifests: Manifests,
    #[command(flatten)]
    pub(super) reporting: Reporting,
    #[command(flatten)]
    pub(super) clouds: Clouds,
    #[command(flatten)]
    pub(super) selecting: Selecting,
    /// Known drift that is accepted until a date: a TOML file (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(super) accept: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Merge {
    /// Reports written with `drift --format json`, each of other accounts
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) reporting: Reporting,
}

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    #[command(flatten)]
    pub(super) manifests: Manifests,
    #[command(flatten)]
    pub(super) clouds: Clouds,
    /// The account, declared under PATH
    #[arg(long, value_name = "NAME")]
    pub(super) account: String,
    /// Only these objects: account/Kind/name with the name in the cloud, `*` globs (repeatable)
    #[arg(long, value_name = "SELECTOR", value_parser = Selector::parse)]
    pub(super) target: Vec<Selector>,
    /// The folder to write; nothing in it is overwritten
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
}

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// A plan saved with `plan --out`
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) rendering: Rendering,
}

#[derive(Debug, clap::Args)]
pub(super) struct GraphOf {
    #[command(flatten)]
    pub(super) manifests: Manifests,
    #[command(flatten)]
    pub(super) selecting: Selecting,
    /// Language of the graph
    #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid, value_name = "FORMAT")]
    pub(super) format: GraphFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    Dot,
    Mermaid,
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
    Config,
}

#[derive(Debug, clap::Args)]
pub(super) struct Explain {
    /// KIND, KIND.field or a diagnostic code; nothing for the list of kinds
    #[arg(default_value = "")]
    pub(super) topic: String,
}

#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct Man {
    /// The page of a command, for example `sandbox serve`; nothing for that of the program
    #[arg(value_name = "COMMAND")]
    pub(super) of: Vec<String>,
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
    /// Turn the sandbox's OpenID issuers: rotate keys, swap the certificate chain, make tokens
    Issuer(super::issuer::Issuer),
}

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Loopback address to listen on; port 0 picks free ports, another is the first of four
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub(super) listen: std::net::SocketAddr,
    /// Keep the accounts' state in this folder; otherwise in memory
    #[arg(long, value_name = "DIR")]
    pub(super) state: Option<PathBuf>,
    /// Print base URLs, test credentials, the issuer and its roots as one line of JSON instead of `export` lines
    #[arg(long)]
    pub(super) print_env: bool,
    /// Inject a fault: [CLOUD:]ACTION=KIND[,skip=N][,times=N] (repeatable)
    #[arg(long, value_name = "FAULT")]
    pub(super) fault: Vec<crate::sandbox::Fault>,
    /// Wait this long before every answer
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration)]
    pub(super) latency: Duration,
}

fn output(text: &str) -> Result<(PlanFormat, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("write FORMAT=FILE")?;
    let format = <PlanFormat as ValueEnum>::from_str(format, false)?;
    Ok((format, PathBuf::from(path)))
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/');
    let numbers = parts.and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((index, of)) if (1..=of).contains(&index) => Ok(Shard { index, of }),
        _ => Err("write I/N with I from 1 to N".to_owned()),
    }
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
