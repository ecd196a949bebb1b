//! The part of the manifest schema that is about portable kinds.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::manifest::schema::{NAME, field};
use crate::provider::{Cloud, Need, PortableKind};

/// The schema of the `spec` of a portable kind.
pub(in crate::manifest) fn spec_schema(kind: &PortableKind, clouds: &[&Cloud]) -> Value {
    let mut properties = Map::new();
    for row in kind.fields {
        properties.insert(row.name.to_owned(), field(row));
    }
    let account = json!({
        "description": "metadata.name of an Account.",
        "type": "string",
        "pattern": NAME,
    });
    properties.insert(
        "accounts".to_owned(),
        json!({
            "description": "Who trusts it.",
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["account"],
                "additionalProperties": false,
                "properties": {"account": account, "set": set(kind, clouds)},
            },
        }),
    );
    let needed = kind.fields.iter().filter(|row| row.need == Need::Always);
    let required: Vec<&str> = needed.map(|row| row.name).chain(["accounts"]).collect();
    json!({
        "type": "object",
        "description": kind.doc,
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

/// The fields of all kinds that a document may stand for: which of them an account takes depends on
/// its cloud, which the schema of one document cannot know.
fn set(kind: &PortableKind, clouds: &[&Cloud]) -> Value {
    let mut ways: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for cloud in clouds {
        for (word, _) in kind.uses {
            let Ok(holding) = kind.in_general(cloud.id, word) else {
                continue;
            };
            for part in holding.parts {
                let infos = cloud.kinds.iter().map(|native| native.info());
                for info in infos.filter(|info| info.name == part.kind) {
                    let fixed = |name: &str| {
                        let mut fields = part.fields.iter();
                        fields.any(|(field, from)| *field == name && !from.can_be_set())
                    };
                    for row in info.fields.iter().filter(|row| !fixed(row.name)) {
                        let schema = field(row);
                        let known = ways.entry(row.name).or_default();
                        if !known.contains(&schema) {
                            known.push(schema);
                        }
                    }
                }
            }
        }
    }
    let mut properties: Map<String, Value> = ways
        .into_iter()
        .map(|(name, mut ways)| {
            let schema = match ways.len() {
                1 => ways.remove(0),
                _ => json!({ "anyOf": ways }),
            };
            (name.to_owned(), schema)
        })
        .collect();
    properties.insert(
        "name".to_owned(),
        json!({
            "description": "The name in the cloud; metadata.name by default.",
            "type": "string",
        }),
    );
    json!({
        "description": "Fields of the cloud's own kinds, in place of the common ones.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": properties,
    })
}
