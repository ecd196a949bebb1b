//! Mappings and their conversion rules (`apis/huawei.md §3.3`).
//!
//! Rules are checked and then kept as they came: what is dropped here could not be tested for.

use serde_json::{Value, json};

use super::asked::{Answer, Asked, Success, check_id, count, known_members};
use super::fault::Fault;
use super::percent;
use super::settings::{InUse, Settings};
use super::state::{Object, State, rules_of};

const PATH: &str = "/v3/OS-FEDERATION/mappings";
const WHAT: &str = "mapping";

pub(super) fn list(asked: &Asked<'_>, state: &State) -> Success {
    let objects = state
        .mappings
        .iter()
        .map(|(id, stored)| (id, shown(asked, id, stored)))
        .collect();
    asked.list("mappings", PATH, objects, state.settings.page_size)
}

pub(super) fn show(asked: &Asked<'_>, state: &State, id: &str) -> Answer {
    let stored = state
        .mappings
        .get(id)
        .ok_or_else(|| Fault::not_found(WHAT, id))?;
    Ok((200, Some(json!({WHAT: shown(asked, id, stored)}))))
}

pub(super) fn create(asked: &Asked<'_>, state: &mut State, id: &str) -> Answer {
    check_id(id, "mapping id")?;
    let given = given(asked, &state.settings)?;
    if state.mappings.contains_key(id) {
        return Err(Fault::duplicate(WHAT, id));
    }
    put(asked, state, id, given, 201)
}

/// Replaces the rules as a whole, never merges (`§9` item 16).
pub(super) fn update(asked: &Asked<'_>, state: &mut State, id: &str) -> Answer {
    let given = given(asked, &state.settings)?;
    if !state.mappings.contains_key(id) {
        return Err(Fault::not_found(WHAT, id));
    }
    put(asked, state, id, given, 200)
}

pub(super) fn delete(state: &mut State, id: &str) -> Answer {
    if !state.mappings.contains_key(id) {
        return Err(Fault::not_found(WHAT, id));
    }
    let is_used = state
        .protocols
        .values()
        .flat_map(|protocols| protocols.values())
        .any(|protocol| protocol.get("mapping_id").and_then(Value::as_str) == Some(id));
    match state.settings.delete_mapping_in_use {
        InUse::Refuse if is_used => Err(Fault::conflict(
            WHAT,
            &format!("{id} is in use by a protocol"),
        )),
        InUse::Refuse | InUse::Delete => {
            state.mappings.remove(id);
            Ok((204, None))
        }
    }
}

fn put(asked: &Asked<'_>, state: &mut State, id: &str, mut given: Object, status: u16) -> Answer {
    let own = state.mappings.get(id).map_or(0, rules_of);
    let total = state.rules() - own + rules_of(&given);
    if total > count(state.settings.quota_conversion_rules) {
        return Err(Fault::over_quota("conversion rules"));
    }
    let stored = state.mappings.entry(id.to_owned()).or_default();
    stored.append(&mut given);
    Ok((status, Some(json!({WHAT: shown(asked, id, stored)}))))
}

fn given(asked: &Asked<'_>, settings: &Settings) -> Result<Object, Fault> {
    let mut given = asked.wrapped(WHAT)?;
    known_members(&mut given, &["rules"], settings.ignore_unknown_members)?;
    let rules = filled_array(given.get("rules"))?;
    for rule in rules {
        check_rule(rule, settings)?;
    }
    Ok(given)
}

fn check_rule(rule: &Value, settings: &Settings) -> Result<(), Fault> {
    let rule = members(rule, &["local", "remote"], settings)?;
    for entry in filled_array(rule.get("local"))? {
        check_local(entry, settings)?;
    }
    let conditions = filled_array(rule.get("remote"))?;
    if conditions.len() > count(settings.conditions_per_rule) {
        return Err(Fault::body());
    }
    for condition in conditions {
        check_remote(condition, settings)?;
    }
    Ok(())
}

fn check_local(entry: &Value, settings: &Settings) -> Result<(), Fault> {
    let entry = members(entry, &["user", "group", "groups"], settings)?;
    if entry.is_empty() {
        return Err(Fault::body());
    }
    if let Some(user) = entry.get("user") {
        text(members(user, &["name"], settings)?.get("name"))?;
    }
    if let Some(group) = entry.get("group") {
        check_group(group, settings)?;
    }
    match entry.get("groups") {
        // Three forms are in circulation; the two texts cannot be told apart before a login.
        None | Some(Value::String(_)) => Ok(()),
        Some(groups) => check_group(groups, settings),
    }
}

fn check_group(group: &Value, settings: &Settings) -> Result<(), Fault> {
    let group = members(group, &["name", "domain"], settings)?;
    text(group.get("name"))?;
    if let Some(domain) = group.get("domain") {
        let domain = members(domain, &["id", "name"], settings)?;
        if domain.is_empty() || !domain.values().all(Value::is_string) {
            return Err(Fault::body());
        }
    }
    Ok(())
}

fn check_remote(condition: &Value, settings: &Settings) -> Result<(), Fault> {
    let condition = members(
        condition,
        &["type", "any_one_of", "not_any_of", "regex"],
        settings,
    )?;
    text(condition.get("type"))?;
    if condition.contains_key("any_one_of") && condition.contains_key("not_any_of") {
        return Err(Fault::body());
    }
    for list in ["any_one_of", "not_any_of"] {
        match condition.get(list) {
            None => {}
            Some(Value::Array(values)) if values.iter().all(Value::is_string) => {}
            Some(_) => return Err(Fault::body()),
        }
    }
    match condition.get("regex") {
        None | Some(Value::Bool(_)) => Ok(()),
        Some(_) => Err(Fault::body()),
    }
}

/// The members of an object inside a rule. Unknown ones are kept where they are tolerated: rules
/// go back as they came.
fn members<'a>(value: &'a Value, known: &[&str], settings: &Settings) -> Result<&'a Object, Fault> {
    let object = value.as_object().ok_or_else(Fault::body)?;
    let is_known = |name: &String| known.contains(&name.as_str());
    if settings.ignore_unknown_members || object.keys().all(is_known) {
        Ok(object)
    } else {
        Err(Fault::body())
    }
}

fn filled_array(value: Option<&Value>) -> Result<&Vec<Value>, Fault> {
    value
        .and_then(Value::as_array)
        .filter(|array| !array.is_empty())
        .ok_or_else(Fault::body)
}

fn text(value: Option<&Value>) -> Result<&str, Fault> {
    value
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or_else(Fault::body)
}

fn shown(asked: &Asked<'_>, id: &str, stored: &Object) -> Value {
    let mut shown = stored.clone();
    shown.insert("id".to_owned(), id.into());
    let own = format!("{PATH}/{}", percent::encode(id.as_bytes()));
    shown.insert("links".to_owned(), json!({"self": asked.link(&own)}));
    Value::Object(shown)
}
