//! Sign-in with a user's password: what to ask, and how to read the token out of the answer. Pure;
//! `token.rs` sends it and keeps the token. Plain OpenStack Keystone answers the same.
//! Facts: `apis/huawei.md §2.1`.

use serde_json::{Map, json};

use crate::model::{Secret, Value};
use crate::provider::{Call, ErrorClass, ProviderError};

use super::credentials::{Named, Password, Token};

/// Path of the sign-in; `nocatalog` keeps the service catalogue out of the answer.
pub(super) const PATH: &str = "/v3/auth/tokens?nocatalog=true";

/// Name of the sign-in in errors.
pub(super) const NAME: &str = "KeystoneCreateUserTokenByPassword";

/// How long a token is kept whose answer does not say when it ends, in seconds. The cloud's last
/// 24 hours (`apis/huawei.md §2.1`); an hour is safe and rare enough.
const UNTOLD_SECONDS: i64 = 3600;

/// The sign-in of a user, for the whole account ("domain scope": a token for a project is refused
/// by IAM even for administrators). `account_id` is the scope when the credentials name none.
pub(super) fn sign_in(password: &Password, account_id: Option<&str>) -> Call {
    let mut user = Map::new();
    insert(&mut user, &password.user);
    if let (Named::Name(_), Some(domain)) = (&password.user, &password.user_domain) {
        user.insert("domain".to_owned(), object(domain));
    }
    user.insert("password".to_owned(), json!(password.secret.expose()));
    let mut auth = json!({
        "identity": {"methods": ["password"], "password": {"user": user}}
    });
    let scope = password
        .scope_domain
        .clone()
        .or_else(|| account_id.map(|id| Named::Id(id.to_owned())));
    if let Some(domain) = scope {
        auth["scope"] = json!({"domain": object(&domain)});
    }
    Call::rest(NAME, "POST", PATH.to_owned(), json!({"auth": auth}))
}

fn object(named: &Named) -> Value {
    let mut map = Map::new();
    insert(&mut map, named);
    Value::Object(map)
}

fn insert(map: &mut Map<String, Value>, named: &Named) {
    let (key, text) = match named {
        Named::Id(text) => ("id", text),
        Named::Name(text) => ("name", text),
    };
    map.insert(key.to_owned(), json!(text));
}

/// The token of a successful sign-in.
///
/// # Errors
/// No `X-Subject-Token` header: whatever answered is no IAM.
pub(super) fn token_of(
    header: Option<&str>,
    body: &Value,
    now_unix_seconds: i64,
) -> Result<Token, ProviderError> {
    let Some(text) = header.filter(|text| !text.is_empty()) else {
        return Err(ProviderError::new(
            ErrorClass::Unreachable,
            NAME,
            "the answer to the sign-in holds no token",
        ));
    };
    let ends = body["token"]["expires_at"]
        .as_str()
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
        .map(jiff::Timestamp::as_second);
    Ok(Token {
        text: Secret::new(text),
        ends: Some(ends.unwrap_or(now_unix_seconds + UNTOLD_SECONDS)),
    })
}

/// An error of the sign-in as the call that needed it reports it. Nothing of the cloud's text is
/// kept, because it may quote the request and that holds the password; and the call itself was
/// never sent, so that its outcome is not open and its object not "not found".
pub(super) fn sign_in_failed(mut error: ProviderError) -> ProviderError {
    let (class, message) = match error.class {
        ErrorClass::Auth | ErrorClass::TokenExpired => {
            (ErrorClass::Auth, "the user name or the password is wrong")
        }
        ErrorClass::Denied => (
            ErrorClass::Auth,
            "the user is disabled, locked out, or may use the console only",
        ),
        ErrorClass::Invalid
        | ErrorClass::Conflict
        | ErrorClass::Quota
        | ErrorClass::ReferentMissing => (
            ErrorClass::Invalid,
            "the sign-in was refused; check the user's and the account's name or id",
        ),
        ErrorClass::NotFound | ErrorClass::Protocol => (
            ErrorClass::Unreachable,
            "no identity service answers the sign-in at this endpoint",
        ),
        ErrorClass::Unavailable => (
            ErrorClass::Unreachable,
            "the identity service failed while signing in",
        ),
        ErrorClass::NoAnswer => (ErrorClass::Unreachable, "no answer to the sign-in"),
        ErrorClass::Throttled { wait } => (
            ErrorClass::Throttled { wait },
            "too many sign-ins in a short time",
        ),
        // The network's own words; nothing was sent.
        ErrorClass::Unreachable => return error,
        // Nothing is signed here, so no clock counts.
        ErrorClass::ClockSkewed { .. } => (ErrorClass::Auth, "the sign-in was refused"),
    };
    error.class = class;
    message.clone_into(&mut error.message);
    error
}

#[cfg(test)]
#[path = "password_tests.rs"]
mod tests;
