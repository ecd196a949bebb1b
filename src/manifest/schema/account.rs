//! What a document of kind Account says: where to reconcile, and with whose credentials.

use serde_json::{Map, Value, json};

use crate::provider::Cloud;

/// The schema of its `spec`.
pub(super) fn account(clouds: &[&Cloud]) -> Value {
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

fn with_null(words: &[&str]) -> Vec<Value> {
    words
        .iter()
        .map(|word| Value::from(*word))
        .chain([Value::Null])
        .collect()
}
