//! Policies attached to roles: apis/alibaba.md §3.5. Their documents do not matter here.

use serde_json::{Value, json};

use super::answer::{Fields, Result, refusal};
use super::check::{invalid, within};
use super::state::{Account, Attachment, PolicyType};
use super::{Call, fields, role};

/// System policies besides those whose names begin with `Aliyun`.
const SYSTEM_POLICIES: [&str; 2] = ["AdministratorAccess", "ReadOnlyAccess"];

/// `AttachPolicyToRole`: one that is attached already is an error.
pub(super) fn attach(call: &mut Call<'_>) -> Result {
    let name = role::name(&call.asked)?;
    let (policy_type, policy_name) = policy(call)?;
    let role = call.state.find_role(&name).ok_or_else(role::absent)?;
    if role.has_attached(policy_type, &policy_name) {
        return Err(refusal(
            409,
            "EntityAlreadyExists.Role.Policy",
            "The policy is attached to the role already.",
        ));
    }
    let of_type = role.attached_policies.iter();
    let count = of_type
        .filter(|held| held.policy_type == policy_type)
        .count();
    let settings = &call.state.settings;
    let quota = match policy_type {
        PolicyType::System => settings.role_system_policy_quota,
        PolicyType::Custom => settings.role_custom_policy_quota,
    };
    within(count + 1, quota, "Role.Policy")?;
    let attach_date = role::date(call.now_unix_seconds);
    let role = call.state.roles.get_mut(&name).ok_or_else(role::absent)?;
    role.attached_policies.push(Attachment {
        policy_type,
        policy_name,
        attach_date,
    });
    Ok(Fields::new())
}

/// `DetachPolicyFromRole`: one that is not attached is an error.
pub(super) fn detach(call: &mut Call<'_>) -> Result {
    let name = role::name(&call.asked)?;
    let policy_type = policy_type(call)?;
    let policy_name = call.asked.text("PolicyName").to_owned();
    let role = call.state.roles.get_mut(&name).ok_or_else(role::absent)?;
    if !role.has_attached(policy_type, &policy_name) {
        return Err(refusal(
            404,
            "EntityNotExist.Role.Policy",
            "The policy is not attached to the role.",
        ));
    }
    role.attached_policies
        .retain(|held| held.policy_type != policy_type || held.policy_name != policy_name);
    Ok(Fields::new())
}

/// `ListPoliciesForRole`: all at once.
pub(super) fn list(call: &mut Call<'_>) -> Result {
    let name = role::name(&call.asked)?;
    let role = call.state.find_role(&name).ok_or_else(role::absent)?;
    let policies: Vec<Value> = role
        .attached_policies
        .iter()
        .map(|held| {
            json!({
                "PolicyName": held.policy_name,
                "PolicyType": held.policy_type,
                "DefaultVersion": "v1",
                "Description": "",
                "AttachDate": held.attach_date,
            })
        })
        .collect();
    Ok(fields(json!({ "Policies": {"Policy": policies} })))
}

/// A policy that exists.
fn policy(call: &Call<'_>) -> Result<(PolicyType, String)> {
    let policy_type = policy_type(call)?;
    let name = call.asked.text("PolicyName");
    if exists(call.state, policy_type, name) {
        return Ok((policy_type, name.to_owned()));
    }
    Err(refusal(
        404,
        "EntityNotExist.Policy",
        "The policy does not exist.",
    ))
}

fn exists(state: &Account, policy_type: PolicyType, name: &str) -> bool {
    match policy_type {
        PolicyType::System => name.starts_with("Aliyun") || SYSTEM_POLICIES.contains(&name),
        PolicyType::Custom => state.custom_policies.contains(name),
    }
}

fn policy_type(call: &Call<'_>) -> Result<PolicyType> {
    match call.asked.text("PolicyType") {
        "System" => Ok(PolicyType::System),
        "Custom" => Ok(PolicyType::Custom),
        _ => Err(invalid("PolicyType", "System or Custom")),
    }
}
