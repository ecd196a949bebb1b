//! Roles: apis/alibaba.md §3.5. What is attached to them is in `role_policy`, their tags are in
//! `role_tag`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Fields, Refusal, Result, refusal};
use super::asked::Asked;
use super::check::{invalid, within};
use super::state::{OnEmpty, Role, misses};
use super::{Call, fields, page, role_tag, trust};

/// Characters of a role's name: apis/alibaba.md §3.5.
const NAME_CHARACTERS_MAX: usize = 64;
/// Characters of a description: apis/alibaba.md §3.5.
const DESCRIPTION_CHARACTERS_MAX: usize = 1024;
/// Seconds: apis/alibaba.md §3.5.
const SESSION_SECONDS: std::ops::RangeInclusive<i64> = 3600..=43_200;
/// Roles on a page at most: apis/alibaba.md §1.6.
const PAGE_ITEMS_MAX: usize = 1000;
/// Role ids begin with 3 by habit: apis/alibaba.md §6.
const FIRST_ROLE_ID: u64 = 300_000_000_000_000_101;
/// Roles that belong to a service, and are refused to everybody else.
const SERVICE_LINKED: &str = "AliyunServiceRoleFor";

/// `CreateRole`: not idempotent.
pub(super) fn create(call: &mut Call<'_>) -> Result {
    let name = name(&call.asked)?;
    let document = call.asked.text("AssumeRolePolicyDocument").to_owned();
    trust::check(
        &document,
        "AssumeRolePolicyDocument",
        call.state,
        &call.key.account,
    )?;
    let description = match call.asked.given("Description") {
        None => String::new(),
        // 1 to 1024 characters: an empty one is not a legal value to create with.
        Some("") => return Err(bad_description()),
        Some(text) => description(text)?,
    };
    let max_session_duration = session_seconds(&call.asked, "MaxSessionDuration")?.unwrap_or(3600);
    let tags = role_tag::given(&call.asked)?;
    let roles = &call.state.roles;
    if roles.contains_key(&name) {
        let message = "The role already exists.";
        return Err(refusal(409, "EntityAlreadyExists.Role", message));
    }
    within(roles.len() + 1, call.state.settings.role_quota, "Role")?;
    let ids = roles.values().filter_map(|role| role.role_id.parse().ok());
    let role_id = ids.max().map_or(FIRST_ROLE_ID, |id: u64| id + 1);
    let now = date(call.now_unix_seconds);
    let role = Role {
        role_id: role_id.to_string(),
        description,
        assume_role_policy_document: document,
        max_session_duration,
        create_date: now.clone(),
        update_date: now,
        tags: tags.into_iter().collect(),
        attached_policies: Vec::new(),
        sandbox_reads_until_visible: call.state.settings.read_lag_reads,
    };
    let shown = with_document(call, &name, &role);
    call.state.roles.insert(name, role);
    Ok(shown)
}

/// `GetRole`: the trust policy, and no tags.
pub(super) fn get(call: &mut Call<'_>) -> Result {
    let name = name(&call.asked)?;
    let role = call.state.roles.get_mut(&name).ok_or_else(absent)?;
    if misses(&mut role.sandbox_reads_until_visible) {
        return Err(absent());
    }
    let role = role.clone();
    Ok(with_document(call, &name, &role))
}

/// `ListRoles`: tags, and no trust policies; page by page.
pub(super) fn list(call: &mut Call<'_>) -> Result {
    let mut visible = Vec::new();
    for (name, role) in &mut call.state.roles {
        if !misses(&mut role.sandbox_reads_until_visible) {
            visible.push(name.clone());
        }
    }
    let page = page::cut(&call.asked, &call.state.settings, visible, PAGE_ITEMS_MAX)?;
    let items: Vec<Value> = page
        .names
        .iter()
        .filter_map(|name| {
            let role = call.state.find_role(name)?;
            let mut item = summary(call, name, role);
            item.insert("Tags".to_owned(), json!({ "Tag": role_tag::shown(role) }));
            Some(Value::Object(item))
        })
        .collect();
    let mut answer = fields(json!({
        "Roles": {"Role": items},
        "IsTruncated": page.is_truncated,
    }));
    if let Some(marker) = page.marker {
        answer.insert("Marker".to_owned(), marker.into());
    }
    Ok(answer)
}

/// `UpdateRole`: what is not given stays.
pub(super) fn update(call: &mut Call<'_>) -> Result {
    let name = name(&call.asked)?;
    let document = call.asked.given("NewAssumeRolePolicyDocument");
    let document = document.map(str::to_owned);
    if let Some(text) = &document {
        trust::check(
            text,
            "NewAssumeRolePolicyDocument",
            call.state,
            &call.key.account,
        )?;
    }
    let description = match call.asked.given("NewDescription") {
        None => None,
        Some("") => match call.state.settings.empty_description {
            OnEmpty::Ignored => None,
            OnEmpty::Refused => return Err(bad_description()),
            OnEmpty::Clears => Some(String::new()),
        },
        Some(text) => Some(description(text)?),
    };
    let seconds = session_seconds(&call.asked, "NewMaxSessionDuration")?;
    let now = date(call.now_unix_seconds);
    let role = call.state.roles.get_mut(&name).ok_or_else(absent)?;
    refuse_service_linked(&name)?;
    if let Some(document) = document {
        role.assume_role_policy_document = document;
    }
    if let Some(description) = description {
        role.description = description;
    }
    if let Some(seconds) = seconds {
        role.max_session_duration = seconds;
    }
    role.update_date = now;
    let role = role.clone();
    Ok(with_document(call, &name, &role))
}

/// `DeleteRole`: not while policies are attached.
pub(super) fn delete(call: &mut Call<'_>) -> Result {
    let name = name(&call.asked)?;
    let role = call.state.find_role(&name).ok_or_else(absent)?;
    refuse_service_linked(&name)?;
    if !role.attached_policies.is_empty() {
        return Err(refusal(
            409,
            "DeleteConflict.Role.Policy",
            "The role still has policies attached.",
        ));
    }
    call.state.roles.remove(&name);
    Ok(Fields::new())
}

/// The name of the role that is meant.
pub(super) fn name(asked: &Asked) -> Result<String> {
    let name = asked.text("RoleName");
    let length = (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count());
    let characters = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ".-_@".contains(c));
    match (length, characters) {
        (true, true) => Ok(name.to_owned()),
        (false, _) => Err(invalid("RoleName.Length", "1 to 64 characters")),
        (true, false) => Err(invalid(
            "RoleName.InvalidChars",
            "letters, digits, `.`, `-`",
        )),
    }
}

/// There is no role of this name.
pub(super) fn absent() -> Refusal {
    refusal(404, "EntityNotExist.Role", "The role does not exist.")
}

/// A time as RAM prints it; empty for one that no calendar has.
pub(super) fn date(unix_seconds: i64) -> String {
    Timestamp::from_second(unix_seconds)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default()
}

fn refuse_service_linked(name: &str) -> Result<()> {
    if name.starts_with(SERVICE_LINKED) {
        // The code is UNCONFIRMED; that it is refused is documented (apis/alibaba.md §3.5).
        return Err(refusal(
            403,
            "NoPermission.ServiceLinkedRole",
            "The role belongs to a service.",
        ));
    }
    Ok(())
}

fn description(text: &str) -> Result<String> {
    if text.chars().count() > DESCRIPTION_CHARACTERS_MAX {
        return Err(bad_description());
    }
    Ok(text.to_owned())
}

fn bad_description() -> Refusal {
    invalid("Description.Length", "1 to 1024 characters")
}

fn session_seconds(asked: &Asked, parameter: &str) -> Result<Option<i64>> {
    match asked.whole(parameter)? {
        Some(seconds) if !SESSION_SECONDS.contains(&seconds) => {
            Err(invalid("MaxSessionDuration", "3600 to 43200 seconds"))
        }
        seconds => Ok(seconds),
    }
}

/// `{"Role": …}` with the trust policy, printed anew by the service (apis/alibaba.md §3.5).
fn with_document(call: &Call<'_>, name: &str, role: &Role) -> Fields {
    let mut shown = summary(call, name, role);
    shown.insert(
        "AssumeRolePolicyDocument".to_owned(),
        reprinted(&role.trust_policy()).into(),
    );
    Fields::from_iter([("Role".to_owned(), Value::Object(shown))])
}

fn summary(call: &Call<'_>, name: &str, role: &Role) -> Fields {
    fields(json!({
        "RoleId": role.role_id,
        "RoleName": name,
        "Arn": format!("acs:ram::{}:role/{name}", call.key.account),
        "Description": role.description,
        "MaxSessionDuration": role.max_session_duration,
        "CreateDate": role.create_date,
        "UpdateDate": role.update_date,
    }))
}

/// Tabs and line breaks that nobody sent, as observed.
fn reprinted(document: &Value) -> String {
    let pretty = serde_json::to_string_pretty(document).unwrap_or_default();
    let lines = pretty.lines().map(|line| {
        let text = line.trim_start_matches("  ");
        let depth = (line.len() - text.len()) / 2;
        format!("{}{}", "\t".repeat(depth), text.replace("\": ", "\" : "))
    });
    lines.collect::<Vec<_>>().join("\n")
}
