//! Tags of roles: apis/alibaba.md §3.5. Lists travel as JSON texts.

use serde_json::{Value, json};

use super::answer::{Fields, Result};
use super::asked::Asked;
use super::check::{invalid, within};
use super::state::Role;
use super::{Call, fields, role};

/// Tags of one role: apis/alibaba.md §3.5.
const TAGS_MAX: usize = 20;
/// Roles named in one request: apis/alibaba.md §3.5.
const RESOURCES_MAX: usize = 50;
/// Characters of a key: apis/alibaba.md §3.5, UNCONFIRMED for RAM.
const KEY_CHARACTERS_MAX: usize = 128;
/// Characters of a value: apis/alibaba.md §3.5, UNCONFIRMED for RAM.
const VALUE_CHARACTERS_MAX: usize = 256;

/// `TagResources`: adds, and overwrites what is there.
pub(super) fn tag(call: &mut Call<'_>) -> Result {
    let names = resources(call)?;
    let tags = given(&call.asked)?;
    if tags.is_empty() {
        return Err(invalid("Tag", "at least one"));
    }
    for name in names {
        let role = call.state.roles.get_mut(&name).ok_or_else(role::absent)?;
        role.tags.extend(tags.iter().cloned());
        within(role.tags.len(), TAGS_MAX, "Role.Tag")?;
    }
    Ok(Fields::new())
}

/// `UntagResources`: the keys in `TagKeys`, or all with `All`.
pub(super) fn untag(call: &mut Call<'_>) -> Result {
    let names = resources(call)?;
    let all = call.asked.text("All").eq_ignore_ascii_case("true");
    let keys = texts(&call.asked, "TagKeys")?;
    for name in names {
        let role = call.state.roles.get_mut(&name).ok_or_else(role::absent)?;
        let goes = |key: &String| keys.contains(key) || (all && keys.is_empty());
        role.tags.retain(|key, _| !goes(key));
    }
    Ok(Fields::new())
}

/// `ListTagResources`: a flat list, all at once (what the sandbox holds never fills a page).
pub(super) fn list(call: &mut Call<'_>) -> Result {
    let names = resources(call)?;
    let mut found = Vec::new();
    for name in names {
        let Some(role) = call.state.find_role(&name) else {
            continue;
        };
        found.extend(role.tags.iter().map(|(key, value)| {
            json!({
                "ResourceType": "role",
                "ResourceName": name,
                "TagKey": key,
                "TagValue": value,
            })
        }));
    }
    Ok(fields(json!({ "TagResources": found, "NextToken": "" })))
}

/// As `ListRoles` shows them.
pub(super) fn shown(role: &Role) -> Vec<Value> {
    role.tags
        .iter()
        .map(|(key, value)| json!({ "TagKey": key, "TagValue": value }))
        .collect()
}

/// The parameter `Tag`: `[{"Key": …, "Value": …}]`.
pub(super) fn given(asked: &Asked) -> Result<Vec<(String, String)>> {
    let bad = || invalid("Tag", "a JSON list of objects with Key and Value");
    let text = asked.text("Tag");
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let Ok(Value::Array(items)) = serde_json::from_str(text) else {
        return Err(bad());
    };
    within(items.len(), TAGS_MAX, "Role.Tag")?;
    let pair = |item: &Value| {
        let key = item.get("Key")?.as_str()?.to_owned();
        let value = item
            .get("Value")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let reserved = key.starts_with("aliyun") || key.starts_with("acs:") || key.contains("://");
        let fits = (1..=KEY_CHARACTERS_MAX).contains(&key.chars().count())
            && value.chars().count() <= VALUE_CHARACTERS_MAX;
        (fits && !reserved).then(|| (key, value.to_owned()))
    };
    let pairs = items.iter().map(|item| pair(item).ok_or_else(bad));
    pairs.collect()
}

/// Names of roles; the other type of resource, `policy`, is not kept here.
fn resources(call: &Call<'_>) -> Result<Vec<String>> {
    if call.asked.text("ResourceType") != "role" {
        return Err(invalid("ResourceType", "role"));
    }
    let names = texts(&call.asked, "ResourceNames")?;
    within(names.len(), RESOURCES_MAX, "ResourceNames")?;
    Ok(names)
}

fn texts(asked: &Asked, parameter: &str) -> Result<Vec<String>> {
    match asked.text(parameter) {
        "" => Ok(Vec::new()),
        text => serde_json::from_str(text).map_err(|_| invalid(parameter, "a JSON list of texts")),
    }
}
