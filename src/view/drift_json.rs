//! What moved, as JSON. The document is also what the text, Markdown and metrics of a drift report
//! are rendered from, so that the joined reports of shards look like the report of one run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::issuers::{self, IssuerDocument};
use super::plan_json::{self, ResourceChange, SourceDocument};
use super::report_json::{DiagnosticDocument, FORMAT_VERSION, findings};
use super::text::neutral;
use crate::drift::{Accepted, DriftReport, Drifted, Stranger};
use crate::model::{Diagnostic, SourceMap, Value};

mod merge;

pub use super::report_json::to_json;
pub use merge::merge;

/// What a drift document is made of.
#[derive(Debug, Clone, Copy)]
pub struct DriftInput<'a> {
    /// What moved.
    pub report: &'a DriftReport,
    /// The exit code.
    pub exit_code: u8,
    /// What standard error says.
    pub diagnostics: &'a [Diagnostic],
    /// Where the diagnostics point into.
    pub sources: &'a SourceMap,
}

/// What moved on the clouds since it was reviewed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DriftDocument {
    /// Version of this document; readers should accept any with the same first number.
    pub format_version: String,
    /// Version of the program that wrote it.
    pub idform_version: String,
    /// `drift`; `merge`, which joins such documents, writes the same.
    #[schemars(extend("const" = "drift"))]
    pub command: String,
    /// 0 when nothing moved, 2 when something did, 1 when something could not be read.
    pub exit_code: u8,
    /// False when something could not be read.
    pub complete: bool,
    /// True when the exit code is neither 0 nor 2, for any reason.
    pub errored: bool,
    /// Which part of the manifests it is about; null for all.
    pub partial: Option<String>,
    /// How many of each.
    pub summary: DriftSummary,
    /// Every account that was asked.
    pub accounts: Vec<DriftAccount>,
    /// Declared objects that differ and are not accepted, the gravest first. `change.before` is
    /// what the manifest says, `change.after` what lives; `risks` are those of that change.
    pub resource_drift: Vec<ResourceDrift>,
    /// Live objects that no manifest declares and nobody accepted, the gravest first.
    pub unmanaged: Vec<UnmanagedDrift>,
    /// Declared objects of which nobody knows.
    pub unreadable: Vec<UnreadableDocument>,
    /// Lists that were not read, so that unmanaged objects may be hidden.
    pub unlisted: Vec<UnlistedDocument>,
    /// Differences that somebody answers for.
    pub accepted: Vec<AcceptedDocument>,
    /// Every issuer that was asked, and what moved there since it was locked and put on clouds.
    pub issuers: Vec<IssuerDocument>,
    /// What standard error said.
    pub diagnostics: Vec<DiagnosticDocument>,
}

/// How many of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DriftSummary {
    /// Declared objects that differ.
    pub drifted: usize,
    /// Live objects that nobody declared.
    pub unmanaged: usize,
    /// Of these two, those that concern no sign-in.
    pub harmless: usize,
    /// Those by which more is accepted than was reviewed.
    pub widens_trust: usize,
    /// Those by which something that was reviewed is accepted no more, or people sign in another
    /// way.
    pub breaks_sign_in: usize,
    /// Differences that somebody answers for.
    pub accepted: usize,
    /// Declared objects of which nobody knows.
    pub unreadable: usize,
    /// Declared objects that are as their manifests say.
    pub in_sync: usize,
}

/// An account that was asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct DriftAccount {
    /// Its name in the manifests.
    pub name: String,
    /// The cloud.
    pub provider_name: String,
    /// Whether it answered.
    pub read: bool,
}

/// A declared object that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceDrift {
    /// What happened, in the shape of a planned change; it has no calls.
    #[serde(flatten)]
    pub change: ResourceChange,
    /// `harmless`, `widens-trust` or `breaks-sign-in`.
    pub effect: String,
    /// The last day on which it was accepted, when that has passed; else null.
    pub accepted_until: Option<String>,
}

/// A live object that nobody declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnmanagedDrift {
    /// The account's name in the manifests.
    pub account: String,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name in the cloud; empty for what an account has one of.
    pub cloud_name: String,
    /// The cloud.
    pub provider_name: String,
    /// Its known fields in canonical form.
    pub live: BTreeMap<String, Value>,
    /// `harmless`, `widens-trust` or `breaks-sign-in`.
    pub effect: String,
    /// The last day on which it was accepted, when that has passed; else null.
    pub accepted_until: Option<String>,
}

/// A declared object of which nobody knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnreadableDocument {
    /// `<account>/<Kind>/<name>`.
    pub address: String,
    /// The account's name in the manifests.
    pub account: String,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Why.
    pub error: String,
    /// Where it is declared.
    pub source: SourceDocument,
}

/// A list that was not read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnlistedDocument {
    /// The account's name in the manifests.
    pub account: String,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Why.
    pub reason: String,
    /// True where the cloud has no such list at all, which is no error; false where it did not
    /// give it.
    pub by_design: bool,
}

/// A difference that somebody answers for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptedDocument {
    /// The account's name in the manifests.
    pub account: String,
    /// The kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// The object's name in the manifests; of an unmanaged one, its name in the cloud.
    pub name: String,
    /// Whether it is unmanaged.
    pub is_unmanaged: bool,
    /// The fields that are accepted; empty when the object is accepted as a whole.
    pub fields: Vec<String>,
    /// `harmless`, `widens-trust` or `breaks-sign-in`.
    pub effect: String,
    /// Why.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day, YYYY-MM-DD.
    pub until: String,
}

impl ResourceDrift {
    /// In a few words, what is the matter.
    pub(super) fn what(&self) -> String {
        match self.change.action_reason.as_str() {
            "not_on_cloud" => "is gone".to_owned(),
            "still_on_cloud" => "is there, and shall be absent".to_owned(),
            "still_enabled" => "is on, and shall be off".to_owned(),
            _ => {
                let fields = self.change.field_changes.iter();
                let fields: Vec<&str> = fields.map(|change| change.field.as_str()).collect();
                format!("{} changed", fields.join(", "))
            }
        }
    }
}

impl ResourceDrift {
    /// What happened, in a few lines for the place where it is declared.
    pub(super) fn said(&self) -> String {
        let change = &self.change;
        let mut lines = vec![
            format!("{} {}", neutral(&change.address), self.what()),
            format!("effect: {}", self.effect),
        ];
        if !change.risks.is_empty() {
            lines.push(format!("risks: {}", change.risks.join(", ")));
        }
        let until = self.accepted_until.iter();
        lines.extend(until.map(|date| format!("it was accepted until {date}")));
        lines.join("\n")
    }
}

impl UnmanagedDrift {
    /// `<account>/<Kind>/<name in the cloud>`, without the last part for what an account has one of.
    pub(super) fn name(&self) -> String {
        let name = format!("{}/{}/{}", self.account, self.kind, self.cloud_name);
        name.trim_end_matches('/').to_owned()
    }

    /// What is the matter, in a few lines.
    pub(super) fn said(&self) -> String {
        let mut lines = vec![
            format!("{} is declared by no manifest", neutral(&self.name())),
            format!("effect: {}", self.effect),
        ];
        let until = self.accepted_until.iter();
        lines.extend(until.map(|date| format!("it was accepted until {date}")));
        lines.join("\n")
    }
}

/// The document of a report.
pub fn document(input: &DriftInput<'_>) -> DriftDocument {
    let report = input.report;
    let mut document = DriftDocument {
        format_version: FORMAT_VERSION.to_owned(),
        idform_version: env!("CARGO_PKG_VERSION").to_owned(),
        command: "drift".to_owned(),
        exit_code: input.exit_code,
        complete: report.complete,
        errored: !matches!(input.exit_code, 0 | 2),
        partial: report.partial.clone(),
        summary: DriftSummary {
            in_sync: report.in_sync,
            ..DriftSummary::default()
        },
        accounts: report
            .accounts
            .iter()
            .map(|account| DriftAccount {
                name: account.name.clone(),
                provider_name: account.cloud.to_string(),
                read: account.is_read,
            })
            .collect(),
        resource_drift: report.objects.iter().map(drifted).collect(),
        unmanaged: report.unmanaged.iter().map(stranger).collect(),
        unreadable: report
            .unreadable
            .iter()
            .map(|step| UnreadableDocument {
                address: step.address.to_string(),
                account: step.address.account.clone(),
                kind: step.address.kind.to_string(),
                error: step.error.clone().unwrap_or_default(),
                source: SourceDocument {
                    file: step.origin.file.to_string(),
                    line: step.origin.line,
                },
            })
            .collect(),
        unlisted: report
            .unlisted
            .iter()
            .map(|list| UnlistedDocument {
                account: list.account.clone(),
                kind: list.kind.to_string(),
                reason: list.reason.clone(),
                by_design: list.by_design,
            })
            .collect(),
        accepted: report.accepted.iter().map(accepted).collect(),
        issuers: report.issuers.iter().map(issuers::issuer).collect(),
        diagnostics: findings(input.diagnostics, input.sources),
    };
    document.count();
    document
}

fn drifted(found: &Drifted) -> ResourceDrift {
    let mut change = plan_json::resource_change(&found.change);
    found.how.slug().clone_into(&mut change.action_reason);
    ResourceDrift {
        change,
        effect: found.effect.word().to_owned(),
        accepted_until: found.expired.map(|date| date.to_string()),
    }
}

fn stranger(stranger: &Stranger) -> UnmanagedDrift {
    UnmanagedDrift {
        account: stranger.found.account.clone(),
        kind: stranger.found.kind.to_string(),
        cloud_name: stranger.found.cloud_name.clone(),
        provider_name: stranger.cloud.to_string(),
        live: stranger.live.clone(),
        effect: stranger.effect.word().to_owned(),
        accepted_until: stranger.expired.map(|date| date.to_string()),
    }
}

fn accepted(accepted: &Accepted) -> AcceptedDocument {
    AcceptedDocument {
        account: accepted.account.clone(),
        kind: accepted.kind.to_string(),
        name: accepted.name.clone(),
        is_unmanaged: accepted.is_unmanaged,
        fields: accepted.fields.clone(),
        effect: accepted.effect.word().to_owned(),
        reason: accepted.reason.clone(),
        owner: accepted.owner.clone(),
        until: accepted.until.to_string(),
    }
}

impl DriftDocument {
    /// Counts what can be counted; `in_sync` is told by the run alone.
    fn count(&mut self) {
        let effects: Vec<&str> = self
            .resource_drift
            .iter()
            .map(|found| found.effect.as_str())
            .chain(self.unmanaged.iter().map(|found| found.effect.as_str()))
            .collect();
        let with = |word| effects.iter().filter(|effect| **effect == word).count();
        self.summary = DriftSummary {
            drifted: self.resource_drift.len(),
            unmanaged: self.unmanaged.len(),
            harmless: with("harmless"),
            widens_trust: with("widens-trust"),
            breaks_sign_in: with("breaks-sign-in"),
            accepted: self.accepted.len(),
            unreadable: self.unreadable.len(),
            in_sync: self.summary.in_sync,
        };
    }
}

/// Where an effect stands among the others; the gravest first.
pub(super) fn rank(effect: &str) -> u8 {
    match effect {
        "harmless" => 0,
        "widens-trust" => 1,
        // What a newer program says is at least not passed over.
        _ => 2,
    }
}

/// Reads a document back.
///
/// # Errors
/// Says why it is no drift report that this program can read.
pub fn from_text(text: &str) -> Result<DriftDocument, String> {
    #[derive(Deserialize)]
    struct Header {
        format_version: String,
        command: String,
    }
    let header: Header = serde_json::from_str(text)
        .map_err(|error| format!("it is no report of idform: {error}"))?;
    if header.command != "drift" {
        return Err(format!(
            "it is a report of `{}`, not of `drift`",
            header.command
        ));
    }
    if header.format_version.split('.').next() != FORMAT_VERSION.split('.').next() {
        return Err(format!(
            "it has format {}; this program reads {FORMAT_VERSION}",
            header.format_version
        ));
    }
    serde_json::from_str(text).map_err(|error| format!("it is no whole drift report: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_is_refused() {
        for (text, expected) in [
            ("", "it is no report"),
            ("{}", "it is no report"),
            (
                r#"{"format_version":"1.0","command":"plan"}"#,
                "not of `drift`",
            ),
            (
                r#"{"format_version":"2.0","command":"drift"}"#,
                "this program reads",
            ),
            (
                r#"{"format_version":"1.1","command":"drift"}"#,
                "no whole drift report",
            ),
        ] {
            let error = from_text(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
