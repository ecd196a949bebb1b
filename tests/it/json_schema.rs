//! Whether a document is as a published schema says, told by a library that knows only the schema.
//! Unit tests of `view` take this file too.

use serde_json::{Value, json};

/// A published schema, made as strict as a test wants it.
pub(crate) struct Schema(jsonschema::Validator);

impl Schema {
    /// Prepares a schema, which must be a schema itself.
    ///
    /// Readers pass over members that a schema does not describe, so that later versions may add
    /// some; a document of this version has none, and here they are refused. Formats are checked.
    pub(crate) fn new(schema: &Value) -> Self {
        let mut strict = schema.clone();
        close(&mut strict, schema, Place::Value);
        let made = jsonschema::options()
            .should_validate_formats(true)
            .build(&strict);
        Self(made.expect("it is a JSON schema"))
    }

    /// Everything in which a document is not as the schema says, a line each.
    pub(crate) fn valid(&self, document: &Value) -> Result<(), String> {
        let errors = self.0.iter_errors(document);
        let errors: Vec<String> = errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors.join("\n"))
        }
    }
}

/// What a schema describes: a value of its own, or one that others describe too.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Value,
    Part,
}

/// Refuses members that no part of a schema describes. A word of JSON Schema that is not known here
/// fails, so that none is passed over, be it misspelt or new.
fn close(schema: &mut Value, whole: &Value, place: Place) {
    let has_members = place == Place::Value && describes_members(schema, whole);
    let Some(words) = schema.as_object_mut() else {
        return;
    };
    for (word, rule) in words.iter_mut() {
        match word.as_str() {
            "properties" | "$defs" => {
                let place = if word == "properties" {
                    Place::Value
                } else {
                    Place::Part
                };
                for rule in rule.as_object_mut().expect("an object").values_mut() {
                    close(rule, whole, place);
                }
            }
            "items" | "additionalProperties" => close(rule, whole, Place::Value),
            "allOf" | "anyOf" | "oneOf" => {
                for rule in rule.as_array_mut().expect("a list") {
                    close(rule, whole, Place::Part);
                }
            }
            "if" | "then" | "not" => close(rule, whole, Place::Part),
            "$schema" | "$id" | "$ref" | "$comment" | "title" | "description" | "default"
            | "format" | "const" | "enum" | "type" | "minimum" | "maximum" | "minLength"
            | "maxLength" | "minItems" | "maxItems" | "maxProperties" | "pattern" | "required" => {}
            other => panic!("the schema says {other}, which this check does not know"),
        }
    }
    if has_members {
        words.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}

/// Whether a schema, or a part of it, names members.
fn describes_members(schema: &Value, whole: &Value) -> bool {
    let Some(words) = schema.as_object() else {
        return false;
    };
    let parts = |word: &str| words.get(word).and_then(Value::as_array);
    let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(parts);
    let named = words.get("$ref").map(|pointer| {
        let pointer = pointer.as_str().expect("a pointer");
        let found = whole.pointer(pointer.trim_start_matches('#'));
        found.expect("it leads somewhere")
    });
    let mut parts = parts.flatten().chain(words.get("then")).chain(named);
    words.contains_key("properties") || parts.any(|part| describes_members(part, whole))
}
