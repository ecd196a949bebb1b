//! Key sets (JWKS, RFC 7517): reading, canonical form, what a person is shown of a key.

use serde_json::{Map, Value, json};

/// Members that decide what a key accepts; all others (x5c, x5t, issuer) are decoration that
/// issuers change at will, and are neither compared nor sent.
const MEMBERS: &[&str] = &["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];

/// The canonical form of a key set that a cloud holds: `{"keys": [...]}` with the deciding members
/// only, sorted. Text that is no key set stays as it is, so that it differs from every key set.
pub fn canonical_live(text: &str) -> Value {
    let Ok(Value::Object(set)) = serde_json::from_str::<Value>(text) else {
        return Value::String(text.to_owned());
    };
    let Some(Value::Array(keys)) = set.get("keys") else {
        return Value::String(text.to_owned());
    };
    let mut keys: Vec<Value> = keys.iter().map(canonical_key).collect();
    keys.sort_by_key(ToString::to_string);
    json!({ "keys": keys })
}

fn canonical_key(key: &Value) -> Value {
    let members: Map<String, Value> = MEMBERS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), key.get(*name)?.clone())))
        .collect();
    Value::Object(members)
}

/// stub
#[derive(Debug, Clone)]
pub struct KeySummary(String);
impl std::fmt::Display for KeySummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
/// stub
pub struct KeyDifferences {
    /// a
    pub added: Vec<KeySummary>,
    /// r
    pub removed: Vec<KeySummary>,
    /// c
    pub changed: Vec<KeySummary>,
}
/// stub
pub fn differences(_before: &Value, _after: &Value) -> KeyDifferences {
    KeyDifferences {
        added: vec![],
        removed: vec![],
        changed: vec![],
    }
}
