//! Temporary access keys and agencies: `POST /v3.0/OS-CREDENTIAL/securitytokens` and the sign-in
//! method `assume_role` (`apis/huawei.md §2.1`, `§5.2`).

use serde_json::{Value, json};
use uuid::Uuid;

use super::CLOUD;
use super::asked::{Asked, at};
use super::fault::Fault;
use super::route::{Place, Route};
use super::state::State;
use super::tokens::{self, Token};
use crate::sandbox::federated::issued::Session;
use crate::sandbox::wire::Request;

/// Seconds a key lives when nothing is said, at least and at most: `§5.2`.
const LIFE_SECONDS: i64 = 900;
const LIFE_SECONDS_MAX: i64 = 86_400;
const TIME_FORM: &str = "%Y-%m-%dT%H:%M:%S.000000Z";

/// An agency to be taken: in whose account, and its name.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) domain: String,
    agency: String,
    session: Option<String>,
}

/// What a request wants of an agency; `None` when it is about something else.
///
/// # Errors
/// 400 when it names none, or no account.
pub(super) fn wanted(request: &Request, route: &Route) -> Result<Option<Wanted>, Fault> {
    if !matches!(route.place, Place::Tokens | Place::SecurityTokens) {
        return Ok(None);
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if body.pointer("/auth/identity/methods") != Some(&json!(["assume_role"])) {
        return Ok(None);
    }
    let asked = body
        .pointer("/auth/identity/assume_role")
        .ok_or_else(Fault::body)?;
    let text = |name: &str| asked.get(name).and_then(Value::as_str);
    let id = json!({"id": text("domain_id"), "name": text("domain_name")});
    let domain = tokens::domain_named(&id).ok_or_else(Fault::body)?;
    let agency = text("agency_name").ok_or_else(Fault::body)?.to_owned();
    let session = asked.pointer("/session_user/name").and_then(Value::as_str);
    Ok(Some(Wanted {
        domain,
        agency,
        session: session.map(str::to_owned),
    }))
}

/// The token for somebody of the account `caller` who takes an agency of this account.
///
/// # Errors
/// 404 for an agency that is not there, 403 for one that trusts another account.
pub(super) fn delegated(
    asked: &Asked<'_>,
    state: &State,
    caller: &str,
    wanted: &Wanted,
) -> Result<Token, Fault> {
    let agency = state
        .agencies
        .get(&wanted.agency)
        .ok_or_else(|| Fault::not_found("agency", &wanted.agency))?;
    if agency.trust_domain_id != caller {
        return Err(Fault::not_authorised());
    }
    let body = Value::Object(asked.body()?);
    Ok(Token {
        domain: asked.account.to_owned(),
        project: tokens::scope(asked, body.pointer("/auth/scope"))?,
        issued_unix_seconds: asked.now_unix_seconds,
        expires_unix_seconds: asked.now_unix_seconds + i64::from(state.settings.token_life_seconds),
        federated: None,
        is_unscoped: false,
        agency: Some(wanted.agency.clone()),
    })
}

/// Temporary keys for the bearer of a token.
pub(super) fn create(
    asked: &Asked<'_>,
    bearer: &Token,
    wanted: Option<&Wanted>,
) -> Result<Value, Fault> {
    let body = Value::Object(asked.body()?);
    let identity = body.pointer("/auth/identity").ok_or_else(Fault::body)?;
    let method = match wanted {
        Some(_) => "assume_role",
        None => "token",
    };
    let said = identity
        .get(method)
        .and_then(|method| method.get("duration_seconds"));
    let seconds = match said {
        None => LIFE_SECONDS,
        Some(said) => said
            .as_i64()
            .filter(|seconds| (LIFE_SECONDS..=LIFE_SECONDS_MAX).contains(seconds))
            .ok_or_else(Fault::body)?,
    };
    let expires = asked.now_unix_seconds.saturating_add(seconds);
    let user = bearer.federated.as_ref().map(|user| user.user.clone());
    let session = wanted.and_then(|wanted| wanted.session.clone());
    let role = match (&bearer.agency, &bearer.federated) {
        (Some(agency), _) => agency.clone(),
        (None, Some(user)) => user.identity_provider.clone(),
        (None, None) => String::new(),
    };
    let keys = Session {
        account: asked.account.to_owned(),
        role_id: bearer.user_id(),
        role,
        name: session.or(user).unwrap_or_default(),
        principal: asked.account.to_owned(),
        expires_unix_seconds: expires,
        has_rights: bearer.has_rights(),
        nonce: Uuid::new_v4().simple().to_string(),
    }
    .keys(CLOUD)
    .ok_or_else(|| Fault::internal("the keys could not be made"))?;
    Ok(json!({"credential": {
        "access": keys.key_id,
        "secret": keys.secret,
        "securitytoken": keys.token,
        "expires_at": at(expires, TIME_FORM),
    }}))
}
