//! An issuer's token for one of the cloud: `POST /v3.0/OS-AUTH/id-token/tokens` and the call of a
//! protocol's own path (`apis/huawei.md §3.7`).
//!
//! The token is checked with the keys that the OIDC config holds, then the conversion rules say who
//! its bearer is. Codes and sentences of what is refused are UNCONFIRMED: the sheet has none.

use serde_json::Value;

use super::asked::Asked;
use super::conversion;
use super::fault::Fault;
use super::state::State;
use super::tokens::{self, Federated, Token};
use crate::sandbox::accounts::Accounts;
use crate::sandbox::federated::jwt;
use crate::sandbox::wire::Request;

/// The only protocol that takes tokens of OpenID issuers.
pub(super) const PROTOCOL: &str = "oidc";

/// The account that an exchange is about: nothing in the request needs to name it, only the
/// identity provider, whose name is unique in its account alone (`§3.2`). The scope decides, else
/// the account whose provider of that name has the token's issuer and client id.
pub(super) fn account(accounts: &Accounts<State>, request: &Request, idp: &str) -> Option<String> {
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let body = body.unwrap_or_default();
    let scope = body.pointer("/auth/scope");
    let domain = scope.and_then(|scope| {
        let of_project = scope.pointer("/project/domain");
        scope.get("domain").or(of_project)
    });
    if let Some(account) = domain.and_then(tokens::domain_named) {
        return Some(account);
    }
    let token = id_token(request, &body).unwrap_or_default();
    let token = jwt::Token::read(&token).ok();
    let holds = |state: &State| {
        let config = state.openid_connect_configs.get(idp);
        let is_of = |token: &jwt::Token<'_>| {
            config.is_some_and(|config| {
                let text = |name: &str| config.get(name).and_then(Value::as_str);
                text("idp_url") == Some(token.text("iss"))
                    && token
                        .texts("aud")
                        .into_iter()
                        .any(|it| text("client_id") == Some(it))
            })
        };
        let is_there = state.identity_providers.contains_key(idp);
        (is_there, is_there && token.as_ref().is_some_and(is_of))
    };
    let mut fallback = None;
    for id in accounts.ids() {
        let Ok((is_there, fits)) = accounts.with(&id, |state| holds(state)) else {
            continue;
        };
        if fits {
            return Some(id);
        }
        if is_there && fallback.is_none() {
            fallback = Some(id);
        }
    }
    fallback
}

/// The token to exchange: in the body, or as a bearer's.
fn id_token(request: &Request, body: &Value) -> Option<String> {
    let inside = body.pointer("/auth/id_token/id").and_then(Value::as_str);
    let bearer = request
        .header("authorization")
        .and_then(|header| header.strip_prefix("Bearer "));
    inside.or(bearer).map(str::to_owned)
}

/// Exchanges; answers the body and, beside it, the token for `X-Subject-Token`.
pub(super) fn exchange(
    asked: &Asked<'_>,
    state: &State,
    idp: &str,
    protocol: &str,
) -> Result<(Value, String), Fault> {
    let body = if asked.request.body.is_empty() {
        Value::Null
    } else {
        Value::Object(asked.body()?)
    };
    let id_token = id_token(asked.request, &body).ok_or_else(Fault::body)?;
    let user = bearer(asked, state, idp, protocol, &id_token)?;
    let scope = body.pointer("/auth/scope");
    let token = Token {
        domain: asked.account.to_owned(),
        project: tokens::scope(asked, scope)?,
        issued_unix_seconds: asked.now_unix_seconds,
        expires_unix_seconds: asked.now_unix_seconds + i64::from(state.settings.token_life_seconds),
        federated: Some(user),
        is_unscoped: scope.is_none(),
        agency: None,
    };
    Ok(tokens::given_out(asked, &token, &state.settings))
}

/// Who the bearer of an issuer's token is in this account.
fn bearer(
    asked: &Asked<'_>,
    state: &State,
    idp: &str,
    protocol: &str,
    id_token: &str,
) -> Result<Federated, Fault> {
    let provider = state
        .identity_providers
        .get(idp)
        .ok_or_else(|| Fault::not_found("identity_provider", idp))?;
    if provider.get("enabled") != Some(&Value::Bool(true)) {
        return Err(Fault::refused_bearer("the identity provider is disabled"));
    }
    let mapping = state
        .protocols
        .get(idp)
        .and_then(|protocols| protocols.get(protocol))
        .filter(|_| protocol == PROTOCOL)
        .ok_or_else(|| Fault::not_found("federation_protocol", protocol))?
        .get("mapping_id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let rules = state
        .mappings
        .get(mapping)
        .and_then(|mapping| mapping.get("rules"))
        .ok_or_else(|| Fault::not_found("mapping", mapping))?;
    let config = state
        .openid_connect_configs
        .get(idp)
        .ok_or_else(|| Fault::not_found("openid_connect_config", idp))?;
    let text = |name: &str| config.get(name).and_then(Value::as_str).unwrap_or_default();
    let key_set: Value = serde_json::from_str(text("signing_key")).unwrap_or_default();
    let token = jwt::Token::read(id_token)
        .and_then(|token| {
            token.check_signature(&key_set)?;
            token.check_time(asked.now_unix_seconds)?;
            Ok(token)
        })
        .map_err(|flaw| Fault::refused_bearer(&flaw.to_string()))?;
    if token.text("iss") != text("idp_url") {
        return Err(Fault::refused_bearer("its issuer is not the provider's"));
    }
    if !token.texts("aud").contains(&text("client_id")) {
        return Err(Fault::refused_bearer(
            "its audience is not the provider's client id",
        ));
    }
    let person = conversion::convert(rules, token.claims())
        .ok_or_else(|| Fault::refused_bearer("no conversion rule gives its bearer a name"))?;
    Ok(Federated {
        user: person.name,
        groups: person.groups.into_iter().collect(),
        identity_provider: idp.to_owned(),
        protocol: protocol.to_owned(),
    })
}
