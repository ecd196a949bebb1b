use super::*;
use crate::model::SourceMap;
use crate::view::plan_json::{self, PlanInput};
use crate::view::{apply_json, fixture, report_json};

/// Checks a value against the words of JSON Schema that our schemas use; an unknown word fails, so
/// that nothing is passed over.
fn valid(schema: &Value, root: &Value, value: &Value, path: &str) -> Result<(), String> {
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
                let pointer = rule.as_str().unwrap().trim_start_matches('#');
                valid(root.pointer(pointer).unwrap(), root, value, path)?;
            }
            "anyOf" => {
                let rules = rule.as_array().unwrap();
                if rules
                    .iter()
                    .all(|rule| valid(rule, root, value, path).is_err())
                {
                    return Err(format!("{path}: none of anyOf"));
                }
            }
            "const" => {
                if value != rule {
                    return Err(format!("{path}: {value} is not {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().unwrap().contains(value) {
                    return Err(format!("{path}: {value} is none of {rule}"));
                }
            }
            "not" => {
                if valid(rule, root, value, path).is_ok() {
                    return Err(format!("{path}: {value} must not be {rule}"));
                }
            }
            "type" => {
                let is = |name: &Value| match name.as_str().unwrap() {
                    "null" => value.is_null(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "string" => value.is_string(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    other => panic!("type {other}"),
                };
                if !rule
                    .as_array()
                    .map_or_else(|| is(rule), |names| names.iter().any(is))
                {
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
                for name in rule.as_array().unwrap() {
                    if value.is_object() && value.get(name.as_str().unwrap()).is_none() {
                        return Err(format!("{path}: no {name}"));
                    }
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        valid(rule, root, value, &format!("{path}/{name}"))?;
                    }
                }
                let known = |name: &String| rule.get(name).is_some();
                if let Some(unknown) = value.as_object().and_then(|o| o.keys().find(|n| !known(n)))
                {
                    return Err(format!("{path}: {unknown} is not in the schema"));
                }
            }
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

fn check(name: &str, schema: &Value) {
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots"}, {
        insta::assert_snapshot!(name, report_json::to_json(schema));
    });
}

fn input<'a>(plan: Option<&'a crate::plan::Plan>, sources: &'a SourceMap) -> PlanInput<'a> {
    PlanInput {
        plan,
        command: "apply",
        exit_code: 1,
        errored: true,
        diagnostics: &[],
        sources,
    }
}

#[test]
fn the_schemas_are_what_was_published() {
    check("schema-plan", &plan_schema());
    check("schema-report", &report_schema());
}

#[test]
fn documents_obey_their_schemas() {
    let sources = SourceMap::default();
    let schema = plan_schema();
    for plan in [Some(fixture::everything()), Some(fixture::hostile()), None] {
        let document = plan_json::document(&input(plan.as_ref(), &sources));
        let value = serde_json::to_value(&document).unwrap();
        assert_eq!(valid(&schema, &schema, &value, ""), Ok(()));
        let mut lacking = value.clone();
        lacking.as_object_mut().unwrap().remove("digest");
        assert!(valid(&schema, &schema, &lacking, "").is_err());
    }
    let schema = report_schema();
    let plan = fixture::everything();
    let report = fixture::report();
    let document = apply_json::document(&input(Some(&plan), &sources), Some(&report));
    let value = serde_json::to_value(&document).unwrap();
    assert_eq!(valid(&schema, &schema, &value, ""), Ok(()));
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots"}, {
        insta::assert_snapshot!("apply-json", report_json::to_json(&value["outcomes"]));
    });
    let header = report_json::document("validate", 1, &[], &sources);
    let value = serde_json::to_value(&header).unwrap();
    assert_eq!(valid(&schema, &schema, &value, ""), Ok(()));
}

#[test]
fn a_drift_report_obeys_its_schema() {
    // The golden report of the story in `tests/it/drift.rs`, and read back it is the same.
    let golden = include_str!("../../../tests/it/snapshots/drift-json.snap");
    let (_, text) = golden[4..].split_once("---\n").unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    let schema = report_schema();
    assert_eq!(valid(&schema, &schema, &value, ""), Ok(()));
    let document = crate::view::drift_json::from_text(text).unwrap();
    assert_eq!(serde_json::to_value(&document).unwrap(), value);
}
