//! `idform show`: renders what a run left behind: a saved plan, also when it is stale, or the JSON
//! report of an apply or a drift. Contacts nobody.

use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

use crate::model::SourceMap;
use crate::plan::file;
use crate::view::theme::Theme;
use crate::view::{apply_json, apply_review, drift_json};

use super::args::{self, DriftFormat, PlanFormat, Rendering, Show};
use super::output::Output;
use super::render::Rendered;
use super::{Exit, drift, saved};

/// What tells the files apart.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Header {
    idform: Option<String>,
    command: Option<String>,
}

pub(super) fn run(command: &Show, output: &Output) -> Result<Exit> {
    let text = read(&command.file)?;
    // What is no JSON is told apart, and refused, by the reader of saved plans.
    let header: Header = serde_json::from_str(&text).unwrap_or_default();
    let told = |error: String| {
        anyhow!(error).context(format!("read the report {}", command.file.display()))
    };
    match header.command.as_deref() {
        Some("drift") if header.idform.is_none() => {
            let document = drift_json::from_text(&text).map_err(told)?;
            write(&command.rendering, output, "drift", |format, theme| {
                let format = drift_format(format)?;
                Some(drift::text(&document, format, theme, output.width))
            })
        }
        Some("apply") if header.idform.is_none() => {
            let document = apply_review::from_text(&text).map_err(told)?;
            write(&command.rendering, output, "apply", |format, theme| {
                apply_text(&document, format, theme, output.width)
            })
        }
        Some(other) if header.idform.is_none() => {
            let why = match other {
                "plan" => "it is what `plan --format json` prints, which holds no whole plan; save one with `plan --out`".to_owned(),
                other => format!("it is a report of `{other}`; show renders those of apply and drift"),
            };
            Err(told(why))
        }
        _ => plan(command, &text, output),
    }
}

fn read(path: &Path) -> Result<String> {
    let read = || -> Result<String> {
        if fs_err::File::open(path)?.metadata()?.len() > file::BYTES {
            bail!("it is too large for a plan or a report");
        }
        Ok(fs_err::read_to_string(path)?)
    };
    read().with_context(|| format!("read {}", path.display()))
}

fn plan(command: &Show, text: &str, output: &Output) -> Result<Exit> {
    let saved = saved::of_text(&command.file, text)?;
    let rendered = Rendered {
        plan: Some(&saved.plan),
        command: "show",
        exit: Exit::Success,
        diagnostics: &[],
        sources: &SourceMap::default(),
    };
    rendered.write(&command.rendering, output)?;
    Ok(Exit::Success)
}

/// Writes every wanted form of a report, or none when it has no such form.
fn write(
    wanted: &Rendering,
    output: &Output,
    of: &str,
    render: impl Fn(PlanFormat, &Theme) -> Option<String>,
) -> Result<Exit> {
    let plain = Theme::plain();
    let form = |format: PlanFormat, theme: &Theme| {
        render(format, theme)
            .with_context(|| format!("a report of {of} has no form {}", args::word(&format)))
    };
    let result = form(wanted.format, &output.theme)?;
    let mut files = Vec::new();
    for (format, path) in &wanted.output {
        files.push((path, form(*format, &plain)?));
    }
    let mut written = Ok(());
    for (path, text) in files {
        written = written.and(fs_err::write(path, text).context("write the report"));
    }
    output.after_files(written, wanted.format == PlanFormat::Json, || result)?;
    Ok(Exit::Success)
}

fn drift_format(format: PlanFormat) -> Option<DriftFormat> {
    match format {
        PlanFormat::Text => Some(DriftFormat::Text),
        PlanFormat::Json => Some(DriftFormat::Json),
        PlanFormat::Markdown | PlanFormat::JobSummary => Some(DriftFormat::Markdown),
        PlanFormat::Sarif => Some(DriftFormat::Sarif),
        PlanFormat::Github => Some(DriftFormat::Github),
        PlanFormat::Html => None,
    }
}

fn apply_text(
    document: &apply_json::ApplyDocument,
    format: PlanFormat,
    theme: &Theme,
    width: usize,
) -> Option<String> {
    match format {
        PlanFormat::Text => Some(apply_review::text(document, theme, width)),
        PlanFormat::Json => Some(apply_json::to_json(document)),
        PlanFormat::Markdown | PlanFormat::JobSummary => Some(apply_review::markdown(document)),
        PlanFormat::Github => Some(apply_review::github(document)),
        PlanFormat::Html | PlanFormat::Sarif => None,
    }
}
