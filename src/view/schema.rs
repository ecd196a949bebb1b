//! The published JSON Schemas of the documents this room writes.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::apply_json::ApplyDocument;
use super::drift_json::DriftDocument;
use super::issuers::LockDocument;
use super::plan_json::PlanDocument;
use super::report_json::ReportDocument;
use crate::model::Value;

/// The schema of the document of `plan`.
pub fn plan_schema() -> Value {
    of::<PlanDocument>("plan", "The document of `idform plan --format json`")
}

/// The schema of the other commands' documents: those of `apply` and `drift`, and the header they all share.
pub fn report_schema() -> Value {
    /// Only for its schema.
    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its schema is wanted")]
    enum AnyReport {
        /// `apply`.
        Apply(Box<ApplyDocument>),
        /// `drift`, and `merge`, which joins such documents.
        Drift(Box<DriftDocument>),
        /// `lock`.
        Lock(LockDocument),
        /// `validate` and all others; these may have further members.
        Header(ReportDocument),
    }
    of::<AnyReport>(
        "report",
        "The documents of `idform apply` and `idform drift` with --format json, and the header of all others",
    )
}

fn of<T: JsonSchema>(name: &str, title: &str) -> Value {
    // As written: a member that may be null is there all the same.
    let generator = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    // A name, not a place: it must not lead anywhere that somebody else may own.
    schema.insert(
        "$id".to_owned(),
        format!("urn:idform:schema:{name}:1").into(),
    );
    schema.insert("title".to_owned(), title.into());
    schema.into()
}

#[cfg(test)]
mod tests;
