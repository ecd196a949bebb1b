//! What moved, as GitHub workflow commands: annotations on the manifests' lines.

use super::drift_json::DriftDocument;
use super::drift_text;
use super::github::{Level, Place, annotated, command, finding};

/// Workflow commands, one a line: the findings, then what moved, the gravest first, then the
/// summary.
pub fn render(document: &DriftDocument) -> String {
    let mut all: Vec<(Level, String)> = document.diagnostics.iter().map(finding).collect();
    for found in &document.resource_drift {
        let source = &found.change.source;
        let place = Place {
            file: &source.file,
            line: source.line,
            range: None,
        };
        all.push(annotation(&found.effect, Some(&place), &found.said()));
    }
    for found in &document.unmanaged {
        all.push(annotation(&found.effect, None, &found.said()));
    }
    let summary = drift_text::summary(document);
    let elsewhere = "`--output json=FILE` has all.";
    annotated(&all, "idform drift", summary, elsewhere)
}

fn annotation(effect: &str, place: Option<&Place<'_>>, said: &str) -> (Level, String) {
    let level = match effect {
        "harmless" => Level::Notice,
        "widens-trust" => Level::Warning,
        // What a newer program says is at least not passed over.
        _ => Level::Error,
    };
    let title = format!("idform drift: {effect}");
    (level, command(level, place, &title, said))
}
