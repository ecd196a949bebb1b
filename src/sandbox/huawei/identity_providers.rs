//! Identity providers (`apis/huawei.md §3.2`).

use serde_json::{Value, json};

use super::asked::{Answer, Asked, Success, check_id, count, has_length, known_members};
use super::fault::Fault;
use super::percent;
use super::settings::{Settings, Takes};
use super::state::{Object, State};

const PATH: &str = "/v3/OS-FEDERATION/identity_providers";
const WHAT: &str = "identity_provider";
const VIRTUAL_USER: &str = "virtual_user_sso";
const IAM_USER: &str = "iam_user_sso";

pub(super) fn list(asked: &Asked<'_>, state: &State) -> Success {
    let objects = state
        .identity_providers
        .iter()
        .map(|(id, stored)| (id, shown(asked, id, stored)))
        .collect();
    asked.list(
        "identity_providers",
        PATH,
        objects,
        state.settings.page_size,
    )
}

pub(super) fn show(asked: &Asked<'_>, state: &State, id: &str) -> Answer {
    let stored = state
        .identity_providers
        .get(id)
        .ok_or_else(|| Fault::not_found(WHAT, id))?;
    Ok((200, Some(json!({WHAT: shown(asked, id, stored)}))))
}

pub(super) fn create(asked: &Asked<'_>, state: &mut State, id: &str) -> Answer {
    check_id(id, "idp id")?;
    let mut given = asked.wrapped(WHAT)?;
    known_members(
        &mut given,
        &["sso_type", "description", "enabled"],
        state.settings.ignore_unknown_members,
    )?;
    check_members(&given, &state.settings)?;
    // Not idempotent: an identical body is a conflict too (§9 item 10).
    if state.identity_providers.contains_key(id) {
        return Err(Fault::duplicate(WHAT, id));
    }
    let sso_type = match given.remove("sso_type") {
        None => VIRTUAL_USER.to_owned(),
        Some(Value::String(sso_type)) if [VIRTUAL_USER, IAM_USER].contains(&sso_type.as_str()) => {
            sso_type
        }
        Some(_) => return Err(Fault::body()),
    };
    check_sso_type(state, &sso_type)?;
    if state.identity_providers.len() >= count(state.settings.quota_identity_providers) {
        return Err(Fault::over_quota("identity providers"));
    }
    let mut stored = Object::new();
    stored.insert("sso_type".to_owned(), sso_type.into());
    let description = given.remove("description").unwrap_or_else(|| "".into());
    stored.insert("description".to_owned(), description);
    let enabled = given.remove("enabled").unwrap_or(Value::Bool(false));
    stored.insert("enabled".to_owned(), enabled);
    stored.insert("remote_ids".to_owned(), json!([]));
    let answer = shown(asked, id, &stored);
    state.identity_providers.insert(id.to_owned(), stored);
    Ok((201, Some(json!({WHAT: answer}))))
}

pub(super) fn update(asked: &Asked<'_>, state: &mut State, id: &str) -> Answer {
    let mut given = asked.wrapped(WHAT)?;
    // `sso_type` never changes; that it is refused like an unknown member is a guess (§9 item 9).
    known_members(
        &mut given,
        &["description", "enabled"],
        state.settings.ignore_unknown_members,
    )?;
    if given.is_empty() {
        return Err(Fault::body());
    }
    check_members(&given, &state.settings)?;
    let stored = state
        .identity_providers
        .get_mut(id)
        .ok_or_else(|| Fault::not_found(WHAT, id))?;
    stored.append(&mut given);
    Ok((200, Some(json!({WHAT: shown(asked, id, stored)}))))
}

/// Deletes it with all that hangs on it (`§3.8`).
pub(super) fn delete(state: &mut State, id: &str) -> Answer {
    if state.identity_providers.remove(id).is_none() {
        return Err(Fault::not_found(WHAT, id));
    }
    let protocols = state.protocols.remove(id).unwrap_or_default();
    state.openid_connect_configs.remove(id);
    state.saml_metadata.remove(id);
    match state.settings.delete_provider_takes {
        Takes::BoundMapping => {
            for mapping in protocols.values().filter_map(|p| p.get("mapping_id")) {
                if let Some(mapping) = mapping.as_str() {
                    state.mappings.remove(mapping);
                }
            }
        }
        Takes::NamedMapping => {
            state.mappings.remove(&format!("mapping_{id}"));
        }
        Takes::Nothing => {}
    }
    Ok((204, None))
}

/// Whether people of this identity provider sign in as IAM users, which needs no mapping.
pub(super) fn is_iam_user_sso(stored: &Object) -> bool {
    sso_type_of(stored) == IAM_USER
}

/// Old objects lack `sso_type`, or have it null or empty: all mean the default (`§3.2`).
fn sso_type_of(stored: &Object) -> &str {
    stored
        .get("sso_type")
        .and_then(Value::as_str)
        .filter(|sso_type| !sso_type.is_empty())
        .unwrap_or(VIRTUAL_USER)
}

/// One `sso_type` in an account, and one identity provider with `iam_user_sso`; of the answer
/// only a status between 400 and 499 is sure (`§3.2`).
fn check_sso_type(state: &State, sso_type: &str) -> Result<(), Fault> {
    for (other, stored) in &state.identity_providers {
        if sso_type_of(stored) != sso_type {
            return Err(Fault::conflict(
                WHAT,
                &format!("sso_type differs from that of {other}"),
            ));
        }
        if sso_type == IAM_USER {
            return Err(Fault::conflict(
                WHAT,
                &format!("{other} already uses {IAM_USER}"),
            ));
        }
    }
    Ok(())
}

fn check_members(given: &Object, settings: &Settings) -> Result<(), Fault> {
    match given.get("enabled") {
        None | Some(Value::Bool(_)) => {}
        Some(_) => return Err(Fault::body()),
    }
    match given.get("description") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(text))
            if has_length(text, 0, count(settings.description_characters)) =>
        {
            Ok(())
        }
        Some(_) => Err(Fault::body()),
    }
}

fn shown(asked: &Asked<'_>, id: &str, stored: &Object) -> Value {
    let own = format!("{PATH}/{}", percent::encode(id.as_bytes()));
    let mut shown = stored.clone();
    shown.insert("id".to_owned(), id.into());
    shown.insert(
        "links".to_owned(),
        json!({
            "self": asked.link(&own),
            "protocols": asked.link(&format!("{own}/protocols")),
        }),
    );
    Value::Object(shown)
}
