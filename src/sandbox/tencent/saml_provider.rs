//! SAML providers for roles, by name: apis/tencent.md §3.3. Unlike the OIDC ones they are listed.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use super::answer::{Fields, Result};
use super::state::{SamlProvider, misses};
use super::{Call, check, fields, names};

/// How times are shown: apis/tencent.md §3.0.
const TIME_FORM: &str = "%Y-%m-%d %H:%M:%S";
/// Hours that shown times are ahead of UTC; they name no zone. UNCONFIRMED: apis/tencent.md §3.0.
const TIME_HOURS_AHEAD: i8 = 8;

/// Adds a provider and tells its resource name; not idempotent.
pub(super) fn create(call: &mut Call<'_>) -> Result {
    let name = names::to_create(&call.given)?;
    let description = check::required_description(&call.given, &call.state.settings)?;
    let document = check::saml_metadata(call.given.text("SAMLMetadataDocument"))?;
    names::room_for(&name, call.state)?;
    let now = shown_time(call.now_unix_seconds);
    call.state.saml_providers.insert(
        name.clone(),
        SamlProvider {
            description,
            saml_metadata_document: document,
            create_time: now.clone(),
            modify_time: now,
            sandbox_reads_until_visible: call.state.settings.read_lag_reads,
        },
    );
    let owner = &call.key.account;
    Ok(fields(json!({
        "ProviderArn": format!("qcs::cam::uin/{owner}:saml-provider/{name}"),
    })))
}

/// Changes what is given and leaves the rest: apis/tencent.md §10.11.
pub(super) fn update(call: &mut Call<'_>) -> Result {
    let name = call.given.text("Name").to_owned();
    found(call, &name)?;
    names::refuse_vendor_managed(&name)?;
    let given = |name: &str| call.given.given_text(name);
    let description = given("Description")
        .map(|_| check::description(&call.given))
        .transpose()?;
    let document = given("SAMLMetadataDocument")
        .map(check::saml_metadata)
        .transpose()?;
    let now = shown_time(call.now_unix_seconds);
    let provider = found(call, &name)?;
    if let Some(description) = description {
        provider.description = description;
    }
    if let Some(document) = document {
        provider.saml_metadata_document = document;
    }
    provider.modify_time = now;
    Ok(Fields::new())
}

/// Everything that was written, the metadata under another name.
pub(super) fn get(call: &mut Call<'_>) -> Result {
    let name = call.given.text("Name").to_owned();
    let provider = found(call, &name)?;
    if misses(&mut provider.sandbox_reads_until_visible) {
        return Err(names::absent());
    }
    let mut shown = summary(&name, provider);
    shown.insert(
        "SAMLMetadata".to_owned(),
        provider.saml_metadata_document.as_str().into(),
    );
    Ok(shown)
}

/// All of them on one page, without their metadata.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the table holds functions that may refuse"
)]
pub(super) fn list(call: &mut Call<'_>) -> Result {
    let visible = call
        .state
        .saml_providers
        .iter_mut()
        .filter_map(|(name, provider)| {
            let hidden = misses(&mut provider.sandbox_reads_until_visible);
            (!hidden).then(|| Value::Object(summary(name, provider)))
        });
    let providers: Vec<Value> = visible.collect();
    Ok(fields(json!({
        "TotalCount": providers.len(),
        "SAMLProviderSet": providers,
    })))
}

/// Removes a provider, also while roles still name it (UNCONFIRMED: apis/tencent.md §10.16).
pub(super) fn delete(call: &mut Call<'_>) -> Result {
    let name = call.given.text("Name").to_owned();
    found(call, &name)?;
    names::refuse_vendor_managed(&name)?;
    names::refuse_trusted("saml-provider", &name, call.state)?;
    call.state.saml_providers.remove(&name);
    Ok(Fields::new())
}

fn found<'a>(call: &'a mut Call<'_>, name: &str) -> Result<&'a mut SamlProvider> {
    call.state
        .saml_providers
        .get_mut(name)
        .ok_or_else(names::absent)
}

/// What a list shows of a provider.
fn summary(name: &str, provider: &SamlProvider) -> Fields {
    fields(json!({
        "Name": name,
        "Description": provider.description,
        "CreateTime": provider.create_time,
        "ModifyTime": provider.modify_time,
    }))
}

/// A time as the cloud prints it; empty for one that no calendar has.
pub(super) fn shown_time(unix_seconds: i64) -> String {
    let zone = TimeZone::fixed(Offset::constant(TIME_HOURS_AHEAD));
    Timestamp::from_second(unix_seconds)
        .map(|time| time.to_zoned(zone).strftime(TIME_FORM).to_string())
        .unwrap_or_default()
}
