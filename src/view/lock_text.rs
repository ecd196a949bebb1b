//! What `idform lock` did, and what moved at issuers, as text.

use super::issuers::{IssuerDocument, LockDocument};
use super::text::{counted, neutral};
use super::theme::{Theme, paint};

/// The whole result of `lock`.
pub fn render(document: &LockDocument, theme: &Theme) -> String {
    let mut out: Vec<String> = Vec::new();
    for issuer in &document.issuers {
        lines(&mut out, issuer, theme);
    }
    for issuer in &document.unused {
        out.push(format!(
            "{}  in the lock file, and no manifest uses it",
            neutral(issuer)
        ));
    }
    let file = neutral(&document.file);
    let unknown = document
        .issuers
        .iter()
        .filter(|issuer| !issuer.reachable)
        .count();
    let asked = document.issuers.len() - unknown;
    let mut ending = match (document.written, document.behind) {
        (true, _) => format!("{file} is written: {} asked.", counted(asked, "issuer")),
        (false, true) => format!("{file} is behind: run `idform lock`, and review what it writes."),
        (false, false) if document.issuers.is_empty() => {
            "No manifest takes keys or fingerprints from an issuer.".to_owned()
        }
        (false, false) => format!("{file} is current: {} asked.", counted(asked, "issuer")),
    };
    if unknown > 0 {
        ending = format!(
            "{ending} {} could not be fetched.",
            counted(unknown, "issuer")
        );
    }
    out.push(paint(theme.strong(), &ending));
    out.join("\n") + "\n"
}

/// One issuer with what moved, most urgent first; nothing for one that is as it was.
pub(super) fn lines(out: &mut Vec<String>, issuer: &IssuerDocument, theme: &Theme) {
    if issuer.reachable && issuer.changes.is_empty() && issuer.left_out.is_empty() {
        return;
    }
    out.push(paint(theme.strong(), &neutral(&issuer.issuer)));
    if !issuer.reachable {
        out.push(format!(
            "  {} could not be fetched; nothing is known of it",
            paint(theme.error(), "?")
        ));
    }
    for change in &issuer.changes {
        let style = match change.urgency.as_str() {
            "later" => theme.dim(),
            "soon" => theme.warning(),
            _ => theme.error(),
        };
        let urgency = paint(style, &format!("{:5}", neutral(&change.urgency)));
        out.push(format!("  {urgency}  {}", neutral(&change.detail)));
        for object in &change.objects {
            out.push(format!("         {}", neutral(object)));
        }
    }
    for key in &issuer.left_out {
        out.push(format!(
            "  {}  not usable: {}",
            paint(theme.dim(), "-    "),
            neutral(key)
        ));
    }
}
