//! The form in which equal trust policies are equal (apis/alibaba.md §3.5, apis/tencent.md §4.3):
//! a single value is a list of one, lists are sets, statements keep their order.

use serde_json::{Map, Value};

use super::Grammar;

/// The canonical form. What is no trust policy is left as it is.
pub fn canonical(grammar: &Grammar, policy: &Value) -> Value {
    let Value::Object(members) = policy else {
        return policy.clone();
    };
    let mut members = members.clone();
    if let Some(Value::Array(statements)) = members.get_mut(grammar.statements) {
        for statement in statements {
            if let Value::Object(statement) = statement {
                canonical_statement(grammar, statement);
            }
        }
    }
    Value::Object(members)
}

fn canonical_statement(grammar: &Grammar, statement: &mut Map<String, Value>) {
    if let Some(actions) = statement.get_mut(grammar.action) {
        *actions = set(actions, |text| with_prefix(grammar, text));
    }
    if let Some(Value::Object(principals)) = statement.get_mut(grammar.principal) {
        for (_, named) in principals.iter_mut() {
            *named = set(named, |text| as_read_back(grammar, text));
        }
    }
    if let Some(Value::Object(condition)) = statement.get_mut(grammar.condition) {
        for (_, keys) in condition.iter_mut() {
            if let Value::Object(keys) = keys {
                for (_, values) in keys.iter_mut() {
                    *values = set(values, str::to_owned);
                }
            }
        }
    }
}

/// Elements in a fixed order, each once; texts put into one spelling.
fn set(value: &Value, spell: impl Fn(&str) -> String) -> Value {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            std::slice::from_ref(value)
        }
    };
    let mut items: Vec<Value> = items
        .iter()
        .map(|item| match item {
            Value::String(text) => Value::String(spell(text)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => item.clone(),
        })
        .collect();
    items.sort_by_cached_key(Value::to_string);
    items.dedup();
    Value::Array(items)
}

/// Actions with and without the prefix are taken for the same (UNCONFIRMED: apis/tencent.md §4).
fn with_prefix(grammar: &Grammar, action: &str) -> String {
    if action.starts_with(grammar.action_prefix) {
        action.to_owned()
    } else {
        format!("{}{action}", grammar.action_prefix)
    }
}

/// A whole account is read back under another name than it may be written (apis/tencent.md §4.3).
fn as_read_back(grammar: &Grammar, principal: &str) -> String {
    let Some((written, read)) = grammar.root else {
        return principal.to_owned();
    };
    let ends = written.split_once("{}");
    let id = ends.and_then(|(before, after)| {
        let id = principal.strip_prefix(before)?.strip_suffix(after)?;
        id.bytes().all(|byte| byte.is_ascii_digit()).then_some(id)
    });
    id.map_or_else(|| principal.to_owned(), |id| read.replace("{}", id))
}
