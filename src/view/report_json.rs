//! What all JSON documents share: the header and the diagnostics.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::json_safe;
use crate::model::{Diagnostic, FilePlace, SourceMap, Span};

/// The version of all documents. A change that breaks readers needs a new first number.
pub const FORMAT_VERSION: &str = "1.0";

/// The document of a command that has nothing to add to the header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportDocument {
    /// Version of this document; readers should accept any with the same first number.
    pub format_version: String,
    /// The command that was run.
    #[schemars(extend("not" = {"enum": ["apply", "drift", "import"]}))]
    pub command: String,
    /// Its exit code.
    pub exit_code: u8,
    /// What standard error said.
    pub diagnostics: Vec<DiagnosticDocument>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiagnosticDocument {
    /// `error` or `warning`.
    pub severity: String,
    /// The stable code in words; `idform explain CODE` says more.
    pub code: String,
    /// One line.
    pub summary: String,
    /// What is wrong at the place, notes and, last, the way out; may be empty and may have several
    /// lines.
    pub detail: String,
    /// The main place, or null when it is about none.
    pub range: Option<RangeDocument>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RangeDocument {
    /// The file as it was named.
    pub filename: String,
    /// Its first character. The file's own when it is about the whole file.
    pub start: PositionDocument,
    /// Just after its last character.
    pub end: PositionDocument,
}

/// A place in a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PositionDocument {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// From 0.
    pub byte: u32,
}

/// The header and the diagnostics, for commands such as `validate`.
pub fn document(
    command: &str,
    exit_code: u8,
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
) -> ReportDocument {
    ReportDocument {
        format_version: FORMAT_VERSION.to_owned(),
        command: command.to_owned(),
        exit_code,
        diagnostics: findings(diagnostics, sources),
    }
}

/// A document as text: indented, one final line break, and nothing in it that acts on a terminal.
pub fn to_json<T: Serialize>(document: &T) -> String {
    // Only maps with keys that are no texts can fail, and the documents have none.
    let mut json = serde_json::to_string_pretty(document).expect("documents have text keys");
    json.push('\n');
    json_safe(json)
}

/// Diagnostics for any document.
pub fn findings(diagnostics: &[Diagnostic], sources: &SourceMap) -> Vec<DiagnosticDocument> {
    diagnostics
        .iter()
        .map(|diagnostic| finding(diagnostic, sources))
        .collect()
}

fn finding(diagnostic: &Diagnostic, sources: &SourceMap) -> DiagnosticDocument {
    let mut detail: Vec<String> = Vec::new();
    for (index, label) in diagnostic.labels.iter().enumerate() {
        let mut line = String::new();
        if index > 0 {
            let start = sources.start(label.span);
            let name = sources.name(label.span.source);
            let _ = write!(line, "{name}:{}:{}: ", start.line, start.column);
        }
        line.push_str(&label.text);
        detail.push(line);
    }
    detail.extend(diagnostic.notes.iter().cloned());
    detail.extend(diagnostic.help.as_ref().map(|help| format!("help: {help}")));
    detail.retain(|line| !line.is_empty());
    let range = match (diagnostic.labels.first(), &diagnostic.file) {
        (Some(label), _) => Some(range(label.span, sources)),
        (None, Some(place)) => Some(of_place(place, sources)),
        (None, None) => None,
    };
    DiagnosticDocument {
        severity: diagnostic.severity.word().to_owned(),
        code: diagnostic.code.slug().to_owned(),
        summary: diagnostic.title.clone(),
        detail: detail.join("\n"),
        range,
    }
}

fn range(span: Span, sources: &SourceMap) -> RangeDocument {
    let place = |byte| {
        let position = sources.position(span.source, byte);
        PositionDocument {
            line: position.line,
            column: position.column,
            byte,
        }
    };
    RangeDocument {
        filename: sources.name(span.source).to_owned(),
        start: place(span.start),
        end: place(span.end),
    }
}

/// A place without a text to point into; of a file as a whole it is that of its first character, as
/// Terraform writes it.
fn of_place(place: &FilePlace, sources: &SourceMap) -> RangeDocument {
    let line = place.line.unwrap_or(1);
    let first = PositionDocument {
        line,
        column: place.column.unwrap_or(1),
        byte: sources.line_start(&place.name, line).unwrap_or(0),
    };
    RangeDocument {
        filename: place.name.clone(),
        start: first.clone(),
        end: first,
    }
}
