//! Roles taken: `AssumeRole` and `AssumeRoleWithWebIdentity` (apis/tencent.md §5, §10.19).
//!
//! Both work on the account that the role belongs to, whoever asks.

use std::collections::BTreeMap;

use base64::Engine as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Refusal, Result, refusal};
use super::parameters::Given;
use super::state::{Account, Role};
use super::{Call, check, denial, fields};
use crate::sandbox::credentials::Known;
use crate::sandbox::federated::issued::Session;
use crate::sandbox::federated::jwt::Token;
use crate::sandbox::federated::trust::{self, Attempt};

/// Seconds a session lasts when nothing is said, and at most: apis/tencent.md §5.
const SESSION_SECONDS: i64 = 7200;
const SESSION_SECONDS_MAX: i64 = 43_200;
/// Characters of a session's name. UNCONFIRMED, the sheet says nothing.
const SESSION_NAME_CHARACTERS_MAX: usize = 128;
/// What a `ProviderId` that is not there is answered with. UNCONFIRMED: apis/tencent.md §5.
const NO_PROVIDER: &str = "InvalidParameter.ParamError";

/// The account of the role that is asked for; `None` when `RoleArn` is not of the known form.
pub(super) fn account_of(role_arn: &str) -> Option<&str> {
    let (account, _) = role_arn.strip_prefix("qcs::cam::uin/")?.split_once(':')?;
    let is_number = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(account)
}

/// `AssumeRole`: signed, by permanent keys or by those of another role.
pub(super) fn assume_role(call: &mut Call<'_>) -> Result {
    let asker = &call.key;
    let of = format!("qcs::cam::uin/{}", asker.account);
    let mut principals = vec![format!("{of}:root")];
    match &asker.session {
        Some(session) => {
            principals.push(format!("{of}:roleName/{}", session.role));
            principals.push(format!("{of}:role/{}", session.role_id));
        }
        None => principals.push(format!("{of}:uin/{}", asker.account)),
    }
    let external_id = call.given.given_text("ExternalId").map(str::to_owned);
    let context = external_id
        .map(|id| ("sts:external_id", vec![id]))
        .into_iter()
        .collect();
    take(call, "sts:AssumeRole", "qcs", &principals, &context)
}

/// `AssumeRoleWithWebIdentity`: unsigned, with a token of a provider in the role's account, which
/// is checked with the keys that the provider holds, not with those the issuer publishes.
pub(super) fn assume_role_with_web_identity(call: &mut Call<'_>) -> Result {
    let name = call.given.text("ProviderId");
    let provider = call.state.oidc_providers.get(name).ok_or_else(|| {
        refusal(
            NO_PROVIDER,
            format!("The identity provider `{name}` does not exist."),
        )
    })?;
    let token = call.given.text("WebIdentityToken").to_owned();
    let token = Token::read(&token).map_err(|flaw| bad_token(&flaw.to_string()))?;
    if token.text("iss") != provider.identity_url {
        return Err(bad_token("its issuer is not the provider's"));
    }
    let key_set: Value = check::BASE64
        .decode(&provider.identity_key)
        .ok()
        .and_then(|document| serde_json::from_slice(&document).ok())
        .unwrap_or_default();
    token
        .check_signature(&key_set)
        .and_then(|()| token.check_time(call.now_unix_seconds))
        .map_err(|flaw| bad_token(&flaw.to_string()))?;
    let audiences = token.texts("aud");
    if !audiences
        .iter()
        .any(|audience| provider.client_id.iter().any(|id| id == audience))
    {
        return Err(bad_token(
            "its audience is none of the provider's client ids",
        ));
    }
    let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let context = BTreeMap::from([
        ("oidc:iss", texts(vec![token.text("iss")])),
        ("oidc:aud", texts(audiences)),
        ("oidc:sub", texts(vec![token.text("sub")])),
    ]);
    let account = &call.key.account;
    let principal = format!("qcs::cam::uin/{account}:oidc-provider/{name}");
    take(
        call,
        "sts:AssumeRoleWithWebIdentity",
        "federated",
        &[principal],
        &context,
    )
}

/// Gives out keys for the role, if its trust policy lets the asker in.
fn take(
    call: &Call<'_>,
    action: &str,
    kind: &str,
    principals: &[String],
    context: &BTreeMap<&str, Vec<String>>,
) -> Result {
    let arn = call.given.text("RoleArn");
    let session = session_name(&call.given)?;
    let (name, role) = role(call.state, arn)?;
    let seconds = seconds(&call.given, role)?;
    let attempt = Attempt {
        action,
        kind,
        principals,
        context,
    };
    if !trust::allows(&trust::TENCENT, &role.trust_policy(), &attempt) {
        let action = action.strip_prefix("sts:").unwrap_or(action);
        let denied = denial(action).replace("resource (*)", &format!("resource ({arn})"));
        return Err(refusal("UnauthorizedOperation", denied));
    }
    let expires = call.now_unix_seconds.saturating_add(seconds);
    let keys = Session {
        account: account_of(arn).unwrap_or_default().to_owned(),
        role_id: role.id.to_string(),
        role: name.to_owned(),
        name: session,
        principal: principal(&call.key),
        expires_unix_seconds: expires,
        has_rights: true,
        nonce: Uuid::new_v4().simple().to_string(),
    }
    .keys("tencent")
    .ok_or_else(|| refusal("InternalError.SystemError", "The keys could not be made."))?;
    let expiration = Timestamp::from_second(expires)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default();
    Ok(fields(json!({
        "Credentials": {
            "Token": keys.token,
            "TmpSecretId": keys.key_id,
            "TmpSecretKey": keys.secret,
        },
        "ExpiredTime": expires,
        "Expiration": expiration,
    })))
}

/// The uin that asked: apis/tencent.md §5, `PrincipalId`.
fn principal(key: &Known) -> String {
    match &key.session {
        Some(session) => session.principal.clone(),
        None => key.account.clone(),
    }
}

/// By name or by id: apis/tencent.md §5, role ARN forms.
fn role<'a>(state: &'a Account, arn: &str) -> Result<(&'a str, &'a Role)> {
    let named = arn.split_once(":roleName/").map(|(_, name)| name);
    let numbered = arn.split_once(":role/").map(|(_, id)| id);
    let mut roles = state.roles.iter();
    roles
        .find(|(name, role)| named == Some(name.as_str()) || numbered == Some(&role.id.to_string()))
        .map(|(name, role)| (name.as_str(), role))
        // The vendor's own words and family: a missing role is no `ResourceNotFound` here.
        .ok_or_else(|| refusal("InternalError.GetRoleError", "role not exist"))
}

fn seconds(given: &Given, role: &Role) -> Result<i64> {
    let most = match role.session_duration {
        Some(seconds) if seconds > 0 => seconds,
        Some(_) | None => SESSION_SECONDS_MAX,
    };
    match given.whole("DurationSeconds") {
        None => Ok(SESSION_SECONDS.min(most)),
        Some(seconds) if (1..=most).contains(&seconds) => Ok(seconds),
        Some(_) => Err(refusal(
            "InvalidParameter.OverLimit",
            format!("DurationSeconds is 1 to {most}."),
        )),
    }
}

fn session_name(given: &Given) -> Result<String> {
    let name = given.text("RoleSessionName");
    let fits = (1..=SESSION_NAME_CHARACTERS_MAX).contains(&name.chars().count());
    if fits {
        Ok(name.to_owned())
    } else {
        Err(refusal(
            "InvalidParameter.ParamError",
            "RoleSessionName is 1 to 128 characters long.",
        ))
    }
}

fn bad_token(why: &str) -> Refusal {
    refusal(
        "InvalidParameter.WebIdentityTokenError",
        format!("The web identity token is refused: {why}."),
    )
}
