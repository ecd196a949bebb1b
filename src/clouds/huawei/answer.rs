//! What an answer means: the five error envelopes, and what can be done about each failure. Pure.
//! Facts: `apis/huawei.md §1.3`, `§7`.

use std::time::Duration;

use crate::model::Value;
use crate::provider::{Answer, Call, ErrorClass, ProviderError, Reply};

/// How far a signature's date may be from the server's clock, in seconds (`apis/huawei.md §2.2`).
const SKEW_SECONDS: i64 = 15 * 60;

/// A value of ours that is at least this long, in characters, is cut out of the cloud's sentences.
const QUOTED_CHARACTERS: usize = 5;

/// What a request is signed in with; decides what a 401 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// A signature with keys that last.
    Signature,
    /// A signature with temporary keys and their token.
    TemporaryKeys,
    /// A token.
    Token,
}

/// The parts of an answer that decide what it means.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Came<'a> {
    /// HTTP status.
    pub(super) status: u16,
    /// `X-Request-Id`.
    pub(super) request_id: Option<&'a str>,
    /// `Retry-After`, in seconds.
    pub(super) retry_after: Option<&'a str>,
    /// The server's clock from `Date`, Unix seconds.
    pub(super) server_unix_seconds: Option<i64>,
    /// The whole body.
    pub(super) body: &'a [u8],
}

/// What an answer means. Pure.
pub(super) fn sort_answer(call: &Call, by: By, now_unix_seconds: i64, came: &Came<'_>) -> Answer {
    let body = serde_json::from_slice::<Value>(came.body)
        .ok()
        .filter(Value::is_object);
    if (200..300).contains(&came.status) {
        return match body {
            _ if came.status == 204 => Ok(reply(Value::Null, came)),
            Some(body) => Ok(reply(body, came)),
            None => Err(failed(
                call,
                came,
                ErrorClass::Protocol,
                &Said::default(),
                "the answer is not the JSON object that is documented",
            )),
        };
    }
    let said = body.as_ref().map(said_in).unwrap_or_default();
    let class = class_of(by, now_unix_seconds, came, &said);
    let message = match &said.message {
        Some(message) => without_values(message, &call.params),
        None => format!("HTTP {} without a reason", came.status),
    };
    Err(failed(call, came, class, &said, &message))
}

fn reply(body: Value, came: &Came<'_>) -> Reply {
    Reply {
        body,
        more: Vec::new(),
        request_id: came.request_id.map(str::to_owned),
        server_unix_seconds: came.server_unix_seconds,
    }
}

fn failed(
    call: &Call,
    came: &Came<'_>,
    class: ErrorClass,
    said: &Said,
    message: &str,
) -> ProviderError {
    let mut error = ProviderError::new(class, call.name, message);
    error.code.clone_from(&said.code);
    error.status = Some(came.status);
    error.request_id = came
        .request_id
        .map(str::to_owned)
        .or_else(|| said.request_id.clone());
    error
}

/// What an error body says, whichever of the five envelopes it has.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

/// Reads an error body (`apis/huawei.md §1.3`). The first text that is there counts, at the top
/// level before inside `error`; a null is not there, because newer answers carry a pair of nulls
/// beside the true reason. A code that is a number repeats the status and is none.
fn said_in(body: &Value) -> Said {
    let levels = [body, &body["error"]];
    let first = |names: &[&str]| {
        levels
            .iter()
            .flat_map(|level| names.iter().map(|name| &level[*name]))
            .find_map(|value| value.as_str().filter(|text| !text.is_empty()))
            .map(str::to_owned)
    };
    Said {
        code: first(&["error_code", "errorCode", "code"]),
        message: first(&["error_msg", "errorMsg", "message", "title"]),
        request_id: first(&["request_id"]),
    }
}

impl Said {
    fn has_code(&self, codes: &[&str]) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| codes.contains(&code))
    }

    /// The gateway's number. Some regions print `APIG.`, others `APIGW.`.
    fn gateway(&self) -> Option<&str> {
        let code = self.code.as_deref()?;
        code.strip_prefix("APIGW.")
            .or_else(|| code.strip_prefix("APIG."))
    }

    fn tells(&self, words: &[&str]) -> bool {
        let message = self.message.as_deref().unwrap_or_default();
        let message = message.to_ascii_lowercase();
        words.iter().all(|word| message.contains(word))
    }
}

/// `apis/huawei.md §7`.
fn class_of(by: By, now_unix_seconds: i64, came: &Came<'_>, said: &Said) -> ErrorClass {
    if said.gateway() == Some("0307") || said.has_code(&["IAM.0066", "IAM.1108"]) {
        return ErrorClass::TokenExpired;
    }
    // Blacklisted, expired, ownerless and inactive access keys come with status 400.
    if said.has_code(&["IAM.1104", "IAM.1105", "IAM.1106", "IAM.1107"]) {
        return ErrorClass::Auth;
    }
    match came.status {
        401 if by == By::Token => ErrorClass::TokenExpired,
        401 if by == By::TemporaryKeys && is_of_old_keys(said) => ErrorClass::TokenExpired,
        401 if is_stale(now_unix_seconds, came, said) => ErrorClass::ClockSkewed {
            server_unix_seconds: came.server_unix_seconds,
        },
        401 => ErrorClass::Auth,
        // No code for a used-up quota is published: UNCONFIRMED, `apis/huawei.md §3.2`.
        400 | 403 | 409 | 413 if said.tells(&["quota"]) && !said.tells(&["policy doesn't"]) => {
            ErrorClass::Quota
        }
        403 => ErrorClass::Denied,
        404 => class_of_not_found(said),
        409 => ErrorClass::Conflict,
        429 => ErrorClass::Throttled {
            wait: came
                .retry_after
                .and_then(|text| text.trim().parse().ok())
                .map(Duration::from_secs),
        },
        // 410 is a home region that failed over to another (`IAM.0020`).
        408 | 410 | 500..=599 => ErrorClass::Unavailable,
        400..=499 => ErrorClass::Invalid,
        _ => ErrorClass::Protocol,
    }
}

/// Only the identity service itself knows that an object is not there. A gateway that has no such
/// route or no backend, and a load balancer's page, know nothing.
fn class_of_not_found(said: &Said) -> ErrorClass {
    match (said.gateway(), &said.message, &said.code) {
        (Some("0101"), _, _) => ErrorClass::Invalid,
        (Some(_), _, _) => ErrorClass::Unavailable,
        (None, None, None) => ErrorClass::Protocol,
        (None, _, _) => ErrorClass::NotFound,
    }
}

/// Whether the gateway refused temporary keys because it does not know them any more. Which of its
/// documented sentences that is, is UNCONFIRMED (`apis/huawei.md §2.2`): a token that ran out, one
/// that cannot be read, a key that is not there. None of them comes for a wrong signature, and new
/// keys are other keys, so that asking again brings no lock nearer.
fn is_of_old_keys(said: &Said) -> bool {
    [
        "token expire",
        "decrypt token fail",
        "get secretkey failed",
        "not exist",
    ]
    .iter()
    .any(|words| said.tells(&[words]))
}

/// Whether a refused signature was refused for its date. The sentence is not documented
/// (UNCONFIRMED, `apis/huawei.md §2.2`), so the server's clock counts as well.
fn is_stale(now_unix_seconds: i64, came: &Came<'_>, said: &Said) -> bool {
    let told = said.tells(&["x-sdk-date"]) && !said.tells(&["not found"]);
    let seen = came
        .server_unix_seconds
        .is_some_and(|server| server.abs_diff(now_unix_seconds) > SKEW_SECONDS.unsigned_abs());
    // A key that is locked after too many failures must not be tried again.
    (told || seen) && !said.tells(&["reach the limit"])
}

/// The cloud's sentence without the values that we sent, which it may quote.
fn without_values(message: &str, params: &Value) -> String {
    let mut texts = Vec::new();
    collect_texts(params, &mut texts);
    // The longest first: one may be part of another.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts
        .iter()
        .filter(|text| text.chars().count() >= QUOTED_CHARACTERS)
        .fold(message.to_owned(), |message, text| {
            message.replace(*text, "…")
        })
}

fn collect_texts<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Object(members) => members.values().for_each(|item| collect_texts(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// An error of a call that had to come first. The call itself was never sent, so that its outcome
/// is not open, and its object is not what was not found.
pub(super) fn before_call(mut error: ProviderError) -> ProviderError {
    error.class = match error.class {
        ErrorClass::NotFound
        | ErrorClass::Unavailable
        | ErrorClass::NoAnswer
        | ErrorClass::Protocol => ErrorClass::Unreachable,
        ErrorClass::Conflict => ErrorClass::Invalid,
        class @ (ErrorClass::Auth
        | ErrorClass::TokenExpired
        | ErrorClass::ClockSkewed { .. }
        | ErrorClass::Denied
        | ErrorClass::Invalid
        | ErrorClass::ReferentMissing
        | ErrorClass::Quota
        | ErrorClass::Throttled { .. }
        | ErrorClass::Unreachable) => class,
    };
    error
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
