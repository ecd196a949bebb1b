//! Policies attached to roles: apis/tencent.md §3.6. Their documents do not matter here.

use serde_json::{Value, json};

use super::answer::{Result, refusal};
use super::role::{absent, addressed, change_as, on_page};
use super::state::Account;
use super::{Call, fields};

/// Preset policies that exist in every account, with ids of the sandbox's own.
const PRESET_POLICIES: &[(i64, &str)] = &[
    (1, "AdministratorAccess"),
    (2, "ReadOnlyAccess"),
    (3, "QcloudCamFullAccess"),
    (4, "QcloudCamReadOnlyAccess"),
    (5, "QcloudCOSFullAccess"),
    (6, "QcloudCOSReadOnlyAccess"),
    (7, "QcloudCVMFullAccess"),
    (8, "QcloudCVMReadOnlyAccess"),
    (9, "QcloudTKEFullAccess"),
    (10, "QcloudTKEReadOnlyAccess"),
];

/// `AttachRolePolicy`. One that is attached is no error (UNCONFIRMED).
pub(super) fn attach(call: &mut Call<'_>) -> Result {
    let policy = policy(call)?;
    change_as(call, "AttachRole", |role, settings| {
        if !role.attached_policies.contains(&policy) {
            if role.attached_policies.len() >= settings.role_attachment_quota {
                return Err(refusal(
                    "InvalidParameter.AttachmentFull",
                    "Too many policies are attached.",
                ));
            }
            role.attached_policies.push(policy);
        }
        Ok(())
    })
}

/// `DetachRolePolicy`. One that is not attached is no error (UNCONFIRMED).
pub(super) fn detach(call: &mut Call<'_>) -> Result {
    let policy = policy(call)?;
    change_as(call, "DetachRole", |role, _| {
        role.attached_policies
            .retain(|attached| *attached != policy);
        Ok(())
    })
}

/// `ListAttachedRolePolicies`, page by page.
pub(super) fn list_attached(call: &mut Call<'_>) -> Result {
    let name = addressed(call)?;
    let role = call.state.find_role(&name).ok_or_else(absent)?;
    let kind = call.given.text("PolicyType");
    let attached: Vec<(i64, String, &str)> = role
        .attached_policies
        .iter()
        .filter_map(|name| {
            let (id, is_preset) = known_policy(call.state, name)?;
            let kind = if is_preset { "QCS" } else { "User" };
            Some((id, name.clone(), kind))
        })
        .filter(|(_, _, found)| kind.is_empty() || kind == *found)
        .collect();
    let total = attached.len();
    let added = role.update_time.clone();
    let page: Vec<Value> = on_page(&call.given, attached)?
        .into_iter()
        .map(|(id, name, kind)| {
            json!({
                "PolicyId": id,
                "PolicyName": name,
                "AddTime": added,
                "PolicyType": kind,
                "CreateMode": if kind == "QCS" { 1 } else { 2 },
                "Deactived": 0,
                "DeactivedDetail": null,
                "Description": "",
            })
        })
        .collect();
    Ok(fields(json!({ "List": page, "TotalNum": total })))
}

/// Id of a policy and whether it is a preset one.
fn known_policy(state: &Account, name: &str) -> Option<(i64, bool)> {
    let custom = state.custom_policies.get(name).map(|id| (*id, false));
    custom.or_else(|| {
        let preset = PRESET_POLICIES.iter().find(|(_, known)| *known == name);
        preset.map(|(id, _)| (*id, true))
    })
}

/// The name of the policy that `PolicyName` or `PolicyId` means.
fn policy(call: &Call<'_>) -> Result<String> {
    let unknown = || {
        refusal(
            "InvalidParameter.PolicyIdNotExist",
            "The policy does not exist.",
        )
    };
    if let Some(name) = call.given.given_text("PolicyName") {
        let known = known_policy(call.state, name).map(|_| name.to_owned());
        return known.ok_or_else(unknown);
    }
    let Some(id) = call.given.whole("PolicyId") else {
        return Err(refusal(
            "InvalidParameter.ParamError",
            "PolicyId or PolicyName is needed.",
        ));
    };
    let custom = call.state.custom_policies.iter();
    let custom = custom.map(|(name, id)| (*id, name.as_str()));
    custom
        .chain(PRESET_POLICIES.iter().copied())
        .find(|(known, _)| *known == id)
        .map(|(_, name)| name.to_owned())
        .ok_or_else(unknown)
}
