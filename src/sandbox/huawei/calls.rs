//! From a route to the call it names, and the reads that lag behind a write.

use serde_json::Value;

use super::asked::{Answer, Asked};
use super::callers::Claim;
use super::fault::{self, Fault};
use super::route::{self, Place, Route, Verb};
use super::state::{Stale, State};
use super::{
    federation, identity_providers, mappings, openid_connect, protocols, quotas, saml_metadata,
    security_tokens, tokens,
};
use crate::sandbox::wire::Response;

/// Makes the call on the account.
pub(super) fn perform(
    asked: &Asked<'_>,
    state: &mut State,
    route: &Route,
) -> Result<Response, Fault> {
    if !route.is_write() {
        if let Some((status, body)) = take_stale(state, &asked.request.path) {
            return Ok(fault::success(status, Some(&body)));
        }
        let (status, body) = call(asked, state, route)?;
        return Ok(fault::success(status, body.as_ref()));
    }
    let before = state.clone();
    let remembered = remember(asked, state, route);
    match call(asked, state, route) {
        Ok((status, body)) => {
            state.stale_answers.extend(remembered);
            Ok(fault::success(status, body.as_ref()))
        }
        Err(fault) => {
            // A refused write changes nothing, not even how long reads lag.
            *state = before;
            Err(fault)
        }
    }
}

/// Makes a call that gives out tokens or keys (`route.gives_out`).
pub(super) fn give_out(
    asked: &Asked<'_>,
    state: &State,
    route: &Route,
    claim: &Claim<'_>,
) -> Result<Response, Fault> {
    let given = match &route.place {
        Place::Tokens => tokens::sign_in(asked, &state.settings)?,
        Place::ProtocolTokens(idp, id) => federation::exchange(asked, state, idp, id)?,
        Place::IdTokens => {
            let idp = asked.request.header("x-idp-id").ok_or_else(Fault::body)?;
            federation::exchange(asked, state, idp, federation::PROTOCOL)?
        }
        Place::SecurityTokens => match claim {
            Claim::Token(bearer) => {
                let body = security_tokens::create(asked, bearer, None)?;
                return Ok(fault::success(201, Some(&body)));
            }
            // A signature alone shows no token to make keys from.
            Claim::Signed(..) | Claim::Nobody => return Err(Fault::body()),
        },
        Place::IdentityProviders
        | Place::IdentityProvider(_)
        | Place::Mappings
        | Place::Mapping(_)
        | Place::Protocols(_)
        | Place::Protocol(..)
        | Place::OpenIdConnectConfig(_)
        | Place::Metadata(..)
        | Place::ServiceProviderMetadata
        | Place::DomainQuota(_)
        | Place::AuthDomains => return Err(Fault::no_route()),
    };
    Ok(with_token(given))
}

/// Takes an agency of this account for somebody of the account `caller`.
pub(super) fn take_agency(
    asked: &Asked<'_>,
    state: &State,
    route: &Route,
    caller: &str,
    wanted: &security_tokens::Wanted,
) -> Result<Response, Fault> {
    let token = security_tokens::delegated(asked, state, caller, wanted)?;
    if route.place == Place::SecurityTokens {
        let body = security_tokens::create(asked, &token, Some(wanted))?;
        return Ok(fault::success(201, Some(&body)));
    }
    Ok(with_token(tokens::given_out(
        asked,
        &token,
        &state.settings,
    )))
}

/// 201, with the token in its header (`§2.1`).
fn with_token((body, token): (Value, String)) -> Response {
    let mut response = fault::success(201, Some(&body));
    response.headers.push(("x-subject-token".to_owned(), token));
    response
}

fn call(asked: &Asked<'_>, state: &mut State, route: &Route) -> Answer {
    match (&route.place, route.verb) {
        (Place::IdentityProviders, _) => Ok(identity_providers::list(asked, state)),
        (Place::IdentityProvider(id), Verb::Create) => identity_providers::create(asked, state, id),
        (Place::IdentityProvider(id), Verb::Update) => identity_providers::update(asked, state, id),
        (Place::IdentityProvider(id), Verb::Delete) => identity_providers::delete(state, id),
        (Place::IdentityProvider(id), _) => identity_providers::show(asked, state, id),
        (Place::Mappings, _) => Ok(mappings::list(asked, state)),
        (Place::Mapping(id), Verb::Create) => mappings::create(asked, state, id),
        (Place::Mapping(id), Verb::Update) => mappings::update(asked, state, id),
        (Place::Mapping(id), Verb::Delete) => mappings::delete(state, id),
        (Place::Mapping(id), _) => mappings::show(asked, state, id),
        (Place::Protocols(idp), _) => protocols::list(asked, state, idp),
        (Place::Protocol(idp, id), Verb::Create) => protocols::create(asked, state, idp, id),
        (Place::Protocol(idp, id), Verb::Update) => protocols::update(asked, state, idp, id),
        (Place::Protocol(idp, id), Verb::Delete) => protocols::delete(state, idp, id),
        (Place::Protocol(idp, id), _) => protocols::show(asked, state, idp, id),
        (Place::OpenIdConnectConfig(idp), Verb::Create) => {
            openid_connect::create(asked, state, idp)
        }
        (Place::OpenIdConnectConfig(idp), Verb::Update) => {
            openid_connect::update(asked, state, idp)
        }
        (Place::OpenIdConnectConfig(idp), _) => openid_connect::show(state, idp),
        (Place::Metadata(idp, id), Verb::Create) => saml_metadata::create(asked, state, idp, id),
        (Place::Metadata(idp, id), _) => saml_metadata::show(state, idp, id),
        (Place::DomainQuota(domain), _) => quotas::show(asked, state, domain),
        (Place::AuthDomains, _) => Ok(tokens::auth_domains(asked)),
        (
            Place::ServiceProviderMetadata
            | Place::Tokens
            | Place::ProtocolTokens(..)
            | Place::IdTokens
            | Place::SecurityTokens,
            _,
        ) => Err(Fault::no_route()),
    }
}

/// The answers of the path that is about to be written, and of its list, as reads will get them
/// for a while (`settings.read_lag_reads`).
fn remember(asked: &Asked<'_>, state: &mut State, route: &Route) -> Vec<(String, Stale)> {
    let reads_left = state.settings.read_lag_reads;
    if reads_left == 0 {
        return Vec::new();
    }
    let own = asked.request.path.trim_end_matches('/').to_owned();
    let show = |place| Route {
        place,
        verb: Verb::Show,
    };
    let mut reads = vec![(own.clone(), show(route.place.clone()))];
    let list = match &route.place {
        Place::IdentityProvider(_) => Some(Place::IdentityProviders),
        Place::Mapping(_) => Some(Place::Mappings),
        Place::Protocol(idp, _) => Some(Place::Protocols(idp.clone())),
        Place::IdentityProviders
        | Place::Mappings
        | Place::Protocols(_)
        | Place::OpenIdConnectConfig(_)
        | Place::Metadata(..)
        | Place::ServiceProviderMetadata
        | Place::DomainQuota(_)
        | Place::AuthDomains
        | Place::Tokens
        | Place::ProtocolTokens(..)
        | Place::IdTokens
        | Place::SecurityTokens => None,
    };
    if let (Some(list), Some((parent, _))) = (list, own.rsplit_once('/')) {
        reads.push((parent.to_owned(), show(list)));
    }
    let mut remembered = Vec::new();
    for (path, route) in reads {
        // Two writes in a row: readers still see what was there before the first.
        let (status, body) = match state.stale_answers.remove(&path) {
            Some(older) => (older.status, older.body),
            None => match call(asked, state, &route) {
                Ok((status, body)) => (status, body.unwrap_or_default()),
                Err(fault) => {
                    let dialect = route::dialect(&path);
                    (
                        fault.status,
                        fault.body_in(dialect, state.settings.error_nulls),
                    )
                }
            },
        };
        remembered.push((
            path,
            Stale {
                reads_left,
                status,
                body,
            },
        ));
    }
    remembered
}

/// The answer from before a write, while there are reads left that get it.
fn take_stale(state: &mut State, path: &str) -> Option<(u16, Value)> {
    let path = path.trim_end_matches('/');
    let older = state.stale_answers.get_mut(path)?;
    let answer = (older.status, older.body.clone());
    older.reads_left = older.reads_left.saturating_sub(1);
    if older.reads_left == 0 {
        state.stale_answers.remove(path);
    }
    Some(answer)
}
