//! OIDC configs: created by POST, modified by PUT, gone with their identity provider
//! (`apis/huawei.md §3.5`).

use serde_json::{Value, json};

use super::asked::{Answer, Asked, has_length, known_members};
use super::fault::Fault;
use super::settings::{Settings, UnderProgram};
use super::state::{Object, State};

const WRAPPER: &str = "openid_connect_config";

/// The fields that only `access_mode: program_console` has.
const CONSOLE_FIELDS: [&str; 4] = [
    "authorization_endpoint",
    "scope",
    "response_type",
    "response_mode",
];

/// Every field of a config.
const FIELDS: [&str; 8] = [
    "access_mode",
    "idp_url",
    "client_id",
    "signing_key",
    "authorization_endpoint",
    "scope",
    "response_type",
    "response_mode",
];

/// Scope words of the older documents.
const DOCUMENTED_SCOPES: [&str; 3] = ["openid", "email", "profile"];

pub(super) fn show(state: &State, idp: &str) -> Answer {
    if !state.identity_providers.contains_key(idp) {
        return Err(Fault::not_found("identity_provider", idp));
    }
    let stored = state
        .openid_connect_configs
        .get(idp)
        .ok_or_else(|| Fault::not_found(WRAPPER, idp))?;
    Ok((200, Some(shown(stored, &state.settings))))
}

pub(super) fn create(asked: &Asked<'_>, state: &mut State, idp: &str) -> Answer {
    let config = given(asked, &state.settings, None)?;
    if !state.identity_providers.contains_key(idp) {
        return Err(Fault::not_found("identity_provider", idp));
    }
    if state.openid_connect_configs.contains_key(idp) {
        return Err(Fault::duplicate(WRAPPER, idp));
    }
    let has_protocol = state
        .protocols
        .get(idp)
        .is_some_and(|protocols| protocols.contains_key("oidc"));
    if state.settings.config_needs_protocol && !has_protocol {
        return Err(Fault::not_found("federation_protocol", "oidc"));
    }
    let answer = shown(&config, &state.settings);
    state.openid_connect_configs.insert(idp.to_owned(), config);
    Ok((201, Some(answer)))
}

/// A partial update: what is sent is merged over what is there, then the whole is checked.
pub(super) fn update(asked: &Asked<'_>, state: &mut State, idp: &str) -> Answer {
    if !state.identity_providers.contains_key(idp) {
        return Err(Fault::not_found("identity_provider", idp));
    }
    let stored = state
        .openid_connect_configs
        .get(idp)
        .ok_or_else(|| Fault::not_found(WRAPPER, idp))?;
    let config = given(asked, &state.settings, Some(stored))?;
    let answer = shown(&config, &state.settings);
    state.openid_connect_configs.insert(idp.to_owned(), config);
    Ok((200, Some(answer)))
}

/// The config that a request leads to, checked.
fn given(asked: &Asked<'_>, settings: &Settings, stored: Option<&Object>) -> Result<Object, Fault> {
    let mut given = asked.wrapped(WRAPPER)?;
    known_members(&mut given, &FIELDS, settings.ignore_unknown_members)?;
    let mode = given
        .get("access_mode")
        .or_else(|| stored.and_then(|stored| stored.get("access_mode")));
    let with_console = match mode.and_then(Value::as_str) {
        Some("program") => false,
        Some("program_console") => true,
        Some(_) | None => return Err(Fault::body()),
    };
    let mut config = stored.cloned().unwrap_or_default();
    if !with_console {
        let sent = CONSOLE_FIELDS
            .iter()
            .any(|field| given.contains_key(*field));
        match settings.console_fields_under_program {
            UnderProgram::Refuse if sent => return Err(Fault::body()),
            UnderProgram::Refuse => {}
            UnderProgram::Ignore => given.retain(|field, _| !is_console_field(field)),
        }
        if !settings.console_fields_stay {
            config.retain(|field, _| !is_console_field(field));
        }
    }
    config.append(&mut given);
    check_always(&config, settings)?;
    if with_console {
        check_console(&config, settings)?;
    }
    Ok(config)
}

fn is_console_field(field: &str) -> bool {
    CONSOLE_FIELDS.contains(&field)
}

fn check_always(config: &Object, settings: &Settings) -> Result<(), Fault> {
    text(config, "idp_url", 10, 255)?;
    text(config, "client_id", 5, 255)?;
    let signing_key = text(config, "signing_key", 10, 30_000)?;
    if settings.signing_key_checked {
        let document: Value = serde_json::from_str(signing_key).map_err(|_| Fault::body())?;
        if !document.get("keys").is_some_and(Value::is_array) {
            return Err(Fault::body());
        }
    }
    Ok(())
}

fn check_console(config: &Object, settings: &Settings) -> Result<(), Fault> {
    text(config, "authorization_endpoint", 10, 255)?;
    let words: Vec<&str> = text(config, "scope", 1, 255)?.split(' ').collect();
    let is_word = |word: &&str| {
        let is_documented = DOCUMENTED_SCOPES.contains(word);
        let is_plain =
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        is_documented || (settings.custom_scopes && is_plain)
    };
    if words.len() > 10 || !words.contains(&"openid") || !words.iter().all(is_word) {
        return Err(Fault::body());
    }
    if text(config, "response_type", 1, 255)? != "id_token" {
        return Err(Fault::body());
    }
    match text(config, "response_mode", 1, 255)? {
        "fragment" | "form_post" => Ok(()),
        _ => Err(Fault::body()),
    }
}

/// A field that must be a text of `least` to `most` characters.
fn text<'a>(config: &'a Object, field: &str, least: usize, most: usize) -> Result<&'a str, Fault> {
    config
        .get(field)
        .and_then(Value::as_str)
        .filter(|text| has_length(text, least, most))
        .ok_or_else(Fault::body)
}

fn shown(stored: &Object, settings: &Settings) -> Value {
    let mut shown = stored.clone();
    if settings.signing_key_reserialised
        && let Some(Value::String(key)) = shown.get_mut("signing_key")
        && let Ok(document) = serde_json::from_str::<Value>(key)
        && let Ok(text) = serde_json::to_string_pretty(&document)
    {
        // Sorted members and line ends: equal as JSON, different as text.
        *key = text;
    }
    json!({WRAPPER: shown})
}
