//! What happens during an apply as JSON objects, one a line, in the manner of Terraform's
//! machine-readable UI (contract §3.2), and the lines of the journal.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::apply_json::{CallDocument, call};
use crate::apply::{Event, Outcome, Report, StepOutcome};
use crate::model::Diagnostic;
use crate::plan::{Plan, Step};

/// The version of the event stream.
pub const FORMAT_VERSION: &str = "1.0";

/// One line of the event stream.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EventDocument {
    /// `info`, `warn` (`warning` of a diagnostic) or `error`.
    #[serde(rename = "@level")]
    level: &'static str,
    /// When, RFC 3339 in UTC, to the second.
    #[serde(rename = "@timestamp")]
    timestamp: String,
    /// The same for people; not to be parsed.
    #[serde(rename = "@message")]
    message: String,
    #[serde(flatten)]
    what: What,
}

/// What a line says.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum What {
    /// The first line.
    Version {
        /// Version of the program.
        idform: &'static str,
        /// Version of the stream; readers should accept any with the same first number.
        format_version: &'static str,
    },
    /// A change of the plan, before anything is done.
    PlannedChange { change: PlannedDocument },
    /// A finding.
    Diagnostic { diagnostic: FindingDocument },
    /// A change begins.
    ApplyStart { hook: StartDocument },
    /// A write of a change is about to be sent, or was answered.
    ApplyProgress { hook: ProgressDocument },
    /// A change was carried out, read back and found as wanted.
    ApplyComplete { hook: EndDocument },
    /// A change failed, or was stale and left alone.
    ApplyErrored { hook: EndDocument },
    /// A change was not tried, or not to its end.
    ApplySkipped { hook: EndDocument },
    /// The last line.
    ChangeSummary { changes: SummaryDocument },
}

/// A change of the plan.
#[derive(Debug, Serialize, JsonSchema)]
struct PlannedDocument {
    /// `<account>/<Kind>/<name>`.
    address: String,
    /// What is to be done.
    action: &'static str,
    /// Why.
    reason: &'static str,
    /// What may go wrong.
    risks: Vec<&'static str>,
}

/// A finding.
#[derive(Debug, Serialize, JsonSchema)]
struct FindingDocument {
    /// `error` or `warning`.
    severity: &'static str,
    /// The stable code in words; `idform explain CODE` says more.
    code: &'static str,
    /// One line.
    summary: String,
    /// Notes, a line each; may be empty.
    detail: String,
}

/// A change that begins.
#[derive(Debug, Serialize, JsonSchema)]
struct StartDocument {
    /// `<account>/<Kind>/<name>`.
    address: String,
    /// What is to be done.
    action: &'static str,
}

/// A write on its way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
enum ProgressDocument {
    /// About to be sent.
    Sent {
        /// The change it belongs to.
        address: String,
        /// The documented action name.
        call: &'static str,
        /// `PUT /v3/…` for calls that are told apart by their path, else null.
        target: Option<String>,
    },
    /// Answered, or given up.
    Answered {
        /// The change it belongs to.
        address: String,
        /// The documented action name.
        call: &'static str,
        /// The cloud's request id.
        request_id: Option<String>,
        /// From sending to the last byte, all attempts together.
        duration_ms: u64,
        /// What the cloud said instead of success.
        error: Option<String>,
    },
}

/// A change that ended.
#[derive(Debug, Serialize, JsonSchema)]
struct EndDocument {
    /// `<account>/<Kind>/<name>`.
    address: String,
    /// What was to be done.
    action: &'static str,
    /// `done`, `failed`, `stale`, `skipped` or `cancelled`.
    outcome: &'static str,
    /// The object whose failure made it skip, else null.
    because: Option<String>,
    /// The writes that were sent, in order.
    calls: Vec<CallDocument>,
}

/// How many changes ended how.
#[derive(Debug, Serialize, JsonSchema)]
struct SummaryDocument {
    /// Carried out.
    done: usize,
    /// Failed, also with an outcome that is not known.
    failed: usize,
    /// Left alone, because somebody else changed the object.
    stale: usize,
    /// Not tried, because something they wait for was not done.
    skipped: usize,
    /// Not tried, because the run was interrupted.
    cancelled: usize,
    /// Whether the run was interrupted.
    interrupted: bool,
}

/// One line of the journal. A journal outlives runs: each appends to it. An intent without its
/// outcome is a write of which nobody knows whether it was carried out; the next apply reads the
/// object and finds out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum JournalDocument {
    /// A write is about to be sent: this line is written before it.
    Intent {
        /// When, RFC 3339 in UTC, to the second.
        time: String,
        /// The change it belongs to: `<account>/<Kind>/<name>`.
        address: String,
        /// The documented action name.
        call: &'static str,
        /// `PUT /v3/…` for calls that are told apart by their path, else null.
        target: Option<String>,
    },
    /// That write was answered, or given up.
    Outcome {
        /// When, RFC 3339 in UTC, to the second.
        time: String,
        /// The change it belongs to.
        address: String,
        /// The documented action name.
        call: &'static str,
        /// The cloud's request id.
        request_id: Option<String>,
        /// From sending to the last byte, all attempts together.
        duration_ms: u64,
        /// What the cloud said instead of success, or null.
        error: Option<String>,
    },
    /// A change ended; it may have sent nothing.
    End {
        /// When, RFC 3339 in UTC, to the second.
        time: String,
        /// The change.
        address: String,
        /// What was to be done.
        action: &'static str,
        /// `done`, `failed`, `stale`, `skipped` or `cancelled`.
        outcome: &'static str,
    },
}

/// A line with what every line has. `timestamp` is RFC 3339 in UTC.
fn line(level: &'static str, timestamp: &str, message: &str, what: What) -> Value {
    value(&EventDocument {
        level,
        timestamp: timestamp.to_owned(),
        message: message.to_owned(),
        what,
    })
}

fn value<T: Serialize>(document: &T) -> Value {
    // Only maps with keys that are no texts can fail, and the documents have none.
    serde_json::to_value(document).expect("documents have text keys")
}

/// The first line.
pub fn version(timestamp: &str) -> Value {
    let idform = env!("CARGO_PKG_VERSION");
    line(
        "info",
        timestamp,
        &format!("idform {idform}"),
        What::Version {
            idform,
            format_version: FORMAT_VERSION,
        },
    )
}

/// One line for each change of the plan.
pub fn planned(plan: &Plan, timestamp: &str) -> Vec<Value> {
    let changes = plan.steps.iter().filter(|step| step.is_change());
    changes
        .map(|step| planned_change(step, timestamp))
        .collect()
}

fn planned_change(step: &Step, timestamp: &str) -> Value {
    line(
        "info",
        timestamp,
        &format!("{}: plan to {}", step.address, step.action.word()),
        What::PlannedChange {
            change: PlannedDocument {
                address: step.address.to_string(),
                action: step.action.word(),
                reason: step.reason.slug(),
                risks: step.risks.iter().map(|risk| risk.word()).collect(),
            },
        },
    )
}

/// A finding.
pub fn diagnostic(found: &Diagnostic, timestamp: &str) -> Value {
    line(
        found.severity.word(),
        timestamp,
        &found.title,
        What::Diagnostic {
            diagnostic: FindingDocument {
                severity: found.severity.word(),
                code: found.code.slug(),
                summary: found.title.clone(),
                detail: found.notes.join("\n"),
            },
        },
    )
}

/// Something that happened.
pub fn event(event: &Event, timestamp: &str) -> Value {
    match event {
        Event::Started { address, action } => line(
            "info",
            timestamp,
            &format!("{address}: {} begins", action.word()),
            What::ApplyStart {
                hook: StartDocument {
                    address: address.to_string(),
                    action: action.word(),
                },
            },
        ),
        Event::Calling {
            address,
            call,
            target,
        } => line(
            "info",
            timestamp,
            &format!("{address}: {call} is sent"),
            What::ApplyProgress {
                hook: ProgressDocument::Sent {
                    address: address.to_string(),
                    call,
                    target: target.clone(),
                },
            },
        ),
        Event::Called { address, record } => {
            let sent = call(record);
            line(
                if record.error.is_none() {
                    "info"
                } else {
                    "warn"
                },
                timestamp,
                &format!("{address}: {} was answered", record.name),
                What::ApplyProgress {
                    hook: ProgressDocument::Answered {
                        address: address.to_string(),
                        call: record.name,
                        request_id: sent.request_id,
                        duration_ms: sent.duration_ms,
                        error: sent.error,
                    },
                },
            )
        }
        Event::Finished { outcome } => finished(outcome, timestamp),
    }
}

fn finished(step: &StepOutcome, timestamp: &str) -> Value {
    let because = match &step.outcome {
        Outcome::Skipped { because, .. } => Some(because.to_string()),
        Outcome::Done | Outcome::Failed(_) | Outcome::Stale { .. } | Outcome::Cancelled => None,
    };
    let hook = EndDocument {
        address: step.address.to_string(),
        action: step.action.word(),
        outcome: step.outcome.word(),
        because,
        calls: step.calls.iter().map(call).collect(),
    };
    let (level, what) = match &step.outcome {
        Outcome::Done => ("info", What::ApplyComplete { hook }),
        Outcome::Failed(_) | Outcome::Stale { .. } => ("error", What::ApplyErrored { hook }),
        Outcome::Skipped { .. } | Outcome::Cancelled => ("warn", What::ApplySkipped { hook }),
    };
    let message = format!(
        "{}: {} {}",
        step.address,
        step.action.word(),
        step.outcome.word()
    );
    line(level, timestamp, &message, what)
}

/// The last line.
pub fn summary(report: &Report, timestamp: &str) -> Value {
    let count = |word: &str| {
        let outcomes = report.outcomes.iter();
        outcomes.filter(|step| step.outcome.word() == word).count()
    };
    let (done, failed) = (count("done"), count("failed"));
    line(
        "info",
        timestamp,
        &format!("{done} done, {failed} failed"),
        What::ChangeSummary {
            changes: SummaryDocument {
                done,
                failed,
                stale: count("stale"),
                skipped: count("skipped"),
                cancelled: count("cancelled"),
                interrupted: report.interrupted,
            },
        },
    )
}

/// A line of the journal: the intent of a write before it is sent, and its outcome. Other events
/// are none of its business.
pub fn journal(event: &Event, timestamp: &str) -> Option<Value> {
    let time = timestamp.to_owned();
    let entry = match event {
        Event::Calling {
            address,
            call,
            target,
        } => JournalDocument::Intent {
            time,
            address: address.to_string(),
            call,
            target: target.clone(),
        },
        Event::Called { address, record } => {
            let sent = call(record);
            JournalDocument::Outcome {
                time,
                address: address.to_string(),
                call: record.name,
                request_id: sent.request_id,
                duration_ms: sent.duration_ms,
                error: sent.error,
            }
        }
        Event::Finished { outcome } => JournalDocument::End {
            time,
            address: outcome.address.to_string(),
            action: outcome.action.word(),
            outcome: outcome.outcome.word(),
        },
        Event::Started { .. } => return None,
    };
    Some(value(&entry))
}
