//! How an import ended, as JSON: the header, what was written, what was left out and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan_json::{self, PlanDocument, PlanInput};
use super::report_json::{DiagnosticDocument, FORMAT_VERSION, findings};
use crate::import::Import;
use crate::model::{Diagnostic, SourceMap};
use crate::plan::Plan;

pub use super::report_json::to_json;

/// What the result of an import is made of.
pub struct ImportInput<'a> {
    /// The accounts.
    pub accounts: &'a [String],
    /// The folder, as it was named.
    pub out: &'a str,
    /// The manifests.
    pub import: &'a Import,
    /// Whether they were written.
    pub is_written: bool,
    /// The plan of them, when it is not empty.
    pub plan: Option<&'a Plan>,
    /// The exit code.
    pub exit_code: u8,
    /// What was said on standard error.
    pub diagnostics: &'a [Diagnostic],
    /// The texts that diagnostics point into.
    pub sources: &'a SourceMap,
}

/// How an import ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportDocument {
    /// Version of this document; readers should accept any with the same first number.
    pub format_version: String,
    /// `import`.
    #[schemars(extend("const" = "import"))]
    pub command: String,
    /// Its exit code.
    pub exit_code: u8,
    /// The accounts.
    pub accounts: Vec<String>,
    /// The folder that manifests are written to.
    pub out: String,
    /// Whether they were written; if not, the lists below say what would have been.
    pub written: bool,
    /// The objects.
    pub imported: Vec<ImportedDocument>,
    /// Every file, relative to the folder.
    pub files: Vec<String>,
    /// What is not declared by them.
    pub left_out: Vec<LeftOutDocument>,
    /// What accounts have in common and is declared in each cloud's own kinds nevertheless.
    pub not_folded: Vec<UnfoldedDocument>,
    /// The plan of the manifests, when it is not empty; else null.
    pub plan: Option<PlanDocument>,
    /// What standard error said.
    pub diagnostics: Vec<DiagnosticDocument>,
}

/// One imported object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportedDocument {
    /// Its address.
    pub address: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name in the cloud; empty for what has none.
    pub cloud_name: String,
    /// The manifest, relative to the folder.
    pub file: String,
    /// The portable document that stands for it, as `OidcProvider/github`; null for its own.
    pub portable: Option<String>,
}

/// One thing that was left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOutDocument {
    /// Its account.
    pub account: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name in the cloud, or null for all that there may be of the kind.
    pub cloud_name: Option<String>,
    /// The field, when the rest of the object was imported.
    pub field: Option<String>,
    /// One sentence.
    pub why: String,
}

/// What could not become one portable document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UnfoldedDocument {
    /// The portable kind.
    #[serde(rename = "type")]
    pub kind: String,
    /// Issuer or entity id.
    pub what: String,
    /// The accounts whose objects are declared natively.
    pub accounts: Vec<String>,
    /// One sentence.
    pub why: String,
}

/// The document of an import.
pub fn document(input: &ImportInput<'_>) -> ImportDocument {
    let plan = input.plan.map(|plan| {
        plan_json::document(&PlanInput {
            plan: Some(plan),
            command: "import",
            exit_code: input.exit_code,
            errored: true,
            diagnostics: input.diagnostics,
            sources: input.sources,
        })
    });
    ImportDocument {
        format_version: FORMAT_VERSION.to_owned(),
        command: "import".to_owned(),
        exit_code: input.exit_code,
        accounts: input.accounts.to_vec(),
        out: input.out.to_owned(),
        written: input.is_written,
        imported: input
            .import
            .objects
            .iter()
            .map(|object| ImportedDocument {
                address: object.address.to_string(),
                kind: object.address.kind.to_string(),
                cloud_name: object.cloud_name.clone(),
                file: object.file.clone(),
                portable: object
                    .portable
                    .as_ref()
                    .map(|(kind, name)| format!("{kind}/{name}")),
            })
            .collect(),
        files: input.import.files.keys().cloned().collect(),
        left_out: input
            .import
            .left_out
            .iter()
            .map(|left_out| LeftOutDocument {
                account: left_out.account.clone(),
                kind: left_out.kind.to_string(),
                cloud_name: left_out.cloud_name.clone(),
                field: left_out.field.map(str::to_owned),
                why: left_out.why.clone(),
            })
            .collect(),
        not_folded: input
            .import
            .unfolded
            .iter()
            .map(|unfolded| UnfoldedDocument {
                kind: unfolded.kind.to_string(),
                what: unfolded.what.clone(),
                accounts: unfolded.accounts.clone(),
                why: unfolded.why.clone(),
            })
            .collect(),
        plan,
        diagnostics: findings(input.diagnostics, input.sources),
    }
}
