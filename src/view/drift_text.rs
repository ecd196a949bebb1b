//! What moved, as text: by effect, the gravest first.

use super::drift_json::{DriftDocument, ResourceDrift, UnmanagedDrift, rank};
use super::plan_json::FieldChangeDocument;
use super::text::{counted, neutral, shorten, wrap};
use super::theme::{Theme, paint};
use crate::model::Value;

/// Fewest columns anything is laid out for.
const NARROWEST: usize = 60;
/// Where the lines below an object's own begin.
const INDENT: usize = 6;

/// The whole report as text.
pub fn render(document: &DriftDocument, theme: &Theme, width: usize) -> String {
    let width = width.max(NARROWEST);
    let mut out: Vec<String> = Vec::new();
    for (effect, heading) in [
        ("breaks-sign-in", "Breaks sign-in"),
        ("widens-trust", "Widens trust"),
        ("harmless", "Harmless"),
    ] {
        let objects = document.resource_drift.iter();
        let objects = objects.filter(|found| rank(&found.effect) == rank(effect));
        let others = document.unmanaged.iter();
        let others = others.filter(|found| rank(&found.effect) == rank(effect));
        let mut lines = Vec::new();
        objects.for_each(|found| object(&mut lines, found, theme, width));
        others.for_each(|found| stranger(&mut lines, found, theme, width));
        section(&mut out, heading, lines, theme);
    }
    let unreadable = document.unreadable.iter().flat_map(|found| {
        let place = format!("{}:{}", found.source.file, found.source.line);
        let mut lines = vec![format!(
            "  ? {}  {}",
            neutral(&found.address),
            neutral(&place)
        )];
        below(&mut lines, "error", &found.error, theme, width);
        lines
    });
    section(&mut out, "Unreadable", unreadable.collect(), theme);
    let unlisted = document.unlisted.iter().flat_map(|list| {
        let mut lines = vec![format!(
            "  ? {}/{}",
            neutral(&list.account),
            neutral(&list.kind)
        )];
        let label = if list.by_design { "because" } else { "error" };
        below(&mut lines, label, &list.reason, theme, width);
        lines
    });
    let heading = "Not listed (objects that nobody declared may be hidden)";
    section(&mut out, heading, unlisted.collect(), theme);
    let accepted = document.accepted.iter().flat_map(|accepted| {
        let mut name = named(&accepted.account, &accepted.kind, &accepted.name);
        if !accepted.fields.is_empty() {
            name = format!("{name} ({})", accepted.fields.join(", "));
        }
        if accepted.is_unmanaged {
            name.push_str(" (unmanaged)");
        }
        let until = neutral(&accepted.until);
        let mut lines = vec![format!(
            "  = {name}  {}, until {until}",
            neutral(&accepted.effect)
        )];
        let why = format!("{}: {}", accepted.owner, accepted.reason);
        below(&mut lines, "accepted by", &why, theme, width);
        lines
    });
    section(&mut out, "Accepted", accepted.collect(), theme);
    let mut issuers = Vec::new();
    for issuer in &document.issuers {
        super::lock_text::lines(&mut issuers, issuer, theme);
    }
    let issuers = issuers.into_iter().map(|line| format!("  {line}"));
    section(&mut out, "Issuers", issuers.collect(), theme);
    ending(&mut out, document, theme);
    out.join("\n") + "\n"
}

fn section(out: &mut Vec<String>, heading: &str, lines: Vec<String>, theme: &Theme) {
    if !lines.is_empty() {
        out.push(paint(theme.strong(), heading));
        out.extend(lines);
        out.push(String::new());
    }
}

/// `account/Kind/name`, or `account/Kind` for what an account has one of.
fn named(account: &str, kind: &str, name: &str) -> String {
    let text = format!("{account}/{kind}/{name}");
    neutral(text.trim_end_matches('/')).into_owned()
}

fn object(out: &mut Vec<String>, found: &ResourceDrift, theme: &Theme, width: usize) {
    let change = &found.change;
    let (sign, style) = match change.action.as_str() {
        "delete" => ("-", theme.delete()),
        "create" => ("+", theme.create()),
        "replace" => ("±", theme.delete()),
        _ => ("~", theme.update()),
    };
    let place = format!("{}:{}", change.source.file, change.source.line);
    out.push(format!(
        "  {} {}  {}  {}",
        paint(style, sign),
        paint(theme.strong(), &neutral(&change.address)),
        paint(style, &neutral(&found.what())),
        paint(theme.dim(), &neutral(&place)),
    ));
    if change.action == "update" || change.action == "replace" {
        for field in &change.field_changes {
            lines_of(out, field, theme, width);
        }
    }
    below(out, "risks", &change.risks.join(", "), theme, width);
    if let Some(owner) = &change.owner {
        below(out, "owner", owner, theme, width);
    }
    expired(out, found.accepted_until.as_deref(), theme, width);
}

fn stranger(out: &mut Vec<String>, found: &UnmanagedDrift, theme: &Theme, width: usize) {
    let name = named(&found.account, &found.kind, &found.cloud_name);
    out.push(format!(
        "  {} {}  {}",
        paint(theme.create(), "+"),
        paint(theme.strong(), &name),
        paint(theme.create(), "unmanaged: no manifest declares it"),
    ));
    for (field, value) in &found.live {
        if let Some(text) = inline(value) {
            let room = width.saturating_sub(INDENT + field.len() + 2);
            out.push(format!(
                "{}{field}  {}",
                " ".repeat(INDENT),
                shorten(&text, room)
            ));
        }
    }
    expired(out, found.accepted_until.as_deref(), theme, width);
}

fn expired(out: &mut Vec<String>, until: Option<&str>, theme: &Theme, width: usize) {
    if let Some(until) = until {
        below(
            out,
            "accepted until",
            &format!("{until}, which has passed"),
            theme,
            width,
        );
    }
}

/// A value that says something on one line; documents and nothing say nothing there.
pub(super) fn inline(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(format!("\"{}\"", neutral(text))),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Array(items) if items.is_empty() || !items.iter().all(Value::is_string) => None,
        Value::Array(items) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            Some(neutral(&items.join(", ")).into_owned())
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// How a field moved, each line with its sign.
pub(super) fn signed(change: &FieldChangeDocument) -> Vec<(char, String)> {
    if let Some(diff) = &change.diff {
        let lines = diff.lines().filter(|line| !line.is_empty());
        return lines
            .map(|line| match line.split_at_checked(1) {
                Some(("-", rest)) => ('-', rest.to_owned()),
                Some(("+", rest)) => ('+', rest.to_owned()),
                Some((" ", rest)) => (' ', rest.to_owned()),
                _ => (' ', line.to_owned()),
            })
            .collect();
    }
    let mut lines = Vec::new();
    for (sign, items) in [
        ('-', &change.removed),
        ('~', &change.changed),
        ('+', &change.added),
    ] {
        lines.extend(items.iter().map(|item| (sign, item.clone())));
    }
    if lines.is_empty() {
        let values = [('-', &change.before), ('+', &change.after)];
        for (sign, value) in values {
            lines.extend(value.iter().map(|value| (sign, value.to_string())));
        }
    }
    lines
}

fn lines_of(out: &mut Vec<String>, change: &FieldChangeDocument, theme: &Theme, width: usize) {
    let name = neutral(&change.field);
    let margin = INDENT + name.len() + 2;
    for (index, (sign, text)) in signed(change).into_iter().enumerate() {
        let style = match sign {
            '-' => theme.delete(),
            '+' => theme.create(),
            '~' => theme.update(),
            _ => theme.dim(),
        };
        let text = shorten(&neutral(&text), width.saturating_sub(margin + 2));
        let text = paint(style, &format!("{sign} {text}"));
        let lead = if index == 0 {
            format!("{}{name}  ", " ".repeat(INDENT))
        } else {
            " ".repeat(margin)
        };
        out.push(format!("{lead}{text}"));
    }
}

fn below(out: &mut Vec<String>, label: &str, text: &str, theme: &Theme, width: usize) {
    let style = match label {
        "error" => theme.error(),
        "risks" | "accepted until" => theme.warning(),
        _ => theme.dim(),
    };
    let margin = INDENT + label.len() + 2;
    let lines = wrap(&neutral(text), width.saturating_sub(margin));
    for (index, line) in lines.iter().enumerate() {
        if index == 0 {
            let label = paint(style, &format!("{label}:"));
            out.push(format!("{}{label} {line}", " ".repeat(INDENT)));
        } else {
            out.push(format!("{}{line}", " ".repeat(margin)));
        }
    }
}

fn ending(out: &mut Vec<String>, document: &DriftDocument, theme: &Theme) {
    if let Some(part) = &document.partial {
        out.push(format!("Partial report: {}.", neutral(part)));
    }
    if !document.complete {
        out.push(format!(
            "{} something could not be read; whether it differs is not known.",
            paint(theme.error(), "Incomplete:")
        ));
    }
    out.push(paint(theme.strong(), &summary(document)));
}

/// The counts in a line.
pub(super) fn summary(document: &DriftDocument) -> String {
    let counts = &document.summary;
    let mut parts = Vec::new();
    if counts.drifted > 0 {
        parts.push(format!("{} drifted", counted(counts.drifted, "object")));
    }
    for (count, words) in [
        (counts.unmanaged, "unmanaged"),
        (counts.unreadable, "unreadable"),
        (counts.accepted, "accepted"),
        (counts.in_sync, "in sync"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {words}"));
        }
    }
    let issuers = document
        .issuers
        .iter()
        .filter(|issuer| issuer.has_moved())
        .count();
    if issuers > 0 {
        parts.push(format!("{} moved", counted(issuers, "issuer")));
    }
    let moved = counts.drifted + counts.unmanaged + issuers > 0;
    let opening = match (moved, document.complete) {
        (true, _) | (false, false) => "Drift:",
        (false, true) => "No drift.",
    };
    if parts.is_empty() {
        let rest = if document.complete { "" } else { " not known." };
        return format!("{opening}{rest}");
    }
    format!("{opening} {}.", parts.join(", "))
}
