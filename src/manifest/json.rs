//! YAML to JSON, for documents in a cloud's own grammar: values by YAML's core types, nothing dropped.

use serde_json::{Map, Number, Value};

use super::check::Checker;
use super::node::{Node, NodeValue};
use super::scalar::{self, Meaning};
use crate::model::{Code, Diagnostic, Span};

/// The JSON value of a node; [`None`] after a report.
pub(super) fn value(checker: &mut Checker<'_>, node: &Node, name: &str) -> Option<Value> {
    match &node.value {
        NodeValue::List(items) => {
            let items: Vec<Option<Value>> = items
                .iter()
                .map(|item| value(checker, item, name))
                .collect();
            items.into_iter().collect::<Option<_>>().map(Value::Array)
        }
        NodeValue::Map(entries) => {
            let members: Vec<Option<(String, Value)>> = entries
                .iter()
                .map(|entry| {
                    let is_good = checker.is_printable(entry.key_span, name, &entry.key);
                    let member = value(checker, &entry.value, name)?;
                    is_good.then(|| (entry.key.clone(), member))
                })
                .collect();
            let members: Option<Map<String, Value>> = members.into_iter().collect();
            members.map(Value::Object)
        }
        NodeValue::Scalar(written) => match scalar::meaning(written) {
            Meaning::Null => Some(Value::Null),
            Meaning::Flag(on) => Some(Value::Bool(on)),
            Meaning::Integer(Some(number)) => Some(Value::from(number)),
            Meaning::Integer(None) => number(checker, node, name, None),
            Meaning::Float(float) => number(checker, node, name, Number::from_f64(float)),
            meaning @ Meaning::Ambiguous => {
                checker.unquoted(node, name, &written.text, meaning);
                None
            }
            Meaning::Text => checker
                .plain_text(node, name, &written.text)
                .map(Value::from),
        },
    }
}

fn number(
    checker: &mut Checker<'_>,
    node: &Node,
    name: &str,
    number: Option<Number>,
) -> Option<Value> {
    if number.is_none() {
        let finding = Diagnostic::error(
            Code::InvalidValue,
            format!("{name} holds a number that JSON cannot hold exactly"),
        )
        .at(node.span, "not a number of 64 bits")
        .help("put it in quotes when it is a text");
        checker.report(finding);
    }
    number.map(Value::Number)
}

/// The place of the innermost part of `path` that exists: `rules[0].local`, `/rules/0/local` and
/// `rules.0.local` all work.
pub(super) fn nearest(node: &Node, path: &str) -> Span {
    let mut here = node;
    let mut span = node.span;
    for part in path
        .split(['.', '/', '[', ']'])
        .filter(|part| !part.is_empty() && *part != "$")
    {
        let next = match &here.value {
            NodeValue::List(items) => part
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get(index))
                .map(|item| (item, item.span)),
            NodeValue::Map(entries) => entries
                .iter()
                .find(|entry| entry.key == part)
                .map(|entry| (&entry.value, place_of(&entry.value, entry.key_span))),
            NodeValue::Scalar(_) => None,
        };
        let Some((found, found_span)) = next else {
            break;
        };
        here = found;
        span = found_span;
    }
    span
}

/// A single text is pointed at itself, anything larger at its key.
fn place_of(node: &Node, key: Span) -> Span {
    match node.value {
        NodeValue::Scalar(_) => node.span,
        NodeValue::List(_) | NodeValue::Map(_) => key,
    }
}
