//! The forms a result can take, and where it goes.

use std::path::PathBuf;

use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    Text,
    Json,
}

/// The forms that findings alone can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum FindingsFormat {
    /// For people at a terminal
    Text,
    /// For programs; the schema is `idform schema report`
    Json,
    /// SARIF 2.1.0 for code scanning
    Sarif,
    /// GitHub workflow commands: annotations on file and line
    Github,
}

/// The forms of the capability matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TableFormat {
    Text,
    Json,
    Markdown,
}

/// The word of a form on the command line.
pub(in crate::cli) fn word(form: &impl ValueEnum) -> String {
    let value = form.to_possible_value();
    value.map_or_else(String::new, |value| value.get_name().to_owned())
}

/// The forms a plan can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PlanFormat {
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

/// In which forms a plan is written, and where to.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Rendering {
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, value_name = "FORMAT")]
    pub(in crate::cli) format: PlanFormat,
    /// Write the same result in another form into a file (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output::<PlanFormat>)]
    pub(in crate::cli) output: Vec<(PlanFormat, PathBuf)>,
}

/// The forms that what came of an apply can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ApplyFormat {
    /// For people at a terminal
    Text,
    /// For programs; the schema is `idform schema report`
    Json,
    /// A comment on a pull request
    Markdown,
    /// GitHub workflow commands: annotations on file and line
    Github,
}

/// How what came of an apply is written.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Telling {
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t = ApplyFormat::Text, value_name = "FORMAT")]
    pub(in crate::cli) format: ApplyFormat,
    /// Write the same result in another form into a file (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output::<ApplyFormat>)]
    pub(in crate::cli) output: Vec<(ApplyFormat, PathBuf)>,
    /// Write the JSON report of the run, also when it fails or is interrupted
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) report: Option<PathBuf>,
}

/// The forms a drift report can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DriftFormat {
    /// For people at a terminal
    Text,
    /// For programs; the schema is `idform schema report`
    Json,
    /// An issue, with a hidden mark by which it is found again
    Markdown,
    /// SARIF 2.1.0 for code scanning
    Sarif,
    /// GitHub workflow commands: annotations on file and line
    Github,
}

/// How a drift report is written.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct Reporting {
    /// Form of the result on standard output; drift has no HTML page, which is about a plan's calls
    #[arg(long, value_enum, default_value_t = DriftFormat::Text, value_name = "FORMAT")]
    pub(in crate::cli) format: DriftFormat,
    /// Write the same result in another form into a file (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output::<DriftFormat>)]
    pub(in crate::cli) output: Vec<(DriftFormat, PathBuf)>,
    /// Write the counts as OpenMetrics text
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) metrics: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GraphFormat {
    Dot,
    Mermaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SchemaOf {
    /// Manifests
    Manifest,
    /// `plan --format json`
    Plan,
    /// `apply`, `drift` and `import` with `--format json`, and the header of all others
    Report,
    /// A line of `apply --events`
    Events,
    /// A line of `apply --journal`
    Journal,
    /// The file for `drift --accept`
    Acceptances,
    /// `idform.lock`
    Lock,
    /// The file for `--config`
    Config,
}

/// Reads `FORMAT=FILE`.
fn output<F: ValueEnum>(text: &str) -> Result<(F, PathBuf), String> {
    let (format, path) = text.split_once('=').ok_or("write FORMAT=FILE")?;
    Ok((F::from_str(format, false)?, PathBuf::from(path)))
}
