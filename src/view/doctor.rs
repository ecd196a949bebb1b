//! What `doctor` found, as text and JSON.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::report_json::{self, DiagnosticDocument};
use super::text::{counted, neutral};
use crate::doctor::{Examined, Health};
use crate::model::{Diagnostic, SourceMap};

/// The document of `doctor`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DoctorDocument {
    /// Version of this document; readers should accept any with the same first number.
    pub format_version: String,
    /// `doctor`.
    pub command: String,
    /// Its exit code.
    pub exit_code: u8,
    /// What standard error said.
    pub diagnostics: Vec<DiagnosticDocument>,
    /// Each account that the manifests declare and the command line selects.
    pub accounts: Vec<ExaminedDocument>,
    /// The issuers, and the lock file.
    pub issuers: Vec<ExaminedDocument>,
}

/// One account or issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExaminedDocument {
    /// Its name.
    pub name: String,
    /// The cloud's id; empty for issuers.
    pub cloud: String,
    /// The worst of its checks.
    pub health: String,
    /// What was looked at, in the order in which a run depends on it.
    pub checks: Vec<CheckDocument>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckDocument {
    /// `endpoint`, `credentials`, `account`, `clock`, `rights`, `issuer`, `lock`.
    pub what: String,
    /// The kind, for rights.
    pub kind: Option<String>,
    /// `good`, `attention`, `bad` or `untried`.
    pub health: String,
    /// What was found.
    pub found: String,
    /// What to do, or null.
    pub remedy: Option<String>,
}

/// What goes into either form.
pub struct DoctorInput<'a> {
    /// The accounts.
    pub accounts: &'a [Examined],
    /// The issuers.
    pub issuers: &'a [Examined],
    /// The command's exit code.
    pub exit_code: u8,
    /// What standard error says.
    pub diagnostics: &'a [Diagnostic],
    /// The texts.
    pub sources: &'a SourceMap,
}

/// The document.
pub fn document(input: &DoctorInput<'_>) -> DoctorDocument {
    let report = report_json::document("doctor", input.exit_code, input.diagnostics, input.sources);
    DoctorDocument {
        format_version: report.format_version,
        command: report.command,
        exit_code: report.exit_code,
        diagnostics: report.diagnostics,
        accounts: input.accounts.iter().map(examined).collect(),
        issuers: input.issuers.iter().map(examined).collect(),
    }
}

fn examined(examined: &Examined) -> ExaminedDocument {
    let checks = examined.checks.iter().map(|check| CheckDocument {
        what: check.what.to_owned(),
        kind: check.kind.map(|kind| kind.0.to_owned()),
        health: check.health.word().to_owned(),
        found: check.found.clone(),
        remedy: check.remedy.clone(),
    });
    ExaminedDocument {
        name: examined.name.clone(),
        cloud: examined.cloud.to_owned(),
        health: examined.health().word().to_owned(),
        checks: checks.collect(),
    }
}

/// The text.
pub fn render(input: &DoctorInput<'_>) -> String {
    let mut text = String::new();
    let all = || input.accounts.iter().chain(input.issuers);
    for examined in all() {
        text.push_str(&neutral(&examined.name));
        if !examined.cloud.is_empty() {
            let _ = write!(text, " ({})", examined.cloud);
        }
        text.push('\n');
        for check in &examined.checks {
            let mark = match check.health {
                Health::Good => "  ok  ",
                Health::Attention => "  !   ",
                Health::Bad => "  BAD ",
                Health::Untried => "  -   ",
            };
            let _ = write!(text, "{mark} {:11} ", check.what);
            if let Some(kind) = check.kind {
                let _ = write!(text, "{kind}: ");
            }
            let _ = writeln!(text, "{}", neutral(&check.found));
            if let Some(remedy) = &check.remedy {
                let _ = writeln!(text, "       {:11} -> {}", "", neutral(remedy));
            }
        }
        text.push('\n');
    }
    let count = |health| all().filter(|examined| examined.health() == health).count();
    let (bad, attention) = (count(Health::Bad), count(Health::Attention));
    let mut looked = counted(input.accounts.len(), "account");
    if !input.issuers.is_empty() {
        let _ = write!(looked, " and {}", counted(input.issuers.len(), "issuer"));
    }
    if bad == 0 && attention == 0 {
        let _ = writeln!(text, "All is well with {looked}.");
    } else {
        let _ = writeln!(
            text,
            "{looked} looked at: {bad} with something bad, {attention} to look after."
        );
    }
    text
}

/// Policies by cloud and role, as text: each document under its heading.
pub fn policies(documents: &[(String, &'static str, Value)]) -> String {
    let mut text = String::new();
    for (heading, note, document) in documents {
        let json = serde_json::to_string_pretty(document).unwrap_or_default();
        let _ = writeln!(text, "# {heading}\n# {note}\n{json}\n");
    }
    text
}
