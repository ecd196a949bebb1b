use super::*;
use crate::model::SourceMap;
use crate::view::plan_json::{self, PlanInput};
use crate::view::{apply_json, fixture, report_json};

#[path = "../../../tests/it/json_schema.rs"]
mod json_schema;
use json_schema::Schema;

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
    let schema = Schema::new(&plan_schema());
    for plan in [Some(fixture::everything()), Some(fixture::hostile()), None] {
        let document = plan_json::document(&input(plan.as_ref(), &sources));
        let value = serde_json::to_value(&document).unwrap();
        assert_eq!(schema.valid(&value), Ok(()));
        let mut lacking = value.clone();
        lacking.as_object_mut().unwrap().remove("digest");
        assert!(schema.valid(&lacking).is_err());
    }
    let schema = Schema::new(&report_schema());
    let plan = fixture::everything();
    let report = fixture::report();
    let document = apply_json::document(&input(Some(&plan), &sources), Some(&report));
    let value = serde_json::to_value(&document).unwrap();
    assert_eq!(schema.valid(&value), Ok(()));
    insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots"}, {
        insta::assert_snapshot!("apply-json", report_json::to_json(&value["outcomes"]));
    });
    let header = report_json::document("validate", 1, &[], &sources);
    let value = serde_json::to_value(&header).unwrap();
    assert_eq!(schema.valid(&value), Ok(()));
}

#[test]
fn a_drift_report_obeys_its_schema() {
    // The golden report of the story in `tests/it/drift.rs`, and read back it is the same.
    let golden = include_str!("../../../tests/it/snapshots/drift-json.snap");
    let (_, text) = golden[4..].split_once("---\n").unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    let schema = Schema::new(&report_schema());
    assert_eq!(schema.valid(&value), Ok(()));
    let document = crate::view::drift_json::from_text(text).unwrap();
    assert_eq!(serde_json::to_value(&document).unwrap(), value);
}
