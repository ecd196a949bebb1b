//! Who asks, and may they (`apis/huawei.md §2` and `§9` items 4 to 7).

use serde_json::{Value, json};

use super::asked::Asked;
use super::fault::Fault;
use super::route::{Place, Route};
use super::signature::{self, Refusal, Secret};
use super::state::State;
use super::tokens::{self, Token};
use super::{CLOUD, EXPIRED_KEYS};
use crate::sandbox::credentials::{self, Known, Lookup, TestCredentials};
use crate::sandbox::wire::Request;

/// Seconds a key stays locked: apis/huawei.md §2.2.
const LOCK_SECONDS: i64 = 5 * 60;

/// Who asks, as far as the request says; not yet checked.
pub(super) enum Claim<'a> {
    /// A signed request, with its `Authorization` header and whose key it names.
    Signed(&'a str, Known, TestCredentials),
    /// A token.
    Token(Token),
    /// A sign-in, or a call that anybody may make.
    Nobody,
}

/// Finds the account that a request claims to be from.
pub(super) fn claim<'a>(request: &'a Request, route: &Route) -> Result<(String, Claim<'a>), Fault> {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let takes_agency = body.pointer("/auth/identity/methods") == Some(&json!(["assume_role"]));
    if route.place == Place::Tokens && !takes_agency {
        let account = tokens::account_of_sign_in(&request.body)?;
        return Ok((account, Claim::Nobody));
    }
    let in_body = if route.place == Place::SecurityTokens {
        tokens::shown_token(&body)
    } else {
        None
    };
    // A token wins, as the documents name it first; clients send one or the other.
    if let Some(text) = request.header("x-auth-token").or(in_body) {
        let token = Token::read(text).ok_or_else(Fault::unauthenticated)?;
        return Ok((token.domain.clone(), Claim::Token(token)));
    }
    let Some(authorization) = request.header("authorization") else {
        return Err(Fault::unauthenticated());
    };
    let refused = |refusal: Refusal| Fault::signature(refusal.words());
    let key = signature::access_key(authorization).ok_or_else(|| refused(Refusal::Malformed))?;
    let token = request.header("x-security-token").map(str::trim);
    match credentials::look_up(CLOUD, key, token) {
        Lookup::Found(known, keys) => {
            let account = known.account.clone();
            Ok((account, Claim::Signed(authorization, known, keys)))
        }
        Lookup::WrongToken => Err(refused(Refusal::SecurityToken)),
        Lookup::Unknown => Err(refused(Refusal::UnknownKey)),
    }
}

/// Checks what a request claims.
pub(super) fn authenticate(
    asked: &Asked<'_>,
    state: &mut State,
    claim: &Claim<'_>,
) -> Result<(), Fault> {
    match claim {
        Claim::Nobody => Ok(()),
        Claim::Token(token) => {
            if token.is_good(&state.settings, asked.now_unix_seconds) {
                Ok(())
            } else {
                Err(Fault::unauthenticated())
            }
        }
        Claim::Signed(authorization, known, keys) => {
            check_signature(asked, state, authorization, keys)?;
            let session = known.session.as_ref();
            if session.is_some_and(|it| it.expires_unix_seconds <= asked.now_unix_seconds) {
                return Err(Fault::signature(EXPIRED_KEYS));
            }
            Ok(())
        }
    }
}

fn check_signature(
    asked: &Asked<'_>,
    state: &mut State,
    authorization: &str,
    keys: &TestCredentials,
) -> Result<(), Fault> {
    let key = signature::access_key(authorization).unwrap_or_default();
    let limit = state.settings.lock_after_failures;
    let locked = state
        .signature_failures
        .get(key)
        .is_some_and(|failures| failures.locked_until_unix_seconds > asked.now_unix_seconds);
    if limit > 0 && locked {
        return Err(Fault::signature(
            "AK access failed to reach the limit,forbidden",
        ));
    }
    let checked = signature::verify(asked.request, authorization, asked.now_unix_seconds, |_| {
        Some(Secret {
            key: keys.secret.clone(),
            token: keys.token.clone(),
        })
    });
    if let Err(refusal) = checked {
        if limit > 0 {
            let failures = state.signature_failures.entry(key.to_owned()).or_default();
            failures.count += 1;
            if failures.count >= limit {
                failures.count = 0;
                failures.locked_until_unix_seconds = asked.now_unix_seconds + LOCK_SECONDS;
            }
        }
        return Err(Fault::signature(refusal.words()));
    }
    state.signature_failures.remove(key);
    // The header may be unsigned, but it may not name another account (§9 item 6).
    match asked.request.header("x-domain-id").map(str::trim) {
        Some(domain) if domain != asked.account => Err(Fault::not_authorised()),
        Some(_) | None => Ok(()),
    }
}

/// Checks that the caller may make this call.
pub(super) fn authorise(
    asked: &Asked<'_>,
    state: &State,
    route: &Route,
    claim: &Claim<'_>,
) -> Result<(), Fault> {
    let Some(permission) = route.permission() else {
        return Ok(());
    };
    // Federation belongs to the account: a project's token may look, not touch (§9 item 7).
    let in_project = matches!(claim, Claim::Token(token) if token.project.is_some());
    let names_other_account = matches!(&route.place, Place::DomainQuota(id) if id != asked.account);
    let has_rights = match claim {
        Claim::Token(token) => token.has_rights(),
        Claim::Signed(_, known, _) => known.session.as_ref().is_none_or(|it| it.has_rights),
        Claim::Nobody => true,
    };
    if !has_rights
        || state.settings.denies(&permission)
        || (in_project && route.is_write())
        || names_other_account
    {
        return Err(Fault::denied(&permission));
    }
    Ok(())
}
