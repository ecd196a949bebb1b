//! The tokens that are exchanged for keys; requests to services of the machine itself.
//!
//! What the exchange is, each cloud says in its own folder; `sign_in.rs` calls it.

use std::time::Duration;

use super::source::{WebToken, check_token};
use super::wire;
use crate::model::{Secret, Value};
use crate::net::http::{Answered, HeaderText, Http, Request};
use crate::provider::surroundings::ReadFile;
use crate::provider::{ErrorClass, ProviderError};

/// How long GitHub may take to issue a token.
const GITHUB_TIMEOUT: Duration = Duration::from_secs(10);

/// A metadata service of this kind answers at once; elsewhere nobody does (apis/alibaba.md §7.5,
/// apis/tencent.md §6.4).
pub(super) const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// The keys of the role that is bound to the machine, as more than one cloud tells them: in a folder
/// that lists the role's bare name, under that name.
///
/// # Errors
/// No role is bound, or its keys are not told.
pub(super) async fn role_keys(
    http: &Http,
    folder: &str,
    role: Option<&str>,
    headers: Vec<(&'static str, HeaderText)>,
    what: &'static str,
) -> Result<Value, ProviderError> {
    let get = async |url: &str| {
        let headers = headers.clone();
        ask(http, "GET", url, headers, "", METADATA_TIMEOUT, what).await
    };
    let role = match role {
        Some(role) => role.to_owned(),
        None => bound_role(&get(folder).await?, what)?,
    };
    successful(&get(&format!("{folder}{role}")).await?, what)
}

/// An answer that says of itself that it is one with keys.
///
/// # Errors
/// It does not.
pub(super) fn successful(answered: &Answered, what: &'static str) -> Result<Value, ProviderError> {
    let body = whole(answered, what)?;
    if wire::text(&body, "Code").as_deref() == Some("Success") {
        return Ok(body);
    }
    Err(no_keys(what))
}

fn bound_role(answered: &Answered, service: &'static str) -> Result<String, ProviderError> {
    let text = String::from_utf8_lossy(&answered.body).trim().to_owned();
    // It becomes part of a path; a page of some proxy is no role's name.
    let is_name = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    match answered.status {
        200 if is_name => Ok(text),
        200 | 300..400 | 404 => {
            let why = "no role is bound to this machine";
            Err(ProviderError::new(ErrorClass::NotFound, service, why))
        }
        // It has not said that there is none.
        _ => Err(refused(answered, service)),
    }
}

/// An error of an exchange, without the token that its text may quote.
pub(super) fn without_token(mut error: ProviderError, token: &Secret) -> ProviderError {
    let text = token.expose();
    let parts = std::iter::once(text).chain(text.split('.'));
    for part in parts.filter(|part| part.len() > 8) {
        error.message = error.message.replace(part, "…");
    }
    // A message that was cut may end within the token.
    if let Some(start) = text.get(..12)
        && let Some(place) = error.message.find(start)
    {
        error.message.truncate(place);
        error.message.push('…');
    }
    error
}

/// Gets the token that is to be exchanged by `call`.
///
/// # Errors
/// It is not there, has not the form of one, or has run out; GitHub does not issue it.
pub(super) async fn web_token(
    http: &Http,
    read: &ReadFile,
    place: &WebToken,
    call: &'static str,
    now: i64,
) -> Result<Secret, ProviderError> {
    let refused = |why: String| ProviderError::new(ErrorClass::Auth, call, &why);
    match place {
        WebToken::Text(token) => {
            let token = Secret::new(token.expose().trim());
            check_token(token.expose(), now)
                .map_err(|why| refused(format!("the token's variable: {why}")))?;
            Ok(token)
        }
        WebToken::File(path) => {
            let shown = path.display();
            let text = match read(path) {
                None => return Err(refused(format!("there is no token file {shown}"))),
                Some(text) => {
                    text.map_err(|why| refused(format!("the token file {shown}: {why}")))?
                }
            };
            let token = Secret::new(text.trim());
            check_token(token.expose(), now)
                .map_err(|why| refused(format!("the token file {shown}: {why}")))?;
            Ok(token)
        }
        WebToken::GitHub { url, bearer } => {
            let bearer = Secret::new(format!("Bearer {}", bearer.expose()));
            let headers = vec![
                ("authorization", HeaderText::Secret(bearer)),
                ("accept", "application/json".into()),
            ];
            let what = "GitHub's token";
            let answered = ask(http, "GET", url, headers, "", GITHUB_TIMEOUT, what).await?;
            let body = whole(&answered, what)?;
            let text = wire::text(&body, "value").unwrap_or_default();
            let token = Secret::new(text);
            // Its end is not looked at: it is new, and this machine's clock may be off.
            check_token(token.expose(), i64::MIN)
                .map_err(|why| refused(format!("GitHub's answer: {why}")))?;
            Ok(token)
        }
    }
}

/// Sends one request that is not signed, to a service of the machine or its CI system. Its URL and
/// its answer are in no error.
pub(super) async fn ask(
    http: &Http,
    method: &'static str,
    url: &str,
    headers: Vec<(&'static str, HeaderText)>,
    body: &str,
    timeout: Duration,
    what: &'static str,
) -> Result<Answered, ProviderError> {
    let request = Request {
        method,
        url: url.to_owned(),
        headers,
        body: body.as_bytes().to_vec(),
    };
    http.send_within(request, timeout)
        .await
        .map_err(|fault| ProviderError::new(ErrorClass::Unreachable, what, &fault.to_string()))
}

/// The JSON object of a successful answer.
///
/// # Errors
/// By status; nothing of the body is in them.
pub(super) fn whole(answered: &Answered, what: &'static str) -> Result<Value, ProviderError> {
    if !matches!(answered.status, 200 | 201) {
        return Err(refused(answered, what));
    }
    let body = serde_json::from_slice::<Value>(&answered.body).ok();
    body.filter(Value::is_object).ok_or_else(|| ProviderError {
        status: Some(answered.status),
        ..ProviderError::new(ErrorClass::Invalid, what, "the answer is no JSON object")
    })
}

fn refused(answered: &Answered, what: &'static str) -> ProviderError {
    let (class, why) = match answered.status {
        404 => (ErrorClass::NotFound, "it knows nothing of that"),
        429 => {
            let wait = wire::retry_after(answered);
            (ErrorClass::Throttled { wait }, "too many requests")
        }
        500.. => (ErrorClass::Unavailable, "it failed"),
        _ => (ErrorClass::Auth, "it refused"),
    };
    ProviderError {
        status: Some(answered.status),
        ..ProviderError::new(class, what, why)
    }
}

/// An answer without usable keys in it.
pub(super) fn no_keys(call: &'static str) -> ProviderError {
    let why = "the answer holds no keys with an end";
    ProviderError::new(ErrorClass::Protocol, call, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_loses_the_token_it_quotes() {
        let token = Secret::new("eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOjF9xx.c2lnbmF0dXJl");
        for message in [
            "bad token eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOjF9xx.c2lnbmF0dXJl!",
            "bad claims eyJjYW5hcnkiOjF9xx",
            "cut off eyJhbGciOiJSUzI1Ni",
        ] {
            let error = ProviderError::new(ErrorClass::Auth, "X", message);
            let shown = without_token(error, &token).message;
            assert!(!shown.contains("eyJ") && shown.contains('…'), "{shown}");
        }
    }
}
