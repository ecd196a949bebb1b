//! Verifies request signatures, `SDK-HMAC-SHA256` in both its forms (`apis/huawei.md §2.2`).
//!
//! Pure: the caller brings the time and the secrets. Nothing is signed here, so that the client's
//! signer and this verifier cannot share a mistake.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use super::percent;
use crate::sandbox::wire::Request;

const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// Seconds by which `X-Sdk-Date` may be off in either direction: apis/huawei.md §2.2 rule 4.
const SKEW_SECONDS: u64 = 15 * 60;

/// The secret behind an access key, and the security token that must come with it.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    /// The raw secret key; there is no derived key in the `Access=` form.
    pub(super) key: String,
    /// The security token that requests under a temporary key must carry.
    pub(super) token: Option<String>,
}

/// Why a signature was refused; the words the gateway puts behind its fixed beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The header cannot be read, lacks a part, or names another algorithm.
    Malformed,
    /// No such access key.
    UnknownKey,
    /// `X-Sdk-Date` is unreadable, unsigned, or more than fifteen minutes off.
    Stale,
    /// The signature is not the one this request needs.
    Mismatch,
    /// The security token is missing, wrong, or given with a permanent key.
    SecurityToken,
}

impl Refusal {
    /// The tail of the gateway's sentence: apis/huawei.md §2.2 (that of `Stale` is a guess).
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Malformed => "authorization format is incorrect",
            Self::UnknownKey => "Get secretKey failed",
            Self::Stale => "x-sdk-date expired",
            Self::Mismatch => "verify aksk signature fail",
            Self::SecurityToken => "decrypt token fail",
        }
    }
}

/// The access key an `Authorization` header names, unverified; `None` for a foreign header.
pub(super) fn access_key(authorization: &str) -> Option<&str> {
    let key = Authorization::read(authorization)?.key;
    Some(match key {
        Key::Access(id) | Key::Scoped { id, .. } => id,
    })
}

/// Checks the signature of `request` with the secret that `secret_of` finds for its access key.
///
/// # Errors
/// The first thing that is wrong, see [`Refusal`].
pub(super) fn verify(
    request: &Request,
    authorization: &str,
    now_unix_seconds: i64,
    secret_of: impl FnOnce(&str) -> Option<Secret>,
) -> Result<(), Refusal> {
    let parts = Authorization::read(authorization).ok_or(Refusal::Malformed)?;
    let date = request.header("x-sdk-date").ok_or(Refusal::Stale)?.trim();
    // An unsigned date could be replaced by a fresh one, and old signatures would live for ever.
    if !parts.signed.contains(&"x-sdk-date") {
        return Err(Refusal::Mismatch);
    }
    check_date(date, now_unix_seconds)?;
    let id = match parts.key {
        Key::Access(id) | Key::Scoped { id, .. } => id,
    };
    let secret = secret_of(id).ok_or(Refusal::UnknownKey)?;
    let old_form = matches!(parts.key, Key::Scoped { .. });
    let canonical = canonical_request(request, &parts.signed, old_form).ok_or(Refusal::Mismatch)?;
    let hashed = hex::encode(Sha256::digest(canonical.as_bytes()));
    let (signing_key, text) = match parts.key {
        Key::Access(_) => (
            secret.key.clone().into_bytes(),
            format!("{ALGORITHM}\n{date}\n{hashed}"),
        ),
        Key::Scoped { scope, .. } => (
            scoped_key(&secret.key, scope).ok_or(Refusal::Malformed)?,
            format!("{ALGORITHM}\n{date}\n{scope}\n{hashed}"),
        ),
    };
    let given = hex::decode(parts.signature).map_err(|_| Refusal::Mismatch)?;
    keyed(&signing_key, text.as_bytes())
        .ok_or(Refusal::Mismatch)?
        .verify_slice(&given)
        .map_err(|_| Refusal::Mismatch)?;
    // The token is no part of the key, so only this comparison ties it to the temporary key.
    if request.header("x-security-token").map(str::trim) == secret.token.as_deref() {
        Ok(())
    } else {
        Err(Refusal::SecurityToken)
    }
}

/// The parts of an `Authorization` header.
struct Authorization<'a> {
    key: Key<'a>,
    signed: Vec<&'a str>,
    signature: &'a str,
}

/// How the header names its key: the present form or the old one.
#[derive(Clone, Copy)]
enum Key<'a> {
    Access(&'a str),
    Scoped { id: &'a str, scope: &'a str },
}

impl<'a> Authorization<'a> {
    /// Reads `SDK-HMAC-SHA256 Access=<AK>, SignedHeaders=<a;b>, Signature=<hex>`.
    fn read(header: &'a str) -> Option<Self> {
        let parts = header.trim().strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let (mut key, mut signed, mut signature) = (None, None, None);
        for part in parts.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            let earlier = match name {
                "Access" => key.replace(Key::Access(value)).is_some(),
                "Credential" => {
                    let (id, scope) = value.split_once('/')?;
                    key.replace(Key::Scoped { id, scope }).is_some()
                }
                "SignedHeaders" => signed.replace(value).is_some(),
                "Signature" => signature.replace(value).is_some(),
                _ => return None,
            };
            if earlier {
                return None;
            }
        }
        Some(Self {
            key: key?,
            signed: signed?.split(';').collect(),
            signature: signature?,
        })
    }
}

fn check_date(date: &str, now_unix_seconds: i64) -> Result<(), Refusal> {
    // `strptime` alone would also take shorter numbers, which the cloud's fixed form has not.
    if date.len() != "20240102T030405Z".len() {
        return Err(Refusal::Stale);
    }
    let signed_at = DateTime::strptime("%Y%m%dT%H%M%SZ", date)
        .and_then(|date| date.to_zoned(TimeZone::UTC))
        .map_err(|_| Refusal::Stale)?
        .timestamp()
        .as_second();
    if signed_at.abs_diff(now_unix_seconds) > SKEW_SECONDS {
        return Err(Refusal::Stale);
    }
    Ok(())
}

/// The text whose hash is signed; `None` when a listed header is missing.
fn canonical_request(request: &Request, signed: &[&str], old_form: bool) -> Option<String> {
    let names: BTreeSet<&str> = signed.iter().copied().collect();
    if names.len() != signed.len() || names.iter().any(|name| is_not_a_signed_name(name)) {
        return None;
    }
    let mut headers = String::new();
    for name in &names {
        let mut values = request
            .headers
            .iter()
            .filter(|(header, _)| header == name)
            .map(|(_, value)| value.trim());
        let mut value = values.next()?.to_owned();
        for more in values {
            value.push(',');
            value.push_str(more);
        }
        if old_form {
            value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        writeln!(headers, "{name}:{value}").ok()?;
    }
    // The old form signs a bodiless POST as if its query were a form: apis/huawei.md §2.2.
    let query_is_payload = old_form && request.method == "POST" && request.body.is_empty();
    let query = canonical_query(&request.query, old_form);
    let (query, payload) = if query_is_payload {
        (String::new(), query.into_bytes())
    } else {
        (query, request.body.clone())
    };
    let hash = match request.header("x-sdk-content-sha256") {
        Some(given) if !old_form => given.trim().to_owned(),
        Some(_) | None => hex::encode(Sha256::digest(&payload)),
    };
    Some(format!(
        "{}\n{}\n{query}\n{headers}\n{}\n{hash}",
        request.method,
        canonical_path(&request.path),
        names.into_iter().collect::<Vec<_>>().join(";"),
    ))
}

fn is_not_a_signed_name(name: &str) -> bool {
    // Names with `_` are left out by every signer: apis/huawei.md §2.2 rule 3.
    name.is_empty() || name.contains('_') || name.chars().any(char::is_uppercase)
}

/// Each segment decoded once and encoded again, with a slash at the end (rule 1).
fn canonical_path(path: &str) -> String {
    let mut canonical = path
        .split('/')
        .map(|segment| percent::encode(&percent::decode(segment, false)))
        .collect::<Vec<_>>()
        .join("/");
    if !canonical.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

/// Pairs in byte order (rule 2); the old form orders names without regard to case and keeps one
/// value of each.
fn canonical_query(query: &str, old_form: bool) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                percent::encode(&percent::decode(name, true)),
                percent::encode(&percent::decode(value, true)),
            )
        })
        .collect();
    if old_form {
        pairs.sort_by_key(|(name, _)| name.to_lowercase());
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
    } else {
        pairs.sort();
    }
    pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

/// The old form's key, derived through `date/region/service/sdk_request`.
fn scoped_key(secret: &str, scope: &str) -> Option<Vec<u8>> {
    let parts: Vec<&str> = scope.split('/').collect();
    if parts.len() != 4 || parts.last() != Some(&"sdk_request") {
        return None;
    }
    let mut key = format!("SDK{secret}").into_bytes();
    for part in parts {
        key = keyed(&key, part.as_bytes())?
            .finalize()
            .into_bytes()
            .to_vec();
    }
    Some(key)
}

fn keyed(key: &[u8], text: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac)
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
