//! Key sets (JWKS, RFC 7517): reading, canonical form, what a person is shown of a key.
//!
//! No function here puts key material of a private key into a message.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

mod differences;
mod rules;
mod summary;

pub use differences::{KeyDifferences, differences};
pub use rules::{KeyProblem, PRIVATE_MEMBERS};
pub use summary::{KeySummary, describe, thumbprint};

use super::{curve, strict, without_mark};
use crate::model::Code;

/// Members that decide what a key accepts; all others (x5c, x5t, issuer) are decoration that
/// issuers change at will, and are neither compared nor sent.
const MEMBERS: &[&str] = &["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];

/// Reads a key set that a person or an issuer gave, into canonical form.
///
/// # Errors
/// Everything that is wrong with it; the set is not usable then.
pub fn parse(text: &str) -> Result<Value, Vec<KeyProblem>> {
    let set = strict::json(text).map_err(|why| vec![KeyProblem::of_set(Code::InvalidKeys, why)])?;
    check(&set)
}

/// As [`parse`], for a set that is JSON already.
///
/// # Errors
/// As for [`parse`].
pub fn check(set: &Value) -> Result<Value, Vec<KeyProblem>> {
    let (canonical, problems) = sort_out(set);
    if problems.is_empty() {
        Ok(canonical)
    } else {
        Err(problems)
    }
}

/// The usable keys of a set in canonical form, and what is wrong with the others. For sets that
/// nobody here can mend: issuers may publish key types that come into use later.
pub fn sort_out(set: &Value) -> (Value, Vec<KeyProblem>) {
    let (good, problems) = rules::sort_out(set);
    (canonical_set(good.into_iter()), problems)
}

/// What an issuer publishes: the keys that can verify signatures, and what is wrong with others.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Each in canonical form, sorted. Never empty.
    pub keys: Vec<Value>,
    /// Keys that are not taken, and why. Keys for encryption are no problem and not in here.
    pub left_out: Vec<KeyProblem>,
}

/// Reads the body that an issuer's `jwks_uri` answered with.
///
/// # Errors
/// It is no key set, or holds no key that can verify signatures. Such an answer must never empty
/// what is pinned.
pub fn published(body: &[u8]) -> Result<Published, String> {
    let mut set = strict::json(strict::text(body)?)?;
    respell(&mut set);
    let (canonical, problems) = sort_out(&set);
    let mut known = BTreeSet::new();
    let keys: Vec<Value> = keys_of(&canonical)
        .iter()
        .filter(|key| can_verify(key) && known.insert(identity(key)))
        .cloned()
        .collect();
    if keys.is_empty() {
        let why: Vec<String> = problems.iter().map(KeyProblem::sentence).collect();
        return Err(if why.is_empty() {
            "no key of the set can verify signatures".to_owned()
        } else {
            why.join("; ")
        });
    }
    Ok(Published {
        keys,
        left_out: problems,
    })
}

/// Some issuers write numbers in plain base64. Nobody here can mend that, and it means the same.
fn respell(set: &mut Value) {
    let keys = set.get_mut("keys").and_then(Value::as_array_mut);
    for key in keys.into_iter().flatten() {
        for name in ["n", "e", "x", "y"] {
            if let Some(Value::String(text)) = key.get_mut(name) {
                *text = text.replace('+', "-").replace('/', "_");
            }
        }
    }
}

/// The keys of a set in canonical form; none of a value that is no key set.
pub fn keys_of(set: &Value) -> &[Value] {
    set.get("keys")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether a key can verify signatures of tokens: keys for encryption cannot.
pub fn can_verify(key: &Value) -> bool {
    rules::signs(key)
}

/// What tells a key from others of its issuer: its `kid`, and without one its thumbprint.
pub fn identity(key: &Value) -> String {
    match key.get("kid").and_then(Value::as_str) {
        Some(kid) if !kid.is_empty() => format!("kid {kid}"),
        Some(_) | None => format!("thumbprint {}", thumbprint(key).unwrap_or_default()),
    }
}

/// The canonical form of these keys together.
pub fn set_of<'v>(keys: impl Iterator<Item = &'v Value>) -> Value {
    canonical_set(keys)
}

/// The canonical form of a key set that a cloud holds: `{"keys": [...]}` with the deciding members
/// only, sorted. Text that is no key set stays as it is, so that it differs from every key set.
pub fn canonical_live(text: &str) -> Value {
    let set = serde_json::from_str::<Value>(without_mark(text)).ok();
    match set.as_ref().and_then(|set| set.get("keys")?.as_array()) {
        Some(keys) => canonical_set(keys.iter()),
        None => Value::String(text.to_owned()),
    }
}

fn canonical_set<'v>(keys: impl Iterator<Item = &'v Value>) -> Value {
    let mut keys: Vec<Value> = keys.map(canonical_key).collect();
    keys.sort_by_key(ToString::to_string);
    json!({ "keys": keys })
}

fn canonical_key(key: &Value) -> Value {
    let members: Map<String, Value> = MEMBERS
        .iter()
        .filter_map(|name| {
            let value = key.get(*name)?;
            let canonical = value
                .as_str()
                .and_then(|text| canonical_number(key, name, text));
            Some((
                (*name).to_owned(),
                canonical.map_or_else(|| value.clone(), Value::from),
            ))
        })
        .collect();
    Value::Object(members)
}

/// One spelling for one number: base64url without padding, and without zero bytes in front (RSA) or
/// with as many as the curve asks for (EC). Issuers and clouds differ in all three.
fn canonical_number(key: &Value, name: &str, text: &str) -> Option<String> {
    let text_of = |name: &str| key.get(name).and_then(Value::as_str);
    let bytes = match (name, text_of("kty")?) {
        ("n" | "e", "RSA") => number_bytes(text)?,
        ("x" | "y", "EC") => {
            let digits = number_bytes(text)?;
            let width = curve::coordinate_bytes(text_of("crv")?)?;
            let missing = width.checked_sub(digits.len())?;
            let mut bytes = vec![0; missing];
            bytes.extend(digits);
            bytes
        }
        ("x", "OKP") => decode(text)?,
        _ => return None,
    };
    Some(encode(&bytes))
}

fn number_bytes(text: &str) -> Option<Vec<u8>> {
    let bytes = decode(text)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes[zeros..].to_vec())
}

/// Decodes base64 in either alphabet, with or without padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let text = text
        .trim_end_matches('=')
        .replace('+', "-")
        .replace('/', "_");
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(text)
        .ok()
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests;
