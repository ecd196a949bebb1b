//! An issuer's signing keys: RSA-2048, since RS256 is what the clouds take (apis/tencent.md §3.0).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use getrandom::SysRng;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::rand_core::UnwrapErr;
use rsa::traits::PublicKeyParts as _;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

const BITS: usize = 2048;
/// Hex digits of a key id, which is the beginning of the modulus's hash.
const KID_DIGITS: usize = 16;

/// One key of an issuer, as its state keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) kid: String,
    pub(super) made_unix_seconds: i64,
    /// Modulus and exponent, base64url, as a JWKS shows them.
    n: String,
    e: String,
    /// PKCS#8, DER in base64.
    private: String,
}

impl Key {
    /// A new key; takes some 70 ms.
    ///
    /// # Errors
    /// Says in words what the key could not be made for.
    pub(super) fn new(now_unix_seconds: i64) -> Result<Self, String> {
        let told = |error: &dyn std::fmt::Display| format!("make an RSA key: {error}");
        let mut random = UnwrapErr(SysRng);
        let made = RsaPrivateKey::new(&mut random, BITS).map_err(|error| told(&error))?;
        let private = made.to_pkcs8_der().map_err(|error| told(&error))?;
        let modulus = made.n_bytes();
        let mut kid = hex::encode(Sha256::digest(&modulus));
        kid.truncate(KID_DIGITS);
        Ok(Self {
            kid,
            made_unix_seconds: now_unix_seconds,
            n: URL_SAFE_NO_PAD.encode(&modulus),
            e: URL_SAFE_NO_PAD.encode(made.e_bytes()),
            private: STANDARD.encode(private.as_bytes()),
        })
    }

    /// The public half, as it is published.
    pub(super) fn published(&self) -> Value {
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.kid,
            "n": self.n,
            "e": self.e,
        })
    }

    /// A JWT with these claims.
    ///
    /// # Errors
    /// The state holds something that is no key.
    pub(super) fn token(&self, claims: &Map<String, Value>) -> Result<String, String> {
        let header = json!({"alg": "RS256", "kid": self.kid, "typ": "JWT"});
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(Value::Object(claims.clone()).to_string())
        );
        let broken = |why: String| format!("sign with key {}: {why}", self.kid);
        let private = STANDARD
            .decode(&self.private)
            .map_err(|error| broken(error.to_string()))?;
        let pair = RsaKeyPair::from_pkcs8(&private).map_err(|error| broken(error.to_string()))?;
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            signed.as_bytes(),
            &mut signature,
        )
        .map_err(|error| broken(error.to_string()))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
