//! What came of asking issuers, as JSON: a part of the document of `drift`, and most of that of
//! `lock`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::report_json::{DiagnosticDocument, FORMAT_VERSION, findings};
use crate::lock::{IssuerChange, IssuerReport};
use crate::model::{Diagnostic, SourceMap};

/// One issuer that was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IssuerDocument {
    /// The issuer, byte for byte.
    pub issuer: String,
    /// Whether what it publishes is known.
    pub reachable: bool,
    /// Whether `idform lock` would write something else.
    pub lock_behind: bool,
    /// When the first of its TLS certificates ends, RFC 3339; null when that is not known.
    pub certificate_ends: Option<String>,
    /// Keys it publishes that cannot be used, and why.
    pub left_out: Vec<String>,
    /// What moved, the most urgent first.
    pub changes: Vec<IssuerChangeDocument>,
}

/// One thing that moved at an issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IssuerChangeDocument {
    /// In which way, as a stable word: `key_added`, `chain_unmatched` and so on.
    pub change: String,
    /// `now`, `soon` or `later`.
    pub urgency: String,
    /// What, in a sentence.
    pub detail: String,
    /// Addresses of the objects it is about; empty when it is about the lock file.
    pub objects: Vec<String>,
}

/// What `idform lock` did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LockDocument {
    /// Version of this document; readers should accept any with the same first number.
    pub format_version: String,
    /// `lock`.
    pub command: String,
    /// 0 when the lock file is current, 2 when it is behind (`--check`), 1 when something failed.
    pub exit_code: u8,
    /// The lock file.
    pub file: String,
    /// Whether it was written.
    pub written: bool,
    /// Whether it was behind when the run began.
    pub behind: bool,
    /// Every issuer that was asked.
    pub issuers: Vec<IssuerDocument>,
    /// Issuers in the lock file that no manifest uses.
    pub unused: Vec<String>,
    /// What standard error said.
    pub diagnostics: Vec<DiagnosticDocument>,
}

/// What the document of `lock` is made of.
#[derive(Debug, Clone, Copy)]
pub struct LockInput<'a> {
    /// The lock file's name.
    pub file: &'a str,
    /// The exit code.
    pub exit_code: u8,
    /// Whether it was written.
    pub is_written: bool,
    /// Whether it was behind.
    pub is_behind: bool,
    /// Every issuer that was asked.
    pub reports: &'a [IssuerReport],
    /// Issuers that no manifest uses.
    pub unused: &'a [String],
    /// What standard error says.
    pub diagnostics: &'a [Diagnostic],
    /// Where the diagnostics point into.
    pub sources: &'a SourceMap,
}

impl IssuerDocument {
    /// Whether something is not as it was locked, or not on a cloud as it is locked.
    pub(super) fn has_moved(&self) -> bool {
        self.lock_behind || self.changes.iter().any(|change| !change.objects.is_empty())
    }
}

/// The document of one issuer.
pub fn issuer(report: &IssuerReport) -> IssuerDocument {
    IssuerDocument {
        issuer: report.issuer.clone(),
        reachable: report.error.is_none(),
        lock_behind: report.is_behind,
        certificate_ends: report.certificate_ends.map(|end| end.to_string()),
        left_out: report.left_out.clone(),
        changes: report.changes.iter().map(change).collect(),
    }
}

fn change(change: &IssuerChange) -> IssuerChangeDocument {
    IssuerChangeDocument {
        change: change.word.to_owned(),
        urgency: change.urgency.word().to_owned(),
        detail: change.detail.clone(),
        objects: change.objects.iter().map(ToString::to_string).collect(),
    }
}

/// The document of `lock`.
pub fn lock_document(input: &LockInput<'_>) -> LockDocument {
    LockDocument {
        format_version: FORMAT_VERSION.to_owned(),
        command: "lock".to_owned(),
        exit_code: input.exit_code,
        file: input.file.to_owned(),
        written: input.is_written,
        behind: input.is_behind,
        issuers: input.reports.iter().map(issuer).collect(),
        unused: input.unused.to_vec(),
        diagnostics: findings(input.diagnostics, input.sources),
    }
}

/// Joins what shards said of issuers: each issuer once, its changes together.
pub fn merge(issuers: impl Iterator<Item = IssuerDocument>) -> Vec<IssuerDocument> {
    let mut merged: Vec<IssuerDocument> = Vec::new();
    for document in issuers {
        let Some(known) = merged
            .iter_mut()
            .find(|known| known.issuer == document.issuer)
        else {
            merged.push(document);
            continue;
        };
        known.reachable &= document.reachable;
        known.lock_behind |= document.lock_behind;
        known.certificate_ends = known.certificate_ends.take().or(document.certificate_ends);
        for change in document.changes {
            let same = known
                .changes
                .iter_mut()
                .find(|known| (&known.change, &known.detail) == (&change.change, &change.detail));
            match same {
                Some(same) => {
                    same.objects.extend(change.objects);
                    same.objects.sort();
                    same.objects.dedup();
                }
                None => known.changes.push(change),
            }
        }
        known.changes.sort_by_key(|change| rank(&change.urgency));
    }
    merged.sort_by(|left, right| left.issuer.cmp(&right.issuer));
    merged
}

/// Where an urgency stands; what a newer program says is at least not passed over.
fn rank(urgency: &str) -> u8 {
    match urgency {
        "later" => 2,
        "soon" => 1,
        _ => 0,
    }
}
