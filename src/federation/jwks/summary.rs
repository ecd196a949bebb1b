//! What a person is shown of a key, and its name that nobody chose.

use std::fmt;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{canonical_key, encode, number_bytes};
use crate::federation::visible;

/// One key, for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeySummary {
    /// The key's own id, when it has one.
    pub kid: Option<String>,
    /// Type and size: `RSA 2048`, `EC P-256`, `OKP Ed25519`.
    pub kind: String,
    /// The algorithm it is for.
    pub alg: Option<String>,
    /// What it is for: `sig`, `enc`.
    pub use_: Option<String>,
    /// RFC 7638, SHA-256, base64url; [`None`] for keys that have no thumbprint.
    pub thumbprint: Option<String>,
}

impl fmt::Display for KeySummary {
    /// `KID (RSA 2048, RS256, sig)`; control characters in what the issuer wrote are escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kid.as_deref(), &self.thumbprint) {
            (Some(kid), _) if !kid.is_empty() => f.write_str(&visible(kid))?,
            (_, Some(thumbprint)) => write!(f, "no kid, thumbprint {thumbprint}")?,
            (_, None) => f.write_str("no kid")?,
        }
        write!(f, " ({}", visible(&self.kind))?;
        for more in [&self.alg, &self.use_].into_iter().flatten() {
            write!(f, ", {}", visible(more))?;
        }
        f.write_str(")")
    }
}

/// Summarises one key of a set.
pub fn describe(key: &Value) -> KeySummary {
    let text = |name: &str| key.get(name).and_then(Value::as_str).map(str::to_owned);
    let size = match text("kty").as_deref() {
        Some("RSA") => text("n")
            .and_then(|n| number_bytes(&n))
            .map(|n| bits(&n).to_string()),
        Some(_) | None => text("crv"),
    };
    let kind = [text("kty"), size]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    KeySummary {
        kid: text("kid"),
        kind: if kind.is_empty() {
            "unknown".to_owned()
        } else {
            kind.join(" ")
        },
        alg: text("alg"),
        use_: text("use"),
        thumbprint: thumbprint(key),
    }
}

/// The thumbprint of a key's material (RFC 7638, SHA-256, base64url). Equal material has equal
/// thumbprints, however it is spelt. [`None`] when members are missing or the type is unknown.
pub fn thumbprint(key: &Value) -> Option<String> {
    let key = canonical_key(key);
    let text = |name: &str| key.get(name).and_then(Value::as_str);
    // serde_json's objects are ordered by name, as RFC 7638 §3.3 wants them.
    let material = match text("kty")? {
        "RSA" => json!({"e": text("e")?, "kty": "RSA", "n": text("n")?}),
        "EC" => json!({"crv": text("crv")?, "kty": "EC", "x": text("x")?, "y": text("y")?}),
        "OKP" => json!({"crv": text("crv")?, "kty": "OKP", "x": text("x")?}),
        _ => return None,
    };
    Some(encode(&Sha256::digest(material.to_string())))
}

/// Bits of a big-endian number without zeros in front.
fn bits(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}
