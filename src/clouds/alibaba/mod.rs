//! Alibaba Cloud: names, limits, credentials and kinds.
//!
//! Facts come from the fact sheet `apis/alibaba.md`. Three API families are spoken: `Ims` for
//! identity providers, `Ram` for roles, and `Sts` to learn whose credentials these are.

use std::sync::Arc;

use crate::clouds::wire::{self, Endpoint};
use crate::model::{CloudId, Value};
use crate::provider::{
    Call, Cloud, CloudClient, ConnectError, Connection, KeyVariables, Read, TextRule,
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
mod user_sso;

/// The operator's variable for another endpoint.
const ENDPOINT_VARIABLE: &str = "IDFORM_ALIBABA_ENDPOINT";

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
    endpoint_variable: ENDPOINT_VARIABLE,
    kinds: &[
        &oidc_provider::OidcProvider,
        &saml_provider::SamlProvider,
        &user_sso::UserSso,
        &role::Role,
    ],
    identity: || Read(Call::rpc("Sts", "GetCallerIdentity", Value::Null)),
    account_of,
    sort_answer: |call, answered| api::sort_answer(call.name, answered),
    rights: &rights::RIGHTS,
    connect,
};

/// The account's uid, whoever of the account asks (apis/alibaba.md §6).
fn account_of(body: &Value) -> Option<String> {
    wire::text(body, "AccountId").filter(|id| !id.is_empty())
}

fn connect(connection: &Connection<'_>) -> Result<Arc<dyn CloudClient>, ConnectError> {
    let endpoint = connection.endpoint.map(Endpoint::parse).transpose();
    let wanted = &connection.account.credentials;
    Ok(Arc::new(api::Client {
        http: connection.http.clone(),
        credentials: credentials::find(wanted, connection.surroundings)?,
        endpoint: endpoint.map_err(|why| ConnectError::Unusable {
            source_name: format!("endpoint ({ENDPOINT_VARIABLE} or configuration)"),
            why,
        })?,
    }))
}
