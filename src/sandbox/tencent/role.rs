//! Roles and their tags: apis/tencent.md §3.6. What is attached to them is in `role_policy`.
//!
//! The trust policy is checked by `trust` and kept as the text that was sent.

use serde_json::{Value, json};

use super::answer::{Fields, Refusal, Result, refusal};
use super::parameters::Given;
use super::saml_provider::shown_time;
use super::state::{Role, Settings, Site, misses};
use super::{Call, fields, trust};

/// Characters of a role's name: apis/tencent.md §3.0.
const NAME_CHARACTERS_MAX: usize = 128;
/// Bytes, not characters, of a role's description: apis/tencent.md §3.0.
const DESCRIPTION_BYTES_MAX: usize = 300;
/// Seconds: apis/tencent.md §3.0.
const SESSION_SECONDS: std::ops::RangeInclusive<i64> = 0..=43_200;
/// Roles or policies on a page: apis/tencent.md §3.6.
const PAGE_ITEMS_MAX: i64 = 200;
/// Tags of one role; the number is UNCONFIRMED.
const TAGS_MAX: usize = 50;
/// Ids of roles look like this one: apis/tencent.md §3.6.
const FIRST_ROLE_ID: i64 = 4_611_686_018_427_000_001;

/// `CreateRole`: not idempotent; the name is unique in the account.
pub(super) fn create(call: &mut Call<'_>) -> Result {
    let name = call.given.text("RoleName").to_owned();
    check_name(&name)?;
    let document = call.given.text("PolicyDocument").to_owned();
    trust::check(
        &document,
        call.state,
        &call.key.account,
        "InvalidParameter.ParamError",
    )?;
    let description = description(&call.given)?;
    let session_duration = session_seconds(&call.given)?;
    let console_login = console_login(&call.given)?.unwrap_or(0);
    let tags = tags(&call.given)?;
    if call.state.find_role(&name).is_some() {
        return Err(refusal(
            "InvalidParameter.RoleNameInUse",
            "The role name is already in use.",
        ));
    }
    if call.state.roles.len() >= call.state.settings.role_quota {
        return Err(refusal(
            "InvalidParameter.RoleFull",
            "The number of roles has reached its limit.",
        ));
    }
    let ids = call.state.roles.values().map(|role| role.role_id);
    let role_id = ids.max().map_or(FIRST_ROLE_ID, |id| id + 1);
    let now = shown_time(call.now_unix_seconds);
    let role = Role {
        role_id,
        policy_document: document,
        description,
        add_time: now.clone(),
        update_time: now,
        console_login,
        session_duration,
        role_type: "user".to_owned(),
        tags: tags.into_iter().collect(),
        attached_policies: Vec::new(),
        sandbox_reads_until_visible: call.state.settings.read_lag_reads,
    };
    call.state.roles.insert(name, role);
    Ok(fields(json!({ "RoleId": role_id.to_string() })))
}

/// `GetRole`.
pub(super) fn get(call: &mut Call<'_>) -> Result {
    let name = addressed(call)?;
    let role = call.state.roles.get_mut(&name).ok_or_else(absent)?;
    if misses(&mut role.sandbox_reads_until_visible) {
        return Err(absent());
    }
    let role = role.clone();
    Ok(fields(json!({ "RoleInfo": shown(call, &name, &role) })))
}

/// `DescribeRoleList`: whole roles, trust policies included, page by page.
pub(super) fn list(call: &mut Call<'_>) -> Result {
    let mut visible = Vec::new();
    for (name, role) in &mut call.state.roles {
        if !misses(&mut role.sandbox_reads_until_visible) {
            visible.push((name.clone(), role.clone()));
        }
    }
    let total = visible.len();
    let page: Vec<Value> = on_page(&call.given, visible)?
        .iter()
        .map(|(name, role)| shown(call, name, role))
        .collect();
    Ok(fields(json!({ "List": page, "TotalNum": total })))
}

/// `UpdateAssumeRolePolicy`.
pub(super) fn update_trust(call: &mut Call<'_>) -> Result {
    let document = call.given.text("PolicyDocument").to_owned();
    let too_long = "InvalidParameter.PolicyDocumentLengthOverLimit";
    trust::check(&document, call.state, &call.key.account, too_long)?;
    change(call, |role, _| {
        role.policy_document = document;
        Ok(())
    })
}

/// `UpdateRoleDescription`.
pub(super) fn update_description(call: &mut Call<'_>) -> Result {
    let description = description(&call.given)?;
    change(call, |role, _| {
        role.description = description;
        Ok(())
    })
}

/// `UpdateRoleConsoleLogin`; takes the id as a number.
pub(super) fn update_console_login(call: &mut Call<'_>) -> Result {
    let console_login = console_login(&call.given)?;
    change(call, |role, _| {
        role.console_login = console_login.unwrap_or(role.console_login);
        Ok(())
    })
}

/// `UpdateRoleSessionDuration`; takes the id as a number, and the international site does not
/// have it.
pub(super) fn update_session_duration(call: &mut Call<'_>) -> Result {
    if call.state.settings.site == Site::International {
        let message = "The action `UpdateRoleSessionDuration` does not exist in `cam`.";
        return Err(refusal("InvalidAction", message));
    }
    let seconds = session_seconds(&call.given)?;
    change(call, |role, _| {
        role.session_duration = seconds;
        Ok(())
    })
}

/// `TagRole`: adds, and overwrites what is there.
pub(super) fn tag(call: &mut Call<'_>) -> Result {
    let tags = tags(&call.given)?;
    change(call, |role, _| {
        role.tags.extend(tags);
        if role.tags.len() > TAGS_MAX {
            return Err(refusal(
                "InvalidParameter.TagLimitExceeded",
                "The role has too many tags.",
            ));
        }
        Ok(())
    })
}

/// `UntagRole`; keys that the role does not have are no error (UNCONFIRMED).
pub(super) fn untag(call: &mut Call<'_>) -> Result {
    let keys = call.given.texts("TagKeys");
    change(call, |role, _| {
        role.tags.retain(|key, _| !keys.contains(key));
        Ok(())
    })
}

/// `DeleteRole`; policies that are attached go along (UNCONFIRMED, switchable).
pub(super) fn delete(call: &mut Call<'_>) -> Result {
    let name = addressed(call)?;
    let role = call.state.find_role(&name).ok_or_else(absent)?;
    if !role.attached_policies.is_empty() && !call.state.settings.role_with_policies_deletable {
        return Err(refusal(
            "InvalidParameter.ParamError",
            "Policies are attached to the role.",
        ));
    }
    call.state.roles.remove(&name);
    Ok(Fields::new())
}

fn change(call: &mut Call<'_>, act: impl FnOnce(&mut Role, &Settings) -> Result<()>) -> Result {
    change_as(call, "Role", act)
}

/// Changes the role that `<prefix>Name` or `<prefix>Id` means, and moves its date.
pub(super) fn change_as(
    call: &mut Call<'_>,
    prefix: &str,
    act: impl FnOnce(&mut Role, &Settings) -> Result<()>,
) -> Result {
    let name = addressed_as(call, prefix)?;
    let settings = call.state.settings.clone();
    let role = call.state.roles.get_mut(&name).ok_or_else(absent)?;
    act(role, &settings)?;
    role.update_time = shown_time(call.now_unix_seconds);
    Ok(Fields::new())
}

/// The name of the role that is meant, by `RoleName` or `RoleId`.
pub(super) fn addressed(call: &Call<'_>) -> Result<String> {
    addressed_as(call, "Role")
}

/// The name of the role that is meant: by its name or its id, exactly one of them
/// (apis/tencent.md §3.6).
fn addressed_as(call: &Call<'_>, prefix: &str) -> Result<String> {
    let id_parameter = format!("{prefix}Id");
    let number = call.given.whole(&id_parameter);
    let text = call.given.given_text(&id_parameter).map(str::to_owned);
    let id = text.or_else(|| number.map(|id| id.to_string()));
    match (call.given.given_text(&format!("{prefix}Name")), id) {
        (Some(name), None) => Ok(name.to_owned()),
        (None, Some(id)) => call
            .state
            .roles
            .iter()
            .find(|(_, role)| role.role_id.to_string() == id)
            .map(|(name, _)| name.clone())
            .ok_or_else(absent),
        (Some(_), Some(_)) | (None, None) => Err(refusal(
            "InvalidParameter.ParamError",
            "Exactly one of the role's id and name is needed.",
        )),
    }
}

/// What `GetRole` and `DescribeRoleList` show.
fn shown(call: &Call<'_>, name: &str, role: &Role) -> Value {
    let owner = &call.key.account;
    let mut document = role.policy_document.clone();
    if call.state.settings.root_principal_reads_as_uin {
        document = document.replace(
            &format!("qcs::cam::uin/{owner}:root"),
            &format!("qcs::cam::uin/{owner}:uin/{owner}"),
        );
    }
    let tags: Vec<Value> = role
        .tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    json!({
        "RoleId": role.role_id.to_string(),
        "RoleName": name,
        "PolicyDocument": document,
        "Description": role.description,
        "AddTime": role.add_time,
        "UpdateTime": role.update_time,
        "ConsoleLogin": role.console_login,
        "RoleType": role.role_type,
        "SessionDuration": role.session_duration,
        "DeletionTaskId": null,
        "Tags": tags,
        "RoleArn": format!("qcs::cam::uin/{owner}:roleName/{name}"),
    })
}

/// The items of the page that `Page`, from 1, and `Rp` ask for.
pub(super) fn on_page<T>(given: &Given, items: Vec<T>) -> Result<Vec<T>> {
    let page = given.whole("Page").unwrap_or(1);
    let size = given.whole("Rp").unwrap_or(20);
    if page < 1 || !(1..=PAGE_ITEMS_MAX).contains(&size) {
        return Err(refusal(
            "InvalidParameter.ParamError",
            "Page counts from 1, Rp is 1 to 200.",
        ));
    }
    let number = |value: i64| usize::try_from(value).unwrap_or(usize::MAX);
    let skipped = number(page - 1).saturating_mul(number(size));
    Ok(items.into_iter().skip(skipped).take(number(size)).collect())
}

/// Letters, digits and `+=,.@-_`: apis/tencent.md §3.0.
fn check_name(name: &str) -> Result<()> {
    let fits = (1..=NAME_CHARACTERS_MAX).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+=,.@-_".contains(c));
    if fits {
        Ok(())
    } else {
        Err(refusal(
            "InvalidParameter.RoleNameError",
            "The role name is not valid.",
        ))
    }
}

fn description(given: &Given) -> Result<String> {
    let text = given.text("Description");
    if text.len() > DESCRIPTION_BYTES_MAX {
        return Err(refusal(
            "InvalidParameter.DescriptionLengthOverlimit",
            "The description has more than 300 bytes.",
        ));
    }
    Ok(text.to_owned())
}

fn console_login(given: &Given) -> Result<Option<i64>> {
    match given.whole("ConsoleLogin") {
        Some(0 | 1) | None => Ok(given.whole("ConsoleLogin")),
        Some(_) => Err(refusal(
            "InvalidParameter.ParamError",
            "ConsoleLogin is 0 or 1.",
        )),
    }
}

fn session_seconds(given: &Given) -> Result<Option<i64>> {
    match given.whole("SessionDuration") {
        Some(seconds) if !SESSION_SECONDS.contains(&seconds) => Err(refusal(
            "InvalidParameter.ParamError",
            "SessionDuration is 0 to 43200 seconds.",
        )),
        seconds => Ok(seconds),
    }
}

/// Pairs of key and value; a key given twice is refused.
fn tags(given: &Given) -> Result<Vec<(String, String)>> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in given.objects("Tags") {
        let text = |name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        match (text("Key"), text("Value")) {
            (Some(key), Some(value))
                if !key.is_empty() && tags.iter().all(|(known, _)| *known != key) =>
            {
                tags.push((key, value));
            }
            (Some(_) | None, Some(_) | None) => {
                return Err(refusal(
                    "InvalidParameter.TagParamError",
                    "A tag is not valid.",
                ));
            }
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(refusal(
            "InvalidParameter.TagLimitExceeded",
            "The role has too many tags.",
        ));
    }
    Ok(tags)
}

/// There is no role of this name or id.
pub(super) fn absent() -> Refusal {
    refusal("InvalidParameter.RoleNotExist", "The role does not exist.")
}
