//! A saved report of an apply, as text and as Markdown: how each change ended, with request ids.
//!
//! `apply_text` speaks while an apply runs, from what happened; this file reads the JSON document
//! that it left behind, which another version of this program may have written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::apply_json::{ApplyDocument, ErrorDocument, OutcomeDocument};
use super::drift_markdown::{code, plain};
use super::github::{Level, annotated, finding};
use super::report_json::FORMAT_VERSION;
use super::text::{counted, neutral, wrap};
use super::theme::{Theme, paint};

/// Fewest columns anything is laid out for.
const NARROWEST: usize = 60;
/// Most bytes of Markdown; GitHub takes 65,536 characters in a comment.
const MOST_BYTES: usize = 60_000;

/// Reads a document back.
///
/// # Errors
/// Says why it is no report of an apply that this program can read.
pub fn from_text(text: &str) -> Result<ApplyDocument, String> {
    let document: ApplyDocument =
        serde_json::from_str(text).map_err(|error| format!("it is no whole report: {error}"))?;
    if document.format_version.split('.').next() != FORMAT_VERSION.split('.').next() {
        return Err(format!(
            "it has format {}; this program reads {FORMAT_VERSION}",
            document.format_version
        ));
    }
    Ok(document)
}

/// What it came to, in one sentence: how many of each outcome, never that it succeeded.
fn headline(document: &ApplyDocument) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in &document.outcomes {
        *counts.entry(&outcome.outcome).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(word, count)| format!("{count} {}", neutral(word)))
        .collect();
    let what = if counts.is_empty() {
        "no change was tried".to_owned()
    } else {
        let all = counted(document.outcomes.len(), "change");
        format!("{all}: {}", counts.join(", "))
    };
    let interrupted = if document.interrupted {
        "; it was interrupted"
    } else {
        ""
    };
    format!("{what}{interrupted}; exit code {}", document.exit_code)
}

/// What needs somebody stands above what is done; stable within.
fn by_gravity(document: &ApplyDocument) -> Vec<&OutcomeDocument> {
    let mut outcomes: Vec<&OutcomeDocument> = document.outcomes.iter().collect();
    outcomes.sort_by_key(|outcome| match outcome.outcome.as_str() {
        "unknown" => 0,
        "failed" => 1,
        "stale" => 2,
        "skipped" => 3,
        "cancelled" => 4,
        "done" => 6,
        _ => 5,
    });
    outcomes
}

/// Label and text of all that is to be said of one outcome.
fn said(outcome: &OutcomeDocument) -> Vec<(&'static str, String)> {
    let mut said = Vec::new();
    if let Some(error) = &outcome.error {
        said.push(("error", error_text(error)));
        let hint = error.hint.iter();
        said.extend(hint.map(|hint| ("hint", hint.clone())));
    }
    let because = outcome.because.iter();
    said.extend(because.map(|because| ("because", format!("{because} was not done"))));
    if outcome.partly_done {
        said.push(("partly", "a part of it was carried out before".to_owned()));
    }
    if !outcome.fields.is_empty() {
        said.push(("fields", outcome.fields.join(", ")));
    }
    for call in &outcome.calls {
        let mut text = call.name.clone();
        if let Some(id) = &call.request_id {
            let _ = write!(text, ", request {id}");
        }
        let _ = write!(text, ", {} ms", call.duration_ms);
        if let Some(error) = &call.error {
            let _ = write!(text, ": {error}");
        }
        said.push(("call", text));
    }
    said
}

fn error_text(error: &ErrorDocument) -> String {
    let status = error.status.map(|status| format!("HTTP {status}"));
    let facts: Vec<String> = [
        error.call.clone(),
        error.code.clone(),
        status,
        error.request_id.as_ref().map(|id| format!("request {id}")),
    ]
    .into_iter()
    .flatten()
    .collect();
    if facts.is_empty() {
        error.message.clone()
    } else {
        format!("{} ({})", error.message, facts.join(", "))
    }
}

/// The report as text.
pub fn text(document: &ApplyDocument, theme: &Theme, width: usize) -> String {
    let width = width.max(NARROWEST);
    let mut out = Vec::new();
    for outcome in by_gravity(document) {
        let style = match outcome.outcome.as_str() {
            "done" => theme.strong(),
            "skipped" | "cancelled" => theme.warning(),
            _ => theme.error(),
        };
        out.push(format!(
            "{} {} ({})",
            paint(style, &format!("{}:", neutral(&outcome.outcome))),
            neutral(&outcome.address),
            neutral(&outcome.action)
        ));
        for (label, text) in said(outcome) {
            let margin = 2 + label.len() + 2;
            for (index, line) in wrap(&neutral(&text), width.saturating_sub(margin))
                .iter()
                .enumerate()
            {
                if index == 0 {
                    let label = paint(theme.dim(), &format!("{label}:"));
                    out.push(format!("  {label} {line}"));
                } else {
                    out.push(format!("{}{line}", " ".repeat(margin)));
                }
            }
        }
    }
    for finding in &document.diagnostics {
        out.push(format!(
            "{}[{}]: {}",
            neutral(&finding.severity),
            neutral(&finding.code),
            neutral(&finding.summary)
        ));
    }
    if let Some(digest) = document.plan.as_ref().and_then(|plan| plan.digest.as_ref()) {
        out.push(format!("Plan: {}", neutral(digest)));
    }
    out.push(format!("Apply: {}.", headline(document)));
    out.join("\n") + "\n"
}

/// The report as GitHub workflow commands: annotations of what failed, on the manifests' lines, then
/// what it came to.
pub fn github(document: &ApplyDocument) -> String {
    let all: Vec<(Level, String)> = document.diagnostics.iter().map(finding).collect();
    let elsewhere = "`--output json=FILE` has all.";
    annotated(&all, "idform apply", headline(document), elsewhere)
}

/// The report as Markdown for a comment.
pub fn markdown(document: &ApplyDocument) -> String {
    let mut out = format!("## Apply\n\n{}.\n", plain(&headline(document)));
    if let Some(digest) = document.plan.as_ref().and_then(|plan| plan.digest.as_ref()) {
        let _ = writeln!(out, "\nPlan {}.", code(digest));
    }
    let outcomes = by_gravity(document);
    if !outcomes.is_empty() {
        out.push_str("\n| Outcome | Object | Action | What |\n| --- | --- | --- | --- |\n");
    }
    let mut left_out = 0;
    for outcome in outcomes {
        let what: Vec<String> = said(outcome)
            .iter()
            .map(|(label, text)| format!("{label}: {}", code(text)))
            .collect();
        let row = format!(
            "| {} | {} | {} | {} |\n",
            plain(&outcome.outcome),
            code(&outcome.address),
            plain(&outcome.action),
            what.join("<br>")
        );
        if out.len() + row.len() > MOST_BYTES {
            left_out += 1;
        } else {
            out.push_str(&row);
        }
    }
    let mut messages = String::new();
    for finding in &document.diagnostics {
        let line = format!(
            "- {}: {}\n",
            plain(&finding.severity),
            code(&finding.summary)
        );
        if out.len() + messages.len() + line.len() > MOST_BYTES {
            left_out += 1;
        } else {
            messages.push_str(&line);
        }
    }
    if !messages.is_empty() {
        let _ = write!(out, "\n### Messages\n\n{messages}");
    }
    if left_out > 0 {
        let lines = counted(left_out, "line");
        let _ = write!(out, "\nToo long for a comment; {lines} left out.\n");
    }
    out
}
