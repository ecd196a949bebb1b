//! What each command is given.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;

use super::forms::{
    FindingsFormat, Format, GraphFormat, Rendering, Reporting, SchemaOf, TableFormat, Telling,
};
use super::what::{Clouds, Compared, Manifests, Selecting, duration};
use crate::model::Selector;
use crate::plan::Risk;
use crate::plan::guard::MaxChanges;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Validate {
    #[command(flatten)]
    pub(in crate::cli) manifests: Manifests,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = FindingsFormat::Text, value_name = "FORMAT")]
    pub(in crate::cli) format: FindingsFormat,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Doctor {
    #[command(flatten)]
    pub(in crate::cli) compared: Compared,
    /// Print the least policies for a plan role and an apply role, by cloud; nothing is contacted
    #[arg(long)]
    pub(in crate::cli) print_policy: bool,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(in crate::cli) format: Format,
}

/// The form of the capability matrix.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Capabilities {
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = TableFormat::Text, value_name = "FORMAT")]
    pub(in crate::cli) format: TableFormat,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Plan {
    #[command(flatten)]
    pub(in crate::cli) compared: Compared,
    #[command(flatten)]
    pub(in crate::cli) rendering: Rendering,
    #[command(flatten)]
    pub(in crate::cli) judging: Judging,
    /// Save the plan, to be shown later or approved with `apply --plan`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Exit with 2 when changes are pending
    #[arg(long)]
    pub(in crate::cli) detailed_exitcode: bool,
}

/// What a plan must pass.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct Judging {
    /// How many live objects of one kind in one account may change at once: N or N%
    /// [default: 30% where there are more than five]
    #[arg(long, value_name = "N|N%", value_parser = MaxChanges::parse)]
    pub(in crate::cli) max_changes: Option<MaxChanges>,
    /// Judge the plan by the Rego policies in this folder; wins over the configuration's
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) policies: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Apply {
    #[command(flatten)]
    pub(in crate::cli) compared: Compared,
    #[command(flatten)]
    pub(in crate::cli) judging: Judging,
    #[command(flatten)]
    pub(in crate::cli) telling: Telling,
    /// Apply only if planning anew gives this saved plan; its paths and selectors are used
    #[arg(long, value_name = "FILE", conflicts_with_all = ["paths", "account", "target", "label", "exclude", "shard", "env", "expect"])]
    pub(in crate::cli) plan: Option<PathBuf>,
    /// Apply only if planning anew gives this digest
    #[arg(long, value_name = "DIGEST")]
    pub(in crate::cli) expect: Option<String>,
    /// Write what happens as it happens, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) events: Option<PathBuf>,
    /// Record intent and outcome of each write, with request ids
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) journal: Option<PathBuf>,
    /// Do not ask; covers changes that are cosmetic or widen trust
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,
    /// Consent to a risk (repeatable): may-break-sign-in, switches-sign-in, destroys
    #[arg(long, value_name = "RISK", value_parser = risk)]
    pub(in crate::cli) allow: Vec<Risk>,
}

/// Reads a risk by its word.
fn risk(text: &str) -> Result<Risk, String> {
    Risk::ALL
        .into_iter()
        .find(|risk| risk.word() == text)
        .ok_or_else(|| {
            let words: Vec<&str> = Risk::ALL.iter().map(|risk| risk.word()).collect();
            format!("no such risk; the risks are {}", words.join(", "))
        })
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Drift {
    #[command(flatten)]
    pub(in crate::cli) compared: Compared,
    #[command(flatten)]
    pub(in crate::cli) reporting: Reporting,
    /// Do not ask issuers, only the clouds
    #[arg(long)]
    pub(in crate::cli) no_issuers: bool,
    /// Known drift that is accepted until a date: a TOML file (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) accept: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Merge {
    /// Reports written with `drift --format json`, each of other accounts
    #[arg(value_name = "FILE", required = true)]
    pub(in crate::cli) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) reporting: Reporting,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Lock {
    #[command(flatten)]
    pub(in crate::cli) manifests: Manifests,
    /// Only tell what moved; exit with 2 when the lock file is behind
    #[arg(long)]
    pub(in crate::cli) check: bool,
    /// End the overlap of what issuers have withdrawn, and drop issuers nobody uses; for one issuer
    /// with `=`, which also takes a key that replaces another under its id (repeatable)
    #[arg(long, value_name = "ISSUER", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(in crate::cli) retire: Vec<String>,
    /// Ask the issuers of the built-in sandbox too, under https://issuer.sandbox.test; its state is
    /// kept in DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".idform/sandbox")]
    pub(in crate::cli) sandbox: Option<PathBuf>,
    /// Most issuers asked at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(in crate::cli) parallelism: u16,
    /// Time for one request, for example 10s or 500ms
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(in crate::cli) timeout: Duration,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(in crate::cli) format: Format,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Import {
    #[command(flatten)]
    pub(in crate::cli) manifests: Manifests,
    #[command(flatten)]
    pub(in crate::cli) clouds: Clouds,
    /// The account, declared under PATH; `*` globs (repeatable)
    #[arg(long, value_name = "NAME", required = true)]
    pub(in crate::cli) account: Vec<String>,
    /// Only these objects: account/Kind/name with the name in the cloud, `*` globs (repeatable)
    #[arg(long, value_name = "SELECTOR", value_parser = Selector::parse)]
    pub(in crate::cli) target: Vec<Selector>,
    /// Also what accounts have in common in each cloud's own kinds
    #[arg(long)]
    pub(in crate::cli) native: bool,
    /// The folder to write; nothing in it is overwritten
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(in crate::cli) format: Format,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Show {
    /// A plan saved with `plan --out`, or the JSON report of `apply` (text, json, markdown) or of
    /// `drift` (also sarif and github)
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) rendering: Rendering,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct GraphOf {
    #[command(flatten)]
    pub(in crate::cli) manifests: Manifests,
    #[command(flatten)]
    pub(in crate::cli) selecting: Selecting,
    /// Language of the graph
    #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid, value_name = "FORMAT")]
    pub(in crate::cli) format: GraphFormat,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Schema {
    /// Which document
    #[arg(value_enum)]
    pub(in crate::cli) of: SchemaOf,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Explain {
    /// KIND, KIND.field or a diagnostic code; nothing for the list of kinds
    #[arg(default_value = "")]
    pub(in crate::cli) topic: String,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    pub(in crate::cli) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Man {
    /// The page of a command, for example `sandbox serve`; nothing for that of the program
    #[arg(value_name = "COMMAND")]
    pub(in crate::cli) of: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Sandbox {
    #[command(subcommand)]
    pub(in crate::cli) command: SandboxCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SandboxCommand {
    /// Serve the emulated clouds on loopback until interrupted
    Serve(Serve),
    /// Turn the sandbox's OpenID issuers: rotate keys, swap the certificate chain, make tokens
    Issuer(crate::cli::issuer::Issuer),
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Serve {
    /// Loopback address to listen on; port 0 picks free ports, another is the first of four
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub(in crate::cli) listen: std::net::SocketAddr,
    /// Keep the accounts' state in this folder; otherwise in memory
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) state: Option<PathBuf>,
    /// Print base URLs, test credentials, the issuer and its roots as one line of JSON instead of `export` lines
    #[arg(long)]
    pub(in crate::cli) print_env: bool,
    /// Inject a fault: [CLOUD:]ACTION=KIND[,skip=N][,times=N] (repeatable)
    #[arg(long, value_name = "FAULT")]
    pub(in crate::cli) fault: Vec<crate::sandbox::Fault>,
    /// Wait this long before every answer
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration)]
    pub(in crate::cli) latency: Duration,
}
