//! The signature ACS3-HMAC-SHA256 ("V3", apis/alibaba.md §2.1). Pure: time and nonce come in with
//! the headers, nothing is read.

use crate::clouds::signing::{hmac_sha256, rfc3986, sha256_hex};
use crate::model::Secret;

/// Name of the algorithm, as it stands in the string to sign and in the header.
const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// What is signed, exactly as it goes out.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToSign<'a> {
    /// Upper case.
    pub(super) method: &'static str,
    /// The query as sent, see [`encode`]; parameters in the body are not part of it.
    pub(super) query: &'a str,
    /// `host`, `content-type` where there is a body, and every `x-acs-` header: lower-case names,
    /// sorted by name.
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// SHA-256 of the body in hex, the same as `x-acs-content-sha256`.
    pub(super) payload_hash: &'a str,
}

/// The value of the `Authorization` header. There is no key derivation and no scope.
pub(super) fn authorization(
    access_key_id: &str,
    access_key_secret: &Secret,
    to_sign: &ToSign<'_>,
) -> String {
    let key = access_key_secret.expose().as_bytes();
    let signature = hex::encode(hmac_sha256(key, string_to_sign(to_sign).as_bytes()));
    format!(
        "{ALGORITHM} Credential={access_key_id},SignedHeaders={},Signature={signature}",
        signed_names(to_sign)
    )
}

/// Parameters as a query or form body: encoded by RFC 3986, joined in the order given, which must
/// be sorted by name.
pub(super) fn encode<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let parts: Vec<String> = parameters
        .into_iter()
        .map(|(name, value)| format!("{}={}", rfc3986(name), rfc3986(value)))
        .collect();
    parts.join("&")
}

fn string_to_sign(to_sign: &ToSign<'_>) -> String {
    let canonical = canonical_request(to_sign);
    format!("{ALGORITHM}\n{}", sha256_hex(canonical.as_bytes()))
}

fn canonical_request(to_sign: &ToSign<'_>) -> String {
    // Every header ends its line, so an empty line follows the last one.
    let headers: String = to_sign
        .headers
        .iter()
        .flat_map(|(name, value)| [*name, ":", value.trim(), "\n"])
        .collect();
    [
        to_sign.method,
        "/",
        to_sign.query,
        &headers,
        &signed_names(to_sign),
        to_sign.payload_hash,
    ]
    .join("\n")
}

fn signed_names(to_sign: &ToSign<'_>) -> String {
    let names: Vec<&str> = to_sign.headers.iter().map(|(name, _)| *name).collect();
    names.join(";")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        access_key_id: String,
        access_key_secret: String,
        method: String,
        /// Parameters of the query, before encoding.
        query: BTreeMap<String, String>,
        headers: BTreeMap<String, String>,
        body: String,
        /// Parameters of the body, before encoding.
        form: Option<BTreeMap<String, String>>,
        canonical_request: String,
        string_to_sign: String,
        authorization: String,
    }

    fn pairs(map: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
        map.iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    #[test]
    fn every_vector_is_met_stage_by_stage() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/alibaba");
        let mut met = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display();
            let vector: Vector = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let headers: Vec<(&str, &str)> = pairs(&vector.headers).collect();
            let to_sign = ToSign {
                method: if vector.method == "GET" {
                    "GET"
                } else {
                    "POST"
                },
                query: &encode(pairs(&vector.query)),
                headers: &headers,
                payload_hash: &sha256_hex(vector.body.as_bytes()),
            };
            if let Some(form) = &vector.form {
                assert_eq!(encode(pairs(form)), vector.body, "body of {name}");
            }
            assert_eq!(
                canonical_request(&to_sign),
                vector.canonical_request,
                "{name}"
            );
            assert_eq!(string_to_sign(&to_sign), vector.string_to_sign, "{name}");
            let secret = Secret::new(vector.access_key_secret);
            assert_eq!(
                authorization(&vector.access_key_id, &secret, &to_sign),
                vector.authorization,
                "{name}"
            );
            met += 1;
        }
        assert_eq!(met, 7, "vectors of apis/alibaba.md §2.2");
    }
}
