//! Alibaba Cloud: names, limits, credentials and kinds.
//!
//! Facts come from the fact sheet `apis/alibaba.md`. Three API families are spoken: `Ims` for
//! identity providers, `Ram` for roles, and `Sts` to learn whose credentials these are.

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
mod fingerprints;
mod oidc_provider;
mod rights;
mod role;
mod saml;
mod saml_provider;
mod samples;
mod sign;
mod token;
mod user_sso;

#[cfg(test)]
pub(super) use api::Client as TestClient;

/// The operator's variable for another endpoint.
const ENDPOINT_VARIABLE: &str = "IDFORM_ALIBABA_ENDPOINT";

/// ARN of a role (apis/alibaba.md §7.3).
const ROLE: TextRule = TextRule {
    min: 1,
    max: 256,
    allowed: "a role's ARN: acs:ram::<uid>:role/<name>",
    check: |text| is_arn(text, "role/"),
};

/// What a session may be called (apis/alibaba.md §6).
const SESSION_NAME: TextRule = TextRule {
    min: 2,
    max: 64,
    allowed: "letters, digits and `.`, `@`, `-`, `_`",
    check: |text| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte))
    },
};

fn is_arn(text: &str, resource: &str) -> bool {
    text.strip_prefix("acs:ram::")
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(owner, rest)| {
            let is_owner = !owner.is_empty() && owner.bytes().all(|byte| byte.is_ascii_digit());
            is_owner
                && rest
                    .strip_prefix(resource)
                    .is_some_and(|name| !name.is_empty())
        })
}

/// The entry of Alibaba Cloud.
pub static CLOUD: Cloud = Cloud {
    id: CloudId("alibaba"),
    title: "Alibaba Cloud",
    // Both sites share hosts and actions (apis/alibaba.md §1.1).
    sites: &[],
    // Nothing is published for IMS; the fact sheet plans for about 10 a second (§3.6). Twice that
    // is as far as a manifest may go before the gateway is certain to push back.
    requests_per_second: 10,
    requests_per_second_limit: 20,
    account_id: TextRule {
        min: 16,
        max: 16,
        allowed: "the account's uid: 16 digits",
        check: |text| text.bytes().all(|byte| byte.is_ascii_digit()),
    },
    sample_account_id: "1234567890123456",
    key_variables: KeyVariables {
        id: "ALIBABA_CLOUD_ACCESS_KEY_ID",
        secret: "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    },
    credentials: CredentialRules {
        provider: TextRule {
            min: 1,
            max: 256,
            allowed: "a provider's ARN: acs:ram::<uid>:oidc-provider/<name>",
            check: |text| is_arn(text, "oidc-provider/"),
        },
        web_role: ROLE,
        web_role_needed: true,
        assumes: Assumes::Role(ROLE),
        session_name: SESSION_NAME,
        // The role's own limit may be lower (apis/alibaba.md §6).
        duration_seconds: (900, 43_200),
        external_id: Some(TextRule {
            min: 2,
            max: 1224,
            allowed: "",
            check: |_| true,
        }),
        chain: &[
            "ALIBABA_CLOUD_ACCESS_KEY_ID, _ACCESS_KEY_SECRET (_SECURITY_TOKEN), and the spellings \
             ALIBABACLOUD_ and ALICLOUD_",
            "ALIBABA_CLOUD_OIDC_TOKEN_FILE (or _OIDC_TOKEN) with _OIDC_PROVIDER_ARN and _ROLE_ARN",
            "ALIBABA_CLOUD_CONFIG_FILE, else ~/.aliyun/config.json (profile ALIBABA_CLOUD_PROFILE or \
             the current one), unless ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
            "ALIBABA_CLOUD_CREDENTIALS_FILE, else ~/.alibabacloud/credentials and credentials.ini",
            "the ECS instance's role (ALIBABA_CLOUD_ECS_METADATA), unless \
             ALIBABA_CLOUD_ECS_METADATA_DISABLED",
            "ALIBABA_CLOUD_CREDENTIALS_URI",
        ],
    },
    endpoint_variable: ENDPOINT_VARIABLE,
    kinds: &[
        &oidc_provider::OidcProvider,
        &saml_provider::SamlProvider,
        &user_sso::UserSso,
        &role::Role,
    ],
    identity: || Read(Call::rpc("Sts", "GetCallerIdentity", Value::Null)),
    account_of,
    caller_role: |body| wire::assumed_role(body, "Arn"),
    sort_answer: |call, answered| api::sort_answer(call.name, answered),
    rights: &rights::RIGHTS,
    connect,
};

/// The account's uid, whoever of the account asks (apis/alibaba.md §6).
fn account_of(body: &Value) -> Option<String> {
    wire::text(body, "AccountId").filter(|id| !id.is_empty())
}

fn connect(connection: &Connection<'_>) -> Result<Arc<dyn CloudClient>, ConnectError> {
    Ok(Arc::new(client(connection)?))
}

pub(super) fn client(connection: &Connection<'_>) -> Result<api::Client, ConnectError> {
    let endpoint = connection.endpoint.map(Endpoint::parse).transpose();
    let wanted = &connection.account.credentials;
    let (http, read) = (&connection.http, &connection.surroundings.read);
    let found = credentials::find(wanted, connection.surroundings)?;
    Ok(api::Client {
        keeper: Keeper::new(http.clone(), Arc::clone(read), found),
        http: http.clone(),
        endpoint: endpoint.map_err(|why| ConnectError::Unusable {
            source_name: format!("endpoint ({ENDPOINT_VARIABLE} or configuration)"),
            why,
        })?,
    })
}
