//! A value against one row of a field table: absent, null and value kept apart, canonical forms.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::check::{Checker, element_of, member, suggestion};
use super::document::{Given, GivenValue};
use super::json;
use super::node::{Entry, Node, NodeValue};
use crate::model::{Code, Diagnostic, address::is_name};
use crate::provider::{Clear, Field, Form, TextRule};

/// Checks the members of a `spec` against a table. Members that are not in the table are the
/// caller's business.
pub(super) fn fields(
    checker: &mut Checker<'_>,
    table: &'static [Field],
    entries: &[Entry],
) -> BTreeMap<String, Given> {
    table
        .iter()
        .filter_map(|field| {
            let given = one(checker, field, member(entries, field.name)?)?;
            Some((field.name.to_owned(), given))
        })
        .collect()
}

/// Checks one member against its row.
pub(super) fn one(checker: &mut Checker<'_>, field: &Field, entry: &Entry) -> Option<Given> {
    let value = field_value(checker, field, entry)?;
    Some(Given {
        value,
        span: entry.value.span,
        key: entry.key_span,
    })
}

fn field_value(checker: &mut Checker<'_>, field: &Field, entry: &Entry) -> Option<GivenValue> {
    let node = &entry.value;
    let name = &format!("`{}`", field.name);
    if is_empty(&field.form, node) {
        return match field.clear {
            Clear::Text | Clear::Set | Clear::Mapping => Some(GivenValue::Cleared),
            Clear::Refused(why) => {
                let title = format!("{name} cannot be cleared{}", checker.for_cloud());
                let finding = Diagnostic::error(Code::CannotClear, title)
                    .at(node.span, "null or empty means: clear it")
                    .note(why)
                    .help("write a value, or drop the key to leave the live value as it is");
                checker.report(finding);
                None
            }
        };
    }
    let value = match &field.form {
        Form::Text(rule) => Value::from(checker.ruled_text(node, name, rule)?),
        Form::Flag => Value::from(checker.flag(node, name)?),
        Form::Integer { min, max, unit } => {
            let otherwise = "drop the field to keep the value set on the cloud";
            Value::from(checker.integer(node, name, (*min, *max), unit, otherwise)?)
        }
        Form::Choice(words) => Value::from(checker.choice(node, name, words)?),
        Form::TextSet { item, max_items } => text_set(checker, node, name, item, *max_items)?,
        Form::Keys { max_characters, .. } => {
            return super::keys::keys(checker, entry, name, *max_characters);
        }
        Form::Metadata { max_bytes } => {
            return super::metadata::metadata(checker, entry, name, *max_bytes);
        }
        Form::Fingerprints { max_items } => {
            return super::keys::fingerprints(checker, node, name, *max_items);
        }
        Form::Reference { kind, .. } => return reference(checker, node, name, kind),
        Form::Json { shape, check, .. } => document(checker, node, name, shape, check)?,
        Form::Trust(form) => return super::trust::trust(checker, node, name, form),
        Form::Tags {
            key,
            value,
            max_items,
        } => tags(checker, node, name, (key, value), *max_items)?,
    };
    Some(GivenValue::Value(value))
}

/// Whether a value says "clear it" for its form. An empty value of another shape is a wrong type.
fn is_empty(form: &Form, node: &Node) -> bool {
    if node.is_null() {
        return true;
    }
    let (text, list, map) = match &node.value {
        NodeValue::Scalar(scalar) => (scalar.text.is_empty(), false, false),
        NodeValue::List(items) => (false, items.is_empty(), false),
        NodeValue::Map(entries) => (false, false, entries.is_empty()),
    };
    match form {
        Form::Text(_) | Form::Choice(_) | Form::Reference { .. } => text,
        Form::TextSet { .. } | Form::Fingerprints { .. } => list,
        Form::Keys { .. } | Form::Metadata { .. } | Form::Trust(_) | Form::Tags { .. } => map,
        Form::Json { .. } => text || list || map,
        Form::Flag | Form::Integer { .. } => false,
    }
}

fn text_set(
    checker: &mut Checker<'_>,
    node: &Node,
    name: &str,
    rule: &TextRule,
    max_items: usize,
) -> Option<Value> {
    let items = checker.list(node, name)?;
    let element = element_of(name);
    let texts: Vec<Option<String>> = items
        .iter()
        .map(|item| checker.ruled_text(item, &element, rule))
        .collect();
    let count = texts.len();
    // One bad element already made its report; a set without it would be another set.
    let texts: BTreeSet<String> = texts.into_iter().collect::<Option<_>>()?;
    if !within(checker, node, name, texts.len(), max_items) || count == 0 {
        return None;
    }
    Some(texts.into_iter().map(Value::from).collect())
}

/// Whether a set is small enough; reported when not.
pub(super) fn within(
    checker: &mut Checker<'_>,
    node: &Node,
    name: &str,
    count: usize,
    most: usize,
) -> bool {
    if count <= most {
        return true;
    }
    let finding = checker
        .out_of_range(name)
        .at(
            node.span,
            format!("may have at most {most} elements, has {count}"),
        )
        .help(format!("leave at most {most} elements"));
    checker.report(finding);
    false
}

fn reference(checker: &mut Checker<'_>, node: &Node, name: &str, kind: &str) -> Option<GivenValue> {
    let help =
        || format!("write the metadata.name of a {kind}, or {{external: name-in-the-cloud}}");
    match &node.value {
        NodeValue::Scalar(_) => {
            let text = checker.text(node, name)?;
            if is_name(&text) {
                return Some(GivenValue::Local(text));
            }
            let title = format!("{name} refers to no possible name");
            let finding = Diagnostic::error(Code::InvalidValue, title)
                .at(node.span, "no manifest can have this name")
                .help(help());
            checker.report(finding);
            None
        }
        NodeValue::Map(_) => {
            let entries = checker.mapping(node, name, &["external"])?;
            let Some(external) = member(entries, "external") else {
                checker.missing(node.span, "`external`", &help());
                return None;
            };
            let text = checker.text(&external.value, "`external`")?;
            if text.is_empty() {
                let title = format!("{name} refers to nothing");
                let finding = Diagnostic::error(Code::InvalidValue, title)
                    .at(external.value.span, "the name is empty")
                    .help(help());
                checker.report(finding);
                return None;
            }
            Some(GivenValue::External(text))
        }
        NodeValue::List(_) => {
            checker.wrong_type(node, name, "a reference", &help());
            None
        }
    }
}

fn tags(
    checker: &mut Checker<'_>,
    node: &Node,
    name: &str,
    (key_rule, value_rule): (&TextRule, &TextRule),
    max_items: usize,
) -> Option<Value> {
    let NodeValue::Map(entries) = &node.value else {
        let help = "write the tags as a mapping: {team: platform}";
        checker.wrong_type(node, name, "a mapping", help);
        return None;
    };
    let element = &element_of(name);
    let mut tags = Map::new();
    let mut is_good = true;
    for entry in entries {
        is_good &= checker.rule(
            entry.key_span,
            &format!("a key of {name}"),
            key_rule,
            &entry.key,
        );
        // An empty value is a value; the cloud keeps such tags.
        let value = match checker.text(&entry.value, element) {
            Some(text) if checker.rule(entry.value.span, element, value_rule, &text) => text,
            Some(_) | None => {
                is_good = false;
                continue;
            }
        };
        tags.insert(entry.key.clone(), value.into());
    }
    (within(checker, node, name, entries.len(), max_items) && is_good)
        .then_some(Value::Object(tags))
}

pub(super) fn document(
    checker: &mut Checker<'_>,
    node: &Node,
    name: &str,
    shape: &str,
    check: impl Fn(&Value) -> Vec<(String, String)>,
) -> Option<Value> {
    let value = json::value(checker, node, name)?;
    let findings = check(&value);
    for (path, sentence) in &findings {
        let mut finding = Diagnostic::error(
            Code::InvalidValue,
            format!("{name} is not valid{}", checker.for_cloud()),
        )
        .at(json::nearest(node, path), sentence.as_str());
        if !path.is_empty() {
            finding = finding.note(format!("at {path}"));
        }
        checker.report(finding.help(format!("{name} takes {shape}")));
    }
    findings.is_empty().then_some(value)
}

/// Reports which of several ways to give a value should be taken.
pub(super) fn one_of<'n>(
    checker: &mut Checker<'_>,
    node: &'n Node,
    name: &str,
    ways: &[&str],
    help: &str,
) -> Option<&'n Entry> {
    let NodeValue::Map(entries) = &node.value else {
        checker.wrong_type(node, name, "a mapping", help);
        return None;
    };
    match entries.as_slice() {
        [entry] if ways.contains(&entry.key.as_str()) => Some(entry),
        [entry] => {
            let finding = Diagnostic::error(Code::UnknownField, format!("unknown key in {name}"))
                .at(entry.key_span, "this key is not known here")
                .help(suggestion(&entry.key, ways, "known keys"));
            checker.report(finding);
            None
        }
        [] => {
            checker.missing(node.span, &format!("the content of {name}"), help);
            None
        }
        [first, rest @ ..] => {
            // Misspelt keys are reported as such; only known ones can exclude each other.
            let entries = checker.mapping(node, name, ways)?;
            if entries
                .iter()
                .all(|entry| ways.contains(&entry.key.as_str()))
            {
                let title = format!("{name} is given in more than one way");
                let mut finding =
                    Diagnostic::error(Code::ConflictingFields, title).at(first.key_span, "one way");
                for entry in rest {
                    finding = finding.at(entry.key_span, "another way");
                }
                checker.report(finding.help(help));
            }
            None
        }
    }
}
