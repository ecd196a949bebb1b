//! Huawei Cloud (and what else speaks its IAM dialect, OpenStack Keystone included): the entry
//! with names, hosts, budget and kinds, and what the kinds share. Facts: `apis/huawei.md`.
//!
//! One federated provider is up to four objects that separate calls make: the identity provider,
//! the mapping, the protocol that ties both together, and the OIDC configuration or the SAML
//! metadata.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{CloudId, Fields, Value};
use crate::provider::{
    Again, Answer, Assumes, Call, Cloud, CloudClient, ConnectError, Connection, CredentialRules,
    ErrorClass, Facts, KeyVariables, Listing, Live, Observation, Observed, Phase, PhaseWrites,
    ProviderError, Read, TextRule, Write,
};

use super::answers::came;
use super::signing::rfc3986;

mod answer;
mod api;
mod collection;
mod credentials;
mod identity_provider;
mod mapping;
mod oidc_config;
mod password;
mod protocol;
mod rights;
mod saml_metadata;
mod samples;
mod sign;
mod token;

#[cfg(test)]
pub(super) use api::Client as TestClient;
#[cfg(test)]
pub(super) use credentials::Proof as TestProof;

/// The operator's variable for another endpoint.
const ENDPOINT_VARIABLE: &str = "IDFORM_HUAWEI_ENDPOINT";

/// The entry of Huawei Cloud.
pub static CLOUD: Cloud = Cloud {
    id: CloudId("huawei"),
    title: "Huawei Cloud",
    sites: &[],
    requests_per_second: 5,
    // No limit is published for IAM; "a few requests a second" is the advice. UNCONFIRMED:
    // `apis/huawei.md §3.8`.
    requests_per_second_limit: 10,
    account_id: ACCOUNT_ID,
    sample_account_id: "0123456789abcdef0123456789abcdef",
    key_variables: KeyVariables {
        id: "HUAWEICLOUD_SDK_AK",
        secret: "HUAWEICLOUD_SDK_SK",
    },
    credentials: CredentialRules {
        provider: TextRule {
            min: 1,
            max: 512,
            allowed: "an identity provider's name, or with a role its URN",
            check: |text| is_id(text) || is_urn(text),
        },
        web_role: TextRule {
            min: 1,
            max: 512,
            allowed: "a trust agency's URN: iam::<account>:agency:<name>",
            check: is_urn,
        },
        web_role_needed: false,
        assumes: Assumes::Agency {
            agency: NAME,
            domain: NAME,
        },
        session_name: SESSION_NAME,
        duration_seconds: (900, 86_400),
        external_id: None,
        chain: &[
            "HUAWEICLOUD_OIDC_ID_TOKEN(_FILE) with _PROVIDER_URN and _AGENCY_URN",
            "HUAWEICLOUD_SDK_IDP_ID and HUAWEICLOUD_SDK_ID_TOKEN_FILE",
            "HUAWEICLOUD_SDK_AK, _SK (_SECURITY_TOKEN)",
            "HW_AUTH_TOKEN; HW_ACCESS_KEY, HW_SECRET_KEY; HW_USER_NAME, HW_USER_PASSWORD; \
             HW_ASSUME_ROLE_IDP_ID; then the agency in HW_ASSUME_ROLE_AGENCY_NAME",
            "the same with OS_, and OS_AGENCY_NAME",
            "the CLI's profile, where HW_SHARED_CONFIG_FILE or HW_PROFILE is set",
            "HUAWEICLOUD_SDK_CREDENTIALS_FILE, else ~/.huaweicloud/credentials, section [global]",
            "the ECS's agency",
            "HC_CONTAINER_CREDENTIALS_FULL_URI with HC_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ],
    },
    endpoint_variable: ENDPOINT_VARIABLE,
    kinds: &[
        &identity_provider::IdentityProvider,
        &mapping::Mapping,
        &protocol::Protocol,
        &oidc_config::OidcConfig,
        &saml_metadata::SamlMetadata,
    ],
    identity: || {
        Read(Call::rest(
            IDENTITY,
            "GET",
            "/v3/auth/domains".to_owned(),
            Value::Null,
        ))
    },
    account_of,
    // Who asks is not told by the list of domains (apis/huawei.md §5.1).
    caller_role: |_| None,
    sort_answer: api::signed_answer,
    rights: &rights::RIGHTS,
    connect,
};

/// What a session may be called (UNCONFIRMED, what the v5 calls take: apis/huawei.md §3.9).
const SESSION_NAME: TextRule = TextRule {
    min: 2,
    max: 64,
    allowed: "letters, digits and `.`, `@`, `-`, `_`",
    check: |text| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte))
    },
};

/// Name of the call that tells whose credentials these are (`apis/huawei.md §5.1`).
const IDENTITY: &str = "KeystoneListAuthDomains";

/// Huawei's account ids are 32 hex digits; other operators of the same software also use words
/// (Keystone's `default`).
const ACCOUNT_ID: TextRule = TextRule {
    min: 1,
    max: 64,
    allowed: "letters, digits, '-', '_'",
    check: is_id,
};

/// Ids of identity providers and mappings, which are their names (`apis/huawei.md §3.2`, `§3.3`).
const NAME: TextRule = TextRule {
    min: 1,
    max: 64,
    allowed: "letters, digits, '-', '_'",
    check: is_id,
};

/// Whether a text is an account's id rather than its name.
fn is_account_id(text: &str) -> bool {
    text.len() == 32 && text.chars().all(|c| c.is_ascii_hexdigit())
}

fn is_urn(text: &str) -> bool {
    text.starts_with("iam:") && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_id(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
}

/// The account's id: that of the first domain (`apis/huawei.md §5.1`).
fn account_of(body: &Value) -> Option<String> {
    body["domains"][0]["id"].as_str().map(str::to_owned)
}

/// Finds credentials and makes a client.
fn connect(connection: &Connection<'_>) -> Result<Arc<dyn CloudClient>, ConnectError> {
    Ok(Arc::new(client(connection)?))
}

pub(super) fn client(connection: &Connection<'_>) -> Result<api::Client, ConnectError> {
    let region = connection.account.region.as_deref();
    let endpoint = default_endpoint(region)?;
    // No host for all regions is published (`apis/huawei.md §3.9`).
    let sts = region.map(|_| endpoint.replacen("https://iam.", "https://sts.", 1));
    let credentials = credentials::find(&connection.account.credentials, connection.surroundings)?;
    api::Client::new(connection, &endpoint, sts, credentials)
}

/// The cloud's own host: global, or a region's (`apis/huawei.md §1.1`).
fn default_endpoint(region: Option<&str>) -> Result<String, ConnectError> {
    let Some(region) = region else {
        return Ok("https://iam.myhuaweicloud.com".to_owned());
    };
    // A manifest must not be able to send signed requests elsewhere by way of the host's name.
    if region.is_empty()
        || !region
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    {
        return Err(ConnectError::Unusable {
            source_name: "region".to_owned(),
            why: "a region has lower-case letters, digits and '-' only".to_owned(),
        });
    }
    // The European site is a separate population of accounts (`apis/huawei.md §6.2`).
    let end = if region.starts_with("eu-west-1") {
        "eu"
    } else {
        "com"
    };
    Ok(format!("https://iam.{region}.myhuaweicloud.{end}"))
}

// What the kinds share: paths, reading answers, and phases.

/// A name as one segment of a path. Names that follow the rules stay as they are; a foreign one
/// with a slash must not lead to another route.
fn segment(name: &str) -> String {
    rfc3986(name)
}

/// A text in canonical form: null and absent read as empty (`apis/huawei.md §10`).
fn text_of(value: &Value) -> Value {
    Value::String(value.as_str().unwrap_or_default().to_owned())
}

/// The objects of a list, by id, over all its pages.
///
/// # Errors
/// The call's own error, or that some page is not the documented list.
fn listed(
    call: &'static str,
    answer: Option<&Answer>,
    member: &str,
) -> Result<BTreeMap<String, Value>, ProviderError> {
    let mut objects = BTreeMap::new();
    for page in came(call, answer)?.pages() {
        let Some(items) = page[member].as_array() else {
            let why = format!("the answer has no list `{member}`");
            return Err(undocumented(call, &why));
        };
        for item in items {
            let Some(id) = item["id"].as_str() else {
                let why = format!("an entry of the list `{member}` has no id");
                return Err(undocumented(call, &why));
            };
            objects.insert(id.to_owned(), item.clone());
        }
    }
    Ok(objects)
}

/// One object; [`None`] when the cloud says that it is not there.
///
/// # Errors
/// The call's own error, or that the answer is not the documented object.
fn shown(
    call: &'static str,
    answer: Option<&Answer>,
    wrapper: &str,
) -> Result<Option<Value>, ProviderError> {
    match came(call, answer) {
        Ok(reply) if reply.body[wrapper].is_object() => Ok(Some(reply.body[wrapper].clone())),
        Ok(_) => {
            let why = format!("the answer has no object `{wrapper}`");
            Err(undocumented(call, &why))
        }
        Err(error) if error.class == ErrorClass::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An answer that is none of the documented forms.
fn undocumented(call: &'static str, why: &str) -> ProviderError {
    ProviderError::new(ErrorClass::Protocol, call, why)
}

/// Reads a cloud's object into canonical form, or says what is wrong with it.
type LiveOf = fn(&Value) -> Result<Live, &'static str>;

/// What is known of one object, from its form in the cloud.
fn observation(
    call: &'static str,
    object: Result<Option<Value>, ProviderError>,
    live_of: LiveOf,
) -> Observation {
    match object.map(|object| object.as_ref().map(live_of)) {
        Ok(Some(Ok(live))) => Observation::Present(live),
        Ok(Some(Err(why))) => Observation::Unreadable(undocumented(call, why)),
        Ok(None) => Observation::Absent(Facts::new()),
        Err(error) => Observation::Unreadable(error),
    }
}

/// A foreign object; one of an unknown form is still worth reporting.
fn live_or_raw(object: Value, live_of: LiveOf) -> Live {
    live_of(&object).unwrap_or_else(|_| Live {
        raw: object,
        ..Live::default()
    })
}

/// One object read by itself.
fn from_one(identity: &str, observation: Observation) -> Observed {
    Observed {
        wanted: BTreeMap::from([(identity.to_owned(), observation)]),
        others: Listing::NotRead,
    }
}

/// A phase of one call.
fn phase(phase: Phase, call: Call, again: Again, leaves: Option<Fields>) -> PhaseWrites {
    PhaseWrites {
        phase,
        calls: vec![Write { call, again }],
        leaves,
    }
}

#[cfg(test)]
#[path = "mod_tests.rs"]
mod tests;
