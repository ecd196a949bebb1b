//! ACS3-HMAC-SHA256, in headers: apis/alibaba.md §2.1.

use super::answer::{Result, refusal};
use super::signature::{Claim, Expected, incomplete};
use crate::sandbox::digest::{hmac_sha256, sha256_hex};
use crate::sandbox::wire::{self, Request};

const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Headers that must come and be signed: apis/alibaba.md §11.2.
const MANDATORY: [&str; 6] = [
    "host",
    "x-acs-action",
    "x-acs-version",
    "x-acs-date",
    "x-acs-content-sha256",
    "x-acs-signature-nonce",
];
/// Headers that must be signed when they come: apis/alibaba.md §11.2.
const SIGNED_IF_SENT: [&str; 2] = ["x-acs-security-token", "content-type"];

/// The parts of an `Authorization` header.
pub(super) struct Parts<'a> {
    key_id: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Takes an `Authorization` header apart.
pub(super) fn parse(header: &str) -> Result<Parts<'_>> {
    let malformed = || {
        incomplete(
            "The Authorization header must be `ACS3-HMAC-SHA256 \
             Credential=…,SignedHeaders=…,Signature=…`.",
        )
    };
    let (mut key_id, mut signed_headers, mut signature) = (None, None, None);
    let parts = header
        .strip_prefix(ALGORITHM)
        .and_then(|rest| rest.strip_prefix(' '))
        .ok_or_else(malformed)?;
    for part in parts.split(',') {
        let (name, value) = part.trim().split_once('=').ok_or_else(malformed)?;
        match name {
            "Credential" => key_id = Some(value),
            "SignedHeaders" => signed_headers = Some(value),
            "Signature" => signature = Some(value),
            _ => return Err(malformed()),
        }
    }
    Ok(Parts {
        key_id: key_id.ok_or_else(malformed)?,
        signed_headers: signed_headers.ok_or_else(malformed)?,
        signature: signature.ok_or_else(malformed)?,
    })
}

/// What the headers claim, once all that must be there and be signed is, and the payload hash is
/// the body's.
pub(super) fn claim<'a>(request: &'a Request, parts: &Parts<'a>) -> Result<Claim<'a>> {
    let signed: Vec<&str> = parts.signed_headers.split(';').collect();
    for name in MANDATORY {
        if request.header(name).is_none() || !signed.contains(&name) {
            return Err(incomplete(&format!("The header {name} must be signed.")));
        }
    }
    for name in SIGNED_IF_SENT {
        if request.header(name).is_some() && !signed.contains(&name) {
            return Err(incomplete(&format!("The header {name} must be signed.")));
        }
    }
    let header = |name: &str| request.header(name).unwrap_or_default().trim();
    if header("x-acs-content-sha256") != sha256_hex(&request.body) {
        return Err(refusal(
            400,
            "SignatureDoesNotMatch",
            "The header x-acs-content-sha256 is not the hash of the body.",
        ));
    }
    Ok(Claim {
        key_id: parts.key_id,
        date: header("x-acs-date"),
        nonce: header("x-acs-signature-nonce"),
        token: request.header("x-acs-security-token").map(str::trim),
        signature: parts.signature,
    })
}

/// The signature this request should carry.
pub(super) fn expected(request: &Request, parts: &Parts<'_>, secret: &str) -> Expected {
    let canonical = canonical_request(request, parts.signed_headers);
    let string_to_sign = format!("{ALGORITHM}\n{}", sha256_hex(canonical.as_bytes()));
    let signature = hex::encode(hmac_sha256(secret.as_bytes(), string_to_sign.as_bytes()));
    // The server's strings let a client tell a wrong secret from a wrong encoding:
    // apis/alibaba.md §2.4.
    let mismatch = refusal(
        400,
        "SignatureDoesNotMatch",
        format!(
            "Specified signature is not matched with our calculation. server StringToSign is \
             [{string_to_sign}], server CanonicalRequest is [{canonical}]"
        ),
    );
    Expected {
        signature,
        mismatch,
    }
}

/// The six parts of apis/alibaba.md §2.1, rebuilt from what was received.
pub(super) fn canonical_request(request: &Request, signed_headers: &str) -> String {
    let mut names: Vec<&str> = signed_headers.split(';').collect();
    names.sort_unstable();
    let mut headers = String::new();
    for name in &names {
        headers.extend([
            name,
            ":",
            &received(request, name),
            "
",
        ]);
    }
    [
        request.method.as_str(),
        "/",
        &canonical_query(&wire::pairs(&request.query)),
        &headers,
        &names.join(";"),
        &sha256_hex(&request.body),
    ]
    .join("\n")
}

/// Encoded anew and sorted by key; an empty value keeps its `=`.
pub(super) fn canonical_query(pairs: &[(String, String)]) -> String {
    let mut encoded: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| (wire::encode(name), wire::encode(value)))
        .collect();
    encoded.sort();
    let joined: Vec<String> = encoded
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    joined.join("&")
}

/// A header's trimmed value; repeated ones sorted and comma-joined.
fn received(request: &Request, name: &str) -> String {
    let mut values: Vec<&str> = request
        .headers
        .iter()
        .filter(|(header, _)| header == name)
        .map(|(_, value)| value.trim())
        .collect();
    values.sort_unstable();
    values.join(",")
}
