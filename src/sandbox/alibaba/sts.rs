//! Roles taken: `AssumeRole` and `AssumeRoleWithOIDC` (apis/alibaba.md §6, §11.19).
//!
//! Both work on the account that the role belongs to, whoever asks.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;

use super::answer::{Fields, Refusal, Result, refusal};
use super::asked::Asked;
use super::oidc_provider::date;
use super::state::{FingerprintMatch, Identity, OidcProvider, Role};
use super::{Call, fields};
use crate::sandbox::federated::issued::Session;
use crate::sandbox::federated::jwt::{Flaw, Token};
use crate::sandbox::federated::outside::{Found, Unreachable};
use crate::sandbox::federated::trust::{self, Attempt};

/// Seconds a session lasts at least, and when nothing is said: apis/alibaba.md §6.
const SESSION_SECONDS_MIN: i64 = 900;
const SESSION_SECONDS: i64 = 3600;
const HOUR_SECONDS: i64 = 3600;

/// The account of a role's ARN; `None` when it is not of the known form.
pub(super) fn account_of(role_arn: &str) -> Option<&str> {
    role_of(role_arn).map(|(account, _)| account)
}

/// `acs:ram::<uid>:role/<name>`.
fn role_of(arn: &str) -> Option<(&str, &str)> {
    parts(arn, ":role/")
}

fn parts<'a>(arn: &'a str, kind: &str) -> Option<(&'a str, &'a str)> {
    let (account, name) = arn.strip_prefix("acs:ram::")?.split_once(kind)?;
    let is_number = !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((account, name))
}

/// `AssumeRole`: signed, by a RAM user or by the keys of another role.
pub(super) fn assume_role(call: &mut Call<'_>) -> Result {
    let of = format!("acs:ram::{}", call.key.account);
    let caller = match (&call.key.session, call.key.temporary) {
        (Some(session), _) => format!("{of}:role/{}", session.role),
        (None, true) => format!("{of}:role/sandbox"),
        (None, false) => format!("{of}:user/sandbox"),
    };
    if call.caller_is == Identity::Account && !call.key.temporary {
        // The root key takes no roles: apis/alibaba.md §6.
        return Err(denied());
    }
    let external_id = call.asked.given("ExternalId").map(str::to_owned);
    let context = external_id
        .map(|id| ("sts:ExternalId", vec![id]))
        .into_iter()
        .collect();
    let principals = [format!("{of}:root"), caller];
    let attempt = Attempt {
        action: "sts:AssumeRole",
        kind: "RAM",
        principals: &principals,
        context: &context,
    };
    take(call, &attempt, denied)
}

/// `AssumeRoleWithOIDC`: anonymous. The issuer's keys are fetched over TLS, from a host whose
/// chain has a registered fingerprint. The order of the checks is that of apis/alibaba.md §6,
/// UNCONFIRMED.
pub(super) fn assume_role_with_oidc(call: &mut Call<'_>) -> Result {
    let text = call.asked.text("OIDCToken").to_owned();
    if text.is_empty() {
        return Err(refused("OIDCToken.Invalid", "The OIDC token is empty."));
    }
    let arn = mandatory(&call.asked, "OIDCProviderArn")?.to_owned();
    let provider = parts(&arn, ":oidc-provider/")
        .filter(|(account, _)| *account == call.key.account)
        .and_then(|(_, name)| call.state.oidc_providers.get(name))
        .cloned()
        .ok_or_else(no_permission)?;
    let token = Token::read(&text).map_err(flawed)?;
    if token.text("iss") != provider.issuer_url {
        return Err(refused(
            "OIDCToken.IssuerNotMatch",
            "The token's issuer is not the provider's.",
        ));
    }
    let found = call
        .outside
        .find(&provider.issuer_url, call.now_unix_seconds)
        .map_err(|why| unreachable(&why))?;
    check_fingerprint(&provider, &found, call.state.settings.fingerprint_match)?;
    token.check_signature(&found.key_set).map_err(flawed)?;
    token.check_time(call.now_unix_seconds).map_err(flawed)?;
    let age = call.now_unix_seconds.saturating_sub(token.time("iat"));
    if age > provider.issuance_limit_time.saturating_mul(HOUR_SECONDS) {
        // The code is UNCONFIRMED: apis/alibaba.md §6.
        return Err(refused(
            "OIDCToken.Expired",
            "The token was issued longer ago than the provider allows.",
        ));
    }
    let audiences = token.texts("aud");
    let is_known = |audience: &&str| provider.client_ids.iter().any(|id| id == audience);
    if !audiences.iter().any(is_known) {
        return Err(refused(
            "OIDCToken.AudienceNotMatch",
            "The token's audience is none of the provider's client ids.",
        ));
    }
    let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let info = json!({
        "Subject": token.text("sub"),
        "Issuer": token.text("iss"),
        "ClientIds": audiences.join(","),
        "ExpirationTime": date(token.time("exp")),
        "IssuanceTime": date(token.time("iat")),
        "VerificationInfo": "Success",
    });
    let context = BTreeMap::from([
        ("oidc:iss", texts(vec![token.text("iss")])),
        ("oidc:aud", texts(audiences)),
        ("oidc:sub", texts(vec![token.text("sub")])),
    ]);
    let attempt = Attempt {
        action: "sts:AssumeRole",
        kind: "Federated",
        principals: &[arn],
        context: &context,
    };
    let mut answer = take(call, &attempt, no_permission)?;
    answer.insert("OIDCTokenInfo".to_owned(), info);
    Ok(answer)
}

/// Which certificate counts is UNCONFIRMED: apis/alibaba.md §4.2.
fn check_fingerprint(
    provider: &OidcProvider,
    found: &Found,
    which: FingerprintMatch,
) -> Result<()> {
    let shown: Vec<&String> = match which {
        FingerprintMatch::Any => found.presented.iter().chain(&found.root).collect(),
        FingerprintMatch::Topmost => found.presented.last().into_iter().collect(),
    };
    let is_registered = provider
        .fingerprints
        .iter()
        .any(|registered| shown.iter().any(|it| registered.eq_ignore_ascii_case(it)));
    if is_registered {
        return Ok(());
    }
    Err(refused(
        "OIDCToken.PublicKeyFingerprintMismatch",
        "No certificate of the issuer's chain has a registered fingerprint.",
    ))
}

/// Gives out keys for the role, if its trust policy lets the asker in.
fn take(call: &Call<'_>, attempt: &Attempt<'_>, refuse: fn() -> Refusal) -> Result<Fields> {
    let session = session_name(&call.asked)?;
    let (account, name) = role_of(call.asked.text("RoleArn")).ok_or_else(absent)?;
    let role = call.state.find_role(name).ok_or_else(absent)?;
    let seconds = seconds(&call.asked, role)?;
    if !trust::allows(&trust::ALIBABA, &role.trust_policy(), attempt) {
        return Err(refuse());
    }
    let expires = call.now_unix_seconds.saturating_add(seconds);
    let keys = Session {
        account: account.to_owned(),
        role_id: role.role_id.clone(),
        role: name.to_owned(),
        name: session.clone(),
        principal: attempt.principals.last().cloned().unwrap_or_default(),
        expires_unix_seconds: expires,
        has_rights: true,
        nonce: Uuid::new_v4().simple().to_string(),
    }
    .keys("alibaba")
    .ok_or_else(|| refusal(500, "InternalError", "The keys could not be made."))?;
    Ok(fields(json!({
        "Credentials": {
            "AccessKeyId": keys.key_id,
            "AccessKeySecret": keys.secret,
            "SecurityToken": keys.token,
            "Expiration": date(expires),
        },
        "AssumedRoleUser": {
            "Arn": format!("acs:ram::{account}:assumed-role/{name}/{session}"),
            "AssumedRoleId": format!("{}:{session}", role.role_id),
        },
    })))
}

/// 900 seconds to what the role allows: apis/alibaba.md §6.
fn seconds(asked: &Asked, role: &Role) -> Result<i64> {
    let most = role.max_session_duration;
    match asked.whole("DurationSeconds")? {
        None => Ok(SESSION_SECONDS.min(most)),
        Some(seconds) if (SESSION_SECONDS_MIN..=most).contains(&seconds) => Ok(seconds),
        Some(_) => Err(refusal(
            400,
            "InvalidParameter.DurationSeconds",
            format!("DurationSeconds is {SESSION_SECONDS_MIN} to {most}."),
        )),
    }
}

/// 2 to 64 letters, digits and `.@-_`: apis/alibaba.md §6.
fn session_name(asked: &Asked) -> Result<String> {
    let Some(name) = asked
        .given("RoleSessionName")
        .filter(|name| !name.is_empty())
    else {
        return Err(refusal(
            400,
            "MissingRoleSessionName",
            "RoleSessionName is mandatory for this action.",
        ));
    };
    let fits = (2..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte));
    if fits {
        Ok(name.to_owned())
    } else {
        Err(refusal(
            400,
            "InvalidParameter.RoleSessionName",
            "The parameter RoleSessionName is wrongly formed.",
        ))
    }
}

/// Codes of the service's own checks, UNCONFIRMED: apis/alibaba.md §6.
pub(super) fn mandatory<'a>(asked: &'a Asked, name: &str) -> Result<&'a str> {
    asked
        .given(name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| {
            refusal(
                400,
                format!("MissingParameter.{name}"),
                format!("{name} is mandatory for this action."),
            )
        })
}

fn flawed(flaw: Flaw) -> Refusal {
    let code = match flaw {
        Flaw::Malformed | Flaw::Early => "OIDCToken.Invalid",
        Flaw::UnknownKey | Flaw::Signature => "OIDCToken.InvalidSignature",
        Flaw::Expired => "OIDCToken.Expired",
    };
    refused(code, &format!("The OIDC token is refused: {flaw}."))
}

fn unreachable(why: &Unreachable) -> Refusal {
    let code = match why {
        Unreachable::Tls(_) => "OIDCToken.HttpsUrlInvalid",
        Unreachable::Connection(_) | Unreachable::Document(_) => {
            "OIDCToken.IssuerConfigurationBroken"
        }
    };
    refused(code, &format!("The issuer's keys cannot be had: {why}."))
}

/// 401 `AuthenticationFail.…`.
fn refused(code: &str, message: &str) -> Refusal {
    refusal(401, format!("AuthenticationFail.{code}"), message)
}

fn no_permission() -> Refusal {
    refused(
        "NoPermission",
        "This operation is forbidden by the role's trust policy, or the provider is not registered.",
    )
}

fn denied() -> Refusal {
    refusal(
        403,
        "NoPermission",
        "You are not authorized to do this action. You should be authorized by RAM.",
    )
}

fn absent() -> Refusal {
    refusal(404, "EntityNotExist.Role", "The role not exists.")
}
