//! SARIF 2.1.0 for code scanning: findings and risks, each at its file and line.

use serde_json::{Value, json};

use super::report_json::{DiagnosticDocument, RangeDocument, to_json};
use super::review::{self, ReviewInput};
use super::text::neutral;
use crate::model::Code;
use crate::plan::{Risk, Step};

/// GitHub refuses a run with more results.
const MOST_RESULTS: usize = 25_000;

/// Fields named beside a risk.
const MOST_RELATED: usize = 20;

/// The log as text.
pub fn render(input: &ReviewInput<'_>) -> String {
    to_json(&document(input))
}

/// The log.
pub fn document(input: &ReviewInput<'_>) -> Value {
    let mut results: Vec<Value> = input.findings().iter().map(finding).collect();
    if let Some(plan) = input.plan {
        for (_, step) in review::risky(plan) {
            let risks = step.risks.iter().rev();
            let risks = risks.filter(|risk| **risk != Risk::Cosmetic);
            results.extend(risks.map(|risk| risk_result(step, *risk)));
        }
    }
    let mut run = run(&category(input), &rules(), results, input.errored);
    if let Some(plan) = input.plan {
        run["properties"] = json!({
            "digest": plan.digest.to_string(),
            "complete": plan.complete,
            "summary": review::summary(plan),
        });
    }
    log(&run)
}

/// A run with as many of its results as GitHub takes; the gravest come first.
pub(super) fn run(
    category: &str,
    rules: &[Value],
    mut results: Vec<Value>,
    errored: bool,
) -> Value {
    let mut invocation = json!({"executionSuccessful": !errored});
    if results.len() > MOST_RESULTS {
        let more = results.len() - MOST_RESULTS;
        results.truncate(MOST_RESULTS);
        invocation["toolExecutionNotifications"] = json!([{
            "level": "warning",
            "message": {"text": format!("{more} results were left out; these are the gravest")},
        }]);
    }
    json!({
        "tool": {"driver": {
            "name": "idform",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "rules": rules,
        }},
        "automationDetails": {"id": category},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": results,
    })
}

/// A log of one run.
pub(super) fn log(run: &Value) -> Value {
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    })
}

/// What tells this run from others of the same commit; the last part is the run's own and empty.
fn category(input: &ReviewInput<'_>) -> String {
    let key = input.key();
    if key.is_empty() {
        format!("idform/{}/", input.command)
    } else {
        format!("idform/{}/{key}/", input.command)
    }
}

fn rules() -> Vec<Value> {
    let risks = Risk::ALL.into_iter().map(|risk| {
        json!({
            "id": risk_rule(risk),
            "shortDescription": {"text": risk.word().replace('-', " ")},
            "fullDescription": {"text": review::risk_explanation(risk)},
            "help": {"text": review::risk_explanation(risk)},
            "defaultConfiguration": {"level": level(risk)},
            "properties": {"tags": ["risk", "security"]},
        })
    });
    code_rules().chain(risks).collect()
}

/// A rule for each code; they come first in every log.
pub(super) fn code_rules() -> impl Iterator<Item = Value> {
    Code::ALL.iter().map(|code| {
        json!({
            "id": code.slug(),
            "shortDescription": {"text": code.slug().replace('-', " ")},
            "fullDescription": {"text": message(code.explanation())},
            "help": {"text": message(code.explanation())},
            "properties": {"tags": ["manifest"]},
        })
    })
}

fn risk_index(risk: Risk) -> usize {
    let place = Risk::ALL.into_iter().position(|other| other == risk);
    Code::ALL.len() + place.expect("every risk is a rule")
}

fn risk_rule(risk: Risk) -> String {
    format!("risk-{}", risk.word())
}

fn level(risk: Risk) -> &'static str {
    match risk {
        Risk::Cosmetic => "none",
        Risk::WidensTrust => "note",
        Risk::MayBreakSignIn | Risk::SwitchesSignIn | Risk::Destroys => "warning",
    }
}

/// A finding at its place. One that another version of this program made may have no rule here.
pub(super) fn finding(finding: &DiagnosticDocument) -> Value {
    let mut text = finding.summary.clone();
    if !finding.detail.is_empty() {
        text.push('\n');
        text.push_str(&finding.detail);
    }
    let file = finding.range.as_ref().map_or("", |range| &range.filename);
    let mut result = json!({
        "ruleId": finding.code,
        "level": finding.severity,
        "message": {"text": message(&text)},
        "partialFingerprints": {
            "idform/v1": review::fingerprint(&[&finding.code, file, &finding.summary]),
        },
    });
    let mut codes = Code::ALL.iter();
    if let Some(index) = codes.position(|code| code.slug() == finding.code) {
        result["ruleIndex"] = json!(index);
    }
    if let Some(range) = &finding.range {
        result["locations"] = json!([{"physicalLocation": {
            "artifactLocation": artifact(&range.filename),
            "region": region(range),
        }}]);
    }
    result
}

fn region(range: &RangeDocument) -> Value {
    let (start, end) = (&range.start, &range.end);
    let mut region = json!({"startLine": start.line, "startColumn": start.column});
    if (end.line, end.column) > (start.line, start.column) {
        region["endLine"] = json!(end.line);
        region["endColumn"] = json!(end.column);
    }
    region
}

fn risk_result(step: &Step, risk: Risk) -> Value {
    let address = step.address.to_string();
    let at = |line: u32| {
        json!({
            "artifactLocation": artifact(&step.origin.file),
            "region": {"startLine": line},
        })
    };
    let mut result = json!({
        "ruleId": risk_rule(risk),
        "ruleIndex": risk_index(risk),
        "level": level(risk),
        "message": {"text": message(&review::risk_message(step))},
        "locations": [{
            "physicalLocation": at(step.origin.line),
            "logicalLocations": [{
                "fullyQualifiedName": neutral(&address),
                "kind": "object",
            }],
        }],
        "partialFingerprints": {"idform/v1": review::fingerprint(&[risk.word(), &address])},
        "properties": {"action": step.action.word(), "account": neutral(&step.address.account)},
    });
    let fields = step
        .changes
        .iter()
        .filter_map(|change| Some((change.field, change.line?)));
    let related: Vec<Value> = fields
        .take(MOST_RELATED)
        .map(|(field, line)| json!({"physicalLocation": at(line), "message": {"text": field}}))
        .collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    result
}

/// A file as a URI: what is relative stays so, for readers resolve it against the repository.
pub(super) fn artifact(file: &str) -> Value {
    let relative = file.strip_prefix("./").unwrap_or(file);
    let mut uri = String::with_capacity(relative.len());
    if relative.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in relative.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            uri.push_str(&hex::encode_upper([byte]));
        }
    }
    if relative.starts_with('/') {
        json!({"uri": uri})
    } else {
        json!({"uri": uri, "uriBaseId": "%SRCROOT%"})
    }
}

/// A plain-text message. Brackets would make links and braces placeholders (§3.11.5, §3.11.6).
pub(super) fn message(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            out.push('\n');
        }
        for c in neutral(line).chars() {
            match c {
                '[' | ']' | '\\' => out.extend(['\\', c]),
                '{' | '}' => out.extend([c, c]),
                c => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
