//! What makes a key usable: RFC 7517 and 7518, and what experience adds.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{curve, decode, number_bytes};
use crate::model::Code;

/// Members that only private and symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
pub const PRIVATE_MEMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Something wrong with a key set. Never holds key material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyProblem {
    /// [`Code::InvalidKeys`] or [`Code::PrivateKey`].
    pub code: Code,
    /// Which key, from 0; [`None`] for the set as a whole.
    pub key: Option<usize>,
    /// Which member of it.
    pub member: Option<&'static str>,
    /// What is wrong, in words.
    pub text: String,
}

impl KeyProblem {
    /// The problem with the key it is about, in words.
    pub fn sentence(&self) -> String {
        match self.key {
            Some(index) => format!("key {}: {}", index + 1, self.text),
            None => self.text.clone(),
        }
    }

    pub(super) fn of_set(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            key: None,
            member: None,
            text: text.into(),
        }
    }
}

/// What is wrong with one key: member and sentence.
type Fault = (Option<&'static str>, String);

/// The usable keys, and what is wrong with the rest.
pub(super) fn sort_out(set: &Value) -> (Vec<&Value>, Vec<KeyProblem>) {
    let whole = |text: &str| {
        (
            Vec::new(),
            vec![KeyProblem::of_set(Code::InvalidKeys, text)],
        )
    };
    let Some(members) = set.as_object() else {
        return whole("a key set is an object with a member `keys`");
    };
    let Some(keys) = members.get("keys") else {
        if members.contains_key("kty") {
            return whole("this is a single key; a key set is {\"keys\": [KEY]}");
        }
        return whole("the member `keys` is missing");
    };
    let Some(keys) = keys.as_array() else {
        return whole("`keys` is not a list");
    };
    if keys.is_empty() {
        return whole("the set holds no key, so nobody could sign in");
    }
    let mut problems = Vec::new();
    let mut good = Vec::new();
    let mut kids: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, key) in keys.iter().enumerate() {
        let mut faults = faults(key);
        if let Some(kid) = key.get("kid").and_then(Value::as_str)
            && let Some(before) = kids.insert(kid, index)
        {
            let text = format!(
                "key {} has the same `kid`, so which of them counts is undefined",
                before + 1
            );
            faults.push((Code::InvalidKeys, (Some("kid"), text)));
        }
        if faults.is_empty() {
            good.push(key);
        }
        problems.extend(faults.into_iter().map(|(code, (member, text))| KeyProblem {
            code,
            key: Some(index),
            member,
            text,
        }));
    }
    if problems.is_empty() && !good.iter().any(|key| signs(key)) {
        problems.push(KeyProblem::of_set(
            Code::InvalidKeys,
            "no key of the set can verify signatures",
        ));
    }
    (good, problems)
}

fn faults(key: &Value) -> Vec<(Code, Fault)> {
    let Some(key) = key.as_object() else {
        return vec![(Code::InvalidKeys, (None, "a key is an object".to_owned()))];
    };
    let private: Vec<&str> = PRIVATE_MEMBERS
        .iter()
        .copied()
        .filter(|name| key.contains_key(*name))
        .collect();
    if !private.is_empty() {
        // Nothing else is said of such a key, so that no message comes near its content.
        let text = format!("it holds private members: {}", private.join(", "));
        return vec![(Code::PrivateKey, (None, text))];
    }
    let mut faults: Vec<Fault> = ["kid", "use", "alg"]
        .into_iter()
        .filter(|name| key.get(*name).is_some_and(|value| !value.is_string()))
        .map(|name| (Some(name), format!("`{name}` is not a text")))
        .collect();
    faults.extend(match text(key, "kty") {
        Some("RSA") => rsa(key),
        Some("EC") => ec(key),
        Some("OKP") => okp(key),
        Some("oct") => vec![(Some("kty"), "a symmetric key is no public key".to_owned())],
        Some(_) => vec![(
            Some("kty"),
            "this key type is not known; RSA, EC and OKP are".to_owned(),
        )],
        None => vec![(Some("kty"), "`kty` is missing".to_owned())],
    });
    if faults.is_empty() {
        faults.extend(algorithm(key));
    }
    faults
        .into_iter()
        .map(|fault| (Code::InvalidKeys, fault))
        .collect()
}

fn rsa(key: &Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let modulus = number(key, "n", &mut faults);
    let exponent = number(key, "e", &mut faults);
    if let Some(modulus) = modulus {
        // 512 bits is the least any library ever made; anything shorter is a broken file. What is
        // merely weak is a lint's business: production issuers still publish 1024 bits.
        if modulus.len() < 64 {
            faults.push((Some("n"), "the modulus is shorter than 512 bits".to_owned()));
        } else if is_even(&modulus) {
            faults.push((Some("n"), "the modulus is even".to_owned()));
        }
    }
    if let Some(exponent) = exponent
        && (exponent.is_empty() || exponent == [1] || is_even(&exponent))
    {
        faults.push((
            Some("e"),
            "with this exponent any signature could be forged".to_owned(),
        ));
    }
    faults
}

fn ec(key: &Map<String, Value>) -> Vec<Fault> {
    let Some(name) = text(key, "crv") else {
        return vec![(Some("crv"), "`crv` is missing".to_owned())];
    };
    let Some(width) = curve::coordinate_bytes(name) else {
        return vec![(
            Some("crv"),
            "this curve is not known; P-256, P-384 and P-521 are".to_owned(),
        )];
    };
    let mut faults = Vec::new();
    let x = coordinate(key, "x", width, &mut faults);
    let y = coordinate(key, "y", width, &mut faults);
    if let (Some(x), Some(y)) = (x, y)
        && !curve::holds(name, &x, &y)
    {
        faults.push((Some("x"), "the point does not lie on its curve".to_owned()));
    }
    faults
}

fn okp(key: &Map<String, Value>) -> Vec<Fault> {
    let width = match text(key, "crv") {
        Some("Ed25519" | "X25519") => 32,
        Some("Ed448") => 57,
        Some("X448") => 56,
        Some(_) => {
            return vec![(
                Some("crv"),
                "this curve is not known; Ed25519 and Ed448 are".to_owned(),
            )];
        }
        None => return vec![(Some("crv"), "`crv` is missing".to_owned())],
    };
    let mut faults = Vec::new();
    coordinate(key, "x", width, &mut faults);
    faults
}

/// Whether `alg`, if given, is one that a key of this type can have (RFC 7518 §3.1, §4.1, RFC 8037,
/// RFC 9864).
fn algorithm(key: &Map<String, Value>) -> Option<Fault> {
    let alg = text(key, "alg")?;
    let curve = text(key, "crv").unwrap_or_default();
    let fits = match text(key, "kty")? {
        "RSA" => {
            matches!(
                alg,
                "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" | "RSA1_5"
            ) || alg.starts_with("RSA-OAEP")
        }
        "EC" => {
            matches!(
                (alg, curve),
                ("ES256", "P-256") | ("ES384", "P-384") | ("ES512", "P-521")
            ) || alg.starts_with("ECDH-ES")
        }
        "OKP" => {
            (curve.starts_with("Ed") && (alg == "EdDSA" || alg == curve))
                || (curve.starts_with('X') && alg.starts_with("ECDH-ES"))
        }
        _ => true,
    };
    (!fits).then(|| {
        let text = "`alg` is no algorithm for a public key of this type".to_owned();
        (Some("alg"), text)
    })
}

/// Whether the key can verify signatures of tokens.
pub(super) fn signs(key: &Value) -> bool {
    let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
    text("use") != "enc"
        && !text("crv").starts_with('X')
        && !text("alg").starts_with("RSA-OAEP")
        && !text("alg").starts_with("ECDH-ES")
}

fn number(
    key: &Map<String, Value>,
    name: &'static str,
    faults: &mut Vec<Fault>,
) -> Option<Vec<u8>> {
    encoded(key, name, faults).and_then(number_bytes)
}

fn coordinate(
    key: &Map<String, Value>,
    name: &'static str,
    width: usize,
    faults: &mut Vec<Fault>,
) -> Option<Vec<u8>> {
    let bytes = encoded(key, name, faults).and_then(decode)?;
    if bytes.len() == width {
        return Some(bytes);
    }
    let text = format!(
        "`{name}` has {} bytes, its curve takes {width}",
        bytes.len()
    );
    faults.push((Some(name), text));
    None
}

/// The member's text when it is base64url. Padding is let pass: common, and without meaning.
fn encoded<'k>(
    key: &'k Map<String, Value>,
    name: &'static str,
    faults: &mut Vec<Fault>,
) -> Option<&'k str> {
    let fault = match key.get(name).map(Value::as_str) {
        None => format!("`{name}` is missing"),
        Some(None) => format!("`{name}` is not a text"),
        Some(Some(text)) if text.contains(['+', '/']) => {
            format!("`{name}` is in plain base64; keys are written in base64url")
        }
        Some(Some(text)) => {
            if decode(text).is_some() {
                return Some(text);
            }
            format!("`{name}` is not base64url")
        }
    };
    faults.push((Some(name), fault));
    None
}

fn text<'k>(key: &'k Map<String, Value>, name: &str) -> Option<&'k str> {
    key.get(name).and_then(Value::as_str)
}

fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|byte| byte % 2 == 0)
}
