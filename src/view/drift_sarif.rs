//! What moved, as SARIF 2.1.0 for code scanning: each difference at the line of its manifest. An
//! object that nobody declared stands on no line; it has its name alone.

use serde_json::{Value, json};

use super::drift_json::{DriftDocument, ResourceDrift, UnmanagedDrift};
use super::report_json::to_json;
use super::review;
use super::sarif::{artifact, code_rules, finding, log, message, run};
use super::text::neutral;
use crate::drift::Effect;
use crate::model::Code;

/// What tells the log of drift from those of plans of the same commit.
const CATEGORY: &str = "idform/drift/";

/// The log as text.
pub fn render(document: &DriftDocument) -> String {
    let mut results: Vec<Value> = document.diagnostics.iter().map(finding).collect();
    results.extend(document.resource_drift.iter().map(drifted));
    results.extend(document.unmanaged.iter().map(stranger));
    let rules: Vec<Value> = code_rules().chain(effect_rules()).collect();
    let mut run = run(CATEGORY, &rules, results, document.errored);
    run["properties"] = json!({"complete": document.complete, "summary": document.summary});
    to_json(&log(&run))
}

fn effect_rules() -> impl Iterator<Item = Value> {
    Effect::ALL.into_iter().map(|effect| {
        json!({
            "id": rule(effect.word()),
            "shortDescription": {"text": format!("drift: {}", effect.word().replace('-', " "))},
            "fullDescription": {"text": effect.explanation()},
            "help": {"text": effect.explanation()},
            "defaultConfiguration": {"level": level(effect.word())},
            "properties": {"tags": ["drift", "security"]},
        })
    })
}

fn rule(effect: &str) -> String {
    format!("drift-{effect}")
}

/// How grave; what a newer program says is at least not passed over.
fn level(effect: &str) -> &'static str {
    match effect {
        "harmless" => "note",
        "widens-trust" => "warning",
        _ => "error",
    }
}

fn result(effect: &str, name: &str, text: &str) -> Value {
    let mut result = json!({
        "ruleId": rule(effect),
        "level": level(effect),
        "message": {"text": message(text)},
        "partialFingerprints": {"idform/v1": review::fingerprint(&["drift", effect, name])},
    });
    let mut effects = Effect::ALL.into_iter();
    if let Some(index) = effects.position(|known| known.word() == effect) {
        result["ruleIndex"] = json!(Code::ALL.len() + index);
    }
    result
}

fn logical(name: &str) -> Value {
    json!([{"fullyQualifiedName": neutral(name), "kind": "object"}])
}

fn drifted(found: &ResourceDrift) -> Value {
    let change = &found.change;
    let mut result = result(&found.effect, &change.address, &found.said());
    result["locations"] = json!([{
        "physicalLocation": {
            "artifactLocation": artifact(&change.source.file),
            "region": {"startLine": change.source.line},
        },
        "logicalLocations": logical(&change.address),
    }]);
    result
}

fn stranger(found: &UnmanagedDrift) -> Value {
    let name = found.name();
    let mut result = result(&found.effect, &name, &found.said());
    result["locations"] = json!([{"logicalLocations": logical(&name)}]);
    result
}
