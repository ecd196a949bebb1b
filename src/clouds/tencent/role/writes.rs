//! The calls that make a role what a manifest says (apis/tencent.md §3.6).

use serde_json::{Map, json};

use super::SET_DURATION;
use crate::clouds::tencent::fields::write;
use crate::clouds::wire;
use crate::model::{Fields, Value};
use crate::provider::{Again, Impossible, Live, Write};

pub(super) fn create(name: &str, fields: &Fields) -> Result<Vec<Write>, Impossible> {
    let Some(policy) = fields.get("trust") else {
        return Err("a role is created with a trust policy, and the manifest has none".to_owned());
    };
    let mut params = Map::from_iter([
        ("RoleName".to_owned(), name.into()),
        ("PolicyDocument".to_owned(), policy.to_string().into()),
    ]);
    let description = fields.get("description").and_then(Value::as_str);
    if let Some(text) = description.filter(|text| !text.is_empty()) {
        params.insert("Description".to_owned(), text.into());
    }
    if let Some(on) = fields.get("consoleLogin").and_then(Value::as_bool) {
        params.insert("ConsoleLogin".to_owned(), u8::from(on).into());
    }
    if let Some(seconds) = fields.get("sessionDurationSeconds") {
        params.insert("SessionDuration".to_owned(), seconds.clone());
    }
    let tags = wire::pairs(fields.get("tags"));
    if !tags.is_empty() {
        params.insert("Tags".to_owned(), tag_list(tags));
    }
    let mut calls = vec![write(
        "CreateRole",
        Value::Object(params),
        Again::ConflictIsDone,
    )];
    let policies = wire::texts(fields.get("policies"));
    calls.extend(policies.into_iter().map(|policy| attach(name, policy)));
    Ok(calls)
}

pub(super) fn update(name: &str, desired: &Fields, live: &Live, changed: &[String]) -> Vec<Write> {
    let differs = |field: &str| changed.iter().any(|name| name == field);
    let value = |field: &str| desired.get(field).filter(|_| differs(field));
    let mut calls = Vec::new();
    let mut one = |action: &'static str, parameter: &str, value: Value| {
        let params = json!({ "RoleName": name, parameter: value });
        calls.push(write(action, params, Again::Same));
    };
    if let Some(policy) = value("trust") {
        let text = policy.to_string().into();
        one("UpdateAssumeRolePolicy", "PolicyDocument", text);
    }
    if let Some(text) = value("description") {
        let text = text.as_str().unwrap_or_default().into();
        one("UpdateRoleDescription", "Description", text);
    }
    if let Some(on) = value("consoleLogin").and_then(Value::as_bool) {
        one(
            "UpdateRoleConsoleLogin",
            "ConsoleLogin",
            u8::from(on).into(),
        );
    }
    if let Some(seconds) = value("sessionDurationSeconds") {
        one(SET_DURATION, "SessionDuration", seconds.clone());
    }
    if differs("policies") {
        let (added, removed) =
            wire::text_changes(live.fields.get("policies"), desired.get("policies"));
        // Attached before detached: whoever holds the role is never without.
        calls.extend(added.into_iter().map(|policy| attach(name, policy)));
        calls.extend(removed.into_iter().map(|policy| detach(name, policy)));
    }
    if differs("tags") {
        let (set, removed) = wire::pair_changes(live.fields.get("tags"), desired.get("tags"));
        if !set.is_empty() {
            let params = json!({ "RoleName": name, "Tags": tag_list(set) });
            calls.push(write("TagRole", params, Again::Same));
        }
        if !removed.is_empty() {
            let params = json!({ "RoleName": name, "TagKeys": removed });
            calls.push(write("UntagRole", params, Again::Same));
        }
    }
    calls
}

fn tag_list(tags: Vec<(&str, &str)>) -> Value {
    tags.into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

fn attach(role: &str, policy: &str) -> Write {
    let params = json!({ "AttachRoleName": role, "PolicyName": policy });
    write("AttachRolePolicy", params, Again::PresenceIsDone)
}

pub(super) fn detach(role: &str, policy: &str) -> Write {
    let params = json!({ "DetachRoleName": role, "PolicyName": policy });
    write("DetachRolePolicy", params, Again::NotFoundIsDone)
}
