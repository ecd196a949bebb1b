//! `idform lock`: asks the issuers that manifests pin, and locks what they publish.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use crate::compile::{Desired, World};
use crate::lock::fetch::{Fetched, Fetcher};
use crate::lock::{IssuerReport, Keep, Lock, Seen};
use crate::model::{Code, Diagnostic, Severity};
use crate::view::issuers::{self, LockInput};
use crate::view::{lock_text, report_json};

use super::args::{Common, Format, Lock as Command};
use super::config::Config;
use super::output::Output;
use super::run::Loaded;
use super::{Exit, lock_file, run};

pub(super) fn run(command: &Command, common: &Common, output: &Output) -> Result<Exit> {
    let config = Config::load(common)?;
    let Some(path) = lock_file::place(&command.manifests.paths) else {
        bail!(
            "a lock file lies beside manifests, and standard input lies nowhere; name a file or folder"
        );
    };
    let Loaded {
        manifests,
        world,
        lock,
        diagnostics,
    } = run::load_to_lock(&command.manifests, run::stdin(&command.manifests)?, &config);
    let mut found = diagnostics.clone().into_sorted();
    let Some(lock) = lock.filter(|_| !diagnostics.has_errors()) else {
        output.diagnostics(&found, &manifests.sources);
        output.say("The manifests or the lock file are invalid; no issuer was asked.");
        if command.format == Format::Json {
            let exit_code = Exit::Error.code();
            let document = report_json::document("lock", exit_code, &found, &manifests.sources);
            output.result(&report_json::to_json(&document));
        }
        return Ok(Exit::Error);
    };
    let used = used(&world);
    let retire: BTreeSet<&str> = command.retire.iter().map(String::as_str).collect();
    for issuer in &retire {
        if !issuer.is_empty() && !used.contains_key(issuer) && !lock.issuers.contains_key(*issuer) {
            bail!("--retire={issuer}: neither the manifests nor the lock file name this issuer");
        }
    }
    let issuers = used.keys().map(|issuer| (*issuer).to_owned()).collect();
    let asked = run::block_on(fetch(&issuers, command, &config))??;
    let now = super::drift::now();
    let reports: Vec<IssuerReport> = asked
        .iter()
        .map(|(issuer, seen)| {
            let hours = used.get(issuer.as_str()).copied().unwrap_or_default();
            let keep = if retire.contains(issuer.as_str()) {
                Keep::Retire
            } else if retire.contains("") {
                Keep::hours(0)
            } else {
                Keep::hours(hours)
            };
            report(&lock, issuer, seen.as_ref().ok(), now, keep)
        })
        .collect();
    found.extend(unfetched(&asked));
    found.extend(replaced(&reports, &retire, command.check));
    let (next, unused) = next(&lock, &reports, &used, &retire);
    let is_behind =
        reports.iter().any(|report| report.is_behind) || next.issuers.len() != lock.issuers.len();
    let is_written = !command.check && next != lock;
    if is_written {
        lock_file::write(&path, &next)?;
    }
    let is_error = found
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let exit = match (is_error, command.check && is_behind) {
        (true, _) => Exit::Error,
        (false, true) => Exit::Pending,
        (false, false) => Exit::Success,
    };
    output.diagnostics(&found, &manifests.sources);
    let document = issuers::lock_document(&LockInput {
        file: &path.display().to_string(),
        exit_code: exit.code(),
        is_written,
        is_behind,
        reports: &reports,
        unused: &unused,
        diagnostics: &found,
        sources: &manifests.sources,
    });
    output.result(&match command.format {
        Format::Text => lock_text::render(&document, &output.theme),
        Format::Json => report_json::to_json(&document),
    });
    Ok(exit)
}

/// The issuers that manifests pin, each with the largest overlap of its users, in hours.
fn used(world: &World) -> BTreeMap<&str, u32> {
    let hours = |objects: Vec<&Desired>| {
        let overlaps = objects
            .iter()
            .filter_map(|object| object.from_lock.as_ref());
        overlaps.map(|from_lock| from_lock.overlap_hours).max()
    };
    world
        .issuers()
        .into_iter()
        .map(|(issuer, objects)| (issuer, hours(objects).unwrap_or_default()))
        .collect()
}

/// Key ids with other material that nobody consented to. Whoever only asks is told; whoever wants a
/// new lock did not get it.
fn replaced(reports: &[IssuerReport], retire: &BTreeSet<&str>, only_asks: bool) -> Vec<Diagnostic> {
    let severity = if only_asks {
        Severity::Warning
    } else {
        Severity::Error
    };
    reports
        .iter()
        .filter(|report| !retire.contains(report.issuer.as_str()))
        .filter_map(IssuerReport::replaced_keys)
        .map(|finding| Diagnostic {
            severity,
            ..finding
        })
        .collect()
}

/// Asks the issuers; those of the sandbox too, if it is wanted.
async fn fetch(issuers: &BTreeSet<String>, command: &Command, config: &Config) -> Result<Fetched> {
    let mut options = config.fetching(command.timeout, command.parallelism)?;
    let sandbox = match &command.sandbox {
        Some(folder) => Some(run::start_sandbox(folder).await?),
        None => None,
    };
    if let Some(sandbox) = &sandbox {
        options = run::with_issuers_of(sandbox, options)?;
    }
    let fetcher = Fetcher::new(options)
        .map_err(anyhow::Error::msg)
        .context("prepare to ask issuers")?;
    let answers = fetcher.all(issuers).await;
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    Ok(answers)
}

fn report(
    lock: &Lock,
    issuer: &str,
    seen: Option<&Seen>,
    now: Timestamp,
    keep: Keep,
) -> IssuerReport {
    match seen {
        Some(seen) => IssuerReport::of(lock, seen, now, keep),
        None => IssuerReport::unknown(issuer, "it could not be fetched".to_owned()),
    }
}

/// What must be said of issuers of which nothing is known.
pub(super) fn unfetched(fetched: &Fetched) -> Vec<Diagnostic> {
    fetched
        .iter()
        .filter_map(|(issuer, seen)| {
            let error = seen.as_ref().err()?;
            let how = if error.code == Code::IssuerUnusable {
                "cannot be used"
            } else {
                "could not be fetched"
            };
            let title = format!("the issuer `{issuer}` {how}");
            let finding = Diagnostic::error(error.code, title).note(error.text.clone());
            Some(match &error.help {
                Some(help) => finding.help(help.clone()),
                None => finding,
            })
        })
        .collect()
}

/// The next lock, and the issuers in it that no manifest uses. These stay, since the run may have
/// been about a part of the manifests, until somebody asks for their end.
fn next(
    lock: &Lock,
    reports: &[IssuerReport],
    used: &BTreeMap<&str, u32>,
    retire: &BTreeSet<&str>,
) -> (Lock, Vec<String>) {
    let mut next = lock.clone();
    for report in reports.iter().filter(|report| report.is_behind) {
        if let Some(issuer) = &report.next {
            next.issuers.insert(report.issuer.clone(), issuer.clone());
        }
    }
    let (gone, unused): (Vec<String>, Vec<String>) = lock
        .issuers
        .keys()
        .filter(|issuer| !used.contains_key(issuer.as_str()))
        .cloned()
        .partition(|issuer| retire.contains("") || retire.contains(issuer.as_str()));
    for issuer in gone {
        next.issuers.remove(&issuer);
    }
    (next, unused)
}
