//! What both signature schemes share: the scheme, the key, the clock, the nonce
//! (apis/alibaba.md §2).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::answer::{Refusal, Result, refusal};
use super::asked::Asked;
use super::{signature_v1, signature_v3};
use crate::sandbox::credentials::{self, Known, Lookup};
use crate::sandbox::digest::same;
use crate::sandbox::wire::Request;

/// Seconds a date may lie off the server's clock: apis/alibaba.md §2.1.
const CLOCK_WINDOW_SECONDS: i64 = 15 * 60;
/// Above this many remembered nonces, those outside the clock window are dropped.
const NONCES_KEPT: usize = 4096;

/// Nonces seen, by key and nonce, with the time of the request they came with.
#[derive(Debug, Default)]
pub(super) struct Nonces(Mutex<BTreeMap<(String, String), i64>>);

impl Nonces {
    /// Remembers a nonce and says whether it is new.
    fn is_new(&self, key_id: &str, nonce: &str, now_unix_seconds: i64) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() > NONCES_KEPT {
            // A date may lie ahead by the window and be replayed until it lies behind by it.
            let oldest = now_unix_seconds.saturating_sub(2 * CLOCK_WINDOW_SECONDS);
            seen.retain(|_, time| *time >= oldest);
        }
        let entry = (key_id.to_owned(), nonce.to_owned());
        seen.insert(entry, now_unix_seconds).is_none()
    }
}

/// What a request claims, under either scheme.
pub(super) struct Claim<'a> {
    pub(super) key_id: &'a str,
    pub(super) date: &'a str,
    pub(super) nonce: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) signature: &'a str,
}

/// Who signed this request, or why it is refused.
pub(super) fn verify(
    request: &Request,
    asked: &Asked,
    nonces: &Nonces,
    now_unix_seconds: i64,
) -> Result<Known> {
    match (request.header("authorization"), asked.given("Signature")) {
        (Some(_), Some(_)) => Err(incomplete("The request carries two signatures.")),
        (Some(header), None) => {
            let parts = signature_v3::parse(header)?;
            let claim = signature_v3::claim(request, &parts)?;
            check(&claim, nonces, now_unix_seconds, |secret| {
                signature_v3::expected(request, &parts, secret)
            })
        }
        (None, _) => {
            let claim = signature_v1::claim(asked)?;
            check(&claim, nonces, now_unix_seconds, |secret| {
                signature_v1::expected(&request.method, asked, secret)
            })
        }
    }
}

/// An expected signature, and the refusal when another one came.
pub(super) struct Expected {
    pub(super) signature: String,
    pub(super) mismatch: Refusal,
}

fn check(
    claim: &Claim<'_>,
    nonces: &Nonces,
    now_unix_seconds: i64,
    expected: impl FnOnce(&str) -> Expected,
) -> Result<Known> {
    check_clock(claim.date, now_unix_seconds)?;
    let lacks_token = |known: &Known| known.temporary && claim.token.is_none();
    let (key, credentials) = match credentials::look_up("alibaba", claim.key_id, claim.token) {
        Lookup::Found(key, _) if lacks_token(&key) => return Err(token_missing()),
        Lookup::Found(key, credentials) => (key, credentials),
        Lookup::WrongToken if claim.token.is_none() => return Err(token_missing()),
        Lookup::WrongToken => return Err(token_mismatch()),
        Lookup::Unknown => {
            return Err(refusal(
                404,
                "InvalidAccessKeyId.NotFound",
                "Specified access key is not found.",
            ));
        }
    };
    let expected = expected(&credentials.secret);
    if !same(&expected.signature, claim.signature) {
        return Err(expected.mismatch);
    }
    if claim.token != credentials.token.as_deref() {
        return Err(token_mismatch());
    }
    // Last, so that a request that was refused for another reason does not use its nonce up.
    if !nonces.is_new(claim.key_id, claim.nonce, now_unix_seconds) {
        return Err(refusal(
            400,
            "SignatureNonceUsed",
            "Specified signature nonce was used already.",
        ));
    }
    Ok(key)
}

fn token_missing() -> Refusal {
    refusal(
        400,
        "MissingSecurityToken",
        "SecurityToken is mandatory for this action.",
    )
}

fn token_mismatch() -> Refusal {
    refusal(
        400,
        "InvalidSecurityToken.MismatchWithAccessKey",
        "The specified SecurityToken does not belong to the access key.",
    )
}

fn check_clock(date: &str, now_unix_seconds: i64) -> Result<()> {
    // Exactly `YYYY-MM-DDThh:mm:ssZ`; the parser alone would take offsets and fractions too.
    let shape: String = date
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    let time = (shape == "0000-00-00T00:00:00Z")
        .then(|| date.parse::<Timestamp>().ok())
        .flatten()
        .ok_or_else(|| {
            refusal(
                400,
                "InvalidTimeStamp.Format",
                "Specified time stamp or date value is not well formatted.",
            )
        })?;
    if time.as_second().abs_diff(now_unix_seconds) > CLOCK_WINDOW_SECONDS.unsigned_abs() {
        return Err(refusal(
            400,
            "InvalidTimeStamp.Expired",
            "Specified time stamp or date value is expired.",
        ));
    }
    Ok(())
}

/// A signature whose parts are missing or malformed: apis/alibaba.md §2.4.
pub(super) fn incomplete(message: &str) -> Refusal {
    refusal(400, "IncompleteSignature", message)
}

#[cfg(test)]
mod tests;
