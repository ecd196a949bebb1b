//! Protocols: what ties an identity provider to its mapping (`apis/huawei.md §3.4`).

use serde_json::{Value, json};

use super::asked::{Answer, Asked, Success, known_members};
use super::fault::Fault;
use super::identity_providers::is_iam_user_sso;
use super::percent;
use super::state::{Object, State};

const WHAT: &str = "federation_protocol";

pub(super) fn list(asked: &Asked<'_>, state: &State, idp: &str) -> Answer {
    let is_known = state.identity_providers.contains_key(idp);
    if !is_known && !state.settings.unknown_provider_lists_nothing {
        return Err(Fault::not_found("identity_provider", idp));
    }
    let objects = state
        .protocols
        .get(idp)
        .into_iter()
        .flatten()
        .map(|(id, stored)| (id, shown(asked, idp, id, stored)))
        .collect();
    Ok(asked.list(
        "protocols",
        &path(idp, None),
        objects,
        state.settings.page_size,
    ))
}

pub(super) fn show(asked: &Asked<'_>, state: &State, idp: &str, id: &str) -> Answer {
    let stored = state
        .protocols
        .get(idp)
        .and_then(|protocols| protocols.get(id))
        .ok_or_else(|| Fault::not_found(WHAT, id))?;
    Ok(answer(asked, 200, idp, id, stored))
}

pub(super) fn create(asked: &Asked<'_>, state: &mut State, idp: &str, id: &str) -> Answer {
    if !["saml", "oidc"].contains(&id) {
        return Err(Fault::parameter("protocol id"));
    }
    let given = given(asked, state)?;
    let provider = state
        .identity_providers
        .get(idp)
        .ok_or_else(|| Fault::not_found("identity_provider", idp))?;
    let others = state.protocols.get(idp);
    if others.is_some_and(|protocols| protocols.contains_key(id)) {
        return Err(Fault::duplicate(WHAT, id));
    }
    let with_iam_users = is_iam_user_sso(provider);
    if with_iam_users && id == "oidc" {
        return Err(Fault::parameter("protocol id"));
    }
    if others.is_some_and(|protocols| !protocols.is_empty())
        && !state.settings.allow_second_protocol
    {
        return Err(Fault::conflict(
            WHAT,
            "identity provider already has a protocol",
        ));
    }
    if !with_iam_users && !given.contains_key("mapping_id") {
        return Err(Fault::body());
    }
    check_mapping(state, &given)?;
    let answer = answer(asked, 201, idp, id, &given);
    state
        .protocols
        .entry(idp.to_owned())
        .or_default()
        .insert(id.to_owned(), given);
    Ok(answer)
}

pub(super) fn update(asked: &Asked<'_>, state: &mut State, idp: &str, id: &str) -> Answer {
    let mut given = given(asked, state)?;
    if !given.contains_key("mapping_id") {
        return Err(Fault::body());
    }
    let known = state.protocols.get(idp);
    if !known.is_some_and(|protocols| protocols.contains_key(id)) {
        return Err(Fault::not_found(WHAT, id));
    }
    check_mapping(state, &given)?;
    let stored = state
        .protocols
        .entry(idp.to_owned())
        .or_default()
        .entry(id.to_owned())
        .or_default();
    stored.append(&mut given);
    Ok(answer(asked, 200, idp, id, stored))
}

/// Deletes the protocol alone: config and metadata have no deletion but their provider's.
pub(super) fn delete(state: &mut State, idp: &str, id: &str) -> Answer {
    let Some(protocols) = state.protocols.get_mut(idp) else {
        return Err(Fault::not_found(WHAT, id));
    };
    if protocols.remove(id).is_none() {
        return Err(Fault::not_found(WHAT, id));
    }
    if protocols.is_empty() {
        state.protocols.remove(idp);
    }
    Ok((204, None))
}

fn given(asked: &Asked<'_>, state: &State) -> Result<Object, Fault> {
    let mut given = asked.wrapped("protocol")?;
    known_members(
        &mut given,
        &["mapping_id"],
        state.settings.ignore_unknown_members,
    )?;
    match given.get("mapping_id") {
        Some(Value::String(id)) if id.is_empty() => Err(Fault::body()),
        None | Some(Value::String(_)) => Ok(given),
        Some(_) => Err(Fault::body()),
    }
}

fn check_mapping(state: &State, given: &Object) -> Result<(), Fault> {
    match given.get("mapping_id").and_then(Value::as_str) {
        Some(id) if !state.mappings.contains_key(id) => {
            Err(if state.settings.unknown_mapping_status == 400 {
                Fault::bad_mapping(id)
            } else {
                Fault::not_found("mapping", id)
            })
        }
        Some(_) | None => Ok(()),
    }
}

fn answer(asked: &Asked<'_>, status: u16, idp: &str, id: &str, stored: &Object) -> Success {
    (
        status,
        Some(json!({"protocol": shown(asked, idp, id, stored)})),
    )
}

fn shown(asked: &Asked<'_>, idp: &str, id: &str, stored: &Object) -> Value {
    let provider = format!(
        "/v3/OS-FEDERATION/identity_providers/{}",
        percent::encode(idp.as_bytes())
    );
    let mut shown = stored.clone();
    shown.insert("id".to_owned(), id.into());
    shown.insert(
        "links".to_owned(),
        json!({
            "self": asked.link(&path(idp, Some(id))),
            "identity_provider": asked.link(&provider),
        }),
    );
    Value::Object(shown)
}

fn path(idp: &str, id: Option<&str>) -> String {
    let mut path = format!(
        "/v3/OS-FEDERATION/identity_providers/{}/protocols",
        percent::encode(idp.as_bytes())
    );
    if let Some(id) = id {
        path.push('/');
        path.push_str(&percent::encode(id.as_bytes()));
    }
    path
}
