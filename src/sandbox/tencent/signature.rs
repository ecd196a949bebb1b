//! Verifies TC3-HMAC-SHA256 over the received bytes: apis/tencent.md §2.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::answer::{Refusal, Result, refusal};
use crate::sandbox::credentials::{self, Known, Lookup};
use crate::sandbox::digest::{hmac_sha256, same, sha256_hex};
use crate::sandbox::wire::Request;

const ALGORITHM: &str = "TC3-HMAC-SHA256";
/// Seconds a timestamp may lie off the server's clock: apis/tencent.md §2.1.
const CLOCK_WINDOW_SECONDS: u64 = 300;
/// The only value of `X-TC-Content-SHA256` that is known: apis/tencent.md §1.3.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The parts of an `Authorization` header.
#[derive(Debug)]
pub(super) struct Authorization<'a> {
    pub(super) key_id: &'a str,
    date: &'a str,
    pub(super) service: &'a str,
    terminator: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Who signed a request, and for which service.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) key: Known,
    pub(super) service: String,
}

/// Takes an `Authorization` header apart; `None` when it does not have the documented form.
pub(super) fn parse(header: &str) -> Option<Authorization<'_>> {
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in header.strip_prefix(ALGORITHM)?.split(',') {
        let (name, value) = part.trim().split_once('=')?;
        let slot = match name {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => return None,
        };
        *slot = Some(value);
    }
    let mut scope = credential?.split('/');
    let parts = Authorization {
        key_id: scope.next()?,
        date: scope.next()?,
        service: scope.next()?,
        terminator: scope.next()?,
        signed_headers: signed_headers?,
        signature: signature?,
    };
    scope.next().is_none().then_some(parts)
}

/// Who signed this request, or why it is refused. The clock first, then the key, then the
/// signature, then the token (apis/tencent.md §10.3 to §10.6).
pub(super) fn verify(request: &Request, now_unix_seconds: i64) -> Result<Caller> {
    let header = request
        .header("authorization")
        .ok_or_else(|| missing("Authorization"))?;
    let parts = parse(header).ok_or_else(|| {
        refusal(
            "AuthFailure.InvalidAuthorization",
            "The `Authorization` header does not have the form \
             `TC3-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.",
        )
    })?;
    let timestamp = request
        .header("x-tc-timestamp")
        .ok_or_else(|| missing("Timestamp"))?;
    let seconds: i64 = timestamp.parse().map_err(|_| {
        refusal(
            "InvalidParameter",
            "The parameter `Timestamp` is not a number of seconds.",
        )
    })?;
    if now_unix_seconds.abs_diff(seconds) > CLOCK_WINDOW_SECONDS {
        return Err(refusal(
            "AuthFailure.SignatureExpire",
            "The request timestamp differs from the server time by more than 5 minutes.",
        ));
    }
    let token = request.header("x-tc-token");
    let (key, held) = match credentials::look_up("tencent", parts.key_id, token) {
        Lookup::Found(key, held) => (key, held),
        Lookup::WrongToken => return Err(bad_token()),
        Lookup::Unknown => {
            return Err(refusal(
                "AuthFailure.SecretIdNotFound",
                "The SecretId is not found, please ensure that your SecretId is correct.",
            ));
        }
    };
    check_scope(request, &parts, seconds)?;
    let expected =
        expected_signature(request, &parts, timestamp, &held.secret).ok_or_else(mismatch)?;
    if !same(&expected, parts.signature) {
        return Err(mismatch());
    }
    if token.unwrap_or_default() != held.token.unwrap_or_default() {
        return Err(bad_token());
    }
    let service = parts.service.to_owned();
    Ok(Caller { key, service })
}

/// The date must be the timestamp's in UTC, the service the one addressed, and both mandatory
/// headers signed: apis/tencent.md §10.3, §10.4.
fn check_scope(request: &Request, parts: &Authorization<'_>, seconds: i64) -> Result<()> {
    let date = Timestamp::from_second(seconds)
        .map(|time| time.strftime("%Y-%m-%d").to_string())
        .unwrap_or_default();
    let signed: BTreeSet<&str> = parts.signed_headers.split(';').collect();
    // On loopback the host names no service; a host of the real form must match the scope.
    let host = request.header("host").unwrap_or_default();
    let addressed = host
        .contains("tencentcloudapi.com")
        .then(|| host.split('.').next())
        .flatten();
    let fits = parts.date == date
        && parts.terminator == "tc3_request"
        && addressed.is_none_or(|service| service == parts.service)
        && signed.contains("content-type")
        && signed.contains("host");
    if fits { Ok(()) } else { Err(mismatch()) }
}

/// The signature this request should carry; `None` when a header named as signed did not come.
pub(super) fn expected_signature(
    request: &Request,
    parts: &Authorization<'_>,
    timestamp: &str,
    secret: &str,
) -> Option<String> {
    let string_to_sign = format!(
        "{ALGORITHM}\n{timestamp}\n{}/{}/{}\n{}",
        parts.date,
        parts.service,
        parts.terminator,
        sha256_hex(canonical_request(request, parts.signed_headers)?.as_bytes()),
    );
    let date_key = hmac_sha256(format!("TC3{secret}").as_bytes(), parts.date.as_bytes());
    let service_key = hmac_sha256(&date_key, parts.service.as_bytes());
    let signing_key = hmac_sha256(&service_key, parts.terminator.as_bytes());
    Some(hex::encode(hmac_sha256(
        &signing_key,
        string_to_sign.as_bytes(),
    )))
}

/// The six lines of apis/tencent.md §2.1, rebuilt from what was received.
pub(super) fn canonical_request(request: &Request, signed_headers: &str) -> Option<String> {
    let mut names: Vec<&str> = signed_headers.split(';').collect();
    names.sort_unstable();
    let mut headers = String::new();
    for name in &names {
        let value = request.header(name)?.trim().to_lowercase();
        headers.extend([name, ":", &value, "\n"]);
    }
    let payload = if request.header("x-tc-content-sha256") == Some(UNSIGNED_PAYLOAD) {
        sha256_hex(UNSIGNED_PAYLOAD.as_bytes())
    } else {
        sha256_hex(&request.body)
    };
    Some(format!(
        "{}\n/\n{}\n{headers}\n{}\n{payload}",
        request.method,
        request.query,
        names.join(";"),
    ))
}

fn missing(parameter: &str) -> Refusal {
    refusal(
        "MissingParameter",
        format!("The request is missing a required parameter `{parameter}`."),
    )
}

/// The token of temporary credentials does not do: apis/tencent.md §2.1.
pub(super) fn bad_token() -> Refusal {
    refusal(
        "AuthFailure.TokenFailure",
        "The token is missing, wrong or expired.",
    )
}

fn mismatch() -> Refusal {
    refusal(
        "AuthFailure.SignatureFailure",
        "The provided credentials could not be validated. Please check your signature is correct.",
    )
}

#[cfg(test)]
mod tests;
