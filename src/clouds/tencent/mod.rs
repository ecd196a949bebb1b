//! Tencent Cloud: names, limits, credentials and kinds.
//!
//! Facts come from the fact sheet `apis/tencent.md`. Two API families are spoken: `cam` for identity
//! providers and roles, and `sts` to learn whose credentials these are.

use std::sync::Arc;

use crate::clouds::wire::{self, Endpoint};
use crate::model::{CloudId, Value};
use crate::provider::{
    Call, Cloud, CloudClient, ConnectError, Connection, KeyVariables, Read, TextRule,
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
mod user_oidc;
mod user_saml;
mod user_sso;

/// The operator's variable for another endpoint.
const ENDPOINT_VARIABLE: &str = "IDFORM_TENCENT_ENDPOINT";

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
    sort_answer: |call, answered| api::sort_answer(call.name, answered),
    rights: &rights::RIGHTS,
    connect,
};

/// The owner's uin, whoever of the account asks (apis/tencent.md §5).
fn account_of(body: &Value) -> Option<String> {
    wire::text(body, "AccountId").filter(|id| !id.is_empty())
}

fn connect(connection: &Connection<'_>) -> Result<Arc<dyn CloudClient>, ConnectError> {
    let endpoint = connection.endpoint.map(Endpoint::parse).transpose();
    let account = connection.account;
    Ok(Arc::new(api::Client {
        http: connection.http.clone(),
        credentials: credentials::find(&account.credentials, connection.surroundings)?,
        site: match account.site.as_deref() {
            Some("international") => api::Site::International,
            _ => api::Site::China,
        },
        endpoint: endpoint.map_err(|why| ConnectError::Unusable {
            source_name: format!("endpoint ({ENDPOINT_VARIABLE} or configuration)"),
            why,
        })?,
    }))
}
