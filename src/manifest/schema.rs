//! The JSON Schema of manifests (draft 2020-12), for editors: generated from the field tables, so
//! that it cannot say anything else than the checks.

use serde_json::{Map, Value, json};

use super::envelope::API_VERSION;
use super::portable::spec_schema;
use crate::model::Code;
use crate::provider::{
    Catalogue, Clear, Cloud, Field, Form, KindInfo, Naming, Need, TextRule, TrustForm,
};

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
    let branches: Vec<Value> = std::iter::once(branch("Account", account(clouds), false))
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
                "description": "Texts of your own by name, for people and other tools.",
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

fn account(clouds: &[&Cloud]) -> Value {
    let words: Vec<&str> = clouds.iter().map(|cloud| cloud.id.0).collect();
    let sites: Vec<&str> = clouds
        .iter()
        .flat_map(|cloud| cloud.sites)
        .copied()
        .collect();
    let most = clouds
        .iter()
        .map(|cloud| cloud.requests_per_second_limit)
        .max()
        .unwrap_or(1);
    json!({
        "type": "object",
        "description": "Where to reconcile, never a secret.",
        "required": ["cloud"],
        "additionalProperties": false,
        "properties": {
            "cloud": {"enum": words},
            "accountId": {
                "description": "The account's number at the cloud, in quotes; checked before anything else.",
                "type": ["string", "null"],
            },
            "site": {
                "description": "Which site of the cloud the account belongs to, where it has several.",
                "enum": with_null(&sites),
            },
            "region": {
                "description": "Which IAM host, where the cloud has several.",
                "type": ["string", "null"],
            },
            "credentials": {
                "description": "Where credentials come from; by default that cloud's own chain.",
                "type": ["object", "null"],
                "additionalProperties": false,
                "properties": {
                    "profile": {
                        "description": "A profile of the vendor's CLI or SDK files.",
                        "type": ["string", "null"],
                    },
                    "envPrefix": {
                        "description": "Put before every variable of that cloud's own chain.",
                        "type": ["string", "null"],
                        "pattern": "^[A-Za-z0-9_]*$",
                    },
                    "webIdentity": web_identity(clouds),
                    "assumeRole": assume_role(clouds),
                },
            },
            "requestsPerSecond": {
                "description": "No window of one second holds more requests than this.",
                "type": ["integer", "null"],
                "minimum": 1,
                "maximum": most,
            },
            "unmanaged": {
                "description": "What to do about providers that nobody declared.",
                "type": ["object", "null"],
                "additionalProperties": false,
                "properties": {
                    "report": {"type": ["boolean", "null"]},
                    "ignore": {
                        "description": "Names in the cloud that are left out, with * globs.",
                        "type": ["array", "null"],
                        "items": {"type": "string"},
                    },
                },
            },
        },
    })
}

/// What sessions of all clouds have; each cloud's own limits are checked, not published here.
fn session(clouds: &[&Cloud]) -> Map<String, Value> {
    let seconds = clouds
        .iter()
        .map(|cloud| cloud.credentials.duration_seconds);
    let least = seconds.clone().map(|(least, _)| least).min();
    let most = seconds.map(|(_, most)| most).max();
    let mut session = Map::new();
    session.insert(
        "sessionName".to_owned(),
        json!({
            "description": "What the session is called in the cloud's logs; idform by default.",
            "type": ["string", "null"],
        }),
    );
    session.insert(
        "durationSeconds".to_owned(),
        json!({
            "description": "How long keys last before they are renewed; 3600 by default.",
            "type": ["integer", "null"],
            "minimum": least,
            "maximum": most,
        }),
    );
    session
}

fn web_identity(clouds: &[&Cloud]) -> Value {
    let mut properties = session(clouds);
    for (name, description) in [
        ("provider", "The identity provider as the cloud knows it."),
        ("role", "The role that the token is exchanged for."),
        (
            "tokenFile",
            "A file that holds the token; read again at each exchange.",
        ),
        ("tokenEnv", "An environment variable that holds the token."),
    ] {
        properties.insert(
            name.to_owned(),
            json!({"description": description, "type": ["string", "null"]}),
        );
    }
    properties.insert(
        "github".to_owned(),
        json!({
            "description": "Asks GitHub Actions for the job's token.",
            "type": ["object", "null"],
            "required": ["audience"],
            "additionalProperties": false,
            "properties": {"audience": {
                "description": "The token's audience.",
                "type": "string",
            }},
        }),
    );
    json!({
        "description": "Keyless: a token of a CI system or a cluster is exchanged at the cloud.",
        "type": ["object", "null"],
        "required": ["provider"],
        "additionalProperties": false,
        "properties": properties,
    })
}

fn assume_role(clouds: &[&Cloud]) -> Value {
    let mut properties = session(clouds);
    for (name, description) in [
        ("role", "The role to become."),
        ("externalId", "A word that the role's owner asks for."),
        ("agency", "Huawei Cloud: the agency to become."),
        (
            "domain",
            "Huawei Cloud: the account that gave the agency, by name or id.",
        ),
    ] {
        properties.insert(
            name.to_owned(),
            json!({"description": description, "type": ["string", "null"]}),
        );
    }
    json!({
        "description": "Another identity to become, from whichever the rest says.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": properties,
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
        let mut name = text(&rule);
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

/// The schema of one field: its value, or null and empty where that clears it.
pub(super) fn field(field: &Field) -> Value {
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

fn text(rule: &TextRule) -> Map<String, Value> {
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

fn with_null(words: &[&str]) -> Vec<Value> {
    words
        .iter()
        .map(|word| Value::from(*word))
        .chain([Value::Null])
        .collect()
}
