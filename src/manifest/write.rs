//! Desired to a readable manifest, for `import`: YAML text that this room's own reader reads back
//! as exactly the same values.
//!
//! Pure. Blocks for what people read line by line, one line for what is short. A text stands without
//! quotes only where no YAML reader, old or new, could take it for anything else.

use std::fmt::Write as _;

use serde_json::Value;

/// Longest list or mapping that is written on one line.
const FLOW_COLUMNS: usize = 72;

/// One document to write.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The kind.
    pub kind: &'static str,
    /// `metadata.name`.
    pub name: String,
    /// The members of `spec`, in the order in which they shall stand.
    pub spec: Vec<(String, Value)>,
}

/// The text of one document, without what stands before the first one of a file.
pub fn document(draft: &Draft) -> String {
    let mut text = format!(
        "apiVersion: idform/v1\nkind: {}\nmetadata: {{name: {}}}\nspec:\n",
        draft.kind,
        scalar(&draft.name)
    );
    for (key, value) in &draft.spec {
        member(&mut text, 1, key, value);
    }
    text
}

/// The text of a file: where editors find the schema, a line for people, the documents.
pub fn file(schema: &str, comment: &str, drafts: &[&Draft]) -> String {
    let documents: Vec<String> = drafts.iter().map(|draft| document(draft)).collect();
    format!(
        "# yaml-language-server: $schema={schema}\n#\n# {comment}\n{}",
        documents.join("---\n")
    )
}

/// A text on one line as YAML, quoted unless nobody can misread it; for files in which variables
/// mean nothing.
pub fn one_line(text: &str) -> String {
    scalar(text)
}

fn indent(text: &mut String, level: usize) {
    for _ in 0..level {
        text.push_str("  ");
    }
}

/// `key: value` in a block at this level.
fn member(text: &mut String, level: usize, key: &str, value: &Value) {
    indent(text, level);
    member_here(text, level, key, value);
}

/// The same where the indentation stands already.
fn member_here(text: &mut String, level: usize, key: &str, value: &Value) {
    text.push_str(&scalar(key));
    text.push(':');
    if let Some(lines) = block_text(value) {
        text.push_str(" |-\n");
        for line in lines {
            if !line.is_empty() {
                indent(text, level + 1);
                text.push_str(line);
            }
            text.push('\n');
        }
    } else if let Some(flow) = short(value) {
        let _ = writeln!(text, " {flow}");
    } else {
        text.push('\n');
        block(text, level + 1, value);
    }
}

/// A value of several lines in a block at this level.
fn block(text: &mut String, level: usize, value: &Value) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (key, value) in members {
                member(text, level, key, value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                entry(text, level, item);
            }
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::String(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_) => {
            indent(text, level);
            text.push_str(&flow(value));
            text.push('\n');
        }
    }
}

/// One entry of a list in a block at this level.
fn entry(text: &mut String, level: usize, item: &Value) {
    indent(text, level);
    text.push('-');
    if let Some(flow) = short(item) {
        let _ = writeln!(text, " {flow}");
        return;
    }
    if let Value::Object(members) = item {
        text.push(' ');
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                indent(text, level + 1);
            }
            member_here(text, level + 1, key, value);
        }
    } else {
        text.push('\n');
        block(text, level + 1, item);
    }
}

/// The value on one line, where that reads better than a block: single values, and lists and
/// mappings that are short and hold little that nests.
fn short(value: &Value) -> Option<String> {
    let fits = match value {
        Value::Array(items) => items.iter().all(is_single),
        Value::Object(members) => members.values().all(|value| {
            is_single(value)
                || matches!(value, Value::Object(inner) if inner.values().all(is_single))
        }),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {
            return Some(flow(value));
        }
    };
    let is_empty = matches!(value, Value::Array(items) if items.is_empty())
        || matches!(value, Value::Object(members) if members.is_empty());
    let flow = flow(value);
    (is_empty || fits && flow.chars().count() <= FLOW_COLUMNS).then_some(flow)
}

fn is_single(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(on) => on.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => scalar(&escaped(text)),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key), flow(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
    }
}

/// The lines of a text that reads best as a block of its own.
fn block_text(value: &Value) -> Option<Vec<&str>> {
    let text = value.as_str()?;
    let is_plain = |line: &str| {
        !line.starts_with([' ', '\t'])
            && !line.ends_with([' ', '\t'])
            && !line.chars().any(is_unseen)
    };
    let lines: Vec<&str> = text.split('\n').collect();
    // A variable's name would need an escape, and an empty line at either end would be lost.
    let good = lines.len() > 1
        && !text.contains("${")
        && lines.iter().all(|line| is_plain(line))
        && lines.first().is_some_and(|line| !line.is_empty())
        && lines.last().is_some_and(|line| !line.is_empty());
    good.then_some(lines)
}

/// The text as a manifest spells it: what reads like a variable is escaped.
fn escaped(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let after_dollar = at > 0 && rest.as_bytes()[at - 1] == b'$';
        done.push_str(&rest[..at]);
        let is_variable = rest[at..].starts_with("${env:");
        done.push_str(if is_variable || after_dollar {
            "$${"
        } else {
            "${"
        });
        rest = &rest[at + 2..];
    }
    done.push_str(rest);
    done
}

/// A text on one line, quoted unless nobody can misread it.
fn scalar(text: &str) -> String {
    if is_unmistakable(text) {
        return text.to_owned();
    }
    let is_seen = !text.chars().any(is_unseen);
    if is_seen && text.contains(['\\', '"']) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_unseen(c) && u32::from(c) > 0xffff => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c if is_unseen(c) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character cannot be seen, or moves what stands around it.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
            | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}'
            | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether every YAML reader takes the bare text for this text, also between braces.
fn is_unmistakable(text: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let inside = |c: char| word(c) || matches!(c, ' ' | '-' | '.' | '/' | ':' | '@' | '+' | '=');
    let looks_like_number = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && text
                .chars()
                .all(|c| c.is_ascii_hexdigit() || "xXoO_:.+-tTzZ ".contains(c))
    };
    let is_word_of_yaml = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "none",
    ]
    .iter()
    .any(|reserved| text.eq_ignore_ascii_case(reserved));
    text.starts_with(|c: char| word(c) || c == '/')
        && text.ends_with(|c: char| word(c) || c == '/')
        && text.chars().all(inside)
        && !text.chars().any(is_unseen)
        && !text.contains(": ")
        && !text.contains("  ")
        && !is_word_of_yaml
        && !looks_like_number(text)
}

#[cfg(test)]
mod tests;
