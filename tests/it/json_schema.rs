//! The words of JSON Schema that the published schemas use. Unit tests of `view` take this file too.

use serde_json::Value;

/// Checks a value against the words of JSON Schema that our schemas use; an unknown word fails, so
/// that nothing is passed over.
pub(crate) fn valid(schema: &Value, root: &Value, value: &Value, path: &str) -> Result<(), String> {
    let Some(words) = schema.as_object() else {
        return if schema == &Value::Bool(true) {
            Ok(())
        } else {
            Err(path.to_owned())
        };
    };
    for (word, rule) in words {
        match word.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" | "format" | "default" => {}
            "$ref" => {
                let pointer = rule.as_str().expect("text").trim_start_matches('#');
                valid(
                    root.pointer(pointer).expect("it leads somewhere"),
                    root,
                    value,
                    path,
                )?;
            }
            "anyOf" => {
                let rules = rule.as_array().expect("a list");
                if rules
                    .iter()
                    .all(|rule| valid(rule, root, value, path).is_err())
                {
                    return Err(format!("{path}: none of anyOf"));
                }
            }
            "oneOf" => {
                let rules = rule.as_array().expect("a list");
                let fits = |rule: &&Value| valid(rule, root, value, path).is_ok();
                let count = rules.iter().filter(fits).count();
                if count != 1 {
                    return Err(format!("{path}: {count} of oneOf"));
                }
            }
            "const" => {
                if value != rule {
                    return Err(format!("{path}: {value} is not {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().expect("a list").contains(value) {
                    return Err(format!("{path}: {value} is none of {rule}"));
                }
            }
            "not" => {
                if valid(rule, root, value, path).is_ok() {
                    return Err(format!("{path}: {value} must not be {rule}"));
                }
            }
            "type" => {
                if !is_of_type(rule, value) {
                    return Err(format!("{path}: {value} is no {rule}"));
                }
            }
            "minimum" | "maximum" => {
                let (value, limit) = (value.as_i64(), rule.as_i64());
                let beyond = if word == "minimum" {
                    value < limit
                } else {
                    value > limit
                };
                if value.is_some() && beyond {
                    return Err(format!("{path}: {word}"));
                }
            }
            "required" => {
                for name in rule.as_array().expect("a list") {
                    if value.is_object() && value.get(name.as_str().expect("text")).is_none() {
                        return Err(format!("{path}: no {name}"));
                    }
                }
            }
            "properties" => properties(rule, root, value, path)?,
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    valid(rule, root, value, &format!("{path}/{name}"))?;
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    valid(rule, root, value, &format!("{path}/{index}"))?;
                }
            }
            other => panic!("the schema says {other}, which this check does not know"),
        }
    }
    Ok(())
}

/// Whether a value is of a type, or of one of several.
pub(crate) fn is_of_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().expect("text") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other}"),
    };
    let names = rule.as_array();
    names.map_or_else(|| is(rule), |names| names.iter().any(is))
}

/// Checks the members that are described, and that there are no others.
fn properties(rule: &Value, root: &Value, value: &Value, path: &str) -> Result<(), String> {
    for (name, rule) in rule.as_object().expect("an object") {
        if let Some(value) = value.get(name) {
            valid(rule, root, value, &format!("{path}/{name}"))?;
        }
    }
    // Members that stand beside alternatives are described by several parts, none of which knows all.
    if ["oneOf", "$ref"]
        .iter()
        .any(|word| root.get(word).is_some())
    {
        return Ok(());
    }
    let known = |name: &&String| rule.get(name.as_str()).is_some();
    let unknown = value
        .as_object()
        .and_then(|members| members.keys().find(|name| !known(name)));
    match unknown {
        Some(unknown) => Err(format!("{path}: {unknown} is not in the schema")),
        None => Ok(()),
    }
}
