//! User SSO: two singletons that exclude each other (apis/tencent.md §3.1, §3.4, §3.5).

use serde_json::json;

use super::answer::{Fields, Refusal, Result, refusal};
use super::check;
use super::oidc_provider::{rotate, shown_key};
use super::parameters::Given;
use super::state::{
    Account, DISABLED, ENABLED, NEVER_SET, NeverSet, Settings, Site, UserOidc, UserSaml, misses,
};
use super::{Call, fields};

/// `ProviderType` of user OIDC: apis/tencent.md §3.0.
const PROVIDER_TYPE: u32 = 12;

/// Enables user OIDC, and switches user SAML off.
pub(super) fn create_user_oidc(call: &mut Call<'_>) -> Result {
    if call
        .state
        .user_oidc
        .as_ref()
        .is_some_and(|record| record.status == ENABLED)
    {
        // The code is UNCONFIRMED: apis/tencent.md §3.1.
        return Err(refusal(
            "InvalidParameter.IdentityNameInUse",
            "User SSO is already enabled.",
        ));
    }
    let mut record = read_user_oidc(&call.given, &call.state.settings, ENABLED)?;
    record.sandbox_reads_until_visible = call.state.settings.read_lag_reads;
    call.state.user_oidc = Some(record);
    if let Some(saml) = &mut call.state.user_saml {
        saml.status = DISABLED;
    }
    Ok(Fields::new())
}

/// Replaces every field. Whether it enables a disabled record is a setting.
pub(super) fn update_user_oidc(call: &mut Call<'_>) -> Result {
    let status = match &call.state.user_oidc {
        Some(_) if call.state.settings.update_enables_user_oidc => ENABLED,
        Some(record) => record.status,
        None => return Err(not_set()),
    };
    call.state.user_oidc = Some(read_user_oidc(&call.given, &call.state.settings, status)?);
    Ok(Fields::new())
}

/// Everything that was written, also of a disabled record.
pub(super) fn describe_user_oidc(call: &mut Call<'_>) -> Result {
    let settings = call.state.settings.clone();
    let visible = call.state.user_oidc.as_mut().and_then(|record| {
        if misses(&mut record.sandbox_reads_until_visible) {
            return None;
        }
        rotate(&mut record.identity_key, record.auto_rotate_key, &settings);
        Some(record.clone())
    });
    let record = match (visible, settings.never_set_reads_as) {
        (Some(record), _) => record,
        (None, NeverSet::Error) => return Err(not_set()),
        (None, NeverSet::StatusZero) => never_set(),
    };
    let mut shown = fields(json!({
        "ProviderType": PROVIDER_TYPE,
        "IdentityUrl": record.identity_url,
        "IdentityKey": shown_key(&record.identity_key, &settings),
        "ClientId": record.client_id,
        "AuthorizationEndpoint": record.authorization_endpoint,
        "Scope": record.scope,
        "ResponseType": record.response_type,
        "ResponseMode": record.response_mode,
        "MappingFiled": record.mapping_filed,
        "Status": record.status,
        "Description": record.description,
    }));
    if settings.site == Site::China {
        shown.insert("AutoRotateKey".to_owned(), record.auto_rotate_key.into());
    }
    Ok(shown)
}

/// Switches user SSO off, whichever of the two is on; the values stay. Idempotent, and covering
/// SAML: both UNCONFIRMED, apis/tencent.md §3.1 and §3.5.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the table holds functions that may refuse"
)]
pub(super) fn disable_user_sso(call: &mut Call<'_>) -> Result {
    if let Some(oidc) = &mut call.state.user_oidc {
        oidc.status = DISABLED;
    }
    if let Some(saml) = &mut call.state.user_saml {
        saml.status = DISABLED;
    }
    Ok(Fields::new())
}

/// Enables user SAML with its metadata.
pub(super) fn create_user_saml(call: &mut Call<'_>) -> Result {
    if call
        .state
        .user_saml
        .as_ref()
        .is_some_and(|record| record.status == ENABLED)
    {
        return Err(refusal(
            "InvalidParameter.IdentityNameInUse",
            "User SSO is already enabled.",
        ));
    }
    let document = check::saml_metadata(call.given.text("SAMLMetadataDocument"))?;
    call.state.user_saml = Some(UserSaml {
        status: ENABLED,
        saml_metadata_document: document,
        auxiliary_domain: call.given.text("AuxiliaryDomain").to_owned(),
    });
    oidc_gives_way(call.state);
    Ok(Fields::new())
}

/// Enables, disables or changes user SAML. Enabling does not apply a document sent along:
/// UNCONFIRMED, apis/tencent.md §3.4.
pub(super) fn update_user_saml(call: &mut Call<'_>) -> Result {
    let operate = check::one_of(&call.given, "Operate", &["enable", "disable", "updateSAML"])?;
    let Some(record) = &mut call.state.user_saml else {
        return Err(not_set());
    };
    match operate.as_str() {
        "enable" => {
            record.status = ENABLED;
            oidc_gives_way(call.state);
        }
        "disable" => record.status = DISABLED,
        _ => {
            let document = call.given.given_text("SAMLMetadataDocument");
            record.saml_metadata_document = check::saml_metadata(document.unwrap_or_default())?;
            if let Some(domain) = call.given.given_text("AuxiliaryDomain") {
                domain.clone_into(&mut record.auxiliary_domain);
            }
        }
    }
    Ok(Fields::new())
}

/// The metadata and status; never an error (apis/tencent.md §3.4).
#[expect(
    clippy::unnecessary_wraps,
    reason = "the table holds functions that may refuse"
)]
pub(super) fn describe_user_saml(call: &mut Call<'_>) -> Result {
    let record = call.state.user_saml.as_ref();
    let mut shown = fields(json!({
        "SAMLMetadata": record.map_or("", |record| record.saml_metadata_document.as_str()),
        "Status": match record.map_or(NEVER_SET, |record| record.status) {
            ENABLED => call.state.settings.user_saml_enabled_reads_as,
            other => other,
        },
    }));
    if call.state.settings.site == Site::China {
        let domain = record.map_or("", |record| record.auxiliary_domain.as_str());
        shown.insert("AuxiliaryDomain".to_owned(), domain.into());
    }
    Ok(shown)
}

fn oidc_gives_way(state: &mut Account) {
    if let Some(oidc) = &mut state.user_oidc
        && state.settings.saml_disables_user_oidc
    {
        oidc.status = DISABLED;
    }
}

/// All fields from the request, nothing from before: updates replace (apis/tencent.md §10.11).
fn read_user_oidc(given: &Given, settings: &Settings, status: u32) -> Result<UserOidc> {
    let client_id = given.text("ClientId").to_owned();
    check::client_id(&client_id)?;
    Ok(UserOidc {
        status,
        identity_url: check::url(given, "IdentityUrl")?,
        identity_key: check::identity_key(
            given,
            settings,
            "InvalidParameterValue.IdentityKeyError",
        )?,
        client_id,
        authorization_endpoint: check::url(given, "AuthorizationEndpoint")?,
        response_type: check::one_of(given, "ResponseType", &["id_token"])?,
        response_mode: check::one_of(given, "ResponseMode", &["form_post", "fragment"])?,
        mapping_filed: check::mapping(given)?,
        scope: check::scopes(given)?,
        description: check::user_description(given, settings)?,
        auto_rotate_key: check::auto_rotate_key(given)?,
        sandbox_reads_until_visible: 0,
    })
}

fn never_set() -> UserOidc {
    UserOidc {
        status: NEVER_SET,
        identity_url: String::new(),
        identity_key: String::new(),
        client_id: String::new(),
        authorization_endpoint: String::new(),
        response_type: String::new(),
        response_mode: String::new(),
        mapping_filed: String::new(),
        scope: Vec::new(),
        description: String::new(),
        auto_rotate_key: 0,
        sandbox_reads_until_visible: 0,
    }
}

fn not_set() -> Refusal {
    refusal(
        "ResourceNotFound.IdentityNotExist",
        "The identity provider does not exist.",
    )
}
