use serde_json::{Value, json};

use super::*;

#[test]
fn canonical_live_makes_equal_keys_equal() {
    let written = json!({"keys": [{"kty": "RSA", "kid": "a", "n": "AP__", "e": "AAEAAQ==", "x5c": ["decoration"]}]});
    let other = json!({"keys": [{"n": "//8", "e": "AQAB", "kid": "a", "kty": "RSA"}]});
    assert_eq!(
        canonical_live(&written.to_string()),
        canonical_live(&other.to_string())
    );
    assert_eq!(canonical_live("<html>"), Value::from("<html>"));
}
