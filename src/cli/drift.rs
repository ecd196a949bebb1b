//! `idform drift`: compares the clouds with the manifests and tells what moved.
//!
//! It holds readers and nothing else: no name in this file leads to a way of changing a cloud, and
//! `tests/it/tidy.rs` sees to it that none will.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::drift::{self, Acceptance, DriftReport};
use crate::lock::{IssuerReport, Seen};
use crate::model::{Diagnostic, Diagnostics, Severity, SourceMap};
use crate::observe::live::Lists;
use crate::plan::{self, Guards};
use crate::view::drift_json::{self, DriftDocument, DriftInput};
use crate::view::progress::Progress;
use crate::view::theme::Theme;
use crate::view::{drift_github, drift_markdown, drift_sarif, drift_text, metrics};

use super::args::{self, Common, Drift as Command, DriftFormat, Reporting};
use super::config::Config;
use super::output::Output;
use super::run::ReadOnly;
use super::signals::unless_interrupted;
use super::{Exit, rim, run};

/// Largest acceptance file read, in bytes.
const ACCEPTANCE_BYTES: u64 = 1024 * 1024;

pub(super) fn run(command: &Command, common: &Common, output: &Output) -> Result<Exit> {
    let config = Config::load(common)?;
    let selection = command.compared.selecting.selection();
    let mut loaded = run::load(&command.compared.manifests, &selection, &config)?;
    let sources = &mut loaded.manifests.sources;
    let mut accepted = Vec::new();
    for path in &command.accept {
        accepted.extend(acceptances(path, sources, &mut loaded.diagnostics)?);
    }
    let sources = &loaded.manifests.sources;
    if loaded.diagnostics.has_errors() {
        let found = loaded.diagnostics.into_sorted();
        output.say("The manifests or acceptances are invalid; no cloud was contacted.");
        return finish(&DriftReport::default(), &found, sources, command, output);
    }
    // Who asks for some objects does not want every list of every account.
    let lists = if selection.names_objects() {
        Lists::AsNeeded
    } else {
        Lists::Every
    };
    let issuers: BTreeSet<String> = if command.no_issuers {
        BTreeSet::new()
    } else {
        let issuers = loaded.world.issuers().into_keys();
        issuers.map(str::to_owned).collect()
    };
    let (snapshot, fetched) = run::block_on(async {
        let clouds = ReadOnly::new(&loaded.world, lists, &command.compared.clouds, &config).await?;
        let progress = Progress::new(output.draws_bars());
        let asking = async {
            tokio::join!(
                clouds.read(&loaded.world, &progress),
                clouds.ask_issuers(&issuers, &command.compared.clouds, &config)
            )
        };
        let (snapshot, fetched) = unless_interrupted(asking).await?;
        clouds.close().await;
        anyhow::Ok((snapshot, fetched?))
    })??;
    let plan = plan::make(&loaded.world, &snapshot, &Guards::default());
    let today = rim::today();
    let mut report = drift::report(&loaded.world, &snapshot, &plan, &accepted, today);
    let seen: BTreeMap<&str, Option<&Seen>> = fetched
        .iter()
        .map(|(issuer, seen)| (issuer.as_str(), seen.as_ref().ok()))
        .collect();
    let lock = loaded.lock.unwrap_or_default();
    report.issuers = drift::issuers::report(&loaded.world, &snapshot, &lock, &seen, now());
    report.complete &= report.issuers.iter().all(|issuer| issuer.error.is_none());
    let mut found = loaded.diagnostics.into_sorted();
    found.extend(super::lock::unfetched(&fetched));
    found.extend(
        report
            .issuers
            .iter()
            .filter_map(IssuerReport::replaced_keys),
    );
    found.extend(report.findings.iter().cloned());
    finish(&report, &found, sources, command, output)
}

fn finish(
    report: &DriftReport,
    found: &[Diagnostic],
    sources: &SourceMap,
    command: &Command,
    output: &Output,
) -> Result<Exit> {
    let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
    let exit = if !report.complete || found.iter().any(is_error) {
        Exit::Error
    } else if report.has_drift() {
        Exit::Pending
    } else {
        Exit::Success
    };
    output.diagnostics(found, sources);
    let document = drift_json::document(&DriftInput {
        report,
        exit_code: exit.code(),
        diagnostics: found,
        sources,
    });
    show(&document, &command.reporting, output)?;
    Ok(exit)
}

/// Writes a report in the form that is wanted, and its counts.
pub(super) fn show(document: &DriftDocument, reporting: &Reporting, output: &Output) -> Result<()> {
    let mut files = Ok(());
    for (format, path) in &reporting.output {
        let text = text(document, *format, &Theme::plain(), output.width);
        let written = fs_err::write(path, text)
            .with_context(|| format!("write the drift report as {}", args::word(format)));
        files = files.and(written);
    }
    if let Some(path) = &reporting.metrics {
        let before = match fs_err::read_to_string(path) {
            Ok(text) => metrics::last_success(&text),
            Err(_) => None,
        };
        let text = metrics::render(document, now(), before);
        let written = rim::replace_file(path, &text)
            .with_context(|| format!("write the metrics to {}", path.display()));
        files = files.and(written);
    }
    output.after_files(files, reporting.format == DriftFormat::Json, || {
        text(document, reporting.format, &output.theme, output.width)
    })
}

/// A report in one form.
pub(super) fn text(
    document: &DriftDocument,
    format: DriftFormat,
    theme: &Theme,
    width: usize,
) -> String {
    match format {
        DriftFormat::Text => drift_text::render(document, theme, width),
        DriftFormat::Json => drift_json::to_json(document),
        DriftFormat::Markdown => drift_markdown::render(document),
        DriftFormat::Sarif => drift_sarif::render(document),
        DriftFormat::Github => drift_github::render(document),
    }
}

pub(super) fn now() -> jiff::Timestamp {
    jiff::Timestamp::from_second(crate::net::clock::unix_seconds()).unwrap_or_default()
}

fn acceptances(
    path: &Path,
    sources: &mut SourceMap,
    out: &mut Diagnostics,
) -> Result<Vec<Acceptance>> {
    let read = || -> Result<String> {
        if fs_err::File::open(path)?.metadata()?.len() > ACCEPTANCE_BYTES {
            bail!("it is larger than 1 MiB");
        }
        Ok(fs_err::read_to_string(path)?)
    };
    let text = read().with_context(|| format!("read the acceptances {}", path.display()))?;
    let source = sources.add(path.display().to_string(), text);
    Ok(drift::parse(sources, source, out))
}
