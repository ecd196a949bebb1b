//! Which functions of a policy call themselves, directly or through others.
//!
//! Rego forbids it, but the engine looks for it among rules only: such a function would go on until
//! the stack ends, and the program with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The functions of a circle, by name; empty when there is none. Takes the tree that the engine
/// gives; a name's last part stands for it, so that a function called through an import counts.
pub(super) fn circle(tree: &Value) -> Vec<String> {
    let mut calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    functions(tree, &mut calls);
    let circular = |name: &&String| {
        let mut seen: BTreeSet<&String> = BTreeSet::new();
        let mut ahead: Vec<&String> = vec![name];
        while let Some(next) = ahead.pop() {
            let called = calls.get(next).into_iter().flatten();
            ahead.extend(called.filter(|other| seen.insert(other)));
        }
        seen.contains(name)
    };
    calls.keys().filter(circular).cloned().collect()
}

fn functions(tree: &Value, calls: &mut BTreeMap<String, BTreeSet<String>>) {
    match tree {
        Value::Object(members) => {
            let head = members.get("head").and_then(|head| head.get("Func"));
            let name = head.and_then(|head| head.get("refr")).and_then(last_name);
            match name {
                Some(name) => called(tree, calls.entry(name).or_default()),
                None => members.values().for_each(|part| functions(part, calls)),
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| functions(part, calls)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn called(tree: &Value, names: &mut BTreeSet<String>) {
    match tree {
        Value::Object(members) => {
            names.extend(members.get("fcn").and_then(last_name));
            members.values().for_each(|part| called(part, names));
        }
        Value::Array(parts) => parts.iter().for_each(|part| called(part, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The last part of a name: of a variable itself, of `a.b` the `b`.
fn last_name(expression: &Value) -> Option<String> {
    let variable = expression.get("Var").and_then(|var| var.get("value"));
    // A place and the text.
    let field = expression
        .get("RefDot")
        .and_then(|dotted| dotted.get("field")?.get(1));
    variable.or(field)?.as_str().map(str::to_owned)
}
