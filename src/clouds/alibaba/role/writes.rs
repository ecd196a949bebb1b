//! The calls that make a role what a manifest says (apis/alibaba.md §3.5).

use serde_json::{Map, json};

use crate::clouds::wire;
use crate::model::{Fields, Value};
use crate::provider::{Again, Call, Impossible, Live, Write};

pub(super) fn create(name: &str, fields: &Fields) -> Result<Vec<Write>, Impossible> {
    let Some(policy) = fields.get("trust") else {
        return Err("a role is created with a trust policy, and the manifest has none".to_owned());
    };
    let mut params = Map::from_iter([
        ("RoleName".to_owned(), name.into()),
        (
            "AssumeRolePolicyDocument".to_owned(),
            policy.to_string().into(),
        ),
    ]);
    // An empty one is no legal value here (§3.5).
    let description = fields.get("description").and_then(Value::as_str);
    if let Some(text) = description.filter(|text| !text.is_empty()) {
        params.insert("Description".to_owned(), text.into());
    }
    if let Some(seconds) = fields.get("maxSessionDurationSeconds") {
        params.insert("MaxSessionDuration".to_owned(), seconds.clone());
    }
    let tags = wire::pairs(fields.get("tags"));
    if !tags.is_empty() {
        params.insert("Tag".to_owned(), tag_list(tags).into());
    }
    let mut calls = vec![write(
        "CreateRole",
        Value::Object(params),
        Again::ConflictIsDone,
    )];
    let policies = wire::texts(fields.get("policies"));
    calls.extend(
        policies
            .into_iter()
            .filter_map(|policy| attach(name, policy)),
    );
    Ok(calls)
}

pub(super) fn update(name: &str, desired: &Fields, live: &Live, changed: &[String]) -> Vec<Write> {
    let differs = |field: &str| changed.iter().any(|name| name == field);
    let mut calls = Vec::new();
    let mut params = Map::new();
    if differs("trust")
        && let Some(policy) = desired.get("trust")
    {
        let text = policy.to_string();
        params.insert("NewAssumeRolePolicyDocument".to_owned(), text.into());
    }
    if differs("description") {
        // That an empty text clears is UNCONFIRMED, as for identity providers (§3.1).
        let text = desired.get("description").and_then(Value::as_str);
        params.insert("NewDescription".to_owned(), text.unwrap_or_default().into());
    }
    if differs("maxSessionDurationSeconds")
        && let Some(seconds) = desired.get("maxSessionDurationSeconds")
    {
        params.insert("NewMaxSessionDuration".to_owned(), seconds.clone());
    }
    if !params.is_empty() {
        params.insert("RoleName".to_owned(), name.into());
        calls.push(write("UpdateRole", Value::Object(params), Again::Same));
    }
    if differs("policies") {
        let (added, removed) =
            wire::text_changes(live.fields.get("policies"), desired.get("policies"));
        // Attached before detached: whoever holds the role is never without.
        calls.extend(added.iter().filter_map(|policy| attach(name, policy)));
        calls.extend(removed.iter().filter_map(|policy| detach(name, policy)));
    }
    if differs("tags") {
        let (set, removed) = wire::pair_changes(live.fields.get("tags"), desired.get("tags"));
        let names = json!([name]).to_string();
        if !set.is_empty() {
            let params =
                json!({ "ResourceType": "role", "ResourceNames": names, "Tag": tag_list(set) });
            calls.push(write("TagResources", params, Again::Same));
        }
        if !removed.is_empty() {
            let keys = json!(removed).to_string();
            let params = json!({ "ResourceType": "role", "ResourceNames": names, "TagKeys": keys });
            calls.push(write("UntagResources", params, Again::Same));
        }
    }
    calls
}

/// `Tag` travels as a JSON text (§3.5).
fn tag_list(tags: Vec<(&str, &str)>) -> String {
    let tags: Vec<Value> = tags
        .into_iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    Value::Array(tags).to_string()
}

fn attach(role: &str, policy: &str) -> Option<Write> {
    let params = attachment(role, policy)?;
    Some(write("AttachPolicyToRole", params, Again::PresenceIsDone))
}

pub(super) fn detach(role: &str, policy: &str) -> Option<Write> {
    let params = attachment(role, policy)?;
    Some(write("DetachPolicyFromRole", params, Again::NotFoundIsDone))
}

/// [`None`] for what has no type before its name, which neither side lets through.
fn attachment(role: &str, policy: &str) -> Option<Value> {
    let (kind, name) = policy.split_once('/')?;
    Some(json!({ "PolicyType": kind, "PolicyName": name, "RoleName": role }))
}

pub(super) fn write(name: &'static str, params: Value, again: Again) -> Write {
    Write {
        call: Call::rpc("Ram", name, params),
        again,
    }
}
