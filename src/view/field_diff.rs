//! One field change as lines: sets element by element, keys by their short forms, SAML metadata by
//! what it states and the rest of it as a diff, documents and texts of several lines as unified diffs, everything else as old and new.

use similar::{ChangeTag, TextDiff};

use super::text::{columns, counted, neutral, shorten, window, wrap};
use super::theme::{Theme, paint};
use crate::model::Value;
use crate::plan::{Detail, FieldChange};

/// Unchanged lines shown around changed ones.
const CONTEXT_LINES: usize = 3;

/// How an old and a new value stand when both are short.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pair {
    /// On one line.
    Beside,
    /// On two, each with its sign.
    Stacked,
}

/// The lines that stand beside the field's name, each at most `width` columns.
pub(super) fn lines(change: &FieldChange, theme: &Theme, width: usize) -> Vec<String> {
    all(change, theme, width, Pair::Beside)
}

/// The same without colours and with a sign at the beginning of every line, for what colours a
/// diff by its first characters. Lines past `most` are counted.
pub(super) fn signed_lines(change: &FieldChange, width: usize, most: usize) -> Vec<String> {
    let mut shown = all(change, &Theme::plain(), width, Pair::Stacked);
    if shown.len() > most {
        let more = shown.len() - most;
        shown.truncate(most);
        shown.push(format!("  … {}", counted(more, "more line")));
    }
    shown
}

fn all(change: &FieldChange, theme: &Theme, width: usize, pair: Pair) -> Vec<String> {
    let shown = match &change.detail {
        Detail::Items { added, removed } => {
            let mut shown = signed('-', removed, theme, width);
            shown.extend(signed('+', added, theme, width));
            shown
        }
        Detail::Keys {
            added,
            removed,
            changed,
        } => {
            let mut shown = signed('-', removed, theme, width);
            shown.extend(signed('~', changed, theme, width));
            shown.extend(signed('+', added, theme, width));
            shown
        }
        Detail::Metadata {
            added,
            removed,
            before,
            after,
        } => {
            let mut shown = wrapped('-', removed, theme, width);
            shown.extend(wrapped('+', added, theme, width));
            shown.extend(diff(before, after, theme, width));
            shown
        }
        Detail::Trust {
            added,
            removed,
            before,
            after,
            is_wider: _,
            is_narrower: _,
        } => {
            let mut shown = signed('-', removed, theme, width);
            shown.extend(signed('+', added, theme, width));
            // A policy that comes or goes is told by its lines; one that changes is shown as well.
            if shown.is_empty() || !(before.is_empty() || after.is_empty()) {
                shown.extend(diff(before, after, theme, width));
            }
            shown
        }
        Detail::Document { before, after } => diff(before, after, theme, width),
        Detail::Whole => whole(change, theme, width, pair),
    };
    if shown.is_empty() {
        // A set that was unknown and shall be empty, say.
        return whole(change, theme, width, pair);
    }
    shown
}

/// The unified diff of two texts, for JSON.
pub(super) fn unified(before: &str, after: &str) -> String {
    TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .to_string()
}

fn signed(sign: char, items: &[String], theme: &Theme, width: usize) -> Vec<String> {
    items
        .iter()
        .map(|item| line(sign, item, theme, width))
        .collect()
}

/// Whole sentences, on further lines where one is too short: of a certificate neither subject nor
/// end may be cut out. Each line has the sign.
fn wrapped(sign: char, items: &[String], theme: &Theme, width: usize) -> Vec<String> {
    let mut shown = Vec::new();
    for item in items {
        let lines = wrap(&neutral(item), width.saturating_sub(4));
        for (at, text) in lines.iter().enumerate() {
            let indent = if at == 0 { "" } else { "  " };
            shown.push(line(sign, &format!("{indent}{text}"), theme, width));
        }
    }
    shown
}

/// One line with its sign, in the colour of what happens to it.
fn line(sign: char, text: &str, theme: &Theme, width: usize) -> String {
    let style = match sign {
        '+' => theme.create(),
        '-' => theme.delete(),
        _ => theme.update(),
    };
    let text = shorten(&neutral(text), width.saturating_sub(2));
    paint(style, &format!("{sign} {text}"))
}

fn whole(change: &FieldChange, theme: &Theme, width: usize, pair: Pair) -> Vec<String> {
    if let Some((before, after)) = texts(change) {
        return diff(before, after, theme, width);
    }
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => old_and_new(before, after, theme, width, pair),
        (None, Some(after)) => vec![line('+', &inline(after), theme, width)],
        (Some(before), None) => vec![line('-', &inline(before), theme, width)],
        (None, None) => Vec::new(),
    }
}

/// Both texts, when one of them has several lines.
fn texts(change: &FieldChange) -> Option<(&str, &str)> {
    let before = change.before.as_ref().map_or(Some(""), Value::as_str)?;
    let after = change.after.as_ref().map_or(Some(""), Value::as_str)?;
    (before.contains('\n') || after.contains('\n')).then_some((before, after))
}

fn old_and_new(
    before: &Value,
    after: &Value,
    theme: &Theme,
    width: usize,
    pair: Pair,
) -> Vec<String> {
    let (before, after) = (inline(before), inline(after));
    if pair == Pair::Beside && columns(&before) + columns(&after) + 3 <= width {
        let before = paint(theme.delete(), &before);
        let after = paint(theme.create(), &after);
        return vec![format!("{before} → {after}")];
    }
    let same = before
        .char_indices()
        .zip(after.chars())
        .find(|((_, old), new)| old != new)
        .map_or(before.len().min(after.len()), |((at, _), _)| at);
    let cut = |text: &str| window(text, same, width.saturating_sub(2));
    vec![
        paint(theme.delete(), &format!("- {}", cut(&before))),
        paint(theme.create(), &format!("+ {}", cut(&after))),
    ]
}

/// A value on one line; texts in quotation marks, so that an empty one can be seen.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", neutral(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            neutral(&value.to_string()).into_owned()
        }
    }
}

fn diff(before: &str, after: &str, theme: &Theme, width: usize) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut shown = Vec::new();
    for hunk in diff
        .unified_diff()
        .context_radius(CONTEXT_LINES)
        .iter_hunks()
    {
        // A document that comes or goes as a whole needs no place.
        if !before.is_empty() && !after.is_empty() {
            shown.push(paint(theme.dim(), &hunk.header().to_string()));
        }
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', theme.delete()),
                ChangeTag::Insert => ('+', theme.create()),
                ChangeTag::Equal => (' ', theme.dim()),
            };
            let text = change.value();
            let text = neutral(text.strip_suffix('\n').unwrap_or(text));
            let text = shorten(&text, width.saturating_sub(2));
            shown.push(paint(style, format!("{sign} {text}").trim_end()));
            if change.missing_newline() && change.tag() != ChangeTag::Equal {
                shown.push(paint(theme.dim(), "\\ no line break at the end"));
            }
        }
    }
    shown
}
