//! How an apply ended, as JSON: the header, the plan, and an outcome for each change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan_json::{self, PlanDocument, PlanInput};
use super::report_json::{DiagnosticDocument, FORMAT_VERSION};
use crate::apply::{CallRecord, Failure, Outcome, Report, StepOutcome};
use crate::provider::ProviderError;

pub use super::report_json::to_json;

/// The exit code of a run that was interrupted, also before anything was tried.
const INTERRUPTED: u8 = 130;

/// How an apply ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ApplyDocument {
    /// Version of this document; readers should accept any with the same first number.
    pub format_version: String,
    /// `apply`.
    #[schemars(extend("const" = "apply"))]
    pub command: String,
    /// Its exit code.
    pub exit_code: u8,
    /// Whether the person interrupted it.
    pub interrupted: bool,
    /// What was to be done; null when the manifests are invalid.
    pub plan: Option<PlanDocument>,
    /// How each change ended, by address; empty when nothing was tried.
    pub outcomes: Vec<OutcomeDocument>,
    /// What standard error said.
    pub diagnostics: Vec<DiagnosticDocument>,
}

/// How one change ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutcomeDocument {
    /// Which object.
    pub address: String,
    /// What was to be done.
    pub action: String,
    /// `done`, `failed`, `unknown` (it may have been carried out), `stale`, `skipped` or
    /// `cancelled`.
    pub outcome: String,
    /// Why it failed or is unknown, else null.
    pub error: Option<ErrorDocument>,
    /// The object whose failure made it skip, else null.
    pub because: Option<String>,
    /// Whether a part of a skipped or cancelled change was carried out before.
    pub partly_done: bool,
    /// Fields (or `existence`) that somebody else changed, or that read back otherwise.
    pub fields: Vec<String>,
    /// The writes that were sent, in order.
    pub calls: Vec<CallDocument>,
}

/// Why a change failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDocument {
    /// `read`, `write`, `unknown`, `not-as-written` or `internal`.
    pub kind: String,
    /// One or two sentences.
    pub message: String,
    /// What sort of refusal: `auth`, `denied`, `quota` and so on; null where no call failed.
    pub class: Option<String>,
    /// The call's documented name.
    pub call: Option<String>,
    /// The cloud's own error code.
    pub code: Option<String>,
    /// HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// The cloud's request id.
    pub request_id: Option<String>,
    /// What to do, where there is something general to say.
    pub hint: Option<String>,
}

/// One call that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CallDocument {
    /// The documented action name.
    pub name: String,
    /// The cloud's request id.
    pub request_id: Option<String>,
    /// From sending to the last byte, all attempts together.
    pub duration_ms: u64,
    /// What the cloud said instead of success.
    pub error: Option<String>,
}

/// The document of an apply: `plan` says what was to be done and carries the header; without a
/// report nothing was tried.
pub fn document(plan: &PlanInput<'_>, report: Option<&Report>) -> ApplyDocument {
    let planned = plan_json::document(plan);
    let diagnostics = planned.diagnostics.clone();
    ApplyDocument {
        format_version: FORMAT_VERSION.to_owned(),
        command: plan.command.to_owned(),
        exit_code: plan.exit_code,
        interrupted: report.map_or(plan.exit_code == INTERRUPTED, |report| report.interrupted),
        plan: plan.plan.map(|_| planned),
        outcomes: report.map_or_else(Vec::new, |report| {
            report.outcomes.iter().map(outcome).collect()
        }),
        diagnostics,
    }
}

fn outcome(step: &StepOutcome) -> OutcomeDocument {
    let mut document = OutcomeDocument {
        address: step.address.to_string(),
        action: step.action.word().to_owned(),
        outcome: step.outcome.word().to_owned(),
        error: None,
        because: None,
        partly_done: false,
        fields: Vec::new(),
        calls: step.calls.iter().map(call).collect(),
    };
    match &step.outcome {
        Outcome::Done => {}
        Outcome::Cancelled => {
            document.partly_done = step.calls.iter().any(|call| call.error.is_none());
        }
        Outcome::Stale { moved } => document.fields.clone_from(moved),
        Outcome::Skipped {
            because,
            partly_done,
        } => {
            document.because = Some(because.to_string());
            document.partly_done = *partly_done;
        }
        Outcome::Failed(failure) => {
            // Unknown is not failed.
            if let Failure::Unknown(_) = failure {
                "unknown".clone_into(&mut document.outcome);
            }
            if let Failure::NotAsWritten { fields } = failure {
                document.fields.clone_from(fields);
            }
            document.error = Some(error(failure));
        }
    }
    document
}

/// A call as every document of an apply shows it.
pub(super) fn call(call: &CallRecord) -> CallDocument {
    CallDocument {
        name: call.name.to_owned(),
        request_id: call.request_id.clone(),
        duration_ms: u64::try_from(call.duration.as_millis()).unwrap_or(u64::MAX),
        error: call.error.clone(),
    }
}

fn error(failure: &Failure) -> ErrorDocument {
    match failure {
        Failure::Read(error) => refused("read", error),
        Failure::Write(error) => refused("write", error),
        Failure::Unknown(error) => refused("unknown", error),
        Failure::NotAsWritten { fields } => plain(
            "not-as-written",
            format!(
                "the cloud accepted the write, but reading it back shows something else: {}",
                fields.join(", ")
            ),
        ),
        Failure::Internal(text) => plain("internal", text.clone()),
    }
}

fn plain(kind: &str, message: String) -> ErrorDocument {
    ErrorDocument {
        kind: kind.to_owned(),
        message,
        class: None,
        call: None,
        code: None,
        status: None,
        request_id: None,
        hint: None,
    }
}

fn refused(kind: &str, error: &ProviderError) -> ErrorDocument {
    ErrorDocument {
        kind: kind.to_owned(),
        message: error.message.clone(),
        class: Some(error.class.word().to_owned()),
        call: Some(error.call.to_owned()),
        code: error.code.clone(),
        status: error.status,
        request_id: error.request_id.clone(),
        hint: error.hint().map(str::to_owned),
    }
}
