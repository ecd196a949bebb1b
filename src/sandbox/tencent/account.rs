//! About the account and its caller: `GetAccountSummary`, STS `GetCallerIdentity`.

use serde_json::json;

use super::answer::Result;
use super::{Call, fields};

/// The role that temporary sandbox credentials stand for.
const SANDBOX_ROLE_ID: &str = "4611686018400000001";
const SANDBOX_SESSION: &str = "sandbox";

/// Counts of what the sandbox knows: apis/tencent.md §3.2.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the table holds functions that may refuse"
)]
pub(super) fn get_account_summary(call: &mut Call<'_>) -> Result {
    let providers = call.state.provider_count();
    Ok(fields(json!({
        "Policies": call.state.custom_policies.len(),
        "Roles": call.state.roles.len(),
        // The deprecated name of the same count.
        "Idps": providers,
        "IdentityProviders": providers,
        "User": 0,
        "Group": 0,
        "Member": 0,
    })))
}

/// The owner uin and the kind of caller: apis/tencent.md §5.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the table holds functions that may refuse"
)]
pub(super) fn get_caller_identity(call: &mut Call<'_>) -> Result {
    let owner = &call.key.account;
    // Mind the colons: these differ from resource descriptions (apis/tencent.md §5).
    let mut principal = owner;
    let (kind, arn, user) = if let Some(session) = &call.key.session {
        principal = &session.principal;
        (
            "CAMRole",
            format!("qcs::sts:{owner}:assumed-role/{}", session.role_id),
            format!("{}:{}", session.role_id, session.name),
        )
    } else if call.key.temporary {
        (
            "CAMRole",
            format!("qcs::sts:{owner}:assumed-role/{SANDBOX_ROLE_ID}"),
            format!("{SANDBOX_ROLE_ID}:{SANDBOX_SESSION}"),
        )
    } else {
        (
            "CAMUser",
            format!("qcs::cam:{owner}:uin/{owner}"),
            owner.clone(),
        )
    };
    Ok(fields(json!({
        "Type": kind,
        "Arn": arn,
        "AccountId": owner,
        "UserId": user,
        "PrincipalId": principal,
    })))
}
