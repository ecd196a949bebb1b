//! Role OIDC providers, by name: apis/tencent.md §3.2. There is no action that lists them.

use serde_json::json;

use super::answer::{Fields, Result};
use super::names::{self, absent, refuse_vendor_managed};
use super::parameters::Given;
use super::state::{ENABLED, OidcProvider, Settings, Site, misses};
use super::{Call, check, fields};

/// `ProviderType` of role OIDC: apis/tencent.md §3.0.
const PROVIDER_TYPE: u32 = 11;
/// What a bad key is answered with. UNCONFIRMED: apis/tencent.md §3.0.
const BAD_KEY: &str = "InvalidParameterValue.MetadataError";

/// Adds a provider; not idempotent.
pub(super) fn create(call: &mut Call<'_>) -> Result {
    let name = names::to_create(&call.given)?;
    let mut provider = read(&call.given, &call.state.settings)?;
    names::room_for(&name, call.state)?;
    provider.sandbox_reads_until_visible = call.state.settings.read_lag_reads;
    call.state.oidc_providers.insert(name, provider);
    Ok(Fields::new())
}

/// Replaces every field but the name.
pub(super) fn update(call: &mut Call<'_>) -> Result {
    let name = check::provider_name(&call.given)?;
    let Some(provider) = call.state.oidc_providers.get_mut(&name) else {
        return Err(absent());
    };
    refuse_vendor_managed(&name)?;
    *provider = read(&call.given, &call.state.settings)?;
    Ok(Fields::new())
}

/// Everything that was written.
pub(super) fn describe(call: &mut Call<'_>) -> Result {
    let name = check::provider_name(&call.given)?;
    let settings = call.state.settings.clone();
    let provider = call
        .state
        .oidc_providers
        .get_mut(&name)
        .ok_or_else(absent)?;
    if misses(&mut provider.sandbox_reads_until_visible) {
        return Err(absent());
    }
    rotate(
        &mut provider.identity_key,
        provider.auto_rotate_key,
        &settings,
    );
    let mut shown = fields(json!({
        "ProviderType": PROVIDER_TYPE,
        "Name": name,
        "IdentityUrl": provider.identity_url,
        "IdentityKey": shown_key(&provider.identity_key, &settings),
        "ClientId": provider.client_id,
        "Description": provider.description,
        "Status": ENABLED,
    }));
    if settings.site == Site::China {
        shown.insert("AutoRotateKey".to_owned(), provider.auto_rotate_key.into());
    }
    Ok(shown)
}

/// Removes a provider, also while roles still name it (UNCONFIRMED: apis/tencent.md §3.2).
pub(super) fn delete(call: &mut Call<'_>) -> Result {
    let name = call.given.text("Name");
    if !call.state.oidc_providers.contains_key(name) {
        return Err(absent());
    }
    names::refuse_vendor_managed(name)?;
    names::refuse_trusted("oidc-provider", name, call.state)?;
    call.state.oidc_providers.remove(name);
    Ok(Fields::new())
}

/// Stores what the cloud has fetched by itself, if the object asks for that.
pub(super) fn rotate(stored: &mut String, auto_rotate_key: i64, settings: &Settings) {
    if let (1, Some(fetched)) = (auto_rotate_key, &settings.auto_rotated_identity_key) {
        stored.clone_from(fetched);
    }
}

/// A stored key set as it reads back: byte for byte, or with its padding restored.
pub(super) fn shown_key(stored: &str, settings: &Settings) -> String {
    let missing = stored.len().wrapping_neg() % 4;
    if settings.identity_key_padded_on_read {
        format!("{stored}{}", "=".repeat(missing))
    } else {
        stored.to_owned()
    }
}

/// All fields from the request, nothing from before: updates replace (apis/tencent.md §10.11).
fn read(given: &Given, settings: &Settings) -> Result<OidcProvider> {
    let client_id = given.texts("ClientId");
    if client_id.is_empty() {
        return Err(check::invalid("ClientId", "at least one client id"));
    }
    client_id.iter().try_for_each(|id| check::client_id(id))?;
    Ok(OidcProvider {
        identity_url: check::url(given, "IdentityUrl")?,
        identity_key: check::identity_key(given, settings, BAD_KEY)?,
        client_id,
        description: check::description(given)?,
        auto_rotate_key: check::auto_rotate_key(given)?,
        sandbox_reads_until_visible: 0,
    })
}
