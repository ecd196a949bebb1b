//! What happens during an apply as JSON objects, one a line, in the manner of Terraform's
//! machine-readable UI (contract §3.2), and the lines of the journal.

use serde_json::{Value, json};

use crate::apply::{CallRecord, Event, Outcome, Report, StepOutcome};
use crate::model::Diagnostic;
use crate::plan::{Plan, Step};

/// The version of the event stream.
pub const FORMAT_VERSION: &str = "1.0";

/// A line with what every line has. `timestamp` is RFC 3339 in UTC.
fn line(kind: &str, level: &str, timestamp: &str, message: &str, rest: Value) -> Value {
    let mut line = json!({
        "type": kind,
        "@level": level,
        "@timestamp": timestamp,
        "@message": message,
    });
    if let (Some(line), Value::Object(rest)) = (line.as_object_mut(), rest) {
        line.extend(rest);
    }
    line
}

/// The first line.
pub fn version(timestamp: &str) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    line(
        "version",
        "info",
        timestamp,
        &format!("idform {version}"),
        json!({"idform": version, "format_version": FORMAT_VERSION}),
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
    let risks: Vec<&str> = step.risks.iter().map(|risk| risk.word()).collect();
    line(
        "planned_change",
        "info",
        timestamp,
        &format!("{}: plan to {}", step.address, step.action.word()),
        json!({"change": {
            "address": step.address.to_string(),
            "action": step.action.word(),
            "reason": step.reason.slug(),
            "risks": risks,
        }}),
    )
}

/// A finding.
pub fn diagnostic(found: &Diagnostic, timestamp: &str) -> Value {
    line(
        "diagnostic",
        found.severity.word(),
        timestamp,
        &found.title,
        json!({"diagnostic": {
            "severity": found.severity.word(),
            "code": found.code.slug(),
            "summary": found.title,
            "detail": found.notes.join("\n"),
        }}),
    )
}

/// Something that happened.
pub fn event(event: &Event, timestamp: &str) -> Value {
    match event {
        Event::Started { address, action } => line(
            "apply_start",
            "info",
            timestamp,
            &format!("{address}: {} begins", action.word()),
            json!({"hook": {"address": address.to_string(), "action": action.word()}}),
        ),
        Event::Calling {
            address,
            call,
            target,
        } => line(
            "apply_progress",
            "info",
            timestamp,
            &format!("{address}: {call} is sent"),
            json!({"hook": {"address": address.to_string(), "call": call, "target": target, "state": "sent"}}),
        ),
        Event::Called { address, record } => line(
            "apply_progress",
            if record.error.is_none() {
                "info"
            } else {
                "warn"
            },
            timestamp,
            &format!("{address}: {} was answered", record.name),
            json!({"hook": {"address": address.to_string(), "call": record.name, "state": "answered",
                "request_id": record.request_id, "duration_ms": milliseconds(record), "error": record.error}}),
        ),
        Event::Finished { outcome } => finished(outcome, timestamp),
    }
}

fn finished(step: &StepOutcome, timestamp: &str) -> Value {
    let (kind, level) = match &step.outcome {
        Outcome::Done => ("apply_complete", "info"),
        Outcome::Failed(_) | Outcome::Stale { .. } => ("apply_errored", "error"),
        Outcome::Skipped { .. } | Outcome::Cancelled => ("apply_skipped", "warn"),
    };
    let because = match &step.outcome {
        Outcome::Skipped { because, .. } => Some(because.to_string()),
        Outcome::Done | Outcome::Failed(_) | Outcome::Stale { .. } | Outcome::Cancelled => None,
    };
    let calls: Vec<Value> = step
        .calls
        .iter()
        .map(|call| {
            json!({"name": call.name, "request_id": call.request_id,
                "duration_ms": milliseconds(call), "error": call.error})
        })
        .collect();
    line(
        kind,
        level,
        timestamp,
        &format!(
            "{}: {} {}",
            step.address,
            step.action.word(),
            step.outcome.word()
        ),
        json!({"hook": {"address": step.address.to_string(), "action": step.action.word(),
            "outcome": step.outcome.word(), "because": because, "calls": calls}}),
    )
}

/// The last line.
pub fn summary(report: &Report, timestamp: &str) -> Value {
    let count = |word: &str| {
        let outcomes = report.outcomes.iter();
        outcomes.filter(|step| step.outcome.word() == word).count()
    };
    let (done, failed) = (count("done"), count("failed"));
    line(
        "change_summary",
        "info",
        timestamp,
        &format!("{done} done, {failed} failed"),
        json!({"changes": {"done": done, "failed": failed, "stale": count("stale"),
            "skipped": count("skipped"), "cancelled": count("cancelled"),
            "interrupted": report.interrupted}}),
    )
}

/// A line of the journal: the intent of a write before it is sent, and its outcome. Other events
/// are none of its business.
pub fn journal(event: &Event, timestamp: &str) -> Option<Value> {
    match event {
        Event::Calling {
            address,
            call,
            target,
        } => Some(json!({
            "time": timestamp, "entry": "intent",
            "address": address.to_string(), "call": call, "target": target,
        })),
        Event::Called { address, record } => Some(json!({
            "time": timestamp, "entry": "outcome",
            "address": address.to_string(), "call": record.name,
            "request_id": record.request_id, "duration_ms": milliseconds(record),
            "error": record.error,
        })),
        Event::Finished { outcome } => Some(json!({
            "time": timestamp, "entry": "end",
            "address": outcome.address.to_string(), "action": outcome.action.word(),
            "outcome": outcome.outcome.word(),
        })),
        Event::Started { .. } => None,
    }
}

fn milliseconds(record: &CallRecord) -> u64 {
    u64::try_from(record.duration.as_millis()).unwrap_or(u64::MAX)
}
