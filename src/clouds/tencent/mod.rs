//! Tencent Cloud: names, limits, credentials and kinds.
//!
//! Facts come from the fact sheet `apis/tencent.md`. Two API families are spoken: `cam` for identity
//! providers and roles, and `sts` to learn whose credentials these are.

use std::sync::Arc;

use crate::clouds::sign_in::Keeper;
use crate::clouds::wire::{self, Endpoint};
use crate::model::{CloudId, Value};
use crate::provider::{
    Assumes, Call, Cloud, CloudClient, ConnectError, Connection, CredentialRules, KeyVariables,
    Read, TextRule,
};

mod api;
mod credentials;
mod fields;
mod oidc_provider;
mod rights;
mod role;
mod saml;
mod saml_provider;
mod samples;
mod sign;
mod token;
mod user_oidc;
mod user_saml;
mod user_sso;

#[cfg(test)]
pub(super) use api::Client as TestClient;

/// The operator's variable for another endpoint.
const ENDPOINT_VARIABLE: &str = "IDFORM_TENCENT_ENDPOINT";

/// ARN of a role (apis/tencent.md §5).
const ROLE: TextRule = TextRule {
    min: 1,
    max: 512,
    allowed: "a role's ARN: qcs::cam::uin/<uin>:roleName/<name>",
    check: |text| {
        text.strip_prefix("qcs::cam::uin/").is_some_and(|rest| {
            let (owner, role) = rest.split_once(':').unwrap_or_default();
            !owner.is_empty()
                && owner.bytes().all(|byte| byte.is_ascii_digit())
                && (role.starts_with("role/") || role.starts_with("roleName/"))
        })
    },
};

/// What a session may be called: what all clouds take (UNCONFIRMED, apis/tencent.md §5 names no rule).
const SESSION_NAME: TextRule = TextRule {
    min: 2,
    max: 64,
    allowed: "letters, digits and `.`, `@`, `-`, `_`",
    check: |text| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte))
    },
};

/// The entry of Tencent Cloud.
pub static CLOUD: Cloud = Cloud {
    id: CloudId("tencent"),
    title: "Tencent Cloud",
    sites: &["china", "international"],
    // The documented limit holds for each action; half of it, over all actions, leaves room for
    // whoever else uses the account (apis/tencent.md §3.0, §7).
    requests_per_second: 10,
    requests_per_second_limit: 20,
    account_id: TextRule {
        min: 5,
        max: 20,
        allowed: "the owner's uin: digits",
        check: |text| text.bytes().all(|byte| byte.is_ascii_digit()),
    },
    sample_account_id: "100000000001",
    key_variables: KeyVariables {
        id: "TENCENTCLOUD_SECRET_ID",
        secret: "TENCENTCLOUD_SECRET_KEY",
    },
    credentials: CredentialRules {
        provider: TextRule {
            min: 1,
            max: 128,
            allowed: "the name of a role OIDC provider",
            check: |text| !text.contains(char::is_whitespace),
        },
        web_role: ROLE,
        web_role_needed: true,
        assumes: Assumes::Role(ROLE),
        session_name: SESSION_NAME,
        // The least is not documented; fewer seconds would be renewed at every call.
        duration_seconds: (900, 43_200),
        external_id: Some(TextRule {
            min: 2,
            max: 128,
            allowed: "letters, digits and `_+=,.@:/-`",
            check: |text| {
                text.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&byte))
            },
        }),
        chain: &[
            "TENCENTCLOUD_SECRET_ID, _SECRET_KEY (_TOKEN or _SECURITY_TOKEN), then the role in \
             TENCENTCLOUD_ROLE_ARN or TENCENTCLOUD_ASSUME_ROLE_ARN",
            "TENCENTCLOUD_ASSUME_ROLE_WEB_IDENTITY_TOKEN(_FILE) with _PROVIDER_ID and _ARN",
            "~/.tccli/<TCCLI_PROFILE, TENCENTCLOUD_PROFILE or default>.credential",
            "TENCENTCLOUD_CREDENTIALS_FILE, else ~/.tencentcloud/credentials, else \
             /etc/tencentcloud/credentials",
            "TKE_WEB_IDENTITY_TOKEN_FILE with TKE_PROVIDER_ID and TKE_ROLE_ARN",
            "the CVM's role (TENCENTCLOUD_CAM_ROLE_NAME)",
        ],
    },
    endpoint_variable: ENDPOINT_VARIABLE,
    kinds: &[
        &user_oidc::UserOidc,
        &oidc_provider::OidcProvider,
        &user_saml::UserSaml,
        &saml_provider::SamlProvider,
        &role::Role,
    ],
    identity: || Read(Call::rpc("sts", "GetCallerIdentity", Value::Null)),
    account_of,
    caller_role: |body| wire::assumed_role(body, "Arn"),
    sort_answer: |call, answered| api::sort_answer(call.name, answered),
    rights: &rights::RIGHTS,
    connect,
};

/// The owner's uin, whoever of the account asks (apis/tencent.md §5).
fn account_of(body: &Value) -> Option<String> {
    wire::text(body, "AccountId").filter(|id| !id.is_empty())
}

fn connect(connection: &Connection<'_>) -> Result<Arc<dyn CloudClient>, ConnectError> {
    Ok(Arc::new(client(connection)?))
}

pub(super) fn client(connection: &Connection<'_>) -> Result<api::Client, ConnectError> {
    let endpoint = connection.endpoint.map(Endpoint::parse).transpose();
    let account = connection.account;
    let (http, read) = (&connection.http, &connection.surroundings.read);
    let found = credentials::find(&account.credentials, connection.surroundings)?;
    Ok(api::Client {
        keeper: Keeper::new(http.clone(), Arc::clone(read), found),
        http: http.clone(),
        site: match account.site.as_deref() {
            Some("international") => api::Site::International,
            _ => api::Site::China,
        },
        endpoint: endpoint.map_err(|why| ConnectError::Unusable {
            source_name: format!("endpoint ({ENDPOINT_VARIABLE} or configuration)"),
            why,
        })?,
    })
}
