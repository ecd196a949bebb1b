//! JSON web tokens, RS256 alone: anything else a header may ask for is how such checks are fooled.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Map, Value};

/// Seconds by which clocks may differ. The clouds do not say theirs; this is what most take.
const LEEWAY_SECONDS: i64 = 60;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Flaw {
    #[error("the token is not a JWT signed with RS256")]
    Malformed,
    #[error("no key of the provider has the token's kid")]
    UnknownKey,
    #[error("the token's signature is not of the provider's key")]
    Signature,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    Early,
}

/// A token taken apart; nothing of it is checked but its shape.
#[derive(Debug)]
pub(crate) struct Token<'a> {
    signed: &'a str,
    signature: Vec<u8>,
    kid: Option<String>,
    claims: Map<String, Value>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// [`Flaw::Malformed`], for every algorithm but RS256 too.
    pub(crate) fn read(text: &'a str) -> Result<Self, Flaw> {
        let (signed, signature) = text.rsplit_once('.').ok_or(Flaw::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(Flaw::Malformed)?;
        let header = object(header)?;
        let is_plain = header.get("alg").and_then(Value::as_str) == Some("RS256")
            && !header.contains_key("crit");
        if !is_plain {
            return Err(Flaw::Malformed);
        }
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(Flaw::Malformed),
        };
        let claims = object(claims)?;
        let times_are_numbers = ["exp", "iat", "nbf"]
            .iter()
            .all(|name| claims.get(*name).is_none_or(Value::is_number));
        if !times_are_numbers || !claims.contains_key("exp") || !claims.contains_key("iat") {
            return Err(Flaw::Malformed);
        }
        Ok(Self {
            signed,
            signature: decoded(signature)?,
            kid,
            claims,
        })
    }

    /// All claims.
    pub(crate) fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// A text claim; empty when it is absent or something else.
    pub(crate) fn text(&self, claim: &str) -> &str {
        self.claims
            .get(claim)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A time claim, Unix seconds; 0 when it is absent.
    pub(crate) fn time(&self, claim: &str) -> i64 {
        self.claims.get(claim).map_or(0, seconds)
    }

    /// A claim's texts, one or many.
    pub(crate) fn texts(&self, claim: &str) -> Vec<&str> {
        match self.claims.get(claim) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                Vec::new()
            }
        }
    }

    /// Checks the signature against a key set.
    ///
    /// # Errors
    /// [`Flaw::UnknownKey`], [`Flaw::Signature`].
    pub(crate) fn check_signature(&self, key_set: &Value) -> Result<(), Flaw> {
        let keys = key_set.get("keys").and_then(Value::as_array);
        let keys = keys.map(Vec::as_slice).unwrap_or_default();
        let named = |key: &&Value| match &self.kid {
            Some(kid) => key.get("kid").and_then(Value::as_str) == Some(kid),
            // Without a name there must be nothing to choose.
            None => keys.len() == 1,
        };
        let mut found = keys.iter().filter(named).peekable();
        if found.peek().is_none() {
            return Err(Flaw::UnknownKey);
        }
        if found.any(|key| self.is_signed_with(key)) {
            Ok(())
        } else {
            Err(Flaw::Signature)
        }
    }

    fn is_signed_with(&self, key: &Value) -> bool {
        let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
        // A key that says what it is for must say this; one that says nothing may do anything.
        let fits = text("kty") == "RSA"
            && ["", "sig"].contains(&text("use"))
            && ["", "RS256"].contains(&text("alg"));
        let (Ok(n), Ok(e)) = (decoded(text("n")), decoded(text("e"))) else {
            return false;
        };
        fits && RsaPublicKeyComponents { n: &n, e: &e }
            .verify(
                &RSA_PKCS1_2048_8192_SHA256,
                self.signed.as_bytes(),
                &self.signature,
            )
            .is_ok()
    }

    /// Checks `exp`, `nbf` and `iat`.
    ///
    /// # Errors
    /// [`Flaw::Expired`], [`Flaw::Early`].
    pub(crate) fn check_time(&self, now_unix_seconds: i64) -> Result<(), Flaw> {
        if self.time("exp").saturating_add(LEEWAY_SECONDS) <= now_unix_seconds {
            return Err(Flaw::Expired);
        }
        let begins = self.time("iat").max(self.time("nbf"));
        if begins > now_unix_seconds.saturating_add(LEEWAY_SECONDS) {
            return Err(Flaw::Early);
        }
        Ok(())
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, Flaw> {
    URL_SAFE_NO_PAD
        .decode(text.trim_end_matches('='))
        .map_err(|_| Flaw::Malformed)
}

fn object(text: &str) -> Result<Map<String, Value>, Flaw> {
    match serde_json::from_slice(&decoded(text)?) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(Flaw::Malformed),
    }
}

/// Whole seconds; some issuers write fractions.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float saturates, and a time that large is far off either way"
)]
fn seconds(number: &Value) -> i64 {
    let fraction = number.as_f64().map(|seconds| seconds as i64);
    number.as_i64().or(fraction).unwrap_or_default()
}
