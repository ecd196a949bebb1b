//! What a cloud would refuse of a trust policy, or take without it ever meaning anything.

use serde_json::{Map, Value};

use super::Grammar;

/// Problems of a document: path inside it, and a sentence. The cloud's own limits on names are not
/// looked at.
pub fn problems(grammar: &Grammar, policy: &Value) -> Vec<(String, String)> {
    let mut found = misshapen(grammar, policy);
    let length = policy.to_string().chars().count();
    if length > grammar.max_characters {
        let sentence = format!(
            "{} takes at most {} characters as JSON, this has {length}",
            grammar.cloud, grammar.max_characters
        );
        found.push((String::new(), sentence));
    }
    found
}

/// What is not in the frame of a trust policy.
pub(super) fn misshapen(grammar: &Grammar, policy: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let Value::Object(members) = policy else {
        found.push((String::new(), "a trust policy is a mapping".to_owned()));
        return found;
    };
    let (version, value) = grammar.version;
    let known = [version, grammar.statements];
    unknown_keys(members, &known, "", &mut found);
    if members.get(version) != Some(&Value::from(value)) {
        let sentence = format!(
            "trust policies of {} have `{version}: \"{value}\"`",
            grammar.cloud
        );
        found.push((present(members, version), sentence));
    }
    match members.get(grammar.statements) {
        Some(Value::Array(statements)) if !statements.is_empty() => {
            for (number, statement) in statements.iter().enumerate() {
                let path = format!("{}.{number}", grammar.statements);
                match statement {
                    Value::Object(statement) => {
                        statement_problems(grammar, statement, &path, &mut found);
                    }
                    Value::Null
                    | Value::Bool(_)
                    | Value::Number(_)
                    | Value::String(_)
                    | Value::Array(_) => {
                        found.push((path, "a statement is a mapping".to_owned()));
                    }
                }
            }
        }
        Some(_) | None => found.push((
            present(members, grammar.statements),
            format!(
                "`{}` is a list of at least one statement",
                grammar.statements
            ),
        )),
    }
    found
}

fn statement_problems(
    grammar: &Grammar,
    statement: &Map<String, Value>,
    path: &str,
    found: &mut Vec<(String, String)>,
) {
    let known = [
        grammar.effect,
        grammar.action,
        grammar.principal,
        grammar.condition,
    ];
    unknown_keys(statement, &known, path, found);
    let at = |key: &str| match present(statement, key).as_str() {
        "" => path.to_owned(),
        key => format!("{path}.{key}"),
    };
    let effect = statement.get(grammar.effect).and_then(Value::as_str);
    if !effect.is_some_and(|effect| grammar.effects.contains(&effect)) {
        let [allow, deny] = grammar.effects;
        let sentence = format!("`{}` is {allow} or {deny}", grammar.effect);
        found.push((at(grammar.effect), sentence));
    }
    if !statement.get(grammar.action).is_some_and(is_texts) {
        let sentence = format!(
            "`{}` is an action or a list of them, such as {}",
            grammar.action, grammar.oidc_action
        );
        found.push((at(grammar.action), sentence));
    }
    match statement.get(grammar.principal) {
        Some(Value::Object(principals)) if !principals.is_empty() => {
            let path = at(grammar.principal);
            unknown_keys(principals, &grammar.principals, &path, found);
            for (kind, named) in principals {
                if !is_texts(named) {
                    let sentence = format!("`{kind}` is a principal or a list of them");
                    found.push((format!("{path}.{kind}"), sentence));
                }
            }
        }
        Some(_) | None => found.push((
            at(grammar.principal),
            format!(
                "`{}` says who is trusted: a mapping with {}",
                grammar.principal,
                grammar.principals.join(", ")
            ),
        )),
    }
    condition_problems(grammar, statement, &at(grammar.condition), found);
}

fn condition_problems(
    grammar: &Grammar,
    statement: &Map<String, Value>,
    path: &str,
    found: &mut Vec<(String, String)>,
) {
    let operators = match statement.get(grammar.condition) {
        None => return,
        Some(Value::Object(operators)) => operators,
        Some(_) => {
            let sentence = format!("`{}` is a mapping of operators", grammar.condition);
            found.push((path.to_owned(), sentence));
            return;
        }
    };
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else {
            let sentence = format!("`{operator}` is a mapping of keys to values");
            found.push((format!("{path}.{operator}"), sentence));
            continue;
        };
        for (key, values) in keys {
            let plain =
                |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
            let is_good = match values {
                Value::Array(values) => !values.is_empty() && values.iter().all(plain),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Object(_) => plain(values),
            };
            if !is_good {
                let sentence = format!("`{key}` is a value or a list of at least one");
                found.push((format!("{path}.{operator}"), sentence));
            }
        }
    }
}

fn unknown_keys(
    members: &Map<String, Value>,
    known: &[&str],
    path: &str,
    found: &mut Vec<(String, String)>,
) {
    for key in members.keys().filter(|key| !known.contains(&key.as_str())) {
        let same = known.iter().find(|known| known.eq_ignore_ascii_case(key));
        let sentence = match same {
            Some(known) => format!("`{key}` is spelt `{known}` here"),
            None => format!("`{key}` is not known here; there are {}", known.join(", ")),
        };
        let dot = if path.is_empty() { "" } else { "." };
        found.push((format!("{path}{dot}{key}"), sentence));
    }
}

/// The key where it is there, else nothing: the place is then that of the whole.
fn present(members: &Map<String, Value>, key: &str) -> String {
    if members.contains_key(key) {
        key.to_owned()
    } else {
        String::new()
    }
}

fn is_texts(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_string),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}
