//! STS `GetCallerIdentity`: apis/alibaba.md §6. Needs no permission.

use serde_json::json;

use super::answer::Result;
use super::state::Identity;
use super::{Call, fields};

/// The role that temporary sandbox credentials stand for; role ids begin with 3 by habit.
const ROLE_ID: &str = "300000000000000001";
/// The RAM user that holds the permanent key; user ids begin with 2 by habit.
const USER_ID: &str = "200000000000000001";

/// Who calls.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the table holds functions that may refuse"
)]
pub(super) fn get_caller_identity(call: &mut Call<'_>) -> Result {
    let uid = &call.key.account;
    let (kind, arn, principal, user, role) = if let Some(session) = &call.key.session {
        let (role, name) = (&session.role, &session.name);
        (
            "AssumedRoleUser",
            format!("acs:ram::{uid}:assumed-role/{role}/{name}"),
            format!("{}:{name}", session.role_id),
            "",
            session.role_id.as_str(),
        )
    } else if call.key.temporary {
        (
            "AssumedRoleUser",
            format!("acs:ram::{uid}:assumed-role/sandbox/sandbox"),
            format!("{ROLE_ID}:sandbox"),
            "",
            ROLE_ID,
        )
    } else {
        match call.state.settings.identity {
            Identity::RamUser => (
                "RAMUser",
                format!("acs:ram::{uid}:user/sandbox"),
                USER_ID.to_owned(),
                USER_ID,
                "",
            ),
            Identity::Account => (
                "Account",
                format!("acs:ram::{uid}:root"),
                uid.clone(),
                uid.as_str(),
                "",
            ),
        }
    };
    Ok(fields(json!({
        "IdentityType": kind,
        "AccountId": uid,
        "Arn": arn,
        "PrincipalId": principal,
        "UserId": user,
        "RoleId": role,
    })))
}
