//! A field of a kind, by its row of the table.

use serde_json::{Map, Value, json};

use super::NAME;
use crate::provider::{Clear, Field, Form, TextRule, TrustForm};

/// The schema of one field: its value, or null and empty where that clears it.
pub(in crate::manifest) fn field(field: &Field) -> Value {
    let value = form(&field.form);
    let mut schema = match field.clear {
        Clear::Refused(_) => value,
        Clear::Text | Clear::Set | Clear::Mapping => {
            let empty = match field.form {
                Form::TextSet { .. } | Form::Fingerprints { .. } => {
                    json!({"maxItems": 0, "type": "array"})
                }
                Form::Text(_)
                | Form::Choice(_)
                | Form::Reference { .. }
                | Form::Flag
                | Form::Integer { .. }
                | Form::Keys { .. }
                | Form::Metadata { .. }
                | Form::Json { .. }
                | Form::Trust(_) => json!({"const": ""}),
                Form::Tags { .. } => json!({"maxProperties": 0, "type": "object"}),
            };
            let mut schema = Map::new();
            let ways = json!([value, {"type": "null"}, empty]);
            schema.insert("anyOf".to_owned(), ways);
            schema
        }
    };
    schema.insert("description".to_owned(), Value::from(field.doc));
    Value::Object(schema)
}

fn form(form: &Form) -> Map<String, Value> {
    let schema = match form {
        Form::Text(rule) => return text(rule),
        Form::Flag => json!({"type": "boolean"}),
        Form::Integer { min, max, .. } => {
            json!({"type": "integer", "minimum": min, "maximum": max})
        }
        Form::Choice(words) => json!({"enum": words}),
        // No `maxItems`: doubles are merged before they are counted.
        Form::TextSet { item, .. } => json!({"type": "array", "items": text(item)}),
        Form::Keys { .. } => keys(),
        Form::Metadata { .. } => json!({"oneOf": [
            only("file", &json!({"type": "string", "minLength": 1})),
            only("inline", &json!({"type": "string", "minLength": 1})),
        ]}),
        Form::Fingerprints { .. } => json!({"oneOf": [
            {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "pattern": "^([ :]*[0-9A-Fa-f]){40}[ :]*$"},
            },
            from_issuer(),
        ]}),
        Form::Reference { .. } => json!({"oneOf": [
            {"type": "string", "pattern": NAME},
            only("external", &json!({"type": "string", "minLength": 1})),
        ]}),
        Form::Json { .. } => json!({}),
        Form::Trust(trust) => trust_policy(trust),
        Form::Tags { value, .. } => {
            json!({"type": "object", "additionalProperties": text(value)})
        }
    };
    match schema {
        Value::Object(schema) => schema,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

/// The schema of a text that keeps to a rule.
pub(super) fn text(rule: &TextRule) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), Value::from("string"));
    if rule.min > 0 {
        schema.insert("minLength".to_owned(), Value::from(rule.min));
    }
    // A value with a variable in it may be longer or shorter than what it stands for, but then a
    // hint in an editor does no harm: the checks decide.
    schema.insert("maxLength".to_owned(), Value::from(rule.max));
    if !rule.allowed.is_empty() {
        schema.insert("$comment".to_owned(), Value::from(rule.allowed));
    }
    schema
}

fn keys() -> Value {
    let inline = json!({
        "type": "object",
        "required": ["keys"],
        "properties": {"keys": {"type": "array", "minItems": 1, "items": {"type": "object"}}},
    });
    json!({"oneOf": [
        from_issuer(),
        only("file", &json!({"type": "string", "minLength": 1})),
        only("inline", &inline),
    ]})
}

/// Both ways to say whom a role trusts.
fn trust_policy(trust: &TrustForm) -> Value {
    let grammar = trust.grammar;
    let (version, value) = grammar.version;
    let policy = json!({
        "type": "object",
        "required": [version, grammar.statements],
        "additionalProperties": false,
        "properties": {
            version: {"const": value},
            (grammar.statements): {"type": "array", "minItems": 1, "items": {"type": "object"}},
        },
    });
    let kinds: Vec<&str> = trust.providers.iter().map(|(kind, _)| *kind).collect();
    let texts = json!({
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "minLength": 1},
    });
    let entry = json!({
        "type": "object",
        "required": ["provider"],
        "additionalProperties": false,
        "properties": {
            "provider": {"oneOf": [
                {"type": "string", "pattern": NAME},
                {
                    "type": "object",
                    "required": ["external"],
                    "additionalProperties": false,
                    "properties": {
                        "external": {"type": "string", "minLength": 1},
                        "kind": {"enum": kinds},
                    },
                },
            ]},
            "audiences": texts,
            "subjects": texts,
        },
    });
    json!({"oneOf": [
        only("policy", &policy),
        only("federated", &json!({"type": "array", "minItems": 1, "items": entry})),
    ]})
}

fn from_issuer() -> Value {
    json!({
        "type": "object",
        "required": ["issuer"],
        "additionalProperties": false,
        "properties": {
            "issuer": {"const": true},
            "overlap": {
                "type": "string",
                "pattern": "^[0-9]+[hd]$",
                "description": "How long what the issuer withdraws stays pinned: hours or days, 24h when absent.",
            },
        },
    })
}

fn only(key: &str, schema: &Value) -> Value {
    json!({
        "type": "object",
        "required": [key],
        "additionalProperties": false,
        "properties": {key: schema},
    })
}
