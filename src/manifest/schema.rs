//! The JSON Schema of manifests (draft 2020-12), for editors: generated from the field tables, so
//! that it cannot say anything else than the checks.

use serde_json::{Map, Value, json};

use super::envelope::API_VERSION;
use super::portable::spec_schema;
use crate::model::Code;
use crate::provider::{Catalogue, Cloud, KindInfo, Naming, Need};

mod account;
mod field;

pub(super) use field::field;

/// The pattern of `metadata.name`.
pub(super) const NAME: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";

/// The schema of one document.
pub fn manifest_schema(catalogue: impl Into<Catalogue>) -> Value {
    let Catalogue { clouds, portable } = catalogue.into();
    let kinds: Vec<(&KindInfo, &Cloud)> = clouds
        .iter()
        .flat_map(|cloud| cloud.kinds.iter().map(|kind| (kind.info(), *cloud)))
        .collect();
    let names: Vec<&str> = std::iter::once("Account")
        .chain(portable.iter().map(|kind| kind.name.0))
        .chain(kinds.iter().map(|(info, _)| info.name.0))
        .collect();
    // One branch for each kind, chosen by `kind` alone: editors then report what is wrong inside of
    // it, instead of "matches none of fifteen".
    let branches: Vec<Value> = std::iter::once(branch("Account", account::account(clouds), false))
        .chain(
            portable
                .iter()
                .map(|kind| branch(kind.name.0, spec_schema(kind, clouds), true)),
        )
        .chain(
            kinds
                .iter()
                .map(|(info, cloud)| branch(info.name.0, spec(info, cloud), true)),
        )
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "idform manifest",
        "description": "One document of an idform manifest.",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"description": "What the document declares.", "enum": names},
            "metadata": metadata(),
            "lifecycle": lifecycle(),
            "spec": {"type": "object"},
        },
        "allOf": branches,
    })
}

fn branch(kind: &str, spec: Value, has_lifecycle: bool) -> Value {
    let mut then = Map::new();
    then.insert("spec".to_owned(), spec);
    if !has_lifecycle {
        then.insert("lifecycle".to_owned(), Value::Bool(false));
    }
    json!({
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {"properties": then},
    })
}

fn metadata() -> Value {
    json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": {
                "description": "Unique for each kind and account; the last part of the address.",
                "type": "string",
                "pattern": NAME,
            },
            "labels": {
                "description": "Texts of your own by name; `--label KEY=VALUE` selects by them.",
                "type": ["object", "null"],
                "additionalProperties": {"type": "string"},
            },
            "owner": {"description": "Shown in reviews.", "type": ["string", "null"]},
        },
    })
}

fn lifecycle() -> Value {
    json!({
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "ensure": {
                "description": "Whether the object shall exist; present by default.",
                "enum": ["present", "absent", null],
            },
            "mode": {
                "description": "manage (default), or observe: compare and report, never write.",
                "enum": ["manage", "observe", null],
            },
            "protect": {
                "description": "Refuse any change that may break sign-in or destroys.",
                "type": ["boolean", "null"],
            },
            "ignore": {
                "description": "Fields that are neither compared nor written.",
                "type": ["array", "null"],
                "items": {"type": "string"},
            },
            "dependsOn": {
                "description": "Further addresses to wait for.",
                "type": ["array", "null"],
                "items": {"type": "string"},
            },
            "waive": {
                "description": "Lints that were looked at and may stand until a day.",
                "type": ["array", "null"],
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["code", "reason", "until"],
                    "properties": {
                        "code": {
                            "description": "Which lint.",
                            "enum": Code::LINTS.iter().map(|code| code.slug()).collect::<Vec<_>>(),
                        },
                        "reason": {"description": "Why it is right here.", "type": "string", "minLength": 1},
                        "until": {"description": "The last day on which the waiver holds.", "type": "string", "format": "date"},
                    },
                },
            },
        },
    })
}

fn spec(info: &KindInfo, cloud: &Cloud) -> Value {
    let mut properties = Map::new();
    properties.insert(
        "account".to_owned(),
        json!({
            "description": format!("metadata.name of an Account of {}.", cloud.title),
            "type": "string",
            "pattern": NAME,
        }),
    );
    if let Naming::Named(rule) = info.naming {
        let mut name = field::text(&rule);
        name.insert(
            "description".to_owned(),
            Value::from("The name in the cloud; metadata.name by default."),
        );
        properties.insert("name".to_owned(), Value::Object(name));
    }
    for row in info.fields {
        properties.insert(row.name.to_owned(), field(row));
    }
    let required: Vec<&str> = std::iter::once("account")
        .chain(
            info.fields
                .iter()
                .filter(|field| field.need == Need::Always)
                .map(|field| field.name),
        )
        .collect();
    json!({
        "type": "object",
        "description": info.doc,
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}
