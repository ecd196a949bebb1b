//! The signature TC3-HMAC-SHA256 (apis/tencent.md §2). Pure: the time comes in, nothing is read.

use crate::clouds::signing::{hmac_sha256, sha256_hex};
use crate::model::Secret;

/// Name of the algorithm, as it stands in the string to sign and in the header.
const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// What is signed, exactly as it goes out.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToSign<'a> {
    /// Upper case.
    pub(super) method: &'static str,
    /// As sent; empty for POST.
    pub(super) query: &'a str,
    /// `content-type`, `host` and whatever else is signed: lower-case names, sorted by name.
    pub(super) headers: &'a [(&'a str, &'a str)],
    /// The bytes of the body.
    pub(super) payload: &'a [u8],
    /// First label of the cloud's own host: `cam`, `sts`.
    pub(super) service: &'a str,
    /// Unix seconds; also gives the date of the scope, in UTC.
    pub(super) timestamp: i64,
}

/// The value of the `Authorization` header, for a permanent or temporary key. A token is not part
/// of the signature.
pub(super) fn authorization(secret_id: &str, secret_key: &Secret, to_sign: &ToSign<'_>) -> String {
    let date = utc_date(to_sign.timestamp);
    let key = format!("TC3{}", secret_key.expose());
    let key = hmac_sha256(key.as_bytes(), date.as_bytes());
    let key = hmac_sha256(&key, to_sign.service.as_bytes());
    let key = hmac_sha256(&key, b"tc3_request");
    let signature = hex::encode(hmac_sha256(&key, string_to_sign(to_sign).as_bytes()));
    format!(
        "{ALGORITHM} Credential={secret_id}/{}, SignedHeaders={}, Signature={signature}",
        scope(to_sign),
        signed_names(to_sign)
    )
}

fn string_to_sign(to_sign: &ToSign<'_>) -> String {
    format!(
        "{ALGORITHM}\n{}\n{}\n{}",
        to_sign.timestamp,
        scope(to_sign),
        sha256_hex(canonical_request(to_sign).as_bytes())
    )
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
        &headers.to_lowercase(),
        &signed_names(to_sign),
        &sha256_hex(to_sign.payload),
    ]
    .join("\n")
}

fn signed_names(to_sign: &ToSign<'_>) -> String {
    let names: Vec<&str> = to_sign.headers.iter().map(|(name, _)| *name).collect();
    names.join(";")
}

fn scope(to_sign: &ToSign<'_>) -> String {
    format!(
        "{}/{}/tc3_request",
        utc_date(to_sign.timestamp),
        to_sign.service
    )
}

/// `YYYY-MM-DD`. Times that no calendar holds become 1970: the cloud then answers with its own
/// time, which is more useful than an error here.
fn utc_date(unix_seconds: i64) -> String {
    jiff::Timestamp::from_second(unix_seconds)
        .unwrap_or_default()
        .strftime("%Y-%m-%d")
        .to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Vector {
        secret_id: String,
        secret_key: String,
        service: String,
        timestamp: i64,
        method: String,
        query: String,
        headers: BTreeMap<String, String>,
        payload: String,
        payload_hash: String,
        canonical_request_hash: Option<String>,
        signature: String,
    }

    #[test]
    fn every_vector_is_met_stage_by_stage() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/tencent");
        let mut met = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display();
            let vector: Vector = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let headers: Vec<(&str, &str)> = vector
                .headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let to_sign = ToSign {
                method: if vector.method == "GET" {
                    "GET"
                } else {
                    "POST"
                },
                query: &vector.query,
                headers: &headers,
                payload: vector.payload.as_bytes(),
                service: &vector.service,
                timestamp: vector.timestamp,
            };
            let canonical = canonical_request(&to_sign);
            assert!(
                canonical.ends_with(&vector.payload_hash),
                "payload of {name}"
            );
            let hash = sha256_hex(canonical.as_bytes());
            if let Some(expected) = vector.canonical_request_hash {
                assert_eq!(hash, expected, "canonical request of {name}");
            }
            assert!(string_to_sign(&to_sign).ends_with(&hash), "{name}");
            let secret_key = Secret::new(vector.secret_key);
            let header = authorization(&vector.secret_id, &secret_key, &to_sign);
            let (_, signature) = header.rsplit_once("Signature=").unwrap();
            assert_eq!(signature, vector.signature, "signature of {name}");
            met += 1;
        }
        assert_eq!(met, 9, "vectors of apis/tencent.md §2.2");
    }

    #[test]
    fn the_stages_of_vector_a_read_as_documented() {
        let to_sign = ToSign {
            method: "POST",
            query: "",
            headers: &[
                ("content-type", "application/json"),
                ("host", "cam.tencentcloudapi.com"),
            ],
            payload: br#"{"Name": "github-actions"}"#,
            service: "cam",
            timestamp: 1_767_323_045,
        };
        assert_eq!(
            canonical_request(&to_sign),
            "POST\n/\n\ncontent-type:application/json\nhost:cam.tencentcloudapi.com\n\n\
             content-type;host\n6237463439d21b752b3b15ffd072707c3f34ce4c44502aa49ef3144dbe82582a"
        );
        assert_eq!(
            string_to_sign(&to_sign),
            "TC3-HMAC-SHA256\n1767323045\n2026-01-02/cam/tc3_request\n\
             79bd44706d585fc0727599190614df80dd128805c7599525e0af215b18737a89"
        );
        assert_eq!(
            authorization(
                "AKIDEXAMPLE0000000000000000000000000",
                &Secret::new("EXAMPLEsecretKEY00000000000000000"),
                &to_sign
            ),
            "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE0000000000000000000000000/2026-01-02/cam/tc3_request, \
             SignedHeaders=content-type;host, \
             Signature=d90371bda2270b4948cccfb5463c57c840d2c1ec7d4fba3c14c42496007904a8"
        );
    }

    #[test]
    fn times_outside_every_calendar_do_not_panic() {
        assert_eq!(utc_date(i64::MAX), "1970-01-01");
        assert_eq!(utc_date(-1), "1969-12-31");
    }
}
